"""Looking for users, with the master key: `_User` is closed to everybody else (wire.md 9.16)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from signet import queries
from signet.errors import BadParameter, NotPermitted
from signet.flows.visits import Visit
from signet.queries import Query
from signet.store import users as store
from signet.users import User

# A call that looks at more would not end within the gateway's patience.
MOST_LOOKED_AT = 5_000


def find(visit: Visit, query: Mapping[str, str]) -> dict[str, Any]:
    """`{"results": […]}`, and `count` where it was asked for. Raises NotPermitted, BadParameter."""
    if not visit.is_trusted:
        raise NotPermitted("Forbidden to find by class permissions.")
    wanted = queries.parse(query)
    found = (user for user in _candidates(visit, wanted) if queries.matches(user, wanted.where))
    last = wanted.skip + wanted.limit
    in_order = wanted.is_by_id and not any(key.startswith("-") for key in wanted.order)
    if in_order and not wanted.counts:
        page = list(islice(found, wanted.skip, last))
        return {"results": [queries.shown(user, wanted) for user in page]}
    every = queries.ordered(list(found), wanted)
    answer: dict[str, Any] = {
        "results": [queries.shown(user, wanted) for user in every[wanted.skip : last]]
    }
    return answer | ({"count": len(every)} if wanted.counts else {})


def _candidates(visit: Visit, wanted: Query) -> Iterator[User]:
    app_id = visit.app.app_id
    if wanted.object_id is not None:
        one = store.get(app_id, wanted.object_id)
    elif wanted.claim is not None:
        one = store.find(app_id, wanted.claim)
    else:
        yield from _every(app_id, wanted)
        return
    if one:
        yield one


def _every(app_id: str, wanted: Query) -> Iterator[User]:
    for looked_at, user in enumerate(store.every(app_id, after=wanted.after)):
        if looked_at >= MOST_LOOKED_AT:
            raise BadParameter(
                f"This query would look at more than {MOST_LOOKED_AT} users. Name an objectId, "
                "username, email or mobilePhoneNumber, or page by objectId with $gt and a limit."
            )
        yield user
