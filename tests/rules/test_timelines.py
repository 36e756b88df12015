"""Timelines: each way that a message can go, in words."""

from dataclasses import replace
from typing import Any

import pytest

from signet import carrier_steps, timelines
from signet.limits import Channel
from signet.messages import State
from signet.records import Record
from signet.routes import OUTSIDE
from signet.timelines import Happening
from signet.tries import Outcome, Try
from tests.rules.test_records import RECORD

START = RECORD.created_at
QUEUED = replace(
    RECORD,
    state=State.QUEUED,
    carrier=None,
    carrier_message_id=None,
    segments=2,
    price_micros=100_000,
)
CLAIMED = replace(QUEUED, state=State.SENDING, attempts=1, queued_at=START, claimed_at=START + 1)
SENT = replace(
    CLAIMED,
    state=State.AWAITING_RECEIPT,
    carrier="alibaba",
    carrier_message_id="9007^0",
    sent_at=START + 2,
)


def happenings(record: Record) -> list[str]:
    return [event.happening.value for event in timelines.of(record)]


def said(record: Record, happening: Happening) -> tuple[str, str]:
    (event,) = [event for event in timelines.of(record) if event.happening is happening]
    return event.zh, event.en


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (QUEUED, ["accepted"]),
        (CLAIMED, ["accepted", "queued", "claimed"]),
        (replace(QUEUED, held_until=START + 900), ["accepted", "held"]),
        (replace(CLAIMED, held_until=START + 900), ["accepted", "held", "queued", "claimed"]),
        (SENT, ["accepted", "queued", "claimed", "carrier"]),
        (
            replace(SENT, state=State.VERIFIED, verified_at=START + 60),
            ["accepted", "queued", "claimed", "carrier", "verified"],
        ),
        (
            replace(
                QUEUED, state=State.EXPIRED, reason="expired", ended_at=START + 600, refunded=True
            ),
            ["accepted", "expired", "refunded"],
        ),
        (
            replace(
                QUEUED,
                state=State.EXPIRED,
                reason="code used",
                verified_at=START + 60,
                ended_at=START + 61,
                refunded=True,
            ),
            ["accepted", "verified", "expired", "refunded"],
        ),
        (
            replace(
                CLAIMED,
                state=State.CALL_FAILED,
                reason="BLACKLIST",
                ended_at=START + 2,
                refunded=True,
            ),
            ["accepted", "queued", "claimed", "failed", "refunded"],
        ),
        (
            replace(CLAIMED, state=State.UNCONFIRMED, reason="sender lost", ended_at=START + 40),
            ["accepted", "queued", "claimed", "unconfirmed"],
        ),
        (
            replace(SENT, state=State.DELIVERED, ended_at=START + 9),
            ["accepted", "queued", "claimed", "carrier", "receipt"],
        ),
        (
            replace(SENT, state=State.UNDELIVERED, reason="MK:0001", ended_at=START + 9),
            ["accepted", "queued", "claimed", "carrier", "receipt"],
        ),
        (
            replace(SENT, ended_at=START + 1, reason="ReadTimeout"),
            ["accepted", "queued", "claimed", "unconfirmed", "carrier"],
        ),
        (
            replace(
                CLAIMED,
                state=State.VERIFIED,
                reason="ReadTimeout",
                ended_at=START + 3,
                verified_at=START + 60,
            ),
            ["accepted", "queued", "claimed", "unconfirmed", "verified"],
        ),
    ],
)
def test_what_happened_is_told_in_order(record: Record, expected: list[str]) -> None:
    assert happenings(record) == expected


def test_everything_in_one_second_is_told_in_the_order_of_a_message() -> None:
    record = replace(SENT, claimed_at=START, sent_at=START, verified_at=START, queued_at=START)

    assert happenings(record) == ["accepted", "queued", "claimed", "carrier", "verified"]


def test_a_step_is_shown_with_its_time_and_both_languages() -> None:
    first, *_ = timelines.of(QUEUED)

    assert first.shown == {
        "event": "accepted",
        "at": "2026-11-22T08:00:00Z",
        "detail": {
            "zh": "已受理，按 2 条计费，0.10 元",
            "en": "Accepted: 2 segments, 0.10 CNY.",
        },
    }


def test_the_carrier_and_its_own_id_are_named() -> None:
    assert said(SENT, Happening.CARRIER) == (
        "阿里云短信 已接收，编号 9007^0",
        "Taken by Alibaba Cloud SMS as 9007^0.",
    )


def test_a_carrier_that_is_not_known_goes_by_its_own_name() -> None:
    record = replace(SENT, carrier="pigeon", carrier_message_id="")

    assert said(record, Happening.CARRIER) == ("pigeon 已接收", "Taken by pigeon.")


def test_a_later_attempt_says_which_and_why_it_came_to_that() -> None:
    again = replace(CLAIMED, state=State.QUEUED, attempts=2, reason="Throttled")

    assert said(again, Happening.CLAIMED) == (
        "开始发送，第 2 次；通道暂时拒绝（Throttled），稍后再试",
        "A sender took it, attempt 2; the carrier refused for now (Throttled), "
        "it will be tried again.",
    )


@pytest.mark.parametrize(
    ("changes", "happening", "zh", "en"),
    [
        (
            {"state": State.EXPIRED, "reason": "code replaced"},
            Happening.EXPIRED,
            "未发送：已有更新的验证码",
            "Not sent: a newer code took its place.",
        ),
        (
            {"state": State.EXPIRED, "reason": "code used"},
            Happening.EXPIRED,
            "未发送：验证码已经用过",
            "Not sent: its code had been used.",
        ),
        (
            {"state": State.EXPIRED, "reason": "kept back"},
            Happening.EXPIRED,
            "未发送：没有账户能用这个验证码（安全模式照常应答）",
            "Not sent: no account could use its code (safe mode answers all the same).",
        ),
        (
            {"state": State.EXPIRED, "reason": "opted out"},
            Happening.EXPIRED,
            "未发送：收件人已退订营销短信",
            "Not sent: the number has opted out of marketing.",
        ),
        (
            {"state": State.QUEUED, "held_until": START + 57_600},
            Happening.HELD,
            "营销短信只在收件人当地的允许时段发送，等到北京时间 2026-11-23 08:00",
            "Marketing goes out only in its hours, where the recipient is: held until"
            " 2026-11-23 08:00 in Beijing.",
        ),
        (
            {"state": State.CALL_FAILED, "reason": "isv.BLACK_LIST"},
            Happening.FAILED,
            "通道拒绝：isv.BLACK_LIST",
            "Refused by the carrier: isv.BLACK_LIST.",
        ),
        (
            {"state": State.UNCONFIRMED, "reason": "sender lost"},
            Happening.UNCONFIRMED,
            "无法确认通道是否已发送（发送程序中断）；不会重发，照常计费",
            "Nobody knows whether the carrier sent it (the sender was interrupted); "
            "it is not sent again, and charged.",
        ),
        (
            {"state": State.UNDELIVERED, "reason": "MK:0001"},
            Happening.RECEIPT,
            "未送达：号码不存在或不能收短信（MK:0001）",
            "Not delivered: the number does not exist, or gets no SMS (MK:0001).",
        ),
        ({"state": State.DELIVERED}, Happening.RECEIPT, "已送达", "Delivered."),
    ],
)
def test_an_end_says_why(changes: dict[str, Any], happening: Happening, zh: str, en: str) -> None:
    record = replace(CLAIMED, ended_at=START + 5, **changes)

    assert said(record, happening) == (zh, en)


def test_a_refund_says_how_much() -> None:
    record = replace(QUEUED, state=State.EXPIRED, ended_at=START + 5, refunded=True)

    assert said(record, Happening.REFUNDED) == ("退回 0.10 元", "0.10 CNY refunded.")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0.00"),
        (50_000, "0.05"),
        (45_000, "0.045"),
        (1, "0.000001"),
        (1_050_000, "1.05"),
        (100_000_000, "100.00"),
        (-1_500_000, "-1.50"),
    ],
)
def test_an_amount_has_at_least_two_decimals(micros: int, text: str) -> None:
    assert timelines.yuan(micros) == text


# --- What each carrier answered ----------------------------------------------------------------

REFUSAL = Try("alibaba", Outcome.REFUSED, "isv.BUSINESS_LIMIT_CONTROL", START + 2, 310)
TAKEN = Try("tencent", Outcome.ACCEPTED, "", START + 3, 420)
LOST = Try("alibaba", Outcome.UNKNOWN, "ReadTimeout", START + 12, 10_000)
RESCUE = Try("twilio", Outcome.ACCEPTED, "", START + 30, 250, channel=Channel.VOICE, is_rescue=True)
BY_TENCENT = replace(SENT, carrier="tencent", carrier_message_id="s-1", sent_at=START + 3)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            replace(BY_TENCENT, tries=(REFUSAL, TAKEN)),
            [
                "阿里云短信 拒绝：触发频率限制（isv.BUSINESS_LIMIT_CONTROL），用时 0.31 秒；"
                "改由 腾讯云短信 发送",
                "腾讯云短信 已接收，编号 s-1，用时 0.42 秒",
            ],
        ),
        (
            replace(CLAIMED, state=State.QUEUED, tries=(REFUSAL,)),
            ["阿里云短信 拒绝：触发频率限制（isv.BUSINESS_LIMIT_CONTROL），用时 0.31 秒；稍后再试"],
        ),
        (
            replace(CLAIMED, tries=(REFUSAL, replace(REFUSAL, at=START + 9, reason="NEW"))),
            [
                "阿里云短信 拒绝：触发频率限制（isv.BUSINESS_LIMIT_CONTROL），用时 0.31 秒；"
                "稍后再试",
                "阿里云短信 拒绝：NEW，用时 0.31 秒",
            ],
        ),
        (
            replace(CLAIMED, state=State.UNCONFIRMED, reason="ReadTimeout", tries=(LOST,)),
            ["阿里云短信 没有明确答复（ReadTimeout），用时 10.00 秒；为避免重复，不再重发"],
        ),
        (
            replace(BY_TENCENT, tries=(TAKEN, RESCUE)),
            [
                "腾讯云短信 已接收，编号 s-1，用时 0.42 秒",
                "没有等到回执，补发同一内容：Twilio（语音电话） 已接收，用时 0.25 秒",
            ],
        ),
    ],
)
def test_every_try_is_told_in_order(record: Record, expected: list[str]) -> None:
    calls = {Happening.REFUSED, Happening.CARRIER, Happening.UNCONFIRMED}

    assert [one.zh for one in timelines.of(record) if one.happening in calls] == expected


def test_tries_are_told_in_english() -> None:
    record = replace(BY_TENCENT, tries=(REFUSAL, TAKEN))

    assert said(record, Happening.REFUSED)[1] == (
        "Alibaba Cloud SMS refused: too many messages in too short a time"
        " (isv.BUSINESS_LIMIT_CONTROL), in 0.31 s; sent by Tencent Cloud SMS instead."
    )
    assert said(record, Happening.CARRIER)[1] == "Tencent Cloud SMS took it as s-1, in 0.42 s."


def test_tries_of_one_second_keep_their_order() -> None:
    tries = (TAKEN, replace(REFUSAL, at=START + 3), replace(LOST, at=START + 3))

    assert happenings(replace(BY_TENCENT, tries=tries))[-3:] == [
        "carrier",
        "refused",
        "unconfirmed",
    ]


def test_an_end_by_refusals_is_told_once_as_such() -> None:
    failed = replace(
        CLAIMED,
        state=State.CALL_FAILED,
        reason="NEW",
        ended_at=START + 3,
        refunded=True,
        tries=(REFUSAL,),
    )

    assert happenings(failed) == [
        *("accepted", "queued", "claimed", "refused", "failed", "refunded"),
    ]
    assert said(failed, Happening.FAILED)[1] == "No carrier took it; it is given up."


def test_a_lost_sender_is_told_where_no_try_tells_it() -> None:
    lost = replace(CLAIMED, state=State.UNCONFIRMED, reason="sender lost", ended_at=START + 40)

    assert "发送程序中断" in said(replace(lost, tries=(REFUSAL,)), Happening.UNCONFIRMED)[0]


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        (
            {"state": State.DELIVERED, "report_reason": "DELIVRD"},
            "腾讯云短信 的回执：已送达（DELIVRD）",
            "Tencent Cloud SMS reports: delivered (DELIVRD).",
        ),
        (
            {"state": State.UNDELIVERED, "report_reason": "MK:0023"},
            "腾讯云短信 的回执：未送达：手机关机或不在服务区（MK:0023）",
            "Tencent Cloud SMS reports: not delivered: the phone is off or out of reach (MK:0023).",
        ),
        (
            {
                "state": State.VERIFIED,
                "report": State.UNDELIVERED,
                "report_reason": "UNDELIV",
                "report_carrier": "alibaba",
            },
            "阿里云短信 的回执：未送达：关机、停机、空号或无法接通（UNDELIV）",
            "Alibaba Cloud SMS reports: not delivered: the phone is off, suspended or unknown"
            " (UNDELIV).",
        ),
    ],
)
def test_a_receipt_is_told_with_whose_it_is(changes: dict[str, Any], zh: str, en: str) -> None:
    record = replace(
        BY_TENCENT, tries=(TAKEN,), reported_at=START + 8, ended_at=START + 8, **changes
    )

    assert said(record, Happening.RECEIPT) == (zh, en)
    assert "unconfirmed" not in happenings(record)


def test_without_prices_nothing_tells_of_money() -> None:
    record = replace(
        CLAIMED, state=State.CALL_FAILED, reason="x", ended_at=START + 3, refunded=True
    )
    told = timelines.of(record, with_price=False)

    assert told[0].zh == "已受理，2 条"
    assert Happening.REFUNDED not in [event.happening for event in told]
    assert not any("0.10" in event.zh + event.en for event in told)


# --- Carriers' steps --------------------------------------------------------------------------


def test_every_carrier_says_in_both_languages_what_it_needs() -> None:
    for carrier in carrier_steps.CARRIERS.values():
        assert carrier.needs
        assert all(set(words) == {"zh", "en"} and all(words.values()) for words in carrier.needs)


def test_the_carriers_of_the_china_regions_are_not_those_of_aws() -> None:
    assert set(carrier_steps.available("us-east-1")) == {
        "sns",
        "end-user-messaging",
        "alibaba",
        "tencent",
        "twilio",
        "webhook",
    }
    assert set(carrier_steps.available("cn-north-1")) == set(OUTSIDE)


@pytest.mark.parametrize(
    ("carrier", "name"),
    [
        ("twilio", "Twilio"),
        ("webhook", "your own gateway"),
        ("webhook-b", "your own gateway webhook-b"),
        ("webhook-", "webhook-"),
        ("retired", "retired"),
    ],
)
def test_each_gateway_of_ones_own_can_be_told_from_the_others(carrier: str, name: str) -> None:
    assert carrier_steps.name(carrier)["en"] == name


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("carrier", OUTSIDE)
def test_carriers_outside_aws_say_where_they_report(carrier: str, language: str) -> None:
    said = " ".join(words[language] for words in carrier_steps.CARRIERS[carrier].needs)

    assert f"/carriers/{carrier}/re" in said
    assert ("?key=" in said) is (carrier in ("alibaba", "tencent"))
