"""Apps (tenants) and their signatures, as the functions see them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ReviewState(StrEnum):
    """Where a signature stands (design.md 4)."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Signature:
    """The sender name in 【】: `name` is what the API calls it, `text` what people read.

    `short_id` names its limit registers, so a rename never resets a limit.
    """

    name: str
    text: str
    short_id: str
    state: ReviewState = ReviewState.APPROVED


@dataclass(frozen=True, slots=True)
class Key:
    """An app key or master key, with its predecessor while a rotation lasts."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    def valid(self, now: datetime) -> Iterator[str]:
        """The values that are accepted at `now`."""
        yield self.current
        if self.previous and self.previous_until and now < self.previous_until:
            yield self.previous


@dataclass(frozen=True, slots=True)
class TestPhone:
    """A number with a fixed code, for which nothing is sent (wire.md 13.3)."""

    __test__ = False  # not a pytest class

    phone: str
    code: str


@dataclass(frozen=True, slots=True)
class Switches:
    """The app's console switches (wire.md 14)."""

    sms: bool = True
    generic_sms: bool = True
    international: bool = False
    resend_same_code: bool = False


@dataclass(frozen=True, slots=True)
class App:
    """A tenant: its keys, switches and defaults. `name` is what {{name}} shows."""

    app_id: str
    name: str
    app_key: Key
    master_key: Key
    android_key: Key | None = None
    switches: Switches = field(default_factory=Switches)
    default_signature: Signature | None = None
    test_phone: TestPhone | None = None
    message_shards: int = 8
