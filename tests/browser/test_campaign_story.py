"""A campaign from its file to its last recipient, in a real Chromium on the local stack."""

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect

from local import seed
from local.stack import Stack
from tests.browser.console import card, go, photograph, settled, sign_in

Open = Callable[..., Page]

SHANGHAI = ZoneInfo("Asia/Shanghai")
PEOPLE = 40
# What is looked for comes by itself, after queues, a planner and a clock that looks now and then.
PATIENT = 60_000


class Clock:
    """Signet's clock, which these tests move."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/local/clock"

    def now(self) -> datetime:
        """What Signet takes the time to be, in Shanghai."""
        said = httpx.get(self.url).json()["now"]
        return datetime.fromisoformat(said).astimezone(SHANGHAI)

    def advance(self, seconds: float) -> None:
        body = {"advance_seconds": int(seconds)}
        assert httpx.post(self.url, json=body, timeout=60).is_success


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose clock nobody else looks at, and whose phone has no other texts."""
    with Stack(work_dir=tmp_path) as running:
        httpx.get(f"{running.url}/console", timeout=60)
        yield running


@pytest.fixture
def morning(own_stack: Stack) -> Iterator[Clock]:
    """It is ten in the morning in Shanghai, when marketing may go out; afterwards it is now."""
    clock = Clock(own_stack.url)
    before = httpx.get(clock.url).json()["offset_seconds"]
    now = clock.now()
    ten = now.replace(hour=10, minute=0, second=0, microsecond=0)
    clock.advance(((ten if ten > now else ten + timedelta(days=1)) - now).total_seconds())
    yield clock
    clock.advance(before - httpx.get(clock.url).json()["offset_seconds"])


@pytest.fixture
def people() -> list[str]:
    """Numbers that nothing else uses."""
    return [f"187{number:08d}" for number in random.sample(range(10**8), PEOPLE)]


def received(stack: Stack, phone: str) -> list[str]:
    """The texts on a number's virtual phone."""
    reply = httpx.get(f"{stack.url}/local/messages", params={"phone": f"+86{phone}"})
    return [message["text"] for message in reply.json()]


def test_a_campaign_from_its_file_to_its_last_recipient(
    own_stack: Stack, open_page: Open, morning: Clock, people: list[str], tmp_path: Path
) -> None:
    page = open_page(timezone_id="Asia/Shanghai")
    sign_in(page, own_stack.url, "owner", seed.APP_ID, seed.MASTER_KEY)
    upload(page, people, tmp_path)
    write(page, morning)
    look_at_dry_run(page)
    schedule_and_begin(page, morning)
    first = pause_and_look(page, own_stack, people)
    reply_td(open_page(), own_stack, first)
    finish(page, own_stack, people)
    send_again_without(page, own_stack, people, first)


def upload(page: Page, people: list[str], folder: Path) -> None:
    """A file as Chinese Excel writes it, with a row that is no number and one that is twice."""
    rows = [f"{phone},会员{place}" for place, phone in enumerate(people)]
    lines = ["手机号,称呼", *rows, "12345,没有号码", rows[0]]
    file = folder / "会员日.csv"
    file.write_bytes("\r\n".join(lines).encode("gbk"))
    page.get_by_role("navigation").get_by_role("link", name="收件人名单").click()
    settled(page)
    go(page, "audiences/new")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("form .sideways")).to_contain_text("会员0")
    page.get_by_label("方式", exact=True).fill("会员注册时勾选")
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible(timeout=PATIENT)
    expect(page.locator(".figure")).to_have_text(f"{PEOPLE} 人可发送")
    refused = card(page, "没有采用的行").locator("tbody tr")
    expect(refused).to_have_count(2)
    expect(refused.first).to_contain_text("不是可用的手机号")
    expect(refused.last).to_contain_text("与前面的一行重复")
    photograph(page, "story-1-report")


def write(page: Page, clock: Clock) -> None:
    """A campaign for them in two minutes, slow enough to be watched."""
    page.get_by_role("link", name="用它群发").click()
    page.get_by_label("名称").fill("会员日")
    page.get_by_label("模板", exact=True).select_option(seed.MARKETING_TEMPLATE)
    expect(page.get_by_label("签名")).to_have_value(seed.MARKETING_SIGNATURE)
    expect(page.locator(".message")).to_contain_text("回复TD退订")
    page.get_by_label("定时一次").check()
    at = clock.now() + timedelta(minutes=2)
    page.get_by_label("时间", exact=True).fill(at.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_text("速度与自动暂停").click()
    page.get_by_label("每秒人数").fill("1")
    # One of forty is more than one in a hundred.
    page.get_by_label("退订（%）").fill("100")
    photograph(page, "story-2-form")
    page.get_by_role("button", name="保存并试算").click()


def look_at_dry_run(page: Page) -> None:
    plan = card(page, "试算")
    expect(plan.locator(".tally")).to_contain_text(f"人数{PEOPLE}", timeout=PATIENT)
    expect(plan.locator(".message").first).to_contain_text("会员日")
    expect(plan).to_contain_text("够用")
    expect(plan.locator(".chart svg")).to_be_visible()
    photograph(page, "story-3-dry-run")


def schedule_and_begin(page: Page, clock: Clock) -> None:
    """It begins by itself when its time has come."""
    page.get_by_role("button", name="按时发送").click()
    page.get_by_role("dialog").get_by_role("button", name="按时发送").click()
    expect(page.locator("main .badge").first).to_have_text("已定时")
    photograph(page, "story-4-scheduled")
    clock.advance(130)
    expect(page.get_by_role("heading", name="发送进度")).to_be_visible(timeout=PATIENT)
    expect(page.locator(".figure")).to_have_text(
        re.compile(rf"已处理 [1-9]\d* / {PEOPLE} 人"), timeout=PATIENT
    )
    photograph(page, "story-5-running")


def pause_and_look(page: Page, stack: Stack, people: list[str]) -> str:
    """Paused, with some who have it and some who wait; one who has it."""
    page.get_by_role("button", name="暂停").click()
    expect(page.locator("main .badge").first).to_have_text("已暂停")
    page.wait_for_timeout(5_000)
    had = [phone for phone in people if received(stack, phone)]
    assert 0 < len(had) < PEOPLE
    page.wait_for_timeout(5_000)
    assert [phone for phone in people if received(stack, phone)] == had
    photograph(page, "story-6-paused")
    return had[0]


def reply_td(page: Page, stack: Stack, phone: str) -> None:
    page.goto(f"{stack.url}/phone")
    page.locator(".person", has_text=phone).click()
    page.get_by_role("button", name="TD", exact=True).click()
    expect(page.locator("#bubbles .mine .body")).to_have_text("TD")
    photograph(page, "story-7-td")


def finish(page: Page, stack: Stack, people: list[str]) -> None:
    """Everybody has it, once; one has left because of it."""
    page.get_by_role("button", name="继续").click()
    expect(page.locator("main .badge").first).to_have_text("已完成", timeout=3 * PATIENT)
    expect(page.locator(".figure")).to_have_text(f"已处理 {PEOPLE} / {PEOPLE} 人")
    assert {phone: len(received(stack, phone)) for phone in people} == dict.fromkeys(people, 1)
    expect(card(page, "发送进度").locator(".tally")).to_contain_text("因此退订1", timeout=PATIENT)
    page.get_by_role("button", name="生成 CSV").click()
    link = page.get_by_role("link", name="下载结果（CSV）")
    expect(link).to_be_visible(timeout=PATIENT)
    photograph(page, "story-8-finished")
    lines = httpx.get(link.get_attribute("href") or "").content.decode("utf-8-sig").splitlines()
    assert len(lines) == PEOPLE + 1


def send_again_without(page: Page, stack: Stack, people: list[str], left: str) -> None:
    """The same once more: who has left is expected to be left out, and is."""
    page.get_by_role("link", name="复制一份").click()
    page.get_by_label("名称").fill("会员日，第二次")
    page.get_by_text("速度与自动暂停").click()
    page.get_by_label("每秒人数").fill("")
    page.get_by_role("button", name="保存并试算").click()
    expect(card(page, "试算")).to_contain_text("1 人已退订", timeout=PATIENT)
    page.get_by_role("button", name="立即发送").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"现在发送给 {PEOPLE} 人？")
    page.get_by_role("dialog").get_by_role("button", name="立即发送").click()
    expect(page.locator("main .badge").first).to_have_text("已完成", timeout=3 * PATIENT)
    expect(card(page, "发送进度").locator(".legend")).to_contain_text("已退订，跳过1")
    photograph(page, "story-9-again")
    had = {phone: len(received(stack, phone)) for phone in people}
    assert had == dict.fromkeys(people, 2) | {left: 1}
