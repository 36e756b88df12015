"""The console's page of events, in a real Chromium: settings, the secret, tries and deliveries."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser import console
from tests.browser.console import Session, card, enter, photograph
from tests.browser.test_console import TOO_WIDE
from tests.carriers.vendor import Vendor, serving

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def app(stack: Any) -> dict[str, Any]:
    """An app that sends."""
    made = console.new_app(stack.url, "通知的应用")
    console.sign_for(stack.url, made, "天天商城")
    return made


@pytest.fixture(scope="module")
def owner(stack: Any, app: dict[str, Any]) -> Session:
    return console.owner(stack.url, app)


def test_an_owner_sets_it_up_keeps_the_secret_and_tries_it(
    open_page: Open, owner: Session, endpoint: Vendor
) -> None:
    page = open_page()
    enter(page, owner)
    page.get_by_role("navigation").get_by_role("link", name="事件通知").click()
    expect(page.get_by_text("还没有事件")).to_be_visible()
    expect(page.get_by_role("button", name="发送测试事件")).to_have_count(0)
    photograph(page, "events-empty")

    page.get_by_label("您的服务器地址").fill("https://user@example.com/")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("请填写公网上的 https 地址")).to_be_visible()
    page.get_by_label("您的服务器地址").fill(endpoint.url)
    page.get_by_role("button", name="保存").click()

    secret = card(page, "新的签名密钥").locator("code").first
    expect(secret).to_contain_text("whsec_")
    photograph(page, "events-secret")
    receiver = Webhook(secret.inner_text())
    page.get_by_role("button", name="我已保存").click()
    expect(card(page, "新的签名密钥")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("whsec_")).to_have_count(0)

    page.get_by_role("button", name="发送测试事件").click()
    row = page.locator("tbody tr").filter(has_text="测试事件")
    expect(row).to_contain_text("已送达", timeout=20_000)
    expect(row).to_contain_text("已接收（200）")
    (call,) = endpoint.calls
    assert receiver.verify(call.body, call.headers)["type"] == "ping"


def test_what_an_endpoint_did_not_take_says_why_and_is_sent_again(
    open_page: Open, owner: Session, endpoint: Vendor
) -> None:
    page = open_page()
    enter(page, owner, "events")
    endpoint.status = 410
    page.get_by_role("button", name="发送测试事件").click()
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("已放弃", timeout=20_000)
    expect(row).to_contain_text("您的服务器应答 410")
    photograph(page, "events-given-up")

    endpoint.status = 200
    row.get_by_role("button", name="重新发送").focus()
    page.keyboard.press("Enter")

    expect(page.locator("tbody tr").first).to_contain_text("已送达", timeout=20_000)


def test_a_secret_is_changed_after_a_question(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "events")
    page.get_by_role("button", name="更换密钥").click()
    page.get_by_role("dialog").get_by_role("button", name="更换密钥").click()

    expect(card(page, "新的签名密钥").locator("code").first).to_contain_text("whsec_")
    expect(page.get_by_text("目前有两个密钥在签名")).to_be_visible()
    page.get_by_role("button", name="我已保存").click()


def test_only_some_events_can_be_wanted_but_not_none(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "events")
    boxes = page.get_by_role("group", name="需要的事件").get_by_role("checkbox")
    expect(boxes).to_have_count(10)
    for box in boxes.all():
        box.uncheck()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("至少选择一种")).to_be_visible()

    page.get_by_label("验证码已使用").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    page.reload()
    expect(page.get_by_role("group", name="需要的事件").locator(":checked")).to_have_count(1)


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_the_page_fits_a_phone_in_both_languages(
    open_page: Open, owner: Session, language: str
) -> None:
    page = open_page(locale=language, viewport={"width": 360, "height": 740})
    enter(page, owner, "events")

    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"events-phone-{language[:2]}")


def test_a_server_that_fails_is_said_and_can_be_tried_again(
    open_page: Open, owner: Session
) -> None:
    page = open_page()
    enter(page, owner)
    page.route("**/console/api/events", lambda route: route.fulfill(status=429, body="{}"))
    page.get_by_role("navigation").get_by_role("link", name="事件通知").click()

    expect(page.get_by_role("alert")).to_contain_text("服务正忙")
    page.unroute("**/console/api/events")
    page.get_by_role("button", name="重试").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("事件通知")


def test_the_api_of_the_page_is_the_owners_alone(stack: Any, owner: Session) -> None:
    reply = httpx.get(f"{stack.url}/console/api/events", auth=console.OPERATOR, timeout=30)

    assert reply.status_code == 403
