"""Rules of content about characters and length: what arrives as it was written, and for how much.

Sources: wire.md 15.2 and 16.1, guide.zh.md (短信计费).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from signet.content import (
    EVERY,
    HIDDEN,
    Content,
    Find,
    Hit,
    Pattern,
    Rule,
    View,
    pattern,
    whole,
    words,
)
from signet.findings import Severity
from signet.templates import Literal

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

MAX_CHARACTERS = 400  # wire.md 16.1
# 【】 and the shortest signature (wire.md 15.1), which stand in front of every text.
_SIGNATURE = 4
# How long values are that a template can count on, and how long others tend to be.
_FIXED = {"code": 6, "ttl": 1}
_LIKELY = 10

# --- Characters -------------------------------------------------------------------------------


def _characters(fits: Callable[[str], bool]) -> Find:
    """Runs of characters of a sort, in the text between tags."""

    def find(content: Content) -> Iterator[Hit]:
        literals = content.parsed.walk() if content.parsed else [_all_of(content.text)]
        for node in literals:
            if isinstance(node, Literal):
                yield from _runs(node, fits)

    return find


def _all_of(text: str) -> Literal:
    return Literal(text, (0, len(text)))


def _runs(literal: Literal, fits: Callable[[str], bool]) -> Iterator[Hit]:
    start: int | None = None
    for place, character in enumerate([*literal.text, ""], literal.span[0]):
        found = bool(character) and fits(character)
        if found and start is None:
            start = place
        elif not found and start is not None:
            yield Hit((start, place))
            start = None


def _is_control(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) in {"Cc", "Zl", "Zp"}


def _is_unprintable(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in {"Cn", "Co", "Cs"}


def _is_emoji(character: str) -> bool:
    return character in "\u20e3\ufe0f\u2764\u2b50" or (
        character > "\U0001efff" and unicodedata.category(character) in {"So", "Sk"}
    )


def _is_symbol(character: str) -> bool:
    """Signs that some phones and carriers cannot show."""
    if character.isascii() or _is_emoji(character):
        return False
    folded = unicodedata.normalize("NFKC", character)
    return unicodedata.category(character) in {"So", "Sm", "No"} and not folded.isascii()


def _is_rare(character: str) -> bool:
    return character > "\uffff" and unicodedata.category(character)[0] in "LMN"


def _outer_blanks(content: Content) -> Iterator[Hit]:
    text = content.text
    if not text.strip():
        return
    if start := len(text) - len(text.lstrip()):
        yield Hit((0, start), word="")
    if end := len(text) - len(text.rstrip()):
        yield Hit((len(text) - end, len(text)), word="")


_MIXED = re.compile(
    r"[a-z][\u0370-\u03ff\u0400-\u052f\u0530-\u058f]|[\u0370-\u03ff\u0400-\u052f\u0530-\u058f][a-z]"
)
_CAPITALS = re.compile(
    r"(?<![A-Za-z])[A-Z]{3,20}(?:[ ,!]{1,3}[A-Z]{2,20}){2,12}(?![A-Za-z])|[A-Z]{13,40}"
)
_REPEATED = re.compile(r"([!！?？。~～…，,.])\1{2,40}|(?:[!！?？]){3,40}")
_SIGNATURE_LIKE = re.compile(r"\A\s{0,4}[\[［〔〖「『]|[\]］〕〗」』]\s{0,4}\Z")
_FOREIGN = re.compile(
    r"\$\{[^{}\s]{1,32}\}|(?<!\{)\{[A-Za-z0-9_]{1,32}\}(?!\})|[｛]{1,2}[^{}｛｝\s]{1,32}[｝]{1,2}"
    r"|(?<![\w/&?=-])#[A-Za-z_]\w{0,31}#|(?<![0-9])%[sd](?![a-z0-9])|<%=?[^<>]{0,32}%>"
)
_MARKUP = re.compile(
    r"&(?:amp|lt|gt|quot|nbsp|#[0-9]{1,5}|#x[0-9a-f]{1,4});|</?[a-z][a-z0-9]{0,8}(?:\s[^<>]{0,100})?/?>",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"(?<=\S)[ \t]{0,20}\r?\n[ \t]{0,20}\r?\n\s{0,20}(?=\S)")
_DOUBLED = re.compile(r"的的|了了|您您|请请|是是|在在|和和|于于|为为")
_PLACEHOLDERS = re.compile(
    r"(?<![a-z])x{2,10}(?![a-z])|某某|待定|lorem ipsum|todo(?![a-z])|\*{3,20}"
)
_TESTING = words("测试 test testing 测试短信 演示")


def _raw(expression: re.Pattern[str]) -> Find:
    """What matches in the text as it was written, between its tags."""

    def find(content: Content) -> Iterator[Hit]:
        nodes = content.parsed.walk() if content.parsed else [_all_of(content.text)]
        for node in nodes:
            if isinstance(node, Literal):
                for match in expression.finditer(node.text):
                    start, end = match.span()
                    yield Hit((node.span[0] + start, node.span[0] + end))

    return find


def _signature_like(content: Content) -> Iterator[Hit]:
    return (Hit(match.span()) for match in _SIGNATURE_LIKE.finditer(content.text))


_PAIRS = {"（": "）", "《": "》", "“": "”", "「": "」", "(": ")"}


def _unpaired(content: Content) -> Iterator[Hit]:
    """Full-width and half-width brackets close one another, as people write them."""
    alike = str.maketrans("（）", "()")
    for opening, closing in _PAIRS.items():
        if opening == "（":
            continue
        text = content.text.translate(alike)
        if text.count(opening) != text.count(closing):
            place = text.find(opening if opening in text else closing)
            yield Hit((place, place + 1))


_CHARACTER_RULES = (
    Rule(
        "empty", ERROR, EVERY,
        lambda content: [] if content.text.strip() else [whole(content)],
        ("模板没有内容。", "写上短信内容。"),
        ("The template is empty.", "Write a text."),
    ),
    Rule(
        "brackets", ERROR, EVERY, pattern("[【】]{1,20}"),
        ("内容中不能有“$word”。", "签名会自动加在开头，请删去【】。"),
        ("The text must not hold “$word”.",
         "The signature is put in front by the service; remove the brackets."),
    ),
    Rule(
        "signature-lookalike", WARNING, EVERY, _signature_like,
        ("开头或结尾的“$word”像是另一个签名。", "改用其他标点。"),
        ("“$word” at the beginning or end looks like another signature.",
         "Use other punctuation."),
    ),
    Rule(
        "control-character", ERROR, EVERY, _characters(_is_control),
        ("含有控制字符。", "删去它；换行请使用普通的换行符。"),
        ("There is a control character.", "Remove it; use ordinary line ends."),
    ),
    Rule(
        "invisible-character", ERROR, EVERY, _characters(lambda each: bool(HIDDEN.match(each))),
        ("含有看不见的字符，可能改变文字的含义或方向。", "删去它。"),
        ("There is an invisible character, which may change how the text reads.", "Remove it."),
    ),
    Rule(
        "unprintable-character", ERROR, EVERY, _characters(_is_unprintable),
        ("“$word”无法显示。", "检查文字是否在复制时损坏。"),
        ("“$word” cannot be shown.", "See whether the text was damaged when it was copied."),
    ),
    Rule(
        "emoji", NOTE, EVERY, _characters(_is_emoji),
        ("“$word”在国际短信中占 2 个字，部分手机不能显示。", "尽量使用文字。"),
        ("“$word” counts twice abroad, and some phones cannot show it.", "Prefer words."),
    ),
    Rule(
        "rare-character", NOTE, EVERY, _characters(_is_rare),
        ("“$word”是生僻字，部分手机不能显示。", "尽量使用常用字。"),
        ("“$word” is rare, and some phones cannot show it.", "Prefer a common character."),
    ),
    Rule(
        "special-symbol", WARNING, EVERY, _characters(_is_symbol),
        ("特殊符号“$word”可能显示为乱码。", "换成文字或普通标点。"),
        ("“$word” may not arrive as it is.", "Use words or plain punctuation."),
    ),
    Rule(
        "mixed-alphabets", WARNING, EVERY, Pattern(_MIXED),
        ("“$word”混用了不同的字母表。", "用同一种字母书写。"),
        ("“$word” mixes alphabets.", "Write a word in one."),
    ),
    Rule(
        "outer-blanks", NOTE, EVERY, _outer_blanks,
        ("首尾的空白不会保留。", "无需修改。"),
        ("Blanks at either end are not kept.", "Nothing to do."),
    ),
    Rule(
        "blank-lines", NOTE, EVERY, _raw(_BLANK_LINES),
        ("含有空行，部分手机会显示成一大段空白。", "最多换一行。"),
        ("There are blank lines, which look odd on some phones.", "One line end is enough."),
    ),
    Rule(
        "repeated-punctuation", WARNING, EVERY, _raw(_REPEATED),
        ("标点重复：“$word”。", "保留一个。"),
        ("The punctuation is repeated: “$word”.", "Keep one."),
    ),
    Rule(
        "capitals", WARNING, EVERY, _raw(_CAPITALS),
        ("“$word”全部大写，容易被当作垃圾短信。", "改用正常的大小写。"),
        ("“$word” is all capitals, which filters take for spam.", "Write it as usual."),
    ),
    Rule(
        "foreign-placeholder", WARNING, EVERY, _raw(_FOREIGN),
        ("“$word”不是变量，会原样显示。", "变量写成 {{name}}。"),
        ("“$word” is no variable here and is printed as it is.", "Write variables as {{name}}."),
    ),
    Rule(
        "markup", ERROR, EVERY, _raw(_MARKUP),
        ("“$word”是网页代码，会原样显示。", "短信只有纯文字，请直接写字符。"),
        ("“$word” is markup and is printed as it is.", "An SMS is plain text; write characters."),
    ),
    Rule(
        "doubled-word", NOTE, EVERY, Pattern(_DOUBLED),
        ("“$word”可能是多打了一个字。", "检查是否重复。"),
        ("“$word” may hold one character too many.", "See whether it is a slip."),
    ),
    Rule(
        "placeholder", WARNING, EVERY, Pattern(_PLACEHOLDERS),
        ("“$word”像是没有填写的内容。", "填上真实内容，或使用变量。"),
        ("“$word” looks like something that was to be filled in.",
         "Fill it in, or use a variable."),
    ),
    Rule(
        "test-text", WARNING, EVERY, _TESTING,
        ("含有“$word”，运营商通常拒绝测试内容。", "提交真实使用的内容。"),
        ("Carriers mostly refuse texts with “$word”.", "Submit what will really be sent."),
    ),
    Rule(
        "unpaired-punctuation", NOTE, EVERY, _unpaired,
        ("“$word”没有成对出现。", "补上另一半。"),
        ("“$word” has no counterpart.", "Add it."),
    ),
)  # fmt: skip

# --- Length -----------------------------------------------------------------------------------


def _length(view: View, *, likely: int) -> int:
    """Characters with the shortest signature; a variable counts as `likely`, or is known."""
    return _SIGNATURE + sum(
        len(part.text) if isinstance(part, Literal) else _FIXED.get(part.name, likely)
        for part in view.parts
    )


def _longest(content: Content, *, likely: int) -> int:
    """Of what will be sent, so with the way to opt out."""
    kept = content.kept
    return max(_length(view, likely=likely) for view in kept.readings) if kept.text else 0


def _too_long(content: Content) -> Iterator[Hit]:
    length = _longest(content, likely=0)
    if length > MAX_CHARACTERS:
        yield Hit(whole(content).span, count=length)


def _likely_too_long(content: Content) -> Iterator[Hit]:
    if _longest(content, likely=0) <= MAX_CHARACTERS < _longest(content, likely=_LIKELY):
        yield Hit(whole(content).span, count=_longest(content, likely=_LIKELY))


def _several_segments(content: Content) -> Iterator[Hit]:
    length = _longest(content, likely=0)
    if 70 < length <= MAX_CHARACTERS:
        yield Hit(whole(content).span, count=-(-length // 67))


_LENGTH_RULES = (
    Rule(
        "length", ERROR, EVERY, _too_long,
        (f"连同签名至少 $count 个字，超过 {MAX_CHARACTERS} 个字的上限。", "缩短内容。"),
        (f"With a signature these are at least $count characters; {MAX_CHARACTERS} is the limit.",
         "Shorten it."),
    ),
    Rule(
        "length-with-values", WARNING, EVERY, _likely_too_long,
        (f"填入变量后可能达到 $count 个字，超过 {MAX_CHARACTERS} 个字的短信会被拒绝。",
         "缩短内容。"),
        (f"With values this may come to $count characters; {MAX_CHARACTERS} is the limit.",
         "Shorten it."),
    ),
    Rule(
        "several-segments", NOTE, EVERY, _several_segments,
        ("至少按 $count 条计费。", "连同签名和变量不超过 70 个字时按一条计费。"),
        ("This is billed as at least $count messages.",
         "Up to 70 characters, signature and values included, are one."),
    ),
)  # fmt: skip

RULES = (*_CHARACTER_RULES, *_LENGTH_RULES)
