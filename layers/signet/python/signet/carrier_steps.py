"""What each carrier needs before it delivers, in words for the operator (docs/operations.md)."""

from collections.abc import Mapping
from dataclasses import dataclass

Words = Mapping[str, str]

# Amazon SNS has no SMS in Beijing and Ningxia, and End User Messaging is not there either
# (docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html).
_CHINA = "cn-"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier that Signet speaks to: its name for people, and its steps in order."""

    name: Words
    needs: tuple[Words, ...]
    is_aws: bool = False


def _words(zh: str, en: str) -> Words:
    return {"zh": zh, "en": en}


_SANDBOX = _words(
    "向 AWS 申请移出短信沙盒；在沙盒中只有十个已验证的号码能收到短信。",
    "Ask AWS to take the account out of the SMS sandbox; in it, ten verified numbers get SMS.",
)
_SPEND_LIMIT = _words(
    "向 AWS 申请把每月短信限额提高到 1 美元以上。",
    "Ask AWS for a monthly spend limit above 1 USD.",
)
_MAINLAND = _words(
    "发往 +86 前，通过支持工单登记模板，可能需要数周。",
    "For +86, register the template by a Support case; that may take weeks.",
)
_VENDOR_KEY = _words(
    "把访问密钥写入通道密钥（参数见 docs/operations.md）。",
    "Put the access key into the carrier's secret (docs/operations.md names the parameter).",
)
_BUILT_IN = _words(
    "为内置验证码文本登记模板，并在此处填写所有应用共用的对应关系。",
    "Register a template for the built-in text of codes and map it here, for all apps.",
)
_EACH_TEMPLATE = _words(
    "每个模板版本和签名都要在该平台登记并填写对应关系，否则使用它的短信会失败。",
    "Register and map each template version and signature; messages without a mapping fail.",
)

CARRIERS: Mapping[str, Carrier] = {
    "sns": Carrier(
        name=_words("Amazon SNS", "Amazon SNS"),
        needs=(
            _SANDBOX,
            _SPEND_LIMIT,
            _words(
                "如当地要求，登记发送者 ID 并填入参数 OriginationIdentity。",
                "Where the country wants it, register a sender id: parameter OriginationIdentity.",
            ),
            _MAINLAND,
        ),
        is_aws=True,
    ),
    "end-user-messaging": Carrier(
        name=_words("AWS End User Messaging", "AWS End User Messaging"),
        needs=(
            _SANDBOX,
            _SPEND_LIMIT,
            _words(
                "申请或登记号码、发送者 ID 或号码池，填入参数 OriginationIdentity。",
                "Request or register a number, sender id or pool: parameter OriginationIdentity.",
            ),
            _MAINLAND,
        ),
        is_aws=True,
    ),
    "alibaba": Carrier(
        name=_words("阿里云短信", "Alibaba Cloud SMS"),
        needs=(
            _words(
                "开通阿里云短信服务，完成实名认证和签名审核。",
                "Open Alibaba Cloud SMS, prove the company's identity and get the signature approved.",  # noqa: E501
            ),
            _VENDOR_KEY,
            _BUILT_IN,
            _EACH_TEMPLATE,
        ),
    ),
    "tencent": Carrier(
        name=_words("腾讯云短信", "Tencent Cloud SMS"),
        needs=(
            _words(
                "开通腾讯云短信，创建应用（SdkAppId），完成实名认证和签名审核。",
                "Open Tencent Cloud SMS, make an application (SdkAppId), prove the company's"
                " identity and get the signature approved.",
            ),
            _VENDOR_KEY,
            _BUILT_IN,
            _EACH_TEMPLATE,
        ),
    ),
    "webhook": Carrier(
        name=_words("自有网关", "your own gateway"),
        needs=(
            _words(
                "准备一个 HTTPS 地址，验证请求签名后发送短信（docs/operations.md 说明格式）。",
                "Have an HTTPS address that checks the signature and sends the SMS"
                " (docs/operations.md has the format).",
            ),
            _words(
                "把地址和共享密钥写入通道密钥。",
                "Put the address and the shared key into the carrier's secret.",
            ),
        ),
    ),
}


def name(carrier: str) -> Words:
    """What people call the carrier; a carrier that is not known goes by its own name."""
    known = CARRIERS.get(carrier)
    return known.name if known else _words(carrier, carrier)


def available(region: str) -> Mapping[str, Carrier]:
    """The carriers that can be used from an AWS region."""
    in_china = region.startswith(_CHINA)
    return {key: one for key, one in CARRIERS.items() if not (in_china and one.is_aws)}
