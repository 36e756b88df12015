"""The shop's captcha, by picture, by sound, by work, by keyboard; and when it goes wrong."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from local.front import SHOP
from tests.browser import shop
from tests.browser.console import photograph
from tests.browser.shop import code_for

Open = Callable[..., Page]
Texts = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def forcing(stack: Any) -> dict[str, str]:
    """An app whose clients send nothing without a solved captcha."""
    return shop.new_app(stack, "强制验证", force_captcha=True)


def opened(open_page: Open, stack: Any, app: dict[str, str] | None = None, **options: Any) -> Page:
    """The shop, of that app or of the demo app."""
    page = open_page(**options)
    if app:
        shop.belong_to(page, app)
    page.goto(f"{stack.url}/")
    return page


def answered(code: int) -> Callable[[Route], None]:
    """A refusal in the place of the real answer."""
    body = json.dumps({"code": code, "error": "Refused."})
    return lambda route: route.fulfill(status=400, content_type="application/json", body=body)


def verify(page: Page, phone: str) -> None:
    """Type in the code from the phone beside the shop."""
    page.locator("#code").fill(code_for(page, phone))
    page.locator("#verify-button").click()
    expect(page.locator("#verify-note")).to_have_text("验证成功，欢迎光临！")


# --- Sending ----------------------------------------------------------------------------------


def test_the_whole_story_by_picture(
    open_page: Open, stack: Any, phone: str, forcing: dict[str, str]
) -> None:
    page = opened(open_page, stack, forcing)
    first = shop.shown(page)
    assert page.locator("#picture-image").evaluate("image => image.naturalWidth") == 200
    photograph(page, "shop-01-picture")

    page.locator("#phone").fill(phone)
    page.locator("#answer").fill("0000")
    page.locator("#send-button").click()
    expect(page.locator("#captcha-note")).to_contain_text("换了一张")
    expect(page.locator("#answer")).to_be_focused()
    expect(page.locator("#answer")).to_have_value("")
    expect(page.locator("#answer")).to_have_attribute("aria-invalid", "true")
    assert shop.shown(page) != first
    photograph(page, "shop-02-wrong")

    page.keyboard.type(shop.answers(page, stack)["written"].lower())
    page.keyboard.press("Enter")
    expect(page.locator("#send-note")).to_have_class("note good")
    expect(page.locator("#captcha-note")).to_have_text("")
    expect(page.locator("#code")).to_be_focused()
    verify(page, phone)
    photograph(page, "shop-03-verified")


def test_the_keyboard_alone_reaches_everything(open_page: Open, stack: Any, phone: str) -> None:
    page = opened(open_page, stack)
    first = shop.shown(page)
    page.locator("[value=picture]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#picture")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#picture-image")).not_to_have_attribute("src", re.compile(first["token"]))
    expect(page.locator("#picture")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#another")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#listen")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#send-button")).to_be_focused()

    page.locator("[value=picture]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#by-work")).to_be_visible()
    page.locator("#phone").fill(phone)
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code_for(page, phone))
    page.keyboard.press("Enter")
    expect(page.locator("#verify-note")).to_have_class("note good")


@pytest.mark.parametrize(("locale", "language"), [("zh-CN", "zh"), ("en-GB", "en")])
def test_the_sound_is_heard_in_the_pages_language_and_its_digits_will_do(
    open_page: Open, stack: Any, phone: str, forcing: dict[str, str], locale: str, language: str
) -> None:
    page = opened(open_page, stack, forcing, locale=locale)
    said = shop.answers(page, stack)["spoken"]
    page.locator("#phone").fill(phone)
    page.evaluate("""() => {
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        globalThis.heard = this;
        return play.call(this);
      };
    }""")

    with page.expect_request("**/captchaSound*") as asked:
        page.locator("#listen").click()
    page.wait_for_function("() => globalThis.heard?.currentTime > 0.3")
    assert asked.value.url.endswith(f"&lang={language}")
    assert page.evaluate("heard.readyState") >= 2
    assert 3 < page.evaluate("heard.duration") < 30
    expect(page.locator("#answer")).to_be_focused()
    expect(page.locator("#listen")).to_have_text("停止播放" if language == "zh" else "Stop")
    photograph(page, f"shop-04-listening-{language}")

    page.keyboard.type(said)
    page.keyboard.press("Enter")
    expect(page.locator("#send-note")).to_have_class("note good")
    assert page.evaluate("heard.paused")


def test_the_sound_can_be_stopped_and_heard_again_without_another_request(
    open_page: Open, stack: Any
) -> None:
    page = opened(open_page, stack)
    shop.shown(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    listen = page.locator("#listen")
    listen.click()
    expect(listen).to_have_text("停止播放")
    listen.click()
    expect(listen).to_have_text("听一听")
    listen.click()
    expect(listen).to_have_text("停止播放")
    assert len([url for url in asked if "captchaSound" in url]) == 1


def test_the_browser_works_in_the_place_of_a_person(
    open_page: Open, stack: Any, phone: str, forcing: dict[str, str]
) -> None:
    page = opened(open_page, stack, forcing)
    page.locator("[value=work]").check()
    expect(page.locator("#by-picture")).to_be_hidden()
    photograph(page, "shop-05-invisible")
    page.locator("#phone").fill(phone)
    page.locator("#send-button").click()
    expect(page.locator("#send-note")).to_have_class("note good")
    assert page.locator("#progress").get_attribute("value") == "1"
    verify(page, phone)


def test_work_that_is_cancelled_sends_nothing(open_page: Open, stack: Any, phone: str) -> None:
    page = opened(open_page, stack)
    hard = {"token": "x" * 50, "algorithm": "SHA-256", "parts": 16, "bits": 30}
    page.route("**/requestProofOfWork", lambda route: route.fulfill(body=json.dumps(hard)))
    page.locator("[value=work]").check()
    page.locator("#phone").fill(phone)
    page.locator("#send-button").click()
    expect(page.locator("#working")).to_be_visible()
    expect(page.locator("#send-button")).to_be_disabled()
    photograph(page, "shop-06-working")
    page.locator("#cancel").click()
    expect(page.locator("#captcha-note")).to_have_text("已取消，没有发送。")
    expect(page.locator("#send-button")).to_be_enabled()
    query = {"phone": f"+86{phone}"}
    assert httpx.get(f"{stack.url}/local/messages", params=query).json() == []


def test_a_double_click_sends_one(open_page: Open, stack: Any, phone: str, texts: Texts) -> None:
    page = opened(open_page, stack)
    page.locator("#phone").fill(phone)
    page.locator("#answer").fill(shop.answers(page, stack)["written"])
    page.locator("#send-button").dblclick()
    expect(page.locator("#send-note")).to_have_class("note good")
    assert len(texts(phone)) == 1


# --- What goes wrong --------------------------------------------------------------------------


def test_an_empty_answer_is_asked_for_and_nothing_is_called(open_page: Open, stack: Any) -> None:
    page = opened(open_page, stack)
    shop.shown(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.locator("#send-button").click()
    expect(page.locator("#captcha-note")).to_have_text(re.compile("请填写图中的字符"))
    expect(page.locator("#answer")).to_be_focused()
    assert "POST" not in asked


def test_who_mistyped_the_number_need_not_solve_another(
    open_page: Open, stack: Any, phone: str, forcing: dict[str, str]
) -> None:
    page = opened(open_page, stack, forcing)
    shop.send(page, stack, "12345")
    expect(page.locator("#send-note")).to_have_text("这不是有效的手机号。")
    expect(page.locator("#phone")).to_be_focused()
    expect(page.locator("#solved")).to_be_visible()
    expect(page.locator("#by-picture")).to_be_hidden()
    photograph(page, "shop-07-number-wrong")

    page.keyboard.type(phone)
    page.keyboard.press("Enter")
    expect(page.locator("#send-note")).to_have_class("note good")
    expect(page.locator("#by-picture")).to_be_visible()


def test_a_proof_that_is_not_good_any_more_is_asked_for_again(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = opened(open_page, stack)
    first = shop.shown(page)
    page.route("**/requestSmsCode", answered(608))
    shop.send(page, stack, phone)
    expect(page.locator("#send-note")).to_contain_text("请再验证一次")
    expect(page.locator("#by-picture")).to_be_visible()
    assert shop.shown(page) != first


def test_without_captchas_the_page_says_so_and_sends(
    open_page: Open, stack: Any, phone: str
) -> None:
    page = opened(open_page, stack, shop.new_app(stack, "不用验证", captcha=False))
    expect(page.locator("#captcha-note")).to_have_text(re.compile("没有开通图形验证码服务"))
    expect(page.locator("#by-picture")).to_be_hidden()
    expect(page.locator("#choices")).to_be_hidden()
    photograph(page, "shop-08-captcha-off")
    page.locator("#phone").fill(phone)
    page.locator("#send-button").click()
    expect(page.locator("#send-note")).to_have_class("note good")
    verify(page, phone)


def test_a_picture_that_does_not_come_is_said_and_asked_for_again(
    open_page: Open, stack: Any
) -> None:
    page = open_page()
    page.route("**/captchaImage*", lambda route: route.fulfill(status=404))
    page.goto(f"{stack.url}/")
    expect(page.locator("#captcha-note")).to_have_text(re.compile("没有加载出来"))
    photograph(page, "shop-09-no-picture")
    page.unroute("**/captchaImage*")
    page.locator("#another").click()
    expect(page.locator("#captcha-note")).to_have_text("")
    expect(page.locator("#picture-image")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "said"), [(401, "应用的 id 或 key 不对。"), (160, "余额"), (605, "签名"), (999, "999")]
)
def test_a_refusal_is_explained(
    open_page: Open, stack: Any, phone: str, code: int, said: str
) -> None:
    page = opened(open_page, stack)
    page.route("**/requestSmsCode", answered(code))
    shop.send(page, stack, phone)
    expect(page.locator("#send-note")).to_contain_text(said)


def test_the_captcha_speaks_the_language_that_is_chosen(open_page: Open, stack: Any) -> None:
    page = opened(open_page, stack)
    expect(page.locator("#picture-image")).to_have_attribute("alt", re.compile("听一听"))
    page.locator("#send-button").click()
    expect(page.locator("#captcha-note")).to_contain_text("请填写图中的字符")
    page.locator("#language").click()
    expect(page.locator("#picture-image")).to_have_attribute("alt", re.compile("Listen"))
    expect(page.locator("#captcha-note")).to_contain_text("Type the characters")
    expect(page.locator("#listen")).to_have_text("Listen")


# --- How it looks -----------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_every_width_language_and_scheme_is_whole(
    open_page: Open, stack: Any, width: int, locale: str, scheme: str
) -> None:
    size = {"width": width, "height": 800}
    page = opened(open_page, stack, viewport=size, locale=locale, color_scheme=scheme)
    shop.shown(page)
    photograph(page, f"shop-{width}-{locale}-{scheme}")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert width > 360 or small_targets(page) == []


def small_targets(page: Page) -> list[str]:
    """What can be pressed and is smaller than a finger."""
    found: list[str] = page.evaluate("""() =>
      [...document.querySelectorAll("a, button, input")]
        .filter((target) => target.offsetParent)
        .filter((target) => {
          const { width, height } = target.getBoundingClientRect();
          return width < 44 || height < 44;
        })
        .map((target) => target.outerHTML)""")
    return found


# --- Served from elsewhere --------------------------------------------------------------------


def test_the_folder_works_from_another_origin_without_a_virtual_phone(
    open_page: Open, stack: Any, phone: str, texts: Texts, shop_elsewhere: str
) -> None:
    page = open_page()
    page.goto(shop_elsewhere)
    shop.shown(page)
    for part in page.locator("[data-local]").all():
        expect(part).to_be_hidden()
    photograph(page, "shop-10-elsewhere")
    shop.send(page, stack, phone)
    expect(page.locator("#send-note")).to_have_text(f"已发送到 {phone}。")
    (received,) = texts(phone)
    code = re.search(r"\d{6}", received["text"])
    assert code
    page.locator("#code").fill(code.group())
    page.locator("#verify-button").click()
    expect(page.locator("#verify-note")).to_have_text("验证成功，欢迎光临！")


@pytest.mark.parametrize("by", ["sound", "work"])
def test_from_elsewhere_sounds_are_heard_and_work_is_done(
    open_page: Open, stack: Any, phone: str, shop_elsewhere: str, by: str
) -> None:
    page = open_page()
    page.goto(shop_elsewhere)
    page.locator("#phone").fill(phone)
    if by == "work":
        page.locator("[value=work]").check()
    else:
        said = shop.answers(page, stack)["spoken"]
        page.locator("#listen").click()
        expect(page.locator("#captcha-note")).to_contain_text("正在播放")
        page.locator("#answer").fill(said)
    page.locator("#send-button").click()
    expect(page.locator("#send-note")).to_have_class("note good")


@pytest.fixture
def shop_elsewhere(stack: Any, elsewhere: str, tmp_path: Path) -> str:
    """The shop's folder on a static host, with its one file edited."""
    shutil.copytree(SHOP, tmp_path / "shop")
    config = tmp_path / "shop" / "config.js"
    text = config.read_text(encoding="utf-8")
    text = text.replace("location.origin,", f'"{stack.url}",')
    edited = text.replace("virtualPhone: true", "virtualPhone: false")
    assert edited.count(stack.url) == 1
    config.write_text(edited, encoding="utf-8")
    return f"{elsewhere}/shop/"
