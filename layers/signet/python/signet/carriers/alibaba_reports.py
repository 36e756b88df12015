"""What Alibaba Cloud pushes to us: receipts of messages and of calls, and replies."""

from collections.abc import Mapping

from signet.carriers import Callback, Receipt, Reply, Reports, callbacks
from signet.carriers.callbacks import Fields

# How a call ended. https://help.aliyun.com/document_detail/55085.html
# What is not here is no end: it rings, or was just picked up.
_CALLS: Mapping[str, bool] = {
    "200000": True,
    "200001": True,  # hung up before it was over
    **dict.fromkeys(
        ("200002", "200003", "200004", "200005", "200006", "200007", "200010", "200011", "200012"),
        False,
    ),
    **dict.fromkeys(("200104", "200105", "200117", "200118", "200119", "200121", "999999"), False),
}
# https://help.aliyun.com/zh/sms/developer-reference/sms-webhook-1; 6: it came to nothing in time
_STATUSES_ABROAD: Mapping[str, bool] = {"1": True, "2": False, "6": False}
_ANSWER = '{"code":0,"msg":"OK"}'


def read(callback: Callback) -> Reports:
    """What is in a callback whose proof holds. Raises CallbackRefused."""
    return callbacks.reports(callback, _receipt, _reply, answer=_ANSWER)


def _receipt(fields: Fields, now: int) -> Receipt | None:
    """A receipt of the mainland, of abroad or of a call, as their fields tell."""
    if "success" in fields:
        return _of_mainland(fields, now)
    if "Status" in fields:
        return _of_abroad(fields, now)
    return _of_call(fields, now) if "status_code" in fields else None


def _of_mainland(fields: Fields, now: int) -> Receipt | None:
    """https://help.aliyun.com/en/sms/developer-reference/smsreport-http"""
    delivered = str(fields["success"]).lower() if isinstance(fields["success"], bool | str) else ""
    if delivered not in ("true", "false"):
        return None
    return Receipt(
        delivered=delivered == "true",
        reason=callbacks.reason(callbacks.text(fields, "err_code")),
        ref=callbacks.ref(callbacks.text(fields, "out_id")),
        carrier_message_id=callbacks.text(fields, "biz_id") or None,
        at=callbacks.moment(callbacks.text(fields, "report_time"), now=now),
    )


def _of_abroad(fields: Fields, now: int) -> Receipt:
    """https://help.aliyun.com/zh/sms/developer-reference/sms-webhook-1"""
    return Receipt(
        delivered=_STATUSES_ABROAD.get(callbacks.text(fields, "Status")),
        reason=callbacks.reason(callbacks.text(fields, "ErrorCode")),
        ref=callbacks.ref(callbacks.text(fields, "TaskId")),
        carrier_message_id=callbacks.text(fields, "MessageId") or None,
        at=callbacks.moment(callbacks.text(fields, "ReceiveDate"), now=now),
    )


def _of_call(fields: Fields, now: int) -> Receipt:
    """https://help.aliyun.com/zh/vms/developer-reference/voicereport-5"""
    status = callbacks.text(fields, "status_code")
    at = callbacks.text(fields, "end_time") or callbacks.text(fields, "status_time")
    return Receipt(
        delivered=_CALLS.get(status),
        reason=status if status in _CALLS else "unreadable",
        carrier_message_id=callbacks.text(fields, "call_id") or None,
        at=callbacks.moment(at, now=now),
    )


def _reply(fields: Fields, now: int) -> Reply | None:
    """https://help.aliyun.com/zh/sms/developer-reference/smsup-http"""
    phone = callbacks.phone(callbacks.text(fields, "phone_number"))
    reply_id = callbacks.text(fields, "sequence_id")
    if phone is None or not reply_id or not isinstance(fields.get("content"), str):
        return None
    return Reply(
        phone=phone,
        text=callbacks.text(fields, "content"),
        reply_id=reply_id,
        at=callbacks.moment(callbacks.text(fields, "send_time"), now=now),
        signature_text=callbacks.text(fields, "sign_name") or None,
    )
