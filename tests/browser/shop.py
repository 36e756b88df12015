"""The demo shop as a person meets it: the captcha's answer looked up, a code asked for."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import Page, Route, expect


def shown(page: Page) -> dict[str, str]:
    """The app and the token of the picture that is shown, once one is."""
    expect(page.locator("#picture")).not_to_have_class("picture loading")
    address = page.locator("#picture-image").get_attribute("src")
    assert address
    return {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}


def answers(page: Page, stack: Any) -> dict[str, str]:
    """What the challenge shows and says."""
    reply = httpx.get(f"{stack.url}/local/captcha", params=shown(page))
    found: dict[str, str] = reply.json()
    return found


def send(page: Page, stack: Any, phone: str) -> None:
    """Fill in the opened shop and ask for a code."""
    page.locator("#phone").fill(phone)
    page.locator("#answer").fill(answers(page, stack)["written"])
    page.locator("#send-button").click()


def code_for(page: Page, phone: str) -> str:
    """The code on the virtual phone beside the shop."""
    group = page.locator(".group", has_text=phone)
    code = group.locator(".copy").first.get_attribute("data-code")
    assert code
    return code


def new_app(stack: Any, name: str, **switches: bool) -> dict[str, str]:
    """An app with an approved signature and some money, for which nobody else sends."""
    demo = ("demo", "signet-demo-operator")
    with httpx.Client(base_url=f"{stack.url}/console/api", timeout=60, trust_env=False) as api:
        made: dict[str, str] = _yes(api.post("/apps", json={"name": name}, auth=demo))
        owner = {"X-LC-Id": made["app_id"], "X-LC-Key": f"{made['master_key']},master"}
        signature = {
            "name": "shop",
            "text": "天天商城",
            "use": "verification_notification",
            "owner_kind": "company",
        }
        _yes(api.post("/signatures", json=signature, headers=owner))
        _yes(api.post(f"/review/{made['app_id']}/signature/shop/1/approve", json={}, auth=demo))
        credits = f"/apps/{made['app_id']}/credits"
        credit = {"amount_micros": 10_000_000, "note": "tests"}
        _yes(api.post(credits, json=credit, auth=demo, headers={"Idempotency-Key": "tests"}))
        _yes(api.patch("/app", json={"switches": switches}, headers=owner))
    return made


def _yes(reply: httpx.Response) -> Any:
    assert reply.is_success, reply.text
    return reply.json()


def belong_to(page: Page, app: dict[str, str], **more: Any) -> None:
    """Let the shop, when it is opened, be that app's."""
    config = {"appId": app["app_id"], "appKey": app["app_key"], "virtualPhone": True} | more
    script = f"export const config = {{serverURL: location.origin, ...{json.dumps(config)}}};"

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=script)

    page.route("**/config.js", answer)
