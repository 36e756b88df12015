"""Audiences on the local stack: a form as browsers send it, the planner, what comes of it."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from local import seed
from local.stack import Stack

Json = dict[str, Any]
FILE = "手机号,姓名\r\n13800138000,张三\r\n13800138000,李四\r\n12345,王五\r\n".encode("gbk")


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    """The console's API, called by the demo app's owner."""
    headers = {"X-LC-Id": seed.APP_ID, "X-LC-Key": f"{seed.MASTER_KEY},master"}
    with httpx.Client(
        base_url=f"{stack.url}/console/api", headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client


def post(upload: Json, file: bytes, *, origin: str, **changed: str) -> httpx.Response:
    """Send the form as a browser does."""
    fields = {**upload["fields"], **changed}
    return httpx.post(
        upload["url"],
        data=fields,
        files={"file": ("people.csv", file, "text/csv")},
        headers={"Origin": origin},
        trust_env=False,
    )


def read(api: httpx.Client, audience_id: str) -> Json:
    """Have it read, and wait for that."""
    begun = api.post(f"/audiences/{audience_id}/read", json={})
    assert begun.status_code == 202, begun.text
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        audience: Json = api.get(f"/audiences/{audience_id}").json()["audience"]
        if audience["state"] != "reading":
            return audience
        time.sleep(0.2)
    raise AssertionError("it is not read within a minute")


def test_an_uploaded_file_is_read_and_its_report_can_be_fetched(
    stack: Stack, api: httpx.Client
) -> None:
    made = api.post("/audiences", json={"name": "会员", "consent": {"how": "注册时勾选"}}).json()
    sent = post(made["upload"], FILE, origin=stack.url)
    assert sent.status_code == 204, sent.text

    audience = read(api, made["audience"]["id"])
    assert (audience["state"], audience["encoding"]) == ("ready", "gbk"), audience
    counts = {name: audience[name] for name in ("rows", "valid", "invalid", "duplicate")}
    assert counts == {"rows": 3, "valid": 1, "invalid": 1, "duplicate": 1}
    assert audience["no_consent"] == 0
    assert audience["bytes_read"] == audience["size"] == len(FILE)

    link = api.get(f"/audiences/{audience['id']}/report").json()["url"]
    report = httpx.get(link, trust_env=False)
    assert "people" not in report.headers["Content-Disposition"]
    assert report.content.decode("utf-8-sig").splitlines() == [
        "line,value,reason",
        "3,'+8613800138000,duplicate",
        "4,12345,invalid",
    ]
    assert api.delete(f"/audiences/{audience['id']}").status_code == 200
    assert httpx.get(link, trust_env=False).status_code == 404


def test_what_is_no_audience_fails_with_a_reason(stack: Stack, api: httpx.Client) -> None:
    made = api.post("/audiences", json={"name": "broken"}).json()
    assert post(made["upload"], b"\x00\x01" * 1000, origin=stack.url).status_code == 204
    audience = read(api, made["audience"]["id"])
    assert (audience["state"], audience["problem"]) == ("failed", "binary")


def test_a_form_takes_its_own_object_only_and_something_in_it(
    stack: Stack, api: httpx.Client
) -> None:
    made = api.post("/audiences", json={"name": "form"}).json()
    upload = made["upload"]
    elsewhere = post(upload, FILE, origin=stack.url, key="uploads/another-app/x.csv")
    assert elsewhere.status_code == 403
    assert post(upload, b"", origin=stack.url).status_code == 400
    assert api.post(f"/audiences/{made['audience']['id']}/read", json={}).status_code == 404


def test_the_bucket_is_told_where_the_console_is(stack: Stack) -> None:
    """The emulator lets every origin read its replies: of AWS this is all that can be seen here."""
    bucket = stack.outputs["AudiencesBucket"]
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (rule,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == ([stack.url], ["POST"])
