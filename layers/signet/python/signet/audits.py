"""The audit trail: who did what to which version, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# How the trail names what happens because its time has come.
SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did.

    `actor` is of the forms below; `action` a word such as `approve`; `subject` what it was done
    to, such as `template:Order_Notice`; `version` the number of a signature's or template's.
    """

    at: datetime
    actor: str
    action: str
    subject: str
    version: int | None = None
    reasons: Sequence[str] = ()
    comment: str | None = None


def owner(app_id: str) -> str:
    """How the trail names an app's owner."""
    return f"owner:{app_id}"


def operator(operator_id: str) -> str:
    """How the trail names an operator."""
    return f"operator:{operator_id}"


def automatic(operator_id: str) -> str:
    """How the trail names what an operator lets happen by itself."""
    return f"auto:{operator_id}"
