"""Timelines: what became of a message, step by step, in words for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from signet import carrier_steps
from signet.messages import State
from signet.records import Record, iso

_MICROS = 1_000_000


class Happening(StrEnum):
    """A step of a message, in the order in which steps of one second follow each other."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    CLAIMED = "claimed"
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
    "sender lost": ("发送程序中断", "the sender was interrupted"),
}
_ORDER = list(Happening)


def of(record: Record) -> list[Event]:
    """What is known to have happened to the message, in order."""
    return sorted(_events(record), key=lambda event: (event.at, _ORDER.index(event.happening)))


def yuan(micros: int) -> str:
    """An amount for people: at least two decimals, and no more than it takes."""
    whole, rest = divmod(abs(micros), _MICROS)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{f'{rest:06d}'.rstrip('0'):0<2}"


def _events(record: Record) -> Iterator[Event]:
    yield _accepted(record)
    if record.queued_at:
        yield Event(Happening.QUEUED, record.queued_at, "进入发送队列", "Queued.")
    if record.claimed_at:
        yield _claimed(record, record.claimed_at)
    if record.sent_at:
        yield _taken(record, record.sent_at)
    if record.ended_at:
        yield _ended(record, record.ended_at)
        if record.refunded:
            amount = yuan(record.price_micros)
            yield Event(
                Happening.REFUNDED, record.ended_at, f"退回 {amount} 元", f"{amount} CNY refunded."
            )
    if record.verified_at:
        yield Event(Happening.VERIFIED, record.verified_at, "验证码已使用", "The code was used.")


def _accepted(record: Record) -> Event:
    amount, count = yuan(record.price_micros), record.segments
    return Event(
        Happening.ACCEPTED,
        record.created_at,
        f"已受理，按 {count} 条计费，{amount} 元",
        f"Accepted: {count} segment{'' if count == 1 else 's'}, {amount} CNY.",
    )


def _claimed(record: Record, at: int) -> Event:
    zh, en = "开始发送", "A sender took it"
    if record.attempts > 1:
        zh, en = f"{zh}，第 {record.attempts} 次", f"{en}, attempt {record.attempts}"
    if record.state is State.QUEUED and record.reason:
        zh = f"{zh}；通道暂时拒绝（{record.reason}），稍后再试"
        en = f"{en}; the carrier refused for now ({record.reason}), it will be tried again"
    return Event(Happening.CLAIMED, at, zh, f"{en}.")


def _taken(record: Record, at: int) -> Event:
    name = carrier_steps.name(record.carrier or "")
    vendor_id = record.carrier_message_id
    return Event(
        Happening.CARRIER,
        at,
        f"{name['zh']} 已接收" + (f"，编号 {vendor_id}" if vendor_id else ""),
        f"Taken by {name['en']}" + (f" as {vendor_id}." if vendor_id else "."),
    )


def _ended(record: Record, at: int) -> Event:
    # A state moves on from these when the answer comes late or the code is used after all.
    happening = _ENDS.get(
        record.state, Happening.FAILED if record.refunded else Happening.UNCONFIRMED
    )
    zh, en = _sentences(record, happening)
    return Event(happening, at, zh, en)


def _sentences(record: Record, happening: Happening) -> tuple[str, str]:
    reason = record.reason or "-"
    zh, en = _REASONS.get(reason, (reason, reason))
    if happening is Happening.EXPIRED:
        return f"未发送：{zh}", f"Not sent: {en}."
    if happening is Happening.FAILED:
        return f"通道拒绝：{zh}", f"Refused by the carrier: {en}."
    if happening is Happening.UNCONFIRMED:
        return (
            f"无法确认通道是否已发送（{zh}）；不会重发，照常计费",
            f"Nobody knows whether the carrier sent it ({en}); it is not sent again, and charged.",
        )
    if record.state is State.DELIVERED:
        return "已送达", "Delivered."
    return f"未送达：{zh}", f"Not delivered: {en}."
