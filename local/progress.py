"""A bar of text that shows how far an import is: in place on a terminal, else a line at times."""

import sys
import time
from typing import TextIO

from signet.imports import Progress

_WIDTH = 24
_PIPE_SECONDS = 5


class Bar:
    """Shows progress through a file of `size` bytes; `start` is what was done before."""

    def __init__(self, size: int, start: Progress, out: TextIO = sys.stdout) -> None:
        self._size = max(size, 1)
        self._start = start
        self._out = out
        self._began = self._shown = time.monotonic()
        self._in_place = out.isatty()

    def show(self, progress: Progress) -> None:
        """Show how far it is, if somebody can read that yet."""
        now = time.monotonic()
        if self._in_place:
            self._out.write(f"\r\033[K{self.line(progress, now - self._began)}")
        elif now - self._shown >= _PIPE_SECONDS:
            self._shown = now
            self._out.write(f"{self.line(progress, now - self._began)}\n")
        self._out.flush()

    def close(self) -> None:
        """Leave the line."""
        if self._in_place:
            self._out.write("\n")

    def line(self, progress: Progress, seconds: float) -> str:
        """The bar after so many seconds of this run."""
        # Behind the last object of an array there is a bracket.
        offset = self._size if progress.is_finished else progress.place.offset
        share = offset / self._size
        filled = int(share * _WIDTH)
        done = offset - self._start.place.offset
        left = (self._size - offset) * seconds / done if done else 0
        rate = (progress.seen - self._start.seen) / max(seconds, 0.001)
        bar = "█" * filled + "░" * (_WIDTH - filled)
        return f"{share:4.0%} {bar} {progress.seen:,} users, {rate:,.0f} a second, {_clock(left)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} left"
