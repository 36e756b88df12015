"""A table in memory for the shield's containers, with DynamoDB's meaning of each operation."""

import math
from collections.abc import Mapping
from typing import Any

from signet.store.shield_items import Item

# What DynamoDB counts of an item: names, and about so much for a number. Its key comes on top.
_NUMBER, _KEY = 4, 60


class MemoryTable:
    """One app's items in a dictionary; calls and write units are counted."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.reads = self.writes = self.units = 0

    def read(self, keys: list[str]) -> dict[str, Item]:
        """One BatchGetItem."""
        self.reads += 1
        return {key: dict(self.items[key]) for key in keys if key in self.items}

    def add(self, key: str, deltas: Mapping[str, int], ttl: int) -> Item:
        """One UpdateItem of ADDs."""
        item = self.items.setdefault(key, {})
        for name, count in deltas.items():
            item[name] = item.get(name, 0) + count
        self._wrote(item)
        return dict(item)

    def swap(self, key: str, item: Item, *, was: int) -> bool:
        """One conditional PutItem."""
        if self.items.get(key, {}).get("f", 0) != was:
            return False
        self.items[key] = dict(item)
        self._wrote(item)
        return True

    def _wrote(self, item: Item) -> None:
        self.writes += 1
        size = _KEY + sum(map(len, item)) + _NUMBER * len(item)
        size += sum(len(value) for value in item.values() if isinstance(value, str))
        self.units += math.ceil(size / 1024)
