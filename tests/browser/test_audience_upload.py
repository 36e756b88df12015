"""A form of an audience, sent by a page of the console in a real Chromium."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser import console

Open = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("awake")

# As the console's pages do it: fields in their order, the file last; what the page is told of it.
SEND = """async ({ url, fields }) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob(["phone\\n13800138000\\n"]), "people.csv");
    const reply = await fetch(url, { method: "POST", body: form });
    return reply.status;
}"""


def test_the_policy_of_the_pages_lets_an_audience_be_uploaded(stack: Any, open_page: Open) -> None:
    headers = console.as_owner(console.new_app(stack.url, "上传测试"))
    made = httpx.post(
        f"{stack.url}/console/api/audiences", headers=headers, json={"name": "会员"}, timeout=30
    )
    page = open_page()
    page.goto(f"{stack.url}/console")

    assert page.evaluate(SEND, made.json()["upload"]) == 204
