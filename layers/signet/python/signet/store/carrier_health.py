"""How carriers fare, in the Carriers table: counts, standings, and changes for the console.

    pk                            | sk                      | what
    ------------------------------+-------------------------+-----------------------------------
    counts#<carrier>#<country>    | <slot>                  | a, f, s, p: see `signet.health`
    standing                      | <carrier>#<country>     | share, reason, changed_at, usual
    changes                       | <at>#<carrier>#<country>| a share that fell or rose

Each process keeps what it counts in memory and adds it every few seconds, so that a busy carrier's
item takes a write for each process and five seconds, not for each message. Whoever has added looks
at the sums and writes the standing under a condition, so that of many one changes it. Failure mode:
open; what cannot be counted or read leaves messages to go by their weights.
"""

import logging
import time
from collections import Counter
from typing import Any

from pynamodb.exceptions import PynamoDBException, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from signet import health
from signet.errors import Unavailable
from signet.health import FULL, Change, Count, Counts, Standing
from signet.messages import RETENTION
from signet.store import cursors, table
from signet.store.carriers import CarrierItem

log = logging.getLogger(__name__)

# How often a process that sends adds what it counted, and how old what it knows may be.
FLUSH_SECONDS = 5
# What a process saw fail so often in a row is passed over by it at once, for so long.
_IN_A_ROW = 3
_PASSED_OVER_SECONDS = 30
_COUNTS_LIFE = 900
_STANDINGS, _CHANGES = "standing", "changes"
_FAULTS = (Unavailable, PynamoDBException, VerboseClientError)


Place = tuple[str, str]


class Health:
    """What this process counts of carriers, and what it knows of them, by dial code.

    It adds what it counted every `flush_seconds`.
    """

    def __init__(self, *, flush_seconds: float = FLUSH_SECONDS) -> None:
        self.flush_seconds = flush_seconds
        self.forget()

    def forget(self) -> None:
        """Know nothing, as a process that has just begun."""
        self._counted: dict[tuple[Place, int], Counter[Count]] = {}
        self._standings: dict[Place, Standing] = {}
        self._failed: dict[Place, tuple[int, float]] = {}
        self._flushed_at = 0.0
        self._read_at = 0.0

    def share(self, carrier: str, country: str) -> int:
        """The part of its weight, in percent, that the carrier has kept."""
        self._read_if_old()
        place = (carrier, country)
        in_a_row, until = self._failed.get(place, (0, 0.0))
        if in_a_row >= _IN_A_ROW and time.monotonic() < until:
            return health.FLOOR
        standing = self._standings.get(place)
        return standing.share if standing else FULL

    def count(self, carrier: str, country: str, what: Count, at: int) -> None:
        """Count one event into the slot of `at` (epoch seconds)."""
        place = (carrier, country)
        self._counted.setdefault((place, health.slot(at)), Counter())[what] += 1
        if what is Count.FAILED:
            in_a_row, _ = self._failed.get(place, (0, 0.0))
            self._failed[place] = (in_a_row + 1, time.monotonic() + _PASSED_OVER_SECONDS)
        elif what is Count.ACCEPTED:
            self._failed.pop(place, None)

    def flush_if_due(self, now: int) -> None:
        """Add what was counted, unless that was done a moment ago, and judge by the sums."""
        if not self._counted or time.monotonic() - self._flushed_at < self.flush_seconds:
            return
        self._flushed_at = time.monotonic()
        counted, self._counted = self._counted, {}
        try:
            for (place, slot), counts in counted.items():
                _add(place, slot, counts, now)
            for place in {place for place, _ in counted}:
                self._judge(place, now)
        except _FAULTS as fault:
            log.warning("health_not_counted", extra={"fault": type(fault).__name__})

    def _judge(self, place: Place, now: int) -> None:
        known = _standing(place)
        judged = health.judge(known, _counts(place, now), now)
        if judged != known:
            _record(known, judged)
        self._standings[place] = judged

    def _read_if_old(self) -> None:
        if time.monotonic() - self._read_at < FLUSH_SECONDS:
            return
        self._read_at = time.monotonic()
        try:
            self._standings = {(one.carrier, one.country): one for one in standings()}
        except _FAULTS as fault:
            log.warning("health_not_read", extra={"fault": type(fault).__name__})


# One for each process: what it counted goes with it.
HEALTH = Health()


def standings() -> list[Standing]:
    """How carriers stand, those that ever changed or whose receipts are known."""
    items = table.read(lambda: list(CarrierItem.query(_STANDINGS)))
    return [_read(item) for item in items]


def changes(*, limit: int, cursor: str | None = None) -> tuple[list[Change], str | None]:
    """Shares that fell or rose, newest first, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    before = CarrierItem.sk < cursors.unpack(cursor) if cursor else None
    items = table.read(
        lambda: list(CarrierItem.query(_CHANGES, before, limit=limit, scan_index_forward=False))
    )
    found = [_change(item) for item in items]
    return found, cursors.pack(str(items[-1].sk)) if len(items) == limit else None


def _add(place: Place, slot: int, counts: Counter[Count], now: int) -> None:
    item = CarrierItem(_counts_key(place), _slot_key(slot))
    actions = [
        *(getattr(CarrierItem, count.value).add(number) for count, number in counts.items()),
        CarrierItem.ttl.set(now + _COUNTS_LIFE),
    ]
    # Tried once: counted twice would be worse than not at all.
    table.once(lambda: item.update(actions))


def _counts(place: Place, now: int) -> Counts:
    last = health.slot(now)
    wanted: Condition = CarrierItem.sk.between(_slot_key(last - health.SLOTS), _slot_key(last))
    items = table.read(lambda: list(CarrierItem.query(_counts_key(place), wanted)))
    return {
        int(item.sk): {count: int(getattr(item, count.value) or 0) for count in Count}
        for item in items
    }


def _standing(place: Place) -> Standing:
    found = table.read(
        lambda: list(CarrierItem.query(_STANDINGS, CarrierItem.sk == "#".join(place)))
    )
    return _read(found[0]) if found else Standing(*place)


def _record(known: Standing, judged: Standing) -> None:
    """Write the standing if it is still as it was known; of many processes one does."""
    item = CarrierItem(_STANDINGS, f"{judged.carrier}#{judged.country}")
    condition = _as_known(known)

    def build(writes: TransactWrite) -> None:
        writes.update(item, _standing_actions(judged), condition)
        if judged.share != known.share:
            writes.save(_change_item(known, judged))

    try:
        table.transact(build)
    except table.TransactionRefused:
        return
    if judged.share != known.share:
        log.warning(
            "carrier_share_changed",
            extra={
                "carrier": judged.carrier,
                "country": judged.country,
                "share": judged.share,
                "reason": judged.reason,
            },
        )


def _as_known(known: Standing) -> Condition:
    if not (known.changed_at or known.usual_at):
        absent: Condition = CarrierItem.pk.does_not_exist()
        return absent
    unchanged: Condition = (CarrierItem.changed_at == known.changed_at) & (
        CarrierItem.usual_at == known.usual_at
    )
    return unchanged


def _standing_actions(standing: Standing) -> list[Any]:
    actions = [
        CarrierItem.share.set(standing.share),
        CarrierItem.reason.set(standing.reason or "-"),
        CarrierItem.changed_at.set(standing.changed_at),
        CarrierItem.usual_at.set(standing.usual_at),
    ]
    if standing.usual is not None:
        actions.append(CarrierItem.usual.set(standing.usual))
    return actions


def _change_item(known: Standing, judged: Standing) -> CarrierItem:
    return CarrierItem(
        _CHANGES,
        f"{judged.changed_at:010d}#{judged.carrier}#{judged.country}",
        before=known.share,
        after=judged.share,
        reason=judged.reason,
        ttl=judged.changed_at + int(RETENTION.total_seconds()),
    )


def _read(item: CarrierItem) -> Standing:
    carrier, country = str(item.sk).split("#")
    return Standing(
        carrier=carrier,
        country=country,
        share=int(item.share or 0),
        reason="" if item.reason in (None, "-") else str(item.reason),
        changed_at=int(item.changed_at or 0),
        usual=None if item.usual is None else int(item.usual),
        usual_at=int(item.usual_at or 0),
    )


def _change(item: CarrierItem) -> Change:
    at, carrier, country = str(item.sk).split("#")
    return Change(
        int(at), carrier, country, int(item.before or 0), int(item.after or 0), str(item.reason)
    )


def _counts_key(place: Place) -> str:
    return f"counts#{'#'.join(place)}"


def _slot_key(slot: int) -> str:
    return f"{slot:010d}"
