"""What tests of stores, flows and functions are about: a number, its sends, messages and money."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import boto3

from signet import codes, days, limits, messages
from signet.apps import Signature
from signet.charges import Charge
from signet.codes import Guess, Keyring, Purpose, Subject
from signet.limits import Channel, Kind
from signet.messages import Claim, Message, MessageRef
from signet.store import apps, deployment, phones, table
from signet.store.apps import AppItem
from signet.store.balances import Account
from signet.store.phones import Send
from signet.tries import Outcome, Try
from tests import clients

session = clients.session()

APP_ID = "signet-demo-app"
PHONE = "+8618612345678"
SUBJECT = Subject(APP_ID, Purpose.SMS, PHONE)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ACCOUNT = Account(APP_ID)
TODAY = days.of(NOW)
# What one SMS costs in most tests, in micros.
PRICE = 50_000
KEYRING = Keyring("k1", {"k1": b"t" * 64})


def client(service: str) -> Any:
    """An AWS client of the test's own; making one takes longer than most tests."""
    return _client(service, os.environ.get("AWS_ENDPOINT_URL"))


def dynamodb_table(name: str) -> Any:
    """A table as Python values."""
    return _dynamodb_table(name, os.environ.get("AWS_ENDPOINT_URL"))


# One for each AWS: a worker goes from the emulator's tests to moto's.
@cache
def _client(service: str, endpoint: str | None) -> Any:
    return session.create_client(service, endpoint_url=endpoint)


@cache
def _dynamodb_table(name: str, endpoint: str | None) -> Any:
    return boto3.resource("dynamodb", endpoint_url=endpoint).Table(name)


def after(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def new_send(
    request_id: str = "request-1",
    *,
    at: float = 0,
    subject: Subject = SUBJECT,
    kind: Kind = Kind.VERIFICATION,
    signature_id: str = "s1",
    ttl: int = 600,
    nonce: bytes | None = None,
    idempotency: tuple[str, str] | None = None,
) -> Send:
    """A send `at` seconds after NOW, with a code if it is a verification."""
    now = after(at)
    if nonce is None and kind is Kind.VERIFICATION:
        nonce = codes.new_nonce()
    return Send(
        subject=subject,
        limits=limits.for_send(kind, Channel.SMS, signature_id),
        request_id=request_id,
        now=now,
        nonce=nonce,
        expires_at=int(now.timestamp()) + ttl,
        idempotency=idempotency,
    )


def new_message(send: Send, **changes: Any) -> Message:
    """The record of `send`."""
    app_id = send.subject.app_id
    message = Message(
        ref=MessageRef(app_id, messages.new_id(send.now, shards=8)),
        phone=send.subject.phone,
        kind=Kind.VERIFICATION if send.nonce else Kind.NOTIFICATION,
        channel=Channel.SMS,
        purpose=send.subject.purpose if send.nonce else None,
        signature="Signet",
        signature_text="示例商城",
        created_at=send.seconds,
        expires_at=send.expires_at,
        nonce_tag=messages.nonce_tag(send.nonce) if send.nonce else None,
        segments=1,
        variables={"name": "示例应用", "ttl": "10"},
    )
    return replace(message, **changes)


def accept(send: Send, **options: Any) -> Message:
    """Accept `send`; its message as it was recorded."""
    message = new_message(send)
    phones.accept(send, message, **options)
    return message


def new_charge(micros: int = PRICE, *, at: float = 0, **changes: Any) -> Charge:
    """What a send `at` seconds after NOW costs."""
    return replace(Charge(APP_ID, micros, days.of(after(at))), **changes)


def give(*held: int, app_id: str = APP_ID) -> None:
    """Put so much into each item of a balance, past the stores."""
    shards = {"shards": len(held)} if len(held) > 1 else {}
    for shard, micros in enumerate(held):
        put("balances", pk=f"{app_id}#{shard}", balance=micros, **shards)


def paid(send: Send, *, micros: int = PRICE, **changes: Any) -> Message:
    """Accept `send` with a charge; its message as it was recorded."""
    message = new_message(send, price=micros)
    charge = Charge(send.subject.app_id, micros, days.of(send.now), **changes)
    message = replace(message, balance_shard=charge.shard)
    phones.accept(send, message, charge)
    return message


def issue(send: Send | None = None) -> tuple[Message, str]:
    """A recorded message whose code a sender has derived, and that code."""
    send = send or new_send()
    message = accept(send)
    live = phones.pin_key(message, KEYRING.current)
    assert live is not None
    return message, codes.derive(KEYRING.keys["k1"], send.subject, live.nonce)


def new_guess(
    code: str,
    request_id: str,
    *,
    at: int = 0,
    keyring: Keyring = KEYRING,
    subject: Subject = SUBJECT,
) -> Guess:
    """A guess at `code`, `at` seconds after NOW."""
    return codes.new_guess(keyring, subject, code, request_id=request_id, now=SECONDS + at)


def wrong(code: str, step: int = 1) -> str:
    """Another code than `code`."""
    return f"{(int(code) + step) % 10**codes.DIGITS:0{codes.DIGITS}d}"


def phone_item(subject: Subject = SUBJECT) -> table.Item:
    """The number's item as it lies in the table, {} when there is none."""
    return _read("phones", {"pk": f"{subject.app_id}#{subject.phone}"})


def message_item(ref: MessageRef) -> table.Item:
    """The message's record as it lies in the table, {} when there is none."""
    day, shard, unique = ref.message_id.split("-")
    return _read("messages", {"pk": f"{ref.app_id}#{day}#{shard}", "sk": unique})


def message_items() -> list[table.Item]:
    """Every record there is."""
    found = client("dynamodb").scan(TableName="messages")["Items"]
    return [table.python(item) for item in found]


def balance_item(shard: int = 0, app_id: str = APP_ID) -> table.Item:
    """One item of a balance as it lies in the table, {} when there is none."""
    return _read("balances", {"pk": f"{app_id}#{shard}"})


def held(app_id: str = APP_ID) -> int:
    """What the items of a balance hold together."""
    return sum(item.get("balance", 0) for item in balance_items(app_id))


def balance_items(app_id: str = APP_ID) -> list[table.Item]:
    """Every item of a balance."""
    found = client("dynamodb").scan(TableName="balances")["Items"]
    items = [table.python(item) for item in found]
    return [item for item in items if item["pk"].rpartition("#")[0] == app_id]


def ledger_items(app_id: str = APP_ID) -> dict[str, table.Item]:
    """Every entry of an app's ledger, by its key."""
    found = client("dynamodb").scan(TableName="ledger")["Items"]
    items = [table.python(item) for item in found]
    return {item["entry"]: item for item in items if item["app_id"] == app_id}


def put(table_name: str, **attributes: Any) -> None:
    """Write an item past the stores."""
    dynamodb_table(table_name).put_item(Item=attributes)


def change_message(ref: MessageRef, **attributes: Any) -> None:
    """Change a record past the store."""
    day, shard, unique = ref.message_id.split("-")
    dynamodb_table("messages").update_item(
        Key={"pk": f"{ref.app_id}#{day}#{shard}", "sk": unique},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
    )


def _read(table_name: str, key: dict[str, str]) -> table.Item:
    raw = {name: {"S": value} for name, value in key.items()}
    reply = client("dynamodb").get_item(TableName=table_name, Key=raw)
    return table.python(reply.get("Item", {}))


def put_signature(app_id: str, signature: Signature) -> None:
    """Have a signature in use, as a review would leave it."""
    AppItem(app_id, f"signature#{signature.name}", **apps.signature_fields(signature)).save()
    apps.forget()


def operator_key_matches(operator_id: str, key: str) -> bool:
    """Whether this is the key of an operator who is not revoked."""
    return deployment.operator_key_hash(operator_id) == sha256(key.encode()).hexdigest()


def claim_of(attempt_id: str = "attempt-1", number: int = 1) -> Claim:
    """One call of a carrier for a message."""
    return Claim(attempt_id, number)


def told(
    reason: str = "",
    *,
    carrier: str = "sns",
    outcome: Outcome | None = None,
    at: float = 0,
) -> Try:
    """What a carrier answered, `at` seconds after NOW: with a reason, a refusal."""
    known = outcome or (Outcome.REFUSED if reason else Outcome.ACCEPTED)
    return Try(carrier, known, reason, SECONDS + int(at), milliseconds=120)
