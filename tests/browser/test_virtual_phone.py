"""The virtual phone's own page."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

Open = Callable[..., Page]
Texts = Callable[[str], list[dict[str, Any]]]
KEYS = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}
NARROW = {"width": 390, "height": 844}
# What a carrier brought, as the page is told it.
MESSAGE: dict[str, Any] = {
    "to": "+8618612345678",
    "text": "您的验证码是 331380。",
    "kind": None,
    "segments": None,
    "sent_at": "2026-11-22T10:00:00.000Z",
    "message_id": None,
}


@pytest.fixture(autouse=True)
def patience() -> None:
    """A code is not on its phone as fast as a page is drawn."""
    expect.set_options(timeout=15_000)


@pytest.fixture
def calm(stack: Any) -> Iterator[None]:
    """The carriers behave again afterwards."""
    yield
    httpx.delete(f"{stack.url}/local/chaos")


@pytest.fixture
def real_time(stack: Any) -> Iterator[None]:
    """Signet's clock is what it was afterwards."""
    before = httpx.get(f"{stack.url}/local/clock").json()["offset_seconds"]
    yield
    after = httpx.get(f"{stack.url}/local/clock").json()["offset_seconds"]
    back = {"advance_seconds": before - after}
    assert httpx.post(f"{stack.url}/local/clock", json=back, timeout=60).is_success


def ask_for_code(stack: Any, phone: str) -> None:
    """Ask for a code as any client would."""
    reply = httpx.post(
        f"{stack.url}/1.1/requestSmsCode", headers=KEYS, json={"mobilePhoneNumber": phone}
    )
    assert reply.json() == {}


def answered_with(content: object) -> Callable[[Route], None]:
    """A handler that answers with a list of messages."""
    return lambda route: route.fulfill(json=content)


def open_phone(page: Page, stack: Any) -> Page:
    """The page, open."""
    page.goto(f"{stack.url}/phone")
    return page


def person(page: Page, phone: str) -> Locator:
    """A number in the list of conversations."""
    return page.locator(".person", has_text=phone)


def carrier(page: Page, name: str) -> Locator:
    """A carrier's card, unfolded."""
    card = page.locator(f'[data-carrier="{name}"]')
    card.locator("summary").click()
    return card


# --- Messages --------------------------------------------------------------------------------


def test_a_message_appears_while_the_page_is_open(
    open_page: Open, stack: Any, phone: str, texts: Texts
) -> None:
    page = open_phone(open_page(), stack)
    ask_for_code(stack, phone)
    (text,) = texts(phone)
    # The newest number is the first one, and open.
    expect(page.locator(".person").first).to_contain_text(phone)
    expect(page.locator("#thread-title")).to_have_text(f"+86{phone}")
    message = page.locator("#bubbles .text")
    expect(message.locator(".body")).to_have_text(text["text"])
    expect(message.locator(".facts-line")).to_contain_text("验证码")
    expect(message.locator(".facts-line")).to_contain_text("经由 webhook")


def test_a_conversation_is_unread_until_it_is_opened(
    open_page: Open, stack: Any, phone: str, texts: Texts
) -> None:
    page = open_page()
    page.route(
        "**/local/messages", lambda route: route.fulfill(json=[*route.fetch().json(), MESSAGE])
    )
    open_phone(page, stack)
    person(page, MESSAGE["to"]).click()  # from now on it stays on the screen
    ask_for_code(stack, phone)
    texts(phone)
    expect(person(page, phone).locator(".badge")).to_have_text("1")
    expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    person(page, phone).click()
    expect(person(page, phone).locator(".badge")).to_have_count(0)
    page.reload()
    expect(person(page, phone)).to_be_visible()
    expect(person(page, phone).locator(".badge")).to_have_count(0)


def test_all_can_be_marked_as_read(open_page: Open, stack: Any) -> None:
    page = open_page()
    other = MESSAGE | {"to": "+8618612345679", "sent_at": "2026-11-22T11:00:00.000Z"}
    page.route("**/local/messages", answered_with([MESSAGE, other]))
    open_phone(page, stack)
    expect(page).to_have_title("(1) 虚拟手机 · Signet")
    page.locator("#read-all").click()
    expect(page.locator(".badge")).to_have_count(0)
    expect(page.locator("#read-all")).to_be_hidden()
    expect(page).to_have_title("虚拟手机 · Signet")


def test_the_code_can_be_copied_by_keyboard(open_page: Open, stack: Any, phone: str) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_phone(page, stack)
    ask_for_code(stack, phone)
    person(page, phone).click()
    button = page.locator("#bubbles .copy")
    code = button.get_attribute("data-code")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("已复制")
    expect(button).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == code
    expect(button).to_have_text(f"复制验证码 {code}")


def test_a_new_message_leaves_the_keyboard_where_it_is(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route("**/local/messages", answered_with([MESSAGE]))
    open_phone(page, stack)
    page.locator(".person").focus()
    other = MESSAGE | {"to": "+8618612345679", "sent_at": "2026-11-22T11:00:00.000Z"}
    page.route("**/local/messages", answered_with([other, MESSAGE]))
    expect(page.locator(".person")).to_have_count(2)
    expect(page.locator(".person", has_text=MESSAGE["to"])).to_be_focused()


def test_a_call_is_shown_as_one_with_its_words(open_page: Open, stack: Any) -> None:
    page = open_page()
    call = {"channel": "voice", "text": "您的验证码是 3，3，1，3，8，0。", "sender": "95011"}
    page.route("**/local/messages", answered_with([MESSAGE | call]))
    open_phone(page, stack)
    bubble = page.locator("#bubbles .call")
    expect(bubble.locator(".call-head")).to_have_text("语音来电")
    expect(bubble.locator(".body")).to_have_text(call["text"])
    expect(bubble.locator(".facts-line")).to_contain_text("号码 95011")
    expect(bubble.get_by_role("button", name="播放语音")).to_be_visible()
    expect(page.locator(".person")).to_contain_text("语音来电")


def test_a_text_is_shown_as_text_whatever_is_in_it(open_page: Open, stack: Any) -> None:
    page = open_page()
    text = "<img src=x onerror=alert(1)> & 码"
    page.route("**/local/messages", answered_with([MESSAGE | {"text": text}]))
    open_phone(page, stack)
    expect(page.locator("#bubbles .body")).to_have_text(text)
    expect(page.locator("#bubbles .copy")).to_have_count(0)


def test_an_empty_phone_says_what_to_do(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route("**/local/messages", answered_with([]))
    open_phone(page, stack)
    expect(page.locator(".empty")).to_contain_text("还没有短信")
    page.locator("#language").click()
    expect(page.locator(".empty")).to_contain_text("No messages yet")
    expect(page.locator("#carriers .chip").first).to_have_text("All is well")


def test_a_stack_that_is_gone_is_said_and_recovered_from(open_page: Open, stack: Any) -> None:
    page = open_page()
    gone = {"now": True}

    def answer(route: Route) -> None:
        route.fulfill(status=404) if gone["now"] else answered_with([])(route)

    page.route("**/local/messages", answer)
    open_phone(page, stack)
    expect(page.locator(".gone")).to_contain_text("make run")
    gone["now"] = False
    expect(page.locator(".gone")).to_have_count(0)
    expect(page.locator(".empty")).to_be_visible()


def test_a_narrow_screen_shows_the_list_or_one_conversation(open_page: Open, stack: Any) -> None:
    page = open_page(viewport=NARROW)
    page.route("**/local/messages", answered_with([MESSAGE]))
    open_phone(page, stack)
    expect(page.locator(".person .badge")).to_have_text("1")  # nobody has seen it yet
    expect(page.locator("#bubbles")).to_be_hidden()
    page.locator(".person").click()
    expect(page.locator("#bubbles .body")).to_be_visible()
    expect(page.locator(".person")).to_be_hidden()
    page.get_by_role("button", name="返回会话列表").click()
    expect(page.locator(".person")).to_be_focused()
    expect(page.locator(".badge")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


# --- Replies ---------------------------------------------------------------------------------


def test_a_reply_reaches_signet_and_stands_in_the_conversation(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = open_phone(open_page(), stack)
    ask_for_code(stack, phone)
    person(page, phone).click()
    page.locator("#reply-text").fill("什么时候发货？")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-note")).to_have_text("已经由 webhook 交给 Signet。")
    expect(page.locator("#bubbles .mine .body")).to_have_text("什么时候发货？")
    expect(page.locator("#reply-text")).to_have_value("")
    page.get_by_role("button", name="TD", exact=True).click()
    expect(page.locator("#bubbles .mine .body")).to_have_text(["什么时候发货？", "TD"])


def test_a_reply_that_does_not_get_through_says_why_and_is_kept(
    open_page: Open, stack: Any
) -> None:
    page = open_page()
    page.route("**/local/messages", answered_with([MESSAGE]))

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=400, json={"code": 1, "error": "No such way."})
        else:
            route.fulfill(json=[])

    page.route("**/local/replies", answer)
    open_phone(page, stack)
    page.locator("#reply-text").fill("TD")
    page.locator("#reply-button").click()
    expect(page.locator("#reply-note")).to_have_text("没有送到：No such way.")
    expect(page.locator("#reply-text")).to_have_value("TD")


def test_an_empty_reply_goes_nowhere(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route("**/local/messages", answered_with([MESSAGE]))
    open_phone(page, stack)
    page.locator("#reply-button").click()
    expect(page.locator("#reply-note")).to_have_text("请先写点什么。")
    expect(page.locator("#reply-text")).to_be_focused()


# --- Carriers and the clock ------------------------------------------------------------------


@pytest.mark.usefixtures("calm")
def test_a_carrier_told_by_hand_to_lose_messages_loses_them(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = open_phone(open_page(), stack)
    card = carrier(page, "webhook")
    expect(card.locator(".chip")).to_have_text("一切正常")
    card.get_by_role("slider", name="收下后丢失").focus()
    page.keyboard.press("End")
    expect(card.locator(".chip")).to_have_text("收下后丢失 100%")
    ask_for_code(stack, phone)
    expect(card.locator(".outcomes")).to_contain_text("丢失")

    card.get_by_role("button", name="恢复正常").click()
    expect(card.locator(".chip")).to_have_text("一切正常")
    other = f"{int(phone) + 1}"
    ask_for_code(stack, other)
    expect(person(page, other)).to_be_visible()
    expect(person(page, phone)).to_have_count(0)


@pytest.mark.usefixtures("calm")
def test_what_is_on_is_seen_by_whoever_comes_later(open_page: Open, stack: Any) -> None:
    first = open_phone(open_page(), stack)
    card = carrier(first, "webhook-b")
    card.get_by_role("slider", name="短信晚到").focus()
    for _ in range(3):
        first.keyboard.press("ArrowRight")
    card.get_by_label("旧回执后到").check()
    expect(card.locator(".chip")).to_have_text(["短信晚到 3 秒", "旧回执后到"])

    second = open_phone(open_page(viewport=NARROW, locale="en-GB"), stack)
    seen = second.locator('[data-carrier="webhook-b"]')
    expect(seen.locator(".chip")).to_have_text(["Messages late 3 s", "Old receipts last"])
    second.get_by_role("button", name="Reset all").click()
    expect(seen.locator(".chip")).to_have_text(["All is well"])
    expect(card.locator(".chip")).to_have_text(["一切正常"])


@pytest.mark.usefixtures("calm")
def test_what_the_page_does_not_show_of_a_carriers_chaos_stays(open_page: Open, stack: Any) -> None:
    chaos = {"carrier": "webhook-b", "refuse": 0.5, "reason": "daily_limit"}
    httpx.post(f"{stack.url}/local/chaos", json=chaos)
    page = open_phone(open_page(), stack)
    card = carrier(page, "webhook-b")
    card.get_by_label("拒收时说是号码的问题").check()
    expect(card.locator(".chip")).to_have_text(["拒收 50%", "拒收时说是号码的问题"])
    kept = httpx.get(f"{stack.url}/local/chaos").json()["webhook-b"]
    assert (kept["refuse"], kept["reason"], kept["bad_number"]) == (0.5, "daily_limit", True)


@pytest.mark.usefixtures("real_time")
def test_the_clock_moves_and_goes_back(open_page: Open, stack: Any) -> None:
    page = open_phone(open_page(), stack)
    before = httpx.get(f"{stack.url}/local/clock").json()["offset_seconds"]
    page.get_by_role("button", name="+10 分钟").click()
    expect(page.locator("#clock-note")).to_have_text("", timeout=60_000)
    after = httpx.get(f"{stack.url}/local/clock").json()["offset_seconds"]
    assert after - before == 600
    expect(page.locator("#clock-ahead")).to_contain_text("快")
    page.get_by_role("button", name="回到现在").click()
    expect(page.locator("#clock-ahead")).to_contain_text("和真实时间一致", timeout=60_000)
    assert httpx.get(f"{stack.url}/local/clock").json()["offset_seconds"] == 0
