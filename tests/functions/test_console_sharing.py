"""Links to one message: who makes them, what they show, and every way to cheat with them."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signet import shares
from signet.apps import Key
from signet.messages import MessageRef
from signet.shares import Share
from signet.store import apps, audits, deployment, messages, table
from signet.store.apps import AppItem
from signet.tries import Outcome, Try
from tests.conftest import DEMO_APP, record_app
from tests.functions.console_calls import (
    OPERATOR,
    OPERATOR_KEY,
    Reply,
    call,
    client,
    operator,
    owner,
)
from tests.store.build import claim_of, new_message, new_send

OTHER = "another-demo-app"
MASTER = DEMO_APP.master_key.current

Move = Callable[[int], None]


@pytest.fixture(autouse=True)
def message_id(tables: object, advance: Move) -> str:
    """A message of the demo app, which a carrier took; another app, and an operator."""
    now = datetime.now(UTC)
    record_app(DEMO_APP)
    record_app(replace(DEMO_APP, app_id=OTHER, master_key=Key("another-master")))
    deployment.add_operator(OPERATOR, OPERATOR_KEY, "bootstrap", now=now)
    message = new_message(
        replace(new_send(), now=now),
        template="Secret_Template",
        variables={"order": "secret-value"},
        price=50_000,
    )
    table.transact(lambda writes: messages.record(writes, message))
    messages.claim(message, claim_of("a1"), now)
    taken = Try("alibaba", Outcome.ACCEPTED, "", int(now.timestamp()), 420)
    messages.accepted(message, claim_of("a1"), taken, carrier_message_id="9007^0")
    return message.ref.message_id


def shared(message_id: str, body: object = None, **query: str) -> Reply:
    """A link, made by the owner."""
    path = f"/console/api/records/{message_id}/share"
    return call("POST", path, body, headers=owner(), query=query)


def token_of(reply: Reply) -> str:
    return str(reply.body["url"]).partition("#")[2]


def look(token: str, *, scheme: str = "Bearer ") -> Reply:
    """What somebody sees who was given the link."""
    return call("GET", "/console/api/shared", headers={"Authorization": f"{scheme}{token}"})


def test_a_link_shows_what_became_of_the_message_to_whoever_has_it(message_id: str) -> None:
    link = shared(message_id)
    reply = look(token_of(link))

    assert reply.status == 200
    assert link.body["url"].startswith("console/shared#")
    assert reply.body["app"] == "示例应用"
    assert reply.body["message_id"] == message_id
    assert reply.body["phone"] == "+86186****5678"
    assert reply.body["carrier"] == {"zh": "阿里云短信", "en": "Alibaba Cloud SMS"}
    assert reply.body["carrier_message_id"] == "9007^0"
    assert [one["event"] for one in reply.body["timeline"]] == ["accepted", "claimed", "carrier"]
    assert reply.body["advice"][0]["en"].startswith("No receipt yet; Alibaba Cloud SMS usually")
    assert reply.body["expires_at"] == link.body["expires_at"]


def test_a_link_tells_no_price_no_template_no_text_and_no_whole_number(message_id: str) -> None:
    told = look(token_of(shared(message_id))).text

    for hidden in ("0.05", "50000", "price", "Secret", "secret-value", "18612345678", "Signet"):
        assert hidden not in told


def test_a_link_lets_nobody_keep_find_or_pass_on_what_it_shows(message_id: str) -> None:
    for reply in (look(token_of(shared(message_id))), call("GET", "/console/shared")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply.headers["X-Robots-Tag"]


def test_a_link_lasts_for_three_days_or_as_long_as_was_said(message_id: str, advance: Move) -> None:
    short, usual = token_of(shared(message_id, {"hours": 1})), token_of(shared(message_id))

    advance(3_599)
    assert look(short).status == 200
    advance(1)
    assert look(short).refusal == (404, 101)
    advance(71 * 3_600 - 1)
    assert look(usual).status == 200
    advance(1)
    assert look(usual).refusal == (404, 101)


def test_an_operator_shares_any_apps_message_and_the_trail_says_so(message_id: str) -> None:
    path = f"/console/api/records/{message_id}/share"
    reply = call("POST", path, {}, headers=operator(), query={"app_id": DEMO_APP.app_id})

    assert look(token_of(reply)).status == 200
    (entry,), _ = audits.entries(DEMO_APP.app_id, limit=5)
    assert (entry.actor, entry.action) == (f"operator:{OPERATOR}", "share")
    assert (entry.subject, entry.comment) == (f"message:{message_id}", "72 h")
    assert entry.at - datetime.now(UTC) < timedelta(seconds=60)


def test_a_link_is_absolute_where_the_address_is_known(
    message_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_PUBLIC_BASE_URL", "https://sms.example.com")

    assert shared(message_id).body["url"].startswith("https://sms.example.com/console/shared#")


# --- Who may not make one ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [{"hours": 0}, {"hours": 721}, {"hours": "1"}, {"hours": 1.5}, {"day": 1}, {"hours": True}],
)
def test_a_time_that_cannot_be_is_refused(message_id: str, body: dict[str, Any]) -> None:
    assert shared(message_id, body).refusal == (400, 1)
    assert audits.entries(DEMO_APP.app_id, limit=5) == ([], None)


def test_nobody_shares_what_is_not_theirs_or_not_there(message_id: str) -> None:
    path = f"/console/api/records/{message_id}/share"
    gone = message_id[:-1] + ("0" if message_id[-1] != "0" else "1")

    assert shared(gone).refusal == (404, 101)
    assert shared("x").refusal == (404, 101)
    assert call("POST", path, headers=client()).refusal == (403, 403)
    assert call("POST", path).refusal == (401, 401)
    other = owner(OTHER, "another-master")
    assert call("POST", path, headers=other).refusal == (404, 101)
    assert call("POST", path, headers=other, query={"app_id": DEMO_APP.app_id}).status == 403
    assert audits.entries(DEMO_APP.app_id, limit=5) == ([], None)


# --- Every way to cheat -----------------------------------------------------------------------


def sealed(of: str, **changes: Any) -> str:
    """A token as it would be, with some things otherwise."""
    soon = int(datetime.now(UTC).timestamp()) + 3_600
    share = Share(
        changes.get("app_id", DEMO_APP.app_id),
        changes.get("message_id", of),
        changes.get("expires", soon),
    )
    key = changes.get("key") or deployment.session_key()
    return shares.sealed(share, key=key, master_key=changes.get("master_key", MASTER))


def test_a_token_as_it_should_be_is_let_in(message_id: str) -> None:
    assert look(sealed(message_id)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"key": bytes(32)},
        {"master_key": "another-master"},
        {"master_key": ""},
        {"expires": 0},
        {"expires": -1},
        {"app_id": OTHER},
        {"app_id": OTHER, "master_key": "another-master"},
        {"app_id": "nobodys-app"},
        {"app_id": "#deployment"},
        {"app_id": ""},
        {"message_id": "x"},
        {"message_id": "20261122-0-" + "0" * 32},
    ],
    ids=str,
)
def test_another_seal_app_message_or_time_is_missing(
    message_id: str, changes: dict[str, Any]
) -> None:
    reply = look(sealed(message_id, **changes))

    assert reply.refusal == (404, 101)
    assert set(reply.body) == {"code", "error"}


@pytest.mark.parametrize(
    "token", ["", "x", "x.y", ".", "..", "e30.", "bnVsbA.0", "é.é", "A" * 9_000]
)
def test_what_is_no_token_is_missing(token: str) -> None:
    assert look(token).refusal == (404, 101)
    assert look(token, scheme="Basic ").refusal == (404, 101)


def test_no_token_at_all_is_missing() -> None:
    assert call("GET", "/console/api/shared").refusal == (404, 101)


def test_a_later_end_needs_another_seal(message_id: str) -> None:
    encoded, _, mac = token_of(shared(message_id)).partition(".")
    said = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    said["expires"] += 1
    longer = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()

    assert look(f"{longer.rstrip('=')}.{mac}").refusal == (404, 101)


def test_a_session_opens_no_link_and_a_link_no_session(message_id: str) -> None:
    body = {"app_id": DEMO_APP.app_id, "master_key": MASTER}
    signed_in = call("POST", "/console/api/session", body)
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    token = token_of(shared(message_id))

    assert look(cookie).refusal == (404, 101)
    headers = {"Cookie": f"signet_session={token}"}
    assert call("GET", "/console/api/session", headers=headers).refusal == (401, 401)
    assert call("GET", "/console/api/app", headers=headers).refusal == (401, 401)


def test_a_link_is_for_looking_only(message_id: str) -> None:
    headers = {"Authorization": f"Bearer {token_of(shared(message_id))}"}

    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert call(method, "/console/api/shared", {}, headers=headers).refusal == (404, 1)
    assert call("GET", "/console/api/records", headers=headers).refusal == (401, 401)
    path = f"/console/api/records/{message_id}"
    assert call("GET", path, headers=headers).refusal == (401, 401)


def test_a_rotated_master_key_ends_the_links_made_under_the_old_one(
    message_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(shared(message_id))
    now = datetime.now(UTC)
    old = replace(DEMO_APP, master_key=Key("new-master", MASTER, now + timedelta(hours=1)))

    monkeypatch.setattr(apps, "get", lambda _: old)
    assert look(token).status == 200
    monkeypatch.setattr(apps, "get", lambda _: replace(old, master_key=Key("new-master")))
    assert look(token).refusal == (404, 101)


def test_another_session_key_ends_all_links(message_id: str) -> None:
    token = token_of(shared(message_id))

    AppItem(apps.DEPLOYMENT, "settings").update([AppItem.session_key.remove()])
    apps.forget()

    assert look(token).refusal == (404, 101)


def test_safe_mode_is_kept_from_whoever_has_a_link() -> None:
    now = datetime.now(UTC)
    kept = new_message(replace(new_send("r2"), now=now), kept_back=True)
    table.transact(lambda writes: messages.record(writes, kept))
    messages.expired(
        messages.get(MessageRef(DEMO_APP.app_id, kept.ref.message_id)), "kept back", now
    )

    told = look(token_of(shared(kept.ref.message_id)))

    assert told.body["state"] == "expired"
    assert "account" not in told.text
    assert "账户" not in told.text
