"""Objects that are written piece by piece, however long: never more than one part is in memory.

Nobody sees an object before its last part. What is cut off leaves parts, which the bucket's own
rule removes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings
from signet.edge.objects import AUDIENCES
from signet.errors import Unavailable

# The least that S3 takes for a part that is not the last (qfacts.html beside the page above).
PART_BYTES = 5 * 1024 * 1024


@cache
def _client() -> aws.Client:
    return aws.client("s3", read_timeout=30, attempts=3)


def write(key: str, pieces: Iterable[bytes], *, bucket: str = AUDIENCES) -> None:
    """Put an object there, in the place of one that was. Raises Unavailable, and what `pieces` do.

    There must be a piece that is not empty.
    """
    where = {"Bucket": settings.value(bucket), "Key": key}
    try:
        upload = where | {"UploadId": _client().create_multipart_upload(**where)["UploadId"]}
        parts = [_part(upload, number, part) for number, part in enumerate(_parts(pieces), 1)]
        _client().complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error


def _part(upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
    reply = _client().upload_part(**upload, PartNumber=number, Body=body)
    return {"PartNumber": number, "ETag": reply["ETag"]}


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= PART_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
