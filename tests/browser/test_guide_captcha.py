"""The guide's own page with a captcha, with the real SDK, on another origin than the stack."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

# guide.zh.md, 完整示例: every character of it.
PAGE = Path(__file__).with_name("guide_captcha.html")
SCRIPT = "//cdn1.lncld.net/static/js/2.3.2/av-min.js"
INIT = "AV.init({ appId: appId, appKey: appKey });"
KEYS = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}

Texts = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def said() -> list[str]:
    """What the page said on the console."""
    return []


@pytest.fixture
def page(
    browser: Browser, stack: Any, av_js: bytes, elsewhere: str, tmp_path: Path, said: list[str]
) -> Any:
    """The page, open, with its picture."""
    html = PAGE.read_text(encoding="utf-8")
    for old, new in {
        SCRIPT: "av-min.js",
        "{{appid}}": "signet-demo-app",
        "{{appkey}}": "signet-demo-key",
        INIT: INIT.replace(" }", f", serverURL: '{stack.url}' }}"),
    }.items():
        assert old in html
        html = html.replace(old, new)
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    (tmp_path / "av-min.js").write_bytes(av_js)
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{elsewhere}/index.html")
    picture(page)
    yield page
    page.close()


def picture(page: Page, other_than: str = "") -> str:
    """The address of the picture that is seen, once it is another one."""
    page.wait_for_function(
        """other => {
          const {src, complete, naturalWidth} = document.getElementById("captcha-image");
          return src && src !== other && complete && naturalWidth;
        }""",
        arg=other_than,
    )
    address = page.locator("#captcha-image").get_attribute("src")
    assert address
    return address


def answer(stack: Any, address: str) -> str:
    query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    found: dict[str, str] = httpx.get(f"{stack.url}/local/captcha", params=query).json()
    return found["written"]


def waited(page: Page, said: list[str], *what: str) -> None:
    """Wait until the page has said one of these."""
    for _ in range(150):
        if any(part in one for one in said for part in what):
            return
        page.wait_for_timeout(100)
    raise AssertionError(said)


def test_the_picture_has_the_guides_size(page: Page) -> None:
    size = page.evaluate(
        """() => {
          const {naturalWidth, naturalHeight} = document.getElementById("captcha-image");
          return [naturalWidth, naturalHeight];
        }"""
    )
    assert size == [85, 30]


def test_a_wrong_answer_then_a_right_one(
    page: Page, stack: Any, phone: str, texts: Texts, said: list[str]
) -> None:
    first = picture(page)
    page.locator("#phone").fill(phone)
    page.locator("#captcha-code").fill("0000")
    page.locator("#verify").click()
    waited(page, said, "验证码错误或已过期")
    second = picture(page, other_than=first)
    expect(page.locator("#captcha-code")).to_have_value("")
    assert httpx.get(f"{stack.url}/local/messages", params={"phone": f"+86{phone}"}).json() == []

    page.locator("#captcha-code").fill(answer(stack, second).lower())
    page.locator("#verify").click()
    waited(page, said, "发送成功")

    (received,) = texts(phone)
    code = next(part for part in received["text"].replace("，", " ").split() if part.isdigit())
    assert received["text"] == (
        "【示例商城】您正在使用应用名称服务进行某种操作，"
        f"您的验证码是 {code}，请在 10 分钟内完成验证。"
    )
    verified = httpx.post(
        f"{stack.url}/1.1/verifySmsCode/{code}", headers=KEYS, json={"mobilePhoneNumber": phone}
    )
    assert verified.json() == {}


def test_a_double_click_sends_one(
    page: Page, stack: Any, phone: str, texts: Texts, said: list[str]
) -> None:
    page.locator("#phone").fill(phone)
    page.locator("#captcha-code").fill(answer(stack, picture(page)))
    page.locator("#verify").dblclick()

    waited(page, said, "发送成功")
    # Judged again it is right, but sends nothing; or it is refused when the first is sent by then.
    waited(page, said, "发送失败", "验证码错误或已过期")

    assert len(texts(phone)) == 1


def test_a_click_on_the_picture_brings_another(page: Page) -> None:
    first = picture(page)
    page.locator("#captcha-code").fill("AB")
    page.locator("#captcha-image").click()
    assert picture(page, other_than=first) != first
