"""What an app's owner and operators may change of it, and how an app is shown to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from signet import fields, guards, marketing, phones
from signet.apps import App, Switches, TestPhone
from signet.charges import MAX_SHARDS
from signet.errors import BadParameter
from signet.fields import Body

LONGEST_NAME = 64
LONGEST_COMPANY = 100
# Ten million yuan: more is a slip of the hand.
MOST_MICROS = 10_000_000_000_000

_BRACKETS = frozenset("【】")
_BY_OWNER = (
    "name",
    "company",
    "switches",
    "daily_cap_micros",
    "low_balance_micros",
    "test_phone",
    "guard",
    "marketing",
)
_BY_OPERATOR = (
    *("name", "company", "switches", "guard", "personal", "balance_shards", "separate_review"),
    "marketing",
)


@dataclass(frozen=True, slots=True)
class Changes:
    """New values of an app's fields, and of some of its switches."""

    values: Mapping[str, Any]
    switches: Mapping[str, bool]
    guard: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """What is changed, for the audit trail."""
        parts = {"switches": self.switches, "guard": self.guard}
        inner = (f"{part}.{name}" for part, names in parts.items() for name in names)
        return ", ".join([*self.values, *inner])

    def apply(self, app: App) -> App:
        """The app with the changes. Raises BadParameter for what cannot be together."""
        shards = self.values.get("balance_shards", app.balance_shards)
        if shards < app.balance_shards:
            raise BadParameter(f"balance_shards can only be raised; it is {app.balance_shards}.")
        switches = replace(app.switches, **self.switches)
        guard = replace(app.guard, **self.guard)
        changed = replace(app, **self.values, switches=switches, guard=guard)
        if changed.switches.force_captcha and not changed.switches.captcha:
            raise BadParameter("force_captcha needs captcha: nobody could solve one.")
        return changed


def by_owner(body: Body, *, test_code: Callable[[], str]) -> Changes:
    """What an owner asks to change; `test_code` draws the code of a test phone.

    Raises BadParameter, naming the field, and PhoneInvalid.
    """
    fields.only(body, _BY_OWNER)
    values = _names(body)
    for name in ("daily_cap_micros", "low_balance_micros"):
        if name in body:
            values[name] = fields.whole_or_none(body, name, least=0, most=MOST_MICROS)
    if "test_phone" in body:
        values["test_phone"] = _test_phone(body, test_code)
    return Changes(values, _switches(body), guards.changes(body))


def by_operator(body: Body) -> Changes:
    """What an operator asks to change. Raises BadParameter, naming the field."""
    fields.only(body, _BY_OPERATOR)
    values = _names(body)
    for name in ("personal", "separate_review"):
        if name in body:
            values[name] = fields.flag(body, name)
    if "balance_shards" in body:
        values["balance_shards"] = fields.whole(body, "balance_shards", least=1, most=MAX_SHARDS)
    return Changes(values, _switches(body), guards.changes(body))


def name(body: Body) -> str:
    """The app's name, which {{name}} prints into messages. Raises BadParameter."""
    given = fields.text(body, "name", longest=LONGEST_NAME)
    if _BRACKETS & set(given):
        raise BadParameter("name must not contain 【 or 】.")
    return given


def company(body: Body) -> str | None:
    """Who answers for the app's marketing. Raises BadParameter."""
    return fields.text_or_none(body, "company", longest=LONGEST_COMPANY)


def shown(app: App) -> dict[str, object]:
    """The app as JSON has it; never with its master key."""
    signature, phone = app.default_signature, app.test_phone
    return {
        "app_id": app.app_id,
        "name": app.name,
        "company": app.company,
        "personal": app.personal,
        "app_key": app.app_key.current,
        "switches": {name: getattr(app.switches, name) for name in Switches.__slots__},
        "guard": guards.shown(app.guard),
        "marketing": marketing.shown(app.marketing_cap),
        "daily_cap_micros": app.daily_cap_micros,
        "low_balance_micros": app.low_balance_micros,
        "balance_shards": app.balance_shards,
        "default_signature": signature.name if signature else None,
        "test_phone": {"phone": phone.phone, "code": phone.code} if phone else None,
        "separate_review": app.separate_review,
        "created_by": app.created_by,
    }


def _names(body: Body) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "name" in body:
        values["name"] = name(body)
    if "company" in body:
        values["company"] = company(body)
    if "marketing" in body:
        values["marketing_cap"] = marketing.cap(body)
    return values


def _switches(body: Body) -> dict[str, bool]:
    if "switches" not in body:
        return {}
    given = fields.inner(body, "switches")
    fields.only(given, Switches.__slots__)
    return {switch: fields.flag(given, switch) for switch in given}


def _test_phone(body: Body, draw: Callable[[], str]) -> TestPhone | None:
    if body["test_phone"] is None:
        return None
    given = fields.inner(body, "test_phone")
    fields.only(given, ("phone",))
    return TestPhone(phone=phones.parse(given.get("phone")).e164, code=draw())
