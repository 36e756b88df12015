"""What verifications run on in a deployment: keys, guesses and records."""

from signet.edge import secrets
from signet.flows.verify_code import Stores
from signet.store import messages, phones

STORES = Stores(
    keyring=secrets.keyring,
    spend_guess=phones.spend_guess,
    spend_guess_on_test_phone=phones.spend_guess_on_test_phone,
    record_verified=messages.verified,
    mark_used=phones.mark_used,
)
