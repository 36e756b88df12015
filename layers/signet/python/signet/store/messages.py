"""Messages: the record of every send, and the list of those with work left.

    pk  <app>#<yyyymmdd>#<shard>   sk  time and chance; both follow from the message id
    by_phone  app_phone = <app>#<E.164>, sk: a number's history
    open      open = open#0 … open#15, due_at: present while Signet still owes the message
              something; the sweeper's only query

No partition takes a write for every message of an app (review.md 5.1). State changes touch no
index key but the removal from `open`. Failure mode: closed before the carrier is called; after
it, the state says that the answer is not known.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet import days
from signet.charges import Charge
from signet.codes import Purpose
from signet.edge import settings
from signet.limits import Channel, Kind
from signet.messages import (
    DUE_AFTER,
    DUE_AGAIN_AFTER,
    LEASE,
    NOTIFICATION_LIFE,
    OPEN_SHARDS,
    OPERATIONS,
    RESCUE_AFTER,
    RETENTION,
    Claim,
    Message,
    MessageRef,
    State,
    open_shard,
)
from signet.store import balances, table

if TYPE_CHECKING:
    from signet.tries import Try

log = logging.getLogger(__name__)


class _ByPhone(GlobalSecondaryIndex["MessageItem"]):
    class Meta:
        index_name = "by_phone"
        projection = IncludeProjection(["kind", "purpose", "template", "signature"])

    app_phone = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class _Open(GlobalSecondaryIndex["MessageItem"]):
    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    open = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class MessageItem(table.Table):
    """An item of the Messages table."""

    class Meta:
        table_name = settings.value("SIGNET_MESSAGES_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    app_phone = UnicodeAttribute(null=True)
    by_phone = _ByPhone()
    open = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    open_index = _Open()

    kind = UnicodeAttribute(null=True)
    channel = UnicodeAttribute(null=True)
    purpose = UnicodeAttribute(null=True)
    template = UnicodeAttribute(null=True)
    template_version = NumberAttribute(null=True)
    signature = UnicodeAttribute(null=True)
    signature_text = UnicodeAttribute(null=True)
    variables = JSONAttribute(null=True)
    nonce_tag = UnicodeAttribute(null=True)
    kept_back = BooleanAttribute(null=True)
    # "1" where the app is told what becomes of it: what the table's stream is filtered by.
    events = UnicodeAttribute(null=True)
    plain = BooleanAttribute(null=True)
    rescue = BooleanAttribute(null=True)
    rescue_id = UnicodeAttribute(null=True)
    campaign = UnicodeAttribute(null=True)
    held_until = NumberAttribute(null=True)
    segments = NumberAttribute(null=True)
    price = NumberAttribute(null=True)
    balance_shard = NumberAttribute(null=True)
    refunded = NumberAttribute(null=True)
    created_at = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)

    state = UnicodeAttribute(null=True)
    attempts = NumberAttribute(null=True)
    attempt_id = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(null=True)
    carrier = UnicodeAttribute(null=True)
    carrier_message_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    queued_at = NumberAttribute(null=True)
    claimed_at = NumberAttribute(null=True)
    sent_at = NumberAttribute(null=True)
    verified_at = NumberAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    # What each carrier answered; see `signet.tries`.
    try1 = UnicodeAttribute(null=True)
    try2 = UnicodeAttribute(null=True)
    try3 = UnicodeAttribute(null=True)
    try4 = UnicodeAttribute(null=True)
    try5 = UnicodeAttribute(null=True)
    try6 = UnicodeAttribute(null=True)
    # What the receipt said, and whose it was; `report` is `delivered` or `undelivered`.
    reported_at = NumberAttribute(null=True)
    report_reason = UnicodeAttribute(null=True)
    report_carrier = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)


# Where a live code is sent again, an earlier message may have brought it.
_USED_BEFORE_IT_WAS_SENT = (
    (MessageItem.state == State.VERIFIED.value)
    & MessageItem.carrier.does_not_exist()
    & MessageItem.report.does_not_exist()
    & MessageItem.refunded.does_not_exist()
)
# A receipt tells more than these do. A carrier's yes goes before another's, or its own, no.
_UNHEARD = (State.SENDING.value, State.AWAITING_RECEIPT.value, State.UNCONFIRMED.value)
_DELIVERED_TELLS_MORE = MessageItem.state.is_in(*_UNHEARD) | (
    # A carrier that refused it delivered it after all: it must not be sent again.
    (MessageItem.state == State.QUEUED.value) & (MessageItem.attempts > 0)
)
_DELIVERED_CORRECTS = MessageItem.state == State.UNDELIVERED.value
_UNDELIVERED_TELLS_MORE = MessageItem.state.is_in(*_UNHEARD)
_LONGEST_REASON = 100
# As `messages.new_id` writes it.
_ID = re.compile(r"(\d{8})-(\d{1,3})-([0-9a-f]{32})")


class UnknownMessage(Exception):
    """No record of that id can be read: nobody wrote it, or it is forgotten or of tomorrow."""


class AlreadyRecorded(Exception):
    """There is a record of that message: this is not its first attempt."""


class Heard(NamedTuple):
    """Of which carrier something was heard, of which number, and when it got the message.

    `sent_at` is in epoch seconds; `carrier` is whoever reported it. `campaign` as in messages.
    `corrects`: it was said before that it did not arrive.
    """

    carrier: str
    phone: str
    sent_at: int
    campaign: str | None = None
    corrects: bool = False


class NotClaimed(Exception):
    """The message is not for this attempt; `state` is how it stood."""

    def __init__(self, state: State) -> None:
        super().__init__(state.value)
        self.state = state


def record(writes: TransactWrite, message: Message) -> None:
    """Add the new message to a transaction."""
    pk, sk = key(message.ref)
    due_at = message.held_until or message.created_at + int(DUE_AFTER.total_seconds())
    item = MessageItem(
        pk,
        sk,
        app_phone=f"{message.ref.app_id}#{message.phone}",
        open=open_shard(message.ref.message_id),
        due_at=due_at,
        kind=message.kind.value,
        channel=message.channel.value,
        purpose=message.purpose.value if message.purpose else None,
        template=message.template,
        template_version=message.template_version,
        signature=message.signature,
        signature_text=message.signature_text,
        variables=dict(message.variables),
        nonce_tag=message.nonce_tag,
        # Said of every code of an account, so that a write does not tell by its size.
        kept_back=message.kept_back if message.purpose in OPERATIONS else None,
        events="1" if message.events else None,
        plain=message.plain or None,
        rescue=message.rescue or None,
        campaign=message.campaign,
        held_until=message.held_until,
        segments=message.segments,
        price=message.price,
        balance_shard=message.balance_shard,
        created_at=message.created_at,
        expires_at=message.expires_at,
        ttl=message.created_at + int(RETENTION.total_seconds()),
        state=message.state.value,
        attempts=0,
    )
    writes.save(item, condition=MessageItem.pk.does_not_exist())


def record_claimed(
    message: Message, attempt: Claim, now: datetime, *, queued_at: int | None = None
) -> None:
    """Record a campaign's message that is claimed already, in one write.

    It is not in the list of open messages: its queue brings it again until it has an end. Raises
    AlreadyRecorded.
    """
    seconds = int(now.timestamp())
    pk, sk = key(message.ref)
    attributes = {
        "app_phone": f"{message.ref.app_id}#{message.phone}",
        "kind": message.kind.value,
        "channel": message.channel.value,
        "template": message.template,
        "template_version": message.template_version,
        "signature": message.signature,
        "signature_text": message.signature_text,
        "events": "1" if message.events else None,
        "plain": message.plain or None,
        "campaign": message.campaign,
        "segments": message.segments,
        "price": message.price,
        "balance_shard": message.balance_shard,
        "created_at": message.created_at,
        "expires_at": message.expires_at,
        "ttl": message.created_at + int(RETENTION.total_seconds()),
        "queued_at": queued_at,
        "claimed_at": seconds,
    }
    named = MessageItem.get_attributes()
    actions = [
        *(named[name].set(value) for name, value in attributes.items() if value is not None),
        MessageItem.state.set(State.SENDING.value),
        *_leased(attempt, seconds),
    ]
    try:
        table.update(MessageItem(pk, sk), actions, MessageItem.pk.does_not_exist())
    except table.ConditionFailed as failed:
        # A retry after a lost reply finds its own claim.
        if failed.before.get("attempt_id") != attempt.id:
            raise AlreadyRecorded(message.ref.message_id) from failed


def verified(ref: MessageRef, now: int) -> None:
    """Record that the message's code was used. Raises ConditionFailed without a record."""
    _change(ref, _verified(now), MessageItem.pk.exists())


def record_verified(writes: TransactWrite, ref: MessageRef, now: int) -> None:
    """Add the same to a transaction."""
    writes.update(MessageItem(*key(ref)), _verified(now), MessageItem.pk.exists())


def get(ref: MessageRef) -> Message:
    """The message as it stands now. Raises UnknownMessage."""
    pk, sk = key(ref)
    try:
        item = table.read(lambda: MessageItem.get(pk, sk, consistent_read=True))
        return _message(ref, item)
    except (DoesNotExist, ValueError, TypeError) as error:
        raise UnknownMessage(ref.message_id) from error


def found(refs: Iterable[MessageRef]) -> list[Message]:
    """Those of these messages that there are, as they stand now."""
    by_key = {key(ref): ref for ref in refs}
    items = table.read(lambda: list(MessageItem.batch_get(list(by_key), consistent_read=True)))
    return [_message(by_key[str(item.pk), str(item.sk)], item) for item in items]


def claim(message: Message, attempt: Claim, now: datetime, *, queued_at: int | None = None) -> None:
    """Take a queued message for one attempt, for as long as a lease.

    `queued_at`: when the queue took it, in epoch seconds, for those who read the record.
    After this the carrier may be called once; whatever happens then, nobody else will call it
    for this attempt. Raises NotClaimed, and UnknownMessage when the record is gone.
    """
    seconds = int(now.timestamp())
    actions = [
        MessageItem.state.set(State.SENDING.value),
        *_leased(attempt, seconds),
        MessageItem.claimed_at.set(seconds),
    ]
    if queued_at:
        # The queue's clock is its own.
        actions.append(MessageItem.queued_at.set(max(queued_at, message.created_at)))
    _take(message, attempt, actions, MessageItem.state == State.QUEUED.value)


def ask_next(message: Message, ended: Claim, told: "Try", attempt: Claim, now: datetime) -> None:
    """Record that a carrier surely refused, and take the message for the next one's attempt.

    Raises NotClaimed when it is not the ended attempt's any more, and UnknownMessage.
    """
    actions = [*_leased(attempt, int(now.timestamp())), _told(ended, told)]
    mine = (MessageItem.state == State.SENDING.value) & (MessageItem.attempt_id == ended.id)
    _take(message, attempt, actions, mine)


def accepted(
    message: Message,
    attempt: Claim,
    told: "Try",
    *,
    carrier_message_id: str,
    awaits_rescue: bool = False,
) -> None:
    """Record that the carrier took the message. The state moves unless it is further already.

    What awaits a rescue stays in the list of open messages until that is over.
    """
    facts = [
        MessageItem.carrier.set(told.carrier),
        MessageItem.carrier_message_id.set(carrier_message_id),
        MessageItem.sent_at.set(told.at),
        _told(attempt, told),
    ]
    mine = MessageItem.attempt_id == attempt.id
    open_states = MessageItem.state.is_in(State.SENDING.value, State.UNCONFIRMED.value)
    moved = [MessageItem.state.set(State.AWAITING_RECEIPT.value), *facts]
    if awaits_rescue:
        looked_at = told.at + int((RESCUE_AFTER + DUE_AGAIN_AFTER).total_seconds())
        moved.append(MessageItem.due_at.set(looked_at))
    else:
        moved.append(MessageItem.open.remove())
    try:
        _change(message.ref, moved, mine & open_states)
    except table.ConditionFailed:
        _change(message.ref, [*facts, MessageItem.open.remove()], mine)


def refused(message: Message, attempt: Claim, told: "Try", *, final: bool) -> None:
    """Record a sure refusal: back to the queue, or, refunded, the end when it is final.

    It is the end, too, for a message whose code was used meanwhile: an earlier one brought it.
    """
    mine = MessageItem.attempt_id == attempt.id
    sending = mine & (MessageItem.state == State.SENDING.value)
    used = mine & _USED_BEFORE_IT_WAS_SENT
    if not final:
        actions = [
            MessageItem.state.set(State.QUEUED.value),
            MessageItem.reason.set(told.reason),
            _told(attempt, told),
        ]
        try:
            _change(message.ref, actions, sending)
            return
        except table.ConditionFailed:
            sending = used
    end = [*_last_words(State.CALL_FAILED, told.reason, told.at), _told(attempt, told)]
    _give_up(message, end, sending | used, now=told.at)


def reported(
    ref: MessageRef, *, delivered: bool, reason: str, at: int, carrier: str
) -> Heard | None:
    """Record a carrier's receipt; `reason` is its own code, `at` epoch seconds.

    Receipts come in any order, late and more than once: verified goes before delivered, that
    before undelivered, and that before everything without a receipt. Of a message whose code was
    used only the facts are kept. What was paid back stays as it is. None when nothing was new.
    Raises UnknownMessage.
    """
    state = State.DELIVERED if delivered else State.UNDELIVERED
    facts = [
        MessageItem.report.set(state.value),
        MessageItem.report_reason.set(reason[:_LONGEST_REASON]),
        MessageItem.report_carrier.set(carrier),
        MessageItem.reported_at.set(at),
    ]
    moved = [MessageItem.state.set(state.value), *facts, MessageItem.open.remove()]
    try:
        item = _change(ref, moved, _DELIVERED_TELLS_MORE if delivered else _UNDELIVERED_TELLS_MORE)
    except table.ConditionFailed as failed:
        if not failed.before:
            raise UnknownMessage(ref.message_id) from failed
        if delivered and (corrected := _corrected(ref, moved)):
            return _heard(corrected, carrier, corrects=True)
        return _reported_late(ref, facts, delivered=delivered, carrier=carrier)
    return _heard(item, carrier)


def _corrected(ref: MessageRef, moved: Sequence[Action]) -> table.Item | None:
    """The message that was said not to have arrived, delivered after all; None if it was not."""
    try:
        return _change(ref, moved, _DELIVERED_CORRECTS)
    except table.ConditionFailed:
        return None


def _reported_late(
    ref: MessageRef, facts: Sequence[Action], *, delivered: bool, carrier: str
) -> Heard | None:
    """Keep what a receipt says of a message whose code was used, if it is the best so far."""
    news = MessageItem.report.does_not_exist()
    if delivered:
        news |= MessageItem.report == State.UNDELIVERED.value
    sent = (MessageItem.attempts > 0) & MessageItem.refunded.does_not_exist()
    used = sent & (MessageItem.state == State.VERIFIED.value)
    try:
        return _heard(_change(ref, facts, used & news), carrier)
    except table.ConditionFailed as failed:
        log.info(
            "receipt_changed_nothing",
            extra={
                "message_id": ref.message_id,
                "carrier": carrier,
                "state": failed.before.get("state"),
                "refunded": "refunded" in failed.before,
            },
        )
        return None


def _heard(item: table.Item, carrier: str, *, corrects: bool = False) -> Heard:
    tried = [one.at for one in _tries(item.get) if one.carrier == carrier]
    at_once = item.get("sent_at") or item.get("claimed_at") or item["created_at"]
    phone = str(item["app_phone"]).rpartition("#")[2]
    return Heard(carrier, phone, max(tried, default=at_once), item.get("campaign"), corrects)


def unconfirmed(message: Message, attempt: Claim, told: "Try") -> None:
    """Record that nobody knows whether the carrier took this attempt; it is never re-sent.

    It stays charged: the carrier may have taken it.
    """
    end = [*_last_words(State.UNCONFIRMED, told.reason, told.at), _told(attempt, told)]
    _move_on(message.ref, end, _held_by(attempt.id))


def lost(message: Message, reason: str, now: datetime) -> None:
    """Record the same of an attempt whose sender is gone, and with it what the carrier said."""
    end = _last_words(State.UNCONFIRMED, reason, int(now.timestamp()))
    _move_on(message.ref, end, _held_by(message.attempt_id))


def claim_rescue(message: Message, attempt: Claim) -> None:
    """Take a message of which nothing was heard, for sending its code once more.

    Raises NotClaimed: something was heard, or somebody has done it; and UnknownMessage.
    """
    actions = [
        MessageItem.rescue_id.set(attempt.id),
        MessageItem.attempts.set(attempt.number),
        MessageItem.open.remove(),
    ]
    unheard = MessageItem.state == State.AWAITING_RECEIPT.value
    try:
        _change(message.ref, actions, unheard & MessageItem.rescue_id.does_not_exist())
    except table.ConditionFailed as failed:
        if failed.before.get("rescue_id") != attempt.id:
            raise _not_claimed(message, failed) from failed


def told_of_rescue(message: Message, attempt: Claim, told: "Try") -> None:
    """Record what a carrier answered to a rescue; states and charges stay as they are."""
    actions = [_told(attempt, told), MessageItem.attempts.set(attempt.number)]
    _move_on(message.ref, actions, MessageItem.pk.exists())


def expired(message: Message, reason: str, now: datetime) -> None:
    """Record, with a refund, that the message was not handed over and need not be any more."""
    used = _USED_BEFORE_IT_WAS_SENT & (MessageItem.attempts == 0)
    queued = MessageItem.state == State.QUEUED.value
    seconds = int(now.timestamp())
    _give_up(message, _last_words(State.EXPIRED, reason, seconds), queued | used, now=seconds)


def due(shard: int, now: datetime, *, limit: int) -> Iterator[Message]:
    """Open messages of one shard that are due, oldest first."""
    seconds = int(now.timestamp())
    found = MessageItem.open_index.query(
        f"open#{shard}", MessageItem.due_at <= seconds, limit=limit
    )
    for item in found:
        ref = _ref(str(item.pk), str(item.sk))
        try:
            message = get(ref)
        except UnknownMessage:
            # One record that cannot be read must not keep the sweeper from all the others.
            log.error("unreadable_record", extra={"message_id": ref.message_id})
            continue
        yield message


def postpone(message: Message, until: datetime) -> bool:
    """Look at an open message again at `until`; False when another sweeper was first."""
    try:
        _change(
            message.ref,
            [MessageItem.due_at.set(int(until.timestamp()))],
            (MessageItem.due_at == message.due_at) & MessageItem.open.exists(),
        )
    except table.ConditionFailed:
        return False
    return True


def hold(message: Message, until: datetime) -> None:
    """Let a queued message wait until then, unless somebody took it; its life starts anew."""
    seconds = int(until.timestamp())
    actions = [
        MessageItem.held_until.set(seconds),
        MessageItem.due_at.set(seconds),
        MessageItem.expires_at.set(seconds + int(NOTIFICATION_LIFE.total_seconds())),
    ]
    queued = (MessageItem.state == State.QUEUED.value) & MessageItem.open.exists()
    _move_on(message.ref, actions, queued & (MessageItem.attempts == message.attempts))


def close(message: Message) -> None:
    """Take a message that owes nothing out of the list of open ones."""
    _change(message.ref, [MessageItem.open.remove()], MessageItem.pk.exists())


def shards() -> range:
    """The shards of the list of open messages."""
    return range(OPEN_SHARDS)


def _verified(now: int) -> list[Action]:
    return [MessageItem.state.set(State.VERIFIED.value), MessageItem.verified_at.set(now)]


def _leased(attempt: Claim, seconds: int) -> list[Action]:
    return [
        MessageItem.attempt_id.set(attempt.id),
        MessageItem.lease_until.set(seconds + int(LEASE.total_seconds())),
        MessageItem.attempts.set(attempt.number),
    ]


def _told(attempt: Claim, told: "Try") -> Action:
    action: Action = getattr(MessageItem, f"try{attempt.number}").set(told.packed())
    return action


def _held_by(attempt_id: str | None) -> Condition:
    condition: Condition = (MessageItem.state == State.SENDING.value) & (
        MessageItem.attempt_id == attempt_id
    )
    return condition


def _take(
    message: Message, attempt: Claim, actions: Sequence[Action], condition: Condition
) -> None:
    try:
        _change(message.ref, actions, condition)
    except table.ConditionFailed as failed:
        # A retry after a lost reply finds its own claim.
        if failed.before.get("attempt_id") != attempt.id:
            raise _not_claimed(message, failed) from failed


def _not_claimed(message: Message, failed: table.ConditionFailed) -> Exception:
    if not failed.before:
        return UnknownMessage(message.ref.message_id)
    return NotClaimed(State(failed.before["state"]))


def _give_up(
    message: Message, actions: Sequence[Action], condition: Condition, *, now: int
) -> None:
    """End a message that no carrier took; its price goes back in the same transaction."""
    if not message.price:
        _move_on(message.ref, actions, condition)
        return
    day = days.of(datetime.fromtimestamp(now, UTC))
    paid = Charge(message.ref.app_id, message.price, day, shard=message.balance_shard)

    def build(writes: TransactWrite) -> None:
        ended = [*actions, MessageItem.refunded.set(1)]
        writes.update(MessageItem(*key(message.ref)), ended, condition)
        balances.record_refund(writes, paid)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return


def _last_words(state: State, reason: str, seconds: int) -> list[Action]:
    return [
        MessageItem.state.set(state.value),
        MessageItem.reason.set(reason),
        MessageItem.ended_at.set(seconds),
        MessageItem.open.remove(),
    ]


def _move_on(ref: MessageRef, actions: Sequence[Action], condition: Condition) -> None:
    try:
        _change(ref, actions, condition)
    except table.ConditionFailed:
        # Whoever moved it on knew more; a late word never moves a state backwards.
        return


def _change(ref: MessageRef, actions: Sequence[Action], condition: Condition) -> table.Item:
    return table.update(MessageItem(*key(ref)), actions, condition)


def key(ref: MessageRef) -> tuple[str, str]:
    """The key of a message's record. Raises UnknownMessage for what is no id."""
    parts = _ID.fullmatch(ref.message_id)
    if parts is None:
        raise UnknownMessage(ref.message_id)
    day, shard, unique = parts.groups()
    return f"{ref.app_id}#{day}#{shard}", unique


def _ref(pk: str, sk: str) -> MessageRef:
    app_id, day, shard = pk.rsplit("#", 2)
    return MessageRef(app_id, f"{day}-{shard}-{sk}")


def _message(ref: MessageRef, item: Any) -> Message:
    return Message(
        ref=ref,
        phone=str(item.app_phone).rpartition("#")[2],
        kind=Kind(item.kind),
        channel=Channel(item.channel),
        purpose=Purpose(item.purpose) if item.purpose else None,
        signature=item.signature,
        signature_text=item.signature_text,
        price=int(item.price or 0),
        balance_shard=int(item.balance_shard or 0),
        template=item.template,
        template_version=int(item.template_version) if item.template_version else None,
        variables=item.variables or {},
        nonce_tag=item.nonce_tag,
        segments=int(item.segments),
        created_at=int(item.created_at),
        expires_at=int(item.expires_at),
        state=State(item.state),
        attempts=int(item.attempts),
        attempt_id=item.attempt_id,
        lease_until=int(item.lease_until or 0),
        due_at=int(item.due_at or 0),
        kept_back=bool(item.kept_back),
        events=item.events is not None,
        plain=bool(item.plain),
        rescue=bool(item.rescue),
        rescue_id=item.rescue_id,
        sent_at=int(item.sent_at or 0),
        carriers=tuple(one.carrier for one in tries(item)),
        campaign=item.campaign,
        held_until=int(item.held_until) if item.held_until else None,
    )


def tries(item: Any) -> Iterator["Try"]:
    """What each carrier answered, as the record keeps it."""
    return _tries(lambda name: getattr(item, name))


def _tries(attribute: Callable[[str], Any]) -> Iterator["Try"]:
    from signet import tries  # whoever only records messages does not wait for it when it starts

    return tries.kept(attribute)
