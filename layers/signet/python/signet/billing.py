"""What is billed: the text that will be sent to a number, and how many SMS it is.

One message and a campaign's thousands are counted by this alike. A carrier may send a template of
its own in the place of our text (`vendor_templates`), which then is what counts.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from signet import codes, messages, segments
from signet.codes import Purpose
from signet.vendor_templates import VendorTemplate, billed_text, sends_theirs

# As many digits as a code has, for counting segments.
_ANY_CODE = "0" * codes.DIGITS


class Way(NamedTuple):
    """How texts go to a number, unless that carrier fails, and how they are counted.

    `plain`: our text may be put into GSM-7 to save an SMS. `theirs`: what the carrier sends in its
    place, where that is on file.
    """

    is_mainland: bool
    abroad: segments.Rule
    plain: bool
    theirs: VendorTemplate | None


class Said(NamedTuple):
    """What is to be said, with everything that is filled in but a code; `purpose` is the code's.

    `signature` is its name, `template_text` None for the built-in text.
    """

    signature: str
    signature_text: str
    template_text: str | None
    variables: Mapping[str, str]
    purpose: Purpose | None = None


class Counted(NamedTuple):
    """Our text as it would be sent, in GSM-7's characters if `plain`; and how many SMS count."""

    text: str
    segments: int
    plain: bool


def way(
    carrier: str,
    *,
    is_mainland: bool,
    abroad: segments.Rule,
    plain_abroad: bool,
    theirs: Callable[[], VendorTemplate | None],
) -> Way:
    """How a carrier's texts go; `theirs` is asked only where it sends its own."""
    is_theirs = sends_theirs(carrier, mainland=is_mainland)
    by_gsm = abroad is segments.Rule.GSM and not (is_mainland or is_theirs)
    return Way(is_mainland, abroad, by_gsm and plain_abroad, theirs() if is_theirs else None)


def count(said: Said, way: Way) -> Counted:
    """The text and its segments.

    Our own is rendered whatever the carrier sends: a template that cannot be is refused. Raises
    TemplateNotRendered, and BadParameter for a text that is too long.
    """
    ours = messages.text(
        said.signature_text,
        said.template_text,
        said.variables,
        code=_ANY_CODE if said.purpose else "",
        purpose=said.purpose,
    )
    sent = segments.plain(ours) if way.plain else ours
    billed = (way.theirs and _their_text(said, way.theirs)) or sent
    number = segments.count(billed, mainland=way.is_mainland, abroad=way.abroad)
    return Counted(sent, number, plain=sent != ours)


def _their_text(said: Said, theirs: VendorTemplate) -> str | None:
    return billed_text(theirs, said, code=_ANY_CODE if said.purpose else None)
