"""What apps and deployments set of the shield in the console, in a real Chromium."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, photograph

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")


@pytest.fixture(scope="module")
def app(stack: Any) -> dict[str, Any]:
    """An app that only these tests use."""
    return console.new_app(stack.url, "谨慎的应用")


@pytest.fixture(scope="module")
def owner(stack: Any, app: dict[str, Any]) -> Session:
    """A browser's session as that app."""
    return console.owner(stack.url, app)


def guard_of(stack: Any, app: dict[str, Any]) -> dict[str, Any]:
    """The app's guard as the API has it."""
    headers = console.as_owner(app)
    reply = httpx.get(f"{stack.url}/console/api/app", headers=headers, timeout=30)
    found: dict[str, Any] = reply.json()["guard"]
    return found


# --- What an app sets ----------------------------------------------------------------------------


def test_a_country_is_opened_by_somebody_who_was_warned_and_closed_again(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page()
    enter(page, owner, "settings")
    countries = card(page, "可以发往的国家和地区")
    expect(countries.get_by_role("switch").first).to_have_accessible_name("中国大陆 +86")
    expect(countries.get_by_role("switch").first).to_be_checked()

    countries.get_by_label("查找国家或区号").fill("998")
    expect(countries).to_contain_text("找到 1 个。")
    switch = countries.get_by_role("switch", name="乌兹别克斯坦 +998")
    switch.focus()
    page.keyboard.press("Space")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("每条 ¥0.98")
    expect(dialog).to_contain_text("短信盗刷专找开放的国家")
    photograph(page, "guard-country")
    page.keyboard.press("Escape")
    expect(switch).not_to_be_checked()
    assert guard_of(stack, app)["countries"] == ["86"]

    switch.click()
    dialog.get_by_role("button", name="打开").click()
    expect(page.locator("#toast")).to_have_text("已打开 乌兹别克斯坦 +998。")
    expect(switch).to_be_focused()
    expect(countries.get_by_role("status").first).to_contain_text("「国际短信」开关还没有打开")
    assert guard_of(stack, app)["countries"] == ["86", "998"]

    page.get_by_role("switch", name="国际短信").click()
    expect(countries.get_by_role("status").first).to_be_empty()
    page.get_by_role("switch", name="国际短信").click()
    expect(countries.get_by_role("status").first).to_contain_text("开关还没有打开")

    switch.click()
    expect(dialog).to_contain_text("包括登录验证码")
    dialog.get_by_role("button", name="关闭").click()
    expect(page.locator("#toast")).to_have_text("已关闭 乌兹别克斯坦 +998。")
    assert guard_of(stack, app)["countries"] == ["86"]


def test_a_country_that_the_prices_lack_is_opened_by_its_dial_code(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page(locale="en-GB")
    enter(page, owner, "settings")
    countries = card(page, "Countries and regions to send to")
    code = countries.get_by_label("Another dial code")
    code.fill("abc")
    page.keyboard.press("Enter")
    expect(countries).to_contain_text("Enter a dial code of one to three digits")
    expect(code).to_be_focused()

    code.fill("999")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Open").click()
    expect(dialog).to_contain_text("guard.countries: '999' is no country's dial code")
    page.keyboard.press("Escape")

    code.fill("+380")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Open").click()
    switch = countries.get_by_role("switch", name="+380")
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()
    expect(countries).to_contain_text("works once an operator sets a price")
    assert guard_of(stack, app)["countries"] == ["380", "86"]

    page.reload()
    switch.click()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#toast")).to_have_text("+380 is closed.")
    assert guard_of(stack, app)["countries"] == ["86"]


def test_exceptions_are_kept_and_a_wrong_one_is_said_beside_its_field(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page()
    enter(page, owner, "settings")
    exceptions = card(page, "防护的例外和强度")
    allowed = exceptions.get_by_label("防护不限制的号码")
    servers = exceptions.get_by_label("自己的服务器的地址")
    allowed.fill("+8613800138000\n+861380013")
    servers.fill("203.0.113.7, 203.0.113.300")
    exceptions.get_by_role("button", name="保存").click()
    expect(exceptions).to_contain_text("「203.0.113.300」不是地址或网段")
    expect(servers).to_be_focused()
    photograph(page, "guard-exceptions-wrong")

    servers.fill("203.0.113.7，203.0.113.0/24")
    work = exceptions.get_by_role("slider")
    work.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(exceptions).to_contain_text("14 级：手机上约 1 秒")
    exceptions.get_by_role("button", name="保存").click()
    expect(page.locator("#toast")).to_have_text("已保存。")
    expect(servers).to_have_value("203.0.113.0/24\n203.0.113.7")
    assert guard_of(stack, app) == {
        "countries": ["86"],
        "allowed": ["+861380013", "+8613800138000"],
        "servers": ["203.0.113.0/24", "203.0.113.7"],
        "work_bits": 14,
    }


def test_an_operator_opens_a_country_of_an_app(
    open_page: Open, stack: Any, app: dict[str, Any], operator: Session
) -> None:
    page = open_page()
    enter(page, operator, f"apps/{app['app_id']}")
    card(page, "可以发往的国家和地区").get_by_role("switch", name="新加坡 +65").click()
    page.get_by_role("dialog").get_by_role("button", name="打开").click()
    expect(page.locator("#toast")).to_have_text("已打开 新加坡 +65。")
    assert guard_of(stack, app)["countries"] == ["65", "86"]
    console.change(stack.url, app, {"guard": {"countries": ["86"]}})


# --- What a deployment sets -------------------------------------------------------------------


@pytest.fixture
def observing(stack: Any) -> Iterator[Callable[[], str]]:
    """How the shield of the deployment stands; it observes again afterwards."""
    url = f"{stack.url}/console/api/settings"
    yield lambda: str(httpx.get(url, auth=console.OPERATOR, timeout=30).json()["shield"])
    httpx.put(url, auth=console.OPERATOR, json={"shield": "observe"}, timeout=30)


def test_the_shield_enforces_once_somebody_has_said_so_twice(
    open_page: Open, operator: Session, observing: Callable[[], str]
) -> None:
    page = open_page()
    enter(page, operator, "deployment")
    switch = page.get_by_role("switch", name="拦截可疑的发送")
    expect(switch).not_to_be_checked()
    switch.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("真的被要求验证或拒绝")
    expect(dialog.get_by_role("link", name="全部应用")).to_have_attribute("href", "#/apps")
    photograph(page, "guard-enforce")
    page.keyboard.press("Escape")
    expect(switch).not_to_be_checked()
    assert observing() == "observe"

    switch.click()
    dialog.get_by_role("button", name="打开拦截").click()
    expect(page.locator("#toast")).to_have_text("防护正在拦截。")
    expect(switch).to_be_checked()
    expect(page.get_by_role("switch", name="低风险模板自动通过")).not_to_be_checked()
    assert observing() == "enforce"

    page.reload()
    expect(switch).to_be_checked()
    switch.click()
    dialog.get_by_role("button", name="只观察").click()
    expect(page.locator("#toast")).to_have_text("防护只观察，不拦截。")
    assert observing() == "observe"
