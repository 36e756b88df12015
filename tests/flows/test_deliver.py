"""Delivering: whatever fails, the carrier is called once or never, and the state says which."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from signet import codes
from signet.carriers import CarrierError, CredentialsInvalid, OutcomeUnknown, OutgoingMessage
from signet.codes import Keyring, LiveCode
from signet.errors import TemplateNotRendered, Unavailable
from signet.flows.asking import Handing, ask
from signet.flows.deliver import Records, RetryLater, deliver
from signet.limits import Channel, Kind
from signet.marketing import Drop, Hold, Verdict
from signet.messages import MAX_ATTEMPTS, NOTIFICATION_LIFE, Message, MessageRef, State
from signet.routes import Hop
from signet.store.messages import UnknownMessage
from tests.flows.fakes import FakeCarrier, FakeCode, FakeMessages, FakeRouting, FakeSecret
from tests.store.build import APP_ID, KEYRING, NOW, SECONDS, SUBJECT, after, new_message, new_send

NONCE = bytes(range(16))
CODE = codes.derive(KEYRING.keys["k1"], SUBJECT, NONCE)
MESSAGE = new_message(
    new_send(nonce=NONCE), variables={"name": "天东商城", "op": "付款", "ttl": "5"}
)
OUTGOING = OutgoingMessage(
    message_id=MESSAGE.ref.message_id,
    app_id=APP_ID,
    phone=MESSAGE.phone,
    kind=Kind.VERIFICATION,
    signature="Signet",
    signature_text="示例商城",
    template=None,
    template_version=None,
    variables={},
    code=CODE,
    text=f"【示例商城】{CODE}",
)


class Delivery:
    """One message, its code, its carrier, and where it has come to."""

    def __init__(
        self,
        message: Message = MESSAGE,
        carrier: FakeCarrier | None = None,
        *others: FakeCarrier,
    ) -> None:
        self.messages = FakeMessages()
        self.ref = self.messages.add(message).ref
        self.carrier = carrier or FakeCarrier()
        self.others = others
        self.routes = FakeRouting([self.carrier, *others])
        self.secret = FakeSecret(KEYRING)
        self.code = FakeCode(
            LiveCode(NONCE, None, message.expires_at, message.ref.message_id, guesses=[])
        )
        self.texts: dict[tuple[str, str, int], str] = {}
        self.now = NOW
        self.verdict: Verdict = None

    def run(self) -> None:
        records = Records(
            get=self.messages.get,
            claim=self.messages.claim,
            ask_next=self.messages.ask_next,
            accepted=self.messages.accepted,
            refused=self.messages.refused,
            unconfirmed=self.messages.unconfirmed,
            lost=self.messages.lost,
            expired=self.messages.expired,
            pin_key=self.code.pin_key,
            keyring=self.secret.keyring,
            verdict=lambda message, now: self.verdict,
            hold=self.messages.hold,
            template_text=lambda app_id, name, version: self.texts[app_id, name, version],
        )
        deliver(self.ref, self.routes.routing, records, now=lambda: self.now)

    @property
    def state(self) -> State:
        return self.messages.state(self.ref)

    @property
    def reason(self) -> str | None:
        return self.messages.reasons.get(self.ref)


def test_a_queued_message_is_claimed_then_handed_over_then_recorded() -> None:
    delivery = Delivery()
    delivery.carrier.on_submit = lambda: delivery.messages.events.append("carrier")

    delivery.run()

    assert delivery.messages.events == ["claim", "carrier", "accepted"]
    assert (delivery.state, delivery.reason) == (State.AWAITING_RECEIPT, "fake/carrier-1")


def test_the_carrier_gets_text_and_parts_with_the_derived_code() -> None:
    delivery = Delivery()

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert handed.text == (
        f"【示例商城】您正在使用天东商城服务进行付款，您的验证码是 {CODE}，请在 5 分钟内完成验证。"
    )
    assert (handed.phone, handed.code, handed.message_id) == (
        MESSAGE.phone,
        CODE,
        MESSAGE.ref.message_id,
    )
    assert handed.variables == {"name": "天东商城", "op": "付款", "ttl": "5", "code": CODE}
    assert (handed.signature, handed.signature_text, handed.template) == (
        "Signet",
        "示例商城",
        None,
    )


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        (MESSAGE.phone, "您好，您的天东商城验证码是：{0}。重复一遍：{0}。"),
        ("+12015550123", "Hello. Your 天东商城 verification code is: {0}. Again: {0}."),
    ],
)
def test_a_call_says_the_digits_of_the_code_one_by_one_twice(phone: str, said: str) -> None:
    delivery = Delivery(replace(MESSAGE, phone=phone, channel=Channel.VOICE))

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert handed.code is not None
    assert handed.channel is Channel.VOICE
    digits = ("，" if phone == MESSAGE.phone else ", ").join(handed.code)
    assert handed.text == said.format(digits)


ORDER = {"order_id": "7623432424540", "name": "示例应用", "ttl": "5", "sign": "示例商城"}


def test_a_template_is_sent_in_the_version_that_was_asked_for() -> None:
    message = replace(MESSAGE, template="Order", template_version=2, variables=ORDER)
    delivery = Delivery(message)
    delivery.texts = {(APP_ID, "Order", 2): "{{sign}} 订单 {{order_id}}：{{code}}"}

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert handed.text == f"【示例商城】示例商城 订单 7623432424540：{CODE}"
    assert (handed.template, handed.template_version) == ("Order", 2)
    assert handed.variables == {**ORDER, "code": CODE}


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        (True, '[Signet]Shop: "{code}", n\'hesitez pas... ' + "x" * 60),
        (False, "【Signet】Shop: “{code}”, n’hêsitez pas… " + "x" * 60),
    ],
)
def test_what_was_priced_as_plain_text_is_handed_over_so(plain: bool, text: str) -> None:
    message = replace(MESSAGE, phone="+33612345678", signature_text="Signet", plain=plain)
    variables = {**ORDER, "name": "Shop"}
    delivery = Delivery(replace(message, template="Order", template_version=2, variables=variables))
    delivery.texts = {(APP_ID, "Order", 2): "{{name}}: “{{code}}”, n’hêsitez pas… " + "x" * 60}

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert handed.text == text.format(code=handed.code)


NOTICE = replace(
    new_message(new_send(kind=Kind.NOTIFICATION)),
    template="Order",
    template_version=1,
    variables=ORDER,
)


def test_a_notification_is_sent_without_a_code_or_a_secret() -> None:
    delivery = Delivery(NOTICE)
    delivery.texts = {(APP_ID, "Order", 1): "订单 {{order_id}} 已发货"}
    delivery.code.live = None
    delivery.secret.fails = True

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert (handed.text, handed.code) == ("【示例商城】订单 7623432424540 已发货", None)
    assert (handed.kind, handed.variables) == (Kind.NOTIFICATION, ORDER)
    assert delivery.state is State.AWAITING_RECEIPT


def test_a_notification_that_waited_for_half_a_day_is_not_sent() -> None:
    delivery = Delivery(NOTICE)
    delivery.now = after(NOTIFICATION_LIFE.total_seconds())

    delivery.run()

    assert (delivery.carrier.handed, delivery.state) == ([], State.EXPIRED)


@pytest.mark.parametrize(
    ("text", "fails_with"),
    [(None, KeyError), ("订单 {{another}}", TemplateNotRendered)],
    ids=["no text", "a value is missing"],
)
def test_what_cannot_be_rendered_is_neither_claimed_nor_sent(
    text: str | None, fails_with: type[Exception]
) -> None:
    delivery = Delivery(NOTICE)
    delivery.texts = {(APP_ID, "Order", 1): text} if text else {}

    with pytest.raises(fails_with):
        delivery.run()

    assert (delivery.carrier.handed, delivery.state) == ([], State.QUEUED)


def test_a_code_that_an_earlier_message_brought_is_not_sent_and_given_back() -> None:
    delivery = Delivery(replace(MESSAGE, state=State.VERIFIED))

    delivery.run()

    assert delivery.carrier.handed == []
    assert (delivery.state, delivery.reason) == (State.EXPIRED, "code used")


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.SENDING}))
def test_a_message_that_came_further_is_left_alone(state: State) -> None:
    delivery = Delivery(replace(MESSAGE, state=state, attempts=1))

    delivery.run()

    assert (delivery.carrier.handed, delivery.messages.events) == ([], [])


def test_a_message_that_another_attempt_holds_is_left_alone() -> None:
    delivery = Delivery(
        replace(MESSAGE, state=State.SENDING, attempt_id="x", lease_until=SECONDS + 1)
    )

    delivery.run()

    assert (delivery.carrier.handed, delivery.messages.events) == ([], [])


def test_a_message_whose_sender_died_is_unconfirmed_and_never_sent_again() -> None:
    delivery = Delivery(replace(MESSAGE, state=State.SENDING, attempt_id="x", lease_until=SECONDS))

    delivery.run()

    assert delivery.carrier.handed == []
    assert (delivery.state, delivery.reason) == (State.UNCONFIRMED, "sender lost")


def test_a_message_that_another_sender_claims_first_is_left_to_it() -> None:
    delivery = Delivery()
    delivery.messages.claimed_by_another = True

    delivery.run()

    assert (delivery.carrier.handed, delivery.state) == ([], State.QUEUED)


@pytest.mark.parametrize(
    ("seconds", "state"), [(599, State.AWAITING_RECEIPT), (600, State.EXPIRED)]
)
def test_an_expired_code_is_not_sent(seconds: int, state: State) -> None:
    delivery = Delivery()
    delivery.now = after(seconds)

    delivery.run()

    assert delivery.state is state
    assert len(delivery.carrier.handed) == (state is State.AWAITING_RECEIPT)


def test_a_replaced_code_is_not_sent() -> None:
    delivery = Delivery()
    delivery.code.live = None

    delivery.run()

    assert delivery.carrier.handed == []
    assert (delivery.state, delivery.reason) == (State.EXPIRED, "code replaced")


def test_the_key_named_first_is_used_whichever_is_current_now() -> None:
    delivery = Delivery()
    delivery.code.live = LiveCode(NONCE, "k1", SECONDS + 600, MESSAGE.ref.message_id, [])
    delivery.secret.read = Keyring("k2", {**KEYRING.keys, "k2": b"u" * 64})

    delivery.run()

    assert delivery.carrier.handed[0].code == CODE


def test_a_key_that_came_after_this_process_started_is_read_once_more() -> None:
    rotated = Keyring("k2", {**KEYRING.keys, "k2": b"u" * 64})
    delivery = Delivery()
    delivery.code.live = LiveCode(NONCE, "k2", SECONDS + 600, MESSAGE.ref.message_id, [])
    delivery.secret.newer = rotated

    delivery.run()

    assert delivery.secret.reads == 2
    assert delivery.carrier.handed[0].code == codes.derive(b"u" * 64, SUBJECT, NONCE)


def test_a_key_that_is_gone_makes_the_queue_try_later_and_claims_nothing() -> None:
    delivery = Delivery()
    delivery.code.live = LiveCode(NONCE, "k9", SECONDS + 600, MESSAGE.ref.message_id, [])

    with pytest.raises(Unavailable):
        delivery.run()

    assert (delivery.carrier.handed, delivery.state) == ([], State.QUEUED)


def test_a_refusal_that_may_pass_goes_back_to_the_queue() -> None:
    delivery = Delivery(carrier=FakeCarrier(CarrierError("Throttled", retryable=True)))

    with pytest.raises(RetryLater) as later:
        delivery.run()

    assert later.value.attempts == 1
    assert (delivery.state, delivery.reason) == (State.QUEUED, "Throttled")


def test_refusals_that_may_pass_end_after_five_attempts() -> None:
    delivery = Delivery(carrier=FakeCarrier(CarrierError("Throttled", retryable=True)))

    for attempt in range(1, MAX_ATTEMPTS):
        with pytest.raises(RetryLater) as later:
            delivery.run()
        assert later.value.attempts == attempt
    delivery.run()

    assert len(delivery.carrier.handed) == MAX_ATTEMPTS == 5
    assert delivery.state is State.CALL_FAILED


def test_a_message_refused_once_is_sent_by_the_next_attempt() -> None:
    delivery = Delivery(carrier=FakeCarrier(CarrierError("Throttled", retryable=True)))
    with pytest.raises(RetryLater):
        delivery.run()
    delivery.carrier.fails_with = None

    delivery.run()

    assert delivery.state is State.AWAITING_RECEIPT


def test_a_refusal_for_good_ends_the_message_at_once() -> None:
    delivery = Delivery(carrier=FakeCarrier(CarrierError("OptedOut", retryable=False)))

    delivery.run()

    assert (delivery.state, delivery.reason) == (State.CALL_FAILED, "OptedOut")


def test_an_unknown_outcome_is_unconfirmed_and_never_sent_again() -> None:
    delivery = Delivery(carrier=FakeCarrier(OutcomeUnknown("ReadTimeoutError")))

    delivery.run()
    delivery.run()

    assert len(delivery.carrier.handed) == 1
    assert (delivery.state, delivery.reason) == (State.UNCONFIRMED, "ReadTimeoutError")


def test_a_crash_of_the_carriers_own_code_is_not_sent_again_while_the_lease_lasts() -> None:
    delivery = Delivery(carrier=FakeCarrier(RuntimeError("a bug")))

    with pytest.raises(RuntimeError):
        delivery.run()
    message = delivery.messages.records[delivery.ref]
    delivery.messages.records[delivery.ref] = replace(message, lease_until=SECONDS + 30)
    delivery.run()

    assert len(delivery.carrier.handed) == 1
    assert delivery.state is State.SENDING


def test_a_redelivered_queue_message_sends_nothing() -> None:
    delivery = Delivery()

    delivery.run()
    delivery.run()

    assert len(delivery.carrier.handed) == 1


def test_a_reference_without_a_record_is_unknown() -> None:
    delivery = Delivery()
    delivery.ref = MessageRef(APP_ID, "20261122-3-00")

    with pytest.raises(UnknownMessage):
        delivery.run()


@pytest.mark.parametrize(
    "fails_with",
    [
        None,
        CarrierError("Throttled", retryable=False),
        OutcomeUnknown("ReadTimeoutError"),
    ],
)
def test_the_log_names_the_message_but_neither_number_nor_code(
    fails_with: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = Delivery(carrier=FakeCarrier(fails_with))

    with caplog.at_level(logging.INFO):
        delivery.run()

    (record,) = caplog.records
    assert record.__dict__["message_id"] == MESSAGE.ref.message_id
    logged = str(record.__dict__)
    assert CODE not in logged
    assert MESSAGE.phone[4:] not in logged
    assert "天东商城" not in logged


# --- More than one carrier --------------------------------------------------------------------


def refusing(reason: str = "down", *, name: str = "first", **what: bool) -> FakeCarrier:
    return FakeCarrier(CarrierError(reason, **{"retryable": False, **what}), name=name)


def test_a_message_that_one_carrier_refuses_is_taken_by_the_next() -> None:
    delivery = Delivery(MESSAGE, refusing(), FakeCarrier(name="second"))

    delivery.run()

    assert delivery.messages.events == ["claim", "ask next", "accepted"]
    assert (delivery.state, delivery.reason) == (State.AWAITING_RECEIPT, "second/carrier-1")
    assert [(one.carrier, one.outcome, one.reason) for one in delivery.messages.tries] == [
        ("first", "refused", "down"),
        ("second", "accepted", ""),
    ]


def test_each_carrier_is_asked_under_an_attempt_of_its_own() -> None:
    delivery = Delivery(MESSAGE, refusing(), FakeCarrier(name="second"))
    held: list[str | None] = []
    for carrier in delivery.routes.carriers:
        carrier.on_submit = lambda: held.append(delivery.messages.records[delivery.ref].attempt_id)

    delivery.run()

    assert len(set(held)) == 2


def test_an_unknown_outcome_is_not_tried_with_the_next_carrier() -> None:
    lost = FakeCarrier(OutcomeUnknown("ReadTimeoutError"), name="first")
    delivery = Delivery(MESSAGE, lost, FakeCarrier(name="second"))

    delivery.run()

    assert delivery.others[0].handed == []
    assert delivery.state is State.UNCONFIRMED


def test_a_bad_number_is_not_tried_with_the_next_carrier() -> None:
    delivery = Delivery(MESSAGE, refusing("NoSuch", bad_number=True), FakeCarrier(name="second"))

    delivery.run()

    assert delivery.others[0].handed == []
    assert (delivery.state, delivery.reason) == (State.CALL_FAILED, "NoSuch")


def test_a_message_that_all_refuse_is_tried_again_if_one_of_them_may_take_it_later() -> None:
    throttled = refusing("throttled", retryable=True)
    delivery = Delivery(MESSAGE, throttled, refusing(name="second"))

    with pytest.raises(RetryLater) as later:
        delivery.run()

    assert (delivery.state, later.value.attempts) == (State.QUEUED, 2)


def test_a_message_that_all_refuse_for_good_has_failed() -> None:
    delivery = Delivery(MESSAGE, refusing(), refusing("closed", name="second"))

    delivery.run()

    assert (delivery.state, delivery.reason) == (State.CALL_FAILED, "closed")


def test_no_more_calls_than_allowed_are_made_whatever_the_number_of_carriers() -> None:
    carriers = [refusing("throttled", name=f"c{n}", retryable=True) for n in range(3)]
    delivery = Delivery(MESSAGE, *carriers)

    with pytest.raises(RetryLater):
        delivery.run()
    delivery.run()

    assert sum(len(one.handed) for one in carriers) == MAX_ATTEMPTS
    assert delivery.state is State.CALL_FAILED


def test_without_time_for_another_call_the_message_goes_back_to_the_queue() -> None:
    delivery = Delivery(MESSAGE, refusing(), FakeCarrier(name="second"))
    delivery.routes.calls_left = 0

    with pytest.raises(RetryLater):
        delivery.run()

    assert (delivery.state, delivery.others[0].handed) == (State.QUEUED, [])


def test_a_message_that_somebody_took_over_between_two_carriers_is_left_to_them() -> None:
    delivery = Delivery(MESSAGE, refusing(), FakeCarrier(name="second"))
    delivery.messages.taken_over = True

    delivery.run()

    assert delivery.others[0].handed == []


@pytest.mark.parametrize("fault", [CredentialsInvalid("no key"), Unavailable()])
def test_a_carrier_that_cannot_be_opened_is_passed_over_and_told_of(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = Delivery(MESSAGE, FakeCarrier(name="first"), FakeCarrier(name="second"))
    opened = delivery.routes.open

    def open_carrier(name: str) -> FakeCarrier:
        if name == "first":
            raise fault
        return opened(name)

    monkeypatch.setattr(delivery.routes, "open", open_carrier)

    delivery.run()

    assert delivery.reason == "second/carrier-1"
    assert delivery.messages.tries[0].reason == "credentials unreadable"


def test_a_route_without_a_carrier_gives_the_message_back() -> None:
    delivery = Delivery()
    delivery.routes.carriers = []

    delivery.run()

    assert (delivery.state, delivery.reason) == (State.EXPIRED, "no carrier")


def test_what_the_carrier_is_not_to_blame_for_does_not_count_against_it() -> None:
    bad = refusing("NoSuch", bad_number=True)
    unmapped = FakeCarrier(CarrierError("no template", retryable=False, asked=False), name="b")
    down = refusing(name="c")

    for carrier in (bad, unmapped, down):
        delivery = Delivery(MESSAGE, carrier)
        delivery.run()
        assert [told.carrier for told in delivery.routes.counted] == (
            ["c"] if carrier is down else []
        )


def test_the_sender_of_a_hop_reaches_the_carrier() -> None:
    delivery = Delivery()
    routing = replace(delivery.routes.routing, hops=lambda _: [Hop("fake", 100, "ACME")])
    answer = ask(Hop("fake", 100, "ACME"), Handing(MESSAGE, OUTGOING, routing, now=lambda: NOW))

    assert answer.taken
    assert delivery.carrier.handed[0].sender == "ACME"


@pytest.mark.parametrize(
    ("wanted", "reports", "awaits"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_rescue_is_prepared_only_for_apps_that_want_it_and_carriers_that_report(
    wanted: bool, reports: bool, awaits: bool
) -> None:
    carrier = FakeCarrier(reports_within=timedelta(minutes=1) if reports else None)
    delivery = Delivery(replace(MESSAGE, rescue=wanted), carrier)

    delivery.run()

    assert delivery.routes.rescues == ([delivery.ref] if awaits else [])


# --- Marketing, at the moment of sending ------------------------------------------------------

ADVERT = new_message(new_send(kind=Kind.MARKETING), kind=Kind.MARKETING, template="Ad")
ADVERT = replace(ADVERT, template_version=1)


def advertising(verdict: Verdict, message: Message = ADVERT, text: str = "上新") -> Delivery:
    delivery = Delivery(message)
    delivery.texts["signet-demo-app", "Ad", 1] = text
    delivery.verdict = verdict
    return delivery


@pytest.mark.parametrize(
    ("stored", "sent"),
    [("上新", "上新 回复TD退订"), ("上新！回复TD退订", "上新！回复TD退订"), ("回T退订", "回T退订")],
)
def test_marketing_says_once_how_to_opt_out_whatever_was_stored(stored: str, sent: str) -> None:
    delivery = advertising(None, text=stored)

    delivery.run()

    (handed,) = delivery.carrier.handed
    assert handed.text == f"【示例商城】{sent}"
    assert delivery.state is State.AWAITING_RECEIPT


def test_marketing_that_the_rules_drop_ends_without_a_carrier_and_says_why() -> None:
    delivery = advertising(Drop("opted out"))

    delivery.run()

    assert (delivery.state, delivery.reason) == (State.EXPIRED, "opted out")
    assert delivery.carrier.handed == []


def test_marketing_outside_its_hours_is_held_and_its_queue_message_is_done() -> None:
    delivery = advertising(Hold(after(3_600)))

    delivery.run()

    record = delivery.messages.get(delivery.ref)
    assert (record.state, record.held_until) == (State.QUEUED, SECONDS + 3_600)
    assert delivery.messages.events == ["hold"]
    assert delivery.carrier.handed == []


@pytest.mark.parametrize(
    "message",
    [MESSAGE, replace(ADVERT, kind=Kind.NOTIFICATION), replace(ADVERT, state=State.DELIVERED)],
)
def test_what_is_not_marketing_or_not_to_be_sent_knows_no_such_rules(message: Message) -> None:
    delivery = advertising(Drop("opted out"), message)

    delivery.run()

    assert delivery.state in (State.AWAITING_RECEIPT, State.DELIVERED)


def test_marketing_that_is_too_late_is_not_held_any_more() -> None:
    delivery = advertising(Hold(after(3_600)), replace(ADVERT, expires_at=SECONDS))

    delivery.run()

    assert (delivery.state, delivery.reason) == (State.EXPIRED, "expired")
