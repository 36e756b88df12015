"""Routes: which carriers may send what, in which order, and what an operator may write."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import route_rules, routes
from signet.errors import BadParameter
from signet.limits import Channel, Kind
from signet.routes import Hop, Rule, Wanted

A, B, C = Hop("alibaba"), Hop("tencent"), Hop("twilio")
CODE = Wanted("app-1", "+8618612345678", Kind.VERIFICATION)
USABLE = ("sns", "alibaba", "tencent", "twilio", "webhook")


def names(rules: list[Rule], wanted: Wanted = CODE) -> list[str]:
    return [hop.carrier for hop in routes.hops(rules, wanted, own="sns")]


def test_without_a_rule_the_deployments_own_carrier_sends() -> None:
    assert names([]) == ["sns"]
    assert names([Rule((A,), country="1")]) == ["sns"]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule((A,)), True),
        (Rule((A,), country="86"), True),
        (Rule((A,), country="852"), False),
        (Rule((A,), country="8"), False),
        (Rule((A,), kind=Kind.VERIFICATION), True),
        (Rule((A,), kind=Kind.MARKETING), False),
        (Rule((A,), app_id="app-1"), True),
        (Rule((A,), app_id="app-2"), False),
        (Rule((A,), channel=Channel.VOICE), False),
        (Rule((A,), country="86", kind=Kind.VERIFICATION, app_id="app-1"), True),
    ],
)
def test_a_rule_fits_what_it_names(rule: Rule, fits: bool) -> None:
    assert names([rule]) == (["alibaba"] if fits else ["sns"])


def test_the_most_precise_rule_counts_wherever_it_stands() -> None:
    everything = Rule((A,))
    by_kind = Rule((B,), kind=Kind.VERIFICATION)
    by_country = Rule((C,), country="86")
    by_app = Rule((Hop("webhook"),), app_id="app-1")

    for rules in ([everything, by_kind, by_country, by_app], [by_app, by_country, by_kind]):
        assert names(rules) == ["webhook"]
        assert names([rule for rule in rules if rule is not by_app]) == ["twilio"]
    assert names([everything, by_kind]) == ["tencent"]


@pytest.mark.parametrize(
    ("phone", "speaking"),
    [("+8618612345678", ["alibaba", "webhook"]), ("+12025550123", ["twilio", "webhook"])],
)
def test_calls_are_made_by_those_that_can(phone: str, speaking: list[str]) -> None:
    wanted = Wanted("app-1", phone, Kind.VERIFICATION, Channel.VOICE)
    rule = Rule((A, C, Hop("sns"), Hop("webhook")), channel=Channel.VOICE)

    assert names([rule], wanted) == speaking


def test_where_nobody_can_call_there_is_no_hop() -> None:
    assert names([], Wanted("app-1", "+8618612345678", Kind.VERIFICATION, Channel.VOICE)) == []


def order(hops: list[Hop], shares: dict[str, int], rounds: int = 4_000) -> Counter[str]:
    chance = random.Random(7)
    found: Counter[str] = Counter()
    for _ in range(rounds):
        listed = routes.ordered(hops, lambda name: shares.get(name, 100), draw=chance.randrange)
        assert sorted(hop.carrier for hop in listed) == sorted(hop.carrier for hop in hops)
        found[listed[0].carrier] += 1
    return found


def test_weights_divide_the_messages() -> None:
    found = order([Hop("alibaba", 70), Hop("tencent", 30)], {})

    assert 0.67 < found["alibaba"] / 4_000 < 0.73


def test_a_hop_of_weight_zero_only_stands_by() -> None:
    assert order([Hop("alibaba", 100), Hop("tencent", 0)], {}) == {"alibaba": 4_000}


def test_what_an_ailing_carrier_loses_goes_to_the_one_that_stands_by() -> None:
    found = order([Hop("alibaba", 100), Hop("tencent", 0)], {"alibaba": 5})

    assert 0.03 < found["alibaba"] / 4_000 < 0.07


def test_what_it_loses_goes_to_the_healthy_by_their_weights() -> None:
    hops = [Hop("alibaba", 50), Hop("tencent", 40), Hop("twilio", 10)]

    found = order(hops, {"alibaba": 5, "twilio": 5})

    assert found["tencent"] > 0.9 * 4_000


def test_where_all_ail_alike_the_weights_hold_and_nobody_is_left_without() -> None:
    found = order([Hop("alibaba", 100), Hop("tencent", 0)], {"alibaba": 5, "tencent": 5})

    assert found["alibaba"] == 4_000


def test_a_lone_carrier_sends_whatever_its_health() -> None:
    assert order([Hop("alibaba")], {"alibaba": 5}, rounds=5) == {"alibaba": 5}


hops = st.lists(
    st.builds(Hop, st.sampled_from(USABLE), st.integers(0, 100)),
    min_size=1,
    max_size=5,
    unique_by=lambda hop: hop.carrier,
)


@given(hops, st.lists(st.integers(0, 100), min_size=5, max_size=5), st.randoms())
def test_every_hop_is_asked_once_in_whatever_order(
    listed: list[Hop], shares: list[int], chance: random.Random
) -> None:
    share = dict(zip(USABLE, shares, strict=True))

    found = routes.ordered(listed, lambda name: share[name], draw=chance.randrange)

    assert sorted(found, key=str) == sorted(listed, key=str)


WRITTEN: dict[str, Any] = {
    "country": "86",
    "kind": "verification",
    "app_id": "app-1",
    "channel": "sms",
    "hops": [{"carrier": "alibaba", "weight": 80, "sender": None}, {"carrier": "webhook-b"}],
}


def test_a_rule_comes_back_as_it_was_written() -> None:
    (rule,) = route_rules.parse({"rules": [WRITTEN]}, usable=USABLE)

    assert rule.hops == (Hop("alibaba", 80), Hop("webhook-b", 100))
    assert routes.read(routes.shown(rule)) == rule
    assert routes.shown(rule) == WRITTEN | {
        "hops": [
            {"carrier": "alibaba", "weight": 80, "sender": None},
            {"carrier": "webhook-b", "weight": 100, "sender": None},
        ]
    }


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"country": "+86"}, "country"),
        ({"country": "0"}, "country"),
        ({"country": 86}, "country"),
        ({"kind": "spam"}, "kind"),
        ({"channel": "fax"}, "channel"),
        ({"hops": []}, "hops"),
        ({"hops": {}}, "hops"),
        ({"hops": [{"carrier": "alibaba"}] * 7}, "hops"),
        ({"hops": [{"carrier": "alibaba"}, {"carrier": "alibaba"}]}, "twice"),
        ({"hops": [{"carrier": "alibaba", "weight": 0}]}, "weight"),
        ({"hops": [{"carrier": "alibaba", "weight": 101}]}, "weight"),
        ({"hops": [{"carrier": "alibaba", "weight": True}]}, "weight"),
        ({"hops": [{"carrier": "pigeon"}]}, "carrier"),
        ({"hops": [{"carrier": "end-user-messaging"}]}, "carrier"),
        ({"hops": [{"carrier": "webhook-Ü"}]}, "carrier"),
        ({"hops": [{"carrier": "alibaba", "sender": "a\nb"}]}, "sender"),
        ({"hops": [{"carrier": "alibaba", "sender": "<script>"}]}, "sender"),
        ({"hops": ["alibaba"]}, "hops"),
        ({"priority": 1}, "priority"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_the_name_of_its_field(
    changes: dict[str, Any], word: str
) -> None:
    with pytest.raises(BadParameter, match=word):
        route_rules.parse({"rules": [WRITTEN | changes]}, usable=USABLE)


@pytest.mark.parametrize("body", [{}, {"rules": {}}, {"rules": [1]}, {"rules": [WRITTEN] * 101}])
def test_rules_are_a_list_of_objects(body: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        route_rules.parse(body, usable=USABLE)


def test_two_rules_for_the_same_are_refused() -> None:
    with pytest.raises(BadParameter, match="two"):
        route_rules.parse({"rules": [WRITTEN, WRITTEN]}, usable=USABLE)


def test_a_deployment_uses_its_own_carrier_and_what_it_opens() -> None:
    assert routes.usable("sns", "none") == ("sns",)
    assert routes.usable("alibaba", "aws") == ("alibaba", "sns", "end-user-messaging")
    assert routes.usable("twilio", "outside")[0] == "twilio"
    assert set(routes.usable("sns", "all")) == {*routes.AWS, *routes.OUTSIDE}
