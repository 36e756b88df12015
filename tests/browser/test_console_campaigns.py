"""The console's pages of campaigns in a real Chromium, against the API's answers."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, photograph, settled
from tests.browser.test_console import TOO_WIDE
from tests.browser.test_console_audiences import READY

Open = Callable[..., Page]
Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("awake")

TEXT = "{{称呼}}您好，会员日{{city}}门店全场八折，回复TD退订"
TEMPLATES = [
    {"name": "Members_Day", "version": 3, "kind": "marketing", "in_use": True, "text": TEXT},
    {"name": "Moved", "version": 1, "kind": "notification", "in_use": True, "text": "新地址见官网"},
    {"name": "Draft", "version": 1, "kind": "marketing", "in_use": False, "text": "还没好"},
    {"name": "Code", "version": 1, "kind": "verification", "in_use": True, "text": "{{code}}"},
]
SIGNATURES = [
    {"name": "Ads", "text": "天天会员", "use": "marketing", "in_use": True},
    {"name": "Main", "text": "天天商城", "use": "verification_notification", "in_use": True},
]
AUDIENCE = READY | {"columns": ["手机号", "称呼", "门店", "同意时间"]}
NONE = {"state": "none", "problem": None}
NINE = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)


def minute(number: int) -> str:
    return (NINE + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:00Z")


PLAN = {
    "state": "ready",
    "problem": None,
    "recipients": 112_700,
    "segments": 121_390,
    "cost_micros": 6_043_950_000,
    "reserve_micros": 6_069_500_000,
    "dropped": {"no_consent": 8_004, "no_variables": 1_200, "country": 3, "quite_new": 1},
    "expected_drops": {"opted_out": 311, "capped": 200},
    "samples": [
        "【天天会员】张女士您好，会员日上海门店全场八折，回复TD退订",
        "【天天会员】李先生您好，会员日上海门店全场八折，回复TD退订",
        "【天天会员】Ms. Li您好，会员日上海门店全场八折，回复TD退订",
    ],
    "curve": [[minute(number), 3_000] for number in range(37)]
    + [[minute(37), 500]]
    + [[minute(240 + number), 602] for number in range(2)],
    "starts_at": minute(0),
    "finishes_at": minute(242),
    "waits": [
        {"zone": "1|America/New_York", "recipients": 1_204, "opens_at": "2026-11-27T13:00:00Z"},
        {
            "zone": "1|America/Chicago,1|America/Denver",
            "recipients": 12,
            "opens_at": "2026-11-27T15:00:00Z",
        },
    ],
}
DRAFT = {
    "id": "c-1",
    "version": 1,
    "name": "双十二会员日",
    "kind": "marketing",
    "state": "draft",
    "why": None,
    "template": "Members_Day",
    "template_version": 3,
    "sign": "Ads",
    "audience_id": "a-1",
    "variables": {"city": "上海"},
    "schedule": None,
    "pace": 50,
    "stops": {"failures": 50, "opt_outs": 10, "window": 1_000},
    "plan": NONE,
    "run": None,
    "created_at": "2026-11-26T13:00:00Z",
    "updated_at": "2026-11-26T13:05:00Z",
}
AT = {"at": "2026-11-27T01:00:00Z"}
PLANNED = DRAFT | {"plan": PLAN}
TIMED = PLANNED | {"schedule": AT}
RUN = {"number": 1, "started_at": "2026-11-27T01:00:04Z", "finished_at": None}
RUNNING = TIMED | {"state": "running", "run": RUN}
PAUSED = RUNNING | {"state": "paused", "why": "by_hand"}
FINISHED = RUNNING | {"state": "finished", "run": RUN | {"finished_at": "2026-11-27T05:02:11Z"}}
PROGRESS = {
    "state": "running",
    "why": None,
    "run": 1,
    "recipients": 112_700,
    "released": 61_000,
    "sent": 60_200,
    "delivered": 55_010,
    "undelivered": 410,
    "failed": 210,
    "unconfirmed": 40,
    "dropped": {"opted_out": 311, "capped": 200},
    "replied_out": 97,
    "cost_micros": 3_010_050_000,
    "waiting": [
        {"zone": "1|America/New_York", "recipients": 1_204, "opens_at": "2026-11-27T13:00:00Z"}
    ],
    "finishes_at": minute(242),
    "window": {"sent": 1_000, "failures": 12, "opt_outs": 3},
}
LINTED = {
    "findings": [],
    "preview": "【天天会员】张女士您好，会员日上海门店全场八折，回复TD退订",
    "text": TEXT,
    "characters": 32,
    "segments": 1,
    "price_micros": 50_000,
}


@pytest.fixture(scope="module")
def owner(stack: Any) -> Session:
    """A browser's session as an app."""
    return console.owner(stack.url, console.new_app(stack.url, "群发测试"))


class Campaigns:
    """An app's campaign as the API tells it; what is posted changes what comes next."""

    def __init__(self, *states: Json) -> None:
        self.states = list(states)
        self.after: dict[str, Json] = {}
        self.progress: list[Json] = [PROGRESS]
        self.looks = 0
        self.results: list[Json] = [{"state": "none"}]
        self.balance = 9_000_000_000
        self.audiences = [AUDIENCE]
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("/console/api/")[2].partition("?")[0]
        if request.method == "GET" or path == "templates/lint":
            return route.fulfill(content_type="application/json", body=json.dumps(self.get(path)))
        sent = json.loads(request.post_data) if request.post_data else None
        self.asked.append((request.method, path, sent))
        if path in self.after:
            self.states = [self.after[path]]
        stored = self.states[0] if self.states else DRAFT
        if path == "campaigns":
            stored = stored | {"plan": NONE}
        body = json.dumps({"campaign": stored})
        return route.fulfill(content_type="application/json", body=body)

    def get(self, path: str) -> Json:
        fixed: dict[str, Json] = {
            "templates": {"items": TEMPLATES, "cursor": None},
            "templates/lint": LINTED,
            "signatures": {"items": SIGNATURES, "default": "Main", "cursor": None},
            "audiences": {"audiences": self.audiences, "cursor": None},
            "balance": {"balance_micros": self.balance, "days": [], "credits": []},
            "campaigns": {"campaigns": self.states, "cursor": None},
        }
        if path in fixed:
            return fixed[path]
        if path.endswith("/progress"):
            self.looks += 1
            return {"progress": next_of(self.progress)}
        if path.endswith("/results"):
            return next_of(self.results)
        return {"campaign": next_of(self.states)}


def next_of(items: list[Json]) -> Json:
    return items.pop(0) if len(items) > 1 else items[0]


def opened(
    open_page: Open, owner: Session, path: str, *states: Json, **options: Any
) -> tuple[Page, Campaigns]:
    page, answers = open_page(**options), Campaigns(*states)
    asked = r"/console/api/(campaigns|audiences|templates|signatures|balance)([/?]|$)"
    page.route(re.compile(asked), answers)
    enter(page, owner, path)
    return page, answers


def actions(page: Page) -> list[str]:
    """What the campaign's page offers to do."""
    return page.locator(".heading .actions > *").all_inner_texts()


def dialog_button(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog").get_by_role("button", name=name)


LOOKS = [
    ("zh-CN", 1280, "light"),
    ("en-GB", 1280, "dark"),
    ("zh-CN", 360, "dark"),
    ("en-GB", 360, "light"),
]


def look(locale: str, width: int, scheme: str) -> Json:
    viewport = {"width": width, "height": 844}
    # A zone that is not Beijing's, so that both clocks are said.
    zone = "Europe/Paris" if locale == "en-GB" else "Asia/Shanghai"
    return {"viewport": viewport, "color_scheme": scheme, "locale": locale, "timezone_id": zone}


# --- The list ------------------------------------------------------------------------------


def test_the_first_campaign_begins_with_an_audience(open_page: Open, owner: Session) -> None:
    page, _ = opened(open_page, owner, "campaigns")
    expect(page.get_by_text("还没有群发")).to_be_visible()
    expect(page.get_by_role("link", name="新建群发")).to_be_visible()
    photograph(page, "campaigns-empty")
    page.get_by_role("link", name="上传名单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("上传名单")


@pytest.mark.parametrize(("locale", "width", "scheme"), LOOKS[:3])
def test_the_list_says_how_each_stands_and_how_far_it_is(
    open_page: Open, owner: Session, locale: str, width: int, scheme: str
) -> None:
    weekly = {"cron": "0 10 ? * MON,THU *", "zone": "Europe/Paris"}
    states = [RUNNING, TIMED | {"state": "scheduled", "schedule": weekly}, FINISHED, DRAFT]
    page, _ = opened(open_page, owner, "campaigns", *states, **look(locale, width, scheme))
    rows = page.locator("tbody tr")
    said = ["正在发送", "已定时", "已完成", "草稿"]
    said = said if locale == "zh-CN" else ["running", "scheduled", "finished", "draft"]
    for row, words in zip(rows.all(), said, strict=True):
        expect(row).to_contain_text(words)
    expect(rows.first.get_by_role("progressbar")).to_have_attribute("value", re.compile(r"0\.541"))
    every = "每周一、周四 10:00（Europe/Paris）"
    every = every if locale == "zh-CN" else "every Mon, Thu at 10:00 (Europe/Paris)"
    expect(rows.nth(1)).to_contain_text(every)
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"campaigns-{locale[:2]}-{width}-{scheme}")


# --- Writing one ---------------------------------------------------------------------------


def test_a_campaign_is_written_and_planned_at_once(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/new?audience=a-1", PLANNED)
    expect(page.get_by_label("名单", exact=True)).to_have_value("a-1")
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_label("名称")).to_be_focused()
    page.get_by_label("名称").fill("双十二会员日")
    choices = page.get_by_label("模板", exact=True).locator("option")
    expect(choices).to_have_text(["请选择", "Members_Day · 营销", "Moved · 通知"])
    page.get_by_label("模板", exact=True).select_option("Members_Day")
    expect(page.get_by_label("签名")).to_have_value("Ads")
    expect(page.locator(".message")).to_contain_text("张女士您好")

    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_label("{{city}}")).to_be_focused()
    page.get_by_label("{{city}}").fill("上海")
    photograph(page, "campaign-new")
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_role("heading", name="试算")).to_be_visible()
    body = {
        "name": "双十二会员日",
        "template": "Members_Day",
        "sign": "Ads",
        "audience_id": "a-1",
        "variables": {"city": "上海"},
        "schedule": None,
        "pace": 50,
        "stops": {"failures": 50, "opt_outs": 10, "window": 1_000},
    }
    assert answers.asked == [("POST", "campaigns", body), ("POST", "campaigns/c-1/plan", None)]


def write(page: Page) -> None:
    """Everything but the time."""
    page.locator("form input").first.fill("Members' day")
    page.get_by_label("Template", exact=True).select_option("Moved")
    expect(page.get_by_label("Signature")).to_have_value("Main")
    page.get_by_label("Audience", exact=True).select_option("a-1")


def test_a_time_is_of_the_browsers_zone_which_is_said(open_page: Open, owner: Session) -> None:
    options = look("en-GB", 1280, "light")
    page, answers = opened(open_page, owner, "campaigns/new", PLANNED, **options)
    write(page)
    page.get_by_label("Once, at a time").check()
    expect(page.get_by_text("On this browser's clock: Europe/Paris")).to_be_visible()
    page.get_by_role("button", name="Save and make").click()
    expect(page.get_by_label("Time", exact=True)).to_be_focused()
    page.get_by_label("Time", exact=True).fill("2026-11-28T09:30")
    expect(page.locator("form")).to_contain_text("11-28 16:30 Beijing time")
    photograph(page, "campaign-at")
    page.get_by_role("button", name="Save and make").click()
    expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    assert answers.asked[0][2]["schedule"] == {"at": "2026-11-28T08:30:00Z"}


@pytest.mark.parametrize(
    ("every", "cron"),
    [
        ("day", "30 9 * * ? *"),
        ("week", "30 9 ? * MON,WED *"),
        ("month", "30 9 L * ? *"),
        ("other", "0/30 8-18 ? * MON-FRI *"),
    ],
)
def test_what_repeats_is_chosen_in_words_or_as_cron(
    open_page: Open, owner: Session, every: str, cron: str
) -> None:
    options = look("en-GB", 1280, "light")
    page, answers = opened(open_page, owner, "campaigns/new", PLANNED, **options)
    write(page)
    page.get_by_label("Again and again").check()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Paris")
    page.get_by_label("Every", exact=True).select_option(every)
    if every == "other":
        page.get_by_label("Cron expression").fill(cron)
    else:
        page.get_by_label("At", exact=True).fill("09:30")
    if every == "week":
        page.get_by_label("Wed").check()
        photograph(page, "campaign-weekly")
    if every == "month":
        page.get_by_label("On day").select_option("L")
    page.get_by_label("Time zone").fill("Mars/Olympus")
    page.get_by_role("button", name="Save and make").click()
    expect(page.get_by_text("There is no such zone")).to_be_visible()
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_role("button", name="Save and make").click()
    expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    assert answers.asked[0][2]["schedule"] == {"cron": cron, "zone": "America/New_York"}


def test_pace_and_stops_are_checked_where_they_are_typed(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/c-1/edit", PLANNED)
    expect(page.get_by_role("heading", level=1)).to_have_text("修改「双十二会员日」")
    page.get_by_text("速度与自动暂停").click()
    expect(page.get_by_label("失败（%）")).to_have_value("5")
    page.get_by_label("失败（%）").fill("2.5")
    page.get_by_label("退订（%）").fill("101")
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_label("退订（%）")).to_be_focused()
    expect(page.get_by_text("请填写 0.1 到 100")).to_be_visible()
    page.get_by_label("退订（%）").fill("0.5")
    page.get_by_label("每秒人数").fill("")
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_role("heading", name="试算")).to_be_visible()
    # The dry run is of what is said to whom: it is as good as it was.
    ((method, path, body),) = answers.asked
    assert (method, path) == ("PUT", "campaigns/c-1")
    assert body["stops"] == {"failures": 25, "opt_outs": 5, "window": 1_000}
    assert body["pace"] is None
    assert body["variables"] == {"city": "上海"}


def test_a_cron_that_the_service_refuses_is_said_beside_it(open_page: Open, owner: Session) -> None:
    odd = TIMED | {"schedule": {"cron": "0 10 31 2 ? *", "zone": "Asia/Shanghai"}}
    page, _ = opened(open_page, owner, "campaigns/c-1/edit", odd)
    refused = '{"code": 1, "error": "cron: the day cannot be that."}'
    page.route(
        "**/console/api/campaigns/c-1",
        lambda route: (
            route.fulfill(status=400, body=refused)
            if route.request.method == "PUT"
            else route.fallback()
        ),
    )
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_label("cron 表达式", exact=True)).to_be_focused()
    expect(page.locator("form")).to_contain_text("这个表达式不能用：cron: the day cannot be that.")


def test_what_was_typed_is_there_again_and_a_copy_has_no_time(
    open_page: Open, owner: Session
) -> None:
    page, answers = opened(open_page, owner, "campaigns/new?from=c-1", TIMED)
    expect(page.get_by_label("由我开始")).to_be_checked()
    page.get_by_label("名称").fill("再来一次")
    page.reload()
    expect(page.get_by_label("名称")).to_have_value("再来一次")
    page.get_by_role("button", name="保存并试算").click()
    expect(page.get_by_role("heading", name="试算")).to_be_visible()
    assert answers.asked[0][:2] == ("POST", "campaigns")


def test_what_a_campaign_needs_first_is_said(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns")
    answers.audiences = [AUDIENCE | {"state": "reading"}]
    page.get_by_role("link", name="新建群发").click()
    expect(page.get_by_text("群发需要一份检查完的名单。")).to_be_visible()
    expect(page.locator("main").get_by_role("link", name="上传名单")).to_be_visible()


# --- The dry run ---------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "width", "scheme"), LOOKS)
def test_the_dry_run_says_who_gets_what_for_how_much_and_when(
    open_page: Open, owner: Session, locale: str, width: int, scheme: str
) -> None:
    page, _ = opened(open_page, owner, "campaigns/c-1", PLANNED, **look(locale, width, scheme))
    plan = card(page, "试算" if locale == "zh-CN" else "Dry run")
    expect(plan.locator(".message")).to_have_count(3)
    expect(plan.locator(".chart svg")).to_be_visible()
    for said in SAID_OF_PLAN[locale]:
        expect(plan).to_contain_text(said)
    plan.locator(".chart .column").first.hover()
    expect(plan.locator(".readout")).to_contain_text("3,000")
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"campaign-plan-{locale[:2]}-{width}-{scheme}")


SAID_OF_PLAN = {
    "zh-CN": [
        "112,700",
        "¥6,043.95",
        "余额 ¥9,000.00，够用",
        "8,004 人没有同意收到营销短信",
        "1,200 人缺少模板需要的变量",
        "1 人：quite_new",
        "311 人已退订",
        "1,204 人等到 11/27 08:00（America/New_York）",
        "12 人等到 11/27 09:00（America/Chicago 等 2 个时区）",
    ],
    "en-GB": [
        "112,700",
        "¥6,069.50",
        "The balance of ¥9,000.00 is enough",
        "8,004 have not agreed to marketing",
        "1,204 wait until 27/11, 08:00 in America/New_York",
        "12 wait until 27/11, 09:00 in America/Chicago, as one of 2 zones",
    ],
}


def test_a_dry_run_that_is_made_is_waited_for(open_page: Open, owner: Session) -> None:
    making = DRAFT | {"plan": NONE | {"state": "making"}}
    page, _ = opened(open_page, owner, "campaigns/c-1", DRAFT, making, making, making, PLANNED)
    assert actions(page) == ["试算", "编辑", "删除"]
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("progressbar", name="正在试算")).to_be_visible()
    photograph(page, "campaign-making")
    expect(card(page, "试算").locator(".tally")).to_contain_text("112,700")


def test_a_dry_run_that_failed_says_what_to_do(open_page: Open, owner: Session) -> None:
    failed = DRAFT | {"plan": NONE | {"state": "failed", "problem": "no_company"}}
    page, _ = opened(open_page, owner, "campaigns/c-1", failed)
    expect(page.get_by_role("alert")).to_contain_text("应用没有公司名称")
    expect(page.get_by_role("alert")).to_contain_text("在应用设置里填写")
    assert actions(page) == ["试算", "编辑", "删除"]


def test_too_small_a_balance_is_said_before_the_start(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns", TIMED)
    answers.balance = 1_000_000_000
    page.get_by_role("link", name="双十二会员日").click()
    expect(card(page, "试算")).to_contain_text("余额还差 ¥5,069.50")
    expect(card(page, "试算").get_by_role("link", name="余额")).to_be_visible()
    photograph(page, "campaign-unpayable")


# --- Starting, pausing, cancelling ---------------------------------------------------------


def test_starting_asks_with_the_people_and_the_cost(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/c-1", PLANNED)
    answers.after["campaigns/c-1/start"] = RUNNING
    page.get_by_role("button", name="立即发送").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("现在发送给 112,700 人？")
    expect(dialog).to_contain_text("¥6,043.95")
    photograph(page, "campaign-start")
    dialog.get_by_role("button", name="取消").click()
    assert answers.asked == []
    page.get_by_role("button", name="立即发送").click()
    dialog_button(page, "立即发送").click()
    expect(page.get_by_role("heading", name="发送进度")).to_be_visible()
    assert answers.asked == [("POST", "campaigns/c-1/start", None)]


def test_a_time_is_scheduled_then_edited_or_cancelled(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/c-1", TIMED)
    assert actions(page) == ["按时发送", "立即发送", "试算", "编辑", "删除"]
    answers.after["campaigns/c-1/schedule"] = TIMED | {"state": "scheduled"}
    page.get_by_role("button", name="按时发送").click()
    expect(page.get_by_role("dialog")).to_contain_text("到时自动开始，不再询问")
    dialog_button(page, "按时发送").click()
    expect(page.locator("main .badge").first).to_have_text("已定时")
    expect(page.locator("main")).to_contain_text("2026-11-27 09:00:00 北京时间")
    assert actions(page) == ["立即发送", "编辑", "复制一份", "取消群发"]

    answers.after["campaigns/c-1/cancel"] = TIMED | {"state": "cancelled"}
    page.get_by_role("button", name="取消群发").click()
    dialog_button(page, "取消群发").click()
    expect(page.locator("main .badge").first).to_have_text("已取消")
    assert actions(page) == ["复制一份"]


def test_a_refusal_is_said_and_the_page_shows_how_it_stands(
    open_page: Open, owner: Session
) -> None:
    page, _ = opened(open_page, owner, "campaigns/c-1", RUNNING)
    refused = '{"code": 305, "error": "The campaign is not running."}'
    page.route("**/pause", lambda route: route.fulfill(status=400, body=refused))
    page.get_by_role("button", name="暂停").click()
    expect(page.locator("#toast")).to_contain_text("它的状态已经改变")
    expect(page.get_by_role("button", name="暂停")).to_be_focused()


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (1, "schedule.at must be 10 seconds away at least.", "时间太近或者已经过去"),
        (160, "Insufficient balance.", "余额不足"),
        (154, "Exceeded an application threshold setting.", "到了应用的每日消费上限"),
    ],
)
def test_what_keeps_it_from_its_time_is_said_in_the_question(
    open_page: Open, owner: Session, code: int, error: str, said: str
) -> None:
    page, _ = opened(open_page, owner, "campaigns/c-1", TIMED)
    body = json.dumps({"code": code, "error": error})
    page.route("**/schedule", lambda route: route.fulfill(status=400, body=body))
    page.get_by_role("button", name="按时发送").click()
    dialog_button(page, "按时发送").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(said)


def test_a_start_that_was_held_asks_as_a_start_does(open_page: Open, owner: Session) -> None:
    late = TIMED | {"state": "paused", "why": "late"}
    page, answers = opened(open_page, owner, "campaigns/c-1", late)
    expect(page.get_by_role("note")).to_contain_text("没能按时开始，等您决定")
    assert actions(page) == ["继续", "按时发送", "试算", "复制一份", "取消群发"]
    photograph(page, "campaign-late")
    answers.after["campaigns/c-1/resume"] = RUNNING
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("dialog")).to_contain_text("现在发送给 112,700 人？")
    dialog_button(page, "立即发送").click()
    expect(page.get_by_role("heading", name="发送进度")).to_be_visible()
    assert answers.asked == [("POST", "campaigns/c-1/resume", None)]


def test_a_draft_is_removed_after_a_question(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/c-1", DRAFT)
    page.get_by_role("button", name="删除").click()
    answers.states = []
    dialog_button(page, "删除").click()
    expect(page.get_by_text("还没有群发")).to_be_visible()
    assert answers.asked == [("DELETE", "campaigns/c-1", None)]


# --- While it runs -------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "width", "scheme"), LOOKS)
def test_a_run_says_who_has_it_and_who_not(
    open_page: Open, owner: Session, locale: str, width: int, scheme: str
) -> None:
    page, _ = opened(open_page, owner, "campaigns/c-1", RUNNING, **look(locale, width, scheme))
    progress = card(page, "发送进度" if locale == "zh-CN" else "Progress")
    for said in SAID_OF_RUN[locale]:
        expect(progress).to_contain_text(said)
    expect(progress.get_by_role("img")).to_have_attribute("aria-label", re.compile("60,921"))
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"campaign-running-{locale[:2]}-{width}-{scheme}")


SAID_OF_RUN = {
    "zh-CN": [
        "已处理 60,921 / 112,700 人",
        "已送达55,010",
        "已发出，等回执4,740",
        "失败620",
        "已退订，跳过311",
        "频次上限，跳过200",
        "等待51,779",
        "¥3,010.05",
        "最近 1,000 条失败1.2%",
        "最近 1,000 条退订0.3%",
        "1,204 人等到 11/27 08:00（America/New_York）",
    ],
    "en-GB": [
        "60,921 of 112,700 people done",
        "delivered55,010",
        "over the cap, left out200",
        "Failed of the last 1,0001.2%",
    ],
}


def test_a_run_is_followed_until_it_stops_by_itself(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns", RUNNING)
    answers.progress = [PROGRESS, PROGRESS, PROGRESS | {"sent": 62_200, "delivered": 57_010}]
    page.get_by_role("link", name="双十二会员日").click()
    expect(page.locator(".figure")).to_have_text("已处理 62,921 / 112,700 人")
    # One tenth further is said to those who do not see the bar; each look is not.
    expect(card(page, "发送进度").get_by_role("status")).to_have_text(
        re.compile(r"已处理 6\d,921 / 112,700 人")
    )

    answers.states = [PAUSED | {"why": "failures"}]
    answers.progress = [PROGRESS | {"state": "paused", "why": "failures"}]
    notice = page.get_by_role("note").filter(has_text="失败太多，已自动暂停")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("请到发送记录看失败的原因")
    expect(notice.get_by_role("link", name="发送记录")).to_be_visible()
    photograph(page, "campaign-failures")
    answers.after["campaigns/c-1/resume"] = RUNNING
    answers.progress = [PROGRESS]
    page.get_by_role("button", name="继续").click()
    expect(page.locator("main .badge").first).to_have_text("正在发送")


def test_what_nobody_sees_is_not_asked_for(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns/c-1", RUNNING)
    hide = "() => Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.wait_for_timeout(2_500)
    looks = answers.looks
    page.wait_for_timeout(4_500)
    assert answers.looks == looks
    page.evaluate(hide % "false")
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1_000)
    assert answers.looks == looks + 1


def test_a_service_that_is_busy_is_asked_again(open_page: Open, owner: Session) -> None:
    page, _ = opened(open_page, owner, "campaigns/c-1", RUNNING)
    page.route("**/progress", lambda route: route.fulfill(status=429, body="{}"))
    expect(page.get_by_role("alert").filter(has_text="数字可能不是最新的")).to_be_visible()
    page.unroute("**/progress")
    expect(page.get_by_text("数字可能不是最新的")).to_have_count(0, timeout=20_000)


def test_the_results_are_made_and_taken(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "campaigns", FINISHED)
    answers.progress = [PROGRESS | {"state": "finished", "waiting": []}]
    ready: Json = {"state": "ready", "url": f"{owner.url}/results.csv", "rows": 112_700}
    answers.results = [{"state": "none"}, {"state": "making"}, ready]
    page.get_by_role("link", name="双十二会员日").click()
    expect(page.locator("main")).to_contain_text("第 1 次发送")
    page.get_by_role("button", name="生成 CSV").click()
    expect(page.get_by_text("正在生成…")).to_be_visible()
    expect(page.get_by_role("link", name="下载结果（CSV）")).to_have_attribute("href", ready["url"])
    expect(page.get_by_text("112,700 行")).to_be_visible()
    photograph(page, "campaign-finished")
    settled(page)
    assert answers.asked == [("POST", "campaigns/c-1/results", None)]
