"""Who may not be sent marketing: the newest thing that was said, in whatever order it comes."""

import itertools

import pytest

from signet import audits
from signet.acts import Act
from signet.errors import BadParameter, NoEffect
from signet.opt_outs import OptOut
from signet.store import audits as trail
from signet.store import digests, opt_outs
from tests.store.build import APP_ID, NOW, PHONE, SECONDS, after, client

pytestmark = pytest.mark.usefixtures("tables")

AT = SECONDS * 1000


def said(word: str, at: int = 0, *, reply_id: str | None = None) -> OptOut:
    """What a reply said, `at` milliseconds after NOW."""
    return OptOut(
        word != "START", AT + at, word, "webhook", reply_id or f"{word}-{at}", "20261122-1-a"
    )


def by_hand(*, out: bool, seconds: float = 0) -> None:
    act = Act(APP_ID, audits.owner(APP_ID), after(seconds))
    opt_outs.record_by_hand(
        APP_ID,
        PHONE,
        OptOut(out, opt_outs.milliseconds(act.at), by=act.actor, comment="by phone"),
        act.entry("opt_out" if out else "opt_in", "number", comment="by phone"),
    )


def items() -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = client("dynamodb").scan(TableName="opt-outs")["Items"]
    return sorted(found, key=str)


def test_nobody_is_on_the_list_at_first() -> None:
    assert not opt_outs.is_out(APP_ID, PHONE)


def test_a_refusal_counts_for_the_app_and_the_number() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))

    assert opt_outs.is_out(APP_ID, PHONE)
    assert not opt_outs.is_out("another-app", PHONE)
    assert not opt_outs.is_out(APP_ID, "+8618612345670")


def test_both_directions_are_kept_as_proofs() -> None:
    first, second = said("TD"), said("START", 5)
    for one in (first, second):
        opt_outs.record_reply(APP_ID, PHONE, one)

    assert not opt_outs.is_out(APP_ID, PHONE)
    assert opt_outs.history(APP_ID, PHONE) == [second, first]
    assert opt_outs.history(APP_ID, PHONE[:-1]) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_newest_counts_in_any_order_and_however_often(order: tuple[int, ...]) -> None:
    replies = [said("TD"), said("START", 5), said("STOP", 9), said("START", 9)]

    for place in (*order, *order):
        opt_outs.record_reply(APP_ID, PHONE, replies[place])

    assert opt_outs.is_out(APP_ID, PHONE), "of two things said at one moment the refusal holds"
    assert len(opt_outs.history(APP_ID, PHONE)) == 4


def test_a_reply_that_comes_again_later_keeps_its_time() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD", reply_id="1"))
    opt_outs.record_reply(APP_ID, PHONE, said("START", 5, reply_id="2"))
    before = items()

    opt_outs.record_reply(APP_ID, PHONE, said("TD", 900, reply_id="1"))

    assert items() == before


def test_a_reply_whose_proof_was_written_and_no_more_counts_when_it_comes_again() -> None:
    reply = said("TD")
    opt_outs.record_reply(APP_ID, PHONE, reply)
    key = {"app_id": {"S": APP_ID}, "person": {"S": digests.made()(APP_ID, PHONE)}}
    client("dynamodb").delete_item(TableName="opt-outs", Key=key)

    opt_outs.record_reply(APP_ID, PHONE, reply)

    assert opt_outs.is_out(APP_ID, PHONE)


def test_what_was_said_to_nobody_knows_whom_counts_for_all() -> None:
    opt_outs.record_reply(None, PHONE, said("STOP"))

    assert opt_outs.is_out(APP_ID, PHONE)
    assert opt_outs.is_out("another-app", PHONE)

    opt_outs.record_reply(APP_ID, PHONE, said("START", 5))

    assert not opt_outs.is_out(APP_ID, PHONE)
    assert opt_outs.is_out("another-app", PHONE)


def test_a_yes_to_nobody_knows_whom_takes_nothing_back_from_an_app() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))
    opt_outs.record_reply(None, PHONE, said("STOP", 5))
    opt_outs.record_reply(None, PHONE, said("START", 9))

    assert opt_outs.is_out(APP_ID, PHONE)
    assert not opt_outs.is_out("another-app", PHONE)


def test_an_owner_puts_a_number_on_and_off_with_a_trail() -> None:
    by_hand(out=True)
    assert opt_outs.is_out(APP_ID, PHONE)
    by_hand(out=False, seconds=1)
    assert not opt_outs.is_out(APP_ID, PHONE)

    entries, _ = trail.entries(APP_ID, limit=10)
    assert [(one.action, one.comment) for one in entries] == [
        ("opt_in", "by phone"),
        ("opt_out", "by phone"),
    ]
    assert [one.by for one in opt_outs.history(APP_ID, PHONE)] == [f"owner:{APP_ID}"] * 2


def test_nobody_undoes_by_hand_what_was_said_later() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("STOP", 5000))
    before = items()

    with pytest.raises(NoEffect):
        by_hand(out=False)

    assert items() == before
    assert trail.entries(APP_ID, limit=10) == ([], None)


def test_the_list_has_whom_it_concerns_now_a_page_at_a_time() -> None:
    phones = [f"+86186123456{n:02d}" for n in range(10)]
    for number, phone in enumerate(phones):
        opt_outs.record_reply(APP_ID, phone, said("TD"))
        if number % 2:
            opt_outs.record_reply(APP_ID, phone, said("START", 5))
    opt_outs.record_reply("another-app", PHONE, said("TD"))

    first, cursor = opt_outs.listing(APP_ID, limit=3)
    second, end = opt_outs.listing(APP_ID, limit=3, cursor=cursor)

    assert len(first) == 3
    assert sorted(phone or "" for phone, _ in first + second) == phones[::2]
    assert first[0][1] == said("TD")
    assert end is None


@pytest.mark.parametrize("cursor", ["x", "I2tleQ", "*"])
def test_a_cursor_is_one_that_the_list_gave(cursor: str) -> None:
    with pytest.raises(BadParameter):
        opt_outs.listing(APP_ID, limit=3, cursor=cursor)


def test_a_time_is_kept_in_milliseconds() -> None:
    assert opt_outs.milliseconds(NOW) == AT


def test_many_numbers_are_looked_up_at_once() -> None:
    phones = [f"+861861234{n:04d}" for n in range(230)]
    for phone in phones[::50]:
        opt_outs.record_reply(APP_ID, phone, said("TD"))
    opt_outs.record_reply(None, phones[7], said("STOP"))
    opt_outs.record_reply(APP_ID, phones[50], said("START", 5))

    assert opt_outs.out_of(APP_ID, phones) == {phones[n] for n in (0, 7, 100, 150, 200)}
    assert opt_outs.out_of(APP_ID, []) == set()


def test_an_older_refusal_that_comes_late_is_remembered_as_one() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("START", 9))
    assert opt_outs.standings(APP_ID, [PHONE])[PHONE] == (False, 0)

    opt_outs.record_reply(APP_ID, PHONE, said("TD", 5))
    opt_outs.record_reply(APP_ID, PHONE, said("STOP", 1))

    assert opt_outs.standings(APP_ID, [PHONE])[PHONE] == (False, AT + 5)


def test_no_key_and_no_proof_names_the_number() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))
    opt_outs.record_reply("another-app", PHONE, said("TD"))

    keys = [item["person"]["S"] for item in items()]
    assert not any(PHONE[1:] in key for key in keys)
    assert len({key.partition("#")[0] for key in keys if key != "#key"}) == 2, "one for each app"


def test_who_is_erased_stays_on_the_list_and_so_does_the_proof() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))

    erased = [opt_outs.erase(APP_ID, PHONE, now=NOW) for _ in range(2)]

    assert erased == [1, 0]
    assert PHONE not in str(items())
    assert opt_outs.is_out(APP_ID, PHONE)
    assert opt_outs.history(APP_ID, PHONE) == [said("TD")]
    assert opt_outs.listing(APP_ID, limit=3) == ([(None, said("TD"))], None)


def test_who_was_erased_and_says_something_again_is_known_again() -> None:
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))
    opt_outs.erase(APP_ID, PHONE, now=NOW)

    opt_outs.record_reply(APP_ID, PHONE, said("STOP", 5))

    assert opt_outs.listing(APP_ID, limit=3)[0][0][0] == PHONE


def test_nothing_is_erased_of_nobody() -> None:
    assert opt_outs.erase(APP_ID, PHONE, now=NOW) == 0
    opt_outs.record_reply("another-app", PHONE, said("TD"))
    before = items()

    assert opt_outs.erase(APP_ID, PHONE, now=NOW) == 0
    assert items() == before


def test_everything_comes_number_by_number() -> None:
    other = "+8618612345670"
    opt_outs.record_reply(APP_ID, PHONE, said("TD"))
    opt_outs.record_reply(APP_ID, PHONE, said("START", 5))
    opt_outs.record_reply(APP_ID, other, said("STOP"))
    opt_outs.erase(APP_ID, other, now=NOW)

    kept = list(opt_outs.every(APP_ID))

    digest = digests.made()
    assert {(one.digest, one.phone, one.said.word) for one in kept} == {
        (digest(APP_ID, PHONE), PHONE, "TD"),
        (digest(APP_ID, PHONE), PHONE, "START"),
        (digest(APP_ID, other), None, "STOP"),
    }
    assert len(kept) == 3
