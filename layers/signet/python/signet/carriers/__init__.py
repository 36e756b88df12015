"""Carriers: whom we pay to send. One file each, behind one protocol of two methods.

A carrier never retries by itself: after a claim it is called once (review.md 1.1). Its answer is
one of three: accepted, surely refused (`CarrierError`), or not known (`OutcomeUnknown`). What it
tells later, receipts and replies, comes as a callback, in a format and with a proof of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from signet import phones
from signet.limits import Channel, Kind
from signet.messages import MessageRef


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a carrier is handed. Some take `text`, mainland ones their own template and variables.

    `phone` is E.164; `variables` includes the code as `code`. By voice, `text` is what is said, in
    `signet.speech`'s words. `sender` is the sender id or number that the route names, if any.
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
    channel: Channel = Channel.SMS
    sender: str | None = None

    @property
    def ref(self) -> MessageRef:
        """Which message it is."""
        return MessageRef(self.app_id, self.message_id)

    @property
    def is_to_mainland(self) -> bool:
        """Whether the number belongs to mainland China."""
        return phones.dial_code(self.phone) == str(phones.MAINLAND)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took the message; `carrier_message_id` is its own name for it.

    `is_echoed`: its receipts name our message. Where they do not, somebody must remember the id.
    """

    carrier_message_id: str
    is_echoed: bool = True


class CarrierError(Exception):
    """The carrier surely did not take the message.

    `retryable`: the same message may be accepted later; `billable`: the carrier charges for the
    refusal; `bad_number`: it refused the number, which no other carrier will reach either;
    `asked`: whether the carrier was asked at all; `reason` is the vendor's code, safe to record.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool,
        billable: bool = False,
        bad_number: bool = False,
        asked: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.billable = billable
        self.bad_number = bad_number
        self.asked = asked

    @property
    def tells_nothing_of_carrier(self) -> bool:
        """Whether the refusal is no sign of the carrier's health."""
        return self.bad_number or not self.asked


class OutcomeUnknown(Exception):
    """Nobody knows whether the carrier took the message; it must not be sent again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Callback:
    """A request that a carrier makes to us. Header names are lower case, times epoch seconds.

    `url` is the address as the carrier called it, query included. What came through an AWS topic
    has an empty `url`: the topic's policy is its proof.
    """

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: str
    now: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier says became of a message. `delivered` None: it is still on its way.

    It names the message by `ref`, or, if the carrier has no room for that, by the carrier's own id.
    `reason` is the vendor's code, safe to record; `at` is epoch seconds, None if it does not say.
    """

    delivered: bool | None
    reason: str
    ref: MessageRef | None = None
    carrier_message_id: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote back. `phone` is E.164; `reply_id` names the reply, once and for all.

    `app_id` or `signature_text` say to whom, where the carrier knows it.
    """

    phone: str
    text: str
    reply_id: str
    at: int | None = None
    app_id: str | None = None
    signature_text: str | None = None


@dataclass(frozen=True, slots=True)
class Reports:
    """A callback, read; and what the carrier wants to hear when all of it was taken."""

    receipts: tuple[Receipt, ...] = ()
    replies: tuple[Reply, ...] = ()
    answer: str = "{}"
    content_type: str = "application/json;charset=utf-8"


class CallbackRefused(Exception):
    """A callback that does not come from the carrier, or is none; `reason` is safe to log."""

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

    def reports(self, callback: Callback) -> Reports:
        """What a callback tells, after its proof of origin. Raises CallbackRefused."""


class Silent:
    """The half of a carrier that never reports."""

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports."""
        raise CallbackRefused("this carrier does not report")
