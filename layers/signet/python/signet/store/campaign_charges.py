"""What a campaign's run costs, paid in the very transaction that begins it.

Apart from `store.campaigns`, which functions use that have nothing to do with balances.
"""

from pynamodb.transactions import TransactWrite

from signet.audits import Entry
from signet.campaigns import Campaign
from signet.charges import Charge
from signet.store import audits, balances
from signet.store.campaigns import Also


def paid(charge: Charge, entry: Entry) -> Also:
    """Have a change of a campaign paid, and told in the trail; unpaid it raises Overtaken."""

    def also(writes: TransactWrite, after: Campaign) -> None:
        balances.record_charge(writes, charge)
        audits.record(writes, after.app_id, entry)

    return also
