"""What a built function is asked, what it answers, and what it asked of AWS meanwhile."""

import json
from typing import Any

from local.package import holds, load_template
from tests.artifacts.gateway import Grant, is_allowed
from tests.test_template import permissions
from tests.tools import REPO

Json = dict[str, Any]


def event(name: str) -> Json:
    found: Json = json.loads((REPO / "events" / f"{name}.json").read_text())
    return found


def answer(reply: Json) -> tuple[int, Json]:
    """Status and body of an HTTP reply."""
    return reply["statusCode"], json.loads(reply["body"])


def asked_without_leave(name: str, asked: set[Grant], **parameters: str) -> set[Grant]:
    """What the function's role does not allow, in a deployment with these parameters."""
    granted = granted_to(name, **parameters)
    return {grant for grant in asked if not is_allowed(grant, granted)}


def granted_to(name: str, **parameters: str) -> set[Grant]:
    """What the function's role allows in a deployment with these parameters."""
    template = load_template(REPO / "template.yaml")
    granted = set()
    for action, target in permissions(name):
        condition, _, plain = action.rpartition(": ")
        if not condition or holds(condition, template, parameters):
            granted.add((plain, target))
    return granted


def taken(asked: set[Grant]) -> set[Grant]:
    """What was asked so far; from here on anew."""
    copy = set(asked)
    asked.clear()
    return copy
