"""Causes: what a vendor's code means, in a few words; what to do about it is `signet.advice`.

A code is what a carrier answered, or what its receipt said, as records keep it. Only codes that
people meet are here; any other is shown as it is, and its vendor's page says more.
"""

import re
from collections.abc import Mapping
from enum import Enum

from signet import routes


class Cause(Enum):
    """Why a message was refused or did not arrive; the values are the words for it."""

    BAD_NUMBER = ("号码不存在或不能收短信", "the number does not exist, or gets no SMS")
    OPTED_OUT = ("号码已在通道退订或在其免打扰名单", "the number opted out at the carrier")
    BLOCKED = ("被手机或运营商拦截", "the phone or its operator blocks it")
    PHONE_OFF = ("手机关机或不在服务区", "the phone is off or out of reach")
    SUSPENDED = ("号码停机", "the number's service is suspended")
    UNREACHABLE = ("关机、停机、空号或无法接通", "the phone is off, suspended or unknown")
    PHONE_FULL = ("手机存储空间已满", "the phone's memory is full")
    BUSY = ("对方占线", "the line was busy")
    NO_ANSWER = ("无人接听", "nobody answered the call")
    EXPIRED = ("在有效期内没有送到", "it could not be delivered in time")
    THROTTLED = ("触发频率限制", "too many messages in too short a time")
    NUMBER_LIMIT = ("该号码在通道达到次数上限", "the carrier's limit for this number is reached")
    DAILY_LIMIT = ("达到通道的发送总量上限", "the account's limit at the carrier is reached")
    BALANCE = ("通道账户余额或套餐不足", "the account at the carrier has no money left")
    CREDENTIALS = (
        "通道不接受我们的密钥或权限",
        "the carrier does not accept our key or its rights",
    )
    NO_MAPPING = ("没有通道模板的对应关系", "nothing is mapped to a template of the carrier")
    TEMPLATE = ("通道的签名或模板未通过", "the signature or template is not approved there")
    CONTENT = ("内容被拦截", "its content was blocked")
    REJECTED = ("被运营商拒绝", "the operator rejected it")
    REGION = ("通道不发往该国家或地区", "the carrier does not send to this country")
    NETWORK = ("运营商网络暂时故障", "the operator's network had a fault")
    SENDER = ("发送者号码不能发往该号码", "the sender's number cannot reach this one")
    NOT_SENT = ("没有连上通道", "the carrier could not be reached")

    @property
    def zh(self) -> str:
        """In Chinese."""
        return self.value[0]

    @property
    def en(self) -> str:
        """In English."""
        return self.value[1]


# https://help.aliyun.com/document_detail/101346.html has those of calls,
# https://help.aliyun.com/document_detail/101347.html those of receipts, and
# https://help.aliyun.com/zh/sms/error-code-intl those of other countries, without `isv.`
_ALIBABA = {
    "isv.BUSINESS_LIMIT_CONTROL": Cause.THROTTLED,
    "QPS_LIMIT_CONTROL": Cause.THROTTLED,
    "isv.DAY_LIMIT_CONTROL": Cause.DAILY_LIMIT,
    "isv.MONTH_LIMIT_CONTROL": Cause.DAILY_LIMIT,
    "isv.MOBILE_NUMBER_ILLEGAL": Cause.BAD_NUMBER,
    "isv.BLACK_KEY_CONTROL_LIMIT": Cause.CONTENT,
    "isv.SMS_CONTENT_ILLEGAL": Cause.CONTENT,
    "SMS_SECURITY_INTERCEPTED": Cause.CONTENT,
    "isv.SMS_SIGN_ILLEGAL": Cause.TEMPLATE,
    "isv.SIGN_STATE_ILLEGAL": Cause.TEMPLATE,
    "isv.SMS_SIGNATURE_ILLEGAL": Cause.TEMPLATE,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Cause.TEMPLATE,
    "isv.SMS_TEMPLATE_ILLEGAL": Cause.TEMPLATE,
    "isv.AMOUNT_NOT_ENOUGH": Cause.BALANCE,
    "isv.OUT_OF_SERVICE": Cause.BALANCE,
    "isp.RAM_PERMISSION_DENY": Cause.CREDENTIALS,
    "isv.ACCOUNT_NOT_EXISTS": Cause.CREDENTIALS,
    "isv.ACCOUNT_ABNORMAL": Cause.CREDENTIALS,
    "isv.PRODUCT_UNSUBSCRIBE": Cause.CREDENTIALS,
    "isv.PRODUCT_UN_SUBSCRIPT": Cause.CREDENTIALS,
    "isv.DENY_IP_RANGE": Cause.CREDENTIALS,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Cause.REGION,
    "NOT_SUPPORTED_COUNTRY": Cause.REGION,
    "INVALID_SENDERID": Cause.SENDER,
    # Of calls: https://help.aliyun.com/en/vms/developer-reference/operators-receipt-error-code
    "200002": Cause.BUSY,
    "200003": Cause.NO_ANSWER,
    "200004": Cause.BAD_NUMBER,
    "200005": Cause.UNREACHABLE,
}
# https://cloud.tencent.com/document/api/382/59177 has those of calls,
# https://cloud.tencent.com/document/product/382/3771 those of receipts.
_TENCENT = {
    "LimitExceeded.DeliveryFrequencyLimit": Cause.THROTTLED,
    "LimitExceeded.PhoneNumberThirtySecondLimit": Cause.THROTTLED,
    "LimitExceeded.GlobalSmsSendingRateLimit": Cause.THROTTLED,
    "LimitExceeded.PhoneNumberOneHourLimit": Cause.NUMBER_LIMIT,
    "LimitExceeded.PhoneNumberDailyLimit": Cause.NUMBER_LIMIT,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Cause.NUMBER_LIMIT,
    "LimitExceeded.AppDailyLimit": Cause.DAILY_LIMIT,
    "LimitExceeded.AppGlobalDailyLimit": Cause.DAILY_LIMIT,
    "LimitExceeded.DailyLimit": Cause.DAILY_LIMIT,
    "FailedOperation.PhoneNumberInBlacklist": Cause.OPTED_OUT,
    "InvalidParameterValue.IncorrectPhoneNumber": Cause.BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": Cause.BAD_NUMBER,
    "FailedOperation.InsufficientBalanceInSmsPackage": Cause.BALANCE,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Cause.BALANCE,
    "UnauthorizedOperation.RequestIpNotInWhitelist": Cause.CREDENTIALS,
    "UnauthorizedOperation.RequestPermissionDeny": Cause.CREDENTIALS,
    "FailedOperation.SignatureIncorrectOrUnapproved": Cause.TEMPLATE,
    "FailedOperation.TemplateIncorrectOrUnapproved": Cause.TEMPLATE,
    "FailedOperation.ContainSensitiveWord": Cause.CONTENT,
    "UnsupportedOperation.UnsupportedRegion": Cause.REGION,
    "-106": Cause.CONTENT,
    "002": Cause.UNREACHABLE,
}
# https://www.twilio.com/docs/api/errors/<code>
_TWILIO = {
    "20003": Cause.CREDENTIALS,
    "20429": Cause.THROTTLED,
    "21211": Cause.BAD_NUMBER,
    "21217": Cause.BAD_NUMBER,
    "21408": Cause.REGION,
    "21610": Cause.OPTED_OUT,
    "21611": Cause.THROTTLED,
    "21612": Cause.SENDER,
    "21614": Cause.BAD_NUMBER,
    "21635": Cause.BAD_NUMBER,
    "22005": Cause.THROTTLED,
    "30001": Cause.THROTTLED,
    "30002": Cause.CREDENTIALS,
    "30003": Cause.PHONE_OFF,
    "30004": Cause.BLOCKED,
    "30005": Cause.BAD_NUMBER,
    "30006": Cause.BAD_NUMBER,
    "30007": Cause.CONTENT,
    # https://www.twilio.com/docs/voice/api/call-resource, CallStatus
    "busy": Cause.BUSY,
    "no-answer": Cause.NO_ANSWER,
}
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html,
# https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html and
# https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html
_AWS = {
    "Throttled": Cause.THROTTLED,
    "ThrottlingException": Cause.THROTTLED,
    "ServiceQuotaExceededException": Cause.DAILY_LIMIT,
    "OptedOut": Cause.OPTED_OUT,
    "AccessDeniedException": Cause.CREDENTIALS,
    "AuthorizationError": Cause.CREDENTIALS,
    "TEXT_BLOCKED": Cause.BLOCKED,
    "TEXT_CARRIER_BLOCKED": Cause.REJECTED,
    "TEXT_SPAM": Cause.CONTENT,
    "TEXT_INVALID": Cause.BAD_NUMBER,
    "TEXT_INVALID_MESSAGE": Cause.CONTENT,
    "TEXT_TTL_EXPIRED": Cause.EXPIRED,
    "TEXT_UNREACHABLE": Cause.PHONE_OFF,
    "TEXT_CARRIER_UNREACHABLE": Cause.NETWORK,
    "TEXT_PROTECT_BLOCKED": Cause.REGION,
    "VOICE_BUSY": Cause.BUSY,
    "VOICE_NO_ANSWER": Cause.NO_ANSWER,
}
_VENDORS: Mapping[str, Mapping[str, Cause]] = {
    "alibaba": _ALIBABA,
    "tencent": _TENCENT,
    "twilio": _TWILIO,
    "sns": _AWS,
    "end-user-messaging": _AWS,
}
# The words of SMPP 3.4 (appendix B) and CMPP, which all carriers and gateways pass on;
# https://support.huaweicloud.com/en-us/api-smn/smn_api_a2000.html explains them.
_OPERATORS = {
    "UNDELIV": Cause.UNREACHABLE,
    "EXPIRED": Cause.PHONE_OFF,
    "REJECTD": Cause.REJECTED,
    "REJECT": Cause.REJECTED,
    "DELETED": Cause.REJECTED,
    "NOROUTE": Cause.REGION,
    # China Mobile: https://support.huaweicloud.com/devg-iotcom/iotcom_04_0303.html
    "MI:0019": Cause.SUSPENDED,
    "MI:0024": Cause.PHONE_OFF,
    "MI:0042": Cause.PHONE_OFF,
    "MI:0073": Cause.BAD_NUMBER,
    "MI:0076": Cause.PHONE_OFF,
    "MI:0079": Cause.NUMBER_LIMIT,
    "MI:0082": Cause.PHONE_OFF,
    "MI:0208": Cause.PHONE_FULL,
    "MI:0210": Cause.BAD_NUMBER,
    "MK:0001": Cause.BAD_NUMBER,
    "MK:0005": Cause.SUSPENDED,
    "MK:0013": Cause.SUSPENDED,
    "MK:0023": Cause.PHONE_OFF,
    "MK:0115": Cause.CONTENT,
}
# What most of an operator's codes mean that stand in no list.
# https://mysubmail.com/documents/1XQAE4
_FAMILIES = re.compile(r"(MK|MI|MN|LT):?\d{4,5}")
# What our own carriers say before, or without, a vendor's answer (`carriers.mappings`,
# `carriers.web_calls`, `carriers.aws_calls`).
_OURS = {
    "mapping unreadable": Cause.NOT_SENT,
    "http_429": Cause.THROTTLED,
    "NewConnectionError": Cause.NOT_SENT,
    "NameResolutionError": Cause.NOT_SENT,
    "ConnectTimeoutError": Cause.NOT_SENT,
    "EndpointConnectionError": Cause.NOT_SENT,
    "SSLCertVerificationError": Cause.NOT_SENT,
    "NoCredentialsError": Cause.CREDENTIALS,
    "http_401": Cause.CREDENTIALS,
    "http_403": Cause.CREDENTIALS,
}
_UNMAPPED = re.compile(r"no (template mapping|signature mapping|variable) |variables of vendor ")
_TWILIO_CODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


def find(carrier: str | None, reason: str | None) -> Cause | None:
    """What a carrier's code means; None where this knows no better than the code itself."""
    if not reason:
        return None
    vendor = _VENDORS.get(routes.family(carrier or ""), {})
    for code in _spellings(reason):
        for table in (vendor, _OPERATORS, _OURS):
            if code in table:
                return table[code]
    return _by_its_form(reason)


def words(carrier: str | None, reason: str) -> tuple[str, str]:
    """The code with what it means, in Chinese and English."""
    cause = find(carrier, reason)
    if cause is None:
        return reason, reason
    return f"{cause.zh}（{reason}）", f"{cause.en} ({reason})"


def _spellings(reason: str) -> list[str]:
    """The code as it came, and as the tables may have it."""
    numbers = _TWILIO_CODE.findall(reason)
    return [reason, f"isv.{reason}", *numbers]


def _by_its_form(reason: str) -> Cause | None:
    if _UNMAPPED.match(reason):
        return Cause.NO_MAPPING
    if reason.startswith(("Throttling", "RequestLimitExceeded")):
        return Cause.THROTTLED
    if reason.startswith("AuthFailure"):
        return Cause.CREDENTIALS
    return Cause.UNREACHABLE if _FAMILIES.fullmatch(reason) else None
