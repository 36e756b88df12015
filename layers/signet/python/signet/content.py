"""A text as its readers will see it, and what a rule of content is made of.

Rules look at a View: the text without tags, in one form (full-width and traditional characters,
capitals and compatibility forms are folded), where each character still knows its place in what
the author wrote. A variable is one character, VARIABLE. A template with blocks has several views:
all that it holds, what is read when every condition holds, and what is read when none does.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from signet import templates
from signet.findings import Finding, Severity
from signet.limits import Kind
from signet.templates import Block, Literal, Node, Span, TemplateError, Variable

VARIABLE = "\ufffc"

EVERY = frozenset(Kind)
VERIFICATION = frozenset({Kind.VERIFICATION})
NOTIFICATION = frozenset({Kind.NOTIFICATION})
MARKETING = frozenset({Kind.MARKETING})

# A text of one rule's making could fill a reply: the first ones tell as much.
MAX_FINDINGS = 20

_SIMPLIFIED = str.maketrans(
    "價僅銷優惠貸賭博彩獎裸聊黃發賣購減領贈訊號碼壹貳叁幣槍彈藥證賬戶轉讓"
    "級頂國際產業樓盤開張機構駕駛單驗騙銀關閉點擊鏈載網頁繫絡電話與訂閱",
    "价仅销优惠贷赌博彩奖裸聊黄发卖购减领赠讯号码一二三币枪弹药证账户转让"
    "级顶国际产业楼盘开张机构驾驶单验骗银关闭点击链载网页系络电话与订阅",
)

# What is put between the characters of a word so that filters miss it. Sentences are not: a
# comma or a full stop ends what belongs together.
SIGNS = frozenset("*·•.-_/|\\~+^'\"`=#&@…‧・﹒°、丨丶")
# Punctuation that ends a word or an address, and whose half-width twin may be a part of one.
_KEPT = frozenset("，！？；（）")
BLANKS = frozenset(" \t\n\u3000")
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class View:
    """One reading of the text; `starts` and `ends` lead from its characters to the author's."""

    parts: tuple[Literal | Variable, ...]
    folded: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Where characters of this view stand in the text; `start` < `end`."""
        return self.starts[start], self.ends[end - 1]

    def search(self, pattern: re.Pattern[str]) -> Iterator[tuple[Span, re.Match[str]]]:
        """Every match that holds something, and where it stands in the text."""
        for match in pattern.finditer(self.folded):
            if match.end() > match.start():
                yield self.span(*match.span()), match


@dataclass(frozen=True)
class Content:
    """What rules judge: the author's text, and the ways to read it.

    `parsed` is None for a text that is no template, of which `error` says why; then `view` is
    whatever stands between its tags.
    """

    text: str
    kind: Kind
    personal: bool = False
    parsed: templates.Parsed | None = field(init=False)
    error: TemplateError | None = field(init=False)

    def __post_init__(self) -> None:
        parsed, error = None, None
        try:
            parsed = templates.parse(self.text)
        except TemplateError as broken:
            error = broken
        object.__setattr__(self, "parsed", parsed)
        object.__setattr__(self, "error", error)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """All that the text holds; with blocks also what is read with all and with none."""
        if self.parsed is None:
            return (_view(_between_tags(self.text)),)
        nodes = self.parsed.nodes
        if self.parsed.plain:
            return (_view(_all(nodes)),)
        return (_view(_all(nodes)), *(_view(_chosen(nodes, side)) for side in (True, False)))

    @property
    def view(self) -> View:
        """All that the text holds."""
        return self.views[0]

    @property
    def readings(self) -> tuple[View, ...]:
        """What people may get to read."""
        return self.views[1:] or self.views

    @cached_property
    def kept(self) -> "Content":
        """The text as it will be stored and sent."""
        return Content(templates.finished(self.text, self.kind), self.kind, self.personal)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Every variable that is printed, as often as it is, in the order of the text."""
        nodes = self.parsed.walk() if self.parsed else ()
        return tuple(node for node in nodes if isinstance(node, Variable))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        nodes = self.parsed.walk() if self.parsed else ()
        return tuple(node for node in nodes if isinstance(node, Block))


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule found something; `word` and `count` go into its sentences."""

    span: Span
    word: str | None = None
    count: int = 0


Find = Callable[[Content], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of content: `find` yields where a text of one of `kinds` is against it.

    `zh` and `en` are a sentence and a suggestion each; `$word` in them is what was found, `$count`
    a number.
    """

    id: str
    severity: Severity
    kinds: frozenset[Kind]
    find: Find
    zh: tuple[str, str]
    en: tuple[str, str]

    def findings(self, content: Content) -> Iterator[Finding]:
        """What there is to say about a text."""
        if content.kind not in self.kinds:
            return
        seen: set[Span] = set()
        for hit in self.find(content):
            if hit.span not in seen:
                seen.add(hit.span)
                yield self._finding(hit, content.text)
            if len(seen) == MAX_FINDINGS:
                return

    def _finding(self, hit: Hit, text: str) -> Finding:
        word = text[slice(*hit.span)] if hit.word is None else hit.word
        said = [
            {"zh": zh, "en": en}
            for zh, en in (
                (_filled(zh, word, hit.count), _filled(en, word, hit.count))
                for zh, en in zip(self.zh, self.en, strict=True)
            )
        ]
        return Finding(self.id, self.severity, *hit.span, *said)


def _filled(sentence: str, word: str, count: int) -> str:
    return sentence.replace("$count", str(count)).replace("$word", _short(word))


def _short(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Finds whatever an expression matches in any view of the text."""

    expression: re.Pattern[str]

    def __call__(self, content: Content) -> Iterator[Hit]:
        for view in content.views:
            for span, _ in view.search(self.expression):
                yield Hit(span)


def pattern(expression: str) -> Pattern:
    """A finder of a regular expression, which meets folded text (small letters)."""
    return Pattern(re.compile(expression))


def words(*lists: str) -> Pattern:
    """A finder of words, given as lists with blanks between; Latin ones as whole words."""
    return Pattern(re.compile(any_of(*lists)))


def any_of(*lists: str) -> str:
    """The expression for the words of some lists; the longest counts.

    `让利!益润` is the word unless one of these characters follows it (让利益), `下!降价!` unless
    one of these comes before: Chinese has no blanks, and words meet by chance.
    """
    every = sorted({word for each in lists for word in each.split()}, key=len, reverse=True)
    latin = "|".join(re.escape(word) for word in every if word.isascii())
    others = "|".join(_bounded(word) for word in every if not word.isascii())
    whole_words = rf"(?<![a-z0-9])(?:{latin})(?![a-z0-9])" if latin else ""
    return f"(?:{'|'.join(part for part in (others, whole_words) if part)})"


def _bounded(entry: str) -> str:
    *before, word, after = entry.split("!") if "!" in entry else (entry, "")
    behind = "".join(f"(?<![{characters}])" for characters in before)
    return f"{behind}{re.escape(word)}{f'(?![{after}])' if after else ''}"


def whole(content: Content) -> Hit:
    """A hit on the text as a whole; an empty text has nothing to point at."""
    return Hit((0, len(content.text)))


# --- Views ------------------------------------------------------------------------------------

_TAG = re.compile(r"\{\{[^{}]{0,64}\}{0,3}")
_BETWEEN = Literal("\n", (0, 0))


def fold(character: str) -> str:
    """The character as it is read: none, one or several."""
    if character.isascii() or character in _KEPT:
        return character.lower()
    if HIDDEN.match(character):
        return character if character != VARIABLE else " "
    return unicodedata.normalize("NFKC", character).lower().translate(_SIMPLIFIED)


def _view(parts: Iterable[Literal | Variable]) -> View:
    parts = tuple(parts)
    folded, starts, ends = [], [], []
    for part in parts:
        for character, start, end in _characters(part):
            folded.append(character)
            starts.append(start)
            ends.append(end)
    return View(
        tuple(part for part in parts if part is not _BETWEEN),
        "".join(folded),
        tuple(starts),
        tuple(ends),
    )


def _characters(part: Literal | Variable) -> Iterator[tuple[str, int, int]]:
    if isinstance(part, Variable):
        yield VARIABLE, *part.span
        return
    for place, character in enumerate(part.text, part.span[0]):
        for each in fold(character):
            yield each, place, place + 1


def _all(nodes: Iterable[Node]) -> Iterator[Literal | Variable]:
    """All that is there, with a line end where it is never read together."""
    for node in nodes:
        if isinstance(node, Block):
            yield _BETWEEN
            yield from _all(node.body)
            yield _BETWEEN
            yield from _all(node.otherwise)
            yield _BETWEEN
        else:
            yield node


def _chosen(nodes: Iterable[Node], side: bool) -> Iterator[Literal | Variable]:
    """What is read when all conditions hold, or none."""
    for node in nodes:
        if isinstance(node, Block):
            yield from _chosen(node.body if side else node.otherwise, side)
        else:
            yield node


def _between_tags(text: str) -> Iterator[Literal | Variable]:
    """A reading of a text that is no template: what looks like a tag is taken for a variable."""
    position = 0
    for tag in _TAG.finditer(text):
        yield Literal(text[position : tag.start()], (position, tag.start()))
        yield Variable("", tag.span())
        position = tag.end()
    yield Literal(text[position:], (position, len(text)))
