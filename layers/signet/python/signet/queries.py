"""Queries of users, as SDKs write them: `where`, `order`, `keys`, `limit`, `skip`, `count`.

Source: LeanCloud's REST API of objects. Relations, geography and regular expressions are not
offered: they are refused by their names.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signet import fields, phones, users
from signet.errors import BadParameter, SignetError
from signet.users import User

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
_TIMES = ("createdAt", "updatedAt")
_PHONE = "mobilePhoneNumber"
_NOTHING = object()
_OF_LISTS = ("$in", "$nin", "$all")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, and how it is to be shown."""

    where: Document = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    skip: int = 0
    order: Sequence[str] = ()
    keys: Sequence[str] = ()
    counts: bool = False
    acl: bool = False

    @property
    def is_by_id(self) -> bool:
        """Whether users in the order of their ids are in the order that is wanted."""
        return all(key in ("objectId", "createdAt") for key in self.order)

    @property
    def claim(self) -> str | None:
        """The claim of the only user who can be found, if the query names one."""
        claims: dict[str, Callable[[str], str]] = {
            "username": users.username_claim,
            "email": users.email_claim,
        }
        for name, claim in claims.items():
            if isinstance(value := self.where.get(name), str):
                return claim(value)
        number = self.where.get(_PHONE)
        return users.phone_claim(_canonical(number)) if isinstance(number, str) else None

    @property
    def object_id(self) -> str | None:
        """The id of the only user who can be found, if the query names it."""
        value = self.where.get("objectId")
        return value if isinstance(value, str) else None

    @property
    def after(self) -> str:
        """The id behind which users are looked for."""
        condition = self.where.get("objectId")
        if not isinstance(condition, dict):
            return ""
        bounds = [condition.get(name) for name in ("$gt", "$gte")]
        # What equals the bound is read as well, and then not found to match.
        return max((bound[:-1] for bound in bounds if isinstance(bound, str)), default="")


def parse(query: Mapping[str, str]) -> Query:
    """The query in a URL's query. Raises BadParameter, naming what is wrong."""
    where = _where(query.get("where") or "{}")
    _check(where)
    return Query(
        where=where,
        limit=_number(query, "limit", DEFAULT_LIMIT, most=MAX_LIMIT),
        skip=_number(query, "skip", 0, most=10**9),
        order=_names(query.get("order")),
        keys=_names(query.get("keys")),
        counts=query.get("count") in ("1", "true"),
        acl=query.get("returnACL") == "true",
    )


def condition(text: str) -> Document:
    """The `where` of a conditional update. Raises BadParameter."""
    where = _where(text)
    _check(where)
    return where


def matches(user: User, where: Document) -> bool:
    """Whether the user is looked for."""
    document = users.document(user, own=True, acl=True)
    return _matches(document, where)


def ordered(found: Sequence[User], query: Query) -> list[User]:
    """The users in the order of the query; those without a value come first, as at LeanCloud."""
    result = list(found)
    for key in reversed(query.order):
        name = key.lstrip("-+")
        result.sort(key=lambda user: _rank(user, name), reverse=key.startswith("-"))
    return result


def shown(user: User, query: Query) -> dict[str, Any]:
    """The user with the fields that were asked for; who it is and its times always are."""
    return project(users.document(user, own=True, acl=query.acl), query.keys)


def project(document: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The fields of `keys`, or all but those with a minus in front."""
    hidden = {key[1:] for key in keys if key.startswith("-")}
    wanted = {key.partition(".")[0] for key in keys if not key.startswith("-")}
    always = {"objectId", "createdAt", "updatedAt"}
    return {
        name: value
        for name, value in document.items()
        if name in always or (name not in hidden and (not wanted or name in wanted))
    }


def names(text: str | None) -> Sequence[str]:
    """The names in `keys`, separated by commas."""
    return _names(text)


def _where(text: str) -> Document:
    try:
        where = json.loads(text)
    except (ValueError, RecursionError):
        raise BadParameter("where is not JSON.") from None
    if not isinstance(where, dict):
        raise BadParameter("where must be an object.")
    return where


def _names(text: str | None) -> Sequence[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _number(query: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    written = query.get(name)
    if not written:
        return default
    if not (written.isascii() and written.isdecimal()):
        raise BadParameter(f"{name} must be a number from 0 to {most}.")
    return min(int(written[:12]), most)


def _check(where: Document, depth: int = 0) -> None:
    """Refuse what cannot be answered before anybody is looked at."""
    if depth > 8:
        raise BadParameter("where is nested too deep.")
    for name, wanted in where.items():
        if name in ("$and", "$or"):
            _check_each(name, wanted, depth)
            continue
        if name.startswith("$"):
            raise BadParameter(f"{fields.short(name)} is not offered in a query.")
        if _is_condition(wanted):
            for operator, operand in wanted.items():
                _check_operator(name, operator, operand)
        else:
            _check_dates(wanted)


def _check_operator(name: str, operator: str, operand: Any) -> None:
    if operator not in _OPERATORS:
        raise BadParameter(f"{fields.short(operator)} is not offered in a query.")
    if operator in _OF_LISTS and not isinstance(operand, list):
        raise BadParameter(f"{operator} of {fields.short(name)} needs a list.")
    _check_dates(operand)


def _check_dates(wanted: Any) -> None:
    for one in wanted if isinstance(wanted, list) else [wanted]:
        if _is_date(one):
            users.parse_time(one)


def _is_condition(wanted: Any) -> bool:
    return isinstance(wanted, dict) and any(key.startswith("$") for key in wanted)


def _check_each(name: str, wanted: Any, depth: int) -> None:
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise BadParameter(f"{name} must be a list of objects.")
    for one in wanted:
        _check(one, depth + 1)


def _matches(document: Document, where: Document) -> bool:
    return all(_fits(document, name, wanted) for name, wanted in where.items())


def _fits(document: Document, name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(_matches(document, one) for one in wanted)
    if name == "$or":
        return any(_matches(document, one) for one in wanted)
    value = _value(document, name)
    if name == _PHONE:
        # However it is written, it is the same number.
        value, wanted = _canonical(value), _canonical_in(wanted)
    if _is_condition(wanted):
        return all(_OPERATORS[key](value, operand) for key, operand in wanted.items())
    return _equal(value, wanted)


def _value(document: Document, name: str) -> Any:
    value: Any = document
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return _NOTHING
        value = value[part]
    if name in _TIMES:
        return users.parse_time(value)
    return _plain(value)


def _canonical(number: Any) -> Any:
    try:
        return phones.parse(number).e164 if isinstance(number, str) else number
    except SignetError:
        return number


def _canonical_in(wanted: Any) -> Any:
    """What is wanted of a number, each number in it in its one spelling."""
    if _is_condition(wanted):
        return {operator: _canonical_all(operand) for operator, operand in wanted.items()}
    return _canonical_all(wanted)


def _canonical_all(operand: Any) -> Any:
    is_list = isinstance(operand, list)
    return [_canonical(one) for one in operand] if is_list else _canonical(operand)


def _plain(value: Any) -> Any:
    """A date as a number of milliseconds, so that dates compare; everything else as it is."""
    if not _is_date(value):
        return value
    try:
        return users.parse_time(value)
    except BadParameter:
        return value  # a user may keep anything; only what is asked for is checked


def _is_date(value: Any) -> bool:
    return isinstance(value, dict) and value.get("__type") == "Date"


def _equal(value: Any, wanted: Any) -> bool:
    wanted = _plain(wanted)
    if wanted is None:
        return value is _NOTHING or value is None
    if isinstance(value, list) and not isinstance(wanted, list):
        return any(fields.same(_plain(element), wanted) for element in value)
    return fields.same(value, wanted)


def _compared(value: Any, wanted: Any, compare: Callable[[Any, Any], bool]) -> bool:
    wanted = _plain(wanted)
    numbers = all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in (value, wanted)
    )
    texts = isinstance(value, str) and isinstance(wanted, str)
    return (numbers or texts) and compare(value, wanted)


def _is_among(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, list) and any(_equal(value, one) for one in wanted)


def _has_all(value: Any, wanted: Any) -> bool:
    lists = isinstance(value, list) and isinstance(wanted, list)
    return lists and all(_equal(value, one) for one in wanted)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, wanted: not _equal(value, wanted),
    "$lt": lambda value, wanted: _compared(value, wanted, lambda a, b: a < b),
    "$lte": lambda value, wanted: _compared(value, wanted, lambda a, b: a <= b),
    "$gt": lambda value, wanted: _compared(value, wanted, lambda a, b: a > b),
    "$gte": lambda value, wanted: _compared(value, wanted, lambda a, b: a >= b),
    "$in": _is_among,
    "$nin": lambda value, wanted: not _is_among(value, wanted),
    "$all": _has_all,
    "$size": lambda value, wanted: isinstance(value, list) and fields.same(len(value), wanted),
    "$exists": lambda value, wanted: (value is not _NOTHING) == bool(wanted),
}


def _rank(user: User, name: str) -> tuple[int, Any]:
    value = _value(users.document(user, own=True), name)
    if value is _NOTHING or value is None:
        return 0, 0
    if isinstance(value, bool | int | float):
        return 1, value
    return 2, str(value)
