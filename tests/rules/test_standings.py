"""How a number's limits are shown: as they would decide."""

from signet import limits, standings
from signet.limits import Channel, Kind

NOW = 1_000_000


def shown(item: dict[str, object]) -> dict[tuple[object, object], tuple[object, object]]:
    return {
        (one.limit.name, one.signature_id): (one.used, one.wait) for one in standings.of(item, NOW)
    }


def test_nothing_is_said_of_limits_that_are_not_touched() -> None:
    assert standings.of({"ttl": NOW, "rid": "x", "psn": b"n"}, NOW) == []


def test_each_limit_of_each_signature_is_told_with_its_wait() -> None:
    item: dict[str, object] = {
        "a1": NOW - 4,
        "s1b1": NOW - 70,
        "s2b1": NOW - 4,
        **{f"s1c{place}": NOW - 100 * place for place in range(1, 11)},
        "s2d1": NOW - 4,
        "s2d2": 0,
        **{f"f{place}": NOW - 60 for place in range(1, 4)},
    }

    assert shown(item) == {
        ("A", None): (1, 6),
        ("C", "s1"): (10, 86_400 - 1_000),
        ("B", "s2"): (1, 56),
        ("D", "s2"): (1, 0),
        ("guesses", None): (3, 0),
    }


def test_what_is_shown_is_what_decides() -> None:
    item: dict[str, object] = {f"s1c{place}": NOW - place for place in range(1, 11)}
    decided = limits.first_broken(
        limits.for_send(Kind.VERIFICATION, Channel.SMS, "s1"), {**item, "s1b1": 0, "a1": 0}, NOW
    )

    assert decided is not None
    assert decided.retry_after == shown(item)["C", "s1"][1]


def test_registers_are_told_from_codes() -> None:
    item: dict[str, object] = dict.fromkeys(
        ("a1", "s1b1", "s12c10", "s1d15", "v5", "f20", "rid", "rt", "ttl", "psn", "pvg", "phone"), 1
    )

    assert standings.registers(item) == ["a1", "f20", "s12c10", "s1b1", "s1d15", "v5"]
