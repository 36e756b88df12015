"""Consents: recorded in any order and again, ended by what is newer, kept when a person goes."""

from collections.abc import Iterable
from itertools import permutations

import pytest

from signet import audits
from signet.acts import Act
from signet.consents import Consent
from signet.opt_outs import OptOut
from signet.store import audits as trail
from signet.store import consents, digests, opt_outs
from tests.store.build import APP_ID, NOW, PHONE, SECONDS, client

pytestmark = pytest.mark.usefixtures("tables")

AT = SECONDS * 1000


def given(
    at: int = 0, *, phone: str = PHONE, audience_id: str = "a1", how: str = "ticked a box"
) -> Consent:
    return Consent(phone, how, AT + at, "audience", audience_id, by=f"owner:{APP_ID}")


def ended(at: int) -> Consent:
    return Consent(PHONE, "by phone", AT + at, "console", by="owner:x", is_given=False)


def refuse(at: int, *, app_id: str | None = APP_ID, word: str = "TD") -> None:
    said = OptOut(word == "TD", AT + at, word, "webhook", f"r{at}")
    opt_outs.record_reply(app_id, PHONE, said)


def items() -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = client("dynamodb").scan(TableName="opt-outs")["Items"]
    return sorted(found, key=str)


def known(phones: Iterable[str] = (PHONE,)) -> set[str]:
    return consents.known(APP_ID, list(phones))


def test_nobody_has_agreed_at_first() -> None:
    assert known() == set()
    assert consents.history(APP_ID, PHONE) == []


def test_an_audience_of_many_is_recorded_and_spread() -> None:
    phones = [f"+861861234{n:04d}" for n in range(450)]
    consents.record_many(APP_ID, (given(phone=phone) for phone in phones))

    assert known([*phones, PHONE]) == set(phones)
    assert consents.known("another-app", phones) == set()
    partitions = {item["app_id"]["S"] for item in items() if "phone" in item}
    assert len(partitions) == 16


def test_a_number_that_an_audience_names_twice_is_recorded_once() -> None:
    consents.record_many(APP_ID, [given(), given(5)])

    assert consents.history(APP_ID, PHONE) == [given()]


def test_the_same_audience_again_changes_nothing() -> None:
    consents.record_many(APP_ID, [given()])
    before = items()

    consents.record_many(APP_ID, [given(5)])

    assert items() == before


def test_the_same_consent_in_another_file_changes_nothing() -> None:
    consents.record_many(APP_ID, [given()])
    before = items()

    consents.record_many(APP_ID, [given(audience_id="a2")])

    assert items() == before


def test_each_consent_is_kept() -> None:
    consents.record_many(APP_ID, [given()])
    consents.record_many(APP_ID, [given(5, audience_id="a2")])

    assert consents.history(APP_ID, PHONE) == [given(5, audience_id="a2"), given()]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_counts_in_any_order(order: tuple[int, ...]) -> None:
    for place in order:
        consents.record(APP_ID, [given(), ended(5), given(9, audience_id="a2")][place])

    assert known() == {PHONE}
    assert len(consents.history(APP_ID, PHONE)) == 3


@pytest.mark.parametrize("app_id", [APP_ID, None])
def test_a_refusal_ends_what_was_agreed_before_it(app_id: str | None) -> None:
    consents.record_many(APP_ID, [given()])
    refuse(5, app_id=app_id)
    assert known() == set()

    consents.record_many(APP_ID, [given(9, audience_id="a2")])

    assert known() == {PHONE}
    assert opt_outs.is_out(APP_ID, PHONE), "only a reply or somebody by hand takes it back"


def test_a_refusal_that_was_taken_back_by_hand_has_ended_it_all_the_same() -> None:
    consents.record_many(APP_ID, [given()])
    refuse(5)
    act = Act(APP_ID, audits.owner(APP_ID), NOW.replace(minute=1))
    back = OptOut(False, opt_outs.milliseconds(act.at), by=act.actor, comment="x")
    opt_outs.record_by_hand(APP_ID, PHONE, back, act.entry("opt_in", "number"))

    assert not opt_outs.is_out(APP_ID, PHONE)
    assert known() == set()


def test_a_refusal_of_another_app_ends_nothing() -> None:
    consents.record_many(APP_ID, [given()])
    refuse(5, app_id="another-app")

    assert known() == {PHONE}


def test_by_hand_there_is_a_trail() -> None:
    act = Act(APP_ID, audits.owner(APP_ID), NOW)
    said = Consent(PHONE, "signed a form", AT, "console", by=act.actor)
    consents.record_by_hand(APP_ID, said, act.entry("consent", "number", comment="signed a form"))

    assert consents.history(APP_ID, PHONE) == [said]
    entries, _ = trail.entries(APP_ID, limit=5)
    assert [(one.action, one.comment) for one in entries] == [("consent", "signed a form")]


def test_who_is_erased_leaves_a_digest_and_the_proof() -> None:
    consents.record_many(APP_ID, [given()])

    erased = [consents.erase(APP_ID, PHONE, now=NOW) for _ in range(2)]

    assert erased == [1, 0]
    assert PHONE not in str(items())
    digest = digests.made()(APP_ID, PHONE)
    assert list(consents.every(APP_ID)) == [(digest, None, [given(phone="")])]


def test_who_was_erased_and_is_uploaded_again_is_known_again_and_still_out() -> None:
    consents.record_many(APP_ID, [given()])
    refuse(5)
    for erase in (consents.erase, opt_outs.erase):
        erase(APP_ID, PHONE, now=NOW)

    consents.record_many(APP_ID, [given()])

    assert [phone for _, phone, _ in consents.every(APP_ID)] == [PHONE]
    assert opt_outs.out_of(APP_ID, [PHONE]) == {PHONE}
    assert known() == set()


def test_everything_is_read_page_by_page() -> None:
    phones = [f"+861861234{n:04d}" for n in range(40)]
    consents.record_many(APP_ID, [given(phone=phone) for phone in phones])

    found = list(consents.every(APP_ID))

    assert sorted(phone or "" for _, phone, _ in found) == phones
    assert all(said == [given(phone=phone or "")] for _, phone, said in found)
