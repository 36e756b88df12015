"""A message's states: each row of the table in `signet.messages`, and nothing but its rows."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from signet.limits import DAY, Kind
from signet.messages import LEASE, RETENTION, Message, MessageRef, State
from signet.store import messages, phones, table
from signet.store.messages import NotClaimed, UnknownMessage
from signet.tries import Outcome, Try
from tests.store.build import (
    APP_ID,
    NOW,
    PHONE,
    PRICE,
    SECONDS,
    SUBJECT,
    TODAY,
    accept,
    after,
    balance_item,
    change_message,
    claim_of,
    client,
    give,
    held,
    message_item,
    new_message,
    new_send,
    paid,
    put,
    told,
)

pytestmark = pytest.mark.usefixtures("tables")

MINE = "attempt-1"


def in_state(state: State, attempt_id: str = MINE) -> Message:
    """A recorded message that has come as far as `state` by the attempt."""
    message = accept(new_send())
    change_message(message.ref, state=state.value, attempt_id=attempt_id)
    return replace(message, state=state, attempt_id=attempt_id)


def claimed(message: Message) -> None:
    try:
        messages.claim(message, claim_of("attempt-2"), NOW)
    except NotClaimed:
        return


def accepted(message: Message) -> None:
    messages.accepted(message, claim_of(), told(), carrier_message_id="x")


def refused(message: Message) -> None:
    messages.refused(message, claim_of(), told("Throttled"), final=False)


def refused_for_good(message: Message) -> None:
    messages.refused(message, claim_of(), told("OptedOut"), final=True)


def unconfirmed(message: Message) -> None:
    messages.unconfirmed(message, claim_of(), told("ReadTimeoutError", outcome=Outcome.UNKNOWN))


def expired(message: Message) -> None:
    messages.expired(message, "code expired", NOW)


def verified(message: Message) -> None:
    messages.verified(message.ref, SECONDS)


def test_a_message_in_plain_text_says_so_and_others_say_nothing() -> None:
    send = new_send()
    plain = new_message(send, plain=True)
    phones.accept(send, plain)
    other = accept(new_send("request-2", at=60))

    assert messages.get(plain.ref).plain
    assert not messages.get(other.ref).plain
    assert "plain" not in message_item(other.ref)


Event = Callable[[Message], None]
EVENTS: tuple[Event, ...] = (
    claimed,
    accepted,
    refused,
    refused_for_good,
    unconfirmed,
    expired,
    verified,
)
# The table of `signet.messages`; an event that is not in it leaves the state alone.
MOVES: dict[tuple[State, Event], State] = {
    (State.QUEUED, claimed): State.SENDING,
    (State.QUEUED, expired): State.EXPIRED,
    (State.SENDING, accepted): State.AWAITING_RECEIPT,
    (State.SENDING, refused): State.QUEUED,
    (State.SENDING, refused_for_good): State.CALL_FAILED,
    (State.SENDING, unconfirmed): State.UNCONFIRMED,
    (State.UNCONFIRMED, accepted): State.AWAITING_RECEIPT,
    **{(state, verified): State.VERIFIED for state in State},
    # Of a message that no carrier took: an earlier one brought the code.
    (State.VERIFIED, refused): State.CALL_FAILED,
    (State.VERIFIED, refused_for_good): State.CALL_FAILED,
    (State.VERIFIED, expired): State.EXPIRED,
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
@pytest.mark.parametrize("state", State)
def test_a_state_moves_as_the_table_says_and_never_backwards(state: State, event: Event) -> None:
    message = in_state(state)

    event(message)

    assert message_item(message.ref)["state"] == MOVES.get((state, event), state)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_used_code_that_a_carrier_took_stays_used(event: Event) -> None:
    message = in_state(State.SENDING)
    change_message(message.ref, attempts=1)
    verified(message)
    accepted(message)

    event(message)

    assert message_item(message.ref)["state"] == "verified"


@pytest.mark.parametrize("event", [refused, refused_for_good, expired])
def test_a_used_code_that_was_never_sent_is_refunded_once(event: Event) -> None:
    give(PRICE)
    message = replace(paid(new_send()), attempt_id=MINE)
    change_message(message.ref, attempt_id=MINE)
    verified(message)

    for _ in range(2):
        event(message)
        verified(message)

    assert message_item(message.ref)["refunded"] == 1
    assert (held(), balance_item()[f"m{TODAY}"]) == (PRICE, 1)


def test_a_used_code_in_a_senders_hands_does_not_expire() -> None:
    message = accept(new_send())
    messages.claim(message, claim_of(), NOW)
    verified(message)

    expired(message)

    assert message_item(message.ref)["state"] == "verified"


@pytest.mark.parametrize("event", [refused, refused_for_good, unconfirmed])
def test_the_word_of_another_attempt_changes_nothing(event: Event) -> None:
    message = in_state(State.SENDING, attempt_id="another")
    before = message_item(message.ref)

    event(replace(message, attempt_id=MINE))

    assert message_item(message.ref) == before


def test_an_acceptance_of_another_attempt_is_an_error_and_changes_nothing() -> None:
    message = in_state(State.SENDING, attempt_id="another")
    before = message_item(message.ref)

    with pytest.raises(table.ConditionFailed):
        accepted(message)

    assert message_item(message.ref) == before


def test_a_code_used_before_the_record_of_its_acceptance_stays_used_and_gains_the_facts() -> None:
    message = in_state(State.VERIFIED)

    accepted(message)

    record = message_item(message.ref)
    assert (record["state"], record["carrier"], record["carrier_message_id"]) == (
        "verified",
        "sns",
        "x",
    )
    assert "open" not in record


def test_a_used_code_of_a_forgotten_message_is_an_error_and_makes_no_record() -> None:
    message = new_message(new_send())

    with pytest.raises(table.ConditionFailed):
        messages.verified(message.ref, SECONDS)

    assert message_item(message.ref) == {}


# --- Recording --------------------------------------------------------------------------------


def test_a_message_comes_back_as_it_was_recorded() -> None:
    send = new_send()
    message = new_message(
        send,
        template="Order",
        template_version=3,
        variables={"name": "天东商城", "op": "付款", "ttl": "5"},
        price=150_000,
        balance_shard=7,
        segments=3,
    )
    phones.accept(send, message)

    assert messages.get(message.ref) == replace(message, due_at=SECONDS + 10)


def test_a_notification_comes_back_as_it_was_recorded() -> None:
    message = accept(new_send(kind=Kind.NOTIFICATION))

    found = messages.get(message.ref)

    assert found == replace(message, due_at=SECONDS + 10)
    assert (found.purpose, found.nonce_tag, found.subject) == (None, None, None)


def test_a_record_lasts_two_months() -> None:
    message = accept(new_send())

    assert message_item(message.ref)["ttl"] == SECONDS + RETENTION.total_seconds()
    assert RETENTION.total_seconds() >= 62 * DAY


def test_a_record_never_replaces_another() -> None:
    first = accept(new_send("first"))
    send = new_send("second", at=60)

    with pytest.raises(phones.NoLiveCode):
        phones.accept(send, new_message(send, ref=first.ref))

    assert message_item(first.ref)["created_at"] == SECONDS


def test_a_message_is_found_in_the_history_of_its_number() -> None:
    message = accept(new_send())

    (found,) = client("dynamodb").query(
        TableName="messages",
        IndexName="by_phone",
        KeyConditionExpression="app_phone = :number",
        ExpressionAttributeValues={":number": {"S": f"{APP_ID}#{PHONE}"}},
    )["Items"]

    day, shard, unique = message.ref.message_id.split("-")
    assert table.python(found) == {
        "pk": f"{APP_ID}#{day}#{shard}",
        "sk": unique,
        "app_phone": f"{APP_ID}#{PHONE}",
        "kind": "verification",
        "purpose": "s",
        "signature": "Signet",
    }


@pytest.mark.parametrize(
    "message_id",
    ["20261122-3-00", "20261122-3", "nonsense", "", "--", "a-b-c-d"],
)
def test_a_reference_without_a_record_is_unknown(message_id: str) -> None:
    with pytest.raises(UnknownMessage):
        messages.get(MessageRef(APP_ID, message_id))


# --- Claiming ---------------------------------------------------------------------------------


def test_a_claim_is_a_lease_and_an_attempt() -> None:
    message = accept(new_send())

    messages.claim(message, claim_of(), NOW)

    record = message_item(message.ref)
    assert (record["attempt_id"], record["attempts"], record["lease_until"]) == (
        MINE,
        1,
        SECONDS + LEASE.total_seconds(),
    )


@pytest.mark.parametrize(
    ("queued_at", "recorded"), [(None, None), (SECONDS + 2, SECONDS + 2), (SECONDS - 9, SECONDS)]
)
def test_a_claim_notes_when_it_was_and_when_the_queue_took_the_message(
    queued_at: int | None, recorded: int | None
) -> None:
    message = accept(new_send())

    messages.claim(message, claim_of(), after(5), queued_at=queued_at)

    record = message_item(message.ref)
    assert (record["claimed_at"], record.get("queued_at")) == (SECONDS + 5, recorded)


@pytest.mark.parametrize("event", [refused_for_good, unconfirmed])
def test_an_end_notes_when_it_was(event: Event) -> None:
    message = in_state(State.SENDING)

    event(message)

    assert message_item(message.ref)["ended_at"] == SECONDS


def test_a_second_claim_is_told_how_the_message_stands() -> None:
    message = accept(new_send())
    messages.claim(message, claim_of(), NOW)

    with pytest.raises(NotClaimed) as refusal:
        messages.claim(message, claim_of("attempt-2"), NOW)

    assert refusal.value.state is State.SENDING
    assert message_item(message.ref)["attempts"] == 1


def test_a_claim_repeated_after_a_lost_reply_finds_itself() -> None:
    message = accept(new_send())
    messages.claim(message, claim_of(), NOW)

    messages.claim(message, claim_of(), NOW)

    assert message_item(message.ref)["attempts"] == 1


def test_attempts_are_counted_over_refusals() -> None:
    message = accept(new_send())

    for number in range(3):
        messages.claim(message, claim_of(f"attempt-{number}", number + 1), NOW)
        messages.refused(
            message, claim_of(f"attempt-{number}", number + 1), told("Throttled"), final=False
        )

    record = message_item(message.ref)
    assert (record["attempts"], record["state"], record["reason"]) == (3, "queued", "Throttled")


def test_a_claim_of_nothing_is_unknown() -> None:
    with pytest.raises(UnknownMessage):
        messages.claim(new_message(new_send()), claim_of(), NOW)


# --- What is still owed -----------------------------------------------------------------------


def due(at: float = 60, limit: int = 200) -> list[Message]:
    return [
        message
        for shard in messages.shards()
        for message in messages.due(shard, after(at), limit=limit)
    ]


def test_a_recorded_message_is_due_after_ten_seconds() -> None:
    message = accept(new_send())

    assert due(at=9) == []
    assert [each.ref for each in due(at=10)] == [message.ref]


@pytest.mark.parametrize("event", [accepted, refused_for_good, unconfirmed])
def test_a_message_at_its_end_is_owed_no_more(event: Event) -> None:
    event(in_state(State.SENDING))

    assert due() == []


def test_an_expired_message_is_owed_no_more() -> None:
    expired(accept(new_send()))

    assert due() == []


def test_a_message_that_waits_for_another_attempt_is_still_owed() -> None:
    message = in_state(State.SENDING)
    refused(message)

    assert [each.ref for each in due()] == [message.ref]


def test_a_closed_message_is_owed_no_more_and_keeps_its_state() -> None:
    message = in_state(State.VERIFIED)

    messages.close(message)

    assert due() == []
    assert message_item(message.ref)["state"] == "verified"


def test_due_messages_come_oldest_first_and_not_more_than_asked_for() -> None:
    refs = []
    for number, at in enumerate([120, 0, 60, 180]):
        ref = MessageRef(APP_ID, f"20261122-0-{number:032x}")
        send = new_send(
            str(number), at=at, subject=replace(SUBJECT, phone=f"+861861234567{number}")
        )
        phones.accept(send, new_message(send, ref=ref))
        change_message(ref, open="open#0")
        refs.append(ref)

    found = [message.ref for message in messages.due(0, after(300), limit=3)]

    assert found == [refs[1], refs[2], refs[0]]


def test_a_postponed_message_is_looked_at_again_later() -> None:
    message = messages.get(accept(new_send()).ref)

    assert messages.postpone(message, after(120))

    assert due(at=119) == []
    assert [each.ref for each in due(at=120)] == [message.ref]


def test_a_message_held_from_the_start_is_due_when_its_hours_come() -> None:
    send = new_send(kind=Kind.MARKETING)
    phones.accept(send, new_message(send, held_until=SECONDS + 3_600))

    assert due(3_599) == []
    (found,) = due(3_600)
    assert found.held_until == SECONDS + 3_600


def test_a_queued_message_is_held_again_and_lives_from_then_on() -> None:
    message = accept(new_send(kind=Kind.MARKETING))

    messages.hold(message, after(7_200))

    assert due(7_199) == []
    (found,) = due(7_200)
    assert found.held_until == SECONDS + 7_200
    assert found.expires_at == SECONDS + 7_200 + 12 * 3_600


@pytest.mark.parametrize("event", [claimed, expired])
def test_a_message_that_somebody_took_meanwhile_is_not_held(event: Event) -> None:
    message = accept(new_send(kind=Kind.MARKETING))
    event(message)
    before = message_item(message.ref)

    messages.hold(message, after(7_200))

    assert message_item(message.ref) == before


def test_of_two_sweepers_one_postpones_a_message() -> None:
    message = messages.get(accept(new_send()).ref)

    assert messages.postpone(message, after(120))
    assert not messages.postpone(message, after(121))


def test_a_message_at_its_end_cannot_be_postponed() -> None:
    message = messages.get(accept(new_send()).ref)
    expired(message)

    assert not messages.postpone(message, after(120))


def test_a_record_that_cannot_be_read_hides_no_other_from_the_sweeper() -> None:
    put("messages", pk=f"{APP_ID}#20261122#0", sk="broken", open="open#0", due_at=SECONDS)
    message = accept(new_send())
    change_message(message.ref, open="open#0")

    found = [each.ref for each in messages.due(0, after(60), limit=200)]

    assert message.ref in found


# --- More than one carrier, and rescues ----------------------------------------------------------


def claimed_message() -> Message:
    message = accept(new_send())
    messages.claim(message, claim_of(), NOW)
    return message


def test_the_next_carriers_claim_takes_over_with_what_the_first_one_said() -> None:
    message = claimed_message()

    messages.ask_next(message, claim_of(), told("Down"), claim_of("attempt-2", 2), after(2))

    record = message_item(message.ref)
    assert (record["state"], record["attempt_id"], record["attempts"]) == (
        "sending",
        "attempt-2",
        2,
    )
    assert record["lease_until"] == SECONDS + 2 + LEASE.total_seconds()
    assert Try.unpacked(record["try1"]).reason == "Down"


def test_a_next_claim_written_twice_after_a_lost_reply_is_one() -> None:
    message = claimed_message()

    for _ in range(2):
        messages.ask_next(message, claim_of(), told("Down"), claim_of("attempt-2", 2), NOW)

    assert message_item(message.ref)["attempts"] == 2


@pytest.mark.parametrize("event", [verified, unconfirmed, refused])
def test_nobody_asks_the_next_carrier_for_a_message_that_is_not_theirs_any_more(
    event: Event,
) -> None:
    message = claimed_message()
    event(message)

    with pytest.raises(NotClaimed):
        messages.ask_next(message, claim_of(), told("Down"), claim_of("attempt-2", 2), NOW)


def test_each_try_is_kept_and_read_again() -> None:
    message = claimed_message()
    messages.ask_next(message, claim_of(), told("Down"), claim_of("attempt-2", 2), NOW)
    taken = told(carrier="webhook", at=3)
    messages.accepted(message, claim_of("attempt-2", 2), taken, carrier_message_id="x")

    assert messages.get(message.ref).carriers == ("sns", "webhook")
    assert message_item(message.ref)["carrier"] == "webhook"


def unheard() -> Message:
    """A message that a carrier took, and that the app wants rescued."""
    message = replace(claimed_message(), rescue=True)
    messages.accepted(message, claim_of(), told(), carrier_message_id="x", awaits_rescue=True)
    change_message(message.ref, rescue=True)
    return messages.get(message.ref)


def test_what_awaits_a_rescue_stays_among_the_open_messages_until_it_is_claimed() -> None:
    message = unheard()
    assert message.wants_rescue
    assert message_item(message.ref)["due_at"] == SECONDS + 80

    messages.claim_rescue(message, claim_of("rescue", 2))

    record = message_item(message.ref)
    assert ("open" in record, record["rescue_id"], record["state"]) == (
        False,
        "rescue",
        "awaiting_receipt",
    )
    assert not messages.get(message.ref).wants_rescue


def test_a_rescue_is_claimed_once_and_a_retry_finds_its_own_claim() -> None:
    message = unheard()
    messages.claim_rescue(message, claim_of("rescue", 2))
    messages.claim_rescue(message, claim_of("rescue", 2))

    with pytest.raises(NotClaimed):
        messages.claim_rescue(message, claim_of("another", 2))


@pytest.mark.parametrize("state", sorted(set(State) - {State.AWAITING_RECEIPT}))
def test_only_what_waits_for_a_receipt_is_rescued(state: State) -> None:
    message = unheard()
    change_message(message.ref, state=state.value)

    with pytest.raises(NotClaimed):
        messages.claim_rescue(message, claim_of("rescue", 2))


def test_what_a_rescue_met_with_is_kept_and_moves_nothing() -> None:
    message = unheard()
    messages.claim_rescue(message, claim_of("rescue", 2))
    verified(message)

    refusal = replace(told("Down"), is_rescue=True)
    messages.told_of_rescue(message, claim_of("rescue", 2), refusal)

    record = message_item(message.ref)
    assert (record["state"], Try.unpacked(record["try2"])) == ("verified", refusal)


def test_an_early_receipt_leaves_nothing_open_of_what_would_await_a_rescue() -> None:
    message = replace(claimed_message(), rescue=True)
    change_message(message.ref, state="delivered", attempt_id=MINE)

    messages.accepted(message, claim_of(), told(), carrier_message_id="x", awaits_rescue=True)

    record = message_item(message.ref)
    assert (record["state"], "open" in record) == ("delivered", False)
