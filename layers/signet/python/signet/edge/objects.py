"""Objects in buckets: files that somebody put there, and what we make of them.

Failure mode: closed; whoever reads goes on later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import IO

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings
from signet.errors import Missing, Unavailable

# Read as a whole: a stream that waits for the tables would be cut off.
BLOCK_BYTES = 1024 * 1024
IMPORTS, AUDIENCES = "SIGNET_IMPORTS_BUCKET", "SIGNET_AUDIENCES_BUCKET"
_ABSENT = frozenset({"404", "403", "NoSuchKey", "NotFound", "AccessDenied", "Forbidden"})
_GONE = _ABSENT | {"PreconditionFailed", "412"}
# Of one call, by S3.
_MOST_DELETED = 1_000


class Replaced(Unavailable):
    """The object is not the one any more that the caller began to read."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object of a bucket as it is now; `etag` changes with its content."""

    key: str
    size: int
    etag: str
    bucket: str = field(default=IMPORTS, kw_only=True)


@cache
def _client() -> aws.Client:
    return aws.client("s3", read_timeout=10, attempts=3)


def describe(key: str, *, bucket: str = IMPORTS) -> Object:
    """The object of that key; buckets go by their settings. Raises Missing, and Unavailable."""
    try:
        reply = _client().head_object(Bucket=settings.value(bucket), Key=key)
    except ClientError as error:
        # Whoever may not list a bucket is not told that an object is missing.
        if error.response["Error"].get("Code") in _ABSENT:
            raise Missing(f"There is no {key}.") from error
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return Object(key, int(reply["ContentLength"]), str(reply["ETag"]), bucket=bucket)


def blocks(read: Object, offset: int) -> Iterator[bytes]:
    """What the object holds from there on. Raises Unavailable, Replaced when it is another."""
    while offset < read.size:
        block = _block(read, offset)
        offset += len(block)
        yield block


def write(key: str, body: bytes | IO[bytes], *, bucket: str = IMPORTS) -> str:
    """Put an object there, in the place of one that was; its etag. Raises Unavailable."""
    try:
        reply = _client().put_object(Bucket=settings.value(bucket), Key=key, Body=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error
    return str(reply["ETag"])


def read(key: str, etag: str | None = None, *, bucket: str = IMPORTS) -> bytes:
    """All of an object, if it is still the one of that etag.

    Raises Missing when it is not, or is none, and Unavailable.
    """
    matching = {"IfMatch": etag} if etag else {}
    try:
        reply = _client().get_object(Bucket=settings.value(bucket), Key=key, **matching)
        body: bytes = reply["Body"].read()
    except ClientError as error:
        if error.response["Error"].get("Code") in _GONE:
            raise Missing(f"There is no {key}.") from error
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return body


def delete(keys: Sequence[str], *, bucket: str) -> None:
    """Delete objects; those that are not there are no matter. Raises Unavailable."""
    for start in range(0, len(keys), _MOST_DELETED):
        some = [{"Key": key} for key in keys[start : start + _MOST_DELETED]]
        wanted = {"Objects": some, "Quiet": True}
        try:
            reply = _client().delete_objects(Bucket=settings.value(bucket), Delete=wanted)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable from error
        if reply.get("Errors"):
            raise Unavailable


def _block(read: Object, offset: int) -> bytes:
    last = min(offset + BLOCK_BYTES, read.size) - 1
    try:
        reply = _client().get_object(
            Bucket=settings.value(read.bucket),
            Key=read.key,
            Range=f"bytes={offset}-{last}",
            IfMatch=read.etag,
        )
        block: bytes = reply["Body"].read()
    except ClientError as error:
        gone = error.response["Error"].get("Code") in _GONE
        raise (Replaced if gone else Unavailable) from error
    except BotoCoreError as error:
        raise Unavailable from error
    return block
