"""The console's page where operators erase a person, in a real Chromium."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from signet.flows.erase_person import EXPIRES, STAYS
from tests.browser.console import Session, card, enter, photograph
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")

NONE = dict.fromkeys(["Users", "Phones", "OptOuts", "Messages", "Shield", "Events"], 0)
LEFT = {
    "expires": [{"what": what, "days": days} for what, days in EXPIRES.items()],
    "stays": list(STAYS),
}


class Person:
    """Somebody who takes two calls to erase; `fails` so many times first."""

    def __init__(self, *, fails: int = 0) -> None:
        self.asked: list[str] = []
        self.fails = fails

    def __call__(self, route: Route) -> None:
        assert route.request.method == "DELETE"
        self.asked.append(route.request.url.partition("/console/api/")[2])
        if self.fails:
            self.fails -= 1
            said = {"code": 1, "error": "Temporarily unavailable, please try again."}
            route.fulfill(status=429, content_type="application/json", body=json.dumps(said))
            return
        is_last = "cursor=next" in route.request.url
        erased = {**NONE, "Users": 1, "Messages": 3} if not is_last else {**NONE, "Messages": 4}
        body = {"done": is_last, "cursor": None if is_last else "next", "erased": erased, **LEFT}
        route.fulfill(content_type="application/json", body=json.dumps(body))


def opened(open_page: Open, operator: Session, person: Person, **options: Any) -> Page:
    page = open_page(**options)
    page.route("**/console/api/people/**", person)
    enter(page, operator, "people")
    return page


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 1280), ("en-GB", 390)])
def test_a_person_is_erased_when_the_number_was_typed_twice(
    open_page: Open, operator: Session, locale: str, width: int
) -> None:
    person = Person()
    viewport = {"width": width, "height": 844}
    page = opened(open_page, operator, person, locale=locale, viewport=viewport)
    zh = locale == "zh-CN"
    erase, again = (
        ("删除此人", "再输入一次号码") if zh else ("Erase this person", "The number once")
    )
    box = card(page, erase)
    box.get_by_label("手机号" if zh else "Phone").fill("18612345678")
    box.get_by_role("button", name=erase).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(again).fill("18612345679")
    dialog.get_by_role("button", name=erase).click()
    expect(dialog).to_contain_text("两次输入的号码不同" if zh else "two different numbers")
    assert person.asked == []

    photograph(page, f"people-ask-{locale[:2]}-{width}")
    dialog.get_by_label(again).fill("18612345678")
    dialog.get_by_role("button", name=erase).click()

    expect(box).to_contain_text("已删除。" if zh else "Erased.")
    messages = box.locator(".facts div", has_text="发送记录" if zh else "Send records")
    expect(messages).to_contain_text("7")
    assert person.asked == ["people/18612345678", "people/18612345678?cursor=next"]
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"people-{locale[:2]}-{width}")


def test_a_fault_is_said_and_the_same_button_goes_on(open_page: Open, operator: Session) -> None:
    page = opened(open_page, operator, Person(fails=1))
    box = card(page, "删除此人")
    box.get_by_label("手机号").fill("18612345678")
    box.get_by_role("button", name="删除此人").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("再输入一次号码").fill("18612345678")
    dialog.get_by_role("button", name="删除此人").click()
    expect(dialog.get_by_role("alert").filter(has_text="正忙")).to_be_visible()

    dialog.get_by_role("button", name="删除此人").click()

    expect(box).to_contain_text("已删除。")


def test_nothing_happens_when_it_is_called_off(open_page: Open, operator: Session) -> None:
    person = Person()
    page = opened(open_page, operator, person)
    box = card(page, "删除此人")
    box.get_by_role("button", name="删除此人").click()
    expect(box.get_by_label("手机号")).to_be_focused()
    box.get_by_label("手机号").fill("18612345678")
    box.get_by_role("button", name="删除此人").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert person.asked == []
