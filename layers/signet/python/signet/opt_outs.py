"""Opt-outs: the words by which people end marketing to their number, and take it up again.

Only the whole text counts, however it is written in capitals, widths and blanks: whoever says
more than a word is heard by people, not by us. Of two things said at one moment the refusal holds.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from signet import fields
from signet.fields import Body
from signet.limits import Kind

# How long after a marketing message a reply is taken for an answer to it, in seconds.
ANSWERS_MARKETING_WITHIN = 72 * 3600
# Carriers' clocks are their own: what was sent so much after a reply was not what it answers.
_CLOCKS_DIFFER = 300
# Of a list, and of what happened to one number.
PAGE, MAX_PAGE, HISTORY = 50, 100, 50
_LONGEST_COMMENT = 200


class Meaning(StrEnum):
    """What a word asks for."""

    OUT = "out"
    IN = "in"
    HELP = "help"


# The union of what carriers honour (anchors.md C7, C4):
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
# https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords.html
# https://www.braze.com/docs/user_guide/message_building_by_channel/sms_mms_rcs/keywords/
# and on the mainland T, TD, R, 退订, 取消 (LeanCloud's guide and the carriers' rules).
_WORDS = {
    Meaning.OUT: (
        *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE"),
        *("OPTOUT", "OPT-OUT", "REMOVE", "ARRET", "TD", "T", "R", "退订", "取消"),
    ),
    Meaning.IN: ("START", "UNSTOP", "YES"),
    Meaning.HELP: ("HELP", "INFO"),
}


@dataclass(frozen=True, slots=True)
class OptOut:
    """What was said of a number, and how that is known. `at` is epoch milliseconds.

    `word` as the list above has it; "" when somebody did it by hand, who is then named in `by`.
    `reply_id` and `carrier` prove a reply, `message_id` is the message that it answered.
    """

    is_out: bool
    at: int
    word: str = ""
    carrier: str | None = None
    reply_id: str | None = None
    message_id: str | None = None
    by: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a reply may answer: whose it was, when (epoch seconds), signed by whom."""

    app_id: str
    message_id: str
    at: int
    kind: Kind
    signature_text: str = ""


def word(text: str) -> str:
    """The text as words are compared: NFKC, capitals, no blanks around it and single ones within.

    >>> word(" ｔｄ ")
    'TD'
    """
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())


_MEANINGS: Mapping[str, Meaning] = {
    word(one): meaning for meaning, words in _WORDS.items() for one in words
}


def meaning(text: str) -> Meaning | None:
    """What the text asks for; None if it is none of the words."""
    return _MEANINGS.get(word(text))


def answered(sent: Iterable[Sent], at: int, *, signature_text: str | None = None) -> Sent | None:
    """Which of these messages a reply at that time (epoch seconds) answers; None for none.

    The newest of those before it, but marketing of the last 72 hours before all others. Only what
    was signed so counts, where the carrier says what the reply was sent to.
    """

    def place(one: Sent) -> tuple[bool, int]:
        is_recent = at - one.at <= ANSWERS_MARKETING_WITHIN
        return one.kind is Kind.MARKETING and is_recent, one.at

    named = signature_text.strip("【】 ") if signature_text else None
    before = [one for one in sent if one.at <= at + _CLOCKS_DIFFER]
    fitting = [one for one in before if named in (None, one.signature_text)]
    return max(fitting, key=place, default=None)


def comment(body: Body) -> str:
    """Why somebody puts a number on or off by hand. Raises BadParameter."""
    fields.only(body, ("comment",))
    return fields.text(body, "comment", longest=_LONGEST_COMMENT)
