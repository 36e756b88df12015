"""Routes of countries: who sends to each, in whose name, who calls, and who needs mappings."""

from collections.abc import Sequence

import pytest

from signet import route_rules, routes
from signet.limits import Channel, Kind
from signet.phones import dial_code
from signet.routes import Hop, Rule, Wanted

APP = "signet-demo-app"
MAINLAND, AMERICA, ENGLAND, FRANCE = (
    "+8618612345678",
    "+12015550123",
    "+447400123456",
    "+33612345678",
)
ALL = ("alibaba", "tencent", "sns", "end-user-messaging", "twilio", "webhook")


def wanted(phone: str, *, kind: Kind = Kind.VERIFICATION, channel: Channel = Channel.SMS) -> Wanted:
    return Wanted(APP, phone, kind, channel)


# --- Senders ----------------------------------------------------------------------------------


def rule(country: str | None, *senders: str, kind: str | None = None) -> dict[str, object]:
    """A rule as operators write it: one hop for each sender."""
    hops = [
        {"carrier": carrier, "sender": sender}
        for carrier, sender in zip(("end-user-messaging", "twilio"), senders, strict=False)
    ]
    return {"country": country, "kind": kind, "hops": hops}


SENDERS = route_rules.parse(
    {
        "rules": [
            rule("44", "SIGNET", "+447400000000"),
            rule("44", "SIGNETADS", kind="marketing"),
            rule("1", "+18005550100"),
            rule(None, "SignetCo"),
        ]
    },
    usable=ALL,
)


@pytest.mark.parametrize(
    ("phone", "kind", "senders"),
    [
        (ENGLAND, Kind.VERIFICATION, ["SIGNET", "+447400000000"]),
        (ENGLAND, Kind.MARKETING, ["SIGNETADS"]),
        (AMERICA, Kind.VERIFICATION, ["+18005550100"]),
        # Canada and the Bahamas share the dial code of the United States.
        ("+14165550123", Kind.VERIFICATION, ["+18005550100"]),
        ("+12423591234", Kind.NOTIFICATION, ["+18005550100"]),
        (FRANCE, Kind.VERIFICATION, ["SignetCo"]),
    ],
)
def test_each_country_hears_from_its_own_sender(
    phone: str, kind: Kind, senders: Sequence[str]
) -> None:
    found = routes.hops(SENDERS, wanted(phone, kind=kind), own="sns")

    assert [hop.sender for hop in found] == senders


def test_where_no_rule_fits_the_carrier_sends_in_its_own_name() -> None:
    found = routes.hops(SENDERS[:1], wanted(FRANCE), own="sns")

    assert found == (Hop("sns", sender=None),)


# --- Calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carrier", "mainland", "abroad"),
    [
        ("sns", False, False),
        ("end-user-messaging", False, True),
        ("alibaba", True, False),
        ("tencent", True, False),
        ("twilio", False, True),
        ("webhook", True, True),
        ("webhook-b", True, True),
    ],
)
def test_who_calls_whom(carrier: str, mainland: bool, abroad: bool) -> None:
    for phone, calls in ((MAINLAND, mainland), (AMERICA, abroad)):
        found = routes.hops((), wanted(phone, channel=Channel.VOICE), own=carrier)

        assert found == ((Hop(carrier),) if calls else ())
        assert routes.leading(found) == (carrier if calls else None)


def test_of_a_rule_of_calls_only_those_who_can_make_the_call_are_left() -> None:
    rules = (Rule((Hop("alibaba"), Hop("twilio", 1)), channel=Channel.VOICE),)

    def callers(phone: str) -> list[str]:
        found = routes.hops(rules, wanted(phone, channel=Channel.VOICE), own="sns")
        return [hop.carrier for hop in found]

    assert callers(MAINLAND) == ["alibaba"]
    assert callers(AMERICA) == ["twilio"]


# --- Whose text is billed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "carrier"),
    [
        ((Hop("alibaba", 30), Hop("tencent", 70)), "tencent"),
        ((Hop("alibaba", 50), Hop("tencent", 50)), "alibaba"),
        ((Hop("alibaba", 0), Hop("tencent", 1)), "tencent"),
        ((), None),
    ],
)
def test_most_messages_go_by_the_heaviest_hop(hops: tuple[Hop, ...], carrier: str | None) -> None:
    assert routes.leading(hops) == carrier


# --- Who may get what -------------------------------------------------------------------------


def by_country(
    *rules: Rule, kind: Kind = Kind.NOTIFICATION, own: str = "sns"
) -> dict[str | None, list[str]]:
    return routes.by_country(rules, app_id=APP, kind=kind, own=own)


def test_without_rules_all_goes_by_the_deployments_carrier() -> None:
    assert by_country() == {"86": ["sns"], None: ["sns"]}


def test_a_rule_of_one_country_leaves_the_others_to_the_deployments_carrier() -> None:
    rule = Rule((Hop("alibaba"), Hop("tencent")), country="86")

    assert by_country(rule) == {"86": ["alibaba", "tencent"], None: ["sns"]}


def test_a_rule_of_all_countries_leaves_nothing_to_it() -> None:
    told = by_country(Rule((Hop("tencent"),)), Rule((Hop("twilio"),), country="1"))

    assert told == {"86": ["tencent"], "1": ["twilio"], None: ["tencent"]}


@pytest.mark.parametrize(
    "rule",
    [
        Rule((Hop("alibaba"),), app_id="another-app"),
        Rule((Hop("alibaba"),), kind=Kind.VERIFICATION),
        Rule((Hop("alibaba"),), channel=Channel.VOICE),
    ],
)
def test_rules_of_other_apps_kinds_and_channels_do_not_count(rule: Rule) -> None:
    assert by_country(rule) == by_country()


def test_a_rule_that_a_more_precise_one_always_overrides_does_not_count() -> None:
    rules = (Rule((Hop("alibaba"),), country="86"), Rule((Hop("tencent"),), app_id=APP))

    assert by_country(*rules) == {"86": ["tencent"], None: ["tencent"]}


@pytest.mark.parametrize("phone", [MAINLAND, AMERICA, ENGLAND, FRANCE])
@pytest.mark.parametrize("kind", Kind)
def test_whoever_may_get_a_text_is_told_of_its_country(phone: str, kind: Kind) -> None:
    rules = (
        Rule((Hop("alibaba"), Hop("tencent", 0)), country="86"),
        Rule((Hop("twilio"),), country="1", kind=Kind.VERIFICATION),
        Rule((Hop("webhook"),), kind=Kind.MARKETING),
        Rule((Hop("end-user-messaging"),), country="44", app_id=APP),
    )

    used = [hop.carrier for hop in routes.hops(rules, wanted(phone, kind=kind), own="sns")]

    told = by_country(*rules, kind=kind)
    assert used == told.get(dial_code(phone), told[None])
