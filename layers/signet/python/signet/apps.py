"""Apps (tenants) and their signatures, as the functions see them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from signet.errors import TooFrequent
from signet.limits import DAY, Limit


class ReviewState(StrEnum):
    """Where a version of a signature or template stands; `signet.reviews` has the table."""

    DRAFT = "draft"
    PENDING = "pending"
    FILING = "filing"
    APPROVED = "approved"
    REJECTED = "rejected"


class Use(StrEnum):
    """What a signature may stand in front of; carriers register the two apart."""

    VERIFICATION_NOTIFICATION = "verification_notification"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Signature:
    """The sender name in 【】: `name` is what the API calls it, `text` what people read.

    This is the version in use, or, while none is approved, a sign that there will be one.
    `short_id` names its limit registers, so a new version never resets a limit.
    """

    name: str
    text: str
    short_id: str
    state: ReviewState = ReviewState.APPROVED
    version: int = 1
    use: Use = Use.VERIFICATION_NOTIFICATION


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
    """The app's console switches (wire.md 14); of accounts, those below the line.

    `plain_text_abroad`: texts to other countries go in GSM-7's characters where that saves an SMS.
    `captcha`: clients can ask for one; `force_captcha`: they must solve it to have something sent.
    `rescue`: a code of which nothing is heard for 20 s is sent once more, by the next carrier or by
    voice. `bulk_needs_master_key`: the app key, which ships in every client, sends codes only.
    `verify_on_sign_up`: a number that a client registers is sent a code. `code_only`: a code
    confirms without its number (wire.md 13.2). `safe_mode`: no call tells whether a number has
    an account. `first_proof_resets_access`: whoever proves an unproved number by
    usersByMobilePhone, or by a reset, ends the password, authData and sessions of before.
    `auth_data_needs_master_key`: who somebody is on another platform is taken from servers only.
    """

    sms: bool = True
    generic_sms: bool = True
    international: bool = False
    plain_text_abroad: bool = False
    resend_same_code: bool = False
    captcha: bool = True
    force_captcha: bool = False
    bulk_needs_master_key: bool = True
    rescue: bool = False
    # ---
    verify_on_sign_up: bool = True
    unverified_may_not_log_in: bool = False
    unverified_may_reset: bool = False
    login_by_code: bool = False
    new_session_after_password: bool = True
    code_only: bool = False
    safe_mode: bool = False
    first_proof_resets_access: bool = True
    auth_data_needs_master_key: bool = True


@dataclass(frozen=True, slots=True)
class Guard:
    """How an app is guarded against those who make it send.

    `countries`: dial codes that may be sent to. `allowed`: numbers and ranges, as beginnings of
    E.164, that the shield leaves alone. `servers`: addresses and CIDRs of the app's own servers,
    which call for many people. `work_bits`: of each part of a proof of work.
    """

    countries: tuple[str, ...] = ("86",)
    allowed: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    work_bits: int = 12


@dataclass(frozen=True, slots=True)
class Events:
    """Where an app is told of what becomes of its messages; see `signet.events`.

    `url`: its own endpoint; `bus`: the deployment's event bus. `types`: those it wants, None for
    all. `secret`: what requests to the endpoint are signed with, as `standard_webhooks` has it.
    """

    url: str | None = None
    bus: bool = False
    types: tuple[str, ...] | None = None
    secret: Key | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is told at all."""
        return self.bus or self.url is not None

    def wants(self, kind: str) -> bool:
        """Whether events of this type are told."""
        return self.asked and (self.types is None or kind in self.types)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` marketing messages to one number in any `days`, for all of an app."""

    count: int
    days: int

    @property
    def limit(self) -> Limit:
        """As a limit of the register `k`, which every marketing message counts in."""
        return Limit("marketing cap", "k", self.count, self.days * DAY, TooFrequent)


FIRST_CAP = Cap(2, 7)


def first_cap(*, imported: bool) -> Cap | None:
    """The cap of an app when it is made; LeanCloud knows none, and what worked there goes on."""
    return None if imported else FIRST_CAP


def first_switches(*, imported: bool) -> Switches:
    """How the switches of an app stand when it is made.

    What worked at LeanCloud goes on for an imported one until its owner says otherwise: its
    clients send notifications, and its users keep their passwords when they prove a number late.
    """
    return Switches(
        bulk_needs_master_key=not imported,
        first_proof_resets_access=not imported,
        auth_data_needs_master_key=not imported,
    )


@dataclass(frozen=True, slots=True)
class App:
    """A tenant: its keys, switches and defaults. `name` is what {{name}} shows.

    `company` is who answers for marketing; a `personal` owner has none. `created_by` is the id
    of an operator, who does not review the app's words if `separate_review`. Amounts are in
    micro-yuan; the balance lies in `balance_shards` items. `marketing_cap`: how much marketing a
    number is sent at most.
    """

    app_id: str
    name: str
    app_key: Key
    master_key: Key
    android_key: Key | None = None
    switches: Switches = field(default_factory=Switches)
    guard: Guard = field(default_factory=Guard)
    default_signature: Signature | None = None
    test_phone: TestPhone | None = None
    message_shards: int = 8
    company: str | None = None
    personal: bool = False
    daily_cap_micros: int | None = None
    low_balance_micros: int | None = None
    balance_shards: int = 1
    created_by: str | None = None
    separate_review: bool = False
    events: Events = field(default_factory=Events)
    marketing_cap: Cap | None = None
