"""Changes of a user, as SDKs write them: values, `__op` and dotted keys (wire.md 9.5).

Every change is computed on the user as it is and written on the condition that it still is so,
so that two at once both count.
"""

import copy
import json
import math
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from signet import fields, phones, users
from signet.errors import BadParameter, KeyInvalid, KeyReadOnly
from signet.users import User

# LeanCloud's own limit for an object.
_MAX_BYTES = 128 * 1024
_DEEPEST = 32
_TOO_DEEP = f"The object is nested deeper than {_DEEPEST} levels."
# One transaction writes a hundred items: a user, its claims, ten sessions, and a code's send.
MOST_CLAIMS = 80
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
# SDKs send these back as they got them, some for their own bookkeeping (wire.md 10.2).
ECHOED = frozenset({
    "objectId", "createdAt", "updatedAt", "sessionToken", "__internalId", "__children", "className",
    "__type",
})  # fmt: skip
_EMAIL_FLAG, _PHONE_FLAG = "emailVerified", "mobilePhoneVerified"
_FLAGS = (_EMAIL_FLAG, _PHONE_FLAG)

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a body asks to change of a user.

    `trusted`: with the master key, which may set what a user cannot. `password` is what will be
    kept of a new one, hashed beforehand.
    """

    body: Body
    trusted: bool
    now: int
    password: str | None = None

    def apply(self, user: User) -> User:
        """The user after the change. Raises the SignetError that names what is wrong."""
        changed = replace(user, updated_at=max(self.now, user.updated_at))
        for key, value in self.body.items():
            changed = self._set(changed, key, value)
        check_size(changed)
        _check_claims(user, changed)
        return changed

    def _set(self, user: User, key: str, value: object) -> User:
        name, dot, rest = key.partition(".")
        if name in ECHOED or name in ("smsCode", "validate_token"):
            return user
        if dot:
            return _set_inside(user, name, rest, value)
        if name in _FLAGS:
            return self._set_flag(user, name, value)
        special = _SPECIAL.get(name)
        if special:
            return special(user, None if _is_deletion(value) else value)
        if name == "password":
            return replace(user, password=self.password or user.password)
        check_key(name)
        return replace(user, attributes=_patched(user.attributes, [name], value))

    def _set_flag(self, user: User, name: str, value: object) -> User:
        of_email = name == _EMAIL_FLAG
        if value == (user.email_verified if of_email else user.phone_verified):
            return user
        if not (self.trusted and isinstance(value, bool)):
            raise KeyReadOnly(f"The key {name} is read only.")
        if of_email:
            return replace(user, email_verified=value)
        return replace(user, phone_verified=value)


def checked(body: Body) -> Body:
    """The body, if it can be kept and answered again. Raises BadParameter."""
    if _depth(body) > _DEEPEST:
        raise BadParameter(_TOO_DEEP)
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise BadParameter("The object holds half a character.") from None
    except ValueError:
        raise BadParameter("The object holds a number that is none.") from None
    return body


def links(body: Body) -> bool:
    """Whether the body says who somebody is on another platform; taking that back is no link."""
    whole = body.get("authData")
    given = {
        **(whole if isinstance(whole, dict) and not _is_deletion(whole) else {}),
        **{key: value for key, value in body.items() if key.startswith("authData.")},
    }
    return any(value is not None and not _is_deletion(value) for value in given.values())


def _set_username(user: User, value: object) -> User:
    return replace(user, username=users.username(value))


def _set_email(user: User, value: object) -> User:
    address = None if value in (None, "") else users.email(value)
    same = address == user.email
    return replace(user, email=address, email_verified=user.email_verified and same)


def _set_phone(user: User, value: object) -> User:
    if value in (None, ""):
        return replace(user, phone=None, written_phone=None, phone_verified=False)
    phone = phones.parse(value)
    # Another number is proved anew (wire.md 14); another spelling is the same number.
    verified = user.phone_verified and phone.e164 == user.phone
    return replace(user, phone=phone.e164, written_phone=phone.written, phone_verified=verified)


def _set_auth(user: User, value: object) -> User:
    if value is None:
        return replace(user, auth={})
    if not isinstance(value, dict):
        raise BadParameter("authData must be an object.")
    auth = dict(user.auth)
    for platform, kept in value.items():
        check_key(platform.removeprefix("_"))
        if kept is None or _is_deletion(kept):
            _unlink(auth, platform)
        else:
            auth |= _platform(platform, kept)
    return replace(user, auth=auth)


def _unlink(auth: dict[str, Any], platform: str) -> None:
    """Take a platform away, and who the person is across its apps, if no other one says so."""
    union = _union(auth.pop(platform, None))
    if union and all(_union(other) != union for other in auth.values()):
        auth.pop(f"_{union[0]}_unionid", None)


def _union(given: object) -> tuple[str, str] | None:
    """The platform's family and who the person is in it, if its data says so."""
    if not isinstance(given, dict):
        return None
    family, union = given.get("platform"), given.get("unionid")
    if isinstance(union, str) and isinstance(family, str) and union and family:
        return family, union
    return None


def _platform(platform: str, given: object) -> dict[str, Any]:
    """A platform's data, and beside it who the person is across its apps, if it says so."""
    if not isinstance(given, dict) or not isinstance(users.platform_id(given), str):
        raise BadParameter(f"authData.{platform} has no uid, openid or id.")
    if len(users.platform_id(given) or "") > users.LONGEST_NAME:
        raise BadParameter(f"The id in authData.{platform} is too long.")
    kept = {platform: given}
    if across := _union(given):
        family, union = across
        check_key(family)
        if len(union) > users.LONGEST_NAME:
            raise BadParameter(f"The unionid in authData.{platform} is too long.")
        kept[f"_{family}_unionid"] = {"uid": union}
    return kept


_SPECIAL: Mapping[str, Callable[[User, object], User]] = {
    "username": _set_username,
    "email": _set_email,
    "mobilePhoneNumber": _set_phone,
    "authData": _set_auth,
}


def _set_inside(user: User, name: str, rest: str, value: object) -> User:
    if name == "authData":
        return _set_auth(user, {rest: value})
    if name in _SPECIAL or name in _FLAGS or name == "password":
        raise KeyInvalid(f"The key {name} has no parts.")
    check_key(name)
    keys = [name, *rest.split(".")]
    if "" in keys:
        raise KeyInvalid("A dot stands between two keys.")
    if len(keys) > _DEEPEST:
        raise BadParameter(_TOO_DEEP)
    return replace(user, attributes=_patched(user.attributes, keys, value))


def _patched(attributes: Mapping[str, Any], keys: list[str], value: object) -> dict[str, Any]:
    """The attributes with a value, or what an operation makes of it, at a place inside them."""
    patched = copy.deepcopy(dict(attributes))
    inner = patched
    for key in keys[:-1]:
        step = inner.setdefault(key, {})
        if not isinstance(step, dict):
            raise KeyInvalid(f"{key} is no object, so {'.'.join(keys)} cannot be set.")
        inner = step
    last = keys[-1]
    if _is_deletion(value):
        inner.pop(last, None)
    else:
        inner[last] = _operated(inner.get(last), value, last)
    return patched


def _operated(old: Any, value: Any, key: str) -> Any:
    operation = value.get("__op") if isinstance(value, dict) else None
    if operation is None:
        return value
    match operation:
        case "Increment":
            return _incremented(old, value.get("amount", 1), key)
        case "Add" | "AddUnique" | "Remove":
            return _listed(old, operation, value.get("objects"), key)
    raise BadParameter(f"The operation {fields.short(str(operation))} is not offered.")


def _incremented(old: Any, amount: Any, key: str) -> int | float:
    for number in (old, amount):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise BadParameter(f"{key} cannot be incremented: it is not a number.")
    try:
        total: int | float = (old or 0) + amount
        if math.isfinite(total):
            return total
    except OverflowError:
        pass  # an integer that no float is
    raise BadParameter(f"{key} cannot be incremented so far.")


def _listed(old: Any, operation: str, objects: Any, key: str) -> list[Any]:
    if not isinstance(objects, list) or not isinstance(old, list | None):
        raise BadParameter(f"{key}: {operation} needs a list, and objects.")
    before = list(old or [])
    if operation == "Add":
        return before + objects
    if operation == "Remove":
        removed = set(map(_told_apart, objects))
        return [element for element in before if _told_apart(element) not in removed]
    seen = set(map(_told_apart, before))
    for element in objects:
        mark = _told_apart(element)
        if mark not in seen:
            seen.add(mark)
            before.append(element)
    return before


def _told_apart(value: Any) -> Hashable:
    """What sets tell values of JSON apart by: a stranger's list is long, and True == 1 here."""
    if isinstance(value, dict):
        return frozenset((key, _told_apart(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return tuple(map(_told_apart, value))
    return (bool, value) if isinstance(value, bool) else value


def _is_deletion(value: object) -> bool:
    return isinstance(value, dict) and value.get("__op") == "Delete"


def check_key(name: str) -> None:
    """Whether an attribute may have that name. Raises KeyInvalid."""
    if not _KEY.fullmatch(name):
        raise KeyInvalid(
            f"{fields.short(name)} is not a valid key: letters, digits and _ after a letter."
        )


def check_size(user: User) -> None:
    """Whether a user is no larger than LeanCloud's objects, nor deeper. Raises BadParameter."""
    if max(_depth(user.attributes), _depth(user.auth)) > _DEEPEST:
        raise BadParameter(_TOO_DEEP)
    size = len(json.dumps([user.attributes, user.auth], ensure_ascii=False).encode())
    if size > _MAX_BYTES:
        raise BadParameter(f"The object is larger than {_MAX_BYTES // 1024} kB.")


def _check_claims(before: User, after: User) -> None:
    most = max(MOST_CLAIMS, len(before.claims))
    if len(after.claims) > most or len(before.claims ^ after.claims) > MOST_CLAIMS:
        raise BadParameter("authData has too many platforms.")


def _depth(value: object) -> int:
    """How deep a value is nested, without recursion: a stranger chose it."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for one in level
            for inner in (
                one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
            )
        ]
    return deepest
