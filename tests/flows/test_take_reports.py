"""What becomes of a carrier's callback: all of it, once, or nothing and again."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from signet.carriers import Callback, CallbackRefused, Receipt, Reply, Reports
from signet.errors import Unavailable
from signet.flows.take_reports import Stores, take
from signet.limits import Kind
from signet.messages import MessageRef
from signet.opt_outs import OptOut, Sent
from signet.store.messages import Heard, UnknownMessage
from tests.flows.fakes import FakeCarrier

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
REF = MessageRef("shop", "20261122-3-019a0c5f3c00112233445566778899aa")
PHONE = "+8618612345678"
DELIVERED = Receipt(delivered=True, reason="", ref=REF, at=SECONDS - 5)
CALL = Callback(
    url="https://sms.example/carriers/webhook/receipts",
    headers={"webhook-id": "1", "webhook-timestamp": str(SECONDS)},
    query={},
    body="{}",
    now=SECONDS,
)


@dataclass
class ReportingCarrier(FakeCarrier):
    """Reports what it is told to, or refuses every callback."""

    told: Reports = field(default_factory=Reports)
    refuses: bool = False

    def reports(self, callback: Callback) -> Reports:
        if self.refuses:
            raise CallbackRefused("wrong signature")
        return self.told


@dataclass
class World:
    """What callbacks read and change."""

    taken: set[str] = field(default_factory=set)
    remembered: dict[tuple[str, str], MessageRef] = field(default_factory=dict)
    known: set[MessageRef] = field(default_factory=lambda: {REF})
    reported: list[tuple[MessageRef, bool, str, int, str]] = field(default_factory=list)
    timed: list[Heard] = field(default_factory=list)
    campaign: str | None = None
    counted: list[tuple[MessageRef, str | None, bool]] = field(default_factory=list)
    opted_out: list[MessageRef] = field(default_factory=list)
    apps: tuple[str, ...] = ("shop", "other")
    sent: list[Sent] = field(default_factory=list)
    said: list[tuple[str | None, str, OptOut]] = field(default_factory=list)
    passed: list[tuple[str, str, str | None]] = field(default_factory=list)
    before_reporting: Callable[[], None] = lambda: None

    @property
    def stores(self) -> Stores:
        return Stores(
            was_taken=lambda digest, now: digest in self.taken,
            mark_taken=lambda digest, now: self.taken.add(digest),
            find=lambda carrier, name, now: self.remembered.get((carrier, name)),
            reported=self._report,
            timed=lambda heard, now: self.timed.append(heard),
            counted=lambda ref, heard, delivered, now: self.counted.append(
                (ref, heard.campaign, delivered)
            ),
            opted_out=lambda ref, now: self.opted_out.append(ref),
            app_ids=lambda named: [one for one in self.apps if named in (None, one)],
            sent_to=self._sent_to,
            record_reply=lambda app_id, phone, said: self.said.append((app_id, phone, said)),
            passed_on=self._pass_on,
        )

    def _report(
        self, ref: MessageRef, *, delivered: bool, reason: str, at: int, carrier: str
    ) -> Heard | None:
        self.before_reporting()
        if ref not in self.known:
            raise UnknownMessage(ref.message_id)
        is_new = not self.reported
        self.reported.append((ref, delivered, reason, at, carrier))
        return Heard(carrier, PHONE, SECONDS - 30, self.campaign) if is_new else None

    def _sent_to(
        self, phone: str, app_ids: Sequence[str], *, signatures: bool = False
    ) -> list[Sent]:
        found = [one for one in self.sent if phone == PHONE and one.app_id in app_ids]
        return found if signatures else [replace(one, signature_text="") for one in found]

    def _pass_on(
        self, app_id: str, reply: Reply, *, carrier: str, message_id: str | None, now: datetime
    ) -> None:
        self.passed.append((app_id, reply.text, message_id))


@pytest.fixture
def world() -> World:
    return World()


def call(
    world: World, *told: Receipt | Reply, name: str = "webhook", callback: Callback = CALL
) -> Reports:
    reports = Reports(
        receipts=tuple(one for one in told if isinstance(one, Receipt)),
        replies=tuple(one for one in told if isinstance(one, Reply)),
        answer="thanks",
    )
    return take(name, ReportingCarrier(told=reports), callback, world.stores, now=NOW)


def reply(text: str = "TD", **changes: Any) -> Reply:
    plain = Reply(phone=PHONE, text=text, reply_id="r1", at=SECONDS - 60)
    return replace(plain, **changes)


def sent(app_id: str, minutes_ago: int, kind: Kind = Kind.MARKETING, text: str = "") -> Sent:
    return Sent(app_id, f"{app_id}-message", SECONDS - 60 * minutes_ago, kind, text)


# --- proof, copies, failures ----------------------------------------------------------------


def test_a_callback_without_proof_changes_nothing(world: World) -> None:
    with pytest.raises(CallbackRefused):
        take("webhook", ReportingCarrier(refuses=True), CALL, world.stores, now=NOW)

    assert world == World()


def test_all_of_a_callback_is_applied_and_answered(world: World) -> None:
    assert call(world, DELIVERED).answer == "thanks"

    assert world.reported == [(REF, True, "", SECONDS - 5, "webhook")]
    assert world.timed == [Heard("webhook", PHONE, SECONDS - 30)]
    assert len(world.taken) == 1


def test_a_copy_is_refused_and_changes_nothing(world: World) -> None:
    call(world, DELIVERED, reply())
    before = (list(world.reported), list(world.said), set(world.taken))

    with pytest.raises(CallbackRefused, match="taken before"):
        call(world, DELIVERED, reply())

    assert (world.reported, world.said, world.taken) == before


@pytest.mark.parametrize(
    "altered",
    [
        replace(CALL, url="https://sms.example/carriers/webhook/replies"),
        replace(CALL, query={"x": "1"}),
        replace(CALL, headers={**CALL.headers, "x-forwarded-for": "192.0.2.1"}),
        replace(CALL, headers={**CALL.headers, "webhook-signature": "v1,a v1,b"}),
    ],
)
def test_a_copy_in_other_clothes_is_a_copy(world: World, altered: Callback) -> None:
    call(world, DELIVERED)

    with pytest.raises(CallbackRefused):
        call(world, DELIVERED, callback=altered)


@pytest.mark.parametrize(
    "same",
    [
        "MessageStatus=deliver%65d&MessageSid=SM1",
        "MessageSid=SM1&MessageStatus=delivered&MessageSid=SM1",
        "MessageSi=dSM1&MessageStatus=delivered",
    ],
)
def test_a_form_that_has_the_same_signature_is_a_copy(world: World, same: str) -> None:
    form = replace(CALL, body="MessageSid=SM1&MessageStatus=delivered", headers={})
    call(world, DELIVERED, name="twilio", callback=form)

    altered = replace(form, body=same, headers={"webhook-id": "2"})
    with pytest.raises(CallbackRefused):
        call(world, DELIVERED, name="twilio", callback=altered)


@pytest.mark.parametrize(
    "another",
    [
        replace(CALL, body='{"v":1}'),
        replace(CALL, headers={**CALL.headers, "webhook-id": "2"}),
        replace(CALL, headers={**CALL.headers, "webhook-timestamp": str(SECONDS + 1)}),
    ],
)
def test_another_call_is_taken(world: World, another: Callback) -> None:
    call(world, DELIVERED)
    call(world, DELIVERED, callback=another)

    assert len(world.reported) == 2


def test_the_same_call_of_another_carrier_is_taken(world: World) -> None:
    call(world, DELIVERED)
    call(world, DELIVERED, name="webhook-b")

    assert [carrier for *_, carrier in world.reported] == ["webhook", "webhook-b"]


@pytest.mark.parametrize("name", ["alibaba", "tencent", "end-user-messaging"])
def test_who_signs_nothing_gets_the_first_answer_again(world: World, name: str) -> None:
    assert call(world, DELIVERED, name=name).answer == "thanks"
    assert call(world, DELIVERED, name=name).answer == "thanks"

    assert len(world.reported) == 1


def test_a_retry_after_a_failure_half_way_is_served(world: World) -> None:
    def fail_at_the_second() -> None:
        if world.reported:
            world.before_reporting = lambda: None
            raise Unavailable

    second = replace(DELIVERED, delivered=False, reason="X1")
    world.before_reporting = fail_at_the_second
    with pytest.raises(Unavailable):
        call(world, DELIVERED, second)
    assert not world.taken

    call(world, DELIVERED, second)

    assert [delivered for _, delivered, *_ in world.reported] == [True, True, False]
    assert len(world.taken) == 1


# --- receipts ---------------------------------------------------------------------------------


def test_a_message_still_on_its_way_changes_nothing(world: World) -> None:
    call(world, replace(DELIVERED, delivered=None))

    assert (world.reported, world.timed) == ([], [])
    assert len(world.taken) == 1


def test_what_a_carrier_calls_the_message_leads_to_it(world: World) -> None:
    world.remembered["tencent", "sid"] = REF
    receipt = replace(DELIVERED, ref=None, carrier_message_id="sid")

    call(world, receipt, name="tencent")

    assert [ref for ref, *_ in world.reported] == [REF]


def test_a_receipt_that_overtook_the_answer_comes_again(world: World) -> None:
    receipt = replace(DELIVERED, ref=None, carrier_message_id="sid")
    with pytest.raises(Unavailable):
        call(world, receipt, DELIVERED, name="tencent")
    assert len(world.reported) == 1, "the others count"
    assert not world.taken

    world.remembered["tencent", "sid"] = REF
    call(world, receipt, DELIVERED, name="tencent")

    assert len(world.reported) == 3
    assert world.taken


@pytest.mark.parametrize(
    "unknown",
    [
        replace(DELIVERED, ref=MessageRef("shop", "nobody's")),
        replace(DELIVERED, ref=None, carrier_message_id="sid", at=SECONDS - 301),
    ],
)
def test_a_receipt_of_nothing_we_know_is_logged_and_taken(
    world: World, unknown: Receipt, caplog: pytest.LogCaptureFixture
) -> None:
    call(world, unknown, DELIVERED)

    assert [ref for ref, *_ in world.reported] == [REF]
    assert caplog.messages.count("receipt_of_unknown_message") == 1
    assert world.taken


@pytest.mark.parametrize("at", [None, 0, -5, SECONDS + 1, 10**15])
def test_a_time_that_cannot_be_is_now(world: World, at: int | None) -> None:
    call(world, replace(DELIVERED, at=at))

    assert [at for _, _, _, at, _ in world.reported] == [SECONDS]


# --- replies ----------------------------------------------------------------------------------


def test_a_word_puts_the_number_on_the_list_of_whom_it_answers(world: World) -> None:
    world.sent = [sent("other", 500), sent("shop", 10), sent("other", 1, Kind.VERIFICATION)]

    call(world, reply(" td "))

    said = OptOut(True, (SECONDS - 60) * 1000, "TD", "webhook", "r1", "shop-message")
    assert world.said == [("shop", PHONE, said)]
    assert world.passed == []


def test_another_takes_it_off(world: World) -> None:
    world.sent = [sent("shop", 10)]

    call(world, reply("Start"))

    ((app_id, _, said),) = world.said
    assert (app_id, said.is_out, said.word) == ("shop", False, "START")


def test_the_carrier_may_know_whom_it_is_for(world: World) -> None:
    world.sent = [sent("shop", 10)]

    call(world, reply(app_id="other"))

    ((app_id, _, said),) = world.said
    assert (app_id, said.message_id) == ("other", None)


def test_a_signature_says_whom_it_is_for(world: World) -> None:
    world.sent = [sent("shop", 1, text="天天商城"), sent("other", 90, text="示例商城")]

    call(world, reply(signature_text="示例商城"))

    assert [app_id for app_id, *_ in world.said] == ["other"]


@pytest.mark.parametrize("changes", [{"app_id": "gone"}, {"signature_text": "谁的"}, {}])
def test_a_refusal_to_nobody_knows_whom_is_not_lost(world: World, changes: dict[str, str]) -> None:
    if "signature_text" in changes:
        world.sent = [sent("shop", 1, text="天天商城")]

    call(world, reply(**changes))

    assert [app_id for app_id, *_ in world.said] == [None]


@pytest.mark.parametrize("text", ["HELP", "please stop", "多少钱？", ""])
def test_the_rest_is_passed_on(world: World, text: str) -> None:
    world.sent = [sent("shop", 10)]

    call(world, reply(text))

    assert world.said == []
    assert world.passed == [("shop", text, "shop-message")]


def test_a_question_to_nobody_is_logged_without_what_it_says(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        call(world, reply("多少钱？"))

    assert (world.said, world.passed) == ([], [])
    assert caplog.messages == ["reply_to_nobody"]
    logged = str([vars(record) for record in caplog.records])
    assert PHONE not in logged
    assert "多少钱" not in logged


def test_a_reply_without_a_time_was_written_now(world: World) -> None:
    call(world, reply(at=None))

    assert [said.at for *_, said in world.said] == [SECONDS * 1000]
