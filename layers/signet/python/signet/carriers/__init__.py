"""Carriers: whom we pay to send. One file each, behind one small protocol.

A carrier never retries by itself: after a claim it is called once (review.md 1.1). Its answer is
one of three: accepted, surely refused (`CarrierError`), or not known (`OutcomeUnknown`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from signet.limits import Kind


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a carrier is handed. Some take `text`, mainland ones their own template and variables.

    `phone` is E.164; `variables` includes the code as `code`.
    """

    message_id: str
    app_id: str
    phone: str
    kind: Kind
    signature: str
    signature_text: str
    template: str | None
    template_version: int | None
    variables: Mapping[str, str]
    code: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took the message; `carrier_message_id` is its own name for it."""

    carrier_message_id: str


class CarrierError(Exception):
    """The carrier surely did not take the message.

    `retryable`: the same message may be accepted later; `billable`: the carrier charges for the
    refusal; `bad_number`: it refused the number, which no other carrier will reach either;
    `reason` is the vendor's code, safe to record.
    """

    def __init__(
        self, reason: str, *, retryable: bool, billable: bool = False, bad_number: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.billable = billable
        self.bad_number = bad_number


class OutcomeUnknown(Exception):
    """Nobody knows whether the carrier took the message; it must not be sent again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CredentialsInvalid(Exception):
    """A carrier's secret lacks a field, or holds one that cannot be; names it, tells no value."""


class Carrier(Protocol):
    """A way to phones."""

    @property
    def name(self) -> str:
        """What the record calls it."""

    @property
    def reports_within(self) -> timedelta | None:
        """How soon a receipt usually comes; None for carriers that never report."""

    def submit(self, message: OutgoingMessage) -> Accepted:
        """Hand over one message, once. Raises CarrierError or OutcomeUnknown."""
