"""docs/openapi.yaml against what a running stack answers: no 5xx, no reply outside the schema.

Schemathesis makes the calls, from a fixed seed; schemathesis.toml says which. Its answers say
nothing of who may call what: tests/functions/test_console_access.py does.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import yaml

from local import seed
from local.stack import Stack
from tests.tools import REPO

OPENAPI = REPO / "docs" / "openapi.yaml"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# They are named in the configuration too.
APP_ID, MASTER_KEY = "openapi-test-app", "openapi-test-master"
REVOKED = "openapi-test-revoked"
USER_PHONE = "13912349998"
OPERATOR = "openapi-test"
# Of the calls of a run; the others are refused, most of them on purpose.
LEAST_ACCEPTED = 0.25

Json = dict[str, Any]


@dataclass(frozen=True)
class People:
    """An app of its own, so that no other test's app is changed, and an operator."""

    api: httpx.Client
    operator_key: str
    user_id: str = ""
    session_token: str = ""
    captcha_token: str = ""
    audience_id: str = ""

    @property
    def owner_headers(self) -> dict[str, str]:
        return {"X-LC-Id": APP_ID, "X-LC-Key": f"{MASTER_KEY},master"}

    @property
    def operator(self) -> tuple[str, str]:
        return OPERATOR, self.operator_key

    def owned(self, method: str, path: str, body: object = None) -> Json:
        return answered(self.api.request(method, path, json=body, headers=self.owner_headers))

    def operated(self, method: str, path: str, body: object = None) -> Json:
        return answered(self.api.request(method, path, json=body, auth=self.operator))


def answered(reply: httpx.Response) -> Json:
    assert reply.is_success, reply.text
    body: Json = reply.json()
    return body


@pytest.fixture(scope="module")
def people(stack: Stack) -> Iterator[People]:
    """What the configuration names is there: words in each state, and a key that can be revoked."""
    with httpx.Client(base_url=f"{stack.url}/console/api", timeout=60, trust_env=False) as api:
        people = prepared(api)
        yield people
        # The deployment is everybody's: what was set for all of it is taken back.
        rows = people.operated("GET", "/prices")["items"]
        changed = [row["dial"] for row in rows if row["price_micros"] != row["list_price_micros"]]
        people.operated("PUT", "/prices", {"prices": dict.fromkeys(changed)})
        people.operated("PUT", "/settings", {"auto_approve": False, "shield": "observe"})
        people.operated("PUT", "/routes", {"rules": []})


def prepared(api: httpx.Client) -> People:
    demo = (seed.OPERATOR, seed.OPERATOR_KEY)
    app = {"name": "OpenAPI", "app_id": APP_ID, "master_key": MASTER_KEY, "company": "公司"}
    answered(api.post("/apps", json=app, auth=demo))
    answered(api.post("/operators", json={"id": REVOKED}, auth=demo))
    key = answered(api.post("/operators", json={"id": OPERATOR}, auth=demo))["key"]
    people = People(api, key)
    signature = {"text": "天天商城", "use": "verification_notification", "owner_kind": "company"}
    template = {"kind": "notification", "text": seed.TEMPLATE_TEXT}
    for name in ("waiting", "draft", "in-use"):
        for _ in range(3):
            more = {"name": name, "submit": name != "draft"}
            people.owned("POST", "/signatures", signature | more)
            people.owned("POST", "/templates", template | more)
    for type_ in ("signature", "template"):
        people.operated("POST", f"/review/{APP_ID}/{type_}/in-use/1/approve", {})
    return with_user(people)


def with_user(people: People) -> People:
    """The same, with a user of the app, for whom codes are sent."""
    switches = {"login_by_code": True, "unverified_may_reset": True, "code_only": True}
    people.owned("PATCH", "/app", {"switches": switches})
    body = {
        "username": "openapi-test-user",
        "password": "openapi-test-password",
        "mobilePhoneNumber": USER_PHONE,
    }
    url = people.api.base_url.join("/1.1/users")
    user = answered(people.api.post(url, json=body, headers=people.owner_headers))
    return replace(
        people,
        user_id=user["objectId"],
        session_token=user["sessionToken"],
        captcha_token=captcha_token(people),
        audience_id=people.owned("POST", "/audiences", {"name": "OpenAPI"})["audience"]["id"],
    )


def captcha_token(people: People) -> str:
    """A captcha that lives for as long as one can."""
    url = people.api.base_url.join("/1.1/requestCaptcha?ttl=180")
    return str(answered(people.api.get(url, headers=people.owner_headers))["captcha_token"])


@pytest.mark.parametrize(
    ("tags", "operations"),
    [
        (
            [
                *("sms", "captchas", "accounts", "app", "words", "records", "guard", "events"),
                *("audiences", "campaigns", "pages"),
            ],
            ["audit"],
        ),
        (["apps", "deployment", "review", "records", "guard"], ["prices"]),
    ],
    ids=["owner", "operator"],
)
def test_no_reply_is_outside_the_document(
    stack: Stack,
    people: People,
    tmp_path: Path,
    tags: list[str],
    operations: list[str],
    request: pytest.FixtureRequest,
) -> None:
    callers = {
        "owner": [f"--header={name}: {value}" for name, value in people.owner_headers.items()],
        "operator": [f"--auth={':'.join(people.operator)}"],
    }
    report = tmp_path / "calls.ndjson"
    configuration = tmp_path / "configuration.toml"
    configuration.write_text(configured(people))

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(configuration), "--no-color", "run", str(OPENAPI)),
            *(f"--url={stack.url}", f"--checks={','.join(CHECKS)}", "--continue-on-failure"),
            f"--report-ndjson-path={report}",
            *callers[request.node.callspec.id],
            *(f"--include-tag={tag}" for tag in tags),
            *(f"--include-operation-id={operation}" for operation in operations),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    statuses = answers(report)
    assert statuses.total() > 100
    assert statuses[401] == 0
    assert sum(statuses[status] for status in (200, 201)) / statuses.total() > LEAST_ACCEPTED


def configured(people: People) -> str:
    """The configuration, with what was made for this run in the place of what it calls that."""
    made = {
        "<user id>": people.user_id,
        "<session token>": people.session_token,
        "<captcha token>": people.captcha_token,
        "<audience id>": people.audience_id,
    }
    text = CONFIGURATION.read_text(encoding="utf-8")
    for name, value in made.items():
        text = text.replace(name, value)
    return text


def answers(report: Path) -> Counter[int]:
    """How often each status was answered."""
    return Counter(
        call["response"]["status_code"]
        for line in report.read_text().splitlines()
        for event in json.loads(line).values()
        for call in event.get("recorder", {}).get("interactions", {}).values()
    )


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_a_session_is_as_the_document_says(people: People, role: str) -> None:
    claims = {
        "owner": {"app_id": APP_ID, "master_key": MASTER_KEY},
        "operator": {"operator": OPERATOR, "key": people.operator_key},
    }
    with httpx.Client(base_url=people.api.base_url, timeout=60, trust_env=False) as browser:
        begun = answered(browser.post("/session", json=claims[role]))
        seen = answered(browser.get("/session"))
        gone = browser.delete("/session", headers={"X-CSRF-Token": begun["csrf_token"]})
        ended = browser.get("/session")

    check("Session", begun)
    assert seen == begun
    assert answered(gone) == {}
    check("Error", ended.json())
    assert ended.status_code == 401


def check(schema: str, body: Json) -> None:
    """Raises jsonschema_rs.ValidationError for a body that is not of the schema."""
    document = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
    named = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema_rs.Draft202012Validator(named, validate_formats=True).validate(body)
