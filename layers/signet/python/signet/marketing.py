"""Marketing: what an app must be to send it, how often to one number, and when it may go out.

Asked at the moment of sending, of each message, alone or of a campaign: what was true when it was
planned counts for nothing. A message outside its hours is held, not dropped.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from signet import fields
from signet.apps import Cap as Cap  # so that what marketing is made of is in one place
from signet.fields import Body
from signet.messages import NOTIFICATION_LIFE, Message

if TYPE_CHECKING:
    from signet.quiet_hours import Window

MOST, MOST_DAYS = 10, 30
OPTED_OUT = "opted out"


class Facts(NamedTuple):
    """What of an app, and of this deployment, the rules ask for.

    `company`: who answers for the app's marketing. `sms`: its switch. `window` narrows the hours.
    """

    company: str | None
    sms: bool
    cap: Cap | None
    window: "Window | None"


class Hold(NamedTuple):
    """Not now: when it may be sent."""

    until: datetime


class Drop(NamedTuple):
    """Not at all, and why, as the record says it."""

    reason: str


Verdict = Hold | Drop | None


def verdict(facts: Facts, key: str, *, is_out: Callable[[], bool], now: datetime) -> Verdict:
    """What becomes of a message now; None: it is sent.

    `key` is of `quiet_hours`, "" for a message without hours. `is_out`, whether its number has
    opted out, is asked last and only of what would be sent.
    """
    from signet import quiet_hours  # zones: for marketing only

    if not facts.company:
        return Drop("no company")
    if not facts.sms:
        return Drop("sms off")
    opens = quiet_hours.opens_at(key, now, window=facts.window)
    if opens:
        return Hold(opens)
    return Drop(OPTED_OUT) if is_out() else None


def held(message: Message, until: datetime) -> Message:
    """The message as it waits for its hours: what it is good for counts from then on."""
    expires = until + NOTIFICATION_LIFE
    return replace(message, held_until=int(until.timestamp()), expires_at=int(expires.timestamp()))


def cap(body: Body) -> Cap | None:
    """The cap in `{"cap": {"count", "days"} | null}`. Raises BadParameter, naming the field."""
    given = fields.inner(body, "marketing")
    fields.only(given, ("cap",))
    if given.get("cap") is None:
        return None
    numbers = fields.inner(given, "cap")
    fields.only(numbers, ("count", "days"))
    return Cap(
        fields.whole(numbers, "count", least=1, most=MOST),
        fields.whole(numbers, "days", least=1, most=MOST_DAYS),
    )


def shown(cap: Cap | None) -> dict[str, Any]:
    """An app's marketing settings as JSON has them."""
    return {"cap": cap and {"count": cap.count, "days": cap.days}}
