"""Figures: what was measured, as a table for people and as JSON for machines."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_COLUMNS = ("figure", "value", "unit", "budget", "")
_NUMBERS = ("value", "budget")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; without a budget it is there to read the others by.

    A noisy one may be judged by another value than the one it shows.
    """

    name: str
    value: float
    unit: str
    budget: float | None = None
    better: Literal["lower", "higher"] = "lower"
    judged_by: float | None = None

    @property
    def verdict(self) -> str:
        """Whether it keeps its budget."""
        if self.budget is None:
            return ""
        if not self._is_over(self.value):
            return "ok"
        judged_by = self.value if self.judged_by is None else self.judged_by
        return "OVER" if self._is_over(judged_by) else "ok, within noise"

    def _is_over(self, value: float) -> bool:
        assert self.budget is not None
        return value > self.budget if self.better == "lower" else value < self.budget


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    rows = [_COLUMNS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for cell, width, column in zip(row, widths, _COLUMNS, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def write(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures as a JSON list of objects."""
    rounded = [
        {
            "name": figure.name,
            "value": round(figure.value, 4),
            "unit": figure.unit,
            "budget": figure.budget,
            "better": figure.better,
        }
        for figure in figures
    ]
    file.write_text(json.dumps(rounded, indent=2, ensure_ascii=False) + "\n")


def say(line: str) -> None:
    """Tell the person who waits what goes on; the table alone goes to standard output."""
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Says every few seconds how far a long measurement is."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._start = self._said = time.monotonic()
        say(f"{what} …")

    def done(self, count: int) -> None:
        """`count` of the total are done."""
        now = time.monotonic()
        if now - self._said < 3 or count == self._total:
            return
        self._said = now
        left = (now - self._start) / count * (self._total - count)
        say(f"   {count} of {self._total}, {left:.0f} s left")


def _row(figure: Figure) -> tuple[str, str, str, str, str]:
    budget = "" if figure.budget is None else _number(figure.budget)
    return figure.name, _number(figure.value), figure.unit, budget, figure.verdict


def _number(value: float) -> str:
    return f"{value:g}" if float(value).is_integer() else f"{value:.2f}"
