"""A table that fails as it is told to, for the shield's containers."""

from collections.abc import Mapping

from benchmarks.attack_table import MemoryTable
from signet.errors import Unavailable
from signet.shield import Attempt
from signet.shield_counts import DAY
from signet.store.shield_container import Container
from signet.store.shield_items import Item

NOON = 20_700 * DAY + DAY // 2


class Table(MemoryTable):
    """An app that is not new; `down` refuses everything, `deaf` does it and loses the reply."""

    def __init__(self) -> None:
        super().__init__()
        self.down = self.deaf = False
        self.items["day"] = {"f": NOON // 60 - 1, "t": "", "y": ""}
        self.asked: list[list[str]] = []

    def read(self, keys: list[str]) -> dict[str, Item]:
        self.asked.append(keys)
        if self.down:
            raise Unavailable
        return super().read(keys)

    def add(self, key: str, deltas: Mapping[str, int], ttl: int) -> Item:
        if self.down:
            raise Unavailable
        item = super().add(key, deltas, ttl)
        if self.deaf:
            raise Unavailable
        return item

    def swap(self, key: str, item: Item, *, was: int) -> bool:
        if self.down:
            raise Unavailable
        return super().swap(key, item, was=was)

    def total(self, name: str) -> int:
        """What all minutes hold of a count."""
        return sum(item.get(name, 0) for key, item in self.items.items() if key.startswith("m#"))


def sent(container: Container, attempt: Attempt, now: int) -> str:
    """Have a send counted as one that was accepted; its mark."""
    nodes, mark = container.place(attempt, now)
    container.count_sent(nodes)
    return mark
