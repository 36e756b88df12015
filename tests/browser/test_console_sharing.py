"""Links to one message in a real Chromium: made by an owner, opened by somebody without login."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import console
from tests.browser.console import Session, enter, photograph
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]
Texts = Callable[[str], list[dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("awake")

PHONE = "18712340099"


@pytest.fixture(scope="module")
def app(stack: Any) -> dict[str, Any]:
    """An app that sent one code."""
    app = console.new_app(stack.url, "分享测试")
    console.sign_for(stack.url, app, "天天商城")
    reply = httpx.post(
        f"{stack.url}/1.1/requestSmsCode",
        headers={"X-LC-Id": app["app_id"], "X-LC-Key": app["app_key"]},
        json={"mobilePhoneNumber": PHONE},
        timeout=30,
    )
    assert reply.json() == {}, reply.text
    return app


@pytest.fixture(scope="module")
def owner(stack: Any, app: dict[str, Any]) -> Session:
    """A browser's session as that app."""
    return console.owner(stack.url, app)


@pytest.fixture
def link(stack: Any, app: dict[str, Any], texts: Texts) -> str:
    """A link to the message, once a phone has it; made by the API."""
    texts(PHONE)
    headers = console.as_owner(app)
    url = f"{stack.url}/console/api/records"
    (record,) = httpx.get(url, params={"phone": PHONE}, headers=headers, timeout=30).json()["items"]
    reply = httpx.post(f"{url}/{record['message_id']}/share", headers=headers, timeout=30)
    assert reply.status_code == 200, reply.text
    return f"{stack.url}/{reply.json()['url'].removeprefix(f'{stack.url}/')}"


def test_a_link_is_made_copied_and_opened_without_a_login(
    open_page: Open, owner: Session, texts: Texts
) -> None:
    texts(PHONE)
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page, owner, f"records?phone={PHONE}")
    page.locator("tbody tr").get_by_role("button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".timeline")).to_contain_text(re.compile(r"已接收.*用时 \d+\.\d\d 秒"))
    expect(drawer.get_by_role("heading", name="接下来怎么办")).to_be_visible()
    expect(drawer.locator(".advice li").first).not_to_be_empty()
    photograph(page, "record-with-advice")
    expect(drawer.get_by_label("有效期")).to_have_value("72")
    drawer.get_by_label("有效期").select_option("24")
    drawer.get_by_role("button", name="生成并复制链接").press("Enter")
    expect(page.locator("#toast")).to_have_text("已复制链接。")
    expect(drawer.locator(".copyable code").last).to_contain_text("/console/shared#")
    photograph(page, "record-shared")
    copied = page.evaluate("navigator.clipboard.readText()")

    somebody = open_page()
    asked: list[str] = []
    somebody.on("request", lambda request: asked.append(request.url))
    somebody.goto(copied)
    expect(somebody.get_by_role("heading", level=1)).to_have_text("「分享测试」的一条短信")
    expect(somebody.locator("main")).to_contain_text("+86187****0099")
    expect(somebody.locator(".timeline")).to_contain_text("已接收")
    expect(somebody.locator("main")).not_to_contain_text(PHONE)
    expect(somebody.locator("main")).not_to_contain_text("0.05")
    assert somebody.context.cookies() == []
    # What opens the message is in no address that a server sees.
    token = copied.partition("#")[2]
    assert token
    assert not any(token in url.partition("#")[0] for url in asked)


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 390), ("en-GB", 1280), ("en-GB", 390)])
def test_the_page_of_a_link_fits_and_speaks_both_languages(
    open_page: Open, link: str, locale: str, width: int
) -> None:
    page = open_page(locale=locale, viewport={"width": width, "height": 844})
    page.goto(link)
    is_chinese = locale == "zh-CN"
    expect(page.locator(".timeline")).to_be_visible()
    expect(
        page.get_by_role("heading", name="经过" if is_chinese else "What happened")
    ).to_be_visible()
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"shared-{locale[:2]}-{width}")
    other = page.get_by_role("button", name="English" if is_chinese else "中文")
    other.press("Enter")
    expect(
        page.get_by_role("heading", name="What happened" if is_chinese else "经过")
    ).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en-GB" if is_chinese else "zh-CN")


def claimed(expires: int) -> str:
    """A token as somebody may make one up."""
    said = {"v": 1, "app_id": "signet-demo-app", "message_id": "x", "expires": expires}
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=") + "." + "0" * 64


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "链接无效"),
        ("x", "链接无效"),
        (claimed(9_999_999_999), "链接无效"),
        (claimed(1_700_000_000), "链接已过期"),
    ],
)
def test_a_link_that_does_not_work_says_what_to_do(
    open_page: Open, stack: Any, token: str, said: str
) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto(f"{stack.url}/console/shared#{token}")
    expect(page.get_by_role("heading", level=1)).to_have_text(said)
    expect(page.locator("main")).to_contain_text("要一个新的")
    expect(page).to_have_title(f"{said} · Signet")
    photograph(page, f"shared-refused-{len(token)}")


def test_a_cut_link_that_is_pasted_whole_works_at_once(open_page: Open, link: str) -> None:
    page = open_page()
    page.goto(link[:-5])
    expect(page.get_by_role("heading", level=1)).to_have_text("链接无效")
    page.evaluate("token => { location.hash = token }", link.partition("#")[2])
    expect(page.locator(".timeline")).to_be_visible()


def test_a_server_that_does_not_answer_is_asked_again_by_a_button(
    open_page: Open, link: str
) -> None:
    page = open_page()
    page.route("**/console/api/shared", lambda route: route.fulfill(status=429, body="{}"))
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text("服务正忙")
    page.unroute("**/console/api/shared")
    page.get_by_role("button", name="重试").press("Enter")
    expect(page.locator(".timeline")).to_be_visible()


def test_nothing_on_the_page_is_inline_or_from_elsewhere(stack: Any) -> None:
    reply = httpx.get(f"{stack.url}/console/shared")
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|<script>", reply.text)
    assert not re.search(r'(?:src|href)="/', reply.text)
