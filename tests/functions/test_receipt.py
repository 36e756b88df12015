"""What carriers call with, through the gateway's events and the topic's: taken once, or refused."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.receipt import app as receipt_function
from signet.apps import Events
from signet.edge import clock, secrets
from signet.limits import Kind
from signet.messages import Message
from signet.routes import Hop, Rule
from signet.store import apps, consents, deployment, messages, opt_outs
from signet.store import callbacks as store
from tests.functions import callbacks
from tests.functions.callbacks import OTHERS, SECRETS, SIGNED, THEIR_PHONE, Made
from tests.functions.service import Service, event
from tests.gateway import CONTEXT
from tests.store.build import (
    APP_ID,
    claim_of,
    client,
    message_item,
    new_message,
    new_send,
    paid,
    told,
)

CARRIERS = list(SECRETS)
ROUTES = ["receipts", "replies"]
# The time of the event in events/, and of everything here.
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def deployment_of_carriers(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> Callable[[datetime], None]:
    """A deployment that uses every carrier, with their credentials; and its clock."""
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", "all")
    monkeypatch.setenv("SIGNET_CARRIER_SECRET_ARN", "carriers-secret")
    secret = client("secretsmanager")
    if "carriers-secret" not in {one["Name"] for one in secret.list_secrets()["SecretList"]}:
        secret.create_secret(Name="carriers-secret", SecretString="{}")
    secret.put_secret_value(SecretId="carriers-secret", SecretString=json.dumps(SECRETS))

    def set_clock(now: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: now)

    set_clock(NOW)
    return set_clock


@pytest.fixture
def message() -> Message:
    """A message that a carrier has taken."""
    sent = paid(new_send())
    messages.claim(sent, claim_of(), NOW)
    messages.accepted(sent, claim_of(), told(carrier="webhook"), carrier_message_id="v1")
    for carrier in ("alibaba", "tencent"):
        store.remember(carrier, "sid-1", sent.ref, now=NOW)
    return sent


def everything() -> str:
    """Every item of every table, byte by byte."""
    dynamodb = client("dynamodb")
    found = {
        name: sorted(dynamodb.scan(TableName=name)["Items"], key=repr)
        for name in dynamodb.list_tables()["TableNames"]
    }
    return json.dumps(found, sort_keys=True, default=repr)


def said(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, with its fields."""
    return str([vars(record) for record in caplog.records if record.name.startswith("signet")])


def told_to(app_id: str) -> list[tuple[str, str]]:
    """Types and texts of the events that the app is told."""
    items = client("dynamodb").scan(TableName="events")["Items"]
    bodies = [json.loads(i["body"]["S"]) for i in items if i["pk"]["S"].startswith(app_id)]
    return sorted((body["type"], body["data"].get("text", "")) for body in bodies)


@pytest.mark.parametrize(
    ("text", "told_of"),
    [
        ("Where is it?", ("reply.received", "Where is it?")),
        ("TD", ("opt_out.added", "")),
        ("START", ("opt_out.removed", "")),
    ],
)
def test_an_app_that_asks_is_told_of_replies_and_opt_outs_once(
    message: Message, text: str, told_of: tuple[str, str]
) -> None:
    apps.change(APP_ID, lambda app: replace(app, events=Events(bus=True)))
    made = callbacks.reply(text, now=SECONDS)

    made.call()
    made.call()

    assert told_to(APP_ID) == [told_of]


def test_an_app_that_does_not_ask_is_told_of_no_reply(message: Message) -> None:
    callbacks.reply("Where is it?", now=SECONDS).call()

    assert told_to(APP_ID) == []


def state(message: Message) -> str:
    return str(message_item(message.ref)["state"])


# --- taken ----------------------------------------------------------------------------------


def test_the_event_of_the_repository_is_taken() -> None:
    reply = callbacks.answer(event("receipt"))

    # Its message is nobody's; its proof is that of the key in tests/functions/callbacks.py.
    assert (reply.status, reply.text) == (200, "{}")


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("delivered", [True, False])
def test_a_receipt_moves_its_message(carrier: str, delivered: bool, message: Message) -> None:
    made = callbacks.receipt(carrier, message, now=SECONDS, state=delivered)

    assert made.call().status == 200

    assert state(message) == ("delivered" if delivered else "undelivered")
    assert message_item(message.ref)["report_carrier"] == carrier


def prompt_receipts() -> list[str]:
    """How many receipts count as prompt, by carrier and country."""
    items = client("dynamodb").scan(TableName="carriers")["Items"]
    return [f"{item['pk']['S']} {item['p']['N']}" for item in items if "p" in item]


@pytest.mark.parametrize(("after", "counted"), [(20, ["counts#webhook#86 1"]), (21, [])])
def test_where_there_are_routes_a_receipt_that_comes_soon_speaks_for_its_carrier(
    message: Message,
    after: int,
    counted: list[str],
    deployment_of_carriers: Callable[[datetime], None],
) -> None:
    hops = (Hop("webhook"), Hop("alibaba"))
    deployment.set_routes([Rule(hops)], by="demo", now=NOW)
    deployment_of_carriers(NOW + timedelta(seconds=after))

    for _ in range(2):
        made = callbacks.receipt("webhook", message, now=SECONDS + after)
        made.call()

    assert prompt_receipts() == counted


def test_without_routes_nothing_is_counted(message: Message) -> None:
    callbacks.receipt("webhook", message, now=SECONDS).call()

    assert state(message) == "delivered"
    assert prompt_receipts() == []


@pytest.mark.parametrize("carrier", CARRIERS)
def test_either_route_takes_both(carrier: str, message: Message) -> None:
    made = callbacks.receipt(carrier, message, now=SECONDS)
    if carrier == "twilio":
        made = callbacks.prove(replace(made, what="replies"), callbacks.key("twilio"), now=SECONDS)

    assert replace(made, what="replies").call().status == 200

    assert state(message) == "delivered"


def test_a_body_may_come_in_base64(message: Message) -> None:
    made = callbacks.receipt("webhook", message, now=SECONDS)

    assert made.call(as_base64=True).status == 200

    assert state(message) == "delivered"


@pytest.mark.parametrize("base", ["https://sms.example.com", "https://sms.example.com/"])
def test_the_address_is_that_of_the_setting_where_there_is_one(
    message: Message, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_PUBLIC_BASE_URL", base)
    made = callbacks.receipt("twilio", message, now=SECONDS)
    assert made.call().status == 403

    monkeypatch.setattr(callbacks, "ORIGIN", "https://sms.example.com")
    assert callbacks.receipt("twilio", message, now=SECONDS).call().status == 200


def test_no_header_says_what_the_address_is(message: Message) -> None:
    made = callbacks.receipt("twilio", message, now=SECONDS)
    headers = {**made.headers, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    assert replace(made, headers=headers).call().status == 200


# --- refused --------------------------------------------------------------------------------


def without_proof(made: Made) -> Made:
    query = {name: value for name, value in made.query.items() if name != "key"}
    return replace(made, headers={}, query=query)


def with_wrong_proof(made: Made) -> Made:
    headers = {name: f"{value[:-3]}AA=" for name, value in made.headers.items()}
    query = {name: f"{value}x" for name, value in made.query.items()}
    kept = {
        name: made.headers[name]
        for name in ("webhook-id", "webhook-timestamp")
        if name in made.headers
    }
    return replace(made, headers=headers | kept, query=query)


def altered(made: Made) -> Made:
    return replace(made, body=made.body.replace("undelivered", "delivered"))


@pytest.mark.parametrize("what", ROUTES)
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("change", [without_proof, with_wrong_proof])
def test_what_is_not_proved_is_refused_and_changes_nothing(
    carrier: str, what: str, change: Callable[[Made], Made], message: Message
) -> None:
    made = replace(callbacks.receipt(carrier, message, now=SECONDS), what=what)
    before = everything()

    reply = change(made).call()

    assert (reply.status, reply.code) == (403, 403)
    assert reply.error
    assert everything() == before


@pytest.mark.parametrize("what", ROUTES)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_proof_of_another_carrier_is_none(carrier: str, what: str, message: Message) -> None:
    before = everything()

    made = callbacks.receipt(carrier, message, now=SECONDS, by=OTHERS[carrier])
    assert replace(made, what=what).call().status == 403
    # And a callback of the other one, as it is.
    other = callbacks.receipt(OTHERS[carrier], message, now=SECONDS)
    assert replace(other, carrier=carrier, what=what).call().status == 403

    assert everything() == before


@pytest.mark.parametrize("what", ROUTES)
@pytest.mark.parametrize("carrier", SIGNED)
def test_an_altered_body_is_refused(carrier: str, what: str, message: Message) -> None:
    made = callbacks.receipt(carrier, message, now=SECONDS, state=False)
    before = everything()

    assert replace(altered(made), what=what).call().status == 403

    assert everything() == before


@pytest.mark.parametrize("again_at", ROUTES)
@pytest.mark.parametrize("what", ROUTES)
@pytest.mark.parametrize("carrier", SIGNED)
def test_a_replayed_callback_is_refused(
    carrier: str, what: str, again_at: str, message: Message
) -> None:
    made = replace(callbacks.receipt(carrier, message, now=SECONDS, state=False), what=what)
    if carrier == "twilio":
        made = callbacks.prove(made, callbacks.key("twilio"), now=SECONDS)
    assert made.call().status == 200
    before = everything()

    reply = replace(made, what=again_at).call()

    assert (reply.status, reply.code) == (403, 403)
    assert everything() == before


@pytest.mark.parametrize("carrier", ["alibaba", "tencent"])
def test_a_copy_from_who_signs_nothing_is_answered_as_before(
    carrier: str, message: Message
) -> None:
    made = callbacks.receipt(carrier, message, now=SECONDS)
    first = made.call()
    before = everything()

    assert made.call() == first
    assert first.status == 200
    assert everything() == before


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_callback_of_another_time_is_refused(
    message: Message, seconds: int, deployment_of_carriers: Callable[[datetime], None]
) -> None:
    made = callbacks.receipt("webhook", message, now=SECONDS)
    before = everything()
    deployment_of_carriers(NOW + timedelta(seconds=seconds))

    assert made.call().status == 403

    assert everything() == before


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"v":2}', "\0", '{"v":1,"receipts":7}'])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_garbage_with_a_proof_moves_nothing(carrier: str, body: str, message: Message) -> None:
    made = replace(callbacks.receipt(carrier, message, now=SECONDS), body=body)
    proved = callbacks.prove(made, callbacks.key(carrier), now=SECONDS)

    reply = proved.call()

    assert reply.status in (200, 403)
    assert state(message) == "awaiting_receipt"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
WORDS = SCALARS | st.sampled_from(
    [APP_ID, "20261122-3-0", "delivered", "\ud800", "x" * 3000, THEIR_PHONE, "TD", 10**30, -1]
)
NAMES = st.sampled_from(
    [
        *("app_id", "message_id", "state", "reason", "at", "id", "from", "text", "signature_text"),
        *("success", "out_id", "biz_id", "phone_number", "content", "sequence_id", "Status"),
        *("report_status", "sid", "mobile", "nationcode", "sign", "time", "user_receive_time"),
    ]
)
ENTRIES = st.lists(st.dictionaries(NAMES, WORDS, max_size=6) | WORDS, max_size=3)


@settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(carrier=st.sampled_from(CARRIERS), receipts=ENTRIES, replies=ENTRIES)
def test_whatever_a_carrier_tells_is_answered_and_breaks_nothing(
    carrier: str, receipts: list[Any], replies: list[Any]
) -> None:
    told: Any = {"v": 1, "receipts": receipts, "replies": replies}
    made = Made(carrier, json.dumps(told if carrier.startswith("webhook") else receipts))
    if carrier == "twilio":
        form = {"MessageStatus": repr(receipts), "From": repr(replies)}
        made = replace(made, body=urlencode(form))
    proved = callbacks.prove(
        replace(made, headers={"webhook-id": "any"}), callbacks.key(carrier), now=SECONDS
    )

    assert proved.call().status in (200, 403, 503)


def test_a_carrier_whose_credentials_nobody_entered_is_refused(message: Message) -> None:
    made = callbacks.receipt("webhook", message, now=SECONDS)
    before = everything()

    assert replace(made, carrier="webhook-c").call().status == 403

    assert everything() == before


@pytest.mark.parametrize("carrier", ["sns", "end-user-messaging", "nobody", "webhook-", "WEBHOOK"])
def test_a_carrier_that_does_not_call_is_not_there(carrier: str, message: Message) -> None:
    made = replace(callbacks.receipt("webhook", message, now=SECONDS), carrier=carrier)

    reply = made.call()

    assert (reply.status, reply.code) == (404, 1)


@pytest.mark.parametrize("others", ["none", "aws"])
def test_a_carrier_that_this_deployment_does_not_use_is_not_there(
    others: str, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", others)

    assert callbacks.receipt("webhook", message, now=SECONDS).call().status == 404


@pytest.mark.parametrize("what", ["receipt", "", "receipts/x"])
def test_there_are_two_routes(what: str, message: Message) -> None:
    made = replace(callbacks.receipt("webhook", message, now=SECONDS), what=what)

    assert made.call().status == 404


def test_a_secret_that_cannot_be_read_asks_for_a_retry(
    message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = callbacks.receipt("webhook", message, now=SECONDS)
    monkeypatch.setenv("SIGNET_CARRIER_SECRET_ARN", "there-is-no-such-secret")
    monkeypatch.setattr(secrets, "_has_no_value", lambda error: False)
    secrets._carriers = None
    before = everything()

    assert made.call().status == 503

    assert everything() == before


def test_a_receipt_that_overtook_the_answer_is_asked_for_again(message: Message) -> None:
    made = callbacks.receipt("tencent", message, now=SECONDS)
    late = replace(made, body=made.body.replace("sid-1", "sid-2"))
    assert late.call().status == 503

    store.remember("tencent", "sid-2", message.ref, now=NOW)
    assert late.call().status == 200

    assert state(message) == "delivered"


# --- replies --------------------------------------------------------------------------------


@pytest.fixture
def marketed() -> Message:
    """A marketing message of the demo app, a minute ago."""
    send = new_send(at=-60, kind=Kind.MARKETING)
    advert = new_message(send, kind=Kind.MARKETING)
    messages_of_the_table(advert)
    return advert


def messages_of_the_table(message: Message) -> None:
    from signet.store import table

    table.transact(lambda writes: messages.record(writes, message))


def test_a_word_puts_the_number_on_the_list_and_another_takes_it_off(marketed: Message) -> None:
    assert callbacks.reply("td", now=SECONDS).call().status == 200
    assert opt_outs.is_out(APP_ID, THEIR_PHONE)
    (proof,) = opt_outs.history(APP_ID, THEIR_PHONE)
    assert (proof.word, proof.carrier, proof.reply_id) == ("TD", "webhook", "r1")
    assert proof.message_id == marketed.ref.message_id

    assert callbacks.reply("START", now=SECONDS + 9, reply_id="r2").call().status == 200
    assert opt_outs.is_out(APP_ID, THEIR_PHONE), "said at a time that has not come"


def test_a_later_word_takes_it_off(
    marketed: Message, deployment_of_carriers: Callable[[datetime], None]
) -> None:
    callbacks.reply("td", now=SECONDS).call()
    deployment_of_carriers(NOW + timedelta(seconds=9))

    callbacks.reply("START", now=SECONDS + 9, reply_id="r2").call()

    assert not opt_outs.is_out(APP_ID, THEIR_PHONE)
    assert len(opt_outs.history(APP_ID, THEIR_PHONE)) == 2


def test_who_asks_for_it_has_agreed_until_they_say_otherwise(
    marketed: Message, deployment_of_carriers: Callable[[datetime], None]
) -> None:
    for _ in range(2):
        callbacks.reply("START", now=SECONDS).call()
    (given,) = consents.history(APP_ID, THEIR_PHONE)
    assert (given.how, given.source, given.at) == ("START", "reply", SECONDS * 1000)
    assert (given.message_id, given.reply_id) == (marketed.ref.message_id, "r1")
    assert consents.known(APP_ID, [THEIR_PHONE]) == {THEIR_PHONE}
    deployment_of_carriers(NOW + timedelta(seconds=9))

    callbacks.reply("TD", now=SECONDS + 9, reply_id="r2").call()

    assert consents.known(APP_ID, [THEIR_PHONE]) == set()


def test_who_asks_nobody_known_has_agreed_to_nothing() -> None:
    callbacks.reply("START", now=SECONDS).call()

    assert consents.history(APP_ID, THEIR_PHONE) == []


@pytest.mark.parametrize("text", ["TD", "多少钱？"])
def test_no_log_says_who_wrote_what(
    marketed: Message, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        callbacks.reply(text, now=SECONDS).call()

    logged = said(caplog)
    assert ("opt_out" if text == "TD" else "'reply'") in logged
    assert THEIR_PHONE[3:] not in logged
    assert "多少钱" not in logged


def test_a_refused_callback_is_logged_by_its_reason_only(
    message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    made = callbacks.receipt("webhook", message, now=SECONDS, by="webhook-b")

    made.call()

    logged = said(caplog)
    assert "callback_refused" in logged
    assert made.headers["webhook-signature"] not in logged
    assert message.ref.message_id not in logged


# --- the topic ------------------------------------------------------------------------------


def publish(told: object) -> Any:
    called_with = event("receipt-topic")
    called_with["Records"][0]["Sns"]["Message"] = (
        told if isinstance(told, str) else json.dumps(told)
    )
    return receipt_function.handler(called_with, CONTEXT)


def delivered(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(event("receipt-topic")["Records"][0]["Sns"]["Message"])
    context = {"app": message.ref.app_id, "message": message.ref.message_id}
    return told | {"context": context, "eventTimestamp": SECONDS * 1000}


def test_the_topics_event_of_the_repository_is_taken() -> None:
    assert receipt_function.handler(event("receipt-topic"), CONTEXT) == {}


def test_what_the_topic_tells_moves_its_message(message: Message) -> None:
    assert publish(delivered(message)) == {}
    before = everything()
    assert publish(delivered(message)) == {}

    assert state(message) == "delivered"
    assert message_item(message.ref)["report_carrier"] == "end-user-messaging"
    assert everything() == before


@pytest.mark.parametrize("told", ["", "{", "[]", '"x"'])
def test_garbage_of_the_topic_is_logged_and_not_repeated(
    told: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = everything()

    assert publish(told) == {}

    assert "callback_refused" in said(caplog)
    assert everything() == before


def test_a_topic_of_a_carrier_that_is_not_used_is_not_heard(
    message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_OTHER_CARRIERS", "outside")
    before = everything()

    publish(delivered(message))

    assert everything() == before
