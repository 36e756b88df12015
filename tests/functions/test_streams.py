"""Objects that are written piece by piece, in S3."""

from collections.abc import Iterator

import pytest

from signet.edge import streams
from signet.errors import Unavailable
from tests.store.build import client

pytestmark = pytest.mark.usefixtures("tables")


def stored() -> bytes:
    body: bytes = client("s3").get_object(Bucket="audiences", Key="a/b.csv")["Body"].read()
    return body


def test_a_short_one_is_one_part() -> None:
    streams.write("a/b.csv", [b"one,", b"two"])

    assert stored() == b"one,two"


def test_a_long_one_comes_in_parts_and_whole() -> None:
    pieces = [bytes([number]) * (3 * 1024 * 1024) for number in range(5)]

    streams.write("a/b.csv", iter(pieces))

    assert stored() == b"".join(pieces)


def test_what_is_cut_off_is_not_there() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * (6 * 1024 * 1024)
        raise Unavailable

    with pytest.raises(Unavailable):
        streams.write("a/b.csv", pieces())

    assert "Contents" not in client("s3").list_objects_v2(Bucket="audiences")
