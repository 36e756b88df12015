"""The demo shop: what a person sees first."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import shop
from tests.browser.shop import code_for
from tests.tools import tool

Open = Callable[..., Page]
Texts = Callable[[str], list[dict[str, Any]]]


def send(page: Page, stack: Any, phone: str) -> None:
    """Open the shop and ask for a code."""
    page.goto(f"{stack.url}/")
    shop.send(page, stack, phone)


def test_a_code_arrives_beside_the_shop_and_verifies_once(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = open_page()
    send(page, stack, phone)
    expect(page.locator("#send-note")).to_have_class("note good")
    code = code_for(page, phone)

    page.locator("#code").fill(code)
    page.locator("#verify-button").click()
    expect(page.locator("#verify-note")).to_have_text("验证成功，欢迎光临！")

    page.locator("#verify-button").click()
    expect(page.locator("#verify-note")).to_have_class("note bad")
    expect(page.locator("#verify-note")).to_contain_text("已经用过")


def test_the_button_counts_down_after_a_send(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    send(page, stack, phone)
    button = page.locator("#send-button")
    expect(button).to_have_text(re.compile(r"^(60|5\d) 秒后重发$"))
    expect(button).to_be_disabled()
    page.locator("#phone").fill("18600000001")
    expect(button).to_be_enabled()


def test_a_second_send_is_refused_with_the_seconds_to_wait(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = open_page()
    send(page, stack, phone)
    expect(page.locator("#send-note")).to_have_class("note good")
    send(page, stack, phone)
    expect(page.locator("#send-note")).to_have_text(re.compile(r"请在 \d+ 秒后再试"))
    expect(page.locator("#send-button")).to_have_text(re.compile(r"^\d+ 秒后重发$"))
    expect(page.locator("#send-button")).to_be_disabled()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "请填写手机号。"),
        ("12345", "这不是有效的手机号。"),
        ("+12015550123", "这个应用没有开通国际短信，请用中国大陆的号码。"),
    ],
)
def test_a_number_that_cannot_be_texted_is_explained(
    open_page: Open, stack: Any, typed: str, said: str
) -> None:
    page = open_page()
    send(page, stack, typed)
    expect(page.locator("#send-note")).to_have_text(said)


@pytest.mark.parametrize("typed", ["", "12345", "../requestSmsCode", "abcdef"])
def test_what_is_no_code_never_leaves_the_page(open_page: Open, stack: Any, typed: str) -> None:
    page = open_page()
    page.goto(f"{stack.url}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#code").fill(typed)
    page.locator("#verify-button").click()
    expect(page.locator("#verify-note")).to_have_text("请填写 6 位数字验证码。")
    assert not [url for url in asked if "SmsCode" in url]


def test_the_keyboard_alone_is_enough(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    page.goto(f"{stack.url}/")
    answer = shop.answers(page, stack)["written"]
    page.locator("#phone").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(phone)
    page.keyboard.press("Tab")
    expect(page.locator("[value=picture]")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.type(answer.lower())
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code_for(page, phone))
    page.keyboard.press("Enter")
    expect(page.locator("#verify-note")).to_have_class("note good")


def test_the_page_speaks_both_languages_and_remembers(open_page: Open, stack: Any) -> None:
    page = open_page(locale="en-GB")
    page.goto(f"{stack.url}/")
    expect(page.locator("h1")).to_have_text("Sample shop")
    page.locator("#language").click()
    expect(page.locator("h1")).to_have_text("示例商城")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.reload()
    expect(page.locator("h1")).to_have_text("示例商城")


def test_the_printed_curl_works_as_it_stands(open_page: Open, stack: Any) -> None:
    tool("curl")
    page = open_page()
    page.goto(f"{stack.url}/")
    printed = page.locator("#curl").inner_text()
    assert f"{stack.url}/1.1/requestSmsCode" in printed
    assert "signet-demo-key" in printed
    for snippet in ("#curl", "#curl-captcha"):
        command = page.locator(snippet).inner_text()
        done = subprocess.run(
            [tool("bash"), "-c", command], capture_output=True, text=True, check=True
        )
        assert done.stdout == "{}", done


@pytest.mark.parametrize(("path", "place"), [("/", ".group"), ("/phone", ".person")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_at_phone_width(
    open_page: Open, stack: Any, phone: str, path: str, place: str, scheme: str
) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    send(page, stack, phone)
    expect(page.locator(".group", has_text=phone)).to_be_visible()
    page.goto(f"{stack.url}{path}")
    expect(page.locator(place, has_text=phone)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
