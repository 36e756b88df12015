"""Templates: reading them, printing them, and the only Handlebars that is let through.

A template is text with variables, `{{x}}`, `{{{x}}}` or `{{&x}}`, which all print the value as it
is, since an SMS is not HTML; and perhaps with `{{#if x}}` or `{{#unless x}}`, `{{else}}` or
`{{^}}`, `{{/if}}` or `{{/unless}}`, and comments. Whatever else braces could mean to Handlebars
is refused by name, so that no text is accepted which prints less than it holds, and nothing an
app's owner writes reaches a compiler (docs/decisions/0010).

`request` imports this module: it stays small, and `signet.handlebars` is loaded for blocks only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from signet.apps import ReviewState
from signet.errors import TemplateNotRendered
from signet.limits import Kind

# Filled in by the service; nobody else can set them (guide.zh.md, 模板变量; wire.md 15.2).
RESERVED = ("name", "code", "ttl", "sign", "template")
# Fields of requestSmsCode that mean something else, so that no template can have them.
OPTIONS = ("mobilePhoneNumber", "smsType", "countryCode", "validate_token", "validateToken")

# What marketing must end with (guide.zh.md, 营销短信), and the ways in which people write it.
OPT_OUT = "回复TD退订"
_OPT_OUT_WORDS = (
    r"(?i)(?:退订|拒收)[请可，, ]{0,2}[回发]"
    r"|[回发][复送]?[ “\"]?(?:(?:TD|[TRN])[”\"]?[ ，,]?(?:退订|拒收)|退订)"
    r"|\b(?:reply|text|send) (?:TD|STOP|[TRN])\b"
)

MAX_TEXT = 1_000
MAX_VARIABLES = 20
MAX_NAME = 32
MAX_DEPTH = 3

Span = tuple[int, int]


class TemplateError(ValueError):
    """A text that is no template: `reason` is a key of REASONS, `span` says where."""

    def __init__(self, reason: str, span: Span, detail: str = "") -> None:
        super().__init__(f"{REASONS[reason]}{f': {detail}' if detail else ''}")
        self.reason = reason
        self.span = span


class TemplateMissingVariable(TemplateNotRendered):
    """The caller gave no value for the variable `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The template needs a value for {name}.")
        self.name = name


REASONS = {
    "unclosed-tag": "This tag has no end, and nothing of it would be printed",
    "stray-braces": "These braces belong to no tag",
    "whitespace-control": "~ in tags is not supported",
    "raw-block": "Four braces are not supported",
    "partial": "Templates cannot include others",
    "literal-tag": "A tag holds the name of a variable, not a value",
    "path-tag": "Variables are plain values without parts",
    "condition": "if and unless take the name of one variable",
    "else-chain": "else if is not supported; put an if into the else",
    "helper": "Only if and unless are known",
    "bad-name": "This is not the name of a variable",
    "long-name": f"Names of variables have at most {MAX_NAME} characters",
    "unclosed-block": "This block has no end",
    "block-mismatch": "This ends a block that was not begun",
    "else-misplaced": "else stands once in a block",
    "nested-same": "A block within a block of the same variable prints always or never",
    "nested-deep": f"At most {MAX_DEPTH} blocks may stand in one another",
    "many-variables": f"A template has at most {MAX_VARIABLES} variables",
    "long-text": f"A template has at most {MAX_TEXT} characters",
}


@dataclass(frozen=True, slots=True)
class Template:
    """One reviewed template: the version that is in use."""

    name: str
    kind: Kind
    text: str
    version: int
    state: ReviewState = ReviewState.APPROVED


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that are printed as they are; the text's slice at `span`."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Variable:
    """A value; `optional` (inside a block) means that nothing is printed without one."""

    name: str
    span: Span
    triple: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """`body` if the variable has a value, else `otherwise`; `span` is the opening tag."""

    name: str
    span: Span
    body: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


Node = Literal | Variable | Block


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that is a template: its parts, in order."""

    nodes: tuple[Node, ...]

    @property
    def plain(self) -> bool:
        """Whether it is only text and variables."""
        return not any(isinstance(node, Block) for node in self.nodes)

    def walk(self) -> list[Node]:
        """Every part in the order of the text, blocks before what is in them."""
        return sorted(_walk(self.nodes), key=lambda node: node.span)

    def variables(self) -> tuple[str, ...]:
        """Every name once, in the order in which they come."""
        return tuple(dict.fromkeys(_name_of(node) for node in self.walk() if _name_of(node)))


def variables(text: str) -> tuple[str, ...]:
    """The names in a template, in the order in which they come. Raises TemplateError."""
    return parse(text).variables()


def is_variable(name: str) -> bool:
    """Whether a template can have a variable of that name, filled in by whoever sends it."""
    known = name in _NO_NAMES or name in OPTIONS or (name in RESERVED and name != "name")
    return not known and len(name) <= MAX_NAME and bool(re.fullmatch(_NAME, name))


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in.

    Raises TemplateMissingVariable for a name outside any block that `values` lacks, and
    TemplateNotRendered for a text that is no template.
    """
    try:
        parsed = parse(text)
    except TemplateError as error:
        raise TemplateNotRendered(f"{error}.") from error
    for node in parsed.nodes:
        if isinstance(node, Variable) and node.name not in values:
            raise TemplateMissingVariable(node.name)
    if not parsed.plain:
        from signet import handlebars  # loads pybars, half a second that a person would wait for

        return handlebars.render(parsed, values)
    return "".join(
        node.text if isinstance(node, Literal) else str(values[_name_of(node)])
        for node in parsed.nodes
    )


def finished(text: str, kind: Kind) -> str:
    """The text as it is kept: no blanks around it, and marketing with its way out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if kind is not Kind.MARKETING or not text or has_opt_out(text):
        return text
    # A link would swallow what follows it without a space.
    return f"{text}{'' if text.endswith(tuple('。！？；…，）”』」!?')) else ' '}{OPT_OUT}"


def sent(text: str, kind: Kind) -> str:
    """The text as it is sent: marketing with its way out, whoever wrote it into the table."""
    return finished(text, kind) if kind is Kind.MARKETING else text


def has_opt_out(text: str) -> bool:
    """Whether every message made of the text says how to opt out."""
    try:
        nodes = parse(text).nodes
    except TemplateError:
        return bool(re.search(_OPT_OUT_WORDS, text))
    return any(isinstance(node, Literal) and re.search(_OPT_OUT_WORDS, node.text) for node in nodes)


@lru_cache(maxsize=256)
def parse(text: str) -> Parsed:
    """The parts of a template. Raises TemplateError for the first thing that is wrong."""
    if len(text) > MAX_TEXT:
        raise TemplateError("long-text", (MAX_TEXT, len(text)))
    parsed = Parsed(_Builder(text).build())
    _check_names(parsed)
    return parsed


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Block):
            yield from _walk(node.body)
            yield from _walk(node.otherwise)


def _name_of(node: Node) -> str:
    return "" if isinstance(node, Literal) else node.name


def _check_names(parsed: Parsed) -> None:
    seen: set[str] = set()
    for node in parsed.walk():
        name = _name_of(node)
        if len(name) > MAX_NAME:
            raise TemplateError("long-name", node.span, name)
        if name:
            seen.add(name)
        if len(seen) > MAX_VARIABLES:
            raise TemplateError("many-variables", node.span, name)


# --- Tags -------------------------------------------------------------------------------------

_BRACES = re.compile(r"\{{2,}|\}{2,}")
_INSIDE = re.compile(r"[^{}]*")
_CLOSING = re.compile(r"\}*")
# {{!-- a comment that may hold braces --}} and {{! one that may not }}
_COMMENT = re.compile(r"\{\{!(?:--(?s:.*?)--|[^{}]*)\}\}(?!\})")

_NAME = r"[^\W\d]\w*"
_WORDS = ("if", "unless", "each", "with", "log", "lookup")
_CONSTANTS = ("true", "false", "null", "undefined")
_NO_NAMES = frozenset(("this", "else", *_WORDS, *_CONSTANTS))
_VARIABLE = re.compile(rf"(&?)[ \t\n]*({_NAME})")
_OPENING = re.compile(rf"#[ \t\n]*(if|unless)[ \t\n]+({_NAME})")
_ENDING = re.compile(r"/[ \t\n]*(if|unless)")
_ELSE = re.compile(r"else|\^")

# Why a tag is refused, by the first expression that fits what it holds. Compiled when
# needed: `request` need not wait for them.
_REFUSED = (
    ("whitespace-control", r"~|(?s:.*)~\Z"),
    ("partial", r"#?>"),
    ("condition", r"#[ \t\n]*(?:if|unless)\b"),
    ("else-chain", r"else\b"),
    ("literal-tag", rf"[\"']|&?-?\d+\Z|(?:{'|'.join(_CONSTANTS)})\Z"),
    ("block-mismatch", r"/"),
    ("path-tag", rf"&?[ \t\n]*(?:[@\[.]|this\b|{_NAME}[ \t\n]*[./\[])"),
    ("helper", rf"[#^*]|(?:{'|'.join(_WORDS)})\b|{_NAME}[ \t\n]*[\s(=]|\("),
    ("bad-name", ""),
)

# These, alone on a line, take the line with them, as in Handlebars.
_TAKING_LINES = ("#", "/", "^")
_LINE_END = re.compile(r"[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class _Tag:
    """What stands between two literals: the tag at `span`, and all it takes from the text."""

    holds: str
    span: Span
    takes: Span
    triple: bool = False


def _tags(text: str) -> Iterator[_Tag]:
    position = 0
    while braces := _BRACES.search(text, position):
        tag = _tag(text, braces)
        position = tag.span[1]
        yield tag


def _tag(text: str, braces: re.Match[str]) -> _Tag:
    start, depth = braces.start(), len(braces[0])
    if braces[0].startswith("}"):
        raise TemplateError("stray-braces", braces.span())
    if comment := _COMMENT.match(text, start):
        return _Tag("!", comment.span(), _with_its_line(text, comment.span()))
    end = _end(_INSIDE, text, braces.end())
    closed = _end(_CLOSING, text, end)
    if depth > 3:
        raise TemplateError("raw-block", (start, closed))
    if closed - end != depth:
        reason = "stray-braces" if closed - end > depth else "unclosed-tag"
        raise TemplateError(reason, (start, closed), _short(text[start:closed]))
    holds, span = text[braces.end() : end].strip(" \t\n"), (start, closed)
    takes = _with_its_line(text, span) if holds[:1] in _TAKING_LINES or holds == "else" else span
    return _Tag(holds, span, takes, triple=depth == 3)


def _variable_of(tag: _Tag) -> str | None:
    match = _VARIABLE.fullmatch(tag.holds)
    if match is None or match[2] in _NO_NAMES or (tag.triple and match[1]):
        return None
    return match[2]


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _with_its_line(text: str, span: Span) -> Span:
    line = text.rfind("\n", 0, span[0]) + 1
    rest = _LINE_END.match(text, span[1])
    if rest and not text[line : span[0]].strip(" \t"):
        return line, rest.end()
    return span


def _short(tag: str) -> str:
    return tag if len(tag) <= MAX_NAME + 8 else f"{tag[: MAX_NAME + 7]}…"


def _refuse(tag: _Tag, text: str) -> TemplateError:
    reason = next(reason for reason, pattern in _REFUSED if re.match(pattern, tag.holds))
    return TemplateError(reason, tag.span, _short(text[slice(*tag.span)]))


# --- Blocks -----------------------------------------------------------------------------------


class _Open:
    """A block whose end has not come yet."""

    def __init__(self, word: str, name: str, span: Span) -> None:
        self.word, self.name, self.span = word, name, span
        self.nodes: list[Node] = []
        self.before_else: list[Node] | None = None

    def block(self) -> Block:
        first, second = tuple(self.before_else or ()), tuple(self.nodes)
        if self.before_else is None:
            first, second = second, ()
        if self.word == "unless":
            first, second = second, first
        return Block(self.name, self.span, first, second)


class _Builder:
    """Puts the parts of one text together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open = [_Open("", "", (0, 0))]

    def build(self) -> tuple[Node, ...]:
        position = 0
        for tag in _tags(self._text):
            self._literal(position, tag.takes[0])
            self._add(tag)
            position = tag.takes[1]
        self._literal(position, len(self._text))
        if len(self._open) > 1:
            last = self._open[-1]
            raise TemplateError("unclosed-block", last.span, self._text[slice(*last.span)])
        return tuple(self._open[0].nodes)

    def _literal(self, start: int, end: int) -> None:
        if start < end:
            self._open[-1].nodes.append(Literal(self._text[start:end], (start, end)))

    def _add(self, tag: _Tag) -> None:
        if tag.holds == "!":
            return
        if name := _variable_of(tag):
            optional = len(self._open) > 1
            self._open[-1].nodes.append(Variable(name, tag.span, tag.triple, optional))
        elif tag.triple:
            raise _refuse(tag, self._text)
        elif (opening := _OPENING.fullmatch(tag.holds)) and opening[2] not in _NO_NAMES:
            self._begin(_Open(opening[1], opening[2], tag.span))
        elif _ELSE.fullmatch(tag.holds):
            self._else(tag)
        elif ending := _ENDING.fullmatch(tag.holds):
            self._end(ending[1], tag)
        else:
            raise _refuse(tag, self._text)

    def _begin(self, block: _Open) -> None:
        if any(outer.name == block.name for outer in self._open):
            raise TemplateError("nested-same", block.span, block.name)
        if len(self._open) > MAX_DEPTH:
            raise TemplateError("nested-deep", block.span)
        self._open.append(block)

    def _else(self, tag: _Tag) -> None:
        block = self._open[-1]
        if len(self._open) == 1 or block.before_else is not None:
            raise TemplateError("else-misplaced", tag.span)
        block.before_else, block.nodes = block.nodes, []

    def _end(self, word: str, tag: _Tag) -> None:
        if self._open[-1].word != word:
            raise TemplateError("block-mismatch", tag.span, self._text[slice(*tag.span)])
        block = self._open.pop().block()
        self._open[-1].nodes.append(block)
