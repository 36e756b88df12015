"""A code that is a path: SDKs put what a person typed into the URL, and resolve its dots.

Whatever the server answers yes to is then a verified number, and the Python SDK looks at nothing
but the word `error` (wire.md 4.1, 7.2; review.md 1.3).
"""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from local.stack import Stack
from tests.wire import console, sdks
from tests.wire.people import Accounts, Person
from tests.wire.phone import Phone
from tests.wire.sdks import Sdk, python_sdk

VERIFY = "cloud.verify_sms_code"
CODES = [
    "../requestSmsCode",
    "../date",
    "../verifySmsCode/000000",
    "../../1.1/requestSmsCode",
    "..%2frequestSmsCode",
    "%2e%2e/requestSmsCode",
    "./000000",
    "..",
    "",
    "?",
    "#",
    "000000?x=1",
]
ACCOUNT_CODES = [
    "../users",
    "../users?failOnNotExist=true",
    "../users/me",
    "../classes/_User",
    "../usersByMobilePhone",
    "../login",
    "../logout",
    "../logout?",
    "../logout#",
    "//../logout",
    "../batch",
    "../batch/save",
    "../verifyMobilePhone/000000",
    "../resetPasswordBySmsCode/000000",
    "../changePhoneNumber",
    "../requestEmailVerify",
    "../requestPasswordReset",
    "../../console/api/session",
    "../../console/api/templates/lint",
]


@pytest.fixture(scope="module")
def _process(stack: Stack, accounts: Accounts, seen: set[str]) -> Iterator[Sdk]:
    with python_sdk(stack.url, accounts.keys, seen) as sdk:
        yield sdk


@pytest.fixture
def py(_process: Sdk) -> Sdk:
    """The SDK as a client's, with nobody logged in."""
    _process.do("as_client")
    _process.do("nobody")
    return _process


@pytest.fixture
def attacker(accounts: Accounts, new_person: Callable[[], Person]) -> Person:
    """Somebody who has an account, and wants to pass for the owner of another number."""
    attacker = new_person()
    accounts.register(attacker)
    return attacker


def verified(sdk: Sdk, number: str, codes: list[str]) -> list[tuple[str, Any]]:
    """Which of the codes the SDK takes for proof of the number."""
    outcomes = [(code, sdk.outcome(VERIFY, number, code)) for code in codes]
    return [(code, outcome) for code, outcome in outcomes if "value" in outcome]


def test_no_code_that_is_a_path_verifies_in_javascript(stack: Stack, phone: Phone) -> None:
    calls = [["verifySmsCode", code, phone.number] for code in CODES + ACCOUNT_CODES]

    answers = sdks.javascript(stack.url, *calls)

    assert [answer for answer in answers if "value" in answer] == []


def test_no_code_that_is_a_path_verifies_in_python(
    py: Sdk, accounts: Accounts, person: Person
) -> None:
    accounts.register(person)

    assert verified(py, person.phone.number, CODES + ACCOUNT_CODES) == []


def test_nor_does_it_in_a_session_or_with_the_master_key(
    py: Sdk, accounts: Accounts, attacker: Person, phone: Phone
) -> None:
    draft = {"name": "Draft", "kind": "verification", "text": "验证码{{code}}", "submit": False}
    console.call(accounts.stack, accounts.keys.master, "POST", "/templates", draft)
    py.do("as_master")
    py.do("user = leancloud.User")
    py.do("user.login", attacker.name, attacker.password)

    own = ["../../console/api/templates/Draft/1/submit"]

    assert verified(py, phone.number, ACCOUNT_CODES + own) == []


def test_what_somebody_knows_of_themselves_proves_nothing_of_others(
    py: Sdk, accounts: Accounts, attacker: Person, phone: Phone
) -> None:
    login = {"username": attacker.name, "password": attacker.password}
    token = accounts.call("POST", "login", login).json["sessionToken"]
    own_code = f"{accounts.test_code}?mobilePhoneNumber={accounts.test_phone}"
    codes = [
        f"../login?username={attacker.name}&password={attacker.password}",
        f"../login?mobilePhoneNumber={attacker.number}&password={attacker.password}",
        f"../login?mobilePhoneNumber={accounts.test_phone}&smsCode={accounts.test_code}",
        f"../logout?session_token={token}",
        f"../logout?session_token={token}#",
        f"../requestChangePhoneNumber?session_token={token}",
        f"../usersByMobilePhone?smsCode={accounts.test_code}",
        f"../changePhoneNumber?code={accounts.test_code}",
        f"../verifyMobilePhone/{own_code}",
        own_code,
    ]

    assert verified(py, phone.number, codes) == []
    assert phone.messages() == []


SENDING = {
    "request_login_sms_code": "requestLoginSmsCode",
    "request_password_reset_by_sms_code": "requestPasswordResetBySmsCode",
    "request_mobile_phone_verify": "requestMobilePhoneVerify",
    "request_change_phone_number": "requestChangePhoneNumber",
}


class _Recorder(BaseHTTPRequestHandler):
    """Says yes to everything, and keeps what it was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        requests.append((self.requestline, self.headers.items(), body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


requests: list[tuple[str, list[tuple[str, str]], bytes]] = []


def test_gap_nothing_tells_a_genuine_sending_call_from_a_traversed_one() -> None:
    requests.clear()
    with HTTPServer(("127.0.0.1", 0), _Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with python_sdk(f"http://127.0.0.1:{server.server_port}") as py:
            for call, path in SENDING.items():
                py.do(f"leancloud.User.{call}", "18612345678")
                py.do(VERIFY, "18612345678", f"../{path}")
        server.shutdown()

    # The signature holds the time.
    told = [
        (line, [pair for pair in headers if pair[0] != "X-LC-Sign"], body)
        for line, headers, body in requests
    ]
    assert len(told) == 2 * len(SENDING)
    assert told[::2] == told[1::2]


@pytest.mark.parametrize("call", list(SENDING)[:3])
def test_gap_a_code_that_names_a_sending_call_verifies_a_number_with_an_account(
    py: Sdk, accounts: Accounts, new_person: Callable[[], Person], call: str
) -> None:
    """Known, and not to be closed from here: what the Python SDK sends is to the last byte what
    its genuine call sends. An app must not pass on a code that is not six digits. The number's
    owner gets a message.
    """
    genuine, traversed, unknown = (new_person() for _ in range(3))
    unproved = call == "request_mobile_phone_verify"
    for person in (genuine, traversed):
        accounts.register(person, verified=not unproved)
    py.do(f"leancloud.User.{call}", genuine.number)

    assert py.do(VERIFY, traversed.number, f"../{SENDING[call]}") is True

    assert len(traversed.phone.wait_for(1)) == 1
    assert py.refused(VERIFY, unknown.number, f"../{SENDING[call]}") == 213


def test_gap_a_code_that_asks_to_change_the_number_verifies_in_a_session(
    py: Sdk, attacker: Person, phone: Phone
) -> None:
    """The fourth of them, for numbers without an account, where the SDK holds a session."""
    py.do("user = leancloud.User")
    py.do("user.login", attacker.name, attacker.password)

    assert py.do(VERIFY, phone.number, "../requestChangePhoneNumber") is True

    assert len(phone.wait_for(1)) == 1
