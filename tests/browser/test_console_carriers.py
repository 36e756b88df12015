"""The console's page of carriers in a real Chromium: routes, health, what carriers need."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, photograph
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")

USABLE = ["sns", "alibaba", "tencent", "webhook"]
RULE = {
    "country": "86",
    "kind": "verification",
    "app_id": None,
    "channel": "sms",
    "hops": [
        {"carrier": "alibaba", "weight": 70, "sender": None},
        {"carrier": "tencent", "weight": 30, "sender": None},
        {"carrier": "webhook-b", "weight": 0, "sender": "10690001"},
    ],
}


class Routes:
    """The API of routes for a deployment that opens more carriers than the local one does."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.rules = list(rules)
        self.refuses = ""

    def __call__(self, route: Route) -> None:
        if route.request.method == "PUT":
            if self.refuses:
                body = json.dumps({"code": 1, "error": self.refuses})
                route.fulfill(status=400, content_type="application/json", body=body)
                return
            self.rules = json.loads(route.request.post_data or "")["rules"]
        known = {"rules": self.rules, "usable": USABLE, "own": "sns"}
        route.fulfill(content_type="application/json", body=json.dumps(known))


def opened(open_page: Open, operator: Session, routes: Routes, **options: Any) -> Page:
    """The page of carriers, with these routes."""
    page = open_page(**options)
    page.route("**/console/api/routes", routes)
    enter(page, operator, "carriers")
    return page


def rules(page: Page) -> Locator:
    """The rules as they are listed, with what holds for the rest at the end."""
    return page.locator(".routes > li")


# --- Routes -----------------------------------------------------------------------------------


def test_a_rule_is_written_with_the_keyboard_alone(open_page: Open, operator: Session) -> None:
    routes = Routes()
    page = opened(open_page, operator, routes)
    expect(rules(page)).to_have_count(1)
    expect(rules(page)).to_contain_text("由部署的默认通道发送：Amazon SNS。")

    page.get_by_role("button", name="添加规则").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("国家或地区").select_option("86")
    dialog.get_by_label("类型").select_option("verification")
    rows = dialog.locator(".hop-rows > li")
    rows.nth(0).get_by_label("通道", exact=True).select_option("tencent")
    dialog.get_by_role("button", name="添加通道").press("Enter")
    expect(rows.nth(1).get_by_label("通道", exact=True)).to_be_focused()
    rows.nth(1).get_by_label("通道", exact=True).select_option("alibaba")
    rows.nth(1).get_by_label("权重").fill("50")
    photograph(page, "routes-editor")
    up = rows.nth(1).get_by_role("button", name="第 2 个通道上移")
    up.press("Enter")
    # The row is the first now, and the keyboard still with it.
    expect(rows.nth(0).get_by_label("通道", exact=True)).to_have_value("alibaba")
    expect(rows.nth(0).get_by_role("button", name="第 1 个通道下移")).to_be_focused()
    expect(rows.nth(0).get_by_role("button", name="第 1 个通道上移")).to_be_disabled()
    dialog.get_by_role("button", name="保存").press("Enter")

    expect(page.locator("#toast")).to_have_text("已保存。")
    expect(rules(page)).to_have_count(2)
    expect(rules(page).first).to_contain_text("中国大陆 +86 · 验证码 · 短信")
    expect(rules(page).first.locator(".hops li")).to_have_text(["阿里云短信33%", "腾讯云短信67%"])
    expect(page.get_by_role("button", name="添加规则")).to_be_focused()
    assert routes.rules == [
        {
            "country": "86",
            "kind": "verification",
            "app_id": None,
            "channel": "sms",
            "hops": [
                {"carrier": "alibaba", "weight": 50, "sender": None},
                {"carrier": "tencent", "weight": 100, "sender": None},
            ],
        }
    ]


def test_a_rule_is_changed_and_removed(open_page: Open, operator: Session) -> None:
    other = {**RULE, "kind": None, "country": None, "hops": [{"carrier": "sns", "weight": 1}]}
    routes = Routes(other, RULE)
    page = opened(open_page, operator, routes)
    # The more precise one is above.
    expect(rules(page).first).to_contain_text("+86")
    expect(rules(page).first.locator(".hops li")).to_have_text(
        ["阿里云短信70%", "腾讯云短信30%", "自有网关webhook-b备用发送者 10690001"]
    )
    photograph(page, "routes")

    rules(page).first.get_by_role("button", name="编辑").click()
    dialog = page.get_by_role("dialog")
    rows = dialog.locator(".hop-rows > li")
    expect(rows.nth(2).get_by_label("网关后缀")).to_have_value("b")
    expect(rows.nth(0).get_by_label("网关后缀")).to_be_hidden()
    rows.nth(0).get_by_label("权重").fill("101")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_contain_text("权重是 0 到 100 的整数")
    expect(rows.nth(0).get_by_label("权重")).to_be_focused()
    rows.nth(0).get_by_label("权重").fill("100")
    rows.nth(1).get_by_role("button", name="移除第 2 个通道").click()
    dialog.get_by_role("button", name="保存").click()
    expect(rules(page).first.locator(".hops li")).to_have_count(2)
    assert routes.rules[1]["hops"] == [
        {"carrier": "alibaba", "weight": 100, "sender": None},
        {"carrier": "webhook-b", "weight": 0, "sender": "10690001"},
    ]

    rules(page).first.get_by_role("button", name="删除").click()
    expect(dialog).to_contain_text("中国大陆 +86")
    dialog.get_by_role("button", name="删除").click()
    expect(rules(page)).to_have_count(2)
    assert routes.rules == [other]


def test_what_the_server_refuses_is_said_in_the_dialog(open_page: Open, operator: Session) -> None:
    routes = Routes(RULE)
    routes.refuses = "app_id: there is no app nobodys-app."
    page = opened(open_page, operator, routes, locale="en-GB")
    rules(page).first.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("App id").fill("nobodys-app")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("there is no app nobodys-app")
    page.keyboard.press("Escape")
    expect(rules(page).first).not_to_contain_text("nobodys-app")


def test_the_real_routes_are_stored(open_page: Open, stack: Any, operator: Session) -> None:
    url = f"{stack.url}/console/api/routes"
    page = open_page()
    enter(page, operator, "carriers")
    try:
        page.get_by_role("button", name="添加规则").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("国家或地区").select_option("65")
        dialog.get_by_role("button", name="保存").click()
        expect(rules(page).first).to_contain_text("新加坡 +65 · 所有类型 · 短信")
        (stored,) = httpx.get(url, auth=console.OPERATOR, timeout=30).json()["rules"]
        assert stored["country"] == "65"
        assert len(stored["hops"]) == 1
    finally:
        httpx.put(url, auth=console.OPERATOR, json={"rules": []}, timeout=30).raise_for_status()


# --- Health -----------------------------------------------------------------------------------


def health(route: Route) -> None:
    """One carrier that ails, and three changes on two pages."""
    fell = {
        "at": "2026-11-22T06:03:00Z",
        "carrier": "alibaba",
        "country": "86",
        "from": 100,
        "to": 5,
        "reason": "late receipts",
    }
    rose = {**fell, "at": "2026-11-22T06:08:00Z", "from": 5, "to": 25, "reason": "recovering"}
    failed = {**fell, "at": "2026-11-21T06:08:00Z", "carrier": "twilio", "reason": "failing"}
    standing = {
        "carrier": "alibaba",
        "country": "86",
        "share": 25,
        "reason": "recovering",
        "changed_at": rose["at"],
    }
    well = {**standing, "carrier": "tencent", "share": 100, "reason": "", "changed_at": None}
    more = "cursor=" in route.request.url
    body = {
        "items": [well, standing],
        "changes": [failed] if more else [rose, fell],
        "cursor": None if more else "next",
    }
    route.fulfill(content_type="application/json", body=json.dumps(body))


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 1280), ("en-GB", 390)])
def test_what_happened_to_carriers_is_told_in_sentences(
    open_page: Open, operator: Session, locale: str, width: int
) -> None:
    page = open_page(locale=locale, viewport={"width": width, "height": 844})
    page.route("**/console/api/carriers/health*", health)
    page.route("**/console/api/routes", Routes(RULE))
    enter(page, operator, "carriers")
    box = card(page, "通道状况" if locale == "zh-CN" else "Health")
    expect(box.locator(".standings li")).to_have_count(1)
    sentences = box.locator(".changes li")
    if locale == "zh-CN":
        expect(box.locator(".standings")).to_contain_text("阿里云短信 发往 中国大陆 +86")
        expect(sentences).to_contain_text(
            [
                "阿里云短信 发往 中国大陆 +86 的份额由 5% 升到 25%：正在恢复",
                "阿里云短信 发往 中国大陆 +86 的份额由 100% 降到 5%：回执太慢",
            ]
        )
        expect(sentences.first).to_contain_text("14:08")
    else:
        expect(sentences.nth(1)).to_contain_text(
            "Alibaba Cloud SMS to Mainland China +86 fell from 100% to 5%: receipts too late"
        )
    box.get_by_role("button", name=re.compile("更多|More")).press("Enter")
    expect(sentences).to_have_count(3)
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"carriers-{locale[:2]}-{width}")


def test_carriers_that_were_always_well_say_so(open_page: Open, operator: Session) -> None:
    page = open_page()
    enter(page, operator, "carriers")
    box = card(page, "通道状况")
    expect(box).to_contain_text("所有通道都保有全部份额")
    expect(box).to_contain_text("还没有变化")


# --- What carriers need -----------------------------------------------------------------------


def needs(route: Route) -> None:
    sentence = "填写 PublicBaseUrl/carriers/alibaba/receipts?key=callback_key（替换密钥）。"
    alibaba = {
        "name": "alibaba",
        "label": {"zh": "阿里云短信", "en": "Alibaba Cloud SMS"},
        "needs": [{"zh": sentence, "en": sentence}],
        "usable": True,
        "ready": None,
    }
    body = {"active": "alibaba", "base_url": "https://sms.example.com", "items": [alibaba]}
    route.fulfill(content_type="application/json", body=json.dumps(body))


def test_an_address_that_a_carrier_wants_is_whole_and_copied_by_a_button(
    open_page: Open, operator: Session
) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.route("**/console/api/carriers", needs)
    enter(page, operator, "carriers")
    step = page.locator(".needs li")
    whole = "https://sms.example.com/carriers/alibaba/receipts?key=callback_key"
    expect(step.locator("code")).to_have_text(whole)
    expect(step).to_contain_text("（替换密钥）。")
    step.get_by_role("button", name="复制: 地址").press("Enter")
    expect(page.locator("#toast")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == whole
