"""The console's page of consents and opt-outs in a real Chromium, against the API's answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, photograph
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")

LISTED = {
    "phone": "+86186****5678",
    "is_out": True,
    "at": "2026-11-22T06:03:00Z",
    "word": "退订",
    "carrier": "alibaba",
    "reply_id": "r-1",
    "message_id": None,
    "by": None,
    "comment": None,
}
ERASED = {**LISTED, "phone": None, "by": "owner:app", "word": None, "comment": "来电"}
PROOF = {
    "what": "opt_out",
    "at": "2026-11-22T06:03:00Z",
    "how": "退订",
    "source": "reply",
    "audience_id": None,
    "message_id": None,
    "carrier": "alibaba",
    "reply_id": "r-1",
    "by": None,
}
AGREED = {**PROOF, "what": "consent", "how": "会员注册时勾选", "source": "audience"}
AGREED |= {"at": "2026-10-01T06:03:00Z", "carrier": None, "audience_id": "a1", "reply_id": None}
STATES = {"consent": "consented", "opt_out": "opted_out"}


@pytest.fixture(scope="module")
def owner(stack: Any) -> Session:
    """A browser's session as an app."""
    return console.owner(stack.url, console.new_app(stack.url, "退订测试"))


class Ledger:
    """What an app knows, as the API tells it; an export takes three looks."""

    def __init__(self) -> None:
        self.history: list[dict[str, Any]] = [PROOF, AGREED]
        self.listed: list[dict[str, Any]] = [LISTED]
        self.asked: list[tuple[str, str, Any]] = []
        self.looks = 0
        self.ends = "ready"

    def __call__(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("/console/api/")[2]
        if "exports" in path:
            body, status = {"export": self.export()}, 202 if request.method == "POST" else 200
            route.fulfill(status=status, content_type="application/json", body=json.dumps(body))
            return
        if request.method != "GET":
            self.change(request.method, path, json.loads(request.post_data or ""))
        is_list = path.partition("?")[0] == "opt-outs"
        body = self.listing(path) if is_list else self.one
        route.fulfill(content_type="application/json", body=json.dumps(body))

    def change(self, method: str, path: str, said: dict[str, str]) -> None:
        self.asked.append((method, path, said))
        (words,) = said.values()
        whats = {
            ("PUT", "consents"): "consent",
            ("DELETE", "consents"): "consent_end",
            ("PUT", "opt-outs"): "opt_out",
            ("DELETE", "opt-outs"): "opt_in",
        }
        done = {
            **dict.fromkeys(PROOF),
            "what": whats[method, path.partition("/")[0]],
            "at": "2026-11-23T06:03:00Z",
            "source": "console",
            "by": "owner:app",
            "how": words,
        }
        self.history.insert(0, done)
        self.listed = [LISTED] if done["what"] == "opt_out" else []

    def listing(self, path: str) -> dict[str, Any]:
        more = "cursor=" in path
        return {"items": self.listed, "cursor": None if more or not self.listed else "next"}

    def export(self) -> dict[str, Any]:
        self.looks += 1
        one = {"id": "e1", "state": "making", "rows": 2000 * (self.looks - 1)}
        if self.looks < 3:
            return one
        return {**one, "state": self.ends, "url": "https://example.com/consents.csv"}

    @property
    def one(self) -> dict[str, Any]:
        state = STATES.get(self.history[0]["what"], "none") if self.history else "none"
        return {"phone": "+8618612345678", "state": state, "history": self.history}


def opened(open_page: Open, owner: Session, **options: Any) -> tuple[Page, Ledger]:
    page, answers = open_page(**options), Ledger()
    for what in ("opt-outs", "consents", "ledger"):
        page.route(f"**/console/api/{what}**", answers)
        page.route(f"**/console/api/{what}/**", answers)
    enter(page, owner, "opt-outs")
    return page, answers


def look_up(page: Page, name: str = "手机号") -> Any:
    box = card(page, "查一个号码" if name == "手机号" else "Look up a number")
    box.get_by_label(name).fill("18612345678")
    page.keyboard.press("Enter")
    return box


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 1280), ("en-GB", 390)])
def test_the_list_says_who_and_how_it_is_known(
    open_page: Open, owner: Session, locale: str, width: int
) -> None:
    viewport = {"width": width, "height": 844}
    page, _ = opened(open_page, owner, locale=locale, viewport=viewport)
    is_chinese = locale == "zh-CN"
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("+86186****5678")
    expect(rows).to_contain_text("回复「退订」" if is_chinese else "replied “退订”")
    page.get_by_role("button", name="更多" if is_chinese else "More").click()
    expect(rows).to_have_count(2)
    look_up(page, "手机号" if is_chinese else "Phone")
    expect(page.locator(".timeline li")).to_have_count(2)
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"opt-outs-{locale[:2]}-{width}")


def test_a_number_is_looked_up_and_taken_off_with_a_reason(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner)
    box = card(page, "查一个号码")
    box.get_by_role("button", name="查询").click()
    expect(box.get_by_label("手机号")).to_be_focused()
    look_up(page)
    expect(box.locator(".badge")).to_have_text("已退订")
    expect(box.locator(".timeline li")).to_contain_text(["回复「退订」", "收件人名单 a1"])
    photograph(page, "opt-outs-number")
    box.get_by_role("button", name="移出退订名单").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="移出退订名单").click()
    expect(dialog.get_by_label("说明")).to_be_focused()
    dialog.get_by_label("说明").fill("用户来电要求恢复")
    dialog.get_by_role("button", name="移出退订名单").click()
    expect(page.locator("#toast")).to_have_text("已移出退订名单。")
    expect(page.get_by_text("还没有人退订")).to_be_visible()
    assert answers.asked == [
        ("DELETE", "opt-outs/%2B8618612345678", {"comment": "用户来电要求恢复"})
    ]


def test_a_number_is_put_on_by_hand(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, locale="en-GB")
    answers.history = []
    box = look_up(page, "Phone")
    expect(box).to_contain_text("has not agreed")
    expect(box).to_contain_text("Nothing is known of this number")
    box.get_by_role("button", name="Put on the list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("asked by e-mail")
    dialog.get_by_role("button", name="Put on the list").click()
    expect(page.locator("#toast")).to_have_text("It is on the list.")
    assert answers.asked == [("PUT", "opt-outs/%2B8618612345678", {"comment": "asked by e-mail"})]


def test_a_consent_is_recorded_and_ended(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner)
    answers.history = []
    box = look_up(page)
    box.get_by_role("button", name="登记同意").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("怎样同意的").fill("门店登记表")
    dialog.get_by_role("button", name="登记同意").click()
    expect(page.locator("#toast")).to_have_text("已登记。")
    look_up(page)
    expect(box.locator(".badge")).to_have_text("已同意")
    box.get_by_role("button", name="终止同意").click()
    dialog.get_by_label("说明").fill("来电")
    dialog.get_by_role("button", name="终止同意").click()
    expect(page.locator("#toast")).to_have_text("已终止。")
    look_up(page)
    expect(box.locator(".timeline li strong")).to_have_text(["同意终止", "同意接收"])
    assert answers.asked == [
        ("PUT", "consents/%2B8618612345678", {"how": "门店登记表"}),
        ("DELETE", "consents/%2B8618612345678", {"comment": "来电"}),
    ]


def test_of_an_erased_person_the_list_shows_no_number(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner)
    answers.listed = [ERASED]
    page.reload()
    expect(page.locator("tbody tr")).to_contain_text("已删除的号码")


def test_everything_is_exported_and_says_how_far_it_is(open_page: Open, owner: Session) -> None:
    page, _ = opened(open_page, owner)
    box = card(page, "导出全部记录")
    box.get_by_role("button", name="导出").click()
    expect(box.get_by_text("已写入 2000 行")).to_be_visible()
    link = box.get_by_role("link", name="下载")
    expect(link).to_have_attribute("href", "https://example.com/consents.csv")
    expect(box).to_contain_text("共 4000 行")
    photograph(page, "opt-outs-export")


def test_an_export_that_fails_can_be_asked_for_again(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, locale="en-GB")
    answers.looks, answers.ends = 2, "failed"
    box = card(page, "Everything as a file")
    box.get_by_role("button", name="Export").click()
    expect(box.get_by_role("alert")).to_have_text("It could not be made. Please try again.")
    answers.ends = "ready"
    box.get_by_role("button", name="Export").click()
    expect(box.get_by_role("link", name="Download")).to_be_visible()
