"""What Tencent Cloud pushes to us: receipts of messages and of calls, and replies."""

import json
from collections.abc import Mapping
from hashlib import sha256

from signet.carriers import Callback, Receipt, Reply, Reports, callbacks
from signet.carriers.callbacks import Fields

# https://cloud.tencent.com/document/product/382/5807
_STATES: Mapping[str, bool] = {"SUCCESS": True, "FAIL": False}
# https://cloud.tencent.com/document/product/1128/51533: answered, not answered, went wrong
_CALLS: Mapping[str, bool] = {"0": True, "1": False, "2": False}
_ANSWER = '{"result":0,"errmsg":"OK"}'


def read(callback: Callback) -> Reports:
    """What is in a callback whose proof holds. Raises CallbackRefused."""
    return callbacks.reports(callback, _receipt, _reply, answer=_ANSWER)


def _receipt(fields: Fields, now: int) -> Receipt | None:
    """https://cloud.tencent.com/document/product/382/5807"""
    called = fields.get("voicecode_callback")
    failed = fields.get("voice_failure_callback")
    if isinstance(called, dict):
        return _of_call(called, now)
    if isinstance(failed, dict):
        return _of_failed_call(failed)
    state = callbacks.text(fields, "report_status")
    if state not in _STATES:
        return None
    return Receipt(
        delivered=_STATES[state],
        reason=callbacks.reason(callbacks.text(fields, "errmsg")),
        carrier_message_id=callbacks.text(fields, "sid") or None,
        at=callbacks.moment(callbacks.text(fields, "user_receive_time"), now=now),
    )


def _of_call(fields: Fields, now: int) -> Receipt:
    """https://cloud.tencent.com/document/product/1128/51533"""
    result = callbacks.text(fields, "result")
    return Receipt(
        delivered=_CALLS.get(result),
        reason=callbacks.reason(f"result-{result}"),
        carrier_message_id=callbacks.text(fields, "callid") or None,
        at=callbacks.moment(callbacks.text(fields, "end_calltime"), now=now),
    )


def _of_failed_call(fields: Fields) -> Receipt:
    """Why a call was not answered. https://cloud.tencent.com/document/product/382/6532"""
    return Receipt(
        delivered=False,
        reason=callbacks.reason(f"failure-{callbacks.text(fields, 'failure_code')}"),
        carrier_message_id=callbacks.text(fields, "callid") or None,
    )


def _reply(fields: Fields, now: int) -> Reply | None:
    """https://cloud.tencent.com/document/product/382/5809

    A reply has no name of its own; told twice, it is the same number, second and text.
    """
    country, number = callbacks.text(fields, "nationcode"), callbacks.text(fields, "mobile")
    phone = callbacks.phone(f"+{country}{number}")
    if phone is None or not isinstance(fields.get("text"), str):
        return None
    text, at = callbacks.text(fields, "text"), callbacks.text(fields, "time")
    name = json.dumps([phone, at, text]).encode()
    return Reply(
        phone=phone,
        text=text,
        reply_id=sha256(name).hexdigest()[:32],
        at=callbacks.moment(at, now=now),
        signature_text=callbacks.text(fields, "sign") or None,
    )
