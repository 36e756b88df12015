"""Reading, changing and removing a user, by itself or with the master key (wire.md 9.5 to 9.7)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from signet import passwords, queries, user_changes, users
from signet.errors import NoEffect, NotPermitted, PasswordMismatch, UserNotFound
from signet.flows import phone_codes
from signet.flows.log_in import guarded
from signet.flows.sign_up import refuse_unchecked_link
from signet.flows.visits import Visit, rotated
from signet.store import users as store
from signet.user_changes import Body, Change
from signet.users import User

Query = Mapping[str, str]


def show(visit: Visit, object_id: str, query: Query) -> dict[str, Any]:
    """The user as far as the caller may see it. Raises UserNotFound and NotPermitted."""
    user = _get(visit, object_id)
    reader = visit.user()
    own = visit.is_trusted or (reader is not None and reader.object_id == user.object_id)
    if not own and not users.may_read(user, reader):
        raise NotPermitted
    acl = query.get("returnACL") == "true"
    return queries.project(users.document(user, own=own, acl=acl), queries.names(query.get("keys")))


def change(visit: Visit, object_id: str, body: Body, query: Query) -> dict[str, Any]:
    """Change the user. The reply has what SDKs need, or all of the user if the query says so.

    Raises SessionMissing, NoEffect, and the SignetError of what is wrong or taken.
    """
    visit.may_change(object_id)
    body = user_changes.checked(body)
    refuse_unchecked_link(visit, body)
    where = queries.condition(query["where"]) if query.get("where") else None
    kept = None
    if "password" in body:
        kept = passwords.hashed(passwords.parse(body["password"]))
    wanted = Change(body, visit.is_trusted, visit.milliseconds, kept)
    tokens: list[str] = []

    def apply(user: User) -> User:
        if where is not None and not queries.matches(user, where):
            raise NoEffect
        changed = wanted.apply(user)
        if kept is None or not visit.app.switches.new_session_after_password:
            return changed
        changed, token = rotated(changed)
        tokens[:] = [token]
        return changed

    changed = store.change(
        visit.app.app_id, object_id, apply, write=partial(phone_codes.write, visit)
    )
    token = tokens[0] if tokens and not visit.is_trusted else None
    if "true" in (query.get("new"), query.get("fetchWhenSave")):
        return users.document(changed, token=token, own=True)
    return users.stamp(changed) | ({"sessionToken": token} if token else {})


def remove(visit: Visit, object_id: str) -> None:
    """Remove the user. Raises SessionMissing and UserNotFound."""
    visit.may_change(object_id)
    store.delete(visit.app.app_id, object_id)


def refresh_session(visit: Visit, object_id: str) -> dict[str, Any]:
    """End all sessions of the user but a new one. Raises SessionMissing and UserNotFound."""
    visit.may_change(object_id)
    return _with_new_session(visit, object_id, lambda user: user)


def update_password(visit: Visit, object_id: str, old: str, new: object) -> dict[str, Any]:
    """Change the password of somebody who knows it. Raises SessionMissing, PasswordMismatch."""
    visit.may_change(object_id)
    kept = passwords.hashed(passwords.parse(new))
    user = _get(visit, object_id)
    with guarded(visit, user, f"password#{object_id}"):
        if not passwords.matches(user.password, old):
            raise PasswordMismatch

    def change(one: User) -> User:
        if one.password != user.password:
            raise PasswordMismatch  # changed meanwhile: it is no longer the right one
        return Change({"password": ""}, visit.is_trusted, visit.milliseconds, kept).apply(one)

    if visit.app.switches.new_session_after_password:
        document = _with_new_session(visit, object_id, change)
    else:
        changed = store.change(visit.app.app_id, object_id, change)
        document = users.document(changed, token=visit.session_token or None, own=True)
    return {
        name: document[name]
        for name in ("objectId", "updatedAt", "sessionToken")
        if name in document
    }


def _get(visit: Visit, object_id: str) -> User:
    user = store.get(visit.app.app_id, object_id) if users.is_id(object_id) else None
    if user is None:
        raise UserNotFound
    return user


def _with_new_session(
    visit: Visit, object_id: str, change: Callable[[User], User]
) -> dict[str, Any]:
    tokens: list[str] = []

    def rotate(user: User) -> User:
        changed, token = rotated(change(user))
        tokens[:] = [token]
        return Change({}, visit.is_trusted, visit.milliseconds).apply(changed)

    changed = store.change(visit.app.app_id, object_id, rotate)
    return users.document(changed, token=tokens[0], own=True)
