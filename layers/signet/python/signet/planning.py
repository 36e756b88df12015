"""Planning a campaign: who of an audience can be sent it, with which words, and at what price.

What may change until a message goes out (an opt-out, a cap, the hours) leaves nobody out of a
plan: those rules hold at the moment of sending. What is left out here could never be sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from signet import billing, phones, send_requests, templates
from signet.apps import Guard, ReviewState, Signature, Switches, Use
from signet.audiences import AudienceRow
from signet.billing import Counted, Said, Way
from signet.campaigns import PART_ROWS, Content, Part, Recipient
from signet.errors import BadParameter, TemplateNotRendered
from signet.limits import Kind
from signet.templates import Template, TemplateMissingVariable

# Rows that wait until a part is full, in all groups together: some megabytes.
HELD_ROWS = 20_000
# More are no campaign: a run keeps a place for each zone in one item.
MOST_PARTS, MOST_ZONES = 10_000, 2_000
SAMPLES = 3
# The app's, unless somebody says another: as in a message that is sent alone.
_NAME = "name"
# `{{ttl}}` is the life of a code, which no campaign has; one message shows the default, too.
_MINUTES = "10"


class Left(StrEnum):
    """Why a row is left out of a plan."""

    NO_CONSENT = "no_consent"
    COUNTRY = "country"
    NO_CARRIER = "no_carrier"
    NO_PRICE = "no_price"
    BRACKETS = "brackets"
    NO_VARIABLES = "no_variables"
    NOT_RENDERED = "not_rendered"
    TOO_LONG = "too_long"


class Problem(StrEnum):
    """Why there is no plan."""

    OVERTAKEN = "overtaken"
    SMS_OFF = "sms_off"
    NO_COMPANY = "no_company"
    TEMPLATE = "template"
    SIGNATURE = "signature"
    VARIABLES = "variables"
    AUDIENCE_NOT_READY = "audience_not_ready"
    AUDIENCE_GONE = "audience_gone"
    NOBODY = "nobody"
    SCATTERED = "scattered"


class LeftOut(Exception):
    """A row can never be sent; `reason` says why."""

    def __init__(self, reason: Left) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Unplannable(Exception):
    """There can be no plan; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Reach(NamedTuple):
    """Whom an app may text, and in whose name."""

    name: str
    company: str | None
    switches: Switches
    guard: Guard


class Group(NamedTuple):
    """What the rows of a part have in common."""

    zone: str
    segments: int
    price: int
    plain: bool = False


class Fit(NamedTuple):
    """A row that can be sent, with its text."""

    group: Group
    recipient: Recipient
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to everybody: the template's text, the columns it takes, and what is fixed."""

    kind: Kind
    signature: str
    signature_text: str
    template_text: str
    columns: tuple[str, ...]
    constants: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ways:
    """How texts go to a country (None: nobody carries them), their prices, and people's zones.

    `price(phone, segments)` raises BadParameter where there is none; see `quiet_hours.zone_of`.
    """

    way: Callable[[str], Way | None]
    price: Callable[[str, int], int]
    zone_of: Callable[[str, str | None], str]


def check(
    content: Content, reach: Reach | None, template: Template | None, signature: Signature | None
) -> Reach:
    """The app's reach, if this may be sent at all, as things stand. Raises Unplannable."""
    if reach is None or not reach.switches.sms:
        raise Unplannable(Problem.SMS_OFF)
    is_marketing = content.kind is Kind.MARKETING
    if is_marketing and not reach.company:
        raise Unplannable(Problem.NO_COMPANY)
    if template is None or (template.state, template.kind) != (ReviewState.APPROVED, content.kind):
        raise Unplannable(Problem.TEMPLATE)
    use = Use.MARKETING if is_marketing else Use.VERIFICATION_NOTIFICATION
    if signature is None or signature.state is not ReviewState.APPROVED or signature.use is not use:
        raise Unplannable(Problem.SIGNATURE)
    return reach


def words(content: Content, template_text: str, *, app_name: str) -> Words:
    """What is said to everybody. Raises Unplannable for values that no text can hold."""
    names = templates.variables(template_text)
    columns = tuple(name for name in names if name not in templates.RESERVED or name == _NAME)
    try:
        given = _values(content.variables, columns)
    except LeftOut:
        raise Unplannable(Problem.VARIABLES) from None
    reserved = {"sign": content.signature_text, "template": content.template, "ttl": _MINUTES}
    return Words(
        content.kind,
        content.signature,
        content.signature_text,
        template_text,
        columns,
        {_NAME: app_name, **given, **reserved},
    )


def fit(row: AudienceRow, said: Words, ways: Ways, reach: Reach) -> Fit:
    """The row as it is planned. Raises LeftOut."""
    is_marketing = said.kind is Kind.MARKETING
    if is_marketing and not row.consented:
        raise LeftOut(Left.NO_CONSENT)
    country = phones.dial_code(row.phone)
    if not _is_open(reach, country):
        raise LeftOut(Left.COUNTRY)
    way = ways.way(country)
    if way is None:
        raise LeftOut(Left.NO_CARRIER)
    own = _values(row.variables, said.columns)
    counted = _counted(said, own, way)
    price = _price(row.phone, counted.segments, ways)
    zone = ways.zone_of(row.phone, row.zone) if is_marketing else ""
    group = Group(zone, counted.segments, price, counted.plain)
    return Fit(group, Recipient(row.phone, own), counted.text)


class Groups:
    """Rows by what they have in common, in bounded memory.

    `write(number, rows)` puts a part there, and gives its etag. A part goes when it is full; when
    too many rows wait in all, the fullest goes as it is.
    """

    def __init__(
        self, write: Callable[[int, Sequence[Recipient]], str], *, held: int = HELD_ROWS
    ) -> None:
        self._write, self._most = write, held
        self._waiting: dict[Group, list[Recipient]] = {}
        self._held = 0
        self._parts: list[tuple[Group, Part]] = []

    def add(self, fit: Fit) -> None:
        """Take a row in. Raises Unplannable when they have too little in common."""
        rows = self._waiting.setdefault(fit.group, [])
        rows.append(fit.recipient)
        self._held += 1
        if len(rows) == PART_ROWS:
            self._put(fit.group)
        elif self._held > self._most:
            self._put(max(self._waiting, key=lambda group: len(self._waiting[group])))

    def close(self) -> tuple[tuple[str, ...], tuple[Part, ...]]:
        """Write what waits still; the zones, and the parts in their order. Raises Unplannable."""
        for group in list(self._waiting):
            self._put(group)
        zones = tuple(sorted({group.zone for group, _ in self._parts}))
        if len(zones) > MOST_ZONES:
            raise Unplannable(Problem.SCATTERED)
        places = {zone: place for place, zone in enumerate(zones)}
        parts = [part._replace(zone=places[group.zone]) for group, part in self._parts]
        return zones, tuple(sorted(parts, key=lambda part: (part.zone, part.number)))

    def _put(self, group: Group) -> None:
        number = len(self._parts)
        if number == MOST_PARTS:
            raise Unplannable(Problem.SCATTERED)
        rows = self._waiting.pop(group)
        self._held -= len(rows)
        etag = self._write(number, rows)
        # Which place its zone has is known when all are there.
        part = Part(-1, len(rows), group.segments, group.price, etag, group.plain, number)
        self._parts.append((group, part))


def _is_open(reach: Reach, country: str) -> bool:
    is_near = country == str(phones.MAINLAND) or reach.switches.international
    return is_near and country in reach.guard.countries


def _values(given: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Those of the columns that say something; an empty cell leaves it to the constants."""
    found = {name: text for name in columns if (text := given.get(name, "").strip())}
    for text in found.values():
        if not all(map(send_requests.may_be_shown, text)):
            raise LeftOut(Left.BRACKETS)
        if len(text) > send_requests.MAX_VALUE:
            raise LeftOut(Left.TOO_LONG)
    return found


def _counted(said: Words, own: Mapping[str, str], way: Way) -> Counted:
    text = Said(said.signature, said.signature_text, said.template_text, {**said.constants, **own})
    try:
        return billing.count(text, way)
    except TemplateMissingVariable:
        raise LeftOut(Left.NO_VARIABLES) from None
    except TemplateNotRendered:
        raise LeftOut(Left.NOT_RENDERED) from None
    except BadParameter:
        raise LeftOut(Left.TOO_LONG) from None


def _price(phone: str, segments: int, ways: Ways) -> int:
    try:
        return ways.price(phone, segments)
    except BadParameter:
        raise LeftOut(Left.NO_PRICE) from None
