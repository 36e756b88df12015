"""Advice: what to do about a message as it stands, in words for people.

For those who look after an app and for its support staff; nothing in it names a person, a price
or a text. What a code means is `signet.causes`.
"""

from collections.abc import Mapping
from datetime import timedelta

from signet import carrier_steps, causes, routes
from signet.carrier_steps import Words
from signet.causes import Cause
from signet.limits import Channel
from signet.messages import State
from signet.records import Record

# How soon receipts of each carrier usually come, where they are set up; None: it never reports.
# The carriers say so of themselves in `reports_within`, but know what senders alone may read.
REPORTS_WITHIN: Mapping[str, timedelta | None] = {
    "sns": None,
    "end-user-messaging": timedelta(minutes=1),
    "alibaba": timedelta(minutes=1),
    "tencent": timedelta(minutes=1),
    "twilio": timedelta(minutes=1),
    "webhook": timedelta(minutes=1),
}
# A message that waits for longer than this waits for something that is broken.
_STUCK_AFTER = 60


def _words(zh: str, en: str) -> Words:
    return {"zh": zh, "en": en}


_ASK_AGAIN = _words(
    "60 秒后重新获取验证码；以最新收到的验证码为准。",
    "Ask for a new code after 60 seconds; the newest code counts.",
)
_SEND_AGAIN = _words("确有需要时再发送一次。", "Send it again if it is still needed.")
_CHECK_NUMBER = _words(
    "请用户核对号码，特别是国家区号；换一个能收短信的号码。",
    "Have the person check the number, the country code too, or give another that gets SMS.",
)
_VOICE = _words(
    "短信收不到时，可以改用语音验证码（如果应用已支持）。",
    "Where SMS do not arrive, offer the code by voice if the app can.",
)
_LOOK_AT_PHONE = _words(
    "请用户查看手机的垃圾短信和骚扰拦截记录，以及安全软件的拦截箱。",
    "Have the person look into the phone's spam folder, and at what it or an app has blocked.",
)
_DUAL_SIM = _words(
    "双卡手机请确认收短信的是这个号码的卡，并且插在这台手机里。",
    "On a phone with two SIMs, check that the one of this number is in it and switched on.",
)
_ANSWER = _words(
    "请用户接听来电，并查看是否被骚扰拦截。",
    "Have the person answer the call, and see whether the phone rejects it.",
)
_RESTART = _words(
    "请用户确认手机有信号、未停机，关闭飞行模式，或重启手机后再试。",
    "Have the person check reception and service, end flight mode or restart the phone.",
)
_ASK_CARRIER = _words(
    "仍收不到时，凭通道编号和发送时间向通道查询。",
    "If nothing arrives, ask the carrier, with its id of the message and the time.",
)
_OPERATOR = _words(
    "运营者：查看告警和发送队列（docs/operations.md）。",
    "Operators: look at the alarms and the senders' queue (docs/operations.md).",
)
_MAP = _words(
    "运营者：在控制台的「通道映射」中，为该通道登记这个模板版本和签名。",
    "Operators: map this template version and signature for the carrier, in the console under"
    " Carrier mappings.",
)
_NEWEST = _words(
    "请用户使用最新一条短信中的验证码。", "Have the person use the code of the newest message."
)
_OTHER_CARRIER = _words(
    "运营者：为这个国家设置另一条通道，拒绝时会自动改由它发送。",
    "Operators: route this country over a second carrier too, which steps in after a refusal.",
)
_HELD = _words(
    "它在等收件人当地的允许时段，到时自动发送。",
    "It waits for the hours in which the recipient may be sent marketing, and goes out then.",
)

_UNREACHABLE = (_RESTART, _CHECK_NUMBER, _ASK_AGAIN)
_BY_CAUSE: Mapping[Cause, tuple[Words, ...]] = {
    Cause.BAD_NUMBER: (_CHECK_NUMBER,),
    Cause.OPTED_OUT: (
        _words(
            "请用户按原短信的提示恢复接收（例如回复 START），或联系通道移出免打扰名单。",
            "Have the person opt in again, as by replying START, or ask the carrier to take the"
            " number off its list.",
        ),
        _VOICE,
    ),
    Cause.BLOCKED: (
        _LOOK_AT_PHONE,
        _words(
            "请用户联系手机运营商，取消对 106 等端口短信的屏蔽。",
            "Have the person ask their operator to stop blocking messages of services.",
        ),
        _VOICE,
    ),
    Cause.PHONE_OFF: (_RESTART, _ASK_AGAIN),
    Cause.SUSPENDED: (
        _words(
            "请用户向运营商恢复号码（例如缴清话费），或换一个号码。",
            "Have the person restore the number at their operator, or use another.",
        ),
    ),
    Cause.UNREACHABLE: _UNREACHABLE,
    Cause.PHONE_FULL: (
        _words("请用户删除一些短信后再试。", "Have the person delete some messages first."),
        _ASK_AGAIN,
    ),
    Cause.BUSY: (_ASK_AGAIN,),
    Cause.NO_ANSWER: (_ANSWER, _ASK_AGAIN),
    Cause.EXPIRED: (_RESTART, _ASK_AGAIN),
    Cause.THROTTLED: (
        _words(
            "等待至少一分钟；短时间内多次获取会被通道限制。",
            "Wait for a minute at least: the carrier limits how often it sends.",
        ),
        _OTHER_CARRIER,
    ),
    Cause.NUMBER_LIMIT: (
        _words(
            "这个号码当天在通道的次数已用完：请次日再试，或由运营者在通道控制台调整限制。",
            "This number has had its share at the carrier: try again tomorrow, or have an operator"
            " raise the limit there.",
        ),
        _OTHER_CARRIER,
    ),
    Cause.DAILY_LIMIT: (
        _words(
            "运营者：在通道控制台提高发送总量或月度限额。",
            "Operators: raise the account's limit or monthly spend at the carrier.",
        ),
        _OTHER_CARRIER,
    ),
    Cause.BALANCE: (
        _words("运营者：为通道账户充值。", "Operators: put money into the account at the carrier."),
        _OTHER_CARRIER,
    ),
    Cause.CREDENTIALS: (
        _words(
            "运营者：检查通道密钥、权限和 IP 白名单（docs/operations.md）。",
            "Operators: check the carrier's key, its rights and its list of addresses"
            " (docs/operations.md).",
        ),
    ),
    Cause.NO_MAPPING: (_MAP,),
    Cause.TEMPLATE: (
        _words(
            "运营者：在通道控制台确认签名和模板已通过审核并完成报备。",
            "Operators: see at the carrier whether signature and template are approved and filed.",
        ),
        _MAP,
    ),
    Cause.CONTENT: (
        _words(
            "修改模板或变量的内容，去掉被拦截的词和链接，再提交审核。",
            "Change the template or what fills it: leave out blocked words and links.",
        ),
    ),
    Cause.REJECTED: (
        _words(
            "运营者：确认签名已在运营商完成实名报备；未报备的签名会被拦截。",
            "Operators: check that the signature is filed with the operators, who block others.",
        ),
        _ASK_CARRIER,
    ),
    Cause.REGION: (
        _words(
            "运营者：在通道开通该国家或地区，或为它设置别的通道。",
            "Operators: open the country at the carrier, or route it over another.",
        ),
    ),
    Cause.NETWORK: (_ASK_AGAIN, _OTHER_CARRIER),
    Cause.SENDER: (
        _words(
            "运营者：为该国家设置可用的发送者号码或 ID。",
            "Operators: set a sender id or number that works in this country.",
        ),
    ),
    Cause.NOT_SENT: (_ASK_AGAIN, _OPERATOR),
}
_BY_END: Mapping[State, tuple[Words, ...]] = {
    State.DELIVERED: (_LOOK_AT_PHONE, _DUAL_SIM, _CHECK_NUMBER, _ASK_AGAIN),
    State.UNCONFIRMED: (_LOOK_AT_PHONE, _ASK_AGAIN, _ASK_CARRIER),
    State.VERIFIED: (),
}
_BY_EXPIRY: Mapping[str, tuple[Words, ...]] = {
    "expired": (_ASK_AGAIN, _OPERATOR),
    "code expired": (_ASK_AGAIN, _OPERATOR),
    "code replaced": (_NEWEST,),
    "code used": (),
    "kept back": (
        _words(
            "请用户确认这个号码已在应用中注册；安全模式下不会向没有账户的号码发送。",
            "Have the person check which number they signed up with: in safe mode nothing is sent"
            " where there is no account.",
        ),
    ),
    "opted out": (
        _words(
            "收件人不再接收营销短信；除非本人要求恢复（例如回复 START），否则不要再发。",
            "The person wants no marketing: send none, unless they take it up again, as by START.",
        ),
    ),
    "no company": (
        _words(
            "在「应用设置」中填写公司全称，再重新发送。",
            "Name the company in the app's settings, then send it again.",
        ),
    ),
    "sms off": (
        _words(
            "在「应用设置」中打开短信服务，再重新发送。",
            "Turn the SMS service on in the app's settings, then send it again.",
        ),
    ),
    "withheld": (
        _words(
            "请联系应用的负责人，他们在控制台能看到原因。",
            "Ask those who run the app: they see why in the console.",
        ),
    ),
}


def of(record: Record, *, now: int) -> list[Words]:
    """What to do now (epoch seconds), the most useful first; nothing where all is well."""
    return [_for_what_it_is(words, record) for words in _advice(record, now)]


def _advice(record: Record, now: int) -> tuple[Words, ...]:
    match record.state:
        case State.QUEUED | State.SENDING:
            return _under_way(record, now)
        case State.AWAITING_RECEIPT:
            return _awaited(record, now)
        case State.UNDELIVERED:
            return _by_cause(record, otherwise=_UNREACHABLE)
        case State.CALL_FAILED:
            return _by_cause(record, otherwise=(_ASK_AGAIN, _OTHER_CARRIER))
        case State.EXPIRED:
            return _BY_EXPIRY.get(record.reason or "", (_ASK_AGAIN,))
    return _BY_END[record.state]


def _under_way(record: Record, now: int) -> tuple[Words, ...]:
    began = record.held_until or record.created_at
    if record.held_until and now < record.held_until:
        return (_HELD,)
    if now - began > _STUCK_AFTER:
        return *_by_cause(record, otherwise=()), _OPERATOR
    wait = _words("正在发送，请稍候几秒再刷新。", "It is being sent: look again in some seconds.")
    return (wait,)


def _awaited(record: Record, now: int) -> tuple[Words, ...]:
    carrier = record.carrier or ""
    name = carrier_steps.name(carrier)
    within = REPORTS_WITHIN.get(routes.family(carrier))
    if within is None:
        never = _words(
            f"{name['zh']} 从不报告送达结果，只能以手机是否收到为准。",
            f"{name['en']} never reports: only the phone tells whether it arrived.",
        )
        return never, _LOOK_AT_PHONE, _DUAL_SIM, _ASK_AGAIN
    if now - (record.sent_at or record.created_at) <= within.total_seconds():
        soon = _words(
            f"还没有回执；{name['zh']} 通常在 {_span_zh(within)}内报告，请稍候。",
            f"No receipt yet; {name['en']} usually reports within {_span_en(within)}: wait for it.",
        )
        return (soon,)
    late = _words(
        f"{name['zh']} 通常在 {_span_zh(within)}内报告，但仍没有回执：手机可能关机或没有信号，"
        "也可能还没有在通道配置回执。",
        f"{name['en']} usually reports within {_span_en(within)}, and has not: the phone may be"
        " off or out of reach, or receipts are not set up at the carrier.",
    )
    return late, _RESTART, _LOOK_AT_PHONE, _ASK_AGAIN, _ASK_CARRIER


def _by_cause(record: Record, *, otherwise: tuple[Words, ...]) -> tuple[Words, ...]:
    """By what the receipt says, else by the last refusal."""
    said = [
        (record.report_carrier, record.report_reason),
        (_last_carrier(record), record.reason),
    ]
    for carrier, reason in said:
        cause = causes.find(carrier or record.carrier, reason)
        if cause:
            return _BY_CAUSE[cause]
    return otherwise


def _last_carrier(record: Record) -> str | None:
    return record.tries[-1].carrier if record.tries else record.carrier


def _for_what_it_is(words: Words, record: Record) -> Words:
    """A call lies in no spam folder, and nobody asks for another code where there was none."""
    if words is _LOOK_AT_PHONE and record.channel is Channel.VOICE:
        return _ANSWER
    return _SEND_AGAIN if words is _ASK_AGAIN and record.purpose is None else words


def _span_zh(within: timedelta) -> str:
    minutes = round(within.total_seconds() / 60)
    return f"{minutes} 分钟"


def _span_en(within: timedelta) -> str:
    minutes = round(within.total_seconds() / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
