"""Uploads and downloads by browsers, to and from a bucket: signed, of one object, soon over.

A form allows one key and a size; whoever has it can put nothing else anywhere. It is signed with
this function's own role, so it ends with the role's session, should that be sooner.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from signet.edge import aws, settings
from signet.edge.objects import AUDIENCES

# How long a form may be used, in seconds, and a link.
FORM_LASTS = 3600
LINK_LASTS = 300


class Form(NamedTuple):
    """What a browser posts as multipart/form-data: `fields`, and then the file as `file`."""

    url: str
    fields: Mapping[str, str]


@cache
def _client() -> aws.Client:
    # By itself botocore signs by version 2, which new regions refuse, and for the address of all
    # regions, which leads a browser on to another one; a policy of pages and CORS break there.
    style = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    return aws.client("s3", signature_version="s3v4", s3=style)


def form(key: str, *, most: int) -> Form:
    """A form that puts an object of 1 to `most` bytes there, and nowhere else."""
    signed = _client().generate_presigned_post(
        Bucket=settings.value(AUDIENCES),
        Key=key,
        Conditions=[["content-length-range", 1, most]],
        ExpiresIn=FORM_LASTS,
    )
    return Form(signed["url"], signed["fields"])


def link(key: str, *, name: str) -> str:
    """Where the object can be fetched from, to be saved as `name`."""
    url: str = _client().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings.value(AUDIENCES),
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{name}"',
        },
        ExpiresIn=LINK_LASTS,
    )
    return url


@cache
def origin() -> str:
    """The origin that forms are sent to, as a page's policy names it."""
    url = urlsplit(form("origin", most=1).url)
    return f"{url.scheme}://{url.netloc}"
