"""How pytest-xdist deals the tests out to its workers.

What a session has once, such as an emulator, stays on one worker: the files that use it are one
pile. So are those that use a deployed stack, but for the pages: a worker has a stack of its own,
and one pile with all of them would outlast everything else. Every other file is a pile of its own.
The large piles are dealt first; they mostly wait, for other processes, and what only computes is
done meanwhile.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

WAITS_LONGEST = "stacks of their own"
# By what lies in tests/: a folder or a file.
SHARES = {
    "artifacts": "emulator",
    "races": "emulator",
    "browser/test_campaign_story.py": WAITS_LONGEST,
    "browser": "stack of pages",
    "local": "stack",
    "test_docs.py": "stack",
    "wire/test_failover.py": WAITS_LONGEST,
    "wire": "stack",
}


def pile(nodeid: str) -> str:
    """The pile that a test is in: what it shares with others, or its file."""
    path = nodeid.partition("::")[0]
    below = path.partition("/")[2]
    return SHARES.get(below) or SHARES.get(below.partition("/")[0], path)


class Dealer(LoadScopeScheduling):
    """Deals out whole piles, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        # Else the pile with the most tests came first, which is not the one with the most work.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return pile(nodeid)
