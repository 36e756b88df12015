"""The console's page of the shield, in a real Chromium: the report, locks, numbers."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, go, photograph
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")

DIGEST = "7f0c33a1d2"
ANY_GUARD = re.compile(r"/console/api/guard")
RULE = re.compile(r"10 分钟内 (\d+) 条中有 \1 条未验证，用完了 \1 条的预算。")


@pytest.fixture(scope="module")
def app(stack: Any) -> dict[str, Any]:
    """An app that nobody attacks."""
    return console.new_app(stack.url, "安静的应用")


@pytest.fixture(scope="module")
def owner(stack: Any, app: dict[str, Any]) -> Session:
    """A browser's session as that app."""
    return console.owner(stack.url, app)


@pytest.fixture(scope="module")
def attacked(stack: Any) -> dict[str, Any]:
    """An app that somebody makes send to forty numbers of one range; nobody verifies anything."""
    app = console.new_app(stack.url, "被刷的应用")
    console.sign_for(stack.url, app, "天天商城")
    console.change(
        stack.url, app, {"switches": {"international": True}, "guard": {"countries": ["86", "998"]}}
    )
    client = {"X-LC-Id": app["app_id"], "X-LC-Key": app["app_key"]}
    with httpx.Client(base_url=stack.url, headers=client, timeout=30) as calls:
        for number in range(40):
            body = {"mobilePhoneNumber": f"+99899394{number * 97:04d}"}
            reply = calls.post("/1.1/requestSmsCode", json=body)
            assert reply.json() == {}, reply.text  # it only observes
        # What a process decides is written with a later send, five seconds after the last writing.
        httpx.post(f"{stack.url}/local/clock", json={"advance_seconds": 10}).raise_for_status()
        for number in range(40, 43):
            body = {"mobilePhoneNumber": f"+99899394{number * 97:04d}"}
            assert calls.post("/1.1/requestSmsCode", json=body).json() == {}
    return app


@pytest.fixture(scope="module")
def victim(stack: Any, attacked: dict[str, Any]) -> Session:
    """A browser's session as the attacked app."""
    return console.owner(stack.url, attacked)


# --- The shield's page ------------------------------------------------------------------------


def test_an_app_that_nobody_attacks_has_an_empty_page(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner)
    expect(page.get_by_text("防护发现异常发送")).to_have_count(0)
    page.get_by_role("navigation").get_by_role("link", name="防护").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("防护")
    expect(page.get_by_text("观察模式：什么都不拦")).to_be_visible()
    expect(page.get_by_text("今天没有需要拦截的发送。")).to_be_visible()
    expect(card(page, "超出预算的")).to_contain_text("没有超出预算的号段或地址")
    expect(card(page, "一天的报告")).to_contain_text("这一天没有决定")
    photograph(page, "guard-quiet")


def test_what_was_sent_to_one_range_is_reported_in_words(open_page: Open, victim: Session) -> None:
    page = open_page()
    enter(page, victim)
    page.get_by_role("link", name="查看防护").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("防护")
    saved = re.compile(r"今天本会拒绝 \d+ 条，要求验证 \d+ 条，能省下 ¥\d+\.\d+。")
    expect(page.get_by_role("note")).to_contain_text(saved)
    lock = card(page, "超出预算的").get_by_role("listitem")
    expect(lock).to_have_count(1)
    expect(lock).to_contain_text(re.compile(r"号段 \+998\s99\s394\s××××（乌兹别克斯坦）"))
    expect(lock).to_contain_text("本会拒绝")
    expect(lock).to_contain_text(RULE)

    report = card(page, "一天的报告")
    expect(report.locator(".tally div", has_text="本会拒绝")).to_contain_text(re.compile("¥[1-9]"))
    expect(report).to_contain_text(re.compile(r"共 [23]\d 条决定。"))
    newest = report.locator("tbody tr").first
    expect(newest).to_contain_text(re.compile(r"\+9989\*{4}\d{4}"))
    expect(newest).to_contain_text("本会拒绝")
    expect(report.locator("tbody tr").last).to_contain_text("本会要求验证")
    photograph(page, "guard")

    report.get_by_label("日期").fill("2026-01-01")
    report.get_by_role("button", name="查询").click()
    expect(report).to_contain_text("这一天没有决定")
    page.reload()
    expect(report.get_by_label("日期")).to_have_value("2026-01-01")
    expect(lock).to_have_count(1)


def test_an_operator_reads_the_report_of_an_app_in_english(
    open_page: Open, attacked: dict[str, Any], operator: Session
) -> None:
    page = open_page(locale="en-GB")
    enter(page, operator, f"apps/{attacked['app_id']}")
    page.get_by_role("link", name="Shield").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shield")
    expect(page.get_by_role("note")).to_contain_text("sends would have been refused")
    expect(page.get_by_role("note").get_by_role("link", name="Deployment")).to_be_visible()
    lock = card(page, "Over budget now").get_by_role("listitem")
    expect(lock).to_contain_text(re.compile(r"\d+ of \d+ in 10 min were not verified"))
    expect(card(page, "Report of a day")).to_contain_text(re.compile(r"Decisions: [23]\d\."))
    photograph(page, "guard-en")


def test_a_lock_is_lifted_by_somebody_who_was_asked(
    open_page: Open, victim: Session, attacked: dict[str, Any]
) -> None:
    page = open_page()
    enter(page, victim, "guard")
    lift = page.get_by_role("button", name=re.compile("解除: 号段"))
    lift.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("一小时之内，防护不再理会它")
    page.keyboard.press("Escape")
    expect(lift).to_be_focused()

    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="解除").click()
    expect(page.locator("#toast")).to_contain_text("已解除：号段")
    expect(card(page, "超出预算的")).to_contain_text("没有超出预算")
    lifted = card(page, "已经解除的").locator("tbody tr")
    expect(lifted).to_contain_text("应用所有者")
    photograph(page, "guard-lifted")

    go(page, "audit")
    expect(page.locator("tbody tr").first).to_contain_text("解除限制")
    expect(page.locator("tbody tr").first).to_contain_text("防护限制")


def test_a_number_that_gets_no_code_is_explained_and_freed(
    open_page: Open, stack: Any, victim: Session, attacked: dict[str, Any], phone: str
) -> None:
    client = {"X-LC-Id": attacked["app_id"], "X-LC-Key": attacked["app_key"]}
    url = f"{stack.url}/1.1/requestSmsCode"
    body = {"mobilePhoneNumber": phone}
    assert httpx.post(url, headers=client, json=body, timeout=30).json() == {}

    page = open_page()
    enter(page, victim, "guard")
    box = card(page, "为什么这个号码收不到验证码？")
    box.get_by_label("手机号").fill(phone)
    page.keyboard.press("Enter")
    expect(box.get_by_role("note")).to_contain_text(f"+86{phone} 现在被拦住了")
    waits = re.compile("签名 s2 的短信到了上限，再等 .* 秒")
    expect(box.get_by_role("note")).to_contain_text(waits)
    expect(box.locator("tbody tr", has_text="验证码")).to_contain_text("24 小时内 1 / 10")
    photograph(page, "guard-number")

    box.get_by_role("button", name="清除计数").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="清除计数").click()
    expect(page.locator("#toast")).to_contain_text(f"已清除 +86{phone} 的计数")
    expect(box.get_by_role("note")).to_contain_text(f"没有什么拦着 +86{phone}")
    assert httpx.post(url, headers=client, json=body, timeout=30).json() == {}

    box.get_by_label("手机号").fill("+6591234567")
    page.keyboard.press("Enter")
    expect(box.get_by_role("note")).to_contain_text("没有打开 +65")
    box.get_by_label("手机号").fill("123")
    page.keyboard.press("Enter")
    expect(box.get_by_role("alert")).to_contain_text("127")


# --- States that are hard to make -------------------------------------------------------------


def lock(node: str, level: str, label: str, step: str, rule: str, **seen: int) -> dict[str, Any]:
    counts = {"sent": 31, "verified": 2, "unverified": 29, "threshold": 20, "window_seconds": 600}
    times = {"since": "2026-11-26T08:00:00Z", "until": "2026-11-26T08:10:00Z"}
    named = {"node": node, "level": level, "label": label, "step": step, "rule": rule}
    return named | counts | seen | times


LOCKS = [
    lock("a", "app", "", "challenge", "share"),
    lock("c998", "country", "+998", "challenge", "day", window_seconds=86_400),
    lock("m998993", "million", "+998993", "challenge", "share"),
    lock("h8613800138", "hundred", "+86138001380", "refuse", "concentration"),
    lock("n998993941234", "number", "+998993941234", "refuse", "share"),
    lock("b7f", "bucket", "7f", "refuse", "burst"),
    lock(f"i{DIGEST}", "address", DIGEST, "refuse", "burst"),
]
SUMS = {"count": 1_234_567, "price_micros": 1_234_567_890_000}


def enforcing(route: Route) -> None:
    """A shield that enforces, with a lock of every kind, and two pages of decisions."""
    path = route.request.url.partition("/console/api/guard")[2].partition("?")[0]
    names = ("refused", "challenged", "would_refuse", "would_challenge")
    more = "cursor=" in route.request.url
    met = [
        one
        | {"id": str(place), "at": "2026-11-26T08:00:00Z", "enforced": True, "address": DIGEST}
        | {"phone": "+998993941234", "price_micros": 980_000}
        for place, one in enumerate(LOCKS)
    ]
    answers: dict[str, Any] = {
        "": {"shield": "enforce", "day": "20261126"} | dict.fromkeys(names, SUMS),
        "/locks": {"locks": LOCKS, "lifted": []},
        "/decisions": {"items": met[:1] if more else met, "cursor": None if more else "next"},
    }
    route.fulfill(content_type="application/json", body=json.dumps(answers[path]))


@pytest.mark.parametrize(
    ("locale", "scheme", "size"),
    [("zh-CN", "dark", (360, 740)), ("en-GB", "light", (360, 740)), ("en-GB", "dark", (1200, 900))],
)
def test_every_kind_of_lock_fits_the_page(
    open_page: Open, owner: Session, locale: str, scheme: str, size: tuple[int, int]
) -> None:
    width, height = size
    page = open_page(
        locale=locale, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page.route(ANY_GUARD, enforcing)
    enter(page, owner, "guard")
    expect(page.locator(".locks > li")).to_have_count(len(LOCKS))
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"guard-{locale[:2]}-{width}")


def test_decisions_page_on(open_page: Open, owner: Session) -> None:
    page = open_page()
    page.route(ANY_GUARD, enforcing)
    enter(page, owner, "guard")
    report = card(page, "一天的报告")
    expect(report).to_contain_text(f"已显示 {len(LOCKS)} 条决定，还有更多。")
    report.get_by_role("button", name="更多").click()
    expect(report).to_contain_text(f"共 {len(LOCKS) + 1} 条决定。")
    expect(report.locator("tbody tr")).to_have_count(len(LOCKS) + 1)
    expect(report.get_by_role("button", name="更多")).to_be_hidden()


def test_a_lock_that_ended_meanwhile_is_as_good_as_lifted(open_page: Open, owner: Session) -> None:
    page = open_page()
    page.route(re.compile(r"/console/api/guard(?!/locks/lift)"), enforcing)
    enter(page, owner, "guard")
    page.get_by_role("button", name="解除: 整个应用").click()
    page.get_by_role("dialog").get_by_role("button", name="解除").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("已解除：整个应用")


def test_a_shield_that_does_not_answer_is_said_and_leaves_the_overview_alone(
    open_page: Open, owner: Session
) -> None:
    page = open_page()
    page.route(ANY_GUARD, lambda route: route.fulfill(status=429, body="{}"))
    enter(page, owner)
    expect(page.get_by_role("heading", level=1)).to_have_text("安静的应用")
    go(page, "guard")
    expect(page.get_by_role("alert")).to_contain_text("服务正忙")
    page.unroute(ANY_GUARD)
    page.get_by_role("button", name="重试").click()
    expect(card(page, "超出预算的")).to_be_visible()
