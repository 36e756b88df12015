"""Routes and the health of carriers in the console, for operators."""

from datetime import UTC, datetime
from typing import Any

import pytest

from signet.limits import Kind
from signet.routes import Hop, Rule
from signet.store import audits, deployment
from signet.store.carriers import CarrierItem
from tests.conftest import DEMO_APP, record_app
from tests.functions.console_calls import OPERATOR, OPERATOR_KEY, Reply, call, operator

AT = 1_795_334_400


@pytest.fixture(autouse=True)
def people(tables: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app, an operator, and a deployment that opens all carriers."""
    record_app(DEMO_APP)
    deployment.add_operator(OPERATOR, OPERATOR_KEY, "bootstrap", now=datetime.now(UTC))
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", "all")


def get(path: str, **query: str) -> Reply:
    return call("GET", f"/console/api{path}", headers=operator(), query=query)


def put(*rules: dict[str, Any]) -> Reply:
    return call("PUT", "/console/api/routes", {"rules": list(rules)}, headers=operator())


# --- Routes -----------------------------------------------------------------------------------

WHOLE = {
    "country": "86",
    "kind": "verification",
    "app_id": DEMO_APP.app_id,
    "channel": "sms",
    "hops": [
        {"carrier": "alibaba", "weight": 70, "sender": None},
        {"carrier": "webhook-b", "weight": 0, "sender": "10690001"},
    ],
}


def test_before_anybody_sets_routes_the_own_carrier_sends_everything() -> None:
    assert get("/routes").body == {
        "rules": [],
        "own": "sns",
        "usable": ["sns", "end-user-messaging", "alibaba", "tencent", "twilio", "webhook"],
    }


def test_routes_are_set_seen_used_and_in_the_trail() -> None:
    reply = put(WHOLE, {"hops": [{"carrier": "twilio"}]})

    assert reply.status == 200
    assert get("/routes").body == reply.body
    assert reply.body["rules"][0] == WHOLE
    assert reply.body["rules"][1] == {
        "country": None,
        "kind": None,
        "app_id": None,
        "channel": "sms",
        "hops": [{"carrier": "twilio", "weight": 100, "sender": None}],
    }
    assert deployment.route_rules()[0] == Rule(
        hops=(Hop("alibaba", 70), Hop("webhook-b", 0, "10690001")),
        country="86",
        kind=Kind.VERIFICATION,
        app_id=DEMO_APP.app_id,
    )
    entries, _ = audits.entries("#deployment", limit=5)
    assert (entries[0].actor, entries[0].action) == (f"operator:{OPERATOR}", "set_routes")


def test_other_rules_take_the_place_of_those_there_were() -> None:
    put(WHOLE)

    assert put({"hops": [{"carrier": "sns"}]}).body["rules"][0]["country"] is None
    assert put().body["rules"] == []
    assert deployment.route_rules() == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "+86"}, "country"),
        ({"kind": "spam"}, "kind"),
        ({"channel": "fax"}, "channel"),
        ({"hops": []}, "hops"),
        ({"hops": [{"carrier": "pigeon"}]}, "carrier"),
        ({"hops": [{"carrier": "sns", "weight": 101}]}, "weight"),
        ({"hops": [{"carrier": "sns", "weight": 0}]}, "hops"),
        ({"hops": [{"carrier": "sns"}, {"carrier": "sns"}]}, "hops"),
        ({"hops": [{"carrier": "sns", "sender": "a\tb"}]}, "sender"),
        ({"app_id": "nobodys-app"}, "app_id"),
        ({"price": 1}, "price"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_field_and_changes_nothing(
    changes: dict[str, Any], field: str
) -> None:
    put(WHOLE)

    reply = put({**WHOLE, **changes})

    assert reply.refusal == (400, 1)
    assert field in reply.body["error"]
    assert get("/routes").body["rules"] == [WHOLE]


def test_a_carrier_that_is_not_opened_cannot_be_routed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", "aws")

    assert put({"hops": [{"carrier": "alibaba"}]}).refusal == (400, 1)
    assert put({"hops": [{"carrier": "end-user-messaging"}]}).status == 200


def test_the_list_of_carriers_says_which_routes_may_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", "outside")

    usable = {one["name"]: one["usable"] for one in get("/carriers").body["items"]}

    assert usable["sns"] is True
    assert usable["tencent"] is True
    assert usable["end-user-messaging"] is False


# --- Health -----------------------------------------------------------------------------------


def stand(carrier: str, country: str, share: int, reason: str, at: int) -> None:
    CarrierItem(
        "standing", f"{carrier}#{country}", share=share, reason=reason, changed_at=at, usual_at=at
    ).save()


def change(carrier: str, before: int, after: int, reason: str, at: int) -> None:
    CarrierItem(
        "changes", f"{at:010d}#{carrier}#86", before=before, after=after, reason=reason
    ).save()


def test_a_deployment_whose_carriers_were_always_well_has_nothing_to_tell() -> None:
    assert get("/carriers/health").body == {"items": [], "changes": [], "cursor": None}


def test_how_carriers_stand_and_what_changed_is_told_newest_first() -> None:
    stand("alibaba", "86", 5, "late receipts", AT)
    stand("tencent", "86", 100, "-", 0)
    change("alibaba", 100, 5, "late receipts", AT)
    change("tencent", 5, 25, "recovering", AT + 60)

    body = get("/carriers/health").body

    assert body["items"] == [
        {
            "carrier": "alibaba",
            "country": "86",
            "share": 5,
            "reason": "late receipts",
            "changed_at": "2026-11-22T08:00:00Z",
        },
        {"carrier": "tencent", "country": "86", "share": 100, "reason": "", "changed_at": None},
    ]
    assert body["changes"] == [
        {
            "at": "2026-11-22T08:01:00Z",
            "carrier": "tencent",
            "country": "86",
            "from": 5,
            "to": 25,
            "reason": "recovering",
        },
        {
            "at": "2026-11-22T08:00:00Z",
            "carrier": "alibaba",
            "country": "86",
            "from": 100,
            "to": 5,
            "reason": "late receipts",
        },
    ]


def test_changes_come_in_pages() -> None:
    for number in range(3):
        change("alibaba", 100, 5, "failing", AT + number)

    first = get("/carriers/health", limit="2").body
    second = get("/carriers/health", limit="2", cursor=first["cursor"]).body

    at = [one["at"] for one in first["changes"] + second["changes"]]
    assert at == sorted(at, reverse=True)
    assert len(at) == 3
    assert second["cursor"] is None
    assert get("/carriers/health", limit="0").refusal == (400, 1)
    assert get("/carriers/health", cursor="!").refusal == (400, 1)
