"""The virtual phone's own page."""

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

Open = Callable[..., Page]
KEYS = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}


def ask_for_code(stack: Any, phone: str) -> None:
    """Ask for a code as any client would."""
    reply = httpx.post(
        f"{stack.url}/1.1/requestSmsCode", headers=KEYS, json={"mobilePhoneNumber": phone}
    )
    assert reply.json() == {}


def answered_with(body: str) -> Callable[[Route], None]:
    """A handler that answers with a list of messages."""
    return lambda route: route.fulfill(content_type="application/json", body=body)


def test_a_message_appears_while_the_page_is_open(
    open_page: Open, stack: Any, phone: str, texts: Callable[[str], list[dict[str, Any]]]
) -> None:
    page = open_page()
    page.goto(f"{stack.url}/phone")
    ask_for_code(stack, phone)
    message = page.locator(".group", has_text=phone).locator(".text")
    expect(message.locator(".body")).to_contain_text("【示例商城】")
    (text,) = texts(phone)
    expect(message.locator(".body")).to_have_text(text["text"])
    expect(message.locator(".facts-line")).to_contain_text("验证码")
    # The newest number is the first one seen.
    expect(page.locator(".group").first).to_contain_text(phone)


def test_a_message_is_unread_until_it_is_touched(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    page.goto(f"{stack.url}/phone")
    ask_for_code(stack, phone)
    group = page.locator(".group", has_text=phone)
    expect(group.locator(".badge")).to_have_text("1 条未读")
    expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    group.locator(".text").click()
    expect(group.locator(".badge")).to_have_count(0)
    page.reload()
    expect(group.locator(".text")).to_be_visible()
    expect(group.locator(".badge")).to_have_count(0)


def test_all_can_be_marked_as_read(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    page.goto(f"{stack.url}/phone")
    ask_for_code(stack, phone)
    expect(page.locator(".group", has_text=phone)).to_be_visible()
    page.locator("#read-all").click()
    expect(page.locator(".badge")).to_have_count(0)
    expect(page).to_have_title("虚拟手机 · Signet")


def test_the_code_can_be_copied_by_keyboard(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{stack.url}/phone")
    ask_for_code(stack, phone)
    button = page.locator(".group", has_text=phone).locator(".copy")
    code = button.get_attribute("data-code")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("已复制")
    expect(button).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == code
    expect(button).to_have_text(f"复制验证码 {code}")


def test_an_empty_phone_says_what_to_do(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route("**/local/messages", answered_with("[]"))
    page.goto(f"{stack.url}/phone")
    expect(page.locator(".empty")).to_contain_text("还没有短信")
    page.locator("#language").click()
    expect(page.locator(".empty")).to_contain_text("No messages yet")


def test_a_stack_that_is_gone_is_said_and_recovered_from(open_page: Open, stack: Any) -> None:
    page = open_page()
    gone = {"now": True}

    def answer(route: Route) -> None:
        route.fulfill(status=404) if gone["now"] else answered_with("[]")(route)

    page.route("**/local/messages", answer)
    page.goto(f"{stack.url}/phone")
    expect(page.locator(".gone")).to_contain_text("make run")
    gone["now"] = False
    expect(page.locator(".gone")).to_have_count(0)
    expect(page.locator(".empty")).to_be_visible()


def test_a_text_is_shown_as_text_whatever_is_in_it(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route(
        "**/local/messages",
        answered_with(
            '[{"to":"+8618612345678","text":"<img src=x onerror=alert(1)> & 码","kind":null,'
            '"segments":null,"sent_at":"2026-11-22T10:00:00.000Z","message_id":null}]'
        ),
    )
    page.goto(f"{stack.url}/phone")
    expect(page.locator(".body")).to_have_text("<img src=x onerror=alert(1)> & 码")
    expect(page.locator(".copy")).to_have_count(0)
