"""Accounts under fire: one owner for each name and number, every failure counted, no half steps."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from functions.account import app as account
from signet import codes, passwords
from signet.apps import Switches
from signet.codes import Purpose, Subject
from signet.edge import aws, clock
from signet.messages import MessageRef
from signet.store import messages, phones
from signet.store import users as store
from tests import clients
from tests.conftest import DEMO_APP, KEYS, record_app
from tests.gateway import CONTEXT, rest_event
from tests.races import accounts
from tests.races.test_faults import SHARP, Crash, Faults
from tests.races.workers import Event, Workers

PASSWORD = "f32@ds*@&dsa"
QUIET = Switches(verify_on_sign_up=False, login_by_code=True)
APPS = (f"accounts-{number}" for number in itertools.count())
PHONES = (f"+86185{number:08d}" for number in itertools.count())


def new_app(switches: Switches = QUIET) -> str:
    """An app of a test's own, with money."""
    app = replace(DEMO_APP, app_id=next(APPS), switches=switches)
    record_app(app, credit_micros=1_000_000_000)
    return app.app_id


def event(
    app_id: str,
    method: str,
    path: str,
    body: object = None,
    *,
    session: str = "",
    master: bool = False,
) -> Event:
    """One call below /1.1."""
    key = f"{DEMO_APP.master_key.current},master" if master else DEMO_APP.app_key.current
    headers = {"X-LC-Id": app_id, "X-LC-Key": key, "X-LC-Session": session}
    return rest_event(f"/1.1/{path}", json.dumps(body), method=method, headers=headers)


# --- Many at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("sends", [True, False])
def test_fifty_sign_ups_with_one_phone_make_one_user(workers: Workers, sends: bool) -> None:
    app_id, phone = new_app(replace(QUIET, verify_on_sign_up=sends)), next(PHONES)
    calls = [
        event(
            app_id,
            "POST",
            "users",
            {"username": f"user{number}", "password": "x", "mobilePhoneNumber": phone},
        )
        for number in range(50)
    ]

    outcome = workers.run("account", calls)

    assert [reply["statusCode"] for reply in outcome.replies].count(201) == 1
    # Who loses is told that the number is taken, or, where it is texted, that it was just now.
    assert set(outcome.codes) <= {0, 214, 1}
    assert sum(key.startswith("user#") for key in accounts.items(app_id)) == 1
    accounts.check(app_id)


def test_one_name_in_fifty_sign_ups_is_one_users(workers: Workers) -> None:
    app_id = new_app()
    call = event(app_id, "POST", "users", {"username": "hjiang", "password": "x"})

    outcome = workers.run("account", [call] * 50)

    assert sorted(outcome.codes) == [0] + [202] * 49
    accounts.check(app_id)


def test_no_increment_is_lost(workers: Workers) -> None:
    app_id = new_app()
    made = call(event(app_id, "POST", "users", {"username": "hjiang", "password": "x"}))
    change = {"score": {"__op": "Increment", "amount": 1}}
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    outcome = workers.run("account", [event(app_id, "PUT", place, change, session=session)] * 40)

    user = store.get(app_id, made["objectId"])
    assert user
    assert user.attributes["score"] == outcome.successes
    # Whoever was too late twenty times is told to try again, and has changed nothing.
    assert set(outcome.codes) <= {0, 1}
    assert outcome.successes >= 30


def test_forty_wrong_passwords_at_once_are_seven_compared(workers: Workers) -> None:
    app_id = new_app()
    call(event(app_id, "POST", "users", {"username": "hjiang", "password": PASSWORD}))
    wrong = event(app_id, "POST", "login", {"username": "hjiang", "password": "wrong"})

    outcome = workers.run("account", [wrong] * 40)

    assert sorted(outcome.codes) == [210] * 7 + [219] * 33
    right = event(app_id, "POST", "login", {"username": "hjiang", "password": PASSWORD})
    assert workers.run("account", [right]).codes == [219]


def test_a_number_that_two_want_at_once_gets_one_of_them(workers: Workers) -> None:
    app_id, wanted = new_app(), next(PHONES)
    made = [
        call(event(app_id, "POST", "users", {"username": f"user{number}", "password": "x"}))
        for number in range(10)
    ]
    calls = [
        event(
            app_id,
            "PUT",
            f"users/{user['objectId']}",
            {"mobilePhoneNumber": wanted},
            session=user["sessionToken"],
        )
        for user in made
    ]

    outcome = workers.run("account", calls)

    assert sorted(outcome.codes) == [0] + [214] * 9
    accounts.check(app_id)


def test_ten_logins_at_once_have_one_session(workers: Workers) -> None:
    app_id = new_app()
    made = call(event(app_id, "POST", "users", {"username": "hjiang", "password": "x"}))
    store.change(
        app_id,
        made["objectId"],
        lambda user: replace(user, sessions=(), session_nonce=None, session_key_id=None),
    )
    login = event(app_id, "POST", "login", {"username": "hjiang", "password": "x"})

    outcome = workers.run("account", [login] * 5)

    tokens = {json.loads(reply["body"])["sessionToken"] for reply in outcome.replies}
    assert len(tokens) == 1
    accounts.check(app_id)


# --- A fault at every step --------------------------------------------------------------------


@dataclass
class Story:
    """One app, a process that is cold, and calls that may break."""

    app_id: str
    faults: Faults
    now: datetime = datetime(2026, 12, 1, tzinfo=UTC)

    def call(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The body of a reply."""
        return call(event(self.app_id, method, path, body, **options))

    def sign_up(self, name: str, phone: str | None = None) -> Any:
        """A new user, by the owner of the app, so that nothing is sent."""
        number = {"mobilePhoneNumber": phone} if phone else {}
        made = self.call(
            "POST", "users", {"username": name, "password": PASSWORD, **number}, master=True
        )
        proof = {"mobilePhoneVerified": True}
        self.call("PUT", f"users/{made['objectId']}", proof, master=True)
        return made

    def code(self, path: str, purpose: Purpose, phone: str, **options: Any) -> str:
        """The code that a request brought to a phone, as its sender derives it."""
        self.now += timedelta(seconds=61)
        assert self.call("POST", path, {"mobilePhoneNumber": phone}, **options) == {}
        *_, newest = self.messages(phone)
        live = phones.pin_key(messages.get(newest), KEYS["current"])
        assert live
        return codes.derive(KEYS["k1"].encode(), Subject(self.app_id, purpose, phone), live.nonce)

    def messages(self, phone: str) -> list[MessageRef]:
        """The messages to a phone, oldest first."""
        found = boto3.client("dynamodb").query(
            TableName="messages",
            IndexName="by_phone",
            KeyConditionExpression="app_phone = :p",
            ExpressionAttributeValues={":p": {"S": f"{self.app_id}#{phone}"}},
        )["Items"]
        parts = [(item["pk"]["S"].split("#"), item["sk"]["S"]) for item in found]
        return [MessageRef(app, f"{day}-{shard}-{sk}") for (app, day, shard), sk in parts]

    def go_cold(self) -> None:
        """Go on as a process that has read nothing yet."""
        clients.renew()
        aws.session().register("before-send", self.faults.before_send)
        self.faults.calls.clear()

    def broken(self, place: int, kind: str, act: Callable[[], Any]) -> Any:
        """What `act` answers while its call number `place` breaks; None when it died."""
        self.go_cold()
        self.faults.arm(place, kind)
        try:
            return act()
        except Crash:
            return None
        finally:
            self.faults.disarm()

    def check(self) -> None:
        """Nothing is half done."""
        accounts.check(self.app_id)


def call(asked: Event) -> Any:
    """The body that the account function answers."""
    return json.loads(account.handler(asked, CONTEXT)["body"])


@pytest.fixture
def story(
    module_emulated: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Switches], Story]]:
    def start(switches: Switches) -> Story:
        made = Story(new_app(switches), Faults())
        monkeypatch.setattr(clock, "now", lambda: made.now)
        # What is asked of AWS is looked at here, not how long a password takes.
        monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
        passwords._hasher.cache_clear()
        return made

    yield start
    passwords._hasher.cache_clear()
    clients.renew()


def steps(one: Story, act: Callable[[], Any]) -> int:
    """How many calls an act makes when nothing breaks."""
    one.go_cold()
    act()
    return len(one.faults.calls)


# A crash before a call is one after the call before it.
CUT_OFF = ("crash after", "reply lost")


def scenarios(count: int, kinds: Sequence[str] = CUT_OFF) -> Iterator[tuple[int, str]]:
    return itertools.product(range(count), kinds)


def test_a_broken_sign_up_leaves_a_user_with_a_code_or_neither(
    story: Callable[[Switches], Story],
) -> None:
    switches = Switches(login_by_code=True)

    one = story(switches)

    def sign_up(phone: str) -> Any:
        body = {"username": f"u{phone}", "password": PASSWORD, "mobilePhoneNumber": phone}
        return one.call("POST", "users", body)

    count = steps(one, lambda: sign_up(next(PHONES)))
    assert count >= 4
    for place, kind in scenarios(count, SHARP):
        phone = next(PHONES)
        one.now += timedelta(seconds=61)
        answered = one.broken(place, kind, partial(sign_up, phone))

        made = store.find(one.app_id, f"phone#{phone}")
        assert len(one.messages(phone)) == (1 if made else 0), (place, kind)
        if answered and "sessionToken" in answered:
            assert made
        one.now += timedelta(seconds=61)
        again = sign_up(phone)
        assert again.get("code") == (202 if made else None), (place, kind)
        login = one.call("POST", "login", {"username": f"u{phone}", "password": PASSWORD})
        assert login["mobilePhoneNumber"] == phone
    one.check()


def test_a_broken_change_of_number_leaves_the_old_one_or_the_new_one(
    story: Callable[[Switches], Story],
) -> None:
    one = story(QUIET)
    made = one.sign_up("hjiang", next(PHONES))
    session = one.call("POST", "login", {"username": "hjiang", "password": PASSWORD})[
        "sessionToken"
    ]

    def change(number: str) -> tuple[str, str]:
        path = "requestChangePhoneNumber"
        return number, one.code(path, Purpose.CHANGE, number, session=session)

    def confirm(number: str, code: str) -> Any:
        return one.call("POST", "changePhoneNumber", {"mobilePhoneNumber": number, "code": code})

    number, code = change(next(PHONES))
    count = steps(one, lambda: confirm(number, code))
    assert count >= 5
    for place, kind in scenarios(count):
        old = one.call("GET", f"users/{made['objectId']}")["mobilePhoneNumber"]
        new, code = change(next(PHONES))
        one.broken(place, kind, partial(confirm, new, code))

        now = one.call("GET", f"users/{made['objectId']}")["mobilePhoneNumber"]
        owners = {it: store.find(one.app_id, f"phone#{it}") for it in (old, new)}
        assert now in (old, new)
        assert [it for it, owner in owners.items() if owner] == [now], (place, kind)
        one.check()
        # Whoever was left with the old one asks again and gets the new one.
        if now == old:
            new, code = change(new)
            assert confirm(new, code)["objectId"] == made["objectId"]


def test_a_broken_reset_is_the_old_password_or_the_new_one(
    story: Callable[[Switches], Story],
) -> None:
    one, phone = story(QUIET), next(PHONES)
    one.sign_up("hjiang", phone)

    def reset(code: str, password: str) -> Any:
        body = {"mobilePhoneNumber": phone, "password": password}
        return one.call("PUT", f"resetPasswordBySmsCode/{code}", body)

    def code() -> str:
        one.now += timedelta(days=1)
        return one.code("requestPasswordResetBySmsCode", Purpose.RESET, phone)

    old = PASSWORD
    typed = code()
    count = steps(one, lambda: reset(typed, old))
    for place, kind in scenarios(count):
        typed, new = code(), f"new {place} {kind}"
        answered = one.broken(place, kind, partial(reset, typed, new))

        logins = {
            password: "sessionToken"
            in one.call("POST", "login", {"username": "hjiang", "password": password})
            for password in (old, new)
        }
        assert sorted(logins.values()) == [False, True], (place, kind)
        if answered == {}:
            assert logins[new]
        old = new if logins[new] else old
    one.check()


def test_a_broken_removal_is_all_or_nothing(story: Callable[[Switches], Story]) -> None:
    one = story(QUIET)

    def remove(user: Any) -> Any:
        return one.call("DELETE", f"users/{user['objectId']}", master=True)

    made = one.sign_up("first", next(PHONES))
    count = steps(one, lambda: remove(made))
    for place, kind in scenarios(count):
        phone = next(PHONES)
        user = one.sign_up(f"user {place} {kind}", phone)
        one.broken(place, kind, partial(remove, user))

        one.check()
        left = store.find(one.app_id, f"phone#{phone}")
        assert (left is None) == (store.get(one.app_id, user["objectId"]) is None)
        if left:
            assert remove(user) == {}


def test_a_broken_login_logs_in_the_next_time(story: Callable[[Switches], Story]) -> None:
    one = story(QUIET)
    one.sign_up("hjiang")

    def login() -> Any:
        return one.call("POST", "login", {"username": "hjiang", "password": PASSWORD})

    token = login()["sessionToken"]
    count = steps(one, login)
    for place, kind in scenarios(count):
        one.broken(place, kind, login)
        one.now += timedelta(minutes=16)
        assert login()["sessionToken"] == token, (place, kind)
    one.check()
