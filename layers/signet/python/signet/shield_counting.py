"""Where a send is counted, and the mark that tells it again when it is verified.

App, country and bucket of addresses always are. Ranges and addresses are counted where their
parent shows more unverified sends than usual, or has so few sends that they cost nothing, and
while there is room in the minute: so honest traffic grows next to nothing, and an attack shows
where it goes.

A mark is how many nodes of the number were counted, from its country down, and the address: `b`
for its bucket alone, `i` for both. `4i7f0c33a1d2` is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from signet import shield_tree as tree
from signet.shield import Attempt, excess, is_concentrated
from signet.shield_counts import View, size
from signet.shield_tree import APP, BUDGETS, Budget, Level

# How many attributes a minute may have while all is quiet, and with something to look for.
ROOM_QUIET, ROOM = 200, 1_200
# Below a node with so few sends there is little to count, so it is counted at once.
_FEW = {Level.MILLION: 50, Level.TEN_THOUSAND: 30, Level.HUNDRED: 20, Level.BUCKET: 10}
_BUCKET_BUDGET = Budget(8, 8, 0.15, 0)


def counted(view: View, attempt: Attempt) -> tuple[list[str], str]:
    """The nodes that a send is counted at, widest first, and the mark that tells them again."""
    numbers = tree.number_nodes(attempt.phone)
    if not attempt.verifies:
        return list(_grown(view, numbers[1:])), ""
    kept = list(_grown(view, numbers))
    if attempt.address is None:
        return [APP, *kept], str(len(kept))
    bucket, address = tree.address_nodes(attempt.address)
    exact = _grows(view, bucket, address)
    mark = f"{len(kept)}{'i' if exact else 'b'}{attempt.address}"
    return [APP, kept[0], bucket, *kept[1:], *([address] if exact else [])], mark


def marked(e164: str, mark: str) -> list[str]:
    """The nodes that the send with this mark was counted at; none for an empty mark."""
    if not mark[:1].isdigit():
        return []
    kept = tree.number_nodes(e164)[: int(mark[0])]
    addresses = tree.address_nodes(mark[2:])[: {"i": 2, "b": 1}.get(mark[1:2], 0)]
    return [APP, *kept, *addresses]


def _grown(view: View, numbers: Sequence[str]) -> Iterator[str]:
    yield from numbers[:1]
    for parent, child in pairwise(numbers):
        if not _grows(view, parent, child):
            return
        yield child


def _grows(view: View, parent: str, child: str) -> bool:
    """Whether the child is counted beside its parent."""
    name, taken = f"s{child}", size(view.current, view.own)
    if name in view.current or name in view.own:
        return True
    if taken < ROOM_QUIET and _is_quiet(view, parent):
        return True
    return taken < ROOM and _is_suspect(view, parent)


def _is_quiet(view: View, node: str) -> bool:
    kind = tree.level(node)
    # What a country holds is little more than what it is: a few ranges tell much.
    return kind is Level.COUNTRY or view.recent(node).sent <= _FEW[kind]


def _is_suspect(view: View, node: str) -> bool:
    kind = tree.level(node)
    budget = _BUCKET_BUDGET if kind is Level.BUCKET else BUDGETS[kind]
    counts = view.recent(node, waits=kind in (Level.COUNTRY, Level.BUCKET))
    narrow = replace(budget, margin=min(budget.margin, 0.15), sigmas=1)
    if counts.unverified >= budget.challenge / 2 and excess(view, node, counts, narrow) > 0:
        return True
    wide = kind in (Level.MILLION, Level.TEN_THOUSAND)
    return wide and counts.sent > _FEW[kind] and is_concentrated(view, node, counts)
