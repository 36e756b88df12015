"""Tries that are counted before anything is compared, in the Phones table.

    pk                          | counts
    ----------------------------+------------------------------------------------------------------
    console#<digest>            | t1 … t10: sign-ins to the console by one id from one address
    <app>#login#<digest>        | l1 … l7: failed logins of one user; lu: locked until
    <app>#alone#<digest>        | o1 … o10: codes without a number from one address
    <app>#alone#<hour>          | tried: codes without a number in an hour

Digests are of what a person typed or of an address. A try that succeeds is taken back, where only
failures count. Failure mode: closed; a try that cannot be counted is not compared.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from pynamodb.expressions.update import Action

from signet import limits
from signet.errors import AccountLocked, TooManyAttempts
from signet.limits import Limit
from signet.store import table
from signet.store.phones import PhoneItem
from signet.store.registers import shift, take_back, within
from signet.store.table import path
from signet.users import User

_REMEMBER_SECONDS = 86_400
_HOUR = 3_600


def count(who: str, source_ip: str, *, now: datetime) -> None:
    """Count a sign-in to the console. Raises TooManyAttempts, counting nothing."""
    _count(f"console#{_digest(who, source_ip)}", limits.SIGN_INS, int(now.timestamp()))


def begin_login(app_id: str, who: str, *, now: datetime) -> None:
    """Count a login of `who` as failed, until `login_succeeded` says otherwise.

    The seventh within the window locks, beforehand. Raises AccountLocked, counting nothing.
    """
    limit, seconds = limits.LOGIN_FAILURES, int(now.timestamp())
    item = PhoneItem(_login_pk(app_id, who))
    unlocked = path("lu").does_not_exist() | (path("lu") <= seconds)
    before_the_last = Limit(limit.name, limit.register, limit.count - 1, limit.seconds, limit.error)
    counted = list(_counted(limit, seconds))
    try:
        table.update(item, counted, unlocked & within([before_the_last], seconds))
        return
    except table.ConditionFailed as failed:
        _check_unlocked(failed.before, seconds)
    try:
        table.update(item, [*counted, path("lu").set(seconds + limit.seconds)], unlocked)
    except table.ConditionFailed as failed:
        _check_unlocked(failed.before, seconds)
        raise AccountLocked(retry_after=limit.seconds) from failed


def login_succeeded(app_id: str, who: str) -> None:
    """Take back the try: only failures count."""
    limit = limits.LOGIN_FAILURES
    actions = [*take_back(limit.register, limit.count), path("lu").remove()]
    _change(_login_pk(app_id, who), actions)


def unlock(app_id: str, who: str) -> None:
    """Forget all failed logins of `who`."""
    names = [f"l{place}" for place in range(1, limits.LOGIN_FAILURES.count + 1)]
    _change(_login_pk(app_id, who), [path(name).remove() for name in (*names, "lu")])


def locked_until(user: User) -> int:
    """Until when a user is locked out under any name, in epoch seconds; 0 if they are not."""
    items = table.snapshot([PhoneItem(_login_pk(user.app_id, who)) for who in names_tried(user)])
    return max(int(item.get("lu", 0)) for item in items)


def unlock_user(user: User) -> None:
    """Forget the user's failed logins, by whatever name they were tried."""
    for who in names_tried(user):
        unlock(user.app_id, who)


def names_tried(user: User) -> list[str]:
    """By what the failed logins of a user are counted."""
    own = (user.object_id, f"password#{user.object_id}", *user.claims)
    return [who for who in own if not who.startswith(("session#", "auth#"))]


def count_code_only(app_id: str, source_ip: str, *, now: datetime) -> None:
    """Count a code that comes without its number. Raises TooManyAttempts."""
    seconds = int(now.timestamp())
    _count(_address_pk(app_id, source_ip), limits.CODE_ONLY, seconds)
    tried = path("tried")
    room = tried.does_not_exist() | (tried < limits.CODE_ONLY_AN_HOUR)
    actions = [tried.set((tried | 0) + 1), path("ttl").set(seconds + _REMEMBER_SECONDS)]
    try:
        table.update(PhoneItem(_hour_pk(app_id, seconds)), actions, room)
    except table.ConditionFailed as failed:
        raise TooManyAttempts(retry_after=_HOUR - seconds % _HOUR) from failed


def code_only_succeeded(app_id: str, source_ip: str, *, now: datetime) -> None:
    """Take back the try: only failures count."""
    limit, tried = limits.CODE_ONLY, path("tried")
    _change(_address_pk(app_id, source_ip), list(take_back(limit.register, limit.count)))
    _change(_hour_pk(app_id, int(now.timestamp())), [tried.set(tried - 1)])


def _count(pk: str, limit: Limit, now: int) -> None:
    try:
        table.update(PhoneItem(pk), list(_counted(limit, now)), within([limit], now))
    except table.ConditionFailed as failed:
        raise limit.error(retry_after=limit.wait(failed.before, now)) from failed


def _counted(limit: Limit, now: int) -> Iterator[Action]:
    yield from shift(limit.register, limit.count, now)
    yield path("ttl").set(now + _REMEMBER_SECONDS)


def _change(pk: str, actions: list[Action]) -> None:
    try:
        table.update(PhoneItem(pk), actions, PhoneItem.pk.exists())
    except table.ConditionFailed:
        return  # forgotten meanwhile: nothing is counted


def _check_unlocked(item: table.Item, now: int) -> None:
    wait = item.get("lu", 0) - now
    if wait > 0:
        raise AccountLocked(retry_after=wait)


def _login_pk(app_id: str, who: str) -> str:
    return f"{app_id}#login#{_digest(who)}"


def _address_pk(app_id: str, source_ip: str) -> str:
    return f"{app_id}#alone#{_digest(source_ip)}"


def _hour_pk(app_id: str, now: int) -> str:
    return f"{app_id}#alone#{now // _HOUR}"


def _digest(*parts: str) -> str:
    return sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
