"""The console's pages of audiences in a real Chromium, against the API's answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, go, photograph, settled
from tests.browser.test_console import TOO_WIDE

Open = Callable[..., Page]
Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("awake")

CSV = (
    "手机号,称呼,门店,同意时间\n18612345678,张女士,徐汇店,2026-10-01\n13800138000,李先生,静安店,\n"
)
FIELDS = {"key": "uploads/app/a-1.csv", "policy": "e30=", "x-amz-signature": "5ig"}
WAITING: Json = {
    "id": "a-1",
    "name": "双十二会员",
    "state": "waiting",
    "problem": None,
    "problem_text": None,
    "encoding": None,
    "columns": [],
    "phone_column": None,
    "zone_column": None,
    "rows": 0,
    "valid": 0,
    "invalid": 0,
    "duplicate": 0,
    "opted_out": 0,
    "no_consent": 0,
    "refused": {},
    "bytes_read": 0,
    "size": 0,
    "sample": [],
    "refused_sample": [],
    "created_at": "2026-11-26T13:00:00Z",
    "expires_at": "2026-12-26T13:00:00Z",
}
READING = WAITING | {"state": "reading", "size": 4_200_000, "bytes_read": 1_050_000}
READY = READING | {
    "state": "ready",
    "encoding": "gbk",
    "columns": ["手机号", "称呼", "门店", "同意时间"],
    "phone_column": "手机号",
    "rows": 120_408,
    "valid": 118_204,
    "invalid": 1_200,
    "duplicate": 1_004,
    "opted_out": 311,
    "no_consent": 8_004,
    "refused": {"invalid": 1_190, "formula": 10, "duplicate": 1_004},
    "bytes_read": 4_200_000,
    "sample": [
        {"line": 2, "phone": "+86186****5678", "variables": {"称呼": "张女士", "门店": "徐汇店"}},
        {"line": 3, "phone": "+86138****8000", "variables": {"称呼": "李先生", "门店": "静安店"}},
    ],
    "refused_sample": [
        {"line": 14, "value": "1861234567", "reason": "invalid"},
        {"line": 90, "value": "+86186****5678", "reason": "duplicate"},
        {"line": 91, "value": "=cmd|' /C calc'!A0", "reason": "something_new"},
    ],
}
FAILED = READING | {"state": "failed", "problem": "no_phone_column", "problem_text": "No column."}


@pytest.fixture(scope="module")
def owner(stack: Any) -> Session:
    """A browser's session as an app."""
    return console.owner(stack.url, console.new_app(stack.url, "名单测试"))


class Audiences:
    """An app's audiences as the API tells them, and the bucket that takes their files."""

    def __init__(self, url: str, *states: Json) -> None:
        self.url = url
        self.states = list(states)
        self.asked: list[tuple[str, str, Any]] = []
        self.held: list[Route] = []
        self.bucket = 204
        self.holds = False

    def __call__(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("/console/api/")[2]
        if request.method != "GET":
            sent = json.loads(request.post_data) if request.post_data else None
            self.asked.append((request.method, path, sent))
        status = 201 if (request.method, path) == ("POST", "audiences") else 200
        body = json.dumps(self.reply(request.method, path))
        route.fulfill(status=status, content_type="application/json", body=body)

    def reply(self, method: str, path: str) -> Json:
        if path.endswith("/report"):
            return {"url": f"{self.url}/report.csv", "expires_at": "2026-11-26T14:00:00Z"}
        if path.endswith("/upload"):
            return {"upload": self.upload}
        if path == "audiences" and method == "POST":
            return {"audience": WAITING, "upload": self.upload}
        if path.partition("?")[0] == "audiences":
            return {"audiences": self.states, "cursor": None}
        return {"audience": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    @property
    def upload(self) -> Json:
        expires_at = "2026-11-26T14:00:00Z"
        return {"url": f"{self.url}/bucket", "fields": FIELDS, "expires_at": expires_at}

    def take(self, route: Route) -> None:
        """What the bucket does with a file."""
        self.held.append(route)
        if not self.holds:
            self.answer()

    def answer(self) -> None:
        refusal = "<Error><Code>EntityTooLarge</Code></Error>"
        self.held[-1].fulfill(status=self.bucket, body="" if self.bucket < 300 else refusal)


def opened(
    open_page: Open, owner: Session, path: str, *states: Json, **options: Any
) -> tuple[Page, Audiences]:
    page, answers = open_page(**options), Audiences(owner.url, *states)
    page.route(re.compile(r"/console/api/audiences([/?]|$)"), answers)
    page.route("**/bucket", answers.take)
    enter(page, owner, path)
    return page, answers


def choose(page: Page, name: str, content: bytes) -> None:
    """Choose a file as by the browser's dialog."""
    file: Any = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.locator("input[type=file]").set_input_files(files=[file])


# --- The list ------------------------------------------------------------------------------


def test_without_an_audience_the_page_says_how_to_make_one(open_page: Open, owner: Session) -> None:
    page, _ = opened(open_page, owner, "")
    page.route("**/console/api/audiences", lambda route: route.fulfill(body='{"audiences": []}'))
    page.get_by_role("navigation").get_by_role("link", name="收件人名单").click()
    expect(page.get_by_text("还没有名单")).to_be_visible()
    expect(page.locator(".example")).to_contain_text("手机号,称呼")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载示例").click()
    saved = Path(download.value.path()).read_bytes()
    # Excel takes a CSV for UTF-8 by its mark.
    assert saved.startswith("\ufeff手机号,称呼".encode())
    assert download.value.suggested_filename == "名单示例.csv"
    photograph(page, "audiences-empty")
    page.get_by_role("link", name="上传名单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("上传名单")


@pytest.mark.parametrize(
    ("locale", "width", "scheme"), [("zh-CN", 1280, "light"), ("en-GB", 390, "dark")]
)
def test_the_list_says_how_each_stands(
    open_page: Open, owner: Session, locale: str, width: int, scheme: str
) -> None:
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "locale": locale}
    states = [READY, FAILED | {"name": "旧名单"}, READING | {"name": "VIP"}, WAITING]
    page, _ = opened(open_page, owner, "audiences", *states, **look)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    for row, said in zip(rows.all(), words(locale), strict=True):
        expect(row).to_contain_text(said)
    expect(rows.first).to_contain_text("118,204")
    expect(rows.first).to_contain_text("2,204")
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"audiences-{locale[:2]}-{width}")


def words(locale: str) -> list[str]:
    """The four states as a badge says them."""
    if locale == "zh-CN":
        return ["可用", "没有读成", "正在检查", "等待上传"]
    return ["ready", "not readable", "being checked", "waiting for its file"]


# --- Uploading -----------------------------------------------------------------------------


def test_a_file_is_looked_at_sent_with_its_form_and_read(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "audiences/new", READING, READING, READY)
    answers.holds = True
    choose(page, "双十二会员.csv", CSV.encode("gbk"))
    seen = page.locator("form .sideways")
    expect(seen).to_contain_text("张女士")
    expect(page.get_by_label("名称")).to_have_value("双十二会员")
    page.get_by_label("方式", exact=True).fill("会员注册时勾选")
    page.get_by_label("日期（可不填）").fill("2026-10-08")
    photograph(page, "audience-new")
    page.get_by_role("button", name="上传并检查").click()

    expect(page.get_by_role("progressbar", name="上传进度")).to_be_visible()
    photograph(page, "audience-uploading")
    answers.answer()
    expect(page.get_by_role("heading", name="正在逐行检查")).to_be_visible()
    expect(page.locator("main")).to_contain_text("已读 1.1 MB，共 4.2 MB")
    photograph(page, "audience-reading")
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible()
    expect(page.locator("#toast")).to_have_text("「双十二会员」检查完成。")

    made = {
        "name": "双十二会员",
        "encoding": "auto",
        "consent": {"how": "会员注册时勾选", "at": "2026-10-08T00:00:00+08:00"},
    }
    assert answers.asked == [("POST", "audiences", made), ("POST", "audiences/a-1/read", None)]
    sent = answers.held[0].request.post_data_buffer or b""
    names = re.findall(rb'form-data; name="([^"]+)"', sent)
    # What comes after the file is ignored by the bucket.
    assert names == [b"key", b"policy", b"x-amz-signature", b"file"]
    assert CSV.encode("gbk") in sent


def test_a_column_says_who_agreed_and_which_is_the_phone(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "audiences/new", READY)
    choose(page, "a.csv", CSV.encode())
    page.get_by_label("文件里有一列写明").check()
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_label("写明同意的列")).to_be_focused()
    page.get_by_label("写明同意的列").select_option("同意时间")
    page.get_by_text("列与编码").click()
    page.get_by_label("手机号所在的列").select_option("手机号")
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible()
    sent = answers.asked[0][2]
    assert sent["consent"] == {"column": "同意时间"}
    assert sent["phone_column"] == "手机号"


def test_a_file_is_dropped_onto_the_box(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "audiences/new", READY, locale="en-GB")
    page.evaluate(
        """csv => {
          const carried = new DataTransfer();
          carried.items.add(new File([csv], "members.csv", { type: "text/csv" }));
          const drop = new DragEvent("drop", { dataTransfer: carried, bubbles: true });
          document.querySelector(".drop").dispatchEvent(drop);
        }""",
        CSV,
    )
    expect(page.locator(".drop")).to_contain_text("members.csv")
    page.get_by_label("They did not: notifications only").check()
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="What was found")).to_be_visible()
    assert "consent" not in answers.asked[0][2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "这个文件是空的"),
        (b"PK\x03\x04\x14\x00", "这是 Excel 工作簿"),
        (b"\xff\xff\x00\x81\xff", "既不是 UTF-8 也不是 GBK"),
    ],
)
def test_a_file_of_another_kind_is_refused_before_it_is_sent(
    open_page: Open, owner: Session, content: bytes, said: str
) -> None:
    page, answers = opened(open_page, owner, "audiences/new", READY)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("请选择一个文件。")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_focused()
    choose(page, "a.csv", content)
    expect(page.get_by_text("请选择一个文件。")).to_have_count(0)
    page.get_by_label("方式", exact=True).fill("会员")
    page.get_by_role("button", name="上传并检查").click()
    expect(page.locator(".field").first).to_contain_text(said)
    assert answers.asked == []


def test_an_upload_that_breaks_off_goes_on_with_a_fresh_form(
    open_page: Open, owner: Session
) -> None:
    page, answers = opened(open_page, owner, "audiences/new", READY)
    answers.bucket = 400
    choose(page, "a.csv", CSV.encode())
    page.get_by_label("方式", exact=True).fill("会员")
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("alert")).to_contain_text("文件太大")
    photograph(page, "audience-too-large")
    answers.bucket = 204
    expect(page.get_by_role("button", name="重试")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible()
    assert [path for _, path, _ in answers.asked] == [
        "audiences",
        "audiences/a-1/upload",
        "audiences/a-1/read",
    ]


def test_a_file_that_never_came_is_chosen_again(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "audiences/a-1", WAITING)
    expect(page.get_by_role("heading", name="文件还没有到")).to_be_visible()
    answers.holds = True
    choose(page, "a.csv", CSV.encode())
    expect(page.get_by_role("progressbar", name="上传进度")).to_be_visible()
    answers.states = [READY]
    answers.answer()
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible()


def test_a_reading_that_has_stopped_can_be_begun_anew(open_page: Open, owner: Session) -> None:
    page = open_page()
    page.clock.install()
    answers = Audiences(owner.url, READING)
    page.route(re.compile(r"/console/api/audiences([/?]|$)"), answers)
    enter(page, owner, "audiences/a-1")
    expect(page.get_by_role("heading", name="正在逐行检查")).to_be_visible()
    page.clock.run_for(60_000)
    expect(page.get_by_text("检查好像停住了")).to_be_hidden()
    page.clock.fast_forward(300_000)
    page.get_by_role("button", name="重新检查").click()
    expect(page.get_by_text("检查好像停住了")).to_be_hidden()
    assert answers.asked == [("POST", "audiences/a-1/read", None)]


# --- What was found ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "width", "scheme"),
    [("zh-CN", 1280, "light"), ("en-GB", 1280, "dark"), ("zh-CN", 360, "dark")],
)
def test_the_report_says_who_can_be_sent_to_and_why_others_cannot(
    open_page: Open, owner: Session, locale: str, width: int, scheme: str
) -> None:
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "locale": locale}
    page, _ = opened(open_page, owner, "audiences/a-1", READY, **look)
    is_chinese = locale == "zh-CN"
    said = page.locator(".figure")
    expect(said).to_have_text("118,204 人可发送" if is_chinese else "118,204 people can be sent to")
    legend = page.locator(".legend li")
    expect(legend).to_have_count(5)
    expect(legend.first).to_contain_text("109,889")
    refused = card(page, "没有采用的行" if is_chinese else "Rows that were not taken")
    expect(refused.locator("tbody tr").nth(1)).to_contain_text(
        "与前面的一行重复" if is_chinese else "duplicate of an earlier row"
    )
    expect(refused.locator(".reasons li").first).to_contain_text("1,190")
    # A word that is new to the page is shown as it is.
    expect(refused.locator("tbody tr").nth(2)).to_contain_text("something_new")
    assert page.evaluate(TOO_WIDE) == []
    photograph(page, f"audience-report-{locale[:2]}-{width}-{scheme}")


def test_the_whole_report_is_downloaded(open_page: Open, owner: Session) -> None:
    page, _ = opened(open_page, owner, "audiences/a-1", READY)
    kept = {"Content-Disposition": 'attachment; filename="report.csv"'}
    page.route("**/report.csv", lambda route: route.fulfill(headers=kept, body="line,value,reason"))
    with page.expect_download() as download:
        page.get_by_role("button", name="下载全部（CSV）").click()
    assert download.value.suggested_filename == "report.csv"
    assert download.value.url == f"{owner.url}/report.csv"


def test_a_file_that_could_not_be_read_says_why_and_takes_another(
    open_page: Open, owner: Session
) -> None:
    page, answers = opened(open_page, owner, "audiences/a-1", FAILED)
    expect(page.get_by_role("alert").first).to_contain_text("没有找到手机号的列")
    photograph(page, "audience-failed")
    answers.states = [READY]
    choose(page, "b.csv", CSV.encode())
    expect(page.get_by_role("heading", name="检查结果")).to_be_visible()

    answers.states = [FAILED | {"problem": "quite_new", "problem_text": "Another trouble."}]
    go(page, "audiences")
    go(page, "audiences/a-1")
    expect(page.get_by_role("alert").first).to_contain_text("Another trouble.")


def test_an_audience_is_removed_after_a_question(open_page: Open, owner: Session) -> None:
    page, answers = opened(open_page, owner, "audiences/a-1", READY)
    page.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    assert answers.asked == []
    page.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator("#toast")).to_have_text("已删除名单「双十二会员」。")
    settled(page)
    assert answers.asked == [("DELETE", "audiences/a-1", None)]
    assert page.evaluate("location.hash") == "#/audiences"
