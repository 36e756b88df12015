"""Phones: one item per app and number, holding all that guards it.

    pk                     | attributes
    -----------------------+---------------------------------------------------------
    <app>#<E.164>          | a1, s1b1, s1c1 … s1c10, v1 …: times of the last sends, per register
                           |   of `limits` (s1 = short id of a signature)
                           | f1 … f20: times of the last guesses
                           | rid, rt: id and time of the last accepted request
                           | p<purpose>…: n nonce, k key id, x expires_at, m message id,
                           |   g guesses, i their request ids, u when the code was used
                           |   w the user whose number it will become, h where the shield
                           |   counts the send
    <app>#idem#<digest>    | request: digest of the request that used an Idempotency-Key
    <app>#only#<digest>    | phone: to which a code was sent that may confirm without it
    <app>#cap#<E.164>      | how often it was sent marketing; see `store.frequency`
    all                    | ttl: when DynamoDB may forget the item (never trusted)

Times are epoch seconds. Names are short because the whole item should stay within 1 kB, one
write unit. Failure mode: closed; what cannot be counted is not sent and not compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from signet import limits
from signet.captchas import INVALID_PROOF
from signet.charges import Charge
from signet.codes import COPY_WINDOW, GUESSES_PER_CODE, Guess, LiveCode, OnlyCode, Subject
from signet.edge import settings
from signet.errors import BadParameter, CaptchaMissing
from signet.limits import Limit
from signet.messages import Message, MessageRef, nonce_tag
from signet.store import balances, challenges, messages, table
from signet.store.registers import shift, within
from signet.store.table import Joined, path

_REMEMBER = timedelta(hours=25)
IDEMPOTENT_FOR = timedelta(hours=24)


class PhoneItem(table.Table):
    """An item of the Phones table; most attributes are reached by `path`."""

    class Meta:
        table_name = settings.value("SIGNET_PHONES_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    request = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Send:
    """One send to accept: within which limits, by which request, with which code.

    `subject` says whose number it is; its purpose counts only when a code is issued, which a
    `nonce` tells. `idempotency` is (key, digest of the request) when the caller gave an
    Idempotency-Key. `user_id`: whose number it will become. `only`: the code can be found without
    the number, by this. `proof`: of a solved captcha, which this send spends.
    `mark`: where the shield counts it. `cap`: of marketing, which is counted apart.
    """

    subject: Subject
    limits: Sequence[Limit]
    request_id: str
    now: datetime
    nonce: bytes | None
    expires_at: int
    idempotency: tuple[str, str] | None = None
    user_id: str | None = None
    only: OnlyCode | None = None
    proof: tuple[str, bytes] | None = None
    mark: str = ""
    cap: Limit | None = None

    @property
    def seconds(self) -> int:
        """`now` in epoch seconds."""
        return int(self.now.timestamp())


class AlreadyAccepted(Exception):
    """The same request was accepted before; the caller gets the first answer."""


class CodeNotAlone(Exception):
    """Another number of the app has the same code, and it should be found by the code alone."""


class CodeLives(Exception):
    """The number has a live code, and the app wants it sent again rather than replaced."""

    def __init__(self, code: LiveCode) -> None:
        super().__init__("a code is live")
        self.code = code


class NotPaid(Exception):
    """The balance item that was to pay is short, or at its share of the daily cap."""


class NoLiveCode(Exception):
    """Nothing can be guessed: no live code, or the budget is spent. Nothing was counted."""

    def __init__(self, code: LiveCode | None) -> None:
        super().__init__("no live code")
        self.code = code


class UnknownKey(Exception):
    """The live code was derived with a key that is not in the keyring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


def accept(
    send: Send,
    message: Message | None,
    charge: Charge | None = None,
    *,
    keep_live: bool = False,
    joined: Joined | None = None,
) -> None:
    """Accept a send, record its message and debit its price: all or nothing, within all limits.

    Raises AlreadyAccepted for a repeated request, the SignetError of the first broken limit,
    NotPaid, CodeNotAlone, what `joined` refuses with, and, with `keep_live`, CodeLives instead of
    replacing a code that still lives. A refused send changes nothing. One call, one transaction;
    without a message (test phones) too.
    """
    condition = within(send.limits, send.seconds)
    if keep_live:
        condition &= _no_live_code(send.subject, send.seconds)
    issued = _issue(send, message.ref) if message and send.nonce else ()
    wanted = _Acceptance(send, message, charge, joined)
    _accept(wanted, condition, [*_shift_all(send), *issued])


def accept_again(
    send: Send,
    message: Message,
    charge: Charge | None,
    code: LiveCode,
    *,
    joined: Joined | None = None,
) -> None:
    """Accept a send that delivers the live `code` once more; its guesses stay counted.

    Raises what `accept` raises, and NoLiveCode when the code was replaced meanwhile.
    """
    send = replace(send, only=None)
    prefix = _prefix(send.subject)
    same = path(f"{prefix}n") == code.nonce
    actions = [*_shift_all(send), path(f"{prefix}m").set(message.ref.message_id)]
    try:
        condition = within(send.limits, send.seconds) & same
        _accept(_Acceptance(send, message, charge, joined), condition, actions)
    except CodeLives as other:
        raise NoLiveCode(other.code) from other


def pin_key(message: Message, key_id: str) -> LiveCode | None:
    """The live code `message` was recorded for, its key chosen now if it had none.

    `request` holds no keys, so the first sender names the one in use (docs/decisions). None
    when the code was replaced or has expired from the table.
    """
    if message.subject is None:
        return None
    item = PhoneItem(_pk(message.subject))
    prefix = _prefix(message.subject)
    key = path(f"{prefix}k")
    try:
        after = table.update(item, [key.set(key | key_id)], path(f"{prefix}m").exists())
    except table.ConditionFailed:
        return None
    code = _live(after, prefix)
    return code if code and nonce_tag(code.nonce) == message.nonce_tag else None


def count_call(message: Message, now: int) -> bool:
    """Count a voice call that we make of ourselves against limit E; False when it is reached."""
    if message.subject is None:
        return False
    actions = [
        action
        for register, depth in limits.registers(limits.VOICE).items()
        for action in shift(register, depth, now)
    ]
    try:
        table.update(PhoneItem(_pk(message.subject)), actions, within(limits.VOICE, now))
    except table.ConditionFailed:
        return False
    return True


def spend_guess(subject: Subject, guess: Guess, *, key_ids: Iterable[str]) -> LiveCode:
    """Count `guess` against the live code and the number's daily budget; then tell the code.

    The returned code's last guess is this one. Raises NoLiveCode or UnknownKey, both without
    counting anything.
    """
    prefix = _prefix(subject)
    known = list(key_ids)
    condition = (
        (path(f"{prefix}x") > guess.at)
        & path(f"{prefix}k").is_in(*known)
        & (size(path(f"{prefix}g")) < GUESSES_PER_CODE)
        & ~path(f"{prefix}i").contains(guess.request_id)
        & within([limits.GUESSES], guess.at)
    )
    guesses, ids = path(f"{prefix}g"), path(f"{prefix}i")
    actions = [
        guesses.set(guesses.append([guess.pack()])),
        ids.set(ids.append([guess.request_id])),
        *shift(limits.GUESSES.register, limits.GUESSES.count, guess.at),
        path("ttl").set(guess.at + int(_REMEMBER.total_seconds())),
    ]
    try:
        after = table.update(PhoneItem(_pk(subject)), actions, condition)
    except table.ConditionFailed as failed:
        code = _live(failed.before, prefix)
        if code and code.expires_at > guess.at and code.key_id and code.key_id not in known:
            raise UnknownKey(code.key_id) from failed
        raise NoLiveCode(code) from failed
    code = _live(after, prefix)
    if code is None:
        raise NoLiveCode(None)
    return code


def spend_guess_on_test_phone(subject: Subject, now: int) -> None:
    """Count a guess at a fixed code against the number's daily budget. Raises NoLiveCode."""
    register = limits.GUESSES.register
    actions = [
        *shift(register, limits.GUESSES.count, now),
        path("ttl").set(now + int(_REMEMBER.total_seconds())),
    ]
    try:
        table.update(PhoneItem(_pk(subject)), actions, within([limits.GUESSES], now))
    except table.ConditionFailed as failed:
        raise NoLiveCode(None) from failed


def find_only(app_id: str, candidates: Iterable[OnlyCode], *, now: int) -> str | None:
    """The number to which one of these codes was sent and may confirm without it."""
    for only in candidates:
        try:
            read = partial(PhoneItem.get, _only_pk(app_id, only), consistent_read=True)
            item = table.read(read)
        except DoesNotExist:
            continue
        if item.phone and item.ttl is not None and item.ttl > now:
            return str(item.phone)
    return None


def mark_used(subject: Subject, code: LiveCode, now: int) -> None:
    """Note that `code` was used, in its item and in its message's record, both or neither.

    Safety does not rest on this: the order of the guesses already lets nobody win twice.
    Raises TransactionRefused when the code was replaced or the record has been forgotten.
    """
    prefix = _prefix(subject)
    ref = MessageRef(subject.app_id, code.message_id)

    def build(writes: TransactWrite) -> None:
        writes.update(
            PhoneItem(_pk(subject)),
            [path(f"{prefix}u").set(now)],
            path(f"{prefix}n") == code.nonce,
        )
        messages.record_verified(writes, ref, now)

    table.transact(build)


@dataclass(frozen=True, slots=True)
class _Acceptance:
    """What one transaction accepts; `message` and `charge` are None for a test phone."""

    send: Send
    message: Message | None
    charge: Charge | None
    joined: Joined | None


def _accept(wanted: _Acceptance, condition: Condition, actions: Sequence[Action]) -> None:
    send = wanted.send

    def build(writes: TransactWrite) -> None:
        if wanted.joined:
            wanted.joined.add(writes)
        for item, unclaimed in _claims(send).values():
            writes.save(item, unclaimed, return_values="ALL_OLD")
        if wanted.message:
            messages.record(writes, wanted.message)
        if send.cap:
            _count_marketing(writes, send, send.cap)
        phone = PhoneItem(_pk(send.subject))
        writes.update(phone, list(actions), condition, return_values="ALL_OLD")
        if wanted.charge:
            balances.record_charge(writes, wanted.charge)

    try:
        table.transact(build)
    except table.TransactionRefused as refused:
        raise _refusal(wanted, refused.before) from refused


def _count_marketing(writes: TransactWrite, send: Send, cap: Limit) -> None:
    from signet.store import frequency  # of few sends only

    number = (send.subject.app_id, send.subject.phone)
    frequency.join(writes, number, cap, send.request_id, send.seconds)


def _claims(send: Send) -> dict[str, tuple[Model, Condition]]:
    """What a send must be the only one to have, by the name of its field."""
    claims: dict[str, tuple[Model, Condition]] = {}
    if send.idempotency:
        claims["idempotency"] = _idempotency(send)
    if send.only:
        claims["only"] = _only(send, send.only)
    if send.proof:
        claims["proof"] = challenges.spent(send.subject.app_id, send.proof, send.seconds)
    return claims


def _refusal(wanted: _Acceptance, before: Sequence[table.Item | None]) -> Exception:
    send = wanted.send
    joined, own = _divided(wanted, before)
    claimed = {
        name: item for name, item in zip(_claims(send), own, strict=False) if item is not None
    }
    if send.idempotency and "idempotency" in claimed:
        if claimed["idempotency"].get("request") == send.idempotency[1]:
            return AlreadyAccepted()
        return BadParameter("This Idempotency-Key was used for another request.")
    if wanted.joined and (refusal := wanted.joined.refusal(joined)):
        return refusal
    if "only" in claimed:
        return CodeNotAlone()
    # Puts come first, then what counts marketing, then the number's item, then the balance.
    last = -2 if wanted.charge else -1
    phone = before[last]
    counted = (before[last - 1] or {}) if send.cap else {}
    refusal = _refusal_of_number(send, counted | (phone or {}), is_unproved="proof" in claimed)
    if phone is None and refusal is None and wanted.charge:
        return NotPaid()
    code = _live(phone or {}, _prefix(send.subject))
    return refusal or (CodeLives(code) if code else NoLiveCode(None))


def _refusal_of_number(send: Send, item: table.Item, *, is_unproved: bool) -> Exception | None:
    """Why the number's item refused, unless it is for its live code."""
    fresh = send.seconds - item.get("rt", 0) <= COPY_WINDOW.total_seconds()
    if item.get("rid") == send.request_id and fresh:
        return AlreadyAccepted()
    if is_unproved:
        return CaptchaMissing(INVALID_PROOF)
    checked = (*send.limits, send.cap) if send.cap else send.limits
    return limits.first_broken(checked, item, send.seconds)


def _divided(
    wanted: _Acceptance, before: Sequence[table.Item | None]
) -> tuple[list[table.Item | None], list[table.Item | None]]:
    """The items that refused: those of what joined the send, and those of the send itself."""
    size = wanted.joined.size if wanted.joined else 0
    return list(before[:size]), list(before[size:])


def _idempotency(send: Send) -> tuple[PhoneItem, Condition]:
    key, request = send.idempotency or ("", "")
    digest = sha256(key.encode()).hexdigest()
    until = send.seconds + int(IDEMPOTENT_FOR.total_seconds())
    item = PhoneItem(f"{send.subject.app_id}#idem#{digest}", request=request, ttl=until)
    return item, PhoneItem.pk.does_not_exist() | (PhoneItem.ttl <= send.seconds)


def _only(send: Send, only: OnlyCode) -> tuple[PhoneItem, Condition]:
    item = PhoneItem(
        _only_pk(send.subject.app_id, only), phone=send.subject.phone, ttl=send.expires_at
    )
    return item, PhoneItem.pk.does_not_exist() | (PhoneItem.ttl <= send.seconds)


def _only_pk(app_id: str, only: OnlyCode) -> str:
    return f"{app_id}#only#{only.digest}"


def _no_live_code(subject: Subject, now: int) -> Condition:
    prefix = _prefix(subject)
    condition: Condition = (
        path(f"{prefix}n").does_not_exist()
        | (path(f"{prefix}x") <= now + 60)
        | path(f"{prefix}u").exists()
        | (size(path(f"{prefix}g")) >= GUESSES_PER_CODE)
    )
    return condition


def _shift_all(send: Send) -> Iterator[Action]:
    for register, depth in limits.registers(send.limits).items():
        yield from shift(register, depth, send.seconds)
    yield path("rid").set(send.request_id)
    yield path("rt").set(send.seconds)
    yield path("ttl").set(send.seconds + int(_REMEMBER.total_seconds()))


def _issue(send: Send, ref: MessageRef) -> Iterator[Action]:
    prefix = _prefix(send.subject)
    yield path(f"{prefix}m").set(ref.message_id)
    yield path(f"{prefix}n").set(send.nonce)
    yield path(f"{prefix}x").set(send.expires_at)
    yield path(f"{prefix}g").set([])
    yield path(f"{prefix}i").set([])
    yield path(f"{prefix}u").remove()
    key, user = path(f"{prefix}k"), path(f"{prefix}w")
    yield key.set(send.only.key_id) if send.only else key.remove()
    mark = path(f"{prefix}h")
    yield mark.set(send.mark) if send.mark else mark.remove()
    yield user.set(send.user_id) if send.user_id else user.remove()


def _live(item: table.Item, prefix: str) -> LiveCode | None:
    if f"{prefix}n" not in item:
        return None
    packed = zip(item[f"{prefix}i"], item[f"{prefix}g"], strict=True)
    return LiveCode(
        nonce=item[f"{prefix}n"],
        key_id=item.get(f"{prefix}k"),
        expires_at=item[f"{prefix}x"],
        message_id=item[f"{prefix}m"],
        guesses=[Guess.unpack(request_id, guess) for request_id, guess in packed],
        user_id=item.get(f"{prefix}w"),
        mark=item.get(f"{prefix}h", ""),
    )


def _prefix(subject: Subject) -> str:
    return f"p{subject.purpose.value}"


def _pk(subject: Subject) -> str:
    return f"{subject.app_id}#{subject.phone}"
