"""A file of consents and opt-outs: of any length, begun anew by whoever is called again."""

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from signet.consents import Consent
from signet.errors import Unavailable
from signet.flows.export_ledger import PAGE, Files, Said, begin, export, show
from signet.opt_outs import OptOut
from signet.store.opt_outs import Kept

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EXPORT = "0" * 32
EVENT = {"v": 1, "task": "ledger", "app_id": "app", "export_id": EXPORT}
CSV = f"ledger/app/{EXPORT}.csv"


@dataclass
class Bucket:
    """Objects in memory; of a stream only its length, and the first and last pieces."""

    objects: dict[str, bytes] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    length: int = 0

    def write(self, key: str, body: bytes) -> None:
        self.objects[key] = body
        self.told.append(json.loads(body)["rows"])

    def stream(self, key: str, pieces: Iterable[bytes]) -> None:
        some = []
        for number, piece in enumerate(pieces):
            self.length += len(piece)
            if number < 3:
                some.append(piece)
        self.objects[key] = b"".join(some)

    @property
    def files(self) -> Files:
        return Files(self.objects.__getitem__, self.write, self.stream, lambda key: f"s3:{key}")


def people(count: int) -> Iterator[tuple[str, str | None, list[Consent]]]:
    for number in range(count):
        phone = f"+861861{number:07d}"
        yield str(number), phone, [Consent(phone, "ticked a box", 1000, "audience", "a1")]


def said(count: int) -> Said:
    out = Kept("d1", None, OptOut(True, 2000, "TD", "sns", "r1"))
    return Said(lambda _: people(count), lambda _: [out])


def test_it_tells_how_far_it_is_and_where_the_file_is() -> None:
    bucket = Bucket()
    begun = begin("app", EXPORT, bucket.files, now=NOW)

    rows = export(EVENT, bucket.files, said(PAGE), now=lambda: NOW)

    assert begun == {"id": EXPORT, "state": "making", "rows": 0}
    assert rows == PAGE + 1
    assert bucket.told == [0, PAGE, PAGE + 1, PAGE + 1]
    ready = {"id": EXPORT, "state": "ready", "rows": rows, "url": f"s3:{CSV}"}
    assert show("app", EXPORT, bucket.files, now=NOW) == ready


def test_memory_stays_flat_however_many_there_are() -> None:
    peaks = []
    for count in (6_000, 60_000):
        tracemalloc.start()
        export(EVENT, Bucket().files, said(count), now=lambda: NOW)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]


def test_whoever_is_called_again_begins_anew() -> None:
    bucket = Bucket()

    def cut_off(_: str) -> Iterator[tuple[str, str | None, list[Consent]]]:
        yield from people(PAGE)
        raise Unavailable

    with pytest.raises(Unavailable):
        export(EVENT, bucket.files, Said(cut_off, lambda _: []), now=lambda: NOW)
    assert CSV not in bucket.objects

    assert export(EVENT, bucket.files, said(1), now=lambda: NOW) == 2
    assert bucket.objects[CSV].decode("utf-8-sig").splitlines() == [
        "phone,what,at,how,source,audience_id,message_id,carrier,reply_id,by,comment",
        "'+8618610000000,consent,1970-01-01T00:00:01Z,ticked a box,audience,a1,,,,,",
        "d1,opt_out,1970-01-01T00:00:02Z,TD,reply,,,sns,r1,,",
    ]
