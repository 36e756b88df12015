"""Acts: what somebody does in the console, with who and when for the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from signet.audits import Entry


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and when: `by` is an operator's or app's id, `actor` as in audits."""

    by: str
    actor: str
    at: datetime

    def entry(
        self, action: str, subject: str, *, version: int | None = None, comment: str | None = None
    ) -> Entry:
        """What the trail says of it."""
        return Entry(
            at=self.at,
            actor=self.actor,
            action=action,
            subject=subject,
            version=version,
            comment=comment,
        )
