"""The browser build of the real SDK, on a page of another origin: preflights and all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

CALL = """
async ([name, args]) => {
  try {
    return {answer: await AV.Cloud[name](...args)};
  } catch (error) {
    return {code: error.code, message: error.rawMessage ?? error.message};
  }
}
"""


@pytest.fixture
def other_origin(tmp_path: Path, av_js: bytes, elsewhere: str) -> str:
    """A page with the SDK, served from a port of its own."""
    (tmp_path / "av.js").write_bytes(av_js)
    (tmp_path / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        '<script src="av.js"></script>'
    )
    return f"{elsewhere}/index.html"


@pytest.fixture
def sdk(
    open_page: Callable[..., Page], other_origin: str, stack: Any
) -> Callable[..., dict[str, Any]]:
    """Calls a function of AV.Cloud on that page."""
    page = open_page()
    page.goto(other_origin)
    page.evaluate(
        "options => AV.init(options)",
        {"appId": "signet-demo-app", "appKey": "signet-demo-key", "serverURL": stack.url},
    )

    def call(name: str, *args: Any) -> dict[str, Any]:
        reply: dict[str, Any] = page.evaluate(CALL, [name, list(args)])
        return reply

    return call


def test_the_sdk_sends_and_verifies_once(
    sdk: Callable[..., dict[str, Any]],
    phone: str,
    texts: Callable[[str], list[dict[str, Any]]],
) -> None:
    order = {"mobilePhoneNumber": phone, "name": "天东商城", "op": "付款", "ttl": 5}
    assert sdk("requestSmsCode", order) == {"answer": {}}
    (text,) = texts(phone)
    code = next(part for part in text["text"].replace("，", " ").split() if part.isdigit())
    assert sdk("verifySmsCode", code, phone) == {"answer": {}}
    assert sdk("verifySmsCode", code, phone)["code"] == 603


def test_a_refusal_reaches_the_page_with_its_code_and_sentence(
    sdk: Callable[..., dict[str, Any]],
) -> None:
    refused = sdk("requestSmsCode", {"mobilePhoneNumber": "12345"})
    assert refused["code"] == 127
    assert refused["message"].startswith("无效的手机号码")
    assert sdk("verifySmsCode", "000000")["code"] in {212, 603}
