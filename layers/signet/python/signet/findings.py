"""What the linters say: where, how bad, why, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for the text."""

    ERROR = "error"  # it cannot be submitted
    WARNING = "warning"  # a person has to look at it
    NOTE = "note"  # good to know


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a text: `text[start:end]` is what it is about.

    `message` and `suggestion` have a sentence for "zh" and one for "en". As a document of JSON:
    `dataclasses.asdict`.
    """

    rule: str
    severity: Severity
    start: int
    end: int
    message: dict[str, str]
    suggestion: dict[str, str]


def refuse(findings: Iterable[Finding]) -> bool:
    """Whether a text with these findings cannot be submitted."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, in the order of the text."""
    once = {(each.start, each.end, each.rule): each for each in findings}
    return [once[place] for place in sorted(once)]
