"""Cursors of lists: where the next page begins, in a form that callers only pass back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from signet.errors import BadParameter

# DynamoDB's limit for sort keys: a longer one would be refused there.
_MAX_BYTES = 1_024


def pack(place: str) -> str:
    """The cursor for a place, such as the key of the last item of a page."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def unpack(cursor: str, *, prefix: str = "") -> str:
    """The place of a cursor. Raises BadParameter for what `pack` did not give for this list."""
    try:
        key = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        place = key.decode() if len(key) <= _MAX_BYTES else ""
    except ValueError:
        place = ""
    if not place or not place.startswith(prefix):
        raise BadParameter("cursor is not one that this list gave.")
    return place
