"""The numbers and sentences of wire.md 11, and the tree as it is drawn."""

import inspect
import re

import pytest

from signet import errors
from signet.errors import SignetError

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, SignetError)
}


REFUSALS: list[tuple[str, int, int, str, str | None]] = [
    ("SignetError", 1, 400, "Internal server error. No information available.", None),
    ("Unauthorized", 401, 401, "Unauthorized.", None),
    ("NotFound", 1, 404, "This path is not part of Signet.", None),
    ("Unavailable", 1, 503, "Temporarily unavailable, please try again.", None),
    (
        "MalformedBody",
        107,
        400,
        "Malformed json object. A json dictionary is expected.",
        None,
    ),
    ("BadParameter", 1, 400, "Internal server error. No information available.", None),
    ("Missing", 101, 404, "Object doesn't exist.", None),
    (
        "NotPermitted",
        403,
        403,
        "This call is not permitted with these credentials.",
        "当前身份无权进行此操作。",
    ),
    ("KeyInvalid", 105, 400, "Invalid key name.", None),
    ("KeyReadOnly", 117, 400, "The key is read only.", None),
    ("EmailInvalid", 125, 400, "The email address was invalid.", None),
    ("UsernameMissing", 200, 400, "Username is missing or empty.", None),
    ("PasswordMissing", 201, 400, "Password is missing or empty.", None),
    ("UsernameTaken", 202, 400, "Username has already been taken.", None),
    ("EmailTaken", 203, 400, "Email has already been taken.", None),
    (
        "SessionMissing",
        206,
        403,
        "The user cannot be altered by a client without the session.",
        None,
    ),
    ("PasswordMismatch", 210, 400, "The username and password mismatch.", None),
    ("UserNotFound", 211, 400, "Could not find user.", None),
    (
        "PhoneUnknown",
        213,
        400,
        "An user with the specified mobile phone number was not found.",
        None,
    ),
    ("PhoneTaken", 214, 400, "Mobile phone number has already been taken.", None),
    ("PhoneNotVerified", 215, 400, "Mobile phone number isn't verified.", None),
    ("UsernameInvalid", 217, 400, "Invalid username, it must be a non-blank string.", None),
    ("PasswordInvalid", 218, 400, "Invalid password, it must be a non-blank string.", None),
    (
        "AccountLocked",
        219,
        400,
        "You have exceeded the maximum number of login attempts, please try again later, "
        "or consider resetting your password.",
        "登录失败次数超过限制，请稍候再试，或者通过忘记密码重设密码。",
    ),
    ("NameTaken", 137, 400, "A unique field was given a value that is already taken.", None),
    ("NoEffect", 305, 400, "No effect on updating/deleting a document.", None),
    (
        "DailyCapReached",
        154,
        400,
        "Exceeded an application threshold setting.",
        "已达到应用设置的单日短信消费上限。",
    ),
    ("BalanceTooLow", 160, 400, "Insufficient balance.", "余额不足。"),
    ("FeatureDisabled", 119, 400, "That operation isn't allowed for clients.", None),
    ("PhoneInvalid", 127, 400, "The mobile phone number was invalid.", "无效的手机号码。"),
    (
        "PhoneMissing",
        212,
        400,
        "The mobile phone number is missing, and must be specified.",
        None,
    ),
    (
        "InternationalDisabled",
        1,
        400,
        "International SMS is disabled, please enable it in console.",
        None,
    ),
    ("SignatureInvalid", 600, 400, "Invalid SMS signature.", "短信签名无效。"),
    ("LimitReached", 1, 400, "Internal server error. No information available.", None),
    ("TooFast", 1, 400, "SMS request too fast(1 request per 10s).", None),
    (
        "TooFrequent",
        601,
        400,
        "Can't send SMS too frequently.",
        "发送短信过快，请稍后重试。",
    ),
    ("CodeInvalid", 603, 400, "Invalid SMS code.", "无效的短信验证码"),
    ("TooManyAttempts", 429, 429, "Too many requests.", None),
    ("TemplateNotFound", 604, 400, "SMS template not found.", None),
    ("TemplateNotVerified", 605, 400, "SMS template not verified.", None),
    ("SignatureNotVerified", 605, 400, "SMS sign not verified", None),
    ("TemplateNotRendered", 606, 400, "Fails to render SMS template.", None),
    ("CaptchaMissing", 608, 400, "Missing validate token.", None),
    (
        "CaptchaWrong",
        1,
        400,
        "The captcha code is wrong or has expired.",
        "验证码错误或已过期。",
    ),
]


@pytest.mark.parametrize(("name", "code", "status", "text", "text_zh"), REFUSALS)
def test_each_refusal_has_the_number_status_and_words_of_the_platform(
    name: str, code: int, status: int, text: str, text_zh: str | None
) -> None:
    error = CLASSES[name]

    assert (error.code, error.status, error.text, error.text_zh) == (code, status, text, text_zh)


def test_the_table_above_names_every_class() -> None:
    assert {name for name, *_ in REFUSALS} == set(CLASSES)


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^ {4}([│├└─ ]*)([A-Z]\w+)(?: +(\d+))?", errors.__doc__ or "", re.MULTILINE)
    parents: list[str] = []
    for branch, name, code in drawn:
        depth = len(branch) // 4
        parents[depth:] = [name]
        base = CLASSES[name].__base__
        assert base is (CLASSES[parents[depth - 1]] if depth else Exception), name
        assert not code or int(code) == CLASSES[name].code, name
    assert {name for _, name, _ in drawn} == set(CLASSES)


@pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES)
def test_a_code_is_an_integer_and_a_sentence_is_never_empty(error: type[SignetError]) -> None:
    refusal = error()

    assert type(refusal.code) is int
    assert refusal.sentence("en")
    assert refusal.sentence("zh")


def test_the_java_suite_finds_its_substrings_in_chinese() -> None:
    assert "无效的短信验证码" in errors.CodeInvalid().sentence("zh")
    assert "签名无效" in errors.SignatureInvalid().sentence("zh")


def test_a_sentence_without_a_translation_stays_english() -> None:
    assert errors.Unauthorized().sentence("zh") == "Unauthorized."


def test_fields_of_a_refusal_stand_beside_its_code() -> None:
    assert errors.BadParameter("x", fields={"findings": []}).fields == {"findings": []}
    assert errors.BadParameter("x").fields == {}


def test_a_detail_replaces_the_sentence_in_every_language() -> None:
    refusal = errors.BadParameter("ttl must be a number.")

    assert refusal.sentence("zh") == refusal.sentence("en") == "ttl must be a number."
