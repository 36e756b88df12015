"""POST /1.1/verifySmsCode/{code}: each answer that its docstring names."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from functions.verify import app as verify_function
from signet.apps import App, TestPhone
from signet.edge import secrets
from tests.conftest import KEYS
from tests.functions.service import (
    APP_KEY,
    MASTER_KEY,
    PHONE,
    Service,
    event,
    http_event,
    serve,
    signed,
    wrong,
)
from tests.store.build import SUBJECT, client, message_items, phone_item

MakeApp = Callable[..., App]
Advance = Callable[[int], None]


# --- 200, once --------------------------------------------------------------------------------


def test_the_sent_code_verifies_once(service: Service) -> None:
    code = service.code()

    first, second = service.verify(code), service.verify(code)

    assert (first.status, first.text) == (200, "{}")
    assert (second.status, second.code, second.error) == (400, 603, "无效的短信验证码")


def test_a_used_code_is_shown_in_the_record_of_its_message(service: Service) -> None:
    service.verify(service.code())

    (record,) = message_items()
    assert record["state"] == "verified"


def test_the_event_of_the_repository_is_answered(service: Service) -> None:
    assert serve(verify_function.handler, event("verify")).code == 603


@pytest.mark.parametrize("headers", [APP_KEY, MASTER_KEY, signed(), signed("1795334400")])
def test_every_form_of_credentials_is_accepted(service: Service, headers: dict[str, str]) -> None:
    assert service.verify(service.code(), headers=headers).code == 0


@pytest.mark.parametrize(
    "spelling", ["18612345678", "+8618612345678", 18612345678, "186-1234-5678"]
)
def test_the_number_may_be_spelled_in_any_way(service: Service, spelling: object) -> None:
    assert service.verify(service.code(), spelling).code == 0


@pytest.mark.parametrize("raw", ["", "null", "{}"])
@pytest.mark.parametrize("number", ["+8618612345678", " 8618612345678", "18612345678"])
def test_the_number_may_be_in_the_query_its_plus_a_space(
    service: Service, number: str, raw: str
) -> None:
    assert service.verify(service.code(), raw=raw, query={"mobilePhoneNumber": number}).code == 0


def test_the_number_of_the_body_wins_over_that_of_the_query(service: Service) -> None:
    code = service.code()

    assert service.verify(code, query={"mobilePhoneNumber": "+8618612345679"}).code == 0


def test_the_text_plain_form_is_understood(service: Service) -> None:
    fields = {
        "_method": "POST",
        "_ApplicationId": "signet-demo-app",
        "_ApplicationKey": "signet-demo-key",
        "mobilePhoneNumber": PHONE,
    }

    reply = service.verify(
        service.code(), headers={"Content-Type": "text/plain"}, raw=json.dumps(fields)
    )

    assert reply.code == 0


def full_width(code: str) -> str:
    return code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


@pytest.mark.parametrize(
    "spell",
    [
        lambda code: f"{code[:3]} {code[3:]}",
        lambda code: quote(f" {code} "),
        full_width,
        lambda code: quote(full_width(code)),
    ],
    ids=["spaced", "encoded spaces", "full-width", "encoded full-width"],
)
def test_a_code_may_be_typed_as_people_type(service: Service, spell: Callable[[str], str]) -> None:
    assert service.verify(spell(service.code())).code == 0


def test_an_identical_copy_of_a_signed_call_gets_the_first_answer(service: Service) -> None:
    code = service.code()

    assert [service.verify(code, headers=signed()).code for _ in range(3)] == [0, 0, 0]
    assert len(phone_item(SUBJECT)["psg"]) == 1


def test_an_identical_copy_of_a_wrong_guess_gets_the_first_answer_and_counts_once(
    service: Service,
) -> None:
    code = service.code()

    copies = [service.verify(wrong(code), headers=signed()).code for _ in range(6)]

    assert copies == [603] * 6
    assert service.verify(code).code == 0


def test_a_copy_eleven_seconds_later_is_refused(service: Service, advance: Advance) -> None:
    code = service.code()
    service.verify(code, headers=signed())
    advance(11)

    assert service.verify(code, headers=signed()).code == 603


def test_a_test_phone_verifies_again_and_again(deployment: Service, make_app: MakeApp) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"))

    assert [deployment.verify("246810").code for _ in range(3)] == [0, 0, 0]
    assert deployment.verify("246811").code == 603


def test_a_test_phone_has_twenty_guesses_a_day(
    deployment: Service, make_app: MakeApp, advance: Advance
) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"))

    for step in range(20):
        assert deployment.verify(wrong("246810", step + 1)).code == 603

    assert deployment.verify("246810").code == 603
    advance(86_400)
    assert deployment.verify("246810").code == 0


def test_a_code_survives_a_rotation_of_the_key(service: Service) -> None:
    code = service.code()
    rotate({"current": "k2", "k1": KEYS["k1"], "k2": "u" * 64})
    try:
        secrets._cached = None

        assert service.verify(wrong(code)).code == 603
        assert service.verify(code).code == 0
    finally:
        rotate(KEYS)


@pytest.mark.parametrize(
    "keys",
    [
        {"current": "k2", "k1": KEYS["k1"], "k2": "u" * 64},
        {"current": "k2", "k2": "u" * 64},
    ],
    ids=["the old one kept", "the old one dropped at once"],
)
def test_a_key_newer_than_this_process_is_read_when_it_is_met(
    service: Service, keys: dict[str, str]
) -> None:
    secrets.keyring()
    read_before = secrets._cached
    rotate(keys)
    try:
        secrets._cached = None
        code = service.code()
        secrets._cached = read_before

        assert service.verify(code).code == 0
    finally:
        rotate(KEYS)


def rotate(keys: dict[str, str]) -> None:
    """Put a new secret in the place of the old one."""
    client("secretsmanager").put_secret_value(
        SecretId="signet-test-secret", SecretString=json.dumps(keys)
    )


# --- 603 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrongs", range(7))
def test_after_k_wrong_guesses_the_right_one_verifies_if_k_is_at_most_four(
    service: Service, wrongs: int
) -> None:
    code = service.code()
    for step in range(wrongs):
        assert service.verify(wrong(code, step + 1)).code == 603

    assert service.verify(code).code == (0 if wrongs <= 4 else 603)


def test_an_expired_code_is_603(service: Service, advance: Advance) -> None:
    code = service.code(ttl=1)
    advance(60)

    assert service.verify(code).code == 603


def test_a_code_of_another_number_is_603(service: Service) -> None:
    code = service.code()

    assert service.verify(code, "+8618612345679").code == 603
    assert service.verify(code).code == 0


def test_a_code_of_another_app_is_603(deployment: Service, make_app: MakeApp) -> None:
    make_app()
    make_app(app_id="another-app")
    code = deployment.code()

    assert deployment.verify(code, headers={**APP_KEY, "X-LC-Id": "another-app"}).code == 603
    assert deployment.verify(code).code == 0


def test_a_code_of_another_number_stays_603_after_both_asked(service: Service) -> None:
    first = service.code()
    second = service.code(number="+8618612345679")
    if first == second:
        return

    assert service.verify(first, "+8618612345679").code == 603


@pytest.mark.parametrize(
    "typed",
    ["12345", "1234567", "abcdef", "0x1234", "12.456", "-12345", "null", "%00%00%00%00%00%00"],
)
def test_what_is_not_six_digits_is_603_and_counts_nothing(service: Service, typed: str) -> None:
    code = service.code()

    for _ in range(6):
        assert service.verify(typed).code == 603

    assert service.verify(code).code == 0


def test_a_number_that_never_asked_is_603_and_leaves_no_trace(service: Service) -> None:
    assert service.verify("123456").code == 603
    assert phone_item(SUBJECT) == {}


def test_twenty_guesses_a_day_are_the_end_whatever_the_codes(
    service: Service, advance: Advance
) -> None:
    for _ in range(4):
        code = service.code()
        for step in range(5):
            service.verify(wrong(code, step + 1))
        advance(60)
    code = service.code()

    assert service.verify(code).code == 603


# --- Refusals before a guess is counted -------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {**APP_KEY, "X-LC-Key": "wrong"}, {**APP_KEY, "X-LC-Id": "nobody"}]
)
def test_without_valid_credentials_the_answer_is_401(
    service: Service, headers: dict[str, str]
) -> None:
    code = service.code()

    assert service.verify(code, headers=headers).code == 401
    assert service.verify(code).code == 0


@pytest.mark.parametrize("raw", ["", "null", "{}", '{"mobilePhoneNumber": ""}'])
def test_a_missing_number_is_212(service: Service, raw: str) -> None:
    assert service.verify("123456", raw=raw).code == 212


@pytest.mark.parametrize("number", ["12", "hello", True, ["18612345678"]])
def test_what_is_no_number_is_127(service: Service, number: object) -> None:
    assert service.verify("123456", number).code == 127


def test_a_body_that_is_no_json_object_is_107(service: Service) -> None:
    assert service.verify("123456", raw="{").code == 107


def test_a_switch_that_is_off_is_119(deployment: Service, make_app: MakeApp) -> None:
    make_app(switches={"generic_sms": False})

    assert deployment.verify("123456").code == 119


# --- Paths ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "..",
        ".",
        "../requestSmsCode",
        "../date",
        "./123456",
        "%2e%2e",
        "%2E%2E%2FrequestSmsCode",
        "..%2frequestSmsCode",
        "%2e",
        "%252e%252e",
        "%252e%252e%252frequestSmsCode",
        "..\\requestSmsCode",
        "..%5crequestSmsCode",
        "123456/..",
        "123456/../../requestSmsCode",
    ],
)
def test_a_path_with_a_dot_segment_is_404_however_it_is_written(
    service: Service, typed: str
) -> None:
    service.code()

    reply = service.verify(typed)

    assert (reply.status, reply.code) == (404, 1)


@pytest.mark.parametrize("path", ["//1.1/verifySmsCode/{}", "/1.1//verifySmsCode//{}"])
def test_doubled_slashes_are_one(service: Service, path: str) -> None:
    code = service.code()

    assert service.verify(code, path=path.format(code)).code == 0


@pytest.mark.parametrize(
    "path", ["/1.1/verifySmsCode/", "/1.1/verifySmsCode", "/1.1/verifySmsCode/1/2"]
)
def test_a_path_without_one_code_is_404(service: Service, path: str) -> None:
    assert service.verify("", path=path).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_404_in_shape(service: Service, method: str) -> None:
    code = service.code()
    asked = http_event("verify", path=f"/1.1/verifySmsCode/{code}", method=method, headers=APP_KEY)

    assert serve(verify_function.handler, asked).status == 404
    assert service.verify(code).code == 0


# --- When something breaks --------------------------------------------------------------------


def test_a_key_that_is_gone_is_unavailable_and_counts_nothing(service: Service) -> None:
    code = service.code()
    rotate({"current": "k9", "k9": "v" * 64})
    try:
        secrets._cached = None

        reply = service.verify(code)
    finally:
        rotate(KEYS)
        secrets._cached = None

    assert (reply.status, reply.code) == (503, 1)
    assert phone_item(SUBJECT)["psg"] == []


def test_what_nobody_expected_is_500_and_tells_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(verify_function, "verify_code", broken)

    reply = service.verify("123456")

    assert (reply.status, reply.code) == (500, 1)
    assert "secret" not in reply.text
