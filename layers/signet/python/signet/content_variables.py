"""Rules of content about variables: how many, where, and which of them the service fills.

Sources: guide.zh.md (模板变量), wire.md 15.2, LeanCloud's docs/sdk/sms/guide.mdx (模板规范).
"""

import re
from collections.abc import Iterable, Iterator

from signet import templates
from signet.content import (
    EVERY,
    MARKETING,
    NOTIFICATION,
    VARIABLE,
    VERIFICATION,
    Content,
    Find,
    Hit,
    Pattern,
    Rule,
    View,
    whole,
    words,
)
from signet.content_links import named
from signet.findings import Severity
from signet.limits import Kind
from signet.templates import Block, Literal, Span, Variable

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
BULK = NOTIFICATION | MARKETING

_USUAL = {Kind.VERIFICATION: 4, Kind.NOTIFICATION: 8, Kind.MARKETING: 4}
# They always look the same, so nobody takes them for a part of what follows.
_OF_KNOWN_FORM = frozenset({"code", "ttl"})

# --- Variables --------------------------------------------------------------------------------


def _neighbours(content: Content) -> Iterator[tuple[Variable, Variable, str]]:
    """Variables that follow one another, with the text between, in every reading."""
    for view in content.readings:
        between: str = ""
        last: Variable | None = None
        for part in view.parts:
            if isinstance(part, Literal):
                between += part.text
                continue
            if last and content.parsed:
                yield last, part, between
            last, between = part, ""


def _adjacent(content: Content) -> Iterator[Hit]:
    for first, second, between in _neighbours(content):
        if not between.strip():
            yield Hit(_across(first, second))


def _by_punctuation(content: Content) -> Iterator[Hit]:
    for first, second, between in _neighbours(content):
        if {first.name, second.name} & _OF_KNOWN_FORM or not between.strip():
            continue
        if not any(character.isalnum() for character in between):
            yield Hit(_across(first, second))


def _across(first: Variable, second: Variable) -> Span:
    return min(first.span[0], second.span[0]), max(first.span[1], second.span[1])


def _unexplained(content: Content) -> Iterator[Hit]:
    """Variables that begin a text or a sentence."""
    for view in content.readings:
        before: str = ""
        for part in view.parts:
            if isinstance(part, Literal):
                before += part.text
            elif not before.strip() or before.rstrip()[-1] in "。！？；!?;":
                yield Hit(part.span)
                before = "x"
            else:
                before = "x"


def _unusually_many(content: Content) -> Iterator[Hit]:
    names = dict.fromkeys(each.name for each in content.variables)
    if len(names) > _USUAL[content.kind]:
        yield Hit(_spans(content.variables), count=len(names))


def _spans(nodes: Iterable[Variable]) -> Span:
    spans = [node.span for node in nodes]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _letters(view: View) -> int:
    return sum(each.isalnum() for each in view.folded)


def _only_variables(content: Content) -> Iterator[Hit]:
    if content.variables and not _letters(content.view):
        yield whole(content)


def _mostly_variables(content: Content) -> Iterator[Hit]:
    """Fewer than four characters of text for each variable tell nobody what it is about."""
    for view in content.readings:
        variables = [part for part in view.parts if isinstance(part, Variable)]
        if variables and content.parsed and 0 < _letters(view) < 4 * len(variables):
            yield whole(content)


_FREE_TEXT = re.compile(r"(?:^|_)(?:content|msg|message|text|body|sms|remark|info)$|内容|正文|备注")


def _free_texts(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each in content.variables if named(each, _FREE_TEXT))


def _empty_blocks(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each in content.blocks if not each.body and not each.otherwise)


def _always_true(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each in content.blocks if each.name in templates.RESERVED)


def _unfillable(content: Content) -> Iterator[Hit]:
    # LeanCloud's SDKs keep names that begin with one `_` for themselves (wire.md 2.4).
    for node in content.parsed.walk() if content.parsed else ():
        if isinstance(node, Literal):
            continue
        own = node.name.startswith("_") and not node.name.startswith("__")
        if own or node.name in templates.OPTIONS:
            yield Hit(node.span, node.name)


def _conditional(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each in content.blocks)


def _not_for_people(*allowed: str) -> Find:
    """Variables that personal owners may not use."""

    def find(content: Content) -> Iterator[Hit]:
        if content.personal:
            yield from (Hit(each.span) for each in content.variables if each.name not in allowed)

    return find


_VARIABLE_RULES = (
    Rule(
        "adjacent-variables", ERROR, EVERY, _adjacent,
        ("两个变量紧挨着：“$word”。", "在它们之间写上说明文字。"),
        ("Two variables stand side by side: “$word”.", "Put words between them."),
    ),
    Rule(
        "variables-by-punctuation", WARNING, EVERY, _by_punctuation,
        ("两个变量之间只有标点：“$word”。", "在每个变量前写上说明文字。"),
        ("Nothing but punctuation stands between two variables: “$word”.",
         "Put words before each."),
    ),
    Rule(
        "unexplained-variable", NOTE, EVERY, _unexplained,
        ("“$word”前面没有说明文字。", "在变量前写明它是什么，更容易通过审核。"),
        ("No words lead to “$word”.", "Say before it what it is; reviews go better."),
    ),
    Rule(
        "unusually-many-variables", WARNING, EVERY, _unusually_many,
        ("共有 $count 个变量，比这类短信通常需要的多。", "把固定不变的内容写成文字。"),
        ("There are $count variables, more than such messages need.",
         "Write out what is always the same."),
    ),
    Rule(
        "only-variables", ERROR, EVERY, _only_variables,
        ("除变量外没有文字，无法判断短信内容。", "写明短信要说什么。"),
        ("There is nothing but variables, so nobody can tell what will be sent.",
         "Write what the message is to say."),
    ),
    Rule(
        "mostly-variables", WARNING, EVERY, _mostly_variables,
        ("文字太少，变量太多，难以判断短信内容。", "增加说明文字。"),
        ("There is little text for so many variables.", "Add words that explain them."),
    ),
    Rule(
        "free-text-variable", WARNING, EVERY, _free_texts,
        ("“$word”像是整段内容。", "把内容写在模板里，变量只留会变的部分。"),
        ("“$word” seems to be a whole text.", "Write it out; keep variables for what varies."),
    ),
    Rule(
        "unfillable-variable", ERROR, EVERY, _unfillable,
        ("“$word”是接口自己的参数名，变量不能叫这个名字。", "换一个名字。"),
        ("“$word” is a parameter of the API, so no variable can have this name.",
         "Choose another name."),
    ),
    Rule(
        "conditional-text", WARNING, EVERY, _conditional,
        ("“$word”使内容随变量变化，需要逐一审核；部分运营商不支持。", "也可以拆成几个模板。"),
        ("“$word” makes several texts of one; each must be reviewed, and some carriers take none.",
         "Consider one template for each."),
    ),
    Rule(
        "empty-block", WARNING, EVERY, _empty_blocks,
        ("“$word”里没有内容。", "删去这个条件。"),
        ("There is nothing in “$word”.", "Remove the block."),
    ),
    Rule(
        "constant-condition", WARNING, EVERY, _always_true,
        ("“$word”的变量由系统填写，条件总是成立。", "去掉条件。"),
        ("“$word” always holds: the service fills this variable.", "Remove the condition."),
    ),
    Rule(
        "personal-verification-variables", ERROR, VERIFICATION, _not_for_people("code"),
        ("个人用户的验证类短信只能有一个变量，多了“$word”。", "只保留 {{code}}。"),
        ("Verification of personal owners has one variable; “$word” is one more.",
         "Keep {{code}} only."),
    ),
    Rule(
        "personal-notification-variables", ERROR, NOTIFICATION, _not_for_people(),
        ("个人用户的通知类短信不能有变量：“$word”。", "写成固定文字，或以公司名义开通应用。"),
        ("Notifications of personal owners have no variables: “$word”.",
         "Write it out, or register the app for a company."),
    ),
)  # fmt: skip

# --- Codes and reserved variables -------------------------------------------------------------


def _uses(name: str) -> Find:
    def find(content: Content) -> Iterator[Hit]:
        named_so: list[Variable | Block] = [*content.variables, *content.blocks]
        return (Hit(each.span) for each in named_so if each.name == name)

    return find


def _without_code(content: Content) -> Iterator[Hit]:
    for view in content.readings:
        codes = [part for part in view.parts if isinstance(part, Variable) and part.name == "code"]
        if content.parsed and content.text.strip() and not codes:
            yield whole(content)


def _repeated_code(content: Content) -> Iterator[Hit]:
    for view in content.readings:
        codes = [part for part in view.parts if isinstance(part, Variable) and part.name == "code"]
        yield from (Hit(code.span) for code in codes[1:])


_CODE_NAME = re.compile(r"(?:code|captcha|otp|(?:^|_)pin)$|^(?:otp|pin)_|验证码|校验码")
_OTHER_CODES = re.compile(r"post|zip|area|country|qr|bar|order|express|pick|status|error|promo")


def _like_a_code(content: Content) -> Iterator[Hit]:
    for each in content.variables:
        like = named(each, _CODE_NAME) and not named(each, _OTHER_CODES)
        if like and each.name != "code":
            yield Hit(each.span)


def _without_code_word(content: Content) -> Iterator[Hit]:
    for view in content.readings:
        if content.parsed and view.folded.strip() and not _CODE_WORD.search(view.folded):
            yield whole(content)


_CODE_WORD = re.compile(r"验证码|校验码|动态码|注册码|确认码|动态密码|验证密码|code|otp")
_FIXED_CODE = re.compile(
    r"(?:验证码|校验码|动态码|code)[为是:： ]{0,3}[0-9]{4,8}(?![0-9])"
    r"|(?<![0-9])[0-9]{4,8}[（( ]{0,2}(?:验证码|校验码|动态码)"
)
_TTL = re.compile(rf"{VARIABLE}\s{{0,2}}(?!分|min|\s)")


def _ttl_without_minutes(content: Content) -> Iterator[Hit]:
    for view in content.readings:
        variables = iter([part for part in view.parts if isinstance(part, Variable)])
        for place, character in enumerate(view.folded):
            if character != VARIABLE:
                continue
            variable = next(variables)
            if variable.name == "ttl" and _TTL.match(view.folded, place):
                yield Hit(variable.span)


_CODE_RULES = (
    Rule(
        "code-missing", ERROR, VERIFICATION, _without_code,
        ("验证类模板必须含有 {{code}}。", "在要显示验证码的位置写上 {{code}}。"),
        ("A verification template must hold {{code}}.", "Put {{code}} where the code belongs."),
    ),
    Rule(
        "code-repeated", WARNING, VERIFICATION, _repeated_code,
        ("{{code}} 出现了不止一次。", "只保留一处。"),
        ("{{code}} stands there more than once.", "Keep one."),
    ),
    Rule(
        "code-elsewhere", ERROR, BULK, _uses("code"),
        ("只有验证类模板可以使用 {{code}}。", "删去它，或改用验证类模板。"),
        ("Only verification may use {{code}}.", "Remove it, or make this a verification template."),
    ),
    Rule(
        "code-lookalike", WARNING, EVERY, _like_a_code,
        ("“$word”像是验证码，但系统只填写 {{code}}。", "验证码请使用 {{code}} 和验证类模板。"),
        ("“$word” looks like a code, but the service fills {{code}} only.",
         "Use {{code}} in a verification template for codes."),
    ),
    Rule(
        "code-fixed", ERROR, EVERY, Pattern(_FIXED_CODE),
        ("“$word”里的验证码是固定数字。", "用 {{code}} 代替。"),
        ("The code in “$word” is always the same.", "Put {{code}} in its place."),
    ),
    Rule(
        "code-unnamed", WARNING, VERIFICATION, _without_code_word,
        ("没有写明这是验证码。", "加上“验证码”字样。"),
        ("Nothing says that this is a code.", "Say so, for instance with 验证码."),
    ),
    Rule(
        "code-word-elsewhere", WARNING, BULK, words("验证码 校验码 动态码 动态密码 验证密码"),
        ("“$word”只应出现在验证类短信中。", "发送验证码请使用验证类模板。"),
        ("“$word” belongs into verification.", "Use a verification template to send codes."),
    ),
    Rule(
        "ttl-elsewhere", WARNING, BULK, _uses("ttl"),
        ("“$word”是验证码的有效期，这里没有验证码。", "删去它，或使用自己的变量。"),
        ("“$word” is how long a code lives, and there is none here.",
         "Remove it, or use a variable of your own."),
    ),
    Rule(
        "ttl-unit", WARNING, VERIFICATION, _ttl_without_minutes,
        ("“$word”以分钟为单位，后面没有写“分钟”。", "写成“{{ttl}} 分钟”。"),
        ("“$word” counts minutes, and the text does not say so.", "Write {{ttl}} 分钟."),
    ),
    Rule(
        "sign-repeated", NOTE, EVERY, _uses("sign"),
        ("短信开头已有签名，“$word”会再显示一次。", "通常可以删去。"),
        ("The signature stands in front already; “$word” repeats it.", "It can mostly go."),
    ),
)  # fmt: skip

RULES = (*_VARIABLE_RULES, *_CODE_RULES)
