"""What a signature's text may be: the sender's name that stands in 【】 before every message.

Source: wire.md 15.1 (the rules of 2025: 2 to 12 characters that show who the company is, no
blanks or other signs) and LeanCloud's docs/sdk/sms/guide.mdx (签名规范: no neutral names). An error
cannot be submitted; a warning is for the reviewer, who has the proof in hand. Names of Latin
letters alone, which the rules of 2017 refused, are fine: the guide's own is LeanCloud.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from signet.content import HIDDEN
from signet.content_topics import NEVER
from signet.findings import Finding, Severity, in_order
from signet.templates import Span

MIN_CHARACTERS, MAX_CHARACTERS = 2, 12

# Names that are nobody's; a message signed with one says nothing about its sender.
_NEUTRAL = frozenset(
    """
    验证码 验证 校验码 动态码 登录验证 注册验证 安全验证 身份验证 短信验证 通知 系统通知 短信通知
    消息通知 提醒 温馨提示 温馨提醒 客服 客服中心 在线客服 测试 短信测试 签名 短信签名 公司 平台
    商城 官方 系统 系统消息 短信
    notice test sms code verify
    """.split()  # noqa: SIM905
)
_AUTHORITY = re.compile(
    r"公安|警察|交警|派出所|检察|法院|政府|税务|社保|医保|海关|移民局|银保监|证监|人民银行"
    r"|中国移动|中国联通|中国电信|银行|12306|95\d{3}|10086|10010|10000"
)
_TAG = re.compile(r"\{\{.{0,40}?\}\}|\$\{.{0,40}?\}|[{}]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of signatures; `$word` in its sentences is what was found."""

    id: str
    severity: Severity
    find: Callable[[str], Iterator[Span]]
    zh: tuple[str, str]
    en: tuple[str, str]


def check(text: str) -> list[Finding]:
    """Everything there is to say about a signature's text, in the order of the text."""
    return in_order(
        Finding(rule.id, rule.severity, *span, *_said(rule, text[slice(*span)]))
        for rule in RULES
        for span in rule.find(text)
    )


def _said(rule: Rule, word: str) -> list[dict[str, str]]:
    return [
        {"zh": zh.replace("$word", word), "en": en.replace("$word", word)}
        for zh, en in zip(rule.zh, rule.en, strict=True)
    ]


# --- Finders ----------------------------------------------------------------------------------


def _whole(fits: Callable[[str], bool]) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        if fits(text):
            yield 0, len(text)

    return find


def _each(fits: Callable[[str], bool]) -> Callable[[str], Iterator[Span]]:
    """Runs of characters of a sort."""

    def find(text: str) -> Iterator[Span]:
        start: int | None = None
        for place, character in enumerate([*text, ""]):
            found = bool(character) and fits(character)
            if found and start is None:
                start = place
            elif not found and start is not None:
                yield start, place
                start = None

    return find


def _matches(expression: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        return (match.span() for match in expression.finditer(text))

    return find


def _is_invisible(character: str) -> bool:
    if HIDDEN.match(character):
        return True
    return not character.isspace() and unicodedata.category(character)[0] == "C"


def _is_symbol(character: str) -> bool:
    """Whatever is no letter and no digit; what other rules name is theirs."""
    if character in "【】{}$" or character.isspace() or _is_invisible(character):
        return False
    return not character.isalnum()


def _is_chinese(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")


def _is_foreign(character: str) -> bool:
    """A letter or digit that is neither Chinese nor plain ASCII: ｶ, Ａ, а (Cyrillic), ①."""
    return character.isalnum() and not character.isascii() and not _is_chinese(character)


def _is_number(text: str) -> bool:
    folded = unicodedata.normalize("NFKC", text)
    return bool(folded) and all(unicodedata.category(each)[0] == "N" for each in folded)


def _beyond(text: str) -> Iterator[Span]:
    if len(text) > MAX_CHARACTERS:
        yield MAX_CHARACTERS, len(text)


ERROR, WARNING = Severity.ERROR, Severity.WARNING

RULES = (
    Rule(
        "signature-short", ERROR, _whole(lambda text: len(text) < MIN_CHARACTERS),
        (f"签名至少 {MIN_CHARACTERS} 个字。", "使用公司、应用或商标的名称。"),
        (f"A signature has at least {MIN_CHARACTERS} characters.",
         "Use the name of the company, the app or the trademark."),
    ),
    Rule(
        "signature-long", ERROR, _beyond,
        (f"签名最多 {MAX_CHARACTERS} 个字，“$word”超出了。", "使用简称。"),
        (f"A signature has at most {MAX_CHARACTERS} characters; “$word” is too many.",
         "Use a short form of the name."),
    ),
    Rule(
        "signature-brackets", ERROR, _each(lambda each: each in "【】"),
        ("签名中不能有“$word”。", "只填名称，【】会自动加上。"),
        ("A signature holds no “$word”.", "Give the name alone; 【】 are put around it."),
    ),
    Rule(
        "signature-blank", ERROR, _each(str.isspace),
        ("签名中不能有空白。", "删去空格。"),
        ("A signature holds no blanks.", "Remove them."),
    ),
    Rule(
        "signature-variable", ERROR, _matches(_TAG),
        ("签名中不能有变量：“$word”。", "写成固定的名称。"),
        ("A signature holds no variables: “$word”.", "Write the name out."),
    ),
    Rule(
        "signature-symbol", ERROR, _each(_is_symbol),
        ("签名中不能有符号“$word”。", "只使用汉字、英文字母和数字。"),
        ("A signature holds no signs such as “$word”.",
         "Use Chinese characters, Latin letters and digits."),
    ),
    Rule(
        "signature-invisible", ERROR, _each(_is_invisible),
        ("签名中有看不见或无法显示的字符。", "删去它。"),
        ("There is a character that nobody can see.", "Remove it."),
    ),
    Rule(
        "signature-foreign", ERROR, _each(_is_foreign),
        ("签名中的“$word”不是汉字、半角英文字母或数字。", "只使用汉字、半角英文字母和数字。"),
        ("“$word” is neither Chinese nor a plain Latin letter or digit.",
         "Use Chinese characters, Latin letters and digits."),
    ),
    Rule(
        "signature-digits", ERROR, _whole(_is_number),
        ("签名不能全是数字。", "使用公司、应用或商标的名称。"),
        ("A signature is not digits alone.",
         "Use the name of the company, the app or the trademark."),
    ),
    Rule(
        "signature-neutral", ERROR, _whole(lambda text: text.strip().lower() in _NEUTRAL),
        ("“$word”不能体现发送方。", "使用公司、应用或商标的名称。"),
        ("“$word” does not say who sends.",
         "Use the name of the company, the app or the trademark."),
    ),
    Rule(
        "signature-banned", ERROR, _matches(NEVER),
        ("签名中不能有“$word”。", "换一个名称。"),
        ("A signature must not hold “$word”.", "Choose another name."),
    ),
    Rule(
        "signature-authority", WARNING, _matches(_AUTHORITY),
        ("“$word”属于机关、银行或运营商，需要核实授权。", "提交该机构的授权证明。"),
        ("“$word” is an authority, a bank or a carrier; a person has to check your right to it.",
         "Attach proof that it lets you use its name."),
    ),
)  # fmt: skip
