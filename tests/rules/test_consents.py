"""When a consent holds, and what owners may say of one."""

from datetime import UTC, datetime

import pytest

from signet import consents
from signet.consents import Consent
from signet.errors import BadParameter

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MS = int(NOW.timestamp()) * 1000


def said(at: int, *, given: bool = True) -> Consent:
    return Consent("+8618612345678", "form", at, "console", by="owner:a", is_given=given)


@pytest.mark.parametrize(
    ("events", "refused_at", "holds"),
    [
        ([], 0, False),
        ([said(1)], 0, True),
        ([said(1)], 2, False),
        ([said(3)], 2, True),
        ([said(2)], 2, False),
        ([said(1), said(2, given=False)], 0, False),
        ([said(3), said(2, given=False)], 0, True),
        ([said(2), said(2, given=False)], 0, False),
        ([said(2, given=False)], 0, False),
        ([said(1), said(5), said(2, given=False)], 4, True),
        ([said(1), said(3), said(2, given=False)], 4, False),
    ],
)
def test_the_newest_counts_and_at_one_moment_the_refusal(
    events: list[Consent], refused_at: int, holds: bool
) -> None:
    assert consents.holds(events, refused_at) is holds
    assert consents.holds(reversed(events), refused_at) is holds


def test_the_same_source_says_it_once() -> None:
    audience = [Consent("+86", how, at, "audience", "a1") for how, at in (("x", 1), ("y", 2))]
    reply = [Consent("+86", "START", at, "reply", carrier="sns", reply_id="r1") for at in (1, 2)]
    console = [Consent("+86", "x", at, "console", by="owner:a") for at in (1, 2)]

    assert [len({one.identity for one in some}) for some in (audience, reply, console)] == [1, 1, 2]


def test_an_owner_says_how_and_when() -> None:
    assert consents.wanted({"how": " 门店登记 "}, now=NOW) == ("门店登记", MS)
    at = "2026-11-22T15:00:00+08:00"
    assert consents.wanted({"how": "x", "at": at}, now=NOW) == ("x", MS - 3_600_000)
    assert consents.wanted({"how": "x", "at": "2026-11-01"}, now=NOW)[1] < MS


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"how": ""},
        {"how": "x" * 201},
        {"how": "x", "by": "me"},
        {"how": "x", "at": "yesterday"},
        {"how": "x", "at": 5},
        {"how": "x", "at": "2026-11-22T08:00:01Z"},
        {"how": "x", "at": "0001-01-01"},
    ],
)
def test_what_is_no_consent_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        consents.wanted(body, now=NOW)
