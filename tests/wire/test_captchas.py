"""Captchas by the unmodified SDKs, and the same judged, spent and switched off (wire.md 8)."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from local.stack import Stack
from tests.wire import sdks
from tests.wire.people import Accounts, open_app
from tests.wire.phone import Phone
from tests.wire.sdks import Sdk

Answers = Callable[[str], dict[str, str]]


@pytest.fixture
def answers(stack: Stack) -> Answers:
    """The answers of the captcha whose picture has that address."""

    def found(captcha_url: str) -> dict[str, str]:
        place = f"{stack.url}/local/captcha?{urlsplit(captcha_url).query}"
        with urllib.request.urlopen(place, timeout=10) as reply:
            said: dict[str, str] = json.load(reply)
        return said

    return found


@pytest.fixture(scope="module")
def off(stack: Stack, seen: set[str]) -> Accounts:
    """An app whose captchas are switched off."""
    return open_app(stack, seen, name="captchas-off", test_phone="+8618212340011", captcha=False)


@pytest.fixture(scope="module")
def forcing(stack: Stack, seen: set[str]) -> Accounts:
    """An app that wants a captcha with every send by a client."""
    return open_app(
        stack, seen, name="captchas-forced", test_phone="+8618212340012", force_captcha=True
    )


def bare(phone: Phone) -> str:
    return phone.number.removeprefix("+86")


def picture(address: str) -> bytes:
    """What an image element gets, which sends no credentials."""
    asked = urllib.request.Request(address, headers={"Accept": "image/avif,image/*,*/*;q=0.8"})
    with urllib.request.urlopen(asked, timeout=30) as reply:
        assert reply.headers["Content-Type"] == "image/png"
        assert "no-store" in reply.headers["Cache-Control"]
        found: bytes = reply.read()
    return found


# --- JavaScript -----------------------------------------------------------------------------


def test_javascript_asks_shows_refreshes_and_verifies(
    forcing: Accounts, phone: Phone, answers: Answers
) -> None:
    with sdks.javascript_sdk(forcing.stack.url, forcing.keys) as sdk:
        # The guide passes `size` with a plain app key.
        first = sdk.do("captcha = AV.Captcha.request", {"width": 100, "height": 50, "size": 6})
        assert picture(first["url"])[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(answers(first["url"])["written"]) == 4

        address = sdk.do("captcha.refresh")
        assert address != first["url"]
        assert sdk.refused("captcha.verify", "0000") == 1
        address = sdk.do("captcha.refresh")
        proof = sdk.do("captcha.verify", answers(address)["written"].lower())

        order = {"mobilePhoneNumber": bare(phone)}
        assert sdk.refused("AV.Cloud.requestSmsCode", order) == 608
        assert sdk.do("AV.Cloud.requestSmsCode", order | {"validate_token": proof}) == {}
        assert sdk.do("AV.Cloud.verifySmsCode", phone.code(), bare(phone)) == {}
        assert sdk.refused("AV.Cloud.requestSmsCode", order | {"validate_token": proof}) != 0


def test_javascript_sends_by_its_own_option_and_by_what_was_heard(
    forcing: Accounts, new_phone: Callable[[], Phone], answers: Answers
) -> None:
    with sdks.javascript_sdk(forcing.stack.url, forcing.keys) as sdk:
        captcha = sdk.do("captcha = AV.Captcha.request")
        proof = sdk.do("captcha.verify", answers(captcha["url"])["spoken"])
        options = {"validateToken": proof}

        first, second = bare(new_phone()), bare(new_phone())
        assert sdk.do("AV.Cloud.requestSmsCode", first, options) == {}
        assert sdk.refused("AV.Cloud.requestSmsCode", second, options) == 608


def test_javascript_may_abandon_a_captcha(forcing: Accounts, answers: Answers) -> None:
    with sdks.javascript_sdk(forcing.stack.url, forcing.keys) as sdk:
        first = sdk.do("first = AV.Captcha.request")
        sdk.do("second = AV.Captcha.request")

        assert sdk.do("first.verify", answers(first["url"])["written"])


def test_javascript_uses_one_in_a_call_of_accounts(
    forcing: Accounts, phone: Phone, answers: Answers
) -> None:
    with sdks.javascript_sdk(forcing.stack.url, forcing.keys) as sdk:
        captcha = sdk.do("captcha = AV.Captcha.request")
        proof = sdk.do("captcha.verify", answers(captcha["url"])["written"])

        sdk.do("AV.Cloud.requestSmsCode", bare(phone), {"validateToken": proof})
        user = sdk.do("AV.User.signUpOrlogInWithMobilePhone", bare(phone), phone.code())
        assert user["mobilePhoneVerified"] is True


# --- Python -----------------------------------------------------------------------------------


def asked(sdk: Sdk, answers: Answers, *arguments: int) -> dict[str, str]:
    """The answers of a new captcha, which is kept by that name."""
    sdk.do("captcha = cloud.request_captcha", *arguments)
    return answers(sdk.do("captcha.url"))


def test_python_asks_verifies_and_sends(forcing: Accounts, phone: Phone, answers: Answers) -> None:
    with sdks.python_sdk(forcing.stack.url, forcing.keys) as sdk:
        # Its own test asks for size=3 with whatever key is there.
        written = asked(sdk, answers, 3, 100, 50)["written"]
        assert len(written) == 4
        assert picture(sdk.do("captcha.url"))
        proof = sdk.do("captcha.verify", written)

        send = ("cloud.request_sms_code", bare(phone), "+86", "sms")
        assert sdk.refused(*send) == 608
        assert sdk.refused(*send, "not-a-proof") == 608
        assert sdk.do(*send, proof) is None
        assert sdk.do("cloud.verify_sms_code", bare(phone), phone.code()) is True


def test_python_is_refused_for_a_wrong_answer_and_cannot_try_again(
    forcing: Accounts, answers: Answers
) -> None:
    with sdks.python_sdk(forcing.stack.url, forcing.keys) as sdk:
        written = asked(sdk, answers)["written"]

        assert sdk.refused("captcha.verify", "0000") == 1
        assert sdk.refused("captcha.verify", written) == 1


def test_python_sets_size_and_life_with_the_master_key_and_a_client_verifies(
    forcing: Accounts, answers: Answers
) -> None:
    with sdks.python_sdk(forcing.stack.url, forcing.keys) as sdk:
        sdk.do("as_master")
        written = asked(sdk, answers, 6, 160, 60, 120)["written"]
        assert len(written) == 6
        sdk.do("as_client")

        assert sdk.do("captcha.verify", written)


# --- Both -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", [sdks.javascript_sdk, sdks.python_sdk], ids=["js", "python"])
def test_captchas_that_are_switched_off_are_119(off: Accounts, sdk: Callable[..., Sdk]) -> None:
    call = "AV.Captcha.request" if sdk is sdks.javascript_sdk else "cloud.request_captcha"
    with sdk(off.stack.url, off.keys) as opened:
        assert opened.refused(call) == 119


def test_the_master_key_needs_no_captcha(forcing: Accounts, phone: Phone) -> None:
    with sdks.javascript_sdk(forcing.stack.url, forcing.keys) as sdk:
        sdk.do("asMaster")
        assert sdk.do("AV.Cloud.requestSmsCode", bare(phone)) == {}


def test_a_captcha_is_told_to_nobody_who_forged_it(stack: Stack) -> None:
    address = f"{stack.url}/local/captcha?appId=signet-demo-app&token=AAAA"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, timeout=10)
    assert refused.value.code == 404
    refused.value.close()
