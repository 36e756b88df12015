"""What verifications run on in a deployment: the keyring, the numbers' items, the records."""

from signet.apps import App
from signet.codes import Subject
from signet.edge import secrets
from signet.flows.verify_code import Stores
from signet.store import messages, phones, shield


def count_verified(app: App, subject: Subject, mark: str, now: int) -> None:
    """Tell the shield that the send with this mark was no waste; `now` in epoch seconds."""
    container = shield.CONTAINERS.of(app.app_id, shards=app.balance_shards)
    container.count_verified(subject.phone, mark)
    shield.CONTAINERS.flush_if_due(now)


STORES = Stores(
    keyring=secrets.keyring,
    spend_guess=phones.spend_guess,
    spend_guess_on_test_phone=phones.spend_guess_on_test_phone,
    record_verified=messages.verified,
    mark_used=phones.mark_used,
    count_verified=count_verified,
)
