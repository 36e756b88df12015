"""Sending: every refusal before the accept, what it costs, and every turn after it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from signet import charges, marketing, messages, phones
from signet.apps import App, Cap, ReviewState, Signature, Switches, TestPhone, Use
from signet.charges import Charge
from signet.codes import LiveCode, Subject
from signet.credentials import Authority
from signet.edge.queue import QueueUnavailable
from signet.errors import (
    BadParameter,
    BalanceTooLow,
    CaptchaMissing,
    DailyCapReached,
    FeatureDisabled,
    InternationalDisabled,
    SignatureInvalid,
    SignatureNotVerified,
    SignetError,
    TemplateNotFound,
    TemplateNotRendered,
    TemplateNotVerified,
    TooFast,
    TooFrequent,
    Unavailable,
)
from signet.flows.send_message import Caller, Stores, send_message
from signet.limits import Channel, Kind, Limit
from signet.messages import Message
from signet.routes import Wanted
from signet.segments import Rule
from signet.send_requests import SendRequest
from signet.shield import Attempt, Lock, Step, Verdict
from signet.store.phones import AlreadyAccepted, CodeLives, NoLiveCode, NotPaid, Send
from signet.store.table import Joined
from signet.templates import Template
from signet.vendor_templates import Ours, VendorTemplate
from tests.conftest import DEMO_APP, WORLD
from tests.flows.fakes import FakeQueue, FakeShield
from tests.store.build import NOW, PHONE, PRICE, SECONDS, TODAY

LIVE = LiveCode(bytes(16), "k1", SECONDS + 400, "20261122-0-aa", guesses=[])
ABROAD = "+12015550123"
# With a name of so many characters, and one digit of minutes, the built-in text has 70.
SEVENTY = 70 - len("【示例商城】您正在使用服务，您的验证码是 000000，请在 1 分钟内完成验证。")


@dataclass
class FakePhones:
    """The accepting store: answers each accept in turn, and keeps what it accepted."""

    answers: list[Exception | None] = field(default_factory=list)
    accepted: list[tuple[Send, Message | None]] = field(default_factory=list)
    charges: list[Charge | None] = field(default_factory=list)
    kept_live: list[bool] = field(default_factory=list)
    sent_again: list[LiveCode] = field(default_factory=list)

    def accept(
        self,
        send: Send,
        message: Message | None,
        charge: Charge | None = None,
        *,
        keep_live: bool = False,
        joined: Joined | None = None,
    ) -> None:
        self.kept_live.append(keep_live)
        self._answer()
        self.accepted.append((send, message))
        self.charges.append(charge)

    def accept_again(
        self,
        send: Send,
        message: Message,
        charge: Charge | None,
        code: LiveCode,
        *,
        joined: Joined | None = None,
    ) -> None:
        self._answer()
        self.sent_again.append(code)
        self.accepted.append((send, message))
        self.charges.append(charge)

    def _answer(self) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer


@dataclass
class Sending:
    """One request and what it meets."""

    app: App = DEMO_APP
    phone: str = PHONE
    phones: FakePhones = field(default_factory=FakePhones)
    queue: FakeQueue = field(default_factory=FakeQueue)
    signatures: dict[str, Signature] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    vendor: VendorTemplate | None = None
    carrier: str | None = "alibaba"
    routed: list[Wanted] = field(default_factory=list)
    prices: dict[str, int] = field(default_factory=dict)
    payers: list[int | SignetError] = field(default_factory=list)
    authority: Authority = Authority.CLIENT
    abroad: Rule = Rule.GSM
    opens: datetime | None = None
    shield: FakeShield = field(default_factory=FakeShield)

    def run(self, **request: Any) -> None:
        stores = Stores(
            signature=lambda app_id, name: self.signatures.get(name),
            template=lambda app_id, name: self.templates.get(name),
            carrier=self._carrier,
            vendor_template=self._vendor_template,
            price_overrides=lambda: self.prices,
            accept=self.phones.accept,
            accept_again=self.phones.accept_again,
            find_payer=self._find_payer,
            enqueue=self.queue.enqueue,
            held=self._held,
            shield=self.shield.stores,
        )
        asked = replace(SendRequest(phones.parse(self.phone)), **request)
        caller = Caller(self.app, self.authority, "request-1", ("order-1", "digest"))
        send_message(asked, caller, stores, abroad=self.abroad, now=NOW)

    def _held(self, message: Message, now: datetime) -> Message:
        return marketing.held(message, self.opens) if self.opens else message

    def _carrier(self, wanted: Wanted) -> str | None:
        self.routed.append(wanted)
        return self.carrier

    def _vendor_template(self, app_id: str, ours: Ours) -> VendorTemplate | None:
        return self.vendor if ours.carrier == self.carrier else None

    def _find_payer(self, charge: Charge) -> Charge:
        found = self.payers.pop(0)
        if isinstance(found, SignetError):
            raise found
        return replace(charge, shard=found)

    @property
    def message(self) -> Message:
        (accepted,) = self.phones.accepted
        assert accepted[1] is not None
        return accepted[1]

    @property
    def charge(self) -> Charge:
        (charge,) = self.phones.charges
        assert charge is not None
        return charge


def test_an_accepted_message_is_recorded_then_queued() -> None:
    sending = Sending()

    sending.run()

    assert sending.queue.queued == [(sending.message.ref, Kind.VERIFICATION)]


def test_the_accept_is_told_all_that_recognises_the_request() -> None:
    sending = Sending()

    sending.run(ttl=timedelta(minutes=5))

    ((send, message),) = sending.phones.accepted
    assert send.subject == Subject(DEMO_APP.app_id, send.subject.purpose, PHONE)
    assert (send.request_id, send.idempotency) == ("request-1", ("order-1", "digest"))
    assert (send.now, send.expires_at) == (NOW, SECONDS + 300)
    assert [limit.name for limit in send.limits] == ["A", "B", "C"]
    assert message is not None
    assert message.nonce_tag == messages.nonce_tag(send.nonce or b"")


def test_a_message_remembers_what_its_text_is_made_of_but_neither_text_nor_code() -> None:
    sending = Sending()

    sending.run(name="天东商城", operation="付款", ttl=timedelta(minutes=5))

    message = sending.message
    assert message.variables == {
        "name": "天东商城",
        "op": "付款",
        "ttl": "5",
        "sign": "示例商城",
    }
    assert (message.signature, message.signature_text) == ("Signet", "示例商城")
    assert (message.created_at, message.expires_at) == (SECONDS, SECONDS + 300)
    assert message.segments == 1


def test_the_apps_name_stands_in_for_a_missing_one() -> None:
    sending = Sending()

    sending.run()

    assert sending.message.variables == {"name": "示例应用", "ttl": "10", "sign": "示例商城"}


def test_two_requests_never_draw_the_same_nonce() -> None:
    first, second = Sending(), Sending()

    first.run()
    second.run()

    assert first.phones.accepted[0][0].nonce != second.phones.accepted[0][0].nonce


@pytest.mark.parametrize(
    ("switches", "phone", "error"),
    [
        (Switches(sms=False), PHONE, FeatureDisabled),
        (Switches(generic_sms=False), PHONE, FeatureDisabled),
        (Switches(sms=False, generic_sms=False), PHONE, FeatureDisabled),
        (Switches(force_captcha=True), PHONE, CaptchaMissing),
        (Switches(), ABROAD, InternationalDisabled),
        (Switches(), "+85251234567", InternationalDisabled),
    ],
)
def test_a_switch_that_is_off_refuses_before_anything_is_counted(
    switches: Switches, phone: str, error: type[SignetError]
) -> None:
    sending = Sending(replace(DEMO_APP, switches=switches), phone)

    with pytest.raises(error):
        sending.run()

    assert sending.phones.accepted == []


def test_the_master_key_needs_no_captcha() -> None:
    sending = Sending(
        replace(DEMO_APP, switches=Switches(force_captcha=True)), authority=Authority.MASTER
    )

    sending.run()

    assert len(sending.queue.queued) == 1


def test_numbers_abroad_are_sent_to_when_the_switch_is_on() -> None:
    sending = Sending(replace(DEMO_APP, switches=Switches(international=True), guard=WORLD), ABROAD)

    sending.run()

    assert sending.message.phone == ABROAD


SECOND = Signature("LeanCloud", "天东商城", "s2")


def test_a_named_signature_is_used_with_limits_of_its_own() -> None:
    sending = Sending(signatures={"LeanCloud": SECOND})

    sending.run(sign="LeanCloud")

    assert (sending.message.signature, sending.message.signature_text) == ("LeanCloud", "天东商城")
    assert sending.phones.accepted[0][0].limits[1].register == "s2b"


def test_a_signature_for_marketing_stands_before_nothing_else() -> None:
    for_marketing = replace(SECOND, use=Use.MARKETING)
    sending = Sending(
        replace(DEMO_APP, default_signature=for_marketing), signatures={"LeanCloud": for_marketing}
    )

    for sign in (None, "LeanCloud"):
        with pytest.raises(SignatureNotVerified, match="marketing"):
            sending.run(sign=sign)

    assert sending.phones.accepted == []


def unapproved(state: ReviewState) -> Callable[[], Sending]:
    return lambda: Sending(signatures={"LeanCloud": replace(SECOND, state=state)})


@pytest.mark.parametrize(
    ("sending", "sign", "error"),
    [
        (lambda: Sending(), "LeanCloud", SignatureInvalid),
        (unapproved(ReviewState.DRAFT), "LeanCloud", SignatureNotVerified),
        (unapproved(ReviewState.PENDING), "LeanCloud", SignatureNotVerified),
        (unapproved(ReviewState.REJECTED), "LeanCloud", SignatureNotVerified),
        (lambda: Sending(replace(DEMO_APP, default_signature=None)), None, SignatureNotVerified),
        (
            lambda: Sending(
                replace(DEMO_APP, default_signature=replace(SECOND, state=ReviewState.PENDING))
            ),
            None,
            SignatureNotVerified,
        ),
    ],
    ids=["unknown", "draft", "pending", "rejected", "no default", "default not approved"],
)
def test_a_signature_that_may_not_be_used_refuses_before_anything_is_counted(
    sending: Callable[[], Sending], sign: str | None, error: type[SignetError]
) -> None:
    asked = sending()

    with pytest.raises(error):
        asked.run(sign=sign)

    assert asked.phones.accepted == []


def test_a_text_over_four_hundred_characters_refuses_before_anything_is_counted() -> None:
    sending = Sending()

    with pytest.raises(BadParameter, match="400"):
        sending.run(name="商" * 200, operation="付" * 200)

    assert sending.phones.accepted == []


def test_a_broken_limit_reaches_the_caller_and_queues_nothing() -> None:
    sending = Sending(phones=FakePhones([TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()

    assert sending.queue.queued == []


def test_a_repeated_request_is_answered_yes_and_queues_nothing() -> None:
    sending = Sending(phones=FakePhones([AlreadyAccepted()]))

    sending.run()

    assert sending.queue.queued == []


def test_a_queue_that_refuses_does_not_turn_a_recorded_send_into_a_failure() -> None:
    sending = Sending(queue=FakeQueue(QueueUnavailable()))

    sending.run()

    assert len(sending.phones.accepted) == 1


# --- Templates --------------------------------------------------------------------------------

ORDER = Template("Order_Notice", Kind.NOTIFICATION, "订单 {{order_id}} 已发货", 3)
LOGIN = Template(
    "Login", Kind.VERIFICATION, "{{name}} 验证码 {{code}}，{{ttl}} 分钟，{{{place}}}", 1
)
OPEN = replace(DEMO_APP, switches=Switches(bulk_needs_master_key=False))


def templated(template: Template, **changes: Any) -> Sending:
    """A request by the master key with that template at hand."""
    options = {"authority": Authority.MASTER, "templates": {template.name: template}, **changes}
    return Sending(**options)


def test_a_notification_is_recorded_without_a_code_and_goes_to_the_bulk_queue() -> None:
    sending = templated(ORDER)

    sending.run(template="Order_Notice", extras={"order_id": "7623432424540"})

    message = sending.message
    assert sending.queue.queued == [(message.ref, Kind.NOTIFICATION)]
    assert (message.template, message.template_version) == ("Order_Notice", 3)
    assert message.variables == {
        "order_id": "7623432424540",
        "name": "示例应用",
        "ttl": "10",
        "sign": "示例商城",
        "template": "Order_Notice",
    }
    assert (message.purpose, message.nonce_tag) == (None, None)
    assert message.expires_at == SECONDS + 12 * 3_600
    ((send, _),) = sending.phones.accepted
    assert send.nonce is None
    assert [limit.name for limit in send.limits] == ["A", "B", "D"]


ADVERT = Template("Order_Notice", Kind.MARKETING, "上新！", 3)
BRAND = replace(SECOND, name="brand", use=Use.MARKETING)
COMPANY = replace(DEMO_APP, company="天东公司")


def advertising(**changes: Any) -> Sending:
    """The same of a marketing template, by an app that may send it."""
    options = {"app": COMPANY, "signatures": {"brand": BRAND}, **changes}
    return templated(ADVERT, **options)


def test_marketing_in_its_hours_is_recorded_and_goes_to_the_bulk_queue() -> None:
    sending = advertising()

    sending.run(template="Order_Notice", sign="brand")

    message = sending.message
    assert sending.queue.queued == [(message.ref, Kind.MARKETING)]
    assert (message.kind, message.signature, message.held_until) == (Kind.MARKETING, "brand", None)
    assert (message.purpose, message.nonce_tag) == (None, None)


def test_marketing_outside_its_hours_is_paid_and_recorded_and_not_queued() -> None:
    sending = advertising(opens=NOW + timedelta(hours=9))

    sending.run(template="Order_Notice", sign="brand")

    message = sending.message
    assert message.held_until == SECONDS + 9 * 3_600
    assert message.expires_at == SECONDS + 21 * 3_600
    assert message.price > 0
    assert sending.queue.queued == []


def test_only_marketing_is_held() -> None:
    sending = templated(ORDER, opens=NOW + timedelta(hours=9))

    sending.run(template="Order_Notice", extras={"order_id": "1"})

    assert sending.message.held_until is None
    assert sending.queue.queued


@pytest.mark.parametrize(("cap", "counted"), [(None, None), (Cap(2, 7), Cap(2, 7).limit)])
def test_marketing_counts_within_the_apps_cap_and_all_other_limits(
    cap: Cap | None, counted: Limit | None
) -> None:
    sending = advertising(app=replace(COMPANY, marketing_cap=cap))

    sending.run(template="Order_Notice", sign="brand")

    ((send, _),) = sending.phones.accepted
    assert [limit.name for limit in send.limits] == ["A", "B", "D"]
    assert send.cap == counted


def test_a_notification_does_not_count_as_marketing() -> None:
    sending = templated(ORDER, app=replace(COMPANY, marketing_cap=Cap(1, 7)))

    sending.run(template="Order_Notice", extras={"order_id": "1"})

    ((send, _),) = sending.phones.accepted
    assert send.cap is None


def test_clients_send_no_marketing_where_bulk_needs_the_master_key() -> None:
    sending = advertising(authority=Authority.CLIENT)

    with pytest.raises(FeatureDisabled, match="marketing are sent with the master key"):
        sending.run(template="Order_Notice", sign="brand")


def test_marketing_to_a_test_phone_is_limited_and_not_recorded() -> None:
    cap = Cap(1, 1)
    app = replace(COMPANY, marketing_cap=cap, test_phone=TestPhone(PHONE, "246810"))
    sending = advertising(app=app, opens=NOW + timedelta(hours=9))

    sending.run(template="Order_Notice", sign="brand")

    ((send, message),) = sending.phones.accepted
    assert (send.cap, message) == (cap.limit, None)
    assert sending.queue.queued == []


def test_a_verification_by_a_template_has_a_code_like_any_other() -> None:
    sending = templated(LOGIN, authority=Authority.CLIENT)

    sending.run(template="Login", extras={"place": "上海"}, ttl=timedelta(minutes=5), name="天东")

    message = sending.message
    assert sending.queue.queued == [(message.ref, Kind.VERIFICATION)]
    assert (message.variables["name"], message.variables["ttl"]) == ("天东", "5")
    assert message.expires_at == SECONDS + 300
    ((send, _),) = sending.phones.accepted
    assert [limit.name for limit in send.limits] == ["A", "B", "C"]
    assert message.nonce_tag == messages.nonce_tag(send.nonce or b"")


def test_only_what_the_template_names_is_recorded() -> None:
    sending = templated(ORDER)

    sending.run(template="Order_Notice", extras={"order_id": "1", "secret": "x"}, operation="付款")

    assert not {"secret", "op"} & set(sending.message.variables)


def test_an_operation_is_a_variable_where_the_template_names_it() -> None:
    sending = templated(replace(ORDER, text="{{op}}"))

    sending.run(template="Order_Notice", operation="付款")

    assert sending.message.variables["op"] == "付款"


@pytest.mark.parametrize("name", ["code", "sign", "template", "name", "ttl"])
def test_what_the_service_fills_in_cannot_be_given_as_a_variable(name: str) -> None:
    """The parser never passes these on; if something else did, they would still not count."""
    sending = templated(replace(LOGIN, text="{{name}}{{ttl}}{{sign}}{{template}}{{code}}"))

    sending.run(template="Login", extras={name: "forged"})

    assert "forged" not in sending.message.variables.values()


APPROVED = {"Order_Notice": ORDER}


@pytest.mark.parametrize(
    ("sending", "error", "names"),
    [
        (templated(ORDER, templates={}), TemplateNotFound, "not found"),
        *(
            (
                templated(replace(ORDER, version=0, text="", state=state)),
                TemplateNotVerified,
                "not verified",
            )
            for state in set(ReviewState) - {ReviewState.APPROVED}
        ),
        (templated(replace(ORDER, kind=Kind.MARKETING)), FeatureDisabled, "company"),
        (
            templated(replace(ORDER, kind=Kind.MARKETING), app=replace(DEMO_APP, company="天东")),
            SignatureNotVerified,
            "Marketing needs a signature approved for it",
        ),
        (Sending(templates=APPROVED), FeatureDisabled, "master key"),
        (templated(replace(ORDER, text="{{a}}{{order_id}}")), TemplateNotRendered, "order_id"),
        (templated(replace(ORDER, text="{{#if a}}{{/if}}{{b}}")), TemplateNotRendered, "b"),
    ],
    ids=lambda value: value.name if isinstance(value, ReviewState) else None,
)
def test_a_template_that_cannot_be_sent_refuses_before_anything_is_counted(
    sending: Sending, error: type[SignetError], names: str
) -> None:
    with pytest.raises(error, match=names):
        sending.run(template="Order_Notice", extras={"a": "1"})

    assert sending.phones.accepted == []


def test_a_signature_is_needed_in_front_of_a_template_too() -> None:
    sending = templated(ORDER)

    with pytest.raises(SignatureInvalid):
        sending.run(template="Order_Notice", sign="nobody", extras={"order_id": "1"})


def test_a_client_may_send_notifications_where_the_app_opened_them() -> None:
    sending = Sending(OPEN, templates=APPROVED)

    sending.run(template="Order_Notice", extras={"order_id": "7623432424540"})

    assert len(sending.queue.queued) == 1


@pytest.mark.parametrize("value", ["https://evil.example", "123456", "商" * 21])
def test_what_a_client_gives_as_a_value_is_looked_at_and_named(value: str) -> None:
    sending = Sending(OPEN, templates=APPROVED)

    with pytest.raises(BadParameter, match="order_id"):
        sending.run(template="Order_Notice", extras={"order_id": value})

    sending.authority = Authority.MASTER
    sending.run(template="Order_Notice", extras={"order_id": value})


# --- Price ------------------------------------------------------------------------------------


def test_a_message_is_charged_by_its_segments_on_the_day_in_beijing() -> None:
    sending = Sending()

    sending.run()

    message = sending.message
    assert (message.segments, message.price) == (1, PRICE)
    assert sending.charge == Charge(DEMO_APP.app_id, PRICE, TODAY)


@pytest.mark.parametrize(
    ("beyond", "segments"), [(-30, 1), (0, 1), (1, 2), (64, 2), (65, 3), (131, 3), (132, 4)]
)
def test_a_long_text_is_counted_with_its_signature_and_charged_by_segments(
    beyond: int, segments: int
) -> None:
    sending = Sending()

    sending.run(name="商" * (SEVENTY + beyond), ttl=timedelta(minutes=1))

    assert (sending.message.segments, sending.message.price) == (segments, segments * PRICE)


@pytest.mark.parametrize(
    ("phone", "prices", "price"),
    [
        (ABROAD, {}, 1_050_000),
        ("+85251234567", {}, 700_000),
        (ABROAD, {"1": 7}, 7),
        (ABROAD, {"1201": 3, "1": 7}, 3),
        (PHONE, {"86": 0}, 0),
        (PHONE, {"1": 7}, PRICE),
    ],
)
def test_the_price_is_the_countrys_or_the_operators(
    phone: str, prices: dict[str, int], price: int
) -> None:
    abroad = replace(DEMO_APP, switches=Switches(international=True), guard=WORLD)
    sending = Sending(abroad, phone, prices=prices, abroad=Rule.LEANCLOUD)

    sending.run()

    assert sending.message.price == sending.charge.micros == price


@pytest.mark.parametrize(("rule", "segments"), [(Rule.GSM, 2), (Rule.LEANCLOUD, 1)])
def test_the_deployment_says_how_texts_abroad_are_counted(rule: Rule, segments: int) -> None:
    # Forty characters of two UCS-2 units each.
    emoji = replace(LOGIN, text="\N{GRINNING FACE}" * 40)
    abroad = replace(DEMO_APP, switches=Switches(international=True), guard=WORLD)
    sending = Sending(abroad, ABROAD, templates={"Login": emoji}, abroad=rule)

    sending.run(template="Login")

    assert sending.message.segments == segments


FRENCH = replace(
    LOGIN, text="“{{name}}” : n’hésitez pas, votre code est {{code}} — à bientôt, cœur…"
)
LONG = VendorTemplate("77", {"LeanCloud": "S"}, {}, "ê" * 140)
SENT = "[Signet]“Shop” : n’hésitez pas, votre code est 000000 — à bientôt, cœur…"


def in_french(*, plain: bool = True, phone: str = ABROAD, **options: Any) -> Sending:
    switches = Switches(international=True, plain_text_abroad=plain)
    signature = replace(SECOND, text="Signet")
    app = replace(DEMO_APP, switches=switches, guard=WORLD, default_signature=signature)
    return Sending(app, phone, templates={"Login": FRENCH}, **options)


def test_a_text_abroad_is_put_into_plain_characters_where_that_saves_a_segment() -> None:
    sending = in_french()

    sending.run(template="Login", name="Shop")

    message = sending.message
    assert len(SENT) in range(71, 161)
    assert (message.plain, message.segments, message.price) == (True, 1, 1_050_000)


@pytest.mark.parametrize(
    ("sending", "name", "segments"),
    [
        (in_french(plain=False), "Shop", 2),
        (in_french(phone=PHONE), "Shop", 2),
        (in_french(abroad=Rule.LEANCLOUD), "Shop", 2),
        (in_french(), "天天商店", 2),
        (in_french(carrier="tencent", vendor=LONG), "Shop", 3),
        (in_french(carrier="tencent", vendor=replace(LONG, text=None)), "Shop", 2),
        (in_french(carrier="tencent", vendor=None), "Shop", 2),
    ],
    ids=["switch", "mainland", "deployment", "no likes", "theirs", "not on file", "not mapped"],
)
def test_everything_else_goes_as_it_is(sending: Sending, name: str, segments: int) -> None:
    sending.run(template="Login", name=name)

    assert (sending.message.plain, sending.message.segments) == (False, segments)


def test_abroad_alibaba_sends_our_text_whatever_is_mapped() -> None:
    sending = in_french(carrier="alibaba", vendor=LONG)

    sending.run(template="Login", name="Shop")

    assert (sending.message.plain, sending.message.segments) == (True, 1)


def test_a_text_that_is_one_segment_anyway_goes_as_it_is() -> None:
    sending = in_french()
    sending.templates["Login"] = replace(FRENCH, text="“{{code}}”")

    sending.run(template="Login")

    assert (sending.message.plain, sending.message.segments) == (False, 1)


def test_a_number_without_a_price_is_refused_before_anything_is_counted() -> None:
    sending = Sending(
        replace(DEMO_APP, switches=Switches(international=True), guard=WORLD),
        "+37060112345",
        prices={},
    )

    with pytest.raises(BadParameter, match="370"):
        sending.run()

    assert sending.phones.accepted == []


def test_what_the_carrier_will_send_is_what_is_billed() -> None:
    theirs = VendorTemplate(
        "SMS_1", {"Signet": "示例"}, {"code": "code"}, "验证码${code}" + "，请勿泄露" * 20
    )
    sending = Sending(vendor=theirs)

    sending.run()

    assert (sending.message.segments, sending.message.price) == (2, 2 * PRICE)


def test_the_text_of_the_carrier_that_leads_the_route_is_billed() -> None:
    theirs = VendorTemplate("SMS_1", {"Signet": "示例"}, {"code": "code"}, "验证码" * 40)
    sending = Sending(vendor=theirs, carrier="webhook")

    sending.run()

    assert sending.message.segments == 1
    assert set(sending.routed) == {Wanted(DEMO_APP.app_id, PHONE, Kind.VERIFICATION)}


def test_a_call_costs_as_much_as_one_sms_whatever_its_text() -> None:
    long = VendorTemplate("SMS_1", {"Signet": "示例"}, {"code": "code"}, "验证码${code}" * 30)
    sending = Sending(vendor=long)

    sending.run(channel=Channel.VOICE)

    message = sending.message
    assert (message.channel, message.segments, message.price) == (Channel.VOICE, 1, PRICE)
    assert sending.queue.queued == [(message.ref, Kind.VERIFICATION)]
    ((send, _),) = sending.phones.accepted
    assert [limit.name for limit in send.limits] == ["A", "B", "C", "E", "E", "E"]


def test_a_call_that_no_carrier_can_make_is_refused_before_anything_is_counted() -> None:
    sending = Sending(carrier=None)

    with pytest.raises(BadParameter, match=r"No carrier of this server calls numbers of \+86"):
        sending.run(channel=Channel.VOICE)

    assert sending.phones.accepted == []


@pytest.mark.parametrize(
    "vendor",
    [
        VendorTemplate("SMS_1", {}, {"code": "code"}, "验证码${code}" * 30),
        VendorTemplate("SMS_1", {"Signet": "示例"}, {"code": "code"}, None),
    ],
    ids=["no signature mapping", "text not on file"],
)
def test_where_the_vendors_text_is_not_known_ours_is_billed(vendor: VendorTemplate) -> None:
    sending = Sending(vendor=vendor)

    sending.run()

    assert sending.message.price == PRICE


def test_a_template_that_cannot_be_rendered_is_refused_whatever_the_carrier_sends() -> None:
    sending = templated(ORDER)
    sending.vendor = VendorTemplate("SMS_1", {"Signet": "示例"}, {}, "已发货")

    with pytest.raises(TemplateNotRendered, match="order_id"):
        sending.run(template="Order_Notice")


# --- Paying -----------------------------------------------------------------------------------

FAST = replace(DEMO_APP, balance_shards=10, daily_cap_micros=7 * PRICE)


def test_each_message_is_first_charged_to_the_item_of_its_id() -> None:
    sending = Sending(FAST)

    sending.run()

    message_id = sending.message.ref.message_id
    assert sending.charge.shard == charges.first_choice(message_id, 10)
    assert sending.message.balance_shard == sending.charge.shard
    assert (sending.charge.shards, sending.charge.cap_micros) == (10, 7 * PRICE)


def test_an_item_that_is_short_sends_the_bill_to_another_which_the_record_names() -> None:
    sending = Sending(FAST, phones=FakePhones([NotPaid(), NotPaid()]), payers=[3, 5])

    sending.run()

    assert (sending.charge.shard, sending.message.balance_shard) == (5, 5)
    assert len(sending.queue.queued) == 1


@pytest.mark.parametrize("error", [BalanceTooLow(), DailyCapReached(), Unavailable(retry_after=1)])
def test_what_cannot_be_paid_is_refused_and_queues_nothing(error: SignetError) -> None:
    sending = Sending(phones=FakePhones([NotPaid()]), payers=[error])

    with pytest.raises(type(error)):
        sending.run()

    assert (sending.phones.accepted, sending.queue.queued) == ([], [])


def test_money_that_is_always_gone_when_one_comes_is_unavailable_in_the_end() -> None:
    sending = Sending(phones=FakePhones([NotPaid()] * 30), payers=[0] * 30)

    with pytest.raises(Unavailable) as unavailable:
        sending.run()

    assert unavailable.value.retry_after == 1


def test_a_limit_that_broke_while_the_money_was_looked_for_reaches_the_caller() -> None:
    sending = Sending(phones=FakePhones([NotPaid(), TooFast(retry_after=9)]), payers=[0])

    with pytest.raises(TooFast):
        sending.run()


# --- The test phone ---------------------------------------------------------------------------

WITH_TEST_PHONE = replace(DEMO_APP, test_phone=TestPhone(PHONE, "246810"))


def test_a_test_phone_is_counted_but_nothing_is_recorded_or_queued() -> None:
    sending = Sending(WITH_TEST_PHONE)

    sending.run()

    ((_, message),) = sending.phones.accepted
    assert message is None
    assert sending.phones.charges == [None]
    assert sending.queue.queued == []


def test_a_test_phone_is_limited_like_any_other() -> None:
    sending = Sending(WITH_TEST_PHONE, phones=FakePhones([TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()


def test_a_repeated_request_for_a_test_phone_is_answered_yes() -> None:
    Sending(WITH_TEST_PHONE, phones=FakePhones([AlreadyAccepted()])).run()


def test_other_numbers_of_an_app_with_a_test_phone_are_sent_to() -> None:
    sending = Sending(WITH_TEST_PHONE, "+8618612345679")

    sending.run()

    assert len(sending.queue.queued) == 1


# --- Sending the same code again --------------------------------------------------------------

RESENDS = replace(DEMO_APP, switches=Switches(resend_same_code=True))


@pytest.mark.parametrize(("app", "keeps"), [(DEMO_APP, False), (RESENDS, True)])
def test_a_live_code_is_kept_only_where_the_app_wants_it(app: App, keeps: bool) -> None:
    sending = Sending(app)

    sending.run()

    assert sending.phones.kept_live == [keeps]


def test_a_live_code_is_sent_again_with_its_own_expiry_and_the_minutes_left() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE)]))

    sending.run(ttl=timedelta(minutes=30))

    message = sending.message
    assert sending.phones.sent_again == [LIVE]
    assert (message.expires_at, message.variables["ttl"]) == (SECONDS + 400, "6")
    assert message.nonce_tag == messages.nonce_tag(LIVE.nonce)
    assert sending.queue.queued == [(message.ref, Kind.VERIFICATION)]


def test_a_live_code_that_is_not_paid_at_first_is_still_sent_again() -> None:
    answers: list[Exception | None] = [CodeLives(LIVE), NotPaid(), None]
    sending = Sending(RESENDS, phones=FakePhones(answers), payers=[0])

    sending.run()

    assert sending.phones.sent_again == [LIVE]


@pytest.mark.parametrize(("left", "segments"), [(599, 1), (600, 2)])
def test_a_live_code_sent_again_is_priced_with_the_minutes_it_names(
    left: int, segments: int
) -> None:
    living = replace(LIVE, expires_at=SECONDS + left)
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(living)]))

    sending.run(ttl=timedelta(minutes=1), name="商" * SEVENTY)

    assert (sending.message.segments, sending.charge.micros) == (segments, segments * PRICE)


def test_a_new_code_after_all_has_the_price_of_its_own_minutes() -> None:
    living = replace(LIVE, expires_at=SECONDS + 600)
    answers: list[Exception | None] = [CodeLives(living), NoLiveCode(None), None]
    sending = Sending(RESENDS, phones=FakePhones(answers))

    sending.run(ttl=timedelta(minutes=1), name="商" * SEVENTY)

    assert (sending.message.segments, sending.charge.micros) == (1, PRICE)


def test_a_notification_looks_for_no_live_code() -> None:
    resends = replace(RESENDS, switches=replace(RESENDS.switches, bulk_needs_master_key=False))
    sending = Sending(resends, templates=APPROVED)

    sending.run(template="Order_Notice", extras={"order_id": "1"})

    assert sending.phones.kept_live == [False]


def test_a_code_replaced_meanwhile_makes_a_new_one() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(None), None]))

    sending.run()

    assert sending.phones.sent_again == []
    assert sending.message.expires_at == SECONDS + 600
    assert len(sending.queue.queued) == 1


def test_another_live_code_meanwhile_is_the_one_sent_again() -> None:
    other = replace(LIVE, nonce=bytes(range(16)))
    sending = Sending(
        RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(other), CodeLives(other)])
    )

    sending.run()

    assert sending.phones.sent_again == [other]


def test_a_copy_of_a_request_to_send_again_is_answered_yes() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), AlreadyAccepted()]))

    sending.run()

    assert sending.queue.queued == []


def test_a_limit_broken_meanwhile_reaches_the_caller() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()


def test_a_code_that_keeps_changing_ends_somewhere() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(None)] * 30))

    with pytest.raises(Unavailable):
        sending.run()

    assert sending.queue.queued == []


# --- The shield -------------------------------------------------------------------------------

LOCK = Lock("c86", Step.REFUSE, "share", 31, 2, 20, 600, SECONDS - 60, SECONDS + 540)


def test_an_accepted_send_is_counted_where_its_mark_says() -> None:
    sending = Sending()

    sending.run()

    ((attempt, allowed),) = sending.shield.asked
    assert attempt == Attempt(PHONE, None, verifies=True, solved=False)
    assert allowed == ()
    assert sending.phones.accepted[0][0].mark == "1"
    assert sending.shield.counted == [["a", "c86"]]
    assert sending.shield.flushes == 1


def test_a_refused_send_is_not_counted() -> None:
    sending = Sending(phones=FakePhones([TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()
    assert sending.shield.counted == []


def test_what_is_refused_by_the_shield_reaches_no_store() -> None:
    shield = FakeShield(Verdict(Step.REFUSE, LOCK, retry_after=540), enforces=True)
    sending = Sending(shield=shield)

    with pytest.raises(TooFrequent) as refused:
        sending.run()
    assert refused.value.retry_after == 540
    assert sending.phones.accepted == []
    assert sending.queue.queued == []
    (made,) = shield.decisions
    assert (made.enforced, made.step, made.rule, made.price_micros) == (
        True,
        Step.REFUSE,
        "share",
        PRICE,
    )


def test_while_it_is_only_observed_it_is_recorded_and_sent() -> None:
    shield = FakeShield(Verdict(Step.REFUSE, LOCK, retry_after=540))
    sending = Sending(shield=shield)

    sending.run()

    assert [send.mark for send, _ in sending.phones.accepted] == [""]
    assert shield.counted == [[]]
    assert [made.enforced for made in shield.decisions] == [False]


def test_a_test_phone_is_nobodys_business() -> None:
    sending = Sending(WITH_TEST_PHONE)

    sending.run()

    assert sending.shield.asked == []
