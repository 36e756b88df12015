"""Parts of runs, in the Campaigns table: what became of each row, and what was heard of them.

    pk  <app>#<campaign>#<run>#<part>   sk  work   rows by outcome, one set of numbers for each,
                                                   and `price`, what each of them costs
                                            heard  delivered, undelivered, replied_out: counts

The rows of an outcome are a set, so that whoever says it twice says it once; and an item takes
the writes of a thousand messages only (review.md 5.1). Failure mode: closed; a row of which
nothing is noted is looked at again.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pynamodb.expressions.update import Action

from signet.campaigns import Outcome, Row
from signet.messages import RETENTION
from signet.releases import Heard, Work
from signet.store import table
from signet.store.campaigns import CampaignItem

_AT_ONCE = 80
# As long as the records of the messages, and a little longer.
_REMEMBER = int((RETENTION + timedelta(days=3)).total_seconds())


def note(
    app_id: str, row: Row, outcomes: Mapping[Outcome, Iterable[int]], *, price: int, now: int
) -> None:
    """Note what became of rows of the part that `row` is in, each of which costs `price` micros."""
    attributes = CampaignItem.get_attributes()
    actions: list[Action] = [
        attributes[outcome.value].add(set(rows)) for outcome, rows in outcomes.items()
    ]
    actions.append(CampaignItem.price.set(price))
    _update(CampaignItem(_pk(app_id, row), "work"), actions, now=now)


def hear(app_id: str, row: Row, heard: Heard, *, now: int) -> None:
    """Add what was heard of messages of the part that `row` is in; -1 takes back."""
    attributes = CampaignItem.get_attributes()
    counts = {
        "delivered": heard.delivered,
        "undelivered": heard.undelivered,
        "replied_out": heard.replied_out,
    }
    actions: list[Action] = [attributes[name].add(count) for name, count in counts.items() if count]
    _update(CampaignItem(_pk(app_id, row), "heard"), actions, now=now)


def works(app_id: str, campaign_id: str, run: int, parts: Iterable[int]) -> dict[int, Work]:
    """What is noted of these parts, by their number; {} of one of which nothing is.

    A row has one outcome. Of several that were noted, as a late answer may come after its sender
    was given up, it is the first in the order of `Outcome`.
    """
    found = _read(app_id, campaign_id, run, parts, "work", is_consistent=True)
    return {number: _work(item) if item else {} for number, item in found.items()}


def paid(app_id: str, campaign_id: str, run: int, *, parts: int) -> tuple[int, int]:
    """How many of a run's rows were paid, and what they cost, in micros.

    Some parts at a time: the outcomes of a million rows are 60 MB.
    """
    rows = micros = 0
    for start in range(0, parts, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, parts))
        for item in _read(app_id, campaign_id, run, numbers, "work", is_consistent=True).values():
            if item:
                count = sum(len(found) for outcome, found in _work(item).items() if outcome.is_paid)
                rows += count
                micros += count * int(item.price)
    return rows, micros


def _work(item: CampaignItem) -> Work:
    seen: frozenset[int] = frozenset()
    work = {}
    for outcome in Outcome:
        rows = frozenset(map(int, getattr(item, outcome.value) or ())) - seen
        if rows:
            work[outcome] = rows
            seen |= rows
    return work


def heards(app_id: str, campaign_id: str, run: int, parts: Iterable[int]) -> dict[int, Heard]:
    """What was heard of these parts, by their number."""
    found = _read(app_id, campaign_id, run, parts, "heard", is_consistent=False)
    return {
        number: Heard(
            int(item.delivered or 0), int(item.undelivered or 0), int(item.replied_out or 0)
        )
        if item
        else Heard()
        for number, item in found.items()
    }


def _read(
    app_id: str,
    campaign_id: str,
    run: int,
    parts: Iterable[int],
    sk: str,
    *,
    is_consistent: bool,
) -> dict[int, CampaignItem | None]:
    wanted = {_pk(app_id, Row(campaign_id, run, part, 0)): part for part in parts}
    keys = [(pk, sk) for pk in wanted]
    read = table.read(lambda: list(CampaignItem.batch_get(keys, consistent_read=is_consistent)))
    found = {str(item.pk): item for item in read}
    return {part: found.get(pk) for pk, part in wanted.items()}


def _pk(app_id: str, row: Row) -> str:
    return f"{app_id}#{row.campaign_id}#{row.run}#{row.part}"


def _update(item: CampaignItem, actions: list[Action], *, now: int) -> None:
    table.update(item, [*actions, CampaignItem.ttl.set(now + _REMEMBER)])
