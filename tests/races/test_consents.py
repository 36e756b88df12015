"""Audiences, refusals and the first key, all at once and cut off: nothing lost, nothing twice."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import boto3
import pytest

from signet.consents import Consent
from signet.errors import Unavailable
from signet.opt_outs import OptOut
from signet.store import consents, digests, opt_outs, table

THREADS = 8
ROUNDS = 10
APPS = (f"consents-{number}" for number in itertools.count())

pytestmark = pytest.mark.usefixtures("module_emulated")


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def at_once(pool: ThreadPoolExecutor, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    barrier = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        barrier.wait(30)
        return one()

    return list(pool.map(act, acts))


def phones(count: int) -> list[str]:
    return [f"+861861234{number:04d}" for number in range(count)]


def audience(audience_id: str, at: int, count: int = 250) -> list[Consent]:
    return [
        Consent(phone, f"form {audience_id}", at, "audience", audience_id)
        for phone in phones(count)
    ]


def forget_key() -> None:
    resource = boto3.resource("dynamodb")
    resource.Table("apps").delete_item(Key={"app_id": "#digests", "item": "key"})
    resource.Table("opt-outs").delete_item(Key={"app_id": "#deployment", "person": "#key"})
    digests.forget()


def test_of_many_who_need_the_first_key_all_get_the_same(pool: ThreadPoolExecutor) -> None:
    for _ in range(ROUNDS):
        forget_key()

        made = at_once(pool, [lambda: digests.made()("app", "+86")] * THREADS)

        assert len(set(made)) == 1


def test_audiences_at_once_and_twice_are_all_kept(pool: ThreadPoolExecutor) -> None:
    app_id = next(APPS)
    files = [audience(f"a{number}", at=1_000 + number) for number in range(3)]

    at_once(pool, [partial(consents.record_many, app_id, each) for each in (*files, *files)])

    assert consents.known(app_id, phones(250)) == set(phones(250))
    for phone in phones(250):
        found = [(one.audience_id, one.at) for one in consents.history(app_id, phone)]
        assert found == [("a2", 1_002), ("a1", 1_001), ("a0", 1_000)]


def test_consents_and_refusals_at_once_count_by_their_time(pool: ThreadPoolExecutor) -> None:
    chance = random.Random(20270311)
    (phone,) = phones(1)
    for _ in range(ROUNDS):
        app_id = next(APPS)
        times = chance.sample(range(1_000, 2_000), THREADS)
        said = [
            partial(opt_outs.record_reply, app_id, phone, OptOut(True, at, "TD", "x", str(at)))
            for at in times[:4]
        ]
        given = [
            partial(consents.record, app_id, Consent(phone, "x", at, "console", by="owner:a"))
            for at in times[4:]
        ]

        at_once(pool, [*said, *given])

        holds = max(times[4:]) > max(times[:4])
        assert consents.known(app_id, [phone]) == ({phone} if holds else set())


def test_an_audience_that_was_cut_off_is_recorded_again_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app_id, done = next(APPS), itertools.count()
    transact = table.transact

    def cut_off(build: Any) -> None:
        if next(done) == 1:
            raise Unavailable
        transact(build)

    with monkeypatch.context() as patch:
        patch.setattr(table, "transact", cut_off)
        with pytest.raises(Unavailable):
            consents.record_many(app_id, audience("a1", at=1_000))
    assert 0 < len(consents.known(app_id, phones(250))) < 250

    consents.record_many(app_id, audience("a1", at=2_000))

    assert consents.known(app_id, phones(250)) == set(phones(250))
    assert all(len(consents.history(app_id, phone)) == 1 for phone in phones(250))
