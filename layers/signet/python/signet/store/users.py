"""Users: one item per account, and one for each thing that only one account can have.

    pk                        | attributes
    --------------------------+---------------------------------------------------------------
    <app>#user#<objectId>     | all of `users.User`; `attributes` and `auth` as JSON text;
                              |   `listed` = <app>#<shard>, `listed_key` = objectId
    <app>#<claim>             | `owner`: objectId; see `users` for what is claimed
    <app>#import#<name>       | how far an import has come; see `store.imports`

A user and its claims change in one transaction, on the condition that the user is as it was read
(`revision`) and that each new claim is free. So whatever runs in parallel or is cut off, nothing
has two owners, and nobody is left with half of a change. Index `listed` (keys only) has the users
of an app in the order of their ids. Failure mode: closed.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet import users
from signet.edge import settings
from signet.errors import Unavailable, UserNotFound
from signet.store import table
from signet.users import User

# An app's users are listed in so many partitions, so that sign-ups do not meet in one.
LIST_SHARDS = 8
_PAGE = 100
_ROUNDS = 20
# Asked for where nothing was found, so that finding nobody costs the same calls.
_NOBODY = "nobody"
# Of DynamoDB's partition keys, in bytes; a longer one is an error even where nothing is found.
_LONGEST_KEY = 2_048


class _Listed(GlobalSecondaryIndex["UserItem"]):
    class Meta:
        index_name = "listed"
        projection = KeysOnlyProjection()

    listed = UnicodeAttribute(hash_key=True)
    listed_key = UnicodeAttribute(range_key=True)


class UserItem(table.Table):
    """An item of the Users table, a user's or a claim's."""

    class Meta:
        table_name = settings.value("SIGNET_USERS_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    listed = UnicodeAttribute(null=True)
    listed_key = UnicodeAttribute(null=True)
    listed_index = _Listed()

    owner = UnicodeAttribute(null=True)

    created_at = NumberAttribute(null=True)
    updated_at = NumberAttribute(null=True)
    username = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    email_verified = BooleanAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    written_phone = UnicodeAttribute(null=True)
    phone_verified = BooleanAttribute(null=True)
    password = UnicodeAttribute(null=True)
    attributes = JSONAttribute(null=True)
    auth = JSONAttribute(null=True)
    sessions = ListAttribute[UnicodeAttribute](of=UnicodeAttribute, null=True)
    session_nonce = BinaryAttribute(legacy_encoding=False, null=True)
    session_key_id = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)


class UserChanged(Exception):
    """The user is no longer as it was read; whoever computed on it must compute again."""


@dataclass(frozen=True, slots=True)
class Write:
    """A user to write in a transaction: as it was read (None: there was none), and as it will be.

    Joins a transaction of sending, too; see `table.Joined`.
    """

    before: User | None
    after: User | None

    def add(self, writes: TransactWrite) -> None:
        """Add the user and the claims that come and go."""
        old = self.before.claims if self.before else frozenset()
        new = self.after.claims if self.after else frozenset()
        app_id, owner = self._owner
        for claim in sorted(old - new):
            writes.delete(UserItem(f"{app_id}#{claim}"), UserItem.owner == owner)
        for claim in sorted(new - old):
            item = UserItem(f"{app_id}#{claim}", owner=owner)
            writes.save(item, UserItem.pk.does_not_exist(), return_values="ALL_OLD")
        unchanged = (
            UserItem.pk.does_not_exist()
            if self.before is None
            else UserItem.revision == self.before.revision
        )
        if self.after is None:
            writes.delete(UserItem(_pk(app_id, owner)), unchanged)
        else:
            revision = self.before.revision + 1 if self.before else 0
            item = _item(replace(self.after, revision=revision))
            writes.save(item, unchanged, return_values="ALL_OLD")

    def refusal(self, before: Sequence[table.Item | None]) -> Exception | None:
        """What the items that refused say: a claim is taken, or the user was changed."""
        app_id, owner = self._owner
        refused = [item for item in before if item is not None]
        others = [item for item in refused if item.get("owner") not in (None, owner)]
        if others:
            return users.taken(str(item["pk"]).removeprefix(f"{app_id}#") for item in others)
        # A user that was deleted meanwhile refuses with nothing to show.
        return UserChanged() if refused else None

    @property
    def size(self) -> int:
        """How many items it writes."""
        old = self.before.claims if self.before else frozenset()
        new = self.after.claims if self.after else frozenset()
        return len(old ^ new) + 1

    @property
    def _owner(self) -> tuple[str, str]:
        user = self.after or self.before
        if user is None:
            raise ValueError("a write is of somebody")
        return user.app_id, user.object_id


def get(app_id: str, object_id: str) -> User | None:
    """The user of that id as it is now."""
    try:
        pk = _readable(_pk(app_id, object_id))
        item = table.read(lambda: UserItem.get(pk, consistent_read=True))
    except DoesNotExist:
        return None
    return _user(item)


def find(app_id: str, claim: str) -> User | None:
    """The user who owns a claim of `users`, as it is now. Two reads, also for nobody."""
    try:
        pk = _readable(f"{app_id}#{claim}")
        item = table.read(lambda: UserItem.get(pk, consistent_read=True))
        owner = str(item.owner)
    except DoesNotExist:
        owner = _NOBODY
    user = get(app_id, owner)
    return user if user and claim in user.claims else None


def write(change: Write) -> None:
    """Write one user, all of it or nothing. Raises UserChanged, and the error of a taken claim."""
    try:
        table.transact(change.add)
    except table.TransactionRefused as refused:
        raise change.refusal(refused.before) or UserChanged() from refused


def create(user: User) -> None:
    """Record a new user. Raises the error of a taken claim, and UserChanged for a taken id."""
    write(Write(None, user))


def change(
    app_id: str,
    object_id: str,
    change: Callable[[User], User],
    *,
    write: Callable[[Write], None] = write,
) -> User:
    """The user after `change`, which is computed again when somebody else was first.

    Nothing is written when nothing differs. Raises UserNotFound, Unavailable, what `change`
    raises, and the error of a taken claim.
    """
    for attempt in range(1, _ROUNDS + 1):
        before = get(app_id, object_id)
        if before is None:
            raise UserNotFound
        after = change(before)
        if after == before:
            return before
        try:
            write(Write(before, after))
        except UserChanged:
            table.pause(attempt)
            continue
        return replace(after, revision=before.revision + 1)
    raise Unavailable(retry_after=1)


def delete(app_id: str, object_id: str) -> None:
    """Remove a user and its claims. Raises UserNotFound and Unavailable."""
    for attempt in range(1, _ROUNDS + 1):
        user = get(app_id, object_id)
        if user is None:
            raise UserNotFound
        try:
            write(Write(user, None))
        except UserChanged:
            table.pause(attempt)
            continue
        return
    raise Unavailable(retry_after=1)


def every(app_id: str, *, after: str = "", up_to: str | None = None) -> Iterator[User]:
    """The app's users in the order of their ids, behind `after`, read a page at a time.

    One that was made a moment ago may be missing.
    """
    listed = heapq.merge(*(_ids(app_id, shard, after, up_to) for shard in range(LIST_SHARDS)))
    while page := [object_id for _, object_id in zip(range(_PAGE), listed, strict=False)]:
        found = {user.object_id: user for user in _many(app_id, page)}
        yield from (found[object_id] for object_id in page if object_id in found)


def existing(app_id: str, object_ids: Iterable[str]) -> set[str]:
    """Which of these ids are users' now; one that was made a moment ago may be missing."""
    keys = [_pk(app_id, object_id) for object_id in object_ids]
    found = table.read(lambda: list(UserItem.batch_get(keys, attributes_to_get=["listed_key"])))
    return {str(item.listed_key) for item in found}


def _ids(app_id: str, shard: int, after: str, up_to: str | None) -> Iterator[str]:
    condition: Condition | None = UserItem.listed_key > after if after else None
    if up_to is not None:
        bound = UserItem.listed_key <= up_to
        condition = UserItem.listed_key.between(after, up_to) if after else bound
    # The index may name users that a page limit cuts off: it is followed to its end.
    found = UserItem.listed_index.query(f"{app_id}#{shard}", condition, page_size=_PAGE)
    while (item := table.read(lambda: next(found, None))) is not None:
        if item.listed_key != after:
            yield str(item.listed_key)


def _many(app_id: str, object_ids: Iterable[str]) -> list[User]:
    keys = [_pk(app_id, object_id) for object_id in object_ids]
    items = table.read(lambda: list(UserItem.batch_get(keys, consistent_read=True)))
    return [_user(item) for item in items]


def _pk(app_id: str, object_id: str) -> str:
    return f"{app_id}#user#{object_id}"


def _readable(pk: str) -> str:
    """A key that may be asked for: what strangers type can be too long for one, or no text."""
    written = pk.encode("utf-8", "replace")
    return pk if len(written) <= _LONGEST_KEY and written.decode() == pk else _NOBODY


def _shard(object_id: str) -> int:
    return sha256(object_id.encode()).digest()[0] % LIST_SHARDS


def _item(user: User) -> UserItem:
    return UserItem(
        _pk(user.app_id, user.object_id),
        listed=f"{user.app_id}#{_shard(user.object_id)}",
        listed_key=user.object_id,
        created_at=user.created_at,
        updated_at=user.updated_at,
        username=user.username,
        email=user.email,
        email_verified=user.email_verified,
        phone=user.phone,
        written_phone=user.written_phone,
        phone_verified=user.phone_verified,
        password=user.password,
        attributes=dict(user.attributes),
        auth=dict(user.auth),
        sessions=list(user.sessions),
        session_nonce=user.session_nonce,
        session_key_id=user.session_key_id,
        revision=user.revision,
    )


def _user(item: Any) -> User:
    return User(
        app_id=item.listed.rpartition("#")[0],
        object_id=str(item.listed_key),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        username=item.username,
        email=item.email,
        email_verified=bool(item.email_verified),
        phone=item.phone,
        written_phone=item.written_phone,
        phone_verified=bool(item.phone_verified),
        password=item.password,
        attributes=item.attributes or {},
        auth=item.auth or {},
        sessions=tuple(str(digest) for digest in item.sessions or ()),
        session_nonce=item.session_nonce,
        session_key_id=item.session_key_id,
        revision=int(item.revision or 0),
    )
