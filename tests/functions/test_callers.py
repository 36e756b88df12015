"""Who may call the console's API, and how a browser signs in, stays and leaves."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signet.apps import Key
from signet.edge import http
from signet.edge.console import Door
from signet.errors import BadParameter, NotPermitted, TooManyAttempts, Unauthorized
from signet.store import apps, attempts, deployment
from tests.conftest import DEMO_APP
from tests.functions.service import APP_KEY, MASTER_KEY, OPERATOR, signed
from tests.gateway import rest_event

pytestmark = pytest.mark.usefixtures("tables")

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OPERATOR_KEY = "signet-demo-operator"
AS_OWNER = {"app_id": "signet-demo-app", "master_key": "signet-demo-master"}
AS_OPERATOR = {"operator": "demo", "key": OPERATOR_KEY}
HTTP = {"X-Forwarded-Proto": "http"}

door = Door(
    app=apps.read,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)


@pytest.fixture(autouse=True)
def people(tables: object) -> None:
    apps.create(DEMO_APP)
    deployment.add_operator("demo", OPERATOR_KEY, "signet", now=NOW)


def call(
    method: str = "GET", headers: Mapping[str, str] | None = None, body: object = None
) -> http.Call:
    text = None if body is None else json.dumps(body)
    return http.parse(rest_event("/console/api/app", text, method=method, headers=headers))


def basic(operator_id: str, key: str) -> dict[str, str]:
    pair = base64.b64encode(f"{operator_id}:{key}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


@dataclass
class Browser:
    """Keeps the cookie and the token, as the console's page does."""

    cookie: str = ""
    token: str = ""
    set_cookie: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    def sign_in(
        self, body: object, *, now: datetime = NOW, headers: Mapping[str, str] = HTTP
    ) -> "Browser":
        answer = door.sign_in(call("POST", headers, body), attempts.count, now=now)
        assert isinstance(answer.body, Mapping)
        self.shown = dict(answer.body)
        self.set_cookie = answer.headers["Set-Cookie"]
        self.cookie = self.set_cookie.partition(";")[0]
        self.token = str(self.shown["csrf_token"])
        return self

    def call(self, method: str = "GET", **headers: str) -> http.Call:
        return call(method, {"Cookie": self.cookie, "X-CSRF-Token": self.token, **headers})


@pytest.fixture
def owner_browser() -> Browser:
    return Browser().sign_in(AS_OWNER)


@pytest.fixture
def operator_browser() -> Browser:
    return Browser().sign_in(AS_OPERATOR)


# --- Proofs in headers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [MASTER_KEY, signed(key="signet-demo-master", suffix=",master")], ids=["key", "sign"]
)
def test_an_owner_is_known_by_the_master_key(headers: Mapping[str, str]) -> None:
    assert door.owner(call(headers=headers), now=NOW).app_id == "signet-demo-app"


def test_an_operator_is_known_by_id_and_key() -> None:
    assert door.operator(call(headers=OPERATOR), now=NOW) == "demo"


@pytest.mark.parametrize("scheme", ["basic", "BASIC"])
def test_the_scheme_may_be_spelt_in_any_case(scheme: str) -> None:
    header = OPERATOR["Authorization"].replace("Basic", scheme)

    assert door.operator(call(headers={"Authorization": header}), now=NOW) == "demo"


def test_a_caller_has_a_name_in_records() -> None:
    assert door.caller(call(headers=OPERATOR), now=NOW).actor == "operator:demo"
    assert door.caller(call(headers=MASTER_KEY), now=NOW).actor == "owner:signet-demo-app"


STRANGERS: list[Mapping[str, str]] = [
    {},
    {"X-LC-Id": "signet-demo-app"},
    {"X-LC-Id": "signet-demo-app", "X-LC-Key": "wrong,master"},
    {"X-LC-Id": "nobody", "X-LC-Key": "signet-demo-master,master"},
    {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-master,owner"},
    basic("demo", "wrong"),
    basic("demo", ""),
    basic("nobody", OPERATOR_KEY),
    basic("#deployment", OPERATOR_KEY),
    basic("demo:demo", OPERATOR_KEY),
    basic("signet-demo-app", "signet-demo-master"),
    {"Authorization": "Basic"},
    {"Authorization": "Basic !"},
    {"Authorization": f"Basic {base64.b64encode(bytes([255, 254])).decode()}"},
    {"Authorization": f"Bearer {OPERATOR['Authorization'].split()[1]}"},
    {"Cookie": "signet_session="},
    {"Cookie": "signet_session=x.y"},
    {"Cookie": "signet_session=é.ü"},
    {"Cookie": "other=1; x"},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_stranger_is_refused(headers: Mapping[str, str]) -> None:
    for answer in (door.owner, door.operator, door.caller):
        with pytest.raises(Unauthorized):
            answer(call(headers=headers), now=NOW)


@pytest.mark.parametrize(
    "headers",
    [APP_KEY, signed(), {**APP_KEY, "X-LC-Key": "signet-demo-master"}],
    ids=["app key", "sign by app key", "bare master key"],
)
def test_an_apps_client_may_not_call(headers: Mapping[str, str]) -> None:
    for answer in (door.owner, door.operator, door.caller):
        with pytest.raises(NotPermitted):
            answer(call(headers=headers), now=NOW)


def test_an_owner_is_no_operator_and_an_operator_no_owner() -> None:
    with pytest.raises(NotPermitted):
        door.operator(call(headers=MASTER_KEY), now=NOW)
    with pytest.raises(NotPermitted):
        door.owner(call(headers=OPERATOR), now=NOW)


def test_a_revoked_operator_is_a_stranger_at_once() -> None:
    deployment.revoke_operator("demo", "operator:other", now=NOW)

    with pytest.raises(Unauthorized):
        door.operator(call(headers=OPERATOR), now=NOW)


def test_a_wrong_proof_in_a_header_is_not_made_up_for_by_a_cookie(owner_browser: Browser) -> None:
    with pytest.raises(Unauthorized):
        door.owner(owner_browser.call(**basic("demo", "wrong")), now=NOW)


# --- Signing in --------------------------------------------------------------------------------


def test_a_browser_is_signed_in_as_an_owner(owner_browser: Browser) -> None:
    assert owner_browser.shown["role"] == "owner"
    assert owner_browser.shown["id"] == "signet-demo-app"
    assert owner_browser.shown["expires_at"] == "2026-11-22T16:00:00Z"
    assert door.owner(owner_browser.call(), now=NOW) == DEMO_APP


def test_a_browser_is_signed_in_as_an_operator(operator_browser: Browser) -> None:
    assert (operator_browser.shown["role"], operator_browser.shown["id"]) == ("operator", "demo")
    assert door.operator(operator_browser.call(), now=NOW) == "demo"


def test_blanks_around_a_pasted_key_do_no_harm() -> None:
    Browser().sign_in({"app_id": " signet-demo-app", "master_key": "signet-demo-master\n"})


@pytest.mark.parametrize(
    "body",
    [
        {**AS_OWNER, "master_key": "wrong"},
        {**AS_OWNER, "master_key": ""},
        {**AS_OWNER, "master_key": "signet-demo-key"},
        {**AS_OWNER, "master_key": "signet-demo-master,master"},
        {**AS_OWNER, "app_id": "nobody"},
        {**AS_OWNER, "app_id": "#deployment"},
        {**AS_OWNER, "master_key": "\ud800"},
        {**AS_OPERATOR, "key": "wrong"},
        {**AS_OPERATOR, "key": "\ud800"},
        {**AS_OPERATOR, "operator": "nobody"},
        {**AS_OPERATOR, "operator": "\ud800"},
        {**AS_OPERATOR, "operator": ""},
    ],
)
def test_a_wrong_id_and_a_wrong_key_are_answered_alike(body: object) -> None:
    with pytest.raises(Unauthorized) as caught:
        Browser().sign_in(body)

    assert caught.value.detail is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"app_id": "signet-demo-app"},
        {"operator": "demo", "master_key": "x"},
        {"app_id": 1, "master_key": "x"},
        {"app_id": "signet-demo-app", "master_key": "x" * 257},
    ],
)
def test_a_sign_in_needs_an_id_and_its_key(body: object) -> None:
    with pytest.raises(BadParameter):
        Browser().sign_in(body)


def test_ten_tries_are_counted_before_anything_is_compared() -> None:
    for _ in range(10):
        with pytest.raises(Unauthorized):
            Browser().sign_in({**AS_OPERATOR, "key": "wrong"})

    with pytest.raises(TooManyAttempts) as caught:
        Browser().sign_in(AS_OPERATOR)

    assert caught.value.retry_after == 900
    Browser().sign_in(AS_OPERATOR, now=NOW + timedelta(seconds=900))


def test_tries_at_one_id_keep_nobody_else_out() -> None:
    for _ in range(10):
        with pytest.raises(Unauthorized):
            Browser().sign_in({**AS_OPERATOR, "operator": "nobody"})

    Browser().sign_in(AS_OPERATOR)


# --- The cookie --------------------------------------------------------------------------------


def test_the_cookie_is_for_this_site_and_not_for_scripts(owner_browser: Browser) -> None:
    assert set(owner_browser.set_cookie.split("; ")[1:]) == {
        "Path=/",
        "Max-Age=28800",
        "HttpOnly",
        "SameSite=Strict",
    }


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "https"}])
def test_the_cookie_is_for_https_only_unless_there_is_none(headers: Mapping[str, str]) -> None:
    browser = Browser().sign_in(AS_OWNER, headers=headers)

    assert "Secure" in browser.set_cookie.split("; ")


def test_the_cookie_holds_no_key(owner_browser: Browser) -> None:
    said = owner_browser.cookie.removeprefix("signet_session=").partition(".")[0]

    assert b"signet-demo-master" not in base64.urlsafe_b64decode(said + "==")


def test_a_session_lasts_eight_hours(owner_browser: Browser) -> None:
    door.owner(owner_browser.call(), now=NOW + timedelta(hours=8, seconds=-1))

    with pytest.raises(Unauthorized):
        door.owner(owner_browser.call(), now=NOW + timedelta(hours=8))


def test_a_session_is_found_among_other_cookies(owner_browser: Browser) -> None:
    cookie = f"a=b; {owner_browser.cookie}; c=d"

    door.owner(owner_browser.call(Cookie=cookie), now=NOW)


def forged(cookie: str, **changes: object) -> str:
    """The cookie with other claims under the old seal."""
    said, _, mac = cookie.removeprefix("signet_session=").partition(".")
    claims = json.loads(base64.urlsafe_b64decode(said + "=="))
    text = json.dumps({**claims, **changes}).encode()
    return f"signet_session={base64.urlsafe_b64encode(text).decode().rstrip('=')}.{mac}"


@pytest.mark.parametrize(
    "changes", [{"id": "other"}, {"role": "operator", "id": "demo"}, {"expires": 1 << 40}]
)
def test_a_changed_cookie_is_worthless(owner_browser: Browser, changes: dict[str, object]) -> None:
    with pytest.raises(Unauthorized):
        door.caller(call(headers={"Cookie": forged(owner_browser.cookie, **changes)}), now=NOW)


def test_a_cookie_without_its_seal_is_worthless(owner_browser: Browser) -> None:
    for cookie in (owner_browser.cookie[:-1], owner_browser.cookie.partition(".")[0]):
        with pytest.raises(Unauthorized):
            door.caller(call(headers={"Cookie": cookie}), now=NOW)


def test_a_session_ends_with_the_master_key_it_was_got_with(owner_browser: Browser) -> None:
    until = NOW + timedelta(hours=1)

    new = Key("new-master", "signet-demo-master", until)

    apps.change("signet-demo-app", lambda app: replace(app, master_key=new))

    door.owner(owner_browser.call(), now=NOW)
    with pytest.raises(Unauthorized):
        door.owner(owner_browser.call(), now=until)


def test_a_session_ends_when_its_operator_is_revoked(operator_browser: Browser) -> None:
    deployment.revoke_operator("demo", "operator:other", now=NOW)

    with pytest.raises(Unauthorized):
        door.operator(operator_browser.call(), now=NOW)


def test_an_owners_session_is_no_operators(owner_browser: Browser) -> None:
    with pytest.raises(NotPermitted):
        door.operator(owner_browser.call(), now=NOW)


# --- CSRF --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_browsers_change_needs_the_token(owner_browser: Browser, method: str) -> None:
    door.owner(owner_browser.call(method), now=NOW)

    for token in ("", "wrong", "é", Browser().sign_in(AS_OPERATOR).token):
        with pytest.raises(NotPermitted, match="X-CSRF-Token"):
            door.owner(owner_browser.call(method, **{"X-CSRF-Token": token}), now=NOW)


def test_reading_needs_no_token(owner_browser: Browser) -> None:
    door.owner(call(headers={"Cookie": owner_browser.cookie}), now=NOW)


def test_proofs_in_headers_need_no_token() -> None:
    door.owner(call("POST", MASTER_KEY), now=NOW)
    door.operator(call("POST", OPERATOR), now=NOW)


# --- Staying and leaving -----------------------------------------------------------------------


def test_a_browser_can_ask_who_it_is(owner_browser: Browser) -> None:
    asked = call(headers={"Cookie": owner_browser.cookie})

    assert door.session(asked, now=NOW) == owner_browser.shown


def test_nobody_is_told_that_he_is_nobody() -> None:
    with pytest.raises(Unauthorized):
        door.session(call(headers=MASTER_KEY), now=NOW)


def test_signing_out_takes_the_cookie_away(owner_browser: Browser) -> None:
    answer = door.sign_out(owner_browser.call("DELETE"), now=NOW)

    assert answer.body == {}
    assert answer.headers["Set-Cookie"].startswith("signet_session=; Path=/; Max-Age=0;")


def test_nobody_else_signs_a_browser_out(owner_browser: Browser) -> None:
    with pytest.raises(NotPermitted):
        door.sign_out(call("DELETE", {"Cookie": owner_browser.cookie}), now=NOW)
    with pytest.raises(Unauthorized):
        door.sign_out(call("DELETE"), now=NOW)
