"""Owners and operators at once: numbers and short ids are given once, one decision wins."""

import json
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from signet.reviews import Type
from signet.store import apps, audits, deployment, versions
from tests.conftest import DEMO_APP
from tests.gateway import rest_event
from tests.races.workers import Workers

OPERATORS = [f"operator-{number}" for number in range(10)]
KEY = "signet-demo-operator"
SIGNATURE = {"use": "verification_notification", "owner_kind": "company"}


@pytest.fixture(scope="module", autouse=True)
def operators(module_emulated: SimpleNamespace) -> None:
    for operator_id in OPERATORS:
        deployment.add_operator(operator_id, KEY, "signet", now=datetime.now(UTC))


def new_app(app_id: str) -> str:
    apps.create(replace(DEMO_APP, app_id=app_id, default_signature=None))
    return app_id


def submission(app_id: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"X-LC-Id": app_id, "X-LC-Key": f"{DEMO_APP.master_key.current},master"}
    return rest_event(f"/console/api/{path}", json.dumps(body), headers=headers)


def verdict(operator_id: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    pair = b64encode(f"{operator_id}:{KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    return rest_event(f"/console/api/review/{path}", json.dumps(body), headers=headers)


def statuses(replies: list[dict[str, Any]]) -> Counter[int]:
    return Counter(reply["statusCode"] for reply in replies)


def test_of_ten_decisions_at_once_exactly_one_counts(workers: Workers) -> None:
    app_id = new_app("ten-decisions")
    text = {"name": "Order", "kind": "notification", "text": "您的订单已发货，请注意查收。"}
    workers.run("review", [submission(app_id, "templates", text)])
    reject = {"reasons": ["other"], "comment": "不行。"}

    outcome = workers.run(
        "review",
        [
            verdict(
                operator_id,
                f"{app_id}/template/Order/1/{'approve' if place % 2 else 'reject'}",
                {} if place % 2 else reject,
            )
            for place, operator_id in enumerate(OPERATORS)
        ],
    )

    assert outcome.successes == 1
    refused = [json.loads(r["body"])["code"] for r in outcome.replies if r["statusCode"] != 200]
    assert set(refused) == {305}
    entries, _ = audits.entries(app_id, limit=100)
    assert len([entry for entry in entries if entry.action in ("approve", "reject")]) == 1
    (winner,) = [json.loads(r["body"]) for r in outcome.replies if r["statusCode"] == 200]
    kept = versions.get(app_id, Type.TEMPLATE, "Order", 1)
    assert (kept.state, kept.decided_by) == (winner["state"], winner["decided_by"])


def test_versions_that_are_submitted_at_once_have_a_number_each(workers: Workers) -> None:
    app_id = new_app("one-name")
    body = {**SIGNATURE, "name": "same", "text": "天天商城"}

    outcome = workers.run("review", [submission(app_id, "signatures", body) for _ in range(20)])

    assert statuses(outcome.replies) == {201: 20}
    numbers = sorted(json.loads(reply["body"])["version"] for reply in outcome.replies)
    assert numbers == list(range(1, 21))
    found, _ = versions.list_versions(app_id, Type.SIGNATURE, limit=100)
    assert sorted(version.number for version in found) == numbers


def test_names_that_are_opened_at_once_have_a_short_id_each(workers: Workers) -> None:
    app_id = new_app("many-names")
    bodies = [{**SIGNATURE, "name": f"name-{n}", "text": "天天商城"} for n in range(20)]

    outcome = workers.run("review", [submission(app_id, "signatures", body) for body in bodies])

    assert statuses(outcome.replies) == {201: 20}
    heads = [apps.signature(app_id, str(body["name"])) for body in bodies]
    assert len({head.short_id for head in heads if head}) == 20


def test_the_newest_of_ten_approved_at_once_is_in_use_and_the_default(workers: Workers) -> None:
    app_id = new_app("ten-approved")
    for number in range(10):
        body = {**SIGNATURE, "name": "same", "text": f"商城{number}"}
        workers.run("review", [submission(app_id, "signatures", body)])

    outcome = workers.run(
        "review",
        [
            verdict(operator_id, f"{app_id}/signature/same/{number}/approve", {})
            for number, operator_id in enumerate(OPERATORS, start=1)
        ],
    )

    assert statuses(outcome.replies) == {200: 10}
    apps.forget()
    app = apps.read(app_id)
    assert app is not None
    default = app.default_signature
    assert default is not None
    assert default == apps.signature(app_id, "same")
    assert (default.text, default.version) == ("商城9", 10)
