"""What each carrier needs before it delivers, in words for the operator (docs/operations.md)."""

from collections.abc import Mapping
from dataclasses import dataclass

from signet.routes import family

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
_EVENTS = _words(
    "为收到回执，填入参数 ConfigurationSet：其事件须发往本部署的主题。",
    "For receipts, set the parameter ConfigurationSet; its events go to this deployment's topic.",
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


def _callbacks(carrier: str, where: Words) -> tuple[Words, ...]:
    """The addresses of a vendor that signs nothing, to be entered at `where` in its console."""
    key = _words(
        "在通道密钥中设置 callback_key（16 个字符以上的随机串）；没有它，回执和回复一律拒收。",
        "Set callback_key in the carrier's secret, 16 random characters or more; without it no"
        " receipt and no reply is believed.",
    )
    path = f"PublicBaseUrl/carriers/{carrier}"
    addresses = _words(
        f"在{where['zh']}填写状态报告地址 {path}/receipts?key=callback_key 和上行回复地址"
        f" {path}/replies?key=callback_key（替换为实际的地址和密钥）。",
        f"At {where['en']}, enter {path}/receipts?key=callback_key for status reports and"
        f" {path}/replies?key=callback_key for replies, with the real address and key.",
    )
    return key, addresses


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
            _EVENTS,
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
            *_callbacks(
                "alibaba",
                _words(
                    "短信服务（和语音服务）控制台的“通用设置”里，以 HTTP 批量推送方式",
                    "the General Settings of the consoles of SMS (and of voice), by HTTP push",
                ),
            ),
            _words(
                "语音验证码：登记文本转语音模板，把编号写入通道密钥的 voice_template。",
                "For codes by voice: register a text-to-speech template, and put its code into"
                " voice_template of the carrier's secret.",
            ),
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
            *_callbacks(
                "tencent",
                _words(
                    "短信（和语音消息）控制台应用的“事件回调”里",
                    "the event callbacks of the application, in the consoles of SMS (and of voice)",
                ),
            ),
            _words(
                "语音验证码：在语音消息中创建应用，把编号写入通道密钥的 voice_sdk_app_id。",
                "For codes by voice: make an application in Voice Message Service, and put its id"
                " into voice_sdk_app_id of the carrier's secret.",
            ),
        ),
    ),
    "twilio": Carrier(
        name=_words("Twilio", "Twilio"),
        needs=(
            _words(
                "注册 Twilio，购买号码或创建 Messaging Service，开通目的国家（Geo permissions）。",
                "Open a Twilio account, get a number or a Messaging Service, and allow the"
                " countries that you send to (Geo permissions).",
            ),
            _VENDOR_KEY,
            _words(
                "回执无需配置：每条短信自带地址，前提是 PublicBaseUrl（或 DomainName）为 https。",
                "Receipts need no step: each message names their address, which must be https.",
            ),
            _words(
                "在号码或 Messaging Service 的收信设置里填写 PublicBaseUrl/carriers/twilio/replies"
                "（POST，替换为实际的地址）。",
                "For replies, enter PublicBaseUrl/carriers/twilio/replies (POST, with the real"
                " address) as the webhook of incoming messages of the number or the service.",
            ),
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
            _words(
                "网关可把回执和回复签名后发到 PublicBaseUrl/carriers/webhook/receipts 和 …/replies"
                '（替换为实际的地址）；会发回执的，在通道密钥中设 "reports": true。',
                "The gateway may sign receipts and replies and post them to"
                " PublicBaseUrl/carriers/webhook/receipts and …/replies, with the real address; if"
                ' it sends receipts, set "reports": true in the carrier\'s secret.',
            ),
        ),
    ),
}


def name(carrier: str) -> Words:
    """What people call the carrier; a carrier that is not known goes by its own name."""
    known = CARRIERS.get(family(carrier))
    if known is None:
        return _words(carrier, carrier)
    if carrier in CARRIERS:
        return known.name
    return _words(f"{known.name['zh']} {carrier}", f"{known.name['en']} {carrier}")


def available(region: str) -> Mapping[str, Carrier]:
    """The carriers that can be used from an AWS region."""
    in_china = region.startswith(_CHINA)
    return {key: one for key, one in CARRIERS.items() if not (in_china and one.is_aws)}
