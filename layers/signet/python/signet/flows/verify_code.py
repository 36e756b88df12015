"""Verifying a code: count the guess, then compare it.

One conditional write counts the guess and returns the item just after it. Whether this guess is
the first right one follows from that alone, so whatever runs in parallel, at most one wins
(review.md 6.2).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signet import codes
from signet.apps import App
from signet.codes import Guess, Keyring, LiveCode, Subject
from signet.errors import CodeInvalid, Unavailable
from signet.messages import MessageRef
from signet.store.phones import NoLiveCode, UnknownKey
from signet.store.table import ConditionFailed, TransactionRefused

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """What the verification counts with and writes to; see `store.phones`, `edge.secrets`."""

    keyring: Callable[..., Keyring]
    spend_guess: Callable[..., LiveCode]
    spend_guess_on_test_phone: Callable[[Subject, int], None]
    record_verified: Callable[[MessageRef, int], None]
    mark_used: Callable[[Subject, LiveCode, int], None]
    count_verified: Callable[[App, Subject, str, int], None]


@dataclass(frozen=True, slots=True)
class _Attempt:
    subject: Subject
    code: str
    request_id: str
    now: datetime


def verify_code(
    subject: Subject, typed: str, stores: Stores, *, app: App, request_id: str, now: datetime
) -> LiveCode | None:
    """Use up the code that `typed` names, and tell which; None for a test phone's fixed one.

    Raises CodeInvalid for whatever does not fit.
    """
    code = codes.typed(typed)
    if code is None:
        # Not a guess at six digits: counts nothing, tells nothing.
        raise CodeInvalid
    seconds = int(now.timestamp())
    if app.test_phone and subject.phone == app.test_phone.phone:
        _verify_test_phone(subject, code, stores, fixed=app.test_phone.code, now=seconds)
        return None
    attempt = _Attempt(subject, code, request_id, now)
    keyring = stores.keyring()
    try:
        live, guess = _spend(attempt, keyring, stores)
    except UnknownKey as unknown:
        # Rotated since this process read the secret: read it once more, count once.
        keyring = stores.keyring(known=unknown.key_id)
        if unknown.key_id not in keyring.keys:
            log.error("code_key_missing", extra={"key_id": unknown.key_id})
            raise Unavailable from unknown
        live, guess = _spend(attempt, keyring, stores)
    if not codes.is_winner(live, guess, keyring=keyring, subject=subject):
        raise CodeInvalid
    _record(subject, live, stores, app=app, now=seconds)
    if live.mark:
        stores.count_verified(app, subject, live.mark, seconds)
    return live


def _verify_test_phone(
    subject: Subject, code: str, stores: Stores, *, fixed: str, now: int
) -> None:
    try:
        stores.spend_guess_on_test_phone(subject, now)
    except NoLiveCode:
        raise CodeInvalid from None
    if not codes.matches(fixed.encode(), code.encode()):
        raise CodeInvalid


def _spend(attempt: _Attempt, keyring: Keyring, stores: Stores) -> tuple[LiveCode, Guess]:
    """Count the guess; the code and the guess to judge, a copy's first one included."""
    guess = codes.new_guess(
        keyring,
        attempt.subject,
        attempt.code,
        request_id=attempt.request_id,
        now=int(attempt.now.timestamp()),
    )
    try:
        return stores.spend_guess(attempt.subject, guess, key_ids=keyring.keys), guess
    except NoLiveCode as none:
        return _first_answer(none.code, guess, attempt.now)


def _first_answer(live: LiveCode | None, guess: Guess, now: datetime) -> tuple[LiveCode, Guess]:
    """An identical copy of a counted request is judged as the first one was (wire.md 3)."""
    first = codes.answered_before(live, guess.request_id, now=now) if live else None
    if live is None or first is None or first.digest != guess.digest:
        raise CodeInvalid
    return live, first


def _record(subject: Subject, live: LiveCode, stores: Stores, *, app: App, now: int) -> None:
    """Tell the message's record, and the code's item where a used code could be sent again."""
    try:
        if app.switches.resend_same_code:
            stores.mark_used(subject, live, now)
        else:
            stores.record_verified(MessageRef(subject.app_id, live.message_id), now)
    except (ConditionFailed, TransactionRefused, Unavailable):
        # The verification stands: the order of the guesses already lets nobody win twice.
        log.warning("code_use_not_recorded", extra={"message_id": live.message_id})
