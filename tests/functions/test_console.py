"""The console's function: what owners and operators are told and may change, and the pages."""

import csv
import io
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pynamodb.transactions import TransactWrite

from functions.console import app as console_function
from signet import days
from signet.apps import first_switches
from signet.charges import Charge
from signet.edge import pages
from signet.messages import Message, MessageRef, State
from signet.store import audits, balances, deployment, messages, table
from tests.conftest import DEMO_APP, record_app
from tests.functions.console_calls import (
    OPERATOR,
    OPERATOR_KEY,
    Reply,
    call,
    operator,
    owner,
)
from tests.functions.service import event
from tests.gateway import CONTEXT
from tests.store.build import claim_of, new_message, new_send, told

OTHER = "another-demo-app"


@pytest.fixture(autouse=True)
def people(tables: object, stopped: None) -> None:
    """Two apps, their owners, and an operator."""
    record_app(DEMO_APP)
    record_app(replace(DEMO_APP, app_id=OTHER, name="另一个应用"))
    deployment.add_operator(OPERATOR, OPERATOR_KEY, "bootstrap", now=datetime.now(UTC))


def api(
    method: str, path: str, body: object = None, *, headers: dict[str, str], **query: str
) -> Reply:
    return call(method, f"/console/api{path}", body, headers=headers, query=query)


def owned(method: str, path: str, body: object = None, **query: str) -> Reply:
    """Called by the owner of the demo app."""
    return api(method, path, body, headers=owner(), **query)


def operated(method: str, path: str, body: object = None, **query: str) -> Reply:
    """Called by an operator."""
    return api(method, path, body, headers=operator(), **query)


def trail(app_id: str = DEMO_APP.app_id) -> list[tuple[str, str, str]]:
    found, _ = audits.entries(app_id, limit=50)
    return [(entry.actor, entry.action, entry.subject) for entry in found]


def test_the_event_of_the_repository_is_answered() -> None:
    reply = console_function.handler(event("console"), CONTEXT)

    assert (reply["statusCode"], reply["body"]) == (200, '{"items":[],"cursor":null}')


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_an_unknown_path_is_404(method: str) -> None:
    assert owned(method, "/nothing").refusal == (404, 1)


def test_a_broken_body_is_refused_after_the_caller() -> None:
    assert call("PATCH", "/console/api/app", "{", headers=owner()).refusal == (400, 107)
    assert call("PATCH", "/console/api/app", "{").refusal == (401, 401)
    assert call("PUT", "/console/api/settings", "{").refusal == (401, 401)


# --- Sessions ---------------------------------------------------------------------------------


def signed_in(body: object) -> tuple[dict[str, str], dict[str, str]]:
    """The headers of a browser that signed in, without and with its token."""
    reply = call("POST", "/console/api/session", body)
    cookie = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}
    return cookie, {**cookie, "X-CSRF-Token": reply.body["csrf_token"]}


def test_an_owner_signs_in_looks_changes_and_signs_out() -> None:
    reading, writing = signed_in({"app_id": DEMO_APP.app_id, "master_key": "signet-demo-master"})

    assert api("GET", "/session", headers=reading).body["role"] == "owner"
    assert api("GET", "/app", headers=reading).body["app_id"] == DEMO_APP.app_id
    assert api("PATCH", "/app", {"company": "x"}, headers=reading).refusal == (403, 403)
    assert api("PATCH", "/app", {"company": "x"}, headers=writing).body["company"] == "x"
    gone = api("DELETE", "/session", headers=writing)
    assert gone.status == 200
    assert "Max-Age=0" in gone.headers["Set-Cookie"]


def test_an_operator_signs_in() -> None:
    reading, _ = signed_in({"operator": OPERATOR, "key": OPERATOR_KEY})

    assert api("GET", "/apps", headers=reading).status == 200
    assert api("GET", "/app", headers=reading).refusal == (403, 403)


def test_the_eleventh_try_to_sign_in_is_not_compared() -> None:
    body = {"app_id": DEMO_APP.app_id, "master_key": "wrong"}
    tries = [call("POST", "/console/api/session", body).status for _ in range(10)]

    right = call(
        "POST", "/console/api/session", {**body, "master_key": DEMO_APP.master_key.current}
    )

    assert tries == [401] * 10
    assert right.refusal == (429, 429)
    assert 0 < int(right.headers["Retry-After"]) <= 900


# --- The app ----------------------------------------------------------------------------------


def test_an_owner_sees_the_app_without_the_master_key() -> None:
    reply = owned("GET", "/app")

    assert reply.body["name"] == "示例应用"
    assert reply.body["switches"]["bulk_needs_master_key"] is True
    assert "signet-demo-master" not in reply.text


def test_an_owner_changes_the_app_and_the_trail_says_so() -> None:
    reply = owned("PATCH", "/app", {"name": "天天商城", "switches": {"international": True}})

    assert (reply.body["name"], reply.body["switches"]["international"]) == ("天天商城", True)
    assert reply.body["switches"]["sms"] is True
    assert owned("GET", "/app").body == reply.body
    assert trail() == [("owner:signet-demo-app", "change", "app")]
    assert owned("GET", "/balance").body["balance_micros"] == 100_000_000


def test_a_test_phone_gets_a_code_by_chance() -> None:
    codes = [
        owned("PATCH", "/app", {"test_phone": {"phone": "18200008888"}}).body["test_phone"]["code"]
        for _ in range(3)
    ]

    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert len(set(codes)) > 1
    assert owned("PATCH", "/app", {"test_phone": None}).body["test_phone"] is None


def test_a_change_that_is_none_is_not_in_the_trail() -> None:
    assert owned("PATCH", "/app", {"name": DEMO_APP.name}).status == 200
    assert trail() == []


def test_an_owner_says_how_much_marketing_a_number_gets() -> None:
    cap = {"cap": {"count": 4, "days": 30}}

    assert owned("PATCH", "/app", {"marketing": cap}).body["marketing"] == cap
    assert owned("GET", "/app").body["marketing"] == cap
    assert owned("PATCH", "/app", {"marketing": {"cap": None}}).body["marketing"] == {"cap": None}
    reply = owned("PATCH", "/app", {"marketing": {"cap": {"count": 4}}})
    assert reply.refusal == (400, 1)
    assert "days" in reply.body["error"]


def test_a_field_that_cannot_be_changed_is_named() -> None:
    reply = owned("PATCH", "/app", {"balance_shards": 5})

    assert reply.refusal == (400, 1)
    assert "balance_shards" in reply.body["error"]


# --- Apps, by operators -----------------------------------------------------------------------


def test_an_operator_creates_an_app_whose_keys_are_shown_once() -> None:
    made = operated("POST", "/apps", {"name": "新应用", "company": "新公司"})

    assert made.status == 201
    app_id, master_key = made.body["app_id"], made.body["master_key"]
    assert (made.body["created_by"], made.body["company"]) == (OPERATOR, "新公司")
    assert made.body["switches"] == asdict(first_switches(imported=False))
    assert made.body["marketing"] == {"cap": {"count": 2, "days": 7}}
    mine = api("GET", "/app", headers=owner(app_id, master_key))
    assert mine.body["name"] == "新应用"
    assert api("GET", "/balance", headers=owner(app_id, master_key)).body["balance_micros"] == (
        5_000_000
    )
    assert master_key not in operated("GET", f"/apps/{app_id}").text


def test_an_app_that_comes_from_leancloud_keeps_its_ids_and_what_clients_may() -> None:
    made = operated(
        "POST",
        "/apps",
        {
            "name": "旧应用",
            "app_id": "BMYV4RKSTwo8WSqt8q9ezcWF-gzGzoHsz",
            "app_key": "pFcwt2MaALYf70POa7bIqe0J",
            "master_key": "QSYqbOOTb6RjTHnPr9IPIsrj",
            "imported": True,
        },
    )

    assert made.status == 201
    assert made.body["marketing"] == {"cap": None}
    assert made.body["app_key"] == "pFcwt2MaALYf70POa7bIqe0J"
    assert made.body["master_key"] == "QSYqbOOTb6RjTHnPr9IPIsrj"
    assert made.body["switches"] == asdict(first_switches(imported=True))


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"app_id": DEMO_APP.app_id}, 137, DEMO_APP.app_id),
        ({"app_id": "short"}, 1, "app_id"),
        ({"app_id": "has a blank"}, 1, "app_id"),
        ({"app_id": "a#b#c#d#e#f"}, 1, "app id"),
        ({"app_key": "with,comma"}, 1, "app_key"),
        ({"master_key": "short"}, 1, "master_key"),
        ({"name": ""}, 1, "name"),
        ({"imported": "yes"}, 1, "imported"),
        ({"balance_shards": 3}, 1, "balance_shards"),
    ],
)
def test_an_app_that_cannot_be_is_refused(changes: dict[str, Any], code: int, named: str) -> None:
    reply = operated("POST", "/apps", {"name": "新应用"} | changes)

    assert reply.refusal == (400, code)
    assert named in reply.body["error"]


def test_apps_are_listed_with_their_balances_page_by_page() -> None:
    first = operated("GET", "/apps", limit="1").body
    second = operated("GET", "/apps", limit="1", cursor=first["cursor"]).body

    assert first["items"] + second["items"] == [
        {"app_id": OTHER, "name": "另一个应用", "balance_micros": 100_000_000},
        {"app_id": DEMO_APP.app_id, "name": "示例应用", "balance_micros": 100_000_000},
    ]
    assert operated("GET", "/apps", limit="0").refusal == (400, 1)
    assert operated("GET", "/apps", cursor="!").refusal == (400, 1)


def test_an_operator_changes_an_app_and_the_trail_says_who() -> None:
    reply = operated("PATCH", f"/apps/{OTHER}", {"personal": True, "separate_review": True})

    assert (reply.body["personal"], reply.body["separate_review"]) == (True, True)
    assert trail(OTHER) == [("operator:demo", "change", "app")]


def test_a_balance_is_spread_over_more_items_and_never_fewer() -> None:
    reply = operated("PATCH", f"/apps/{OTHER}", {"balance_shards": 4})

    assert reply.body["balance_shards"] == 4
    assert operated("GET", f"/apps/{OTHER}/balance").body["balance_micros"] == 100_000_000
    fewer = operated("PATCH", f"/apps/{OTHER}", {"balance_shards": 3})
    assert fewer.refusal == (400, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("GET", "/balance"), ("GET", "/mappings"), ("POST", "/credits")],
)
def test_an_app_that_is_not_there_is_missing(method: str, path: str) -> None:
    body = {"amount_micros": 1, "note": "x"} if path == "/credits" else {}

    assert operated(method, f"/apps/nobodys-app{path}", body).refusal == (404, 101)


# --- Operators, settings, prices --------------------------------------------------------------


def test_an_operator_is_added_with_a_key_that_is_shown_once_and_revoked() -> None:
    made = operated("POST", "/operators", {"id": "li.ming"})
    key = made.body["key"]

    assert made.status == 201
    assert api("GET", "/apps", headers=operator("li.ming", key)).status == 200
    listed = operated("GET", "/operators")
    assert [one["id"] for one in listed.body["items"]] == ["demo", "li.ming"]
    assert listed.body["items"][1]["created_by"] == "operator:demo"
    assert key not in listed.text

    assert operated("DELETE", "/operators/li.ming").body == {}

    assert api("GET", "/apps", headers=operator("li.ming", key)).refusal == (401, 401)
    assert operated("DELETE", "/operators/li.ming").refusal == (404, 101)
    assert operated("POST", "/operators", {"id": "li.ming"}).refusal == (400, 137)
    assert operated("GET", "/operators").body["items"][1]["revoked_at"] is not None


def test_nobody_revokes_their_own_key() -> None:
    assert operated("DELETE", f"/operators/{OPERATOR}").refusal == (403, 403)
    assert operated("GET", "/apps").status == 200


@pytest.mark.parametrize("name", [None, "", "a:b", "李明", "-x", "x" * 65, 5])
def test_an_id_that_no_operator_can_have_is_refused(name: object) -> None:
    assert operated("POST", "/operators", {"id": name}).refusal == (400, 1)


def test_low_risk_templates_pass_when_an_operator_says_so() -> None:
    first = {"auto_approve": False, "shield": "observe"}
    assert operated("GET", "/settings").body == first
    changed = operated("PUT", "/settings", {"auto_approve": True}).body
    assert changed == {"auto_approve": True, "shield": "observe"}
    changed = operated("PUT", "/settings", {"shield": "enforce"}).body
    assert changed == {"auto_approve": True, "shield": "enforce"}
    assert operated("GET", "/settings").body == changed
    back = {"auto_approve": False, "shield": "observe"}
    assert operated("PUT", "/settings", back).body == first
    assert operated("PUT", "/settings", {}).refusal == (400, 1)
    for wrong in ({"auto_approve": 1}, {"shield": "off"}, {"shield": True}, {}):
        assert operated("PUT", "/settings", wrong).refusal == (400, 1)


def price(reply: Reply, dial: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [row for row in reply.body["items"] if row["dial"] == dial]
    return found[0]


def test_the_prices_are_the_published_ones_with_their_source() -> None:
    reply = owned("GET", "/prices")

    assert (reply.body["currency"], reply.body["date"]) == ("CNY", "2019-12-11")
    assert len(reply.body["items"]) == 43
    assert price(reply, "86") == {
        "dial": "86",
        "iso": "CN",
        "name": {"zh": "中国大陆", "en": "Mainland China"},
        "price_micros": 50_000,
        "list_price_micros": 50_000,
    }


def test_an_operator_sets_prices_and_takes_them_back() -> None:
    changed = operated("PUT", "/prices", {"prices": {"86": 45_000, "84": 300_000}})

    assert price(changed, "86")["price_micros"] == 45_000
    assert price(changed, "86")["list_price_micros"] == 50_000
    assert price(changed, "84") == {
        "dial": "84",
        "iso": None,
        "name": {"zh": "+84", "en": "+84"},
        "price_micros": 300_000,
        "list_price_micros": None,
    }
    assert owned("GET", "/prices").body == changed.body
    back = operated("PUT", "/prices", {"prices": {"86": None, "84": None}})
    assert price(back, "86")["price_micros"] == 50_000
    assert len(back.body["items"]) == 43


@pytest.mark.parametrize(
    "prices",
    [
        None,
        [],
        {"+86": 1},
        {"0": 1},
        {"86": -1},
        {"86": 1.5},
        {"86": "1"},
        {"86": True},
        {"86\n": 1},
        {"86": 10**10},
        {str(number): 1 for number in range(1, 302)},
    ],
)
def test_a_price_that_cannot_be_is_refused(prices: object) -> None:
    assert operated("PUT", "/prices", {"prices": prices}).refusal == (400, 1)


# --- Records ----------------------------------------------------------------------------------


def sent(count: int) -> list[str]:
    """Messages of the demo app of now, paid for, oldest first; their ids."""
    now = datetime.now(UTC)
    ids = []
    for number in range(count):
        message = new_message(replace(new_send(f"r{number}"), now=now), price=50_000)
        charge = Charge(DEMO_APP.app_id, message.price, days.of(now))

        def build(
            writes: TransactWrite, message: Message = message, charge: Charge = charge
        ) -> None:
            messages.record(writes, message)
            balances.record_charge(writes, charge)

        table.transact(build)
        ids.append(message.ref.message_id)
    return sorted(ids, key=lambda one: one.split("-")[2])


def today() -> str:
    return days.of(datetime.now(UTC))


def test_the_records_of_a_day_are_listed_newest_first_with_masked_phones() -> None:
    ids = sent(5)

    first = owned("GET", "/records", day=today(), limit="3").body
    second = owned("GET", "/records", day=today(), limit="3", cursor=first["cursor"]).body

    assert [one["message_id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["cursor"] is None
    assert {one["phone"] for one in first["items"]} == {"+86186****5678"}
    assert first["items"][0]["price_micros"] == 50_000


def test_the_records_of_a_phone_and_of_a_state() -> None:
    ids = sent(2)

    assert len(owned("GET", "/records", phone="18612345678").body["items"]) == 2
    assert owned("GET", "/records", phone="13900000000").body["items"] == []
    queued = owned("GET", "/records", day=today(), state="queued").body["items"]
    assert {one["message_id"] for one in queued} == set(ids)
    assert owned("GET", "/records", day=today(), state="verified").body["items"] == []


def test_a_record_tells_what_became_of_the_message() -> None:
    (message_id,) = sent(1)
    now = datetime.now(UTC)
    message = messages.get(MessageRef(DEMO_APP.app_id, message_id))
    messages.claim(message, claim_of("a1"), now, queued_at=int(now.timestamp()))
    refusal = replace(told("BLACKLIST"), at=int(now.timestamp()))
    messages.refused(message, claim_of("a1"), refusal, final=True)

    reply = owned("GET", f"/records/{message_id}")

    assert reply.body["state"] == State.CALL_FAILED
    assert reply.body["refunded"] is True
    assert [step["event"] for step in reply.body["timeline"]] == [
        "accepted",
        "queued",
        "claimed",
        "refused",
        "failed",
        "refunded",
    ]
    assert "18612345678" not in reply.text
    assert reply.body["timeline"][3]["detail"]["zh"].startswith("Amazon SNS 拒绝：BLACKLIST，用时")
    assert reply.body["timeline"][4]["detail"]["zh"] == "没有通道接收，不再尝试"
    assert reply.body["advice"][0]["en"].startswith("Ask for a new code")


@pytest.mark.parametrize("message_id", ["x", f"20261122-0-{'0' * 32}", "20261122-0-%2e"])
def test_a_record_that_is_not_there_is_missing(message_id: str) -> None:
    assert owned("GET", f"/records/{message_id}").refusal == (404, 101)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, 1),
        ({"day": "x"}, 1),
        ({"day": "20261122", "phone": "18612345678"}, 1),
        ({"day": "20261122", "state": "x"}, 1),
        ({"day": "20261122", "limit": "101"}, 1),
        ({"day": "20261122", "cursor": "x"}, 1),
        ({"phone": "x"}, 127),
    ],
)
def test_what_cannot_be_asked_for_is_refused(query: dict[str, str], code: int) -> None:
    assert owned("GET", "/records", **query).refusal == (400, code)


def test_an_operator_names_the_app_whose_records_are_wanted() -> None:
    (message_id,) = sent(1)

    mine = operated("GET", "/records", day=today(), app_id=DEMO_APP.app_id)
    assert [one["message_id"] for one in mine.body["items"]] == [message_id]
    one = operated("GET", f"/records/{message_id}", app_id=DEMO_APP.app_id)
    assert one.body["message_id"] == message_id
    assert operated("GET", f"/records/{message_id}", app_id=OTHER).refusal == (404, 101)
    assert operated("GET", "/records", day=today()).refusal == (400, 1)
    assert operated("GET", "/records", day=today(), app_id="nobodys-app").refusal == (404, 101)


def test_a_day_is_exported_page_by_page_as_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from signet import records

    monkeypatch.setattr(records, "CSV_PAGE", 3)
    ids = sent(5)

    first = owned("GET", "/records.csv", day=today())
    second = owned("GET", "/records.csv", day=today(), cursor=first.headers["X-Next-Cursor"])

    assert first.headers["Content-Type"] == "text/csv;charset=utf-8"
    assert f'filename="{today()}.csv"' in first.headers["Content-Disposition"]
    assert "X-Next-Cursor" in first.headers["Access-Control-Expose-Headers"]
    assert "X-Next-Cursor" not in second.headers
    assert first.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO((first.text + second.text).removeprefix("\ufeff"))))
    assert [row["message_id"] for row in rows] == ids[::-1]
    assert {row["phone"] for row in rows} == {"'+86186****5678"}


def test_an_export_that_cannot_be_is_refused_as_json() -> None:
    reply = owned("GET", "/records.csv", phone="18612345678")

    assert reply.refusal == (400, 1)
    assert reply.headers["Content-Type"].startswith("application/json")


# --- Money ------------------------------------------------------------------------------------


def test_a_balance_has_thirty_days_with_zeros_and_the_credits() -> None:
    sent(2)

    reply = owned("GET", "/balance").body

    assert (reply["balance_micros"], reply["currency"]) == (99_900_000, "CNY")
    assert len(reply["days"]) == 30
    assert reply["days"][-1] == {
        "day": today(),
        "charged_micros": 100_000,
        "messages": 2,
        "refunded_micros": 0,
        "credited_micros": 100_000_000,
    }
    assert reply["days"][0] | {"day": ""} == {
        "day": "",
        "charged_micros": 0,
        "messages": 0,
        "refunded_micros": 0,
        "credited_micros": 0,
    }
    assert [day["day"] for day in reply["days"]] == sorted({day["day"] for day in reply["days"]})
    assert [one["amount_micros"] for one in reply["credits"]] == [100_000_000]


def test_an_operator_tops_up_and_corrects() -> None:
    path = f"/apps/{DEMO_APP.app_id}/credits"
    up = operated("POST", path, {"amount_micros": 50_000_000, "note": "转账 2026-11"})
    down = operated("POST", path, {"amount_micros": -20_000_000, "note": "更正"})

    assert (up.status, up.body) == (201, {"balance_micros": 150_000_000})
    assert (down.status, down.body) == (201, {"balance_micros": 130_000_000})
    credits = owned("GET", "/balance").body["credits"]
    assert {(one["amount_micros"], one["by"], one["note"]) for one in credits[:2]} == {
        (50_000_000, "operator:demo", "转账 2026-11"),
        (-20_000_000, "operator:demo", "更正"),
    }


def test_a_correction_never_goes_below_zero() -> None:
    path = f"/apps/{DEMO_APP.app_id}/credits"

    reply = operated("POST", path, {"amount_micros": -100_000_001, "note": "更正"})

    assert reply.refusal == (400, 160)
    assert owned("GET", "/balance").body["balance_micros"] == 100_000_000


@pytest.mark.parametrize("amount", [50_000_000, -60_000_000])
def test_a_repeated_idempotency_key_counts_once(amount: int) -> None:
    path = f"/apps/{DEMO_APP.app_id}/credits"
    headers = operator() | {"Idempotency-Key": "transfer-1"}
    body = {"amount_micros": amount, "note": "转账"}

    replies = [api("POST", path, body, headers=headers) for _ in range(3)]

    assert {(reply.status, reply.body["balance_micros"]) for reply in replies} == {
        (201, 100_000_000 + amount)
    }


def test_a_repeated_idempotency_key_with_another_amount_is_refused() -> None:
    path = f"/apps/{DEMO_APP.app_id}/credits"
    headers = operator() | {"Idempotency-Key": "transfer-1"}
    api("POST", path, {"amount_micros": 1_000_000, "note": "转账"}, headers=headers)

    again = api("POST", path, {"amount_micros": 2_000_000, "note": "转账"}, headers=headers)

    assert again.refusal == (400, 1)
    assert owned("GET", "/balance").body["balance_micros"] == 101_000_000


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount_micros": 5},
        {"amount_micros": 0, "note": "x"},
        {"amount_micros": 1.5, "note": "x"},
        {"amount_micros": "5", "note": "x"},
        {"amount_micros": True, "note": "x"},
        {"amount_micros": 10**14, "note": "x"},
        {"amount_micros": 5, "note": ""},
        {"amount_micros": 5, "note": "x" * 201},
        {"amount_micros": 5, "note": "x", "by": "y"},
    ],
)
def test_a_credit_that_cannot_be_is_refused(body: dict[str, Any]) -> None:
    assert operated("POST", f"/apps/{OTHER}/credits", body).refusal == (400, 1)


# --- Carriers ---------------------------------------------------------------------------------


def test_the_carriers_say_what_they_need() -> None:
    reply = operated("GET", "/carriers").body

    assert reply["active"] == "sns"
    assert [one["name"] for one in reply["items"]] == [
        "sns",
        "end-user-messaging",
        "alibaba",
        "tencent",
        "twilio",
        "webhook",
    ]
    assert all(one["needs"] and one["ready"] is None for one in reply["items"])


def test_the_china_regions_have_no_carriers_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")

    names = [one["name"] for one in operated("GET", "/carriers").body["items"]]

    assert names == ["alibaba", "tencent", "twilio", "webhook"]


MAPPING = {
    "carrier": "alibaba",
    "template": "Order_Notice",
    "version": 2,
    "vendor_template": "SMS_1234",
    "signatures": {"Signet": "示例商城"},
    "variables": {"order": "order_id"},
    "text": "订单 ${order}",
}
BUILT_IN = MAPPING | {"template": None, "version": None}


def test_an_operator_maps_a_template_and_forgets_it() -> None:
    path = f"/apps/{DEMO_APP.app_id}/mappings"

    assert operated("PUT", path, MAPPING).body == MAPPING
    assert operated("GET", path).body == {"items": [MAPPING], "cursor": None}
    named = {"carrier": "alibaba", "template": "Order_Notice", "version": "2"}
    assert operated("DELETE", path, **named).body == {}
    assert operated("GET", path).body["items"] == []
    assert operated("DELETE", path, **named).refusal == (404, 101)
    assert operated("DELETE", path, **named | {"version": "x"}).refusal == (400, 1)
    assert sorted(trail()) == [
        ("operator:demo", "map", "mapping:alibaba/Order_Notice"),
        ("operator:demo", "unmap", "mapping:alibaba/Order_Notice"),
    ]


def test_the_built_in_text_is_mapped_for_all_apps_which_makes_a_carrier_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", "alibaba")
    assert ready("alibaba") is False

    assert operated("PUT", "/apps/-/mappings", BUILT_IN).body == BUILT_IN

    assert operated("GET", "/apps/-/mappings").body["items"] == [BUILT_IN]
    assert ready("alibaba") is True
    assert ready("tencent") is None
    assert operated("DELETE", "/apps/-/mappings", carrier="alibaba").body == {}
    assert operated("PUT", "/apps/-/mappings", MAPPING).refusal == (400, 1)


def ready(carrier: str) -> bool | None:
    items = operated("GET", "/carriers").body["items"]
    (found,) = [one["ready"] for one in items if one["name"] == carrier]
    assert found is None or isinstance(found, bool)
    return found


# --- Pages ------------------------------------------------------------------------------------

# Owners upload audiences to their bucket, by a request of the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' https://audiences.s3.us-east-1.amazonaws.com; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def test_the_console_is_a_page_that_loads_nothing_from_elsewhere() -> None:
    reply = call("GET", "/console")

    assert reply.status == 200
    assert reply.text.lstrip().lower().startswith("<!doctype html>")
    assert reply.headers["Content-Type"] == "text/html;charset=utf-8"
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Cache-Control"] == "no-cache"


def test_a_page_that_the_browser_has_is_not_sent_again() -> None:
    etag = call("GET", "/console").headers["ETag"]

    for header in (etag, f'"x", {etag}', f"W/{etag}"):
        again = call("GET", "/console", headers={"If-None-Match": header})
        assert (again.status, again.text) == (304, "")
        assert again.headers["ETag"] == etag
    assert call("GET", "/console", headers={"If-None-Match": '"x"'}).status == 200


def test_a_slash_too_many_leads_to_the_page() -> None:
    # Relative, because the deployed URL has the stage in front: /live/console/ → /live/console.
    reply = call("GET", "/console/")

    assert (reply.status, reply.headers["Location"]) == (308, "../console")


def test_every_text_file_of_the_folder_is_served_and_no_other() -> None:
    folder = Path(console_function.__file__).parent / "static"

    for file in folder.iterdir():
        reply = call("GET", f"/console/{file.name}")
        assert (reply.status, reply.text) == (200, file.read_text(encoding="utf-8"))
        assert reply.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "app.py",
        "..",
        "../app.py",
        "..%2fapp.py",
        "%2e%2e%2fapp.py",
        "%2e%2e/app.py",
        "%252e%252e%252fapp.py",
        "..\\app.py",
        "static",
        "static/index.html",
        "%00",
        "index.html%00.js",
        "/etc/passwd",
        "api",
    ],
)
def test_nothing_else_is_served(name: str) -> None:
    assert call("GET", f"/console/{name}").refusal == (404, 1)


def test_a_file_that_is_no_text_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    (tmp_path / "b.png").write_bytes(b"\x89PNG")
    (tmp_path / "c.py").write_text("1")
    (tmp_path / "d").mkdir()

    assert set(pages.load(tmp_path)) == {"a.js"}
    assert pages.load(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_page_is_only_for_get(method: str) -> None:
    assert call(method, "/console", "{}").refusal == (404, 1)
