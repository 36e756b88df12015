"""Safe mode, in which no call tells whether a number has an account; codes without a number."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from signet import codes
from signet.apps import App
from signet.codes import Keyring, Purpose, Subject
from signet.edge import queue
from signet.store import phones, table
from signet.store import users as store
from tests.conftest import KEYS
from tests.functions.account_calls import (
    MASTER_KEY,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    Accounts,
    Reply,
)
from tests.functions.service import Service, wrong
from tests.store.build import APP_ID, client, held

# Limits are to the second: a slow machine must not see another one.
pytestmark = pytest.mark.usefixtures("stopped")

MakeApp = Callable[..., App]
KEYRING = Keyring("k1", {"k1": KEYS["k1"].encode()})
STRANGER = "+8613012345678"


@pytest.fixture
def with_switches(deployment: Service, make_app: MakeApp) -> Callable[..., Accounts]:
    """The demo app with these switches of its own."""

    def make(**switches: bool) -> Accounts:
        make_app(switches={"verify_on_sign_up": False, **switches})
        return Accounts(deployment)

    return make


@pytest.fixture
def safe(with_switches: Callable[..., Accounts]) -> Accounts:
    """An app in safe mode; PHONE is proved, OTHER_PHONE is not, STRANGER is nobody's."""
    accounts = with_switches(safe_mode=True, login_by_code=True)
    accounts.verified()
    accounts.sign_up("unproved", mobilePhoneNumber=OTHER_PHONE, headers=MASTER_KEY)
    return accounts


# --- What is asked of AWS -----------------------------------------------------------------------


@contextmanager
def recorded() -> Iterator[list[Any]]:
    """Every call to AWS meanwhile, as its shape: what it does to which attributes of what."""
    calls: list[Any] = []

    def record(**call: Any) -> None:
        body = call["params"]["body"]
        calls.append((call["model"].name, shape(json.loads(body or "{}"))))

    events = [made.meta.events for made in (table.CONNECTION.client, queue._client())]
    for each in events:
        each.register("before-call", record)
    try:
        yield calls
    finally:
        for each in events:
            each.unregister("before-call", record)


def shape(value: Any) -> Any:
    """A request without what differs from one to the next: its names, kinds and sizes."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, str):
        sizes = re.sub(r"[0-9a-zA-Z+/=_-]{5,}", lambda found: f"<{len(found[0])}>", value)
        return re.sub(r"#\d+", "#shard", sizes)
    return type(value).__name__


REQUESTS = {
    "requestLoginSmsCode": Purpose.LOGIN,
    "requestPasswordResetBySmsCode": Purpose.RESET,
    "requestMobilePhoneVerify": Purpose.VERIFY,
}


@pytest.mark.parametrize("path", REQUESTS)
def test_a_request_does_the_same_for_whom_there_is_and_for_nobody(
    safe: Accounts, path: str
) -> None:
    known = OTHER_PHONE if path == "requestMobilePhoneVerify" else PHONE
    replies, traces = [], []
    # What is remembered for a while is read beforehand.
    safe.post(path, {"mobilePhoneNumber": "+8613099990000"})
    safe.codes()
    for number in (known, STRANGER):
        with recorded() as calls:
            replies.append(safe.post(path, {"mobilePhoneNumber": number}))
        traces.append(calls)

    assert replies[0] == replies[1]
    assert replies[0].json == {}
    assert len(traces[0]) >= 4
    # A claim and a user were looked for, a send was written, a queue was told.
    assert [name for name, _ in traces[0]][-2:] == ["TransactWriteItems", "SendMessage"]
    assert without_lookup_sizes(traces[0]) == without_lookup_sizes(traces[1])
    assert len(safe.codes(known)) == 1
    assert safe.codes(STRANGER) == []


def without_lookup_sizes(trace: list[Any]) -> list[Any]:
    """A user's id is longer than that of nobody; that is all that may differ."""
    return [(name, body if name != "GetItem" else body.get("TableName")) for name, body in trace]


@pytest.mark.parametrize("path", REQUESTS)
def test_what_is_kept_back_is_recorded_counted_and_paid_back(safe: Accounts, path: str) -> None:
    before = held()

    assert safe.post(path, {"mobilePhoneNumber": STRANGER}).code == 0
    charged = held()
    again = safe.post(path, {"mobilePhoneNumber": STRANGER})
    assert safe.codes(STRANGER) == []

    assert charged < before
    assert held() == before
    assert (again.code, again["retry_after"]) == (1, 60)
    (record,) = client("dynamodb").scan(TableName="messages")["Items"]
    assert (record["state"]["S"], record["reason"]["S"]) == ("expired", "kept back")


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("requestLoginSmsCode", OTHER_PHONE),
        ("requestPasswordResetBySmsCode", OTHER_PHONE),
        ("requestMobilePhoneVerify", PHONE),
    ],
)
def test_a_number_that_may_not_is_answered_like_any_other(
    safe: Accounts, path: str, number: str
) -> None:
    assert safe.post(path, {"mobilePhoneNumber": number}).json == {}
    assert safe.codes(number) == []


@pytest.mark.parametrize("path", REQUESTS)
def test_who_cannot_pay_is_told_so_for_everybody(
    deployment: Service, make_app: MakeApp, path: str
) -> None:
    make_app(switches={"safe_mode": True, "login_by_code": True}, credit_micros=0)
    accounts = Accounts(deployment)
    accounts.verified()

    replies = [accounts.post(path, {"mobilePhoneNumber": one}) for one in (PHONE, STRANGER)]

    assert [reply.code for reply in replies] == [160, 160]


def test_a_kept_back_code_cannot_be_typed_even_by_who_knows_the_key(safe: Accounts) -> None:
    safe.post("requestLoginSmsCode", {"mobilePhoneNumber": STRANGER})
    safe.codes(STRANGER)
    subject = Subject(APP_ID, Purpose.LOGIN, STRANGER)
    item = table.python(
        client("dynamodb").get_item(TableName="phones", Key={"pk": {"S": f"{APP_ID}#{STRANGER}"}})[
            "Item"
        ]
    )
    code = codes.derive(KEYRING.keys["k1"], subject, item["pln"])

    assert safe.log_in(mobilePhoneNumber=STRANGER, smsCode=code).code == 603


def logins(accounts: Accounts, fields: dict[str, str], times: int) -> list[Reply]:
    return [accounts.log_in(**fields) for _ in range(times)]


@pytest.mark.parametrize(
    ("known", "nobody"),
    [
        ({"mobilePhoneNumber": PHONE}, {"mobilePhoneNumber": STRANGER}),
        ({"username": "hjiang"}, {"username": "nobody"}),
    ],
)
@pytest.mark.parametrize("by", [{"password": "wrong"}, {"smsCode": "000000"}])
def test_logins_fail_and_lock_alike(
    safe: Accounts,
    known: dict[str, str],
    nobody: dict[str, str],
    by: dict[str, str],
    advance: Callable[[int], None],
) -> None:
    logins(safe, {"mobilePhoneNumber": "+8613099990000", **by}, 1)
    with recorded() as calls:
        first = logins(safe, {**known, **by}, 8)
        half = len(calls)
        second = logins(safe, {**nobody, **by}, 8)

    assert first == second
    if "smsCode" not in by or "mobilePhoneNumber" in known:
        code = 603 if "smsCode" in by else 210
        assert [reply.code for reply in first] == [code] * 7 + [219]
    assert [name for name, _ in calls[:half]] == [name for name, _ in calls[half:]]


def test_a_lock_of_one_name_tells_nothing_of_another(safe: Accounts) -> None:
    logins(safe, {"username": "hjiang", "password": "wrong"}, 7)

    assert safe.log_in(username="hjiang", password=PASSWORD).code == 219
    assert safe.log_in(mobilePhoneNumber=PHONE, password="wrong").code == 210


def test_a_reset_ends_the_locks_of_all_names(safe: Accounts) -> None:
    logins(safe, {"username": "hjiang", "password": "wrong"}, 7)
    logins(safe, {"mobilePhoneNumber": PHONE, "password": "wrong"}, 7)
    code = safe.asked("requestPasswordResetBySmsCode")
    body = {"mobilePhoneNumber": PHONE, "password": "new"}
    assert safe.put(f"resetPasswordBySmsCode/{code}", body).code == 0

    assert safe.log_in(username="hjiang", password="new").code == 0
    assert safe.log_in(mobilePhoneNumber=PHONE, password="new").code == 0


@pytest.mark.parametrize("number", [PHONE, STRANGER])
def test_a_client_cannot_put_a_number_on_a_user_to_see_if_it_is_taken(
    safe: Accounts, number: str
) -> None:
    made = safe.sign_up("other")
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    by_sign_up = safe.sign_up("third", mobilePhoneNumber=number)
    by_change = safe.put(place, {"mobilePhoneNumber": number}, session=session)

    assert by_sign_up.code == by_change.code == 119
    assert "Safe mode" in by_sign_up.error
    assert store.find(APP_ID, "username#third") is None


def test_a_change_to_anothers_number_is_answered_alike_and_never_comes(safe: Accounts) -> None:
    session = safe.log_in()["sessionToken"]
    replies = [
        safe.post("requestChangePhoneNumber", {"mobilePhoneNumber": one}, session=session)
        for one in (OTHER_PHONE, STRANGER)
    ]

    assert replies[0] == replies[1]
    assert safe.codes(OTHER_PHONE) == []
    (code,) = safe.codes(STRANGER)
    body = {"mobilePhoneNumber": STRANGER, "code": code}
    assert safe.post("changePhoneNumber", body, session=session).code == 0


@pytest.mark.parametrize("number", [PHONE, OTHER_PHONE, STRANGER])
def test_wrong_confirmations_are_alike(safe: Accounts, number: str) -> None:
    for path in REQUESTS:
        safe.post(path, {"mobilePhoneNumber": number})
        break
    body = {"mobilePhoneNumber": number, "password": "x", "code": "000000", "smsCode": "000000"}

    assert safe.post("verifyMobilePhone/000000", body).code == 603
    assert safe.put("resetPasswordBySmsCode/000000", body).code == 603
    assert safe.post("changePhoneNumber", body).code == 603
    assert safe.post("usersByMobilePhone", body).code == 603


# --- Codes without a number -------------------------------------------------------------------


def test_without_the_switch_a_number_is_asked_for_by_the_switchs_name(
    with_switches: Callable[..., Accounts],
) -> None:
    accounts = with_switches()

    for reply in (
        accounts.post("verifyMobilePhone/123456", "null"),
        accounts.put("resetPasswordBySmsCode/123456", {"password": "new"}),
    ):
        assert reply.code == 212
        assert "code_only" in reply.error


@pytest.fixture
def alone(with_switches: Callable[..., Accounts]) -> Accounts:
    """An app whose SDKs send codes alone."""
    return with_switches(code_only=True, unverified_may_reset=True)


def test_a_code_alone_finds_its_user(alone: Accounts) -> None:
    made = alone.sign_up(mobilePhoneNumber=PHONE)
    verify = alone.asked("requestMobilePhoneVerify")
    assert alone.post(f"verifyMobilePhone/{verify}", "null")["objectId"] == made["objectId"]
    assert alone.post(f"verifyMobilePhone/{verify}", "null").code == 603

    _forget_sends(PHONE)
    reset = alone.asked("requestPasswordResetBySmsCode")
    assert alone.put(f"resetPasswordBySmsCode/{reset}", {"password": "new"}).code == 0

    assert alone.log_in(username="hjiang", password="new").code == 0
    assert alone.put(f"resetPasswordBySmsCode/{reset}", {"password": "x"}).code == 603


def test_a_code_alone_works_with_its_number_too(alone: Accounts) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")

    reply = alone.post(f"verifyMobilePhone/{code}", {"mobilePhoneNumber": PHONE})

    assert reply.code == 0


def test_a_code_alone_is_for_its_purpose(alone: Accounts) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    verify = alone.asked("requestMobilePhoneVerify")

    assert alone.put(f"resetPasswordBySmsCode/{verify}", {"password": "new"}).code == 603
    assert alone.post(f"verifyMobilePhone/{verify}").code == 0


def test_a_session_goes_before_the_code_alone(alone: Accounts) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    other = alone.sign_up("other", mobilePhoneNumber=OTHER_PHONE)
    code = alone.asked("requestMobilePhoneVerify")

    stolen = alone.post(f"verifyMobilePhone/{code}", "null", session=other["sessionToken"])

    assert stolen.code == 603
    assert alone.post(f"verifyMobilePhone/{code}", "null").code == 0


def test_an_expired_or_replaced_code_finds_nobody(
    alone: Accounts, advance: Callable[[int], None]
) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    old = alone.asked("requestMobilePhoneVerify")
    advance(61)
    new = alone.asked("requestMobilePhoneVerify")
    if old != new:
        assert alone.post(f"verifyMobilePhone/{old}").code == 603
    advance(600)

    assert alone.post(f"verifyMobilePhone/{new}").code == 603


def test_no_two_outstanding_codes_are_the_same(
    alone: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ten codes there are; nine numbers get nine of them.
    derive = codes.derive
    monkeypatch.setattr(codes, "derive", lambda *given: f"{int(derive(*given)) % 10:06d}")
    seen = set()
    for number in range(9):
        phone = f"+861301234000{number}"
        alone.sign_up(f"user{number}", mobilePhoneNumber=phone)
        seen.add(alone.asked("requestMobilePhoneVerify", phone))

    assert len(seen) == 9


def test_ten_wrong_codes_from_an_address_are_the_end_there_and_not_elsewhere(
    alone: Accounts, advance: Callable[[int], None]
) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")
    for step in range(10):
        assert alone.post(f"verifyMobilePhone/{wrong(code, step + 1)}").code == 603

    refused = alone.post(f"verifyMobilePhone/{code}")

    assert (refused.status, refused.code) == (429, 429)
    assert 0 < refused["retry_after"] <= 900
    assert alone.post(f"verifyMobilePhone/{code}", source_ip="192.0.2.9").code == 0
    advance(901)
    assert alone.post(f"verifyMobilePhone/{code}").code == 603


def test_a_hundred_wrong_codes_in_an_hour_are_the_end_for_the_app(
    alone: Accounts, monkeypatch: pytest.MonkeyPatch, advance: Callable[[int], None]
) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")
    for step in range(100):
        path = f"verifyMobilePhone/{wrong(code, step + 1)}"
        assert alone.post(path, source_ip=f"192.0.2.{step}").code == 603

    assert alone.post(f"verifyMobilePhone/{code}", source_ip="192.0.2.200").code == 429
    reply = alone.post(f"verifyMobilePhone/{code}", {"mobilePhoneNumber": PHONE})
    assert reply.code == 0


def test_right_codes_do_not_count_against_an_address(alone: Accounts) -> None:
    for number in range(12):
        phone = f"+86130123400{number:02d}"
        alone.sign_up(f"user{number}", mobilePhoneNumber=phone)
        code = alone.asked("requestMobilePhoneVerify", phone)
        assert alone.post(f"verifyMobilePhone/{code}").code == 0


def test_malformed_codes_count_nothing(alone: Accounts) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")
    for _ in range(20):
        assert alone.post("verifyMobilePhone/abc").code == 603

    assert alone.post(f"verifyMobilePhone/{code}").code == 0


def test_a_rotated_key_still_finds_codes_alone(alone: Accounts) -> None:
    from signet.edge import secrets

    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")
    both = {"current": "k2", "k1": KEYS["k1"], "k2": "u" * 64}
    client("secretsmanager").put_secret_value(
        SecretId="signet-test-secret", SecretString=json.dumps(both)
    )
    secrets._cached = None
    try:
        assert alone.post(f"verifyMobilePhone/{code}").code == 0
    finally:
        client("secretsmanager").put_secret_value(
            SecretId="signet-test-secret", SecretString=json.dumps(KEYS)
        )
        secrets._cached = None


def test_a_kept_back_code_alone_lets_nobody_in(with_switches: Callable[..., Accounts]) -> None:
    accounts = with_switches(code_only=True, safe_mode=True)
    accounts.post("requestPasswordResetBySmsCode", {"mobilePhoneNumber": STRANGER})
    item = table.python(
        client("dynamodb").get_item(TableName="phones", Key={"pk": {"S": f"{APP_ID}#{STRANGER}"}})[
            "Item"
        ]
    )
    subject = Subject(APP_ID, Purpose.RESET, STRANGER)
    code = codes.derive(KEYRING.keys["k1"], subject, item["prn"])

    assert accounts.put(f"resetPasswordBySmsCode/{code}", {"password": "x"}).code == 603


def _forget_sends(phone: str) -> None:
    client("dynamodb").update_item(
        TableName="phones",
        Key={"pk": {"S": f"{APP_ID}#{phone}"}},
        UpdateExpression="REMOVE a1, s1b1",
    )


def test_the_number_of_a_code_alone_is_nowhere_in_its_key(alone: Accounts) -> None:
    alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")

    items = client("dynamodb").scan(TableName="phones")["Items"]

    (only,) = [item for item in items if "#only#" in item["pk"]["S"]]
    assert code not in only["pk"]["S"]
    assert only["phone"]["S"] == PHONE
    assert (
        phones.find_only(
            APP_ID,
            [codes.only_code("k1", KEYRING, code, app_id=APP_ID, purpose=Purpose.VERIFY)],
            now=0,
        )
        == PHONE
    )


def test_a_verified_owner_who_lost_the_number_is_not_verified_by_its_code(
    alone: Accounts,
) -> None:
    made = alone.sign_up(mobilePhoneNumber=PHONE)
    code = alone.asked("requestMobilePhoneVerify")
    store.change(
        APP_ID,
        made["objectId"],
        lambda user: replace(user, phone=OTHER_PHONE, written_phone=OTHER_PHONE),
    )

    assert alone.post(f"verifyMobilePhone/{code}", {"mobilePhoneNumber": PHONE}).code == 213
