"""What keeps a number from sending and guessing, seen and lifted in the console."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from functions.guard import app as guard_function
from signet.apps import App
from tests.functions.account_calls import PASSWORD, Accounts
from tests.functions.console_calls import Reply, call, operator, owner
from tests.functions.service import MASTER_KEY, PHONE, Service
from tests.store.build import client as aws_client

APP_ID = "signet-demo-app"


def guarded(
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    **query: str,
) -> Reply:
    return call(
        method,
        f"/console/api/guard/{path}",
        body,
        headers=headers or owner(),
        query=query,
        handler=guard_function.handler,
    )


def number(phone: str = PHONE) -> dict[str, Any]:
    return guarded("GET", "number", phone=phone).body


def trail() -> list[dict[str, Any]]:
    items = aws_client("dynamodb").scan(TableName="apps")["Items"]
    return [item for item in items if item["item"]["S"].startswith("audit#")]


def test_a_number_that_nobody_asked_about_is_free(service: Service) -> None:
    assert number() == {"phone": PHONE, "limits": [], "login_wait_seconds": 0}


def test_the_limits_of_a_number_are_shown_with_their_waits(service: Service, stopped: None) -> None:
    service.request()

    rows = [tuple(one.values()) for one in number("18612345678")["limits"]]
    assert rows == [
        ("A", None, 1, 1, 10, 10),
        ("B", "s1", 1, 1, 60, 60),
        ("C", "s1", 1, 10, 86_400, 0),
    ]


def test_lifting_lets_a_number_send_at_once(service: Service) -> None:
    service.request()
    assert service.request().code == 1

    assert guarded("POST", "number/lift", {"phone": PHONE}).body == {}

    assert number()["limits"] == []
    assert service.request().code == 0


def test_lifting_gives_guesses_back_and_leaves_the_code(service: Service) -> None:
    service.request()
    service.send()
    for wrong in ("000000", "000001"):
        service.verify(wrong)
    guessed = [one for one in number()["limits"] if one["limit"] == "guesses"]
    assert [(one["used"], one["allowed"]) for one in guessed] == [(2, 20)]

    guarded("POST", "number/lift", {"phone": PHONE})

    # Of the code's own five guesses three are left.
    codes = [service.verify(f"00000{digit}").code for digit in range(2, 6)]
    assert codes == [603] * 4
    left = [one["used"] for one in number()["limits"] if one["limit"] == "guesses"]
    assert left == [3]


def test_lifting_unlocks_the_numbers_user(service: Service, advance: Callable[[int], None]) -> None:
    accounts = Accounts(service)
    accounts.sign_up(mobilePhoneNumber=PHONE, headers=MASTER_KEY)
    for _ in range(7):
        accounts.log_in(username="hjiang", password="wrong")
    assert accounts.log_in().code == 219
    assert number()["login_wait_seconds"] == 900

    assert guarded("POST", "number/lift", {"phone": PHONE}).status == 200

    assert number()["login_wait_seconds"] == 0
    assert accounts.log_in(username="hjiang", password=PASSWORD).code == 0


@pytest.mark.parametrize(
    ("headers", "actor"), [(owner(), f"owner:{APP_ID}"), (operator(), "operator:demo")]
)
def test_lifting_is_in_the_trail_without_the_number(
    service: Service, headers: Mapping[str, str], actor: str, operators: None
) -> None:
    service.request()

    reply = guarded("POST", "number/lift", {"phone": PHONE}, headers=headers, app_id=APP_ID)

    assert reply.status == 200
    (entry,) = (item for item in trail() if item["action"]["S"] == "lift")
    assert entry["actor"]["S"] == actor
    assert entry["comment"]["S"] == "…5678"
    assert PHONE not in str(entry)


def test_there_is_nothing_to_lift_of_a_free_number(service: Service) -> None:
    assert guarded("POST", "number/lift", {"phone": PHONE}).refusal == (404, 101)
    assert trail() == []


@pytest.mark.parametrize(("phone", "code"), [("", 212), ("12", 127)])
def test_a_number_that_is_none_is_refused(service: Service, phone: str, code: int) -> None:
    assert guarded("GET", "number", phone=phone).refusal == (400, code)
    assert guarded("POST", "number/lift", {"phone": phone}).refusal == (400, code)


def test_a_field_that_means_nothing_is_refused(service: Service) -> None:
    service.request()

    assert guarded("POST", "number/lift", {"phone": PHONE, "all": True}).refusal == (400, 1)
    assert number()["limits"]


def test_an_app_sees_its_own_sends_only(service: Service, make_app: Callable[..., App]) -> None:
    make_app(app_id="another-app")
    service.request()

    assert guarded("GET", "number", headers=owner("another-app"), phone=PHONE).body["limits"] == []
    lifted = guarded("POST", "number/lift", {"phone": PHONE}, headers=owner("another-app"))
    assert lifted.refusal == (404, 101)
    assert number()["limits"]


@pytest.fixture
def operators(service: Service) -> None:
    """The operator of tests."""
    from datetime import UTC, datetime

    from signet.store import deployment
    from tests.functions.console_calls import OPERATOR, OPERATOR_KEY

    deployment.add_operator(OPERATOR, OPERATOR_KEY, "signet", now=datetime.now(UTC))
