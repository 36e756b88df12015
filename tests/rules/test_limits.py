"""Limits A to E against the table of wire.md 12.1, and against a plain list of sends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signet import limits
from signet.errors import CodeInvalid, TooFast, TooFrequent, TooManyAttempts
from signet.limits import DAY, Channel, Kind, Limit

NOW = 1_795_334_400
SMS = limits.for_send(Kind.VERIFICATION, Channel.SMS, "s1")
NOTICE = limits.for_send(Kind.NOTIFICATION, Channel.SMS, "s1")
VOICE = limits.for_send(Kind.VERIFICATION, Channel.VOICE, "s1")

Item = dict[str, object]


def shifted(item: Item, checked: Iterable[Limit], now: int) -> Item:
    """What the store's update makes of `item`: every time moves one place on."""
    after = dict(item)
    for register, depth in limits.registers(checked).items():
        for place in range(depth, 1, -1):
            after[f"{register}{place}"] = item.get(f"{register}{place - 1}", 0)
        after[f"{register}1"] = now
    return after


def after_sends(checked: Sequence[Limit], *times: int) -> Item:
    item: Item = {}
    for time in times:
        item = shifted(item, checked, time)
    return item


@pytest.mark.parametrize(
    ("sends", "checked", "letter", "error", "wait"),
    [
        ([NOW], SMS, "A", TooFast, 60),
        ([NOW - 9], SMS, "A", TooFast, 51),
        ([NOW - 10], SMS, "B", TooFrequent, 50),
        ([NOW - 59], SMS, "B", TooFrequent, 1),
        ([NOW - 3_600 * n for n in range(10, 0, -1)], SMS, "C", TooFrequent, DAY - 36_000),
        ([NOW - 3_600 * n for n in range(15, 0, -1)], NOTICE, "D", TooFrequent, DAY - 54_000),
        ([NOW - 3_599, NOW - 200, NOW - 100], VOICE, "E", TooFrequent, 1),
        ([NOW - 9_000 * n for n in range(5, 0, -1)], VOICE, "E", TooFrequent, DAY - 45_000),
    ],
)
def test_the_first_broken_limit_names_the_error_and_the_wait(
    sends: list[int],
    checked: tuple[Limit, ...],
    letter: str,
    error: type[Exception],
    wait: int,
) -> None:
    item = after_sends(checked, *sends)

    refusal = limits.first_broken(checked, item, NOW)

    assert type(refusal) is error
    assert refusal.retry_after == wait
    assert next(limit.name for limit in checked if limit.wait(item, NOW)) == letter


@pytest.mark.parametrize(
    ("sends", "checked"),
    [
        ([], SMS),
        ([NOW - 60], SMS),
        ([NOW - DAY, *(NOW - 3_600 * n for n in range(9, 0, -1))], SMS),
        ([NOW - DAY, *(NOW - 3_600 * n for n in range(14, 0, -1))], NOTICE),
        ([NOW - 3_600, NOW - 200, NOW - 100], VOICE),
        ([NOW - DAY, *(NOW - 9_000 * n for n in range(4, 0, -1))], VOICE),
    ],
)
def test_a_window_ends_to_the_second(sends: list[int], checked: tuple[Limit, ...]) -> None:
    assert limits.first_broken(checked, after_sends(checked, *sends), NOW) is None


def test_ten_verifications_and_fifteen_notifications_are_counted_apart() -> None:
    item = after_sends(SMS, *(NOW - 3_600 * n for n in range(10, 0, -1)))

    assert limits.first_broken(NOTICE, item, NOW) is None


def test_notifications_and_marketing_share_their_fifteen() -> None:
    marketing = limits.for_send(Kind.MARKETING, Channel.SMS, "s1")
    item = after_sends(NOTICE, *(NOW - 3_600 * n for n in range(15, 0, -1)))

    assert limits.first_broken(marketing, item, NOW) == matching(TooFrequent, retry_after=32_400)


def test_a_second_signature_has_its_own_quota_but_shares_the_ten_seconds() -> None:
    second = limits.for_send(Kind.VERIFICATION, Channel.SMS, "s2")
    item = after_sends(SMS, NOW - 30)

    assert limits.first_broken(second, item, NOW) is None
    assert isinstance(limits.first_broken(second, item, NOW - 21), TooFast)


def test_voice_obeys_the_limits_of_sms_as_well() -> None:
    item = after_sends(SMS, NOW - 40)

    assert limits.first_broken(VOICE, item, NOW) == matching(TooFrequent, retry_after=20)


def test_an_sms_does_not_use_up_the_quota_of_voice() -> None:
    assert "v" not in limits.registers(SMS)
    assert limits.registers(VOICE)["v"] == 5


def test_the_wait_is_long_enough_for_every_broken_limit() -> None:
    item = after_sends(SMS, *(NOW - 3_600 * n for n in range(10, 1, -1)), NOW - 5)

    refusal = limits.first_broken(SMS, item, NOW)

    assert refusal == matching(TooFast, retry_after=DAY - 36_000)
    assert refusal is not None
    assert refusal.retry_after is not None
    assert limits.first_broken(SMS, item, NOW + refusal.retry_after - 1) is not None
    assert limits.first_broken(SMS, item, NOW + refusal.retry_after) is None


def test_twenty_guesses_a_day_are_the_budget() -> None:
    twenty = after_sends([limits.GUESSES], *range(NOW - 20, NOW))

    assert isinstance(limits.first_broken([limits.GUESSES], twenty, NOW), CodeInvalid)
    assert limits.first_broken([limits.GUESSES], twenty, NOW - 20 + DAY) is None


def test_registers_are_as_deep_as_their_largest_count() -> None:
    assert limits.registers(VOICE) == {"a": 1, "s1b": 1, "s1c": 10, "v": 5}


@dataclass(frozen=True)
class Ask:
    """One request for a send, some seconds after the one before."""

    after: int
    kind: Kind
    channel: Channel
    signature: str


asks = st.lists(
    st.builds(
        Ask,
        after=st.sampled_from([0, 1, 9, 10, 11, 29, 30, 59, 60, 61, 600, 1_200, 3_600, 9_000]),
        kind=st.sampled_from(Kind),
        channel=st.sampled_from(Channel),
        signature=st.sampled_from(["s1", "s2"]),
    ),
    min_size=1,
    max_size=120,
)


@given(asks)
@settings(max_examples=150, deadline=None)
def test_the_registers_decide_as_a_full_log_of_sends_would(requests: list[Ask]) -> None:
    item: Item = {}
    log: list[tuple[int, Ask]] = []
    now = NOW
    for ask in requests:
        now += ask.after
        checked = limits.for_send(ask.kind, ask.channel, ask.signature)

        refusal = limits.first_broken(checked, item, now)

        assert (type(refusal) if refusal else None) is by_the_log(log, ask, now)
        if refusal is None:
            log.append((now, ask))
            item = shifted(item, checked, now)


def by_the_log(log: list[tuple[int, Ask]], ask: Ask, now: int) -> type[Exception] | None:
    """The verdict of wire.md 12.1, word by word, from every send there ever was."""

    def sent(seconds: int, **same: object) -> int:
        return sum(
            now - seconds < time
            and all(getattr(old, name) == value for name, value in same.items())
            for time, old in log
        )

    if sent(10):
        return TooFast
    kinds = [kind for kind in Kind if is_code(kind) is is_code(ask.kind)]
    in_a_day = sum(sent(DAY, signature=ask.signature, kind=kind) for kind in kinds)
    broken = [
        sent(60, signature=ask.signature) >= 1,
        in_a_day >= (10 if is_code(ask.kind) else 15),
    ]
    if ask.channel is Channel.VOICE:
        voice = Channel.VOICE
        broken += [
            sent(30, channel=voice) >= 1,
            sent(3_600, channel=voice) >= 3,
            sent(DAY, channel=voice) >= 5,
        ]
    return TooFrequent if any(broken) else None


def is_code(kind: Kind) -> bool:
    """Whether the kind counts for limit C; the others share D."""
    return kind is Kind.VERIFICATION


def test_an_id_may_be_tried_ten_times_in_fifteen_minutes_from_one_address() -> None:
    ten = after_sends([limits.SIGN_INS], *range(NOW - 10, NOW))

    refusal = limits.first_broken([limits.SIGN_INS], ten, NOW)

    assert refusal == matching(TooManyAttempts, retry_after=890)
    assert limits.first_broken([limits.SIGN_INS], ten, NOW + 890) is None


class matching:
    """Equal to any error of one class with these fields."""

    def __init__(self, error: type[Exception], **fields: object) -> None:
        self._error, self._fields = error, fields

    def __eq__(self, other: object) -> bool:
        return type(other) is self._error and all(
            getattr(other, name) == value for name, value in self._fields.items()
        )

    def __hash__(self) -> int:
        return hash(self._error)

    def __repr__(self) -> str:
        return f"{self._error.__name__}({self._fields})"
