"""The file of an app's consents and opt-outs: one row for each thing that was said or done."""

import csv
import io
from collections.abc import Iterable

from signet.consents import Consent
from signet.opt_outs import OptOut
from signet.records import BOM, cell, iso

# `phone` is the number, or its digest when the person was erased; `how` words, or a reply's word.
HEADER = (
    *("phone", "what", "at", "how", "source", "audience_id", "message_id"),
    *("carrier", "reply_id", "by", "comment"),
)
Row = tuple[str | None, ...]


def of_consent(whose: str, one: Consent) -> Row:
    """The row of a consent, or of the end of one."""
    what = "consent" if one.is_given else "consent_end"
    return (
        *(whose, what, iso(one.at // 1000), one.how, one.source, one.audience_id),
        *(one.message_id, one.carrier, one.reply_id, one.by, None),
    )


def of_opt_out(whose: str, one: OptOut) -> Row:
    """The row of an opt-out, or of the end of one."""
    what = "opt_out" if one.is_out else "opt_in"
    source = "console" if one.by else "reply"
    return (
        *(whose, what, iso(one.at // 1000), one.word, source, None),
        *(one.message_id, one.carrier, one.reply_id, one.by, one.comment),
    )


def text(rows: Iterable[Row], *, is_first: bool) -> bytes:
    """Rows as a part of a file that spreadsheets open, and take nothing of for a formula."""
    written = io.StringIO()
    writer = csv.writer(written)
    if is_first:
        written.write(BOM)
        writer.writerow(HEADER)
    for row in rows:
        writer.writerow(map(cell, row))
    return written.getvalue().encode("utf-8", "replace")
