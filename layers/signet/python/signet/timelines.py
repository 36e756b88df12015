"""Timelines: what became of a message, step by step, in words for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signet import carrier_steps, causes, days
from signet.limits import Channel
from signet.messages import State
from signet.records import Record, iso
from signet.tries import Outcome, Try

_MICROS = 1_000_000


class Happening(StrEnum):
    """A step of a message, in the order in which steps of one second follow each other."""

    ACCEPTED = "accepted"
    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    REFUSED = "refused"
    CARRIER = "carrier"
    RECEIPT = "receipt"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Event:
    """One step, when it was (epoch seconds), and what to say of it."""

    happening: Happening
    at: int
    zh: str
    en: str

    @property
    def shown(self) -> dict[str, object]:
        """The step as JSON has it."""
        return {
            "event": self.happening.value,
            "at": iso(self.at),
            "detail": {"zh": self.zh, "en": self.en},
        }


_ENDS = {
    State.EXPIRED: Happening.EXPIRED,
    State.CALL_FAILED: Happening.FAILED,
    State.UNCONFIRMED: Happening.UNCONFIRMED,
    State.DELIVERED: Happening.RECEIPT,
    State.UNDELIVERED: Happening.RECEIPT,
}
_TRIES = {
    Outcome.ACCEPTED: Happening.CARRIER,
    Outcome.REFUSED: Happening.REFUSED,
    Outcome.UNKNOWN: Happening.UNCONFIRMED,
}
# The reasons that are ours; all others are a carrier's own codes.
_REASONS = {
    "expired": ("等待太久，已经没有用处", "it waited until it was of no use"),
    "code expired": ("验证码已过期", "its code had expired"),
    "code replaced": ("已有更新的验证码", "a newer code took its place"),
    "code used": ("验证码已经用过", "its code had been used"),
    "kept back": (
        "没有账户能用这个验证码（安全模式照常应答）",
        "no account could use its code (safe mode answers all the same)",
    ),
    "opted out": ("收件人已退订营销短信", "the number has opted out of marketing"),
    "no company": (
        "应用没有填写公司，不能发营销短信",
        "the app names no company, which marketing needs",
    ),
    "sms off": ("应用的短信服务已关闭", "the app's SMS service is off"),
    "sender lost": ("发送程序中断", "the sender was interrupted"),
    # `signet.shares` says this in the place of a reason that is not for everybody.
    "withheld": (
        "应用的负责人在控制台能看到原因",
        "those who run the app see why in the console",
    ),
}
# Steps of one second follow each other in this order; calls of carriers in their own.
_ORDER = list(Happening)
_CALLS = frozenset(_TRIES.values())


def of(record: Record, *, with_price: bool = True) -> list[Event]:
    """What is known to have happened to the message, in order; of money only `with_price`."""
    return sorted(_events(record, with_price), key=_place)


def yuan(micros: int) -> str:
    """An amount for people: at least two decimals, and no more than it takes."""
    whole, rest = divmod(abs(micros), _MICROS)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{f'{rest:06d}'.rstrip('0'):0<2}"


def _place(event: Event) -> tuple[int, int]:
    happening = Happening.CARRIER if event.happening in _CALLS else event.happening
    return event.at, _ORDER.index(happening)


def _events(record: Record, with_price: bool) -> Iterator[Event]:
    yield _accepted(record, with_price)
    if record.held_until:
        yield _held(record, record.held_until)
    if record.queued_at:
        yield Event(Happening.QUEUED, record.queued_at, "进入发送队列", "Queued.")
    if record.claimed_at:
        yield _claimed(record, record.claimed_at)
    yield from _answers(record)
    if record.reported_at:
        yield _reported(record, record.reported_at)
    if record.ended_at and not _is_told(record):
        yield _ended(record, record.ended_at)
    if record.ended_at and record.refunded and with_price:
        amount = yuan(record.price_micros)
        yield Event(
            Happening.REFUNDED, record.ended_at, f"退回 {amount} 元", f"{amount} CNY refunded."
        )
    if record.verified_at:
        yield Event(Happening.VERIFIED, record.verified_at, "验证码已使用", "The code was used.")


def _accepted(record: Record, with_price: bool) -> Event:
    count = record.segments
    zh, en = f"已受理，{count} 条", f"Accepted: {count} segment{'' if count == 1 else 's'}"
    if with_price:
        amount = yuan(record.price_micros)
        zh, en = f"已受理，按 {count} 条计费，{amount} 元", f"{en}, {amount} CNY"
    return Event(Happening.ACCEPTED, record.created_at, zh, f"{en}.")


def _held(record: Record, until: int) -> Event:
    """That it waits for its hours, which may have ended once more since it was accepted."""
    opens = f"{datetime.fromtimestamp(until, days.ZONE):%Y-%m-%d %H:%M}"
    return Event(
        Happening.HELD,
        record.created_at,
        f"营销短信只在收件人当地的允许时段发送，等到北京时间 {opens}",
        f"Marketing goes out only in its hours, where the recipient is: held until {opens} in"
        " Beijing.",
    )


def _claimed(record: Record, at: int) -> Event:
    zh, en = "开始发送", "A sender took it"
    if record.attempts > 1 and not record.tries:
        zh, en = f"{zh}，第 {record.attempts} 次", f"{en}, attempt {record.attempts}"
    if record.state is State.QUEUED and record.reason and not record.tries:
        zh = f"{zh}；通道暂时拒绝（{record.reason}），稍后再试"
        en = f"{en}; the carrier refused for now ({record.reason}), it will be tried again"
    return Event(Happening.CLAIMED, at, zh, f"{en}.")


def _answers(record: Record) -> Iterator[Event]:
    """What the carriers answered; records without tries know only of the one that took it."""
    for number, one in enumerate(record.tries):
        following = record.tries[number + 1] if number + 1 < len(record.tries) else None
        zh, en = _answer(record, one)
        then_zh, then_en = _then(record, one, following)
        yield Event(_TRIES[one.outcome], one.at, f"{zh}{then_zh}", f"{en}{then_en}.")
    if record.sent_at and not record.tries:
        yield _taken(record, record.sent_at)


def _answer(record: Record, one: Try) -> tuple[str, str]:
    zh, en = _caller(one)
    took = f"{one.milliseconds / 1000:.2f}"
    if one.outcome is Outcome.ACCEPTED:
        known = record.carrier_message_id if one.carrier == record.carrier else None
        zh_id, en_id = (f"，编号 {known}", f" as {known}") if known else ("", "")
        return f"{zh} 已接收{zh_id}，用时 {took} 秒", f"{en} took it{en_id}, in {took} s"
    if one.outcome is Outcome.UNKNOWN:
        return (
            f"{zh} 没有明确答复（{one.reason}），用时 {took} 秒",
            f"{en} gave no clear answer ({one.reason}) in {took} s",
        )
    why_zh, why_en = causes.words(one.carrier, one.reason)
    return f"{zh} 拒绝：{why_zh}，用时 {took} 秒", f"{en} refused: {why_en}, in {took} s"


def _caller(one: Try) -> tuple[str, str]:
    """The carrier, with what is special about the call."""
    name = carrier_steps.name(one.carrier)
    zh, en = name["zh"], name["en"]
    if one.channel is Channel.VOICE:
        zh, en = f"{zh}（语音电话）", f"{en} (by voice)"
    if one.is_rescue:
        zh = f"没有等到回执，补发同一内容：{zh}"
        en = f"No receipt came, so the same was sent once more: {en}"
    return zh, en


def _then(record: Record, one: Try, following: Try | None) -> tuple[str, str]:
    """What the answer led to."""
    if one.outcome is Outcome.UNKNOWN and following is None:
        return "；为避免重复，不再重发", "; so that nobody gets it twice, it is not sent again"
    if one.outcome is not Outcome.REFUSED or one.is_rescue:
        return "", ""
    if following is None:
        waits = record.state is State.QUEUED
        return ("；稍后再试", "; it will be tried again") if waits else ("", "")
    if following.carrier == one.carrier:
        return "；稍后再试", "; tried again later"
    name = carrier_steps.name(following.carrier)
    return f"；改由 {name['zh']} 发送", f"; sent by {name['en']} instead"


def _taken(record: Record, at: int) -> Event:
    name = carrier_steps.name(record.carrier or "")
    vendor_id = record.carrier_message_id
    return Event(
        Happening.CARRIER,
        at,
        f"{name['zh']} 已接收" + (f"，编号 {vendor_id}" if vendor_id else ""),
        f"Taken by {name['en']}" + (f" as {vendor_id}." if vendor_id else "."),
    )


def _reported(record: Record, at: int) -> Event:
    """The receipt, which may also come after the code was used."""
    carrier = record.report_carrier or record.carrier
    name = carrier_steps.name(carrier or "")
    reason = record.report_reason or "-"
    zh, en = f"已送达（{reason}）", f"delivered ({reason})"
    if (record.report or record.state) is State.UNDELIVERED:
        why_zh, why_en = causes.words(carrier, reason)
        zh, en = f"未送达：{why_zh}", f"not delivered: {why_en}"
    return Event(
        Happening.RECEIPT, at, f"{name['zh']} 的回执：{zh}", f"{name['en']} reports: {en}."
    )


def _is_told(record: Record) -> bool:
    """Whether how it ended stands in the timeline already, as a receipt or a try."""
    if record.refunded or record.state is State.EXPIRED:
        return False
    is_unknown = any(one.outcome is Outcome.UNKNOWN for one in record.tries)
    return is_unknown or record.reported_at is not None


def _ended(record: Record, at: int) -> Event:
    # A state moves on from these when the answer comes late or the code is used after all.
    happening = _ENDS.get(
        record.state, Happening.FAILED if record.refunded else Happening.UNCONFIRMED
    )
    zh, en = _sentences(record, happening)
    return Event(happening, at, zh, en)


def _sentences(record: Record, happening: Happening) -> tuple[str, str]:
    reason = record.reason or "-"
    zh, en = _REASONS.get(reason) or causes.words(record.carrier, reason)
    if happening is Happening.EXPIRED:
        return f"未发送：{zh}", f"Not sent: {en}."
    if happening is Happening.FAILED:
        if record.tries:
            return "没有通道接收，不再尝试", "No carrier took it; it is given up."
        return f"通道拒绝：{zh}", f"Refused by the carrier: {en}."
    if happening is Happening.UNCONFIRMED:
        return (
            f"无法确认通道是否已发送（{zh}）；不会重发，照常计费",
            f"Nobody knows whether the carrier sent it ({en}); it is not sent again, and charged.",
        )
    if record.state is State.DELIVERED:
        return "已送达", "Delivered."
    return f"未送达：{zh}", f"Not delivered: {en}."
