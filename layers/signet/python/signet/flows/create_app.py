"""Creating an app: its header, its first signature and its free credit, all or nothing."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime

from signet.apps import FIRST_CAP, App, Cap, Key, Signature, Switches, TestPhone
from signet.charges import FREE_CREDIT_MICROS
from signet.errors import BadParameter, NameTaken
from signet.store import apps, ledger

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH, _KEY_LENGTH, _MASTER_LENGTH = 24, 24, 32
# The SDKs ask LeanCloud's router for the server of an id with this end (wire.md 1.1), and the
# first eight characters of an id name its domain there.
_ROUTED_SUFFIX = "-MdYXbMMI"
_SHORTEST_ID = 9


@dataclass(frozen=True, slots=True)
class NewApp:
    """What an app is to be; ids and keys of one that comes from LeanCloud can be kept."""

    name: str
    app_id: str = field(default_factory=lambda: random_key(_ID_LENGTH))
    app_key: str = field(default_factory=lambda: random_key(_KEY_LENGTH))
    master_key: str = field(default_factory=lambda: random_key(_MASTER_LENGTH))
    signature: Signature | None = None
    company: str | None = None
    personal: bool = False
    test_phone: TestPhone | None = None
    created_by: str | None = None
    separate_review: bool = False
    switches: Switches = field(default_factory=Switches)
    marketing_cap: Cap | None = FIRST_CAP


def create_app(new: NewApp, *, now: datetime, credit_micros: int = FREE_CREDIT_MICROS) -> App:
    """Record the app. Raises BadParameter for an id no SDK would take, NameTaken for a used one."""
    _check_id(new.app_id)
    app = App(
        app_id=new.app_id,
        name=new.name,
        app_key=Key(new.app_key),
        master_key=Key(new.master_key),
        switches=new.switches,
        default_signature=new.signature,
        test_phone=new.test_phone,
        company=new.company,
        personal=new.personal,
        created_by=new.created_by,
        separate_review=new.separate_review,
        marketing_cap=new.marketing_cap,
    )
    try:
        apps.create(
            app,
            also=lambda writes: ledger.record_opening(writes, app.app_id, credit_micros, now=now),
        )
    except apps.AppExists:
        raise NameTaken(f"There is an app {app.app_id} already.") from None
    return app


def random_key(length: int) -> str:
    """Letters and digits, as LeanCloud's keys are made of; 24 of them hold 142 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _check_id(app_id: str) -> None:
    plain = all(character in _ALPHABET + "-_" for character in app_id)
    if not plain or not _SHORTEST_ID <= len(app_id) <= 64 or app_id.endswith(_ROUTED_SUFFIX):
        raise BadParameter(
            f"An app id has {_SHORTEST_ID} to 64 letters, digits, - or _, and does not end in "
            f"{_ROUTED_SUFFIX}: the SDKs would not use your server."
        )
