"""The list of numbers that want no marketing, as owners see and change it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.guard import app as guard_function
from signet.apps import Events
from signet.opt_outs import OptOut
from signet.store import apps, opt_outs
from tests.functions.console_calls import Reply, call, owner
from tests.functions.service import Service
from tests.store.build import APP_ID, PHONE, client

pytestmark = pytest.mark.usefixtures("service")

AT = int(datetime(2026, 11, 22, 8, 0, tzinfo=UTC).timestamp()) * 1000
SAID = OptOut(True, AT, "TD", "tencent", "r1", "20261122-3-0123456789abcdef0123456789abcdef")


def ask(method: str, path: str = "", body: object = None, **query: str) -> Reply:
    return call(
        method,
        f"/console/api/opt-outs{path}",
        body,
        headers=owner(),
        query=query,
        handler=guard_function.handler,
    )


def test_the_list_says_who_and_why_and_hides_the_number() -> None:
    opt_outs.record_reply(APP_ID, PHONE, SAID)

    assert ask("GET").body == {
        "items": [
            {
                "phone": "+86186****5678",
                "is_out": True,
                "at": "2026-11-22T08:00:00Z",
                "word": "TD",
                "carrier": "tencent",
                "reply_id": "r1",
                "message_id": SAID.message_id,
                "by": None,
                "comment": None,
            }
        ],
        "cursor": None,
    }


def test_the_list_comes_in_pages() -> None:
    for number in range(5):
        opt_outs.record_reply(APP_ID, f"+8618612345{number:03d}", SAID)

    first = ask("GET", limit="3").body
    second = ask("GET", limit="3", cursor=first["cursor"]).body

    assert (len(first["items"]), len(second["items"]), second["cursor"]) == (3, 2, None)


def test_an_owner_puts_a_number_on_and_off_and_sees_what_was_done(
    advance: Callable[[int], None],
) -> None:
    put = ask("PUT", "/18612345678", {"comment": "asked by phone"})
    assert put.body["is_out"] is True
    assert opt_outs.is_out(APP_ID, PHONE)
    advance(1)

    removed = ask("DELETE", "/%2B8618612345678", {"comment": "signed a form"})

    assert removed.body == ask("GET", "/+8618612345678").body
    assert removed.body["is_out"] is False
    assert removed.body["phone"] == PHONE
    assert [(one["is_out"], one["comment"]) for one in removed.body["history"]] == [
        (False, "signed a form"),
        (True, "asked by phone"),
    ]
    assert {one["by"] for one in removed.body["history"]} == {f"owner:{APP_ID}"}
    assert not opt_outs.is_out(APP_ID, PHONE)


def test_an_app_that_asks_is_told_of_what_its_owner_did() -> None:
    asked = Events(url="https://example.com/events")
    apps.change(APP_ID, lambda app: replace(app, events=asked))

    ask("PUT", "/18612345678", {"comment": "asked by phone"})
    ask("DELETE", "/18612345678", {"comment": "signed a form"})

    bodies = [
        json.loads(item["body"]["S"])
        for item in client("dynamodb").scan(TableName="events")["Items"]
    ]
    assert {(one["type"], one["data"]["phone"], one["data"]["source"]) for one in bodies} == {
        ("opt_out.added", PHONE, "owner"),
        ("opt_out.removed", PHONE, "owner"),
    }


def test_an_owner_takes_off_what_was_said_to_nobody_knows_whom() -> None:
    opt_outs.record_reply(None, PHONE, SAID)
    assert ask("GET", f"/{PHONE}").body["is_out"] is True

    assert ask("DELETE", f"/{PHONE}", {"comment": "asked for it"}).status == 200

    assert not opt_outs.is_out(APP_ID, PHONE)
    assert opt_outs.is_out("another-app", PHONE)


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("PUT", "/12", {"comment": "x"}, (400, 127)),
        ("GET", "/12", None, (400, 127)),
        ("PUT", "/18612345678", {}, (400, 1)),
        ("PUT", "/18612345678", {"comment": "x", "phone": "1"}, (400, 1)),
        ("PUT", "/18612345678", "{", (400, 107)),
        ("DELETE", "/18612345678", {"comment": "x"}, (404, 101)),
    ],
)
def test_what_cannot_be_done_is_refused(
    method: str, path: str, body: object, refusal: tuple[int, int]
) -> None:
    assert ask(method, path, body).refusal == refusal


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"cursor": "x"}])
def test_a_page_is_asked_for_as_documented(query: dict[str, str]) -> None:
    assert ask("GET", **query).refusal == (400, 1)


def test_what_was_said_later_stays(service: Service) -> None:
    later = int(datetime.now(UTC).timestamp() * 1000) + 60_000
    opt_outs.record_reply(APP_ID, PHONE, OptOut(True, later, "STOP", "twilio", "r9"))

    assert ask("DELETE", f"/{PHONE}", {"comment": "x"}).refusal == (400, 305)
    assert opt_outs.is_out(APP_ID, PHONE)
