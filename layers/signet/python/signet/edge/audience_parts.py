"""Audiences in their bucket: checked rows, written once, and the list of those left out.

audiences/<app>/<audience>/<attempt>/00000.jsonl  {"p": phone, "v": variables, "z": zone, "c": true}
                                     index.json   {"parts": [[rows, etag], ...]}
                                     report.csv   line, value, reason

`z` and `c` (consent is known) stand only where there is something to say. UTF-8.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from signet.audiences import Audience, AudienceRow, RefusedRow
from signet.edge import objects
from signet.records import BOM, cell


class Writer:
    """Writes what one reading of an audience finds. All of it raises Unavailable."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._parts: list[tuple[int, str]] = []
        self._report = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the reading)
        self._write_lines([("line", "value", "reason")], mark=BOM)

    def part(self, rows: Sequence[AudienceRow]) -> None:
        """The next part of the audience."""
        lines = "".join(f"{_packed(row)}\n" for row in rows)
        key = self._audience.part_key(len(self._parts))
        etag = objects.write(key, lines.encode(), bucket=objects.AUDIENCES)
        self._parts.append((len(rows), etag))

    def refused(self, rows: Iterable[RefusedRow]) -> None:
        """More of the report."""
        self._write_lines([(row.line, row.value, row.reason.value) for row in rows])

    def finish(self) -> Audience:
        """Put the report and then the index there; the audience with it."""
        self.report()
        body = json.dumps({"parts": self._parts}).encode()
        etag = objects.write(self._audience.index_key, body, bucket=objects.AUDIENCES)
        return replace(self._audience, index_etag=etag)

    def report(self) -> None:
        """Put the report there."""
        self._report.seek(0)
        objects.write(self._audience.report_key, self._report, bucket=objects.AUDIENCES)

    def close(self) -> None:
        """Forget what was not put there."""
        self._report.close()

    def _write_lines(self, rows: Iterable[Sequence[object]], mark: str = "") -> None:
        text = io.StringIO()
        csv.writer(text).writerows([map(cell, row) for row in rows])
        self._report.write(f"{mark}{text.getvalue()}".encode())


def parts(audience: Audience) -> Iterator[list[AudienceRow]]:
    """The rows of a ready audience, up to a thousand at a time.

    Raises Missing when a part is not there any more, or is not what was written, and Unavailable.
    """
    index = json.loads(_read(audience.index_key, audience.index_etag))
    for number, (_, etag) in enumerate(index["parts"]):
        body = _read(audience.part_key(number), etag)
        yield [_unpacked(line) for line in body.splitlines()]


def delete(audience: Audience) -> None:
    """Delete what was uploaded, and what was made of it. Raises Unavailable."""
    keys = [audience.upload_key]
    if audience.attempt:
        known = range(_parts_at_most(audience))
        keys += [audience.report_key, audience.index_key, *map(audience.part_key, known)]
    objects.delete(keys, bucket=objects.AUDIENCES)


def _parts_at_most(audience: Audience) -> int:
    # A part is full but for the last; one was on its way, perhaps.
    return audience.counts.valid // 1_000 + 2


def _read(key: str, etag: str | None) -> bytes:
    return objects.read(key, etag, bucket=objects.AUDIENCES)


def _packed(row: AudienceRow) -> str:
    document: dict[str, object] = {"p": row.phone, "v": row.variables}
    if row.zone:
        document["z"] = row.zone
    if row.consented:
        document["c"] = True
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _unpacked(line: bytes) -> AudienceRow:
    row = json.loads(line)
    return AudienceRow(row["p"], row["v"], row.get("z"), row.get("c") is True)
