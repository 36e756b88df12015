"""The bucket of imports: files that somebody put there, and reports about them.

Failure mode: closed; whoever reads goes on later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings
from signet.errors import Missing, Unavailable

# Read as a whole: a stream that waits for the tables would be cut off.
BLOCK_BYTES = 1024 * 1024
_ABSENT = frozenset({"404", "403", "NoSuchKey", "NotFound", "AccessDenied", "Forbidden"})


@dataclass(frozen=True, slots=True)
class Object:
    """An object of the bucket as it is now; `etag` changes with its content."""

    key: str
    size: int
    etag: str


@cache
def _client() -> aws.Client:
    return aws.client("s3", read_timeout=10, attempts=3)


def describe(key: str) -> Object:
    """The object of that key. Raises Missing, and Unavailable."""
    try:
        reply = _client().head_object(Bucket=_bucket(), Key=key)
    except ClientError as error:
        # Whoever may not list a bucket is not told that an object is missing.
        if error.response["Error"].get("Code") in _ABSENT:
            raise Missing(f"There is no {key}.") from error
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return Object(key, int(reply["ContentLength"]), str(reply["ETag"]))


def blocks(read: Object, offset: int) -> Iterator[bytes]:
    """What the object holds from there on. Raises Unavailable, also when it was replaced."""
    while offset < read.size:
        block = _block(read, offset)
        offset += len(block)
        yield block


def write(key: str, body: bytes) -> None:
    """Put an object there, in the place of one that was. Raises Unavailable."""
    try:
        _client().put_object(Bucket=_bucket(), Key=key, Body=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error


def _block(read: Object, offset: int) -> bytes:
    last = min(offset + BLOCK_BYTES, read.size) - 1
    try:
        reply = _client().get_object(
            Bucket=_bucket(), Key=read.key, Range=f"bytes={offset}-{last}", IfMatch=read.etag
        )
        block: bytes = reply["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error
    return block


def _bucket() -> str:
    return settings.value("SIGNET_IMPORTS_BUCKET")
