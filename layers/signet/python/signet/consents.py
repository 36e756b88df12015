"""Consents: how an app knows that a number wants its marketing, and when it stopped to.

A consent holds until something newer ends it: a refusal, or the owner, by hand. Of two things at
one moment the refusal holds. The list of opt-outs stands beside this: a consent takes nobody off
it, only a reply or somebody by hand does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from signet import fields
from signet.errors import BadParameter
from signet.fields import Body

LONGEST_HOW = 200
# What happened to one number, in the console.
HISTORY = 50


class State(StrEnum):
    """How a number stands: `none` may be sent no marketing, for want of a consent."""

    CONSENTED = "consented"
    OPTED_OUT = "opted_out"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Consent:
    """That a number's owner agreed, or with `is_given` False, that this ended.

    `how`: where and by what, in words; of a reply, its word. `at` is epoch milliseconds. `by` as
    in audits. `message_id`, `carrier` and `reply_id` prove a reply.
    """

    phone: str
    how: str
    at: int
    source: Literal["audience", "console", "reply"]
    audience_id: str | None = None
    by: str | None = None
    message_id: str | None = None
    carrier: str | None = None
    reply_id: str | None = None
    is_given: bool = True

    @property
    def identity(self) -> str:
        """What makes it the same one when it is recorded again, with whatever time."""
        by_source = {
            "audience": (self.audience_id,),
            "reply": (self.carrier, self.reply_id),
            "console": (str(self.at), self.by, self.how),
        }
        return "\0".join(part or "" for part in (self.source, *by_source[self.source]))


def holds(said: Iterable[Consent], refused_at: int) -> bool:
    """Whether the newest of these holds, after a refusal at that time (epoch milliseconds)."""
    times = [(one.at, one.is_given) for one in said]
    given = max((at for at, is_given in times if is_given), default=None)
    ended = max((at for at, is_given in times if not is_given), default=0)
    return given is not None and given > max(ended, refused_at)


def wanted(body: Body, *, now: datetime) -> tuple[str, int]:
    """How and when (epoch milliseconds) somebody agreed, as an owner says. Raises BadParameter."""
    fields.only(body, ("how", "at"))
    return fields.text(body, "how", longest=LONGEST_HOW), _at(body.get("at"), now)


def _at(value: object, now: datetime) -> int:
    if value in (None, ""):
        return int(now.timestamp() * 1000)
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadParameter("at must be a time such as 2026-11-22T08:00:00Z.") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if not datetime(1990, 1, 1, tzinfo=UTC) <= at <= now:
        raise BadParameter("at must be a time that has been.")
    return int(at.timestamp() * 1000)
