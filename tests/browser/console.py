"""The console as a person meets it: signed in, on one of its pages, photographed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

# Kept as the tests' output; git ignores the folder.
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".local" / "screenshots"
OPERATOR = ("demo", "signet-demo-operator")

OWNERS_PAGES = (
    *("", "signatures", "signatures/new", "templates", "templates/new", "records", "balance"),
    *("campaigns", "campaigns/new", "audiences", "audiences/new"),
    *("prices", "settings", "audit", "guard", "opt-outs", "events"),
)
OPERATORS_PAGES = (
    *("", "review", "apps", "apps/new", "operators", "carriers", "mappings", "prices"),
    *("deployment", "people"),
)
OPERATORS_PAGES_OF_AN_APP = ("", "/records", "/guard", "/balance", "/mappings", "/audit")


@dataclass(frozen=True)
class Session:
    """What a browser holds once somebody signed in; got from the API, so that nobody waits."""

    url: str
    role: str
    id: str
    cookie: str


def new_app(url: str, name: str) -> dict[str, Any]:
    """An app of the tests' own, with its keys."""
    reply = httpx.post(f"{url}/console/api/apps", auth=OPERATOR, json={"name": name}, timeout=30)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def as_owner(app: dict[str, Any]) -> dict[str, str]:
    """The headers by which the app's server proves itself."""
    return {"X-LC-Id": app["app_id"], "X-LC-Key": f"{app['master_key']},master"}


def sign_for(url: str, app: dict[str, Any], text: str) -> None:
    """Let the app send: an approved signature, and money."""
    signature = {"name": "Signet", "text": text, "use": "verification_notification"}
    proof = {"owner_kind": "company", "proof": "营业执照"}
    _done(f"{url}/console/api/signatures", json=signature | proof, headers=as_owner(app))
    approve = f"{url}/console/api/review/{app['app_id']}/signature/Signet/1/approve"
    _done(approve, auth=OPERATOR)
    credit = {"amount_micros": 100_000_000, "note": "测试"}
    _done(f"{url}/console/api/apps/{app['app_id']}/credits", json=credit, auth=OPERATOR)


def change(url: str, app: dict[str, Any], body: dict[str, Any]) -> None:
    """Change the app, as its owner."""
    headers = as_owner(app)
    reply = httpx.patch(f"{url}/console/api/app", headers=headers, json=body, timeout=30)
    assert reply.is_success, reply.text


def _done(url: str, **options: Any) -> None:
    reply = httpx.post(url, timeout=30, **options)
    assert reply.is_success, reply.text


def session(url: str, credentials: dict[str, str]) -> Session:
    """Sign in by the API. Ten times in a quarter of an hour is the limit, so: once."""
    reply = httpx.post(f"{url}/console/api/session", json=credentials, timeout=30)
    assert reply.status_code == 200, reply.text
    cookie = reply.headers["set-cookie"].split(";")[0].partition("=")[2]
    return Session(url, reply.json()["role"], reply.json()["id"], cookie)


def owner(url: str, app: dict[str, Any]) -> Session:
    """A browser's session as the app's owner."""
    return session(url, {"app_id": app["app_id"], "master_key": app["master_key"]})


def enter(page: Page, signed_in: Session, path: str = "") -> None:
    """Open a page of the console as somebody who is signed in."""
    page.context.add_cookies(
        [{"name": "signet_session", "value": signed_in.cookie, "url": signed_in.url}]
    )
    page.goto(f"{signed_in.url}/console#/{path}")
    settled(page)


def go(page: Page, path: str) -> None:
    """Another page of the console, as by a link."""
    page.evaluate("path => { location.hash = `#/${path}` }", path)
    settled(page)


def settled(page: Page) -> None:
    """Wait for the page of the address, whole."""
    page.wait_for_function("() => document.querySelector('main').dataset.page === location.hash")
    page.wait_for_load_state("networkidle")


def sign_in(page: Page, url: str, role: str, name: str, key: str) -> None:
    """Sign in as a person does."""
    page.goto(f"{url}/console")
    page.locator(f"input[name=role][value={role}]").check(force=True)
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(key)
    page.locator("form button[type=submit]").click()
    expect(page.locator("#sign-out")).to_be_visible()
    settled(page)


def card(page: Page, title: str) -> Locator:
    """The box with that heading."""
    return page.locator("section.card").filter(
        has=page.get_by_role("heading", name=title, exact=False)
    )


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
