"""A real Chromium, driven through its own protocol, and pages that must not complain."""

import http.server
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser import console
from tests.browser.console import Session

SDK = Path(__file__).resolve().parent.parent / "wire/node_modules/leancloud-storage/dist/av-min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium says this by itself of every reply with 4xx; the pages' own errors are what counts.
OF_A_REFUSAL = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("NEEDS chromium (the browser tests drive it)")
    # Chromium's sandbox refuses to run as root, which is what containers run as.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an empty page in a profile of its own; at the end no page has complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(OF_A_REFUSAL):
            complaints.append(message.text)

    def opened(**options: Any) -> Page:
        defaults: dict[str, Any] = {"locale": "zh-CN", "viewport": {"width": 1200, "height": 900}}
        context = browser.new_context(**defaults | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def awake(stack: Any, browser: Browser) -> None:
    """The console has started: the first call of each is slow, and no test is about that."""
    expect.set_options(timeout=15_000)
    page = browser.new_page()
    page.goto(f"{stack.url}/console", timeout=60_000)
    expect(page.locator("input[name=username]")).to_be_visible(timeout=60_000)
    page.close()


@pytest.fixture(scope="session")
def operator(stack: Any) -> Session:
    """A browser's session as the demo operator: signing in ten times is the limit."""
    name, key = console.OPERATOR
    return console.session(stack.url, {"operator": name, "key": key})


@pytest.fixture
def phone() -> str:
    """A number that no other test uses, as a person in China types it."""
    return f"187{random.randrange(10**8):08d}"


@pytest.fixture
def texts(stack: Any) -> Callable[[str], list[dict[str, Any]]]:
    """The texts on a number's virtual phone, once there is one."""

    def received(phone: str) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            reply = httpx.get(f"{stack.url}/local/messages", params={"phone": f"+86{phone}"})
            found: list[dict[str, Any]] = reply.json()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"no text for {phone}")

    return received


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Another origin than the stack's, which serves what is in `tmp_path`."""
    handler = partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def av_js() -> bytes:
    """The browser build of the real JavaScript SDK."""
    if not SDK.exists():
        pytest.skip("NEEDS node (npm ci installs the SDK leancloud-storage into tests/wire)")
    return SDK.read_bytes()
