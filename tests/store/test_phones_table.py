"""One item guards a number: every condition of an accepted send and of a counted guess."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signet import codes, messages, users
from signet.codes import Keyring, OnlyCode, Purpose, Subject
from signet.errors import BadParameter, PhoneTaken, TooFast, TooFrequent, UsernameTaken
from signet.limits import DAY, Kind
from signet.messages import MessageRef
from signet.store import phones
from signet.store import users as store
from signet.store.phones import (
    AlreadyAccepted,
    CodeLives,
    CodeNotAlone,
    NoLiveCode,
    NotPaid,
    Send,
    UnknownKey,
)
from signet.store.table import TransactionRefused
from signet.store.users import UserChanged, Write
from signet.users import User
from tests.store.build import (
    APP_ID,
    KEYRING,
    NOW,
    PHONE,
    SECONDS,
    SUBJECT,
    accept,
    dynamodb_table,
    issue,
    message_item,
    message_items,
    new_charge,
    new_guess,
    new_message,
    new_send,
    phone_item,
)

pytestmark = pytest.mark.usefixtures("tables")

NONCE = bytes(range(16))


# --- Accepting a send -------------------------------------------------------------------------


def test_an_accepted_send_leaves_a_code_without_digits_and_a_record() -> None:
    send = new_send(nonce=NONCE)

    message = accept(send)

    item = phone_item()
    assert (item["psn"], item["psx"], item["psm"]) == (
        NONCE,
        send.expires_at,
        message.ref.message_id,
    )
    assert (item["psg"], item["psi"], "psk" in item, "psu" in item) == ([], [], False, False)
    assert (item["rid"], item["rt"], item["ttl"]) == ("request-1", SECONDS, SECONDS + 25 * 3_600)
    assert message_item(message.ref)["state"] == "queued"


@pytest.mark.parametrize(
    ("later", "error", "wait"),
    [(0, TooFast, 60), (9, TooFast, 51), (10, TooFrequent, 50), (59, TooFrequent, 1)],
)
def test_a_second_send_is_refused_and_changes_nothing(
    later: int, error: type[Exception], wait: int
) -> None:
    accept(new_send("first"))
    before = phone_item()

    with pytest.raises(error) as refused:
        accept(new_send("second", at=later))

    assert refused.value.args
    assert getattr(refused.value, "retry_after", None) == wait
    assert phone_item() == before
    assert len(message_items()) == 1


def test_a_send_after_a_minute_replaces_the_code_and_its_guesses() -> None:
    message, code = issue()
    phones.spend_guess(SUBJECT, new_guess(code, "g"), key_ids=["k1"])
    phones.mark_used(SUBJECT, live_code(), SECONDS)

    second = accept(new_send("second", at=60, nonce=NONCE))

    item = phone_item()
    assert (item["psn"], item["psm"], item["psg"]) == (NONCE, second.ref.message_id, [])
    assert "psk" not in item
    assert "psu" not in item
    assert message.ref != second.ref


def test_the_eleventh_verification_in_a_day_is_refused() -> None:
    for number in range(10):
        accept(new_send(str(number), at=number * 60))

    with pytest.raises(TooFrequent) as refused:
        accept(new_send("eleventh", at=3_600))

    assert refused.value.retry_after == DAY - 3_600
    accept(new_send("twelfth", at=DAY))


@pytest.mark.parametrize(
    "subject",
    [
        Subject("other-app", Purpose.SMS, PHONE),
        Subject(APP_ID, Purpose.SMS, "+8618612345679"),
    ],
)
def test_another_app_or_number_is_not_affected(subject: Subject) -> None:
    accept(new_send("first"))

    accept(new_send("second", subject=subject))

    assert len(message_items()) == 2


def test_another_signature_has_a_quota_of_its_own_after_ten_seconds() -> None:
    accept(new_send("first"))

    with pytest.raises(TooFast):
        accept(new_send("second", at=9, signature_id="s2"))
    accept(new_send("third", at=10, signature_id="s2"))


@pytest.mark.parametrize("later", [0, 9, 10])
def test_a_copy_within_ten_seconds_gets_the_first_answer(later: int) -> None:
    accept(new_send("same"))
    before = phone_item()

    with pytest.raises(AlreadyAccepted):
        accept(new_send("same", at=later))

    assert phone_item() == before
    assert len(message_items()) == 1


def test_a_copy_after_eleven_seconds_is_refused_like_any_other() -> None:
    accept(new_send("same"))

    with pytest.raises(TooFrequent):
        accept(new_send("same", at=11))


def test_a_test_number_is_limited_without_a_code_or_a_record() -> None:
    phones.accept(new_send("first"), None)

    with pytest.raises(TooFast):
        phones.accept(new_send("second", at=1), None)
    assert "psn" not in phone_item()
    assert message_items() == []


# --- What holds no code -----------------------------------------------------------------------


def test_a_notification_leaves_no_code_and_a_record_without_one() -> None:
    message = accept(new_send(kind=Kind.NOTIFICATION))

    assert not {name for name in phone_item() if name.startswith("ps")}
    record = message_item(message.ref)
    assert record["kind"] == "notification"
    assert not {"purpose", "nonce_tag"} & set(record)


def test_a_notification_lets_a_live_code_live() -> None:
    _, code = issue()
    before = live_code()

    accept(new_send("second", at=60, kind=Kind.NOTIFICATION))

    assert live_code() == before
    live = phones.spend_guess(SUBJECT, new_guess(code, "g", at=61), key_ids=["k1"])
    assert codes.is_winner(live, live.guesses[0], keyring=KEYRING, subject=SUBJECT)


def test_no_sender_finds_a_code_for_a_notification() -> None:
    issue()
    message = accept(new_send("second", at=60, kind=Kind.NOTIFICATION))
    before = phone_item()

    assert phones.pin_key(message, "k2") is None
    assert phone_item() == before


def test_the_sixteenth_notification_in_a_day_is_refused_and_a_code_is_not() -> None:
    for number in range(15):
        accept(new_send(str(number), at=number * 60, kind=Kind.NOTIFICATION))

    with pytest.raises(TooFrequent) as refused:
        accept(new_send("sixteenth", at=3_600, kind=Kind.NOTIFICATION))

    assert refused.value.retry_after == DAY - 3_600
    accept(new_send("code", at=3_600))
    accept(new_send("again", at=DAY, kind=Kind.NOTIFICATION))


def test_a_notification_and_a_code_keep_a_minute_between_them() -> None:
    accept(new_send("first", kind=Kind.NOTIFICATION))

    with pytest.raises(TooFast):
        accept(new_send("second", at=9))
    with pytest.raises(TooFrequent):
        accept(new_send("third", at=59))


def test_a_copy_of_a_notification_gets_the_first_answer() -> None:
    accept(new_send("same", kind=Kind.NOTIFICATION))

    with pytest.raises(AlreadyAccepted):
        accept(new_send("same", at=10, kind=Kind.NOTIFICATION))
    assert len(message_items()) == 1


# --- Sending the same code again --------------------------------------------------------------


def test_a_live_code_is_kept_when_the_app_wants_that() -> None:
    issue(new_send(nonce=NONCE))
    before = phone_item()

    with pytest.raises(CodeLives) as living:
        accept(new_send("second", at=60), keep_live=True)

    assert living.value.code.nonce == NONCE
    assert phone_item() == before
    assert len(message_items()) == 1


def test_a_limit_is_named_before_a_live_code() -> None:
    issue()

    with pytest.raises(TooFast):
        accept(new_send("second", at=5), keep_live=True)


def use_it() -> None:
    phones.mark_used(SUBJECT, live_code(), SECONDS)


def use_up_the_guesses() -> None:
    for number in range(5):
        phones.spend_guess(SUBJECT, new_guess("000000", str(number)), key_ids=["k1"])


@pytest.mark.parametrize(
    ("happen", "later"),
    [(use_it, 60), (use_up_the_guesses, 60), (lambda: None, 540), (lambda: None, 601)],
    ids=["used", "no guesses left", "a minute left", "expired"],
)
def test_a_code_that_nobody_could_use_is_replaced(happen: Callable[[], None], later: int) -> None:
    issue()
    happen()

    accept(new_send("second", at=later, nonce=NONCE), keep_live=True)

    assert phone_item()["psn"] == NONCE


def test_a_code_sent_again_keeps_nonce_expiry_key_and_guesses() -> None:
    issue(new_send(nonce=NONCE))
    phones.spend_guess(SUBJECT, new_guess("000000", "g"), key_ids=["k1"])
    before = phone_item()
    send = new_send("second", at=60)
    again = new_message(send, nonce_tag=messages.nonce_tag(NONCE))

    phones.accept_again(send, again, None, live_code())

    item = phone_item()
    same = ("psn", "psx", "psk", "psg", "psi")
    assert [item[name] for name in same] == [before[name] for name in same]
    assert item["psm"] == again.ref.message_id
    assert message_item(again.ref)["state"] == "queued"


def test_a_code_sent_again_counts_as_a_send() -> None:
    issue()
    send = new_send("second", at=60)

    phones.accept_again(send, new_message(send), None, live_code())

    with pytest.raises(TooFrequent):
        accept(new_send("third", at=119))


def test_a_code_is_not_sent_again_faster_than_the_limits_allow() -> None:
    issue()
    send = new_send("second", at=9)

    with pytest.raises(TooFast):
        phones.accept_again(send, new_message(send), None, live_code())
    assert len(message_items()) == 1


def test_a_copy_of_a_request_to_send_again_gets_the_first_answer() -> None:
    issue()
    send = new_send("second", at=60)
    code = live_code()
    phones.accept_again(send, new_message(send), None, code)

    with pytest.raises(AlreadyAccepted):
        phones.accept_again(send, new_message(send), None, code)
    assert len(message_items()) == 2


def test_a_code_that_was_replaced_meanwhile_is_not_sent_again() -> None:
    issue()
    replaced = replace(live_code(), nonce=bytes(16))
    send = new_send("second", at=60)

    with pytest.raises(NoLiveCode):
        phones.accept_again(send, new_message(send), None, replaced)
    assert len(message_items()) == 1


# --- Idempotency-Key --------------------------------------------------------------------------


def test_a_repeated_idempotency_key_gets_the_first_answer_for_a_day() -> None:
    accept(new_send("first", idempotency=("order-1", "digest")))

    for later in (1, 3_600, DAY - 1):
        with pytest.raises(AlreadyAccepted):
            accept(new_send(f"later-{later}", at=later, idempotency=("order-1", "digest")))
    assert len(message_items()) == 1


def test_an_idempotency_key_is_free_again_after_a_day() -> None:
    accept(new_send("first", idempotency=("order-1", "digest")))

    accept(new_send("second", at=DAY, idempotency=("order-1", "digest")))

    assert len(message_items()) == 2


def test_an_idempotency_key_of_another_request_is_refused_by_name() -> None:
    accept(new_send("first", idempotency=("order-1", "digest")))

    with pytest.raises(BadParameter, match="Idempotency-Key"):
        accept(new_send("second", at=3_600, idempotency=("order-1", "other")))
    assert len(message_items()) == 1


def test_a_refused_send_leaves_its_idempotency_key_unused() -> None:
    accept(new_send("first"))
    with pytest.raises(TooFast):
        accept(new_send("second", at=1, idempotency=("order-1", "digest")))

    accept(new_send("third", at=60, idempotency=("order-1", "digest")))

    assert len(message_items()) == 2


def test_apps_do_not_share_idempotency_keys() -> None:
    accept(new_send("first", idempotency=("order-1", "digest")))
    other = Subject("other-app", Purpose.SMS, PHONE)

    accept(new_send("second", subject=other, idempotency=("order-1", "other")))

    assert len(message_items()) == 2


def test_an_idempotency_key_is_stored_as_a_digest_that_expires() -> None:
    accept(new_send("first", idempotency=("秘密-order-1", "digest")))

    (item,) = (item for item in all_phone_items() if "#idem#" in item["pk"])
    assert re.fullmatch(rf"{APP_ID}#idem#[0-9a-f]{{64}}", item["pk"])
    assert item["ttl"] == SECONDS + DAY


# --- Sends that users join --------------------------------------------------------------------


def new_user(**fields: Any) -> User:
    at = users.milliseconds(NOW)
    return replace(User(APP_ID, users.new_id(NOW), at, at, phone=PHONE), **fields)


def user_keys() -> set[str]:
    """The keys of all users and claims."""
    return {item["pk"] for item in dynamodb_table("users").scan()["Items"]}


def test_a_user_and_the_code_for_its_number_are_one() -> None:
    user = new_user(username="hjiang")

    message = accept(new_send(nonce=NONCE), joined=Write(None, user))

    assert store.get(APP_ID, user.object_id) == user
    assert phone_item()["psn"] == NONCE
    assert message_item(message.ref)["state"] == "queued"


def test_a_test_number_is_joined_as_well() -> None:
    user = new_user()

    phones.accept(new_send(), None, joined=Write(None, user))

    assert store.get(APP_ID, user.object_id) == user
    assert "psn" not in phone_item()


def test_a_refused_send_leaves_no_user() -> None:
    accept(new_send("first"))

    with pytest.raises(TooFast):
        accept(new_send("second", at=1), joined=Write(None, new_user()))

    assert user_keys() == set()


def test_a_send_that_nobody_pays_leaves_no_user() -> None:
    send = new_send()

    with pytest.raises(NotPaid):
        phones.accept(send, new_message(send), new_charge(), joined=Write(None, new_user()))

    assert user_keys() == set()
    assert phone_item() == {}


def test_a_refused_user_leaves_no_send() -> None:
    store.create(new_user())
    before = user_keys()

    with pytest.raises(PhoneTaken):
        accept(new_send(), joined=Write(None, new_user(username="second")))

    assert user_keys() == before
    assert (phone_item(), message_items()) == ({}, [])


def test_a_user_who_was_changed_meanwhile_is_to_be_computed_again() -> None:
    user = new_user(phone=None, username="hjiang")
    store.create(user)
    store.change(APP_ID, user.object_id, lambda one: replace(one, email_verified=True))

    with pytest.raises(UserChanged):
        accept(new_send(), joined=Write(user, replace(user, phone=PHONE)))

    assert store.find(APP_ID, f"phone#{PHONE}") is None
    assert phone_item() == {}


def test_a_change_joins_with_the_claims_that_come_and_go() -> None:
    user = new_user(phone="+8618612345670", username="hjiang")
    store.create(user)

    accept(new_send(), joined=Write(user, replace(user, phone=PHONE)))

    changed = store.find(APP_ID, f"phone#{PHONE}")
    assert changed == replace(user, phone=PHONE, revision=1)
    assert store.find(APP_ID, "phone#+8618612345670") is None


def test_a_code_sent_again_is_joined_and_refused_as_one() -> None:
    issue()
    taken, user = new_user(username="hjiang"), new_user(phone=None, username="hjiang")
    send = new_send("second", at=60)
    phones.accept_again(send, new_message(send), None, live_code(), joined=Write(None, taken))
    late = new_send("third", at=120)
    before = phone_item()

    with pytest.raises(UsernameTaken):
        phones.accept_again(late, new_message(late), None, live_code(), joined=Write(None, user))

    assert store.get(APP_ID, taken.object_id) == taken
    assert phone_item() == before


@pytest.mark.parametrize(
    ("options", "error"),
    [
        # An idempotency key goes before a taken claim, that before a code that is not alone,
        # and all of them before a broken limit.
        ({"idempotency": ("order-1", "digest")}, AlreadyAccepted),
        ({"idempotency": ("order-1", "other")}, BadParameter),
        ({"idempotency": ("order-2", "digest")}, PhoneTaken),
        ({}, PhoneTaken),
    ],
)
@pytest.mark.parametrize("with_charge", [False, True])
def test_of_several_reasons_the_first_is_told(
    options: dict[str, Any], error: type[Exception], with_charge: bool
) -> None:
    store.create(new_user())
    accept(replace(new_send("first", idempotency=("order-1", "digest")), only=ONLY))
    send = replace(new_send("second", at=1), only=ONLY, **options)
    charge = new_charge() if with_charge else None

    with pytest.raises(error):
        phones.accept(send, new_message(send), charge, joined=Write(None, new_user()))


@pytest.mark.parametrize("with_charge", [False, True])
def test_a_code_that_is_not_alone_is_told_before_a_broken_limit(with_charge: bool) -> None:
    accept(replace(new_send("first"), only=ONLY))
    send = replace(new_send("second", at=1), only=ONLY)
    charge = new_charge() if with_charge else None

    with pytest.raises(CodeNotAlone):
        phones.accept(send, new_message(send), charge, joined=Write(None, new_user()))
    with pytest.raises(TooFast):
        phones.accept(replace(send, only=None), new_message(send), charge)


# --- Codes that are found without their number ------------------------------------------------

ONLY = OnlyCode("0123456789abcdef" * 2, "k1")
OTHER = OnlyCode("fedcba9876543210" * 2, "k2")
NEXT_DOOR = Subject(APP_ID, Purpose.SMS, "+8618612345679")


def only_send(request_id: str = "request-1", only: OnlyCode = ONLY, **options: Any) -> Send:
    return replace(new_send(request_id, **options), only=only)


def found(*candidates: OnlyCode, at: int = 0, app_id: str = APP_ID) -> str | None:
    return phones.find_only(app_id, candidates or [ONLY], now=SECONDS + at)


def test_a_code_is_found_without_its_number_as_long_as_it_lives() -> None:
    accept(only_send())

    assert found() == PHONE
    assert found(at=599) == PHONE
    assert found(at=600) is None


def test_a_code_is_found_under_any_key_and_in_its_app_only() -> None:
    accept(only_send())

    assert found(OTHER, ONLY) == PHONE
    assert found(OTHER) is None
    assert phones.find_only(APP_ID, [], now=SECONDS) is None
    assert found(app_id="signet-other-app") is None


def test_a_code_that_can_be_found_has_its_key_from_the_start() -> None:
    message = accept(only_send(only=OTHER))

    live = phones.pin_key(message, "k1")

    assert live is not None
    assert live.key_id == "k2"


def test_two_numbers_have_not_the_same_code_at_once_and_nothing_is_left_of_the_second() -> None:
    accept(only_send())

    with pytest.raises(CodeNotAlone):
        accept(only_send("second", subject=NEXT_DOOR))

    assert found() == PHONE
    assert phone_item(NEXT_DOOR) == {}
    assert len(message_items()) == 1


def test_a_code_of_an_app_does_not_keep_another_app_from_it() -> None:
    accept(only_send())
    other = Subject("signet-other-app", Purpose.SMS, NEXT_DOOR.phone)

    accept(only_send("second", subject=other))

    assert found() == PHONE
    assert found(app_id="signet-other-app") == NEXT_DOOR.phone


@pytest.mark.parametrize(("later", "is_free"), [(599, False), (600, True), (3_600, True)])
def test_an_expired_code_can_be_anothers(later: int, is_free: bool) -> None:
    accept(only_send())
    second = only_send("second", at=later, subject=NEXT_DOOR)

    if not is_free:
        with pytest.raises(CodeNotAlone):
            accept(second)
        return
    accept(second)
    assert found(at=later) == NEXT_DOOR.phone


def test_a_refused_send_leaves_its_code_to_others() -> None:
    accept(new_send("first"))
    with pytest.raises(TooFast):
        accept(only_send("second", at=1))

    accept(only_send("third", at=2, subject=NEXT_DOOR))

    assert found() == NEXT_DOOR.phone


def test_a_code_sent_again_is_not_in_its_own_way() -> None:
    accept(only_send())
    again = only_send("second", at=60)

    phones.accept_again(again, new_message(again), None, live_code())

    assert found(at=60) == PHONE
    # It lives no longer for that.
    assert found(at=600) is None


# --- Whose number it will become --------------------------------------------------------------


def test_a_code_for_a_change_knows_its_user_until_the_next_one() -> None:
    message = accept(replace(new_send(), user_id="u1"))
    live = phones.pin_key(message, "k1")
    assert live is not None
    assert live.user_id == "u1"
    assert phones.spend_guess(SUBJECT, new_guess("0", "g"), key_ids=["k1"]).user_id == "u1"

    accept(replace(new_send("second", at=60), user_id="u2"))
    assert phone_item()["psw"] == "u2"
    accept(new_send("third", at=120))

    assert "psw" not in phone_item()


def test_a_code_of_another_purpose_leaves_the_user_alone() -> None:
    change = Subject(APP_ID, Purpose.CHANGE, PHONE)
    accept(replace(new_send(subject=change), user_id="u1"))

    accept(new_send("second", at=60))

    assert phone_item()["pcw"] == "u1"


def test_a_live_code_that_is_kept_tells_whose_number_it_will_become() -> None:
    accept(replace(new_send(), user_id="u1"))

    with pytest.raises(CodeLives) as living:
        accept(replace(new_send("second", at=60), user_id="u2"), keep_live=True)

    assert living.value.code.user_id == "u1"


# --- Choosing a key ---------------------------------------------------------------------------


def test_the_first_sender_names_the_key_of_a_code() -> None:
    message = accept(new_send(nonce=NONCE))

    live = phones.pin_key(message, "k1")

    assert live is not None
    assert (live.key_id, live.nonce, live.guesses) == ("k1", NONCE, [])
    assert phone_item()["psk"] == "k1"


def test_a_later_sender_uses_the_key_that_was_named_first() -> None:
    message = accept(new_send())
    phones.pin_key(message, "k1")

    live = phones.pin_key(message, "k2")

    assert live is not None
    assert live.key_id == "k1"


def test_a_message_whose_code_was_replaced_gets_none() -> None:
    message = accept(new_send("first"))
    accept(new_send("second", at=60))

    assert phones.pin_key(message, "k1") is None


def test_a_message_whose_number_was_forgotten_gets_none_and_makes_no_item() -> None:
    message = new_message(new_send())

    assert phones.pin_key(message, "k1") is None
    assert phone_item() == {}


# --- Guessing ---------------------------------------------------------------------------------


def test_a_guess_is_counted_before_the_code_is_told() -> None:
    issue(new_send(nonce=NONCE))

    live = phones.spend_guess(SUBJECT, new_guess("000000", "g1"), key_ids=["k1"])

    assert (live.nonce, live.key_id) == (NONCE, "k1")
    assert [guess.request_id for guess in live.guesses] == ["g1"]
    assert phone_item()["f1"] == SECONDS


def test_guesses_come_back_in_the_order_they_were_counted() -> None:
    issue()
    guesses = [new_guess(f"00000{number}", f"g{number}", at=number) for number in range(5)]

    for guess in guesses:
        live = phones.spend_guess(SUBJECT, guess, key_ids=["k1"])

    assert list(live.guesses) == guesses


def keep() -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    ("happen", "at"),
    [
        (keep, 600),
        (keep, 601),
        (use_up_the_guesses, 1),
    ],
    ids=["at its expiry", "after its expiry", "guessed five times"],
)
def test_a_dead_code_cannot_be_guessed_and_nothing_is_counted(
    happen: Callable[[], None], at: int
) -> None:
    _, code = issue()
    happen()
    before = phone_item()

    with pytest.raises(NoLiveCode):
        phones.spend_guess(SUBJECT, new_guess(code, "late", at=at), key_ids=["k1"])

    assert phone_item() == before


def test_a_used_code_lets_nobody_in_again() -> None:
    _, code = issue()
    phones.spend_guess(SUBJECT, new_guess(code, "first"), key_ids=["k1"])
    phones.mark_used(SUBJECT, live_code(), SECONDS)
    second = new_guess(code, "second", at=1)

    live = phones.spend_guess(SUBJECT, second, key_ids=["k1"])

    assert not codes.is_winner(live, second, keyring=KEYRING, subject=SUBJECT)


def test_a_code_lives_to_its_last_second() -> None:
    _, code = issue()

    assert phones.spend_guess(SUBJECT, new_guess(code, "g", at=599), key_ids=["k1"])


def test_a_number_without_a_code_cannot_be_guessed_and_gets_no_item() -> None:
    with pytest.raises(NoLiveCode) as none:
        phones.spend_guess(SUBJECT, new_guess("000000", "g"), key_ids=["k1"])

    assert none.value.code is None
    assert phone_item() == {}


def test_a_code_that_no_sender_has_derived_cannot_be_guessed() -> None:
    accept(new_send())
    before = phone_item()

    with pytest.raises(NoLiveCode):
        phones.spend_guess(SUBJECT, new_guess("000000", "g"), key_ids=["k1"])

    assert phone_item() == before


def test_a_request_is_counted_once_and_finds_its_own_guess() -> None:
    _, code = issue()
    first = new_guess(code, "same")
    phones.spend_guess(SUBJECT, first, key_ids=["k1"])
    before = phone_item()

    with pytest.raises(NoLiveCode) as none:
        phones.spend_guess(SUBJECT, new_guess(code, "same", at=1), key_ids=["k1"])

    assert none.value.code is not None
    assert list(none.value.code.guesses) == [first]
    assert phone_item() == before


def test_a_key_that_is_not_known_here_is_named_and_nothing_is_counted() -> None:
    message = accept(new_send())
    phones.pin_key(message, "k2")
    before = phone_item()

    with pytest.raises(UnknownKey) as unknown:
        phones.spend_guess(SUBJECT, new_guess("000000", "g"), key_ids=["k1"])

    assert unknown.value.key_id == "k2"
    assert phone_item() == before


def test_an_expired_code_of_an_unknown_key_is_just_expired() -> None:
    message = accept(new_send())
    phones.pin_key(message, "k2")

    with pytest.raises(NoLiveCode):
        phones.spend_guess(SUBJECT, new_guess("000000", "g", at=600), key_ids=["k1"])


def test_any_key_of_the_keyring_will_do() -> None:
    _, code = issue()
    rotated = Keyring("k2", {"k1": KEYRING.keys["k1"], "k2": b"u" * 64})

    live = phones.spend_guess(SUBJECT, new_guess(code, "g", keyring=rotated), key_ids=["k1", "k2"])

    assert codes.is_winner(live, live.guesses[0], keyring=rotated, subject=SUBJECT)


def test_the_twenty_first_guess_of_a_day_is_not_counted() -> None:
    for number in range(4):
        issue(new_send(f"s{number}", at=number * 60))
        for place in range(5):
            guess = new_guess("000000", f"{number}-{place}", at=number * 60)
            phones.spend_guess(SUBJECT, guess, key_ids=["k1"])
    _, code = issue(new_send("fifth", at=240))
    before = phone_item()

    with pytest.raises(NoLiveCode):
        phones.spend_guess(SUBJECT, new_guess(code, "g", at=240), key_ids=["k1"])

    assert phone_item() == before


def test_the_budget_of_guesses_returns_after_a_day() -> None:
    for number in range(20):
        phones.spend_guess_on_test_phone(SUBJECT, SECONDS + number)

    with pytest.raises(NoLiveCode):
        phones.spend_guess_on_test_phone(SUBJECT, SECONDS + DAY - 1)
    phones.spend_guess_on_test_phone(SUBJECT, SECONDS + DAY)


def test_guesses_at_a_test_number_spend_the_same_budget() -> None:
    issue()
    for number in range(20):
        phones.spend_guess_on_test_phone(SUBJECT, SECONDS + number)

    with pytest.raises(NoLiveCode):
        phones.spend_guess(SUBJECT, new_guess("000000", "g", at=20), key_ids=["k1"])


# --- Using a code -----------------------------------------------------------------------------


def test_a_used_code_is_noted_in_both_places() -> None:
    message, _ = issue()

    phones.mark_used(SUBJECT, live_code(), SECONDS + 5)

    assert phone_item()["psu"] == SECONDS + 5
    record = message_item(message.ref)
    assert (record["state"], record["verified_at"]) == ("verified", SECONDS + 5)


def test_a_replaced_code_is_noted_in_neither_place() -> None:
    first, _ = issue(new_send("first"))
    old = live_code()
    second, _ = issue(new_send("second", at=60))

    with pytest.raises(TransactionRefused):
        phones.mark_used(SUBJECT, old, SECONDS + 61)

    assert "psu" not in phone_item()
    assert [message_item(each.ref)["state"] for each in (first, second)] == ["queued", "queued"]


def test_a_forgotten_record_is_not_made_up() -> None:
    issue()
    forgotten = replace(live_code(), message_id=f"20250101-0-{0:032x}")

    with pytest.raises(TransactionRefused):
        phones.mark_used(SUBJECT, forgotten, SECONDS)

    assert "psu" not in phone_item()
    assert message_item(MessageRef(APP_ID, "20250101-0-00")) == {}


# --- The item ---------------------------------------------------------------------------------


def test_a_busy_number_fits_into_one_write_unit() -> None:
    subject = Subject("FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz", Purpose.SMS, "+8618612345678")
    for number in range(20):
        send = new_send(
            f"{number:016x}",
            at=number * 60,
            subject=subject,
            signature_id="s1" if number % 2 else "s2",
        )
        message = accept(send)
        phones.pin_key(message, "k1")
        guesses = range(5) if number > 15 else []
        for place in guesses:
            guess = new_guess("0", f"{number:08x}{place:08x}", at=number * 60, subject=subject)
            phones.spend_guess(subject, guess, key_ids=["k1"])

    item = phone_item(subject)

    assert all(item[full] for full in ("s1c10", "s2c10", "f20"))
    assert len(item["psg"]) == 5
    assert size_of(item) <= 1_024


def size_of(value: Any) -> int:
    """Bytes as DynamoDB counts them: https://docs.aws.amazon.com/amazondynamodb/latest/
    developerguide/CapacityUnitCalculations.html
    """
    if isinstance(value, dict):
        return sum(len(name.encode()) + size_of(each) for name, each in value.items())
    if isinstance(value, list):
        return 3 + sum(1 + size_of(each) for each in value)
    if isinstance(value, int):
        return (len(str(value).strip("0")) + 1) // 2 + 1
    return len(value.encode() if isinstance(value, str) else value)


def live_code() -> codes.LiveCode:
    """The code in the number's item."""
    item = phone_item()
    return codes.LiveCode(item["psn"], item.get("psk"), item["psx"], item["psm"], [])


def all_phone_items() -> list[dict[str, Any]]:
    """Every item of the table."""
    items: list[dict[str, Any]] = dynamodb_table("phones").scan()["Items"]
    return items
