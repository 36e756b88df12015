"""The console's page of opt-outs in a real Chromium, against the API's answers."""

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

REPLIED = {
    "is_out": True,
    "at": "2026-11-22T06:03:00Z",
    "word": "退订",
    "carrier": "alibaba",
    "reply_id": "r-1",
    "message_id": None,
    "by": None,
    "comment": None,
}


@pytest.fixture(scope="module")
def owner(stack: Any) -> Session:
    """A browser's session as an app."""
    return console.owner(stack.url, console.new_app(stack.url, "退订测试"))


class OptOuts:
    """An app's list, as the API tells it."""

    def __init__(self) -> None:
        self.history: list[dict[str, Any]] = [REPLIED]
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("/console/api/")[2]
        if request.method != "GET":
            said = json.loads(request.post_data or "")
            self.asked.append((request.method, path, said))
            done = {
                **dict.fromkeys(REPLIED),
                "is_out": request.method == "PUT",
                "at": "2026-11-23T06:03:00Z",
                "by": "owner:app",
                "comment": said["comment"],
            }
            self.history.insert(0, done)
        body = (
            self.listing(path) if path.startswith("opt-outs?") or path == "opt-outs" else self.one
        )
        route.fulfill(content_type="application/json", body=json.dumps(body))

    def listing(self, path: str) -> dict[str, Any]:
        if not self.history[0]["is_out"]:
            return {"items": [], "cursor": None}
        more = "cursor=" in path
        item = {"phone": "+86186****5678", **self.history[0]}
        return {"items": [item], "cursor": None if more else "next"}

    @property
    def one(self) -> dict[str, Any]:
        is_out = self.history[0]["is_out"]
        return {"phone": "+8618612345678", "is_out": is_out, "history": self.history}


def opened(open_page: Open, owner: Session, **options: Any) -> tuple[Page, OptOuts]:
    page, answers = open_page(**options), OptOuts()
    page.route("**/console/api/opt-outs**", answers)
    page.route("**/console/api/opt-outs/**", answers)
    enter(page, owner, "opt-outs")
    return page, answers


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
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"opt-outs-{locale[:2]}-{width}")


def test_a_number_is_looked_up_and_taken_off_with_a_reason(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner)
    box = card(page, "查一个号码")
    box.get_by_role("button", name="查询").click()
    expect(box.get_by_label("手机号")).to_be_focused()
    box.get_by_label("手机号").fill("18612345678")
    page.keyboard.press("Enter")
    expect(box).to_contain_text("已退订")
    expect(box.locator(".timeline li")).to_have_count(1)
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
    answers.history[0] = {**REPLIED, "is_out": False, "word": "START"}
    box = card(page, "Look up a number")
    box.get_by_label("Phone").fill("18612345678")
    page.keyboard.press("Enter")
    expect(box).to_contain_text("not opted out")
    box.get_by_role("button", name="Put on the list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("asked by e-mail")
    dialog.get_by_role("button", name="Put on the list").click()
    expect(page.locator("#toast")).to_have_text("It is on the list.")
    assert answers.asked == [("PUT", "opt-outs/%2B8618612345678", {"comment": "asked by e-mail"})]
