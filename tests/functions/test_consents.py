"""Consents as owners see and change them, and all that is known as a file."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.guard import app as guard_function
from functions.planner import app as planner_function
from signet.consents import Consent
from signet.edge import clock, functions
from signet.edge.functions import FunctionFailed
from signet.opt_outs import OptOut
from signet.store import audits, consents, opt_outs
from tests.functions.console_calls import Reply, call, owner
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, NOW, PHONE, client

pytestmark = pytest.mark.usefixtures("service")

AT = int(datetime(2026, 11, 22, 8, 0, tzinfo=UTC).timestamp()) * 1000
OF_AUDIENCE = Consent(PHONE, "=会员注册时勾选", AT, "audience", "aud1", by=f"owner:{APP_ID}")
REFUSED = OptOut(True, AT + 1000, "TD", "tencent", "r1", "20261122-3-0123")


def ask(method: str, path: str, body: object = None, *, headers: Any = None) -> Reply:
    return call(
        method,
        f"/console/api{path}",
        body,
        headers=headers or owner(),
        handler=guard_function.handler,
    )


def test_a_number_of_which_nothing_is_known_has_not_agreed() -> None:
    body = ask("GET", "/consents/18612345678").body

    assert body == {"phone": PHONE, "state": "none", "history": []}


def test_the_history_has_consents_and_refusals_newest_first() -> None:
    consents.record_many(APP_ID, [OF_AUDIENCE])
    assert ask("GET", f"/consents/{PHONE}").body["state"] == "consented"
    opt_outs.record_reply(APP_ID, PHONE, REFUSED)

    body = ask("GET", f"/consents/{PHONE}").body

    assert body["state"] == "opted_out"
    assert body["history"] == [
        {
            "what": "opt_out",
            "at": "2026-11-22T08:00:01Z",
            "how": "TD",
            "source": "reply",
            "audience_id": None,
            "message_id": "20261122-3-0123",
            "carrier": "tencent",
            "reply_id": "r1",
            "by": None,
        },
        {
            "what": "consent",
            "at": "2026-11-22T08:00:00Z",
            "how": "=会员注册时勾选",
            "source": "audience",
            "audience_id": "aud1",
            "message_id": None,
            "carrier": None,
            "reply_id": None,
            "by": f"owner:{APP_ID}",
        },
    ]


def test_an_owner_records_a_consent_and_ends_it_with_a_trail(
    advance: Callable[[int], None],
) -> None:
    put = ask("PUT", "/consents/18612345678", {"how": "门店登记", "at": "2026-10-01T00:00:00Z"})
    assert (put.status, put.body["state"]) == (200, "consented")
    assert put.body["history"][0]["at"] == "2026-10-01T00:00:00Z"
    assert consents.known(APP_ID, [PHONE]) == {PHONE}
    advance(1)

    ended = ask("DELETE", "/consents/%2B8618612345678", {"comment": "called us"})

    assert ended.body == ask("GET", f"/consents/{PHONE}").body
    assert ended.body["state"] == "none"
    assert [(one["what"], one["how"], one["by"]) for one in ended.body["history"]] == [
        ("consent_end", "called us", f"owner:{APP_ID}"),
        ("consent", "门店登记", f"owner:{APP_ID}"),
    ]
    entries, _ = audits.entries(APP_ID, limit=5)
    assert [(one.action, one.subject, one.comment) for one in entries] == [
        ("consent_end", "number:…5678", "called us"),
        ("consent", "number:…5678", "门店登记"),
    ]
    assert not opt_outs.is_out(APP_ID, PHONE)


def test_no_consent_is_written_over_a_refusal() -> None:
    opt_outs.record_reply(APP_ID, PHONE, REFUSED)

    assert ask("PUT", f"/consents/{PHONE}", {"how": "x"}).refusal == (400, 1)

    assert consents.history(APP_ID, PHONE) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "/consents/12", None, (400, 127)),
        ("PUT", "/consents/12", {"how": "x"}, (400, 127)),
        ("PUT", f"/consents/{PHONE}", {}, (400, 1)),
        ("PUT", f"/consents/{PHONE}", {"how": "x", "at": "soon"}, (400, 1)),
        ("PUT", f"/consents/{PHONE}", {"how": "x", "at": "2100-01-01T00:00:00Z"}, (400, 1)),
        ("PUT", f"/consents/{PHONE}", "{", (400, 107)),
        ("DELETE", f"/consents/{PHONE}", {"how": "x"}, (400, 1)),
        ("DELETE", f"/consents/{PHONE}", None, (404, 101)),
        ("GET", "/ledger/exports/x", None, (404, 101)),
        ("GET", f"/ledger/exports/{'0' * 32}", None, (404, 101)),
    ],
)
def test_what_cannot_be_done_is_refused(
    method: str, path: str, body: object, refusal: tuple[int, int]
) -> None:
    assert ask(method, path, body).refusal == refusal


# --- Exports ----------------------------------------------------------------------------------


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the planner is called with."""
    called: list[dict[str, Any]] = []
    monkeypatch.setattr(functions, "invoke_later", lambda _, event: called.append(event))
    return called


def test_an_export_is_asked_for_made_and_fetched(planner: list[dict[str, Any]]) -> None:
    consents.record_many(APP_ID, [OF_AUDIENCE])
    opt_outs.record_reply(APP_ID, PHONE, REFUSED)
    erased = "+8618612345670"
    opt_outs.record_reply(APP_ID, erased, REFUSED)
    opt_outs.erase(APP_ID, erased, now=NOW)
    opt_outs.record_reply("another-app", PHONE, REFUSED)

    begun = ask("POST", "/ledger/exports")
    export_id = begun.body["export"]["id"]
    assert (begun.status, begun.body["export"]["state"]) == (202, "making")
    assert ask("GET", f"/ledger/exports/{export_id}").body == begun.body

    (event,) = planner
    assert (event["v"], event["task"], event["app_id"]) == (1, "ledger", APP_ID)
    planner_function.handler(event, CONTEXT)

    found = ask("GET", f"/ledger/exports/{export_id}").body["export"]
    assert (found["state"], found["rows"]) == ("ready", 3)
    assert f"ledger/{APP_ID}/{export_id}.csv" in found["url"]
    rows = lines(export_id)
    assert [row["what"] for row in rows] == ["consent", *["opt_out"] * 2]
    assert rows[0]["phone"] == f"'{PHONE}"
    assert rows[0]["how"] == "'=会员注册时勾选", "no cell is a formula"
    assert {len(row["phone"]) for row in rows if row["phone"] != f"'{PHONE}"} == {32}
    assert erased not in str(rows)


def lines(export_id: str) -> list[dict[str, str]]:
    key = f"ledger/{APP_ID}/{export_id}.csv"
    body = client("s3").get_object(Bucket="audiences", Key=key)["Body"].read()
    assert body.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_an_export_says_how_far_it_is_and_that_nobody_goes_on_with_it(
    planner: list[dict[str, Any]], advance: Callable[[int], None]
) -> None:
    export_id = ask("POST", "/ledger/exports").body["export"]["id"]
    told = {"state": "making", "rows": 4000, "at": int(clock.now().timestamp())}
    key = f"ledger/{APP_ID}/{export_id}.json"
    client("s3").put_object(Bucket="audiences", Key=key, Body=json.dumps(told).encode())
    path = f"/ledger/exports/{export_id}"

    assert ask("GET", path).body["export"] == {"id": export_id, "state": "making", "rows": 4000}
    advance(1300)
    assert ask("GET", path).body["export"]["state"] == "failed"


def test_nobody_fetches_the_export_of_another_app(
    planner: list[dict[str, Any]], make_app: Callable[..., Any]
) -> None:
    make_app(app_id="another-app")
    export_id = ask("POST", "/ledger/exports").body["export"]["id"]

    other = ask("GET", f"/ledger/exports/{export_id}", headers=owner("another-app"))

    assert other.refusal == (404, 101)


def test_an_export_is_in_the_trail_and_refused_when_nobody_can_make_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(name: str, event: object) -> None:
        raise FunctionFailed(name)

    monkeypatch.setattr(functions, "invoke_later", fail)

    assert ask("POST", "/ledger/exports").refusal == (503, 1)

    entries, _ = audits.entries(APP_ID, limit=5)
    assert [(one.action, one.subject) for one in entries] == [("export", "consents")]
