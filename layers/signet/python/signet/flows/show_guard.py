"""The shield in the console: what it locked, what it decided, what that saved."""

from collections.abc import Mapping
from datetime import UTC, datetime

from signet import days, fields, shield_tree
from signet.acts import Act
from signet.errors import BadParameter, Missing
from signet.fields import Body
from signet.records import mask
from signet.shield import Lock, Step
from signet.shield_tree import Level
from signet.store import audits, deployment, shield, table
from signet.store import decisions as store
from signet.store.decisions import Decision, Saved

PAGE, MAX_PAGE = 50, 200

# What a day's decisions are called, by step and whether they were enforced.
_SUMS = {
    "refused": (Step.REFUSE, True),
    "challenged": (Step.CHALLENGE, True),
    "would_refuse": (Step.REFUSE, False),
    "would_challenge": (Step.CHALLENGE, False),
}
_LONGEST_NODE = 40


def report(app_id: str, query: Mapping[str, str], *, now: datetime) -> Body:
    """Whether decisions are enforced, and what those of a day come to. Raises BadParameter."""
    day = _day(query, now)
    found = store.saved(app_id, day)
    sums = {name: found.get(kind, Saved(0, 0)) for name, kind in _SUMS.items()}
    return {
        "shield": "enforce" if deployment.read_settings().enforces else "observe",
        "day": day,
        **{
            name: {"count": one.count, "price_micros": one.price_micros}
            for name, one in sums.items()
        },
    }


def locks(app_id: str, *, now: datetime) -> Body:
    """What is locked, the widest first, and what was lifted."""
    board = shield.locks(app_id, now=int(now.timestamp()))
    order = list(Level)
    found = sorted(
        board.locks.values(), key=lambda one: (order.index(shield_tree.level(one.node)), one.node)
    )
    return {
        "locks": [_lock(one) for one in found],
        "lifted": [
            {"node": node, **_named(node), "until": _iso(until), "by": by}
            for node, (until, by) in sorted(board.lifted.items())
        ],
    }


def lift(app_id: str, act: Act, body: Body) -> Body:
    """Leave a locked node alone for an hour, with an entry in the trail. Raises Missing."""
    fields.only(body, ("node",))
    node = fields.text(body, "node", longest=_LONGEST_NODE)
    seconds = int(act.at.timestamp())
    if node not in shield.locks(app_id, now=seconds).locks:
        raise Missing("Nothing of that name is locked.")
    # First the entry: who lifts is known even if what follows fails.
    entry = act.entry("lift", "lock", comment=_label(node))
    table.transact(lambda writes: audits.record(writes, app_id, entry))
    if not shield.lift(app_id, node, by=act.actor, now=seconds):
        raise Missing("Nothing of that name is locked.")
    return {}


def decisions(app_id: str, query: Mapping[str, str], *, now: datetime) -> Body:
    """Decisions of a day, newest first. Raises BadParameter."""
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    page = store.page(app_id, _day(query, now), limit=limit, before=query.get("cursor"))
    return {"items": [_decision(one) for one in page.decisions], "cursor": page.cursor}


def _day(query: Mapping[str, str], now: datetime) -> str:
    day = query.get("day") or days.of(now)
    try:
        days.start(day)
    except ValueError:
        raise BadParameter("day must be yyyymmdd.") from None
    return day


def _lock(lock: Lock) -> Body:
    return {
        "node": lock.node,
        **_named(lock.node),
        "step": lock.step.value,
        **_counts(lock),
        "since": _iso(lock.since),
        "until": _iso(lock.until),
    }


def _decision(made: Decision) -> Body:
    return {
        "id": made.decision_id,
        "at": _iso(made.at),
        "step": made.step.value,
        "enforced": made.enforced,
        "node": made.node,
        **_named(made.node),
        **_counts(made),
        "phone": mask(made.phone),
        "address": made.address,
        "price_micros": made.price_micros,
    }


def _counts(one: Lock | Decision) -> Body:
    return {
        "rule": one.rule,
        "sent": one.sent,
        "verified": one.verified,
        "unverified": max(0, one.sent - one.verified),
        "threshold": one.threshold,
        "window_seconds": one.window,
    }


def _named(node: str) -> Body:
    return {"level": shield_tree.level(node).name.lower(), "label": _label(node)}


def _label(node: str) -> str:
    """A node as people read it: the beginning of its numbers, or the digest of its address."""
    kind = shield_tree.level(node)
    if kind is Level.APP:
        return ""
    return node[1:] if kind in (Level.ADDRESS, Level.BUCKET) else f"+{node[1:]}"


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
