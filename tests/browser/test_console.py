"""The console in a real Chromium, with pictures of every step kept in .local/screenshots."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import console
from tests.browser.console import Session, card, enter, go, photograph, settled, sign_in

Open = Callable[..., Page]
Texts = Callable[[str], list[dict[str, Any]]]

GUIDE_TEXT = (
    "尊敬的用户，您的订单号：{{order_id}} 正在派送，请保持手机畅通，"
    "我们的快递员随时可能与您联系，感谢您的订阅。"
)
WITH_MARKETING = "尊敬的用户，您的订单{{order_id}}已发货，全场打折！"

pytestmark = pytest.mark.usefixtures("awake")


@pytest.fixture(scope="module")
def app(stack: Any) -> dict[str, Any]:
    """An app that only these tests use."""
    return console.new_app(stack.url, "控制台测试")


@pytest.fixture(scope="module")
def owner(stack: Any, app: dict[str, Any]) -> Session:
    """A browser's session as that app."""
    credentials = {"app_id": app["app_id"], "master_key": app["master_key"]}
    return console.session(stack.url, credentials)


def submit_template(stack: Any, app: dict[str, Any], name: str) -> None:
    """Submit a template by the API."""
    reply = httpx.post(
        f"{stack.url}/console/api/templates",
        headers={"X-LC-Id": app["app_id"], "X-LC-Key": f"{app['master_key']},master"},
        json={"name": name, "kind": "notification", "text": GUIDE_TEXT},
        timeout=30,
    )
    assert reply.status_code == 201, reply.text


# --- The guide's story ---------------------------------------------------------------------


def test_the_guides_story_from_a_signature_to_the_phone(
    open_page: Open, stack: Any, phone: str, texts: Texts
) -> None:
    page = open_page()
    page.goto(f"{stack.url}/console")
    expect(page.get_by_role("heading", name="登录控制台")).to_be_visible()
    photograph(page, "01-sign-in")
    sign_in(page, stack.url, "owner", "signet-demo-app", "signet-demo-master")
    photograph(page, "02-overview")

    write_signature(page)
    write_template(page)
    page.locator("#sign-out").click()
    expect(page.get_by_role("heading", name="登录控制台")).to_be_visible()

    sign_in(page, stack.url, "operator", *console.OPERATOR)
    photograph(page, "08-operators-overview")
    approve_both(page)

    reply = httpx.post(
        f"{stack.url}/1.1/requestSmsCode",
        headers={"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-master,master"},
        json={
            "mobilePhoneNumber": phone,
            "template": "Order_Notice_2",
            "sign": "sign_BuyBuyBuy",
            "order_id": "7623432424540",
        },
    )
    assert reply.json() == {}
    (received,) = texts(phone)
    assert received["text"] == "【天天商城】" + GUIDE_TEXT.replace("{{order_id}}", "7623432424540")

    find_in_records(page, phone)
    page.goto(f"{stack.url}/phone")
    page.locator(".person", has_text=phone).click()
    expect(page.locator("#bubbles .body")).to_have_text(received["text"])
    photograph(page, "14-virtual-phone")


def write_signature(page: Page) -> None:
    """天天商城, named sign_BuyBuyBuy."""
    go(page, "signatures/new")
    page.get_by_label("签名内容").fill("天天商城")
    page.get_by_label("内部名称").fill("sign_BuyBuyBuy")
    page.get_by_label("证明").fill("营业执照")
    expect(page.locator(".message")).to_contain_text("【天天商城】")
    expect(page.locator("form")).to_contain_text("没有发现问题")
    photograph(page, "03-signature")
    page.get_by_role("button", name="提交审核").click()
    expect(card(page, "sign_BuyBuyBuy")).to_contain_text("审核中")
    photograph(page, "04-signature-submitted")


def write_template(page: Page) -> None:
    """The guide's text, first with a word that does not pass."""
    go(page, "templates/new")
    page.get_by_label("模板名称").fill("Order_Notice_2")
    page.locator("textarea").fill(WITH_MARKETING)
    expect(page.locator("mark.error")).to_have_text("打折")
    photograph(page, "05-template-with-a-finding")
    page.locator("textarea").fill(GUIDE_TEXT)
    page.get_by_label("{{order_id}}").fill("7623432424540")
    expect(page.locator("mark.error")).to_have_count(0)
    expect(page.locator(".message")).to_contain_text("订单号：7623432424540 正在派送")
    expect(page.locator(".size")).to_contain_text("计 1 条")
    expect(page.locator(".size")).to_contain_text("¥0.05")
    photograph(page, "06-template-previewed")
    page.get_by_role("button", name="提交审核").click()
    expect(card(page, "Order_Notice_2")).to_contain_text("审核中")
    photograph(page, "07-template-submitted")


def approve_both(page: Page) -> None:
    """Look at the queue and approve what the story submitted."""
    go(page, "review")
    photograph(page, "09-review")
    for name in ("sign_BuyBuyBuy", "Order_Notice_2"):
        card(page, name).get_by_role("button", name="通过").click()
        photograph(page, f"10-approve-{name}")
        page.get_by_role("dialog").get_by_role("button", name="通过").click()
        expect(page.locator("#toast")).to_contain_text(f"已通过「{name}」")
        expect(card(page, name)).to_have_count(0)
    photograph(page, "11-reviewed")


def find_in_records(page: Page, phone: str) -> None:
    """The message by its number, and what became of it."""
    go(page, "apps/signet-demo-app/records")
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="查询").click()
    # Then the answer is there: the day's list, shown before, may have had one row as well.
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Order_Notice_2")
    # Its receipt comes within a second, perhaps after the row.
    expect(row).to_contain_text(re.compile("等待回执|发送成功"))
    # Four digits stay hidden.
    expect(row).to_contain_text(f"+86{phone[:3]}****{phone[-4:]}")
    photograph(page, "12-records")
    row.get_by_role("button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".timeline li").first).to_contain_text("受理")
    expect(drawer.locator(".timeline")).to_contain_text("自有网关 已接收")
    photograph(page, "13-timeline")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(row.get_by_role("button")).to_be_focused()


# --- Signing in and out ----------------------------------------------------------------------


def test_the_keyboard_alone_signs_in_and_moves_about(
    open_page: Open, stack: Any, app: dict[str, Any]
) -> None:
    page = open_page()
    page.goto(f"{stack.url}/console")
    expect(page.locator("input[name=username]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("运营者密钥")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type(app["app_id"])
    page.keyboard.press("Tab")
    page.keyboard.type(app["master_key"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("控制台测试")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.get_by_role("link", name="短信模板").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_title("短信模板 · Signet")


@pytest.mark.parametrize(
    ("role", "said"), [("owner", "App ID 或 Master Key 不对"), ("operator", "运营者 ID 或密钥不对")]
)
def test_a_wrong_key_is_said_where_it_was_typed(
    open_page: Open, stack: Any, role: str, said: str
) -> None:
    page = open_page()
    page.goto(f"{stack.url}/console")
    page.locator(f"input[value={role}]").check(force=True)
    page.locator("input[name=username]").fill("nobody-at-all")
    page.locator("input[name=password]").fill("wrong-key")
    page.keyboard.press("Enter")
    expect(page.locator(".field", has=page.locator("[name=password]"))).to_contain_text(said)
    expect(page.locator("input[name=password]")).to_be_focused()


def test_too_many_tries_say_how_long_to_wait(open_page: Open, stack: Any) -> None:
    page = open_page()
    page.route(
        "**/console/api/session",
        lambda route: (
            route.fulfill(status=429, body='{"code":429,"error":"Too many.","retry_after":540}')
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.goto(f"{stack.url}/console")
    page.locator("input[name=username]").fill("somebody")
    page.locator("input[name=password]").fill("some-key")
    page.keyboard.press("Enter")
    expect(page.locator(".form-note")).to_have_text("尝试次数太多，请在 9 分钟后再试。")
    expect(page.get_by_role("button", name="登录")).to_be_disabled()


def test_a_session_that_ends_loses_nothing_that_was_typed(
    open_page: Open, app: dict[str, Any], owner: Session
) -> None:
    page = open_page()
    enter(page, owner, "templates/new")
    page.get_by_label("模板名称").fill("Kept_Notice")
    page.locator("textarea").fill(GUIDE_TEXT)
    expect(page.locator(".size")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("登录已过期")).to_be_visible()
    photograph(page, "session-over")

    page.locator("input[name=username]").fill(app["app_id"])
    page.locator("input[name=password]").fill(app["master_key"])
    page.keyboard.press("Enter")
    expect(page.get_by_label("模板名称")).to_have_value("Kept_Notice")
    expect(page.locator("textarea")).to_have_value(GUIDE_TEXT)
    expect(page.get_by_text("已恢复上次没有提交的内容")).to_be_visible()


def test_a_page_of_the_other_role_is_not_there(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "operators")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有这个页面")


# --- The linter while typing -----------------------------------------------------------------


def test_the_marks_stay_with_their_words_while_one_types(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "templates/new")
    # An emoji counts as one character for the server and as two units for JavaScript.
    page.locator("textarea").fill("😀 您的订单已发货，全场打折！")
    mark = page.locator("mark.error")
    expect(mark).to_have_text("打折")
    expect(page.locator(".findings")).to_contain_text("打折")

    page.route("**/templates/lint", lambda route: None)  # no answer any more
    page.locator("textarea").evaluate("area => area.setSelectionRange(0, 0)")
    page.keyboard.type("您好：")
    expect(mark).to_have_text("打折")
    page.locator("textarea").fill("😀 您的订单已发货！")
    expect(mark).to_have_count(0)


def test_a_finding_leads_to_its_place_in_the_text(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "templates/new")
    page.locator("textarea").fill("😀 您的订单已发货，全场打折！")
    page.locator(".findings .quote", has_text="打折").click()
    selected = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert page.locator("textarea").evaluate(selected) == "打折"


def test_what_has_errors_is_not_submitted(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "templates/new")
    page.get_by_label("模板名称").fill("Wrong_Notice")
    page.locator("textarea").fill(WITH_MARKETING)
    expect(page.locator("mark.error")).to_have_count(1)
    page.get_by_role("button", name="提交审核").click()
    expect(page.locator("form")).to_contain_text("请先改正标出的错误")
    expect(page.locator("textarea")).to_be_focused()


def test_a_draft_is_kept_changed_and_removed(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "templates/new")
    page.get_by_label("模板名称").fill("Draft_Notice")
    page.locator("textarea").fill(GUIDE_TEXT)
    page.get_by_role("button", name="存为草稿").click()
    draft = card(page, "Draft_Notice")
    expect(draft).to_contain_text("草稿")

    draft.get_by_role("link", name="编辑").click()
    settled(page)
    page.locator("textarea").fill(GUIDE_TEXT + "祝您愉快。")
    page.get_by_role("button", name="存为草稿").click()
    expect(draft).to_contain_text("祝您愉快。")

    draft.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(draft).to_have_count(0)


def test_a_rejection_comes_back_with_its_reason_and_sentence(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session, operator: Session
) -> None:
    submit_template(stack, app, "Rejected_Notice")
    page = open_page()
    enter(page, operator, "review")
    card(page, "Rejected_Notice").get_by_role("button", name="驳回").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="驳回").click()
    expect(dialog).to_contain_text("请至少选一项原因")
    dialog.get_by_label("链接不合规").check()
    dialog.get_by_label("给应用的说明").fill("请写明是哪家快递。")
    dialog.get_by_role("button", name="驳回").click()
    expect(card(page, "Rejected_Notice")).to_have_count(0)

    seen = open_page()
    enter(seen, owner, "templates")
    expect(card(seen, "Rejected_Notice")).to_contain_text("未通过")
    expect(card(seen, "Rejected_Notice")).to_contain_text("链接不合规")
    expect(card(seen, "Rejected_Notice")).to_contain_text("请写明是哪家快递。")
    photograph(seen, "rejected")


# --- Money and records -----------------------------------------------------------------------


def test_an_operator_tops_up_and_the_owner_sees_it(
    open_page: Open, app: dict[str, Any], owner: Session, operator: Session
) -> None:
    page = open_page()
    enter(page, operator, f"apps/{app['app_id']}/balance")
    page.get_by_role("button", name="充值").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("金额（元）").fill("一百")
    dialog.get_by_label("备注").fill("转账 0001")
    dialog.get_by_role("button", name="充值").click()
    expect(dialog).to_contain_text("不为零的金额")
    dialog.get_by_label("金额（元）").fill("100.000001")
    expect(dialog).to_contain_text("余额从 ¥5.00 变为 ¥105.000001。")
    photograph(page, "top-up")
    dialog.get_by_role("button", name="充值").click()
    expect(page.locator(".figure")).to_have_text("¥105.000001")

    seen = open_page()
    enter(seen, owner, "balance")
    expect(seen.locator(".figure")).to_have_text("¥105.000001")
    expect(card(seen, "充值记录")).to_contain_text("转账 0001")
    expect(seen.get_by_role("img")).to_have_attribute("aria-label", re.compile("最近 30 天"))
    seen.get_by_text("以表格显示").click()
    expect(card(seen, "最近 30 天").locator("tbody tr")).to_have_count(30)
    photograph(seen, "balance")


def test_an_operator_sets_a_price_and_takes_it_back(open_page: Open, operator: Session) -> None:
    page = open_page()
    enter(page, operator, "prices")
    page.get_by_label("查找国家或区号").fill("南非")
    row = page.locator("tbody tr:visible")
    expect(row).to_have_count(1)
    row.get_by_role("button").click()
    page.get_by_label("每条价格（元）").fill("0.3")
    page.get_by_role("button", name="保存").click()
    row = page.locator("tbody tr", has_text="南非")
    expect(row).to_contain_text("¥0.30")
    expect(row).to_contain_text("原价 ¥0.28")
    expect(row.get_by_role("button")).to_be_focused()
    row.get_by_role("button").click()
    page.get_by_role("button", name="用原价 ¥0.28").click()
    page.get_by_role("button", name="保存").click()
    expect(row).not_to_contain_text("原价")


def test_records_page_on_and_export_as_one_file(open_page: Open, owner: Session) -> None:
    page = open_page()
    page.route("**/console/api/records?**", pages_of_records)
    page.route("**/console/api/records.csv?**", pages_of_csv)
    enter(page, owner, "records")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("验证码 · 重置密码")
    page.get_by_role("button", name="更多").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").last.get_by_role("button")).to_be_focused()
    expect(page.get_by_role("button", name="更多")).to_be_hidden()

    with page.expect_download() as download:
        page.get_by_role("button", name="导出 CSV").click()
    assert re.fullmatch(r"signet-\d{8}\.csv", download.value.suggested_filename)
    assert download.value.path().read_bytes() == "\ufeffa,b\r\n1,2\r\n3,4\r\n".encode()
    expect(page.locator("#toast")).to_have_text("已导出 2 条。")


def pages_of_records(route: Route) -> None:
    """Two records, then one more."""
    one = {
        "message_id": "20261122-0-0123456789abcdef0123456789abcdef",
        "created_at": "2026-11-22T10:00:00Z",
        "phone": "+86186****5678",
        "kind": "verification",
        "purpose": "reset_password",
        "channel": "sms",
        "template": None,
        "template_version": None,
        "signature": "<b>Signet</b>",
        "state": "call_failed",
        "segments": 1,
        "price_micros": 50_000,
        "refunded": True,
        "carrier": "sns",
        "carrier_message_id": None,
        "reason": None,
        "held_until": None,
    }
    more = "cursor=" in route.request.url
    page = {"items": [one] if more else [one, one], "cursor": None if more else "next"}
    route.fulfill(content_type="application/json", body=json.dumps(page))


def pages_of_csv(route: Route) -> None:
    """A first page with a heading and the mark that spreadsheets want, and a second one."""
    more = "cursor=" in route.request.url
    headers = {"Content-Type": "text/csv"} | ({} if more else {"X-Next-Cursor": "next"})
    route.fulfill(headers=headers, body="3,4\r\n" if more else "\ufeffa,b\r\n1,2\r\n")


CALCULATIONS = """
async () => {
  const { money, microsOf, amount, time, today } = await import("/console/format.js");
  return [
    [money(0), money(1), money(50000), money(-5_000_000), money(9007199254740991)],
    ["12.5", "0.000001", "−1,234.50", "1.0000001", "abc"].map(microsOf),
    [amount(12_500_000), amount(-1), amount(null), microsOf(amount(9_007_199_254_740))],
    [time("2026-11-22T16:00:00Z"), today(new Date("2026-11-22T15:59:59Z"))],
  ];
}
"""


def test_money_is_exact_and_days_are_those_of_beijing(open_page: Open, stack: Any) -> None:
    page = open_page(timezone_id="America/New_York")
    page.goto(f"{stack.url}/console")
    assert page.evaluate(CALCULATIONS) == [
        ["¥0.00", "¥0.000001", "¥0.05", "−¥5.00", "¥9,007,199,254.740991"],
        [12_500_000, 1, -1_234_500_000, None, None],
        ["12.5", "-0.000001", "", 9_007_199_254_740],
        ["2026-11-23 00:00:00", "20261122"],
    ]


# --- Switches, keys, dialogs -------------------------------------------------------------------


def test_a_switch_that_stops_sends_asks_first(open_page: Open, owner: Session) -> None:
    page = open_page()
    enter(page, owner, "settings")
    switch = page.get_by_role("switch", name="通用验证码")
    switch.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("请求发送和校验验证码都会被拒绝")
    for _ in range(6):  # the keyboard stays inside
        page.keyboard.press("Tab")
        assert page.evaluate(
            "() => document.activeElement === document.body"
            " || document.querySelector('dialog').contains(document.activeElement)"
        )
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()

    page.get_by_role("switch", name="国际短信").click()
    expect(page.locator("#toast")).to_have_text("已打开「国际短信」。")
    page.reload()
    expect(page.get_by_role("switch", name="国际短信")).to_be_checked()
    photograph(page, "settings")


def test_a_switch_of_the_accounts_is_stored_at_once(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page()
    enter(page, owner, "settings")
    switch = card(page, "账户").get_by_role("switch", name="允许以短信验证码登录")
    expect(switch).not_to_be_checked()

    switch.focus()
    page.keyboard.press("Space")

    expect(page.locator("#toast")).to_contain_text("已打开「已验证手机号码的用户")
    assert switches_of(stack, app)["login_by_code"] is True

    page.keyboard.press("Space")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("立即无法登录")
    dialog.get_by_role("button", name="关闭").click()

    expect(page.locator("#toast")).to_contain_text("已关闭「已验证手机号码的用户")
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()
    assert switches_of(stack, app)["login_by_code"] is False


def test_a_cap_on_marketing_has_both_its_numbers_or_none(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page(locale="en-GB")
    enter(page, owner, "settings")
    form = card(page, "Marketing")
    count, days = form.get_by_label("Messages to one number"), form.get_by_label("In days")
    expect(count).to_have_value("2")
    expect(days).to_have_value("7")

    days.fill("")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Fill in both, or neither.")
    days.fill("30")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#toast")).to_have_text("Saved.")
    page.reload()
    expect(days).to_have_value("30")

    count.fill("")
    days.fill("")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#toast")).to_have_text("Saved.")
    page.reload()
    expect(count).to_have_value("")


def test_codes_without_numbers_are_allowed_only_by_somebody_who_was_warned(
    open_page: Open, stack: Any, app: dict[str, Any], owner: Session
) -> None:
    page = open_page(locale="en-GB")
    enter(page, owner, "settings")
    switch = card(page, "Accounts").get_by_role("switch", name="A code alone")

    switch.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("with a chance of 1%")
    photograph(page, "settings-code-only")
    dialog.get_by_role("button", name="Cancel").click()
    expect(switch).not_to_be_checked()
    assert switches_of(stack, app)["code_only"] is False

    switch.click()
    dialog.get_by_role("button", name="Switch on").click()
    expect(page.locator("#toast")).to_contain_text("is on")
    assert switches_of(stack, app)["code_only"] is True

    switch.click()  # the way back asks nothing
    expect(page.locator("#toast")).to_contain_text("is off")
    assert switches_of(stack, app)["code_only"] is False


def switches_of(stack: Any, app: dict[str, Any]) -> dict[str, bool]:
    """The app's switches as the API has them."""
    headers = {"X-LC-Id": app["app_id"], "X-LC-Key": f"{app['master_key']},master"}
    reply = httpx.get(f"{stack.url}/console/api/app", headers=headers, timeout=30)
    found: dict[str, bool] = reply.json()["switches"]
    return found


def test_a_new_apps_keys_are_shown_until_they_are_put_away(
    open_page: Open, operator: Session
) -> None:
    page = open_page()
    enter(page, operator, "apps/new")
    page.get_by_label("应用名称").fill("新应用")
    page.get_by_role("button", name="创建").click()
    keys = card(page, "已创建「新应用」")
    expect(keys).to_contain_text("Master Key")
    master_key = keys.locator(".facts > div", has_text="Master Key").locator("code").inner_text()
    assert len(master_key) >= 32
    page.locator("#language").click()
    expect(page.get_by_text(master_key)).to_be_visible()
    photograph(page, "new-app")
    page.get_by_role("button", name="Create another one").click()
    expect(page.get_by_text(master_key)).to_have_count(0)


def test_a_second_operator_gets_a_key_and_can_be_revoked(
    open_page: Open, operator: Session
) -> None:
    page = open_page()
    enter(page, operator, "operators")
    page.get_by_label("运营者 ID").fill("li.lei")
    page.get_by_role("button", name="添加运营者").click()
    expect(card(page, "已添加「li.lei」")).to_contain_text("它只显示这一次")
    row = page.locator("tbody tr", has_text="li.lei")
    row.get_by_role("button", name="停用").click()
    page.get_by_role("dialog").get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")


def test_what_a_stranger_wrote_is_text(open_page: Open, operator: Session) -> None:
    nasty = "<img src=x onerror=alert(1)>{{x}}"
    item = {
        **{"app_id": "a", "app_name": nasty, "company": nasty, "type": "signature", "name": nasty},
        **{"version": 1, "state": "pending", "text": nasty, "author": "owner:a", "risk": "low"},
        **{"created_at": None, "submitted_at": None, "decided_at": None, "decided_by": None},
        **{"reasons": [], "comment": None, "in_use": False, "findings": []},
        **{"use": "marketing", "owner_kind": "app", "proof": "javascript:alert(1)"},
        "missing_mappings": [],
    }
    queue = json.dumps({"items": [item], "cursor": None})

    def answer(route: Route) -> None:
        route.fulfill(content_type="application/json", body=queue)

    page = open_page()
    page.route("**/console/api/review", answer)
    enter(page, operator, "review")
    expect(page.locator(".message")).to_have_text(f"【{nasty}】")
    expect(page.locator("main img")).to_have_count(0)
    expect(page.locator("a[href^=javascript]")).to_have_count(0)


# --- Both languages, every width, and when the server does not answer ------------------------


def test_the_language_changes_at_once_and_is_remembered(open_page: Open, owner: Session) -> None:
    page = open_page(locale="en-GB")
    enter(page, owner, "templates/new")
    expect(page.get_by_role("heading", level=1)).to_have_text("New template")
    page.locator("textarea").fill("Typed before")
    page.locator("#language").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("新建模板")
    expect(page.locator("textarea")).to_have_value("Typed before")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("新建模板")


@pytest.fixture(params=["owner", "operator"])
def somebody(
    request: pytest.FixtureRequest, owner: Session, operator: Session, app: dict[str, Any]
) -> Iterator[tuple[Session, list[str]]]:
    """Each role with all of its pages."""
    if request.param == "owner":
        yield owner, list(console.OWNERS_PAGES)
    else:
        of_an_app = [f"apps/{app['app_id']}{page}" for page in console.OPERATORS_PAGES_OF_AN_APP]
        yield operator, [*console.OPERATORS_PAGES, *of_an_app]


# What makes the page wider than the phone, and what is cut off by what it is in.
TOO_WIDE = """
() => [...document.querySelectorAll("html, main *:not(.unseen, thead)")]
  .filter((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0)
  .filter((part) => part.matches("html") || getComputedStyle(part).overflowX === "hidden")
  .map((part) => `${part.tagName}.${part.className}`)
"""


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("zh-CN", "dark", 360), ("en-GB", "light", 360)]
)
def test_nothing_sticks_out_of_a_phone(
    open_page: Open,
    somebody: tuple[Session, list[str]],
    app: dict[str, Any],
    locale: str,
    scheme: str,
    width: int,
) -> None:
    signed_in, pages = somebody
    viewport = {"width": width, "height": 740}
    page = open_page(locale=locale, color_scheme=scheme, viewport=viewport)
    enter(page, signed_in)
    page.get_by_role("button", name=re.compile("菜单|Menu")).click()
    expect(page.get_by_role("navigation")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation")).to_be_hidden()
    too_wide = []
    for path in pages:
        go(page, path)
        expect(page.locator(".notice[role=alert]")).to_have_count(0)
        too_wide += [f"{path}: {part}" for part in page.evaluate(TOO_WIDE)]
        name = re.sub(r"\W+", "-", path.replace(app["app_id"], "app")) or "overview"
        photograph(page, f"phone-{locale[:2]}-{signed_in.role}-{name}")
    assert too_wide == []


def test_a_server_that_does_not_answer_is_said_with_a_way_on(
    open_page: Open, owner: Session
) -> None:
    page = open_page()
    enter(page, owner)
    page.route("**/console/api/balance", lambda route: route.fulfill(status=429, body="{}"))
    go(page, "balance")
    expect(page.get_by_role("alert")).to_contain_text("服务正忙")
    page.unroute("**/console/api/balance")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".figure")).to_be_visible()


def test_nothing_on_the_page_is_inline_or_from_elsewhere(stack: Any) -> None:
    reply = httpx.get(f"{stack.url}/console")
    policy = reply.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "style-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|<script>", reply.text)
    # Served at /console and at /live/console alike.
    assert not re.search(r'(?:src|href)="/', reply.text)
