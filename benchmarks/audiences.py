"""Reading audiences: rows a second, and in how much memory, in a process that reads nothing else.

Blocks of the file are made as they are read, nobody is looked up and objects are thrown away: what
is measured is our own work. `python -m benchmarks.audiences ROWS` is that process.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from benchmarks.built import ROOT
from benchmarks.figures import Figure, say
from local.ministack import clean_environment

FEW, MANY = 10_000, 1_000_000
MEMORY_BUDGET = 1.15
_BLOCK_ROWS = 20_000
# One row in so many has its number twice, and one in so many no number at all.
_TWICE, _INVALID = 97, 89


@dataclass(frozen=True, slots=True)
class Run:
    """One reading: rows that can be sent to, and what it took."""

    valid: int
    seconds: float
    peak_mb: float


def measure(*, few: int = FEW, many: int = MANY) -> list[Figure]:
    """Read two files, each in a process of its own."""
    say(f"audiences of {few:,} and {many:,} rows …")
    small, large = run(few), run(many)
    return [
        Figure(f"audience: {many:,} rows", many / large.seconds, "rows/s", better="higher"),
        Figure(f"audience: memory, {few:,} rows", small.peak_mb, "MB"),
        Figure(f"audience: memory, {many:,} rows", large.peak_mb, "MB"),
        Figure(
            "audience: memory, many beside few", large.peak_mb / small.peak_mb, "x", MEMORY_BUDGET
        ),
    ]


def run(rows: int) -> Run:
    """Read a file of so many rows in another process."""
    command = [sys.executable, "-m", "benchmarks.audiences", str(rows)]
    layer = ROOT / "layers" / "signet" / "python"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment() | {"PYTHONPATH": f"{ROOT}:{layer}"},
        check=True,
        capture_output=True,
        text=True,
    )
    return Run(**json.loads(done.stdout))


def blocks(rows: int) -> Iterator[bytes]:
    """A file of so many rows, with numbers of the mainland, two variables, and some mistakes."""
    yield "手机号,姓名,city\r\n".encode()
    for start in range(0, rows, _BLOCK_ROWS):
        end = min(start + _BLOCK_ROWS, rows)
        yield "".join(map(_line, range(start, end))).encode()


def _line(number: int) -> str:
    known = number - 1 if number % _TWICE == 1 else number
    phone = "12345" if number % _INVALID == 5 else f"1{38_00000000 + known * 97 % 99_999_989:010}"
    return f"{phone},用户{number},上海\r\n"


def _read(rows: int) -> Run:
    from signet.audience_problems import MAX_BYTES
    from signet.audiences import Audience, State, Wanted
    from signet.edge import audience_parts, objects
    from signet.flows.read_audience import People, Work, read_audience

    def forget(key: str, body: bytes | IO[bytes], *, bucket: str = "") -> str:
        return f"{bucket}{key}{body!r:.8}"

    objects.write = forget
    people = People(
        out_of=lambda _: set(),
        known=lambda _: set(),
        agreed=lambda _, __: None,
        is_zone=lambda _: True,
    )
    work = Work(
        blocks=lambda: blocks(rows),
        write=audience_parts.Writer,
        people=people,
        save=lambda _: None,
        seconds=time.monotonic,
        wait=time.sleep,
        may_go_on=lambda: True,
    )
    audience = Audience(
        "app", "a", "a", State.READING, Wanted(), 0, 0, etag="e", size=MAX_BYTES, attempt="1"
    )
    started = time.perf_counter()
    read = read_audience(work, audience, now=1)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(read.counts.valid, seconds, peak)


if __name__ == "__main__":
    found = _read(int(sys.argv[1]))
    print(json.dumps({"valid": found.valid, "seconds": found.seconds, "peak_mb": found.peak_mb}))
