"""The script that works for a validate_token, on a page of another origin, in real Chromium."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import shop

Open = Callable[..., Page]
Outcome = dict[str, Any]

APP = {"appId": "signet-demo-app", "appKey": "signet-demo-key"}
KEYS = {"X-LC-Id": APP["appId"], "X-LC-Key": APP["appKey"]}
HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
SOLVE = """
async (options) => {
  const steps = [];
  try {
    const token = await SignetProofOfWork.solve({...options, onProgress: (x) => steps.push(x)});
    return {token, steps};
  } catch (error) {
    return {isError: error instanceof Error, code: error.code, message: error.message};
  }
}
"""
# Of work that would take hours.
ABORTED = """
async ([challenge, when]) => {
  const controller = new AbortController();
  const {signal} = controller;
  if (when === "before") controller.abort();
  else setTimeout(() => controller.abort(), 50);
  const began = performance.now();
  try {
    await SignetProofOfWork.work(challenge, {signal});
    return "done";
  } catch (error) {
    return [error.name, error === signal.reason, performance.now() - began < 5000];
  }
}
"""
HARD = {"token": "x" * 50, "parts": 16, "bits": 26}


@pytest.fixture
def page(open_page: Open, stack: Any, elsewhere: str, tmp_path: Path) -> Page:
    """A page with the script."""
    script = f'<script src="{stack.url}/1.1/proofOfWork.js"></script>'
    (tmp_path / "index.html").write_text(HEAD + script)
    page = open_page()
    page.goto(f"{elsewhere}/index.html")
    return page


def is_accepted(stack: Any, phone: str, validate_token: str) -> bool:
    """Whether something is sent for the token; who names one must have it."""
    body = {"mobilePhoneNumber": phone, "validate_token": validate_token}
    reply = httpx.post(f"{stack.url}/1.1/requestSmsCode", headers=KEYS, json=body)
    return bool(reply.json() == {})


def test_its_digests_are_those_of_sha_256(page: Page) -> None:
    texts = ["", "abc", "a" * 1000, "中文", *("x" * length for length in range(50, 70))]

    digests = page.evaluate("texts => texts.map(SignetProofOfWork.sha256)", texts)

    assert digests == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


@pytest.mark.parametrize("length", [1, 40, 49, 50, 51, 61, 64, 100])
def test_it_solves_challenges_of_any_length(page: Page, length: int) -> None:
    challenge = {"token": "t" * length, "parts": 16, "bits": 10}

    counters = page.evaluate("SignetProofOfWork.work", challenge)

    for part, counter in enumerate(counters):
        digest = hashlib.sha256(f"{challenge['token']}.{part}.{counter}".encode()).digest()
        assert int.from_bytes(digest) >> 246 == 0
    assert len(counters) == 16
    assert max(counters) < 2**53


def test_what_it_works_for_is_good_for_a_send_and_it_says_how_far_it_is(
    page: Page, stack: Any, phone: str
) -> None:
    outcome = page.evaluate(SOLVE, APP)

    assert outcome["steps"] == [part / 16 for part in range(1, 17)]
    assert is_accepted(stack, phone, outcome["token"])
    assert not is_accepted(stack, phone, outcome["token"])


def test_it_can_be_imported(open_page: Open, stack: Any, elsewhere: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(HEAD)
    page = open_page()
    page.goto(f"{elsewhere}/index.html")
    page.evaluate("url => import(url)", f"{stack.url}/1.1/proofOfWork.js")

    assert page.evaluate(SOLVE, APP | {"serverURL": f"{stack.url}/"})["token"]


@pytest.mark.parametrize("policy", ["worker-src 'none'", "script-src * 'unsafe-inline'"])
def test_a_page_that_forbids_such_workers_works_by_itself(
    browser: Browser, stack: Any, elsewhere: str, tmp_path: Path, policy: str
) -> None:
    csp = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    script = f'<script src="{stack.url}/1.1/proofOfWork.js"></script>'
    (tmp_path / "index.html").write_text(HEAD + csp + script)
    page = browser.new_page()  # Chromium complains of what a policy forbids
    page.goto(f"{elsewhere}/index.html")

    outcome = page.evaluate(SOLVE, APP)
    page.close()

    assert outcome["token"]
    assert len(outcome["steps"]) == 16


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("workers", [True, False])
def test_work_can_be_aborted(page: Page, when: str, workers: bool) -> None:
    if not workers:
        page.evaluate("() => { delete globalThis.Worker; }")

    assert page.evaluate(ABORTED, [HARD, when]) == ["AbortError", True, True]


def test_a_refusal_has_leanclouds_code(page: Page, stack: Any) -> None:
    assert page.evaluate(SOLVE, APP | {"appKey": "wrong"})["code"] == 401

    off = shop.new_app(stack, "没有图形验证码", captcha=False)
    app = {"appId": off["app_id"], "appKey": off["app_key"]}
    refused = page.evaluate(SOLVE, app)
    assert (refused["isError"], refused["code"]) == (True, 119)


def test_an_answer_that_is_not_signets_is_code_minus_1(page: Page) -> None:
    page.route("**/1.1/requestProofOfWork", lambda route: route.fulfill(status=404, body="?"))

    assert page.evaluate(SOLVE, APP)["code"] == -1
