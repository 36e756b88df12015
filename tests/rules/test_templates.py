"""What a template may hold, what is refused by name, and what is printed."""

import subprocess
import sys
from pathlib import Path

import pybars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import templates
from signet.errors import TemplateNotRendered
from signet.limits import Kind
from signet.templates import (
    REASONS,
    Block,
    Literal,
    TemplateError,
    TemplateMissingVariable,
    Variable,
)

GUIDE = "尊敬的的用户，您的订单号：{{order_id}} 正在派送，请保持手机畅通，感谢您的订阅。 "

# --- Printing ---------------------------------------------------------------------------------


def test_the_guides_template_prints_the_order() -> None:
    printed = templates.render(GUIDE, {"order_id": "7623432424540"})

    assert printed == GUIDE.replace("{{order_id}}", "7623432424540")


@pytest.mark.parametrize("tag", ["{{x}}", "{{{x}}}", "{{&x}}", "{{ x }}", "{{{ x }}}", "{{\nx}}"])
@pytest.mark.parametrize("value", ["&", "<b>", "'", '"', "`", "&amp;", "{{y}}", "\\", "中\n文", ""])
def test_a_value_is_printed_as_it_is_whatever_the_braces(tag: str, value: str) -> None:
    assert templates.render(f"a{tag}b", {"x": value}) == f"a{value}b"


def test_a_value_that_looks_like_a_tag_is_not_read_again() -> None:
    assert templates.render("{{x}}{{y}}", {"x": "{{y}}", "y": "{{#if"}) == "{{y}}{{#if"


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(TemplateMissingVariable, match="order_id") as refused:
        templates.render(GUIDE, {"another": "1"})

    assert refused.value.code == 606
    assert refused.value.name == "order_id"


def test_an_empty_value_is_a_value() -> None:
    assert templates.render("a{{x}}b", {"x": ""}) == "ab"


def test_values_nobody_asked_for_are_left_out() -> None:
    assert templates.render("a", {"x": "1"}) == "a"


@pytest.mark.parametrize("text", ["{{x", "{{#if x}}", "{{x.y}}", "a" * (templates.MAX_TEXT + 1)])
def test_what_is_no_template_is_606(text: str) -> None:
    with pytest.raises(TemplateNotRendered) as refused:
        templates.render(text, {"x": "1"})

    assert refused.value.code == 606


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("no names", ()),
        ("{{b}}{{a}}{{{b}}}", ("b", "a")),
        ("{{#unless c}}{{b}}{{else}}{{a}}{{/unless}}{{d}}", ("c", "b", "a", "d")),
        ("{{姓名}}{{_x1}}{{op}}{{code}}", ("姓名", "_x1", "op", "code")),
        ("{{!-- {{not}} --}}{{x}}{{! nor this }}", ("x",)),
    ],
)
def test_names_come_once_in_the_order_of_the_text(text: str, names: tuple[str, ...]) -> None:
    assert templates.variables(text) == names


def test_the_parts_of_a_text_say_where_they_stand() -> None:
    text = "码{{{code}}}，{{#if op}}用于{{op}}{{else}}无{{/if}}。"
    literal, code, comma, block, end = templates.parse(text).nodes

    assert literal == Literal("码", (0, 1))
    assert code == Variable("code", (1, 11), triple=True)
    assert comma == Literal("，", (11, 12))
    assert block == Block(
        "op",
        (12, 22),
        (Literal("用于", (22, 24)), Variable("op", (24, 30), optional=True)),
        (Literal("无", (38, 39)),),
    )
    assert end == Literal("。", (46, 47))


# --- Refusing ---------------------------------------------------------------------------------

# text -> reason, and the part of the text that is pointed at
REFUSED = {
    "您好{{name": ("unclosed-tag", "{{name"),
    "{{name}": ("unclosed-tag", "{{name}"),
    "{{{name}}": ("unclosed-tag", "{{{name}}"),
    "{{a {{b}}": ("unclosed-tag", "{{a "),
    "{{! not the end": ("unclosed-tag", "{{! not the end"),
    "{{! {{a}} }}": ("unclosed-tag", "{{! "),
    "{{name}}}": ("stray-braces", "{{name}}}"),
    "a }} b": ("stray-braces", "}}"),
    "{{~a}}": ("whitespace-control", "{{~a}}"),
    "{{a ~}}": ("whitespace-control", "{{a ~}}"),
    "{{{{raw}}}}x{{{{/raw}}}}": ("raw-block", "{{{{raw}}}}"),
    "{{> p}}": ("partial", "{{> p}}"),
    "{{#> p}}": ("partial", "{{#> p}}"),
    '{{"a"}}': ("literal-tag", '{{"a"}}'),
    "{{'a'}}": ("literal-tag", "{{'a'}}"),
    "{{12}}": ("literal-tag", "{{12}}"),
    "{{true}}": ("literal-tag", "{{true}}"),
    "{{undefined}}": ("literal-tag", "{{undefined}}"),
    "{{a.b}}": ("path-tag", "{{a.b}}"),
    "{{a/b}}": ("path-tag", "{{a/b}}"),
    "{{../a}}": ("path-tag", "{{../a}}"),
    "{{this}}": ("path-tag", "{{this}}"),
    "{{@root}}": ("path-tag", "{{@root}}"),
    "{{[a b]}}": ("path-tag", "{{[a b]}}"),
    "{{&this}}": ("path-tag", "{{&this}}"),
    "{{#each a}}x{{/each}}": ("helper", "{{#each a}}"),
    "{{#with a}}x{{/with}}": ("helper", "{{#with a}}"),
    "{{#a}}x{{/a}}": ("helper", "{{#a}}"),
    "{{^a}}x{{/a}}": ("helper", "{{^a}}"),
    "{{lookup a b}}": ("helper", "{{lookup a b}}"),
    "{{log a}}": ("helper", "{{log a}}"),
    "{{a b=c}}": ("helper", "{{a b=c}}"),
    "{{(a)}}": ("helper", "{{(a)}}"),
    "{{if}}": ("helper", "{{if}}"),
    "{{#if}}x{{/if}}": ("condition", "{{#if}}"),
    "{{#if a b}}x{{/if}}": ("condition", "{{#if a b}}"),
    "{{#if this}}x{{/if}}": ("condition", "{{#if this}}"),
    "{{#unless true}}x{{/unless}}": ("condition", "{{#unless true}}"),
    "{{{#if a}}}x{{/if}}": ("condition", "{{{#if a}}}"),
    "{{#if a}}x{{else if b}}y{{/if}}": ("else-chain", "{{else if b}}"),
    "{{}}": ("bad-name", "{{}}"),
    "{{a-b}}": ("bad-name", "{{a-b}}"),
    "{{1a}}": ("bad-name", "{{1a}}"),
    "{{名 称}}": ("helper", "{{名 称}}"),
    "{{\u3000a}}": ("bad-name", "{{\u3000a}}"),
    "{{{&a}}}": ("bad-name", "{{{&a}}}"),
    "{{" + "a" * 33 + "}}": ("long-name", "{{" + "a" * 33 + "}}"),
    "x{{#if a}}y": ("unclosed-block", "{{#if a}}"),
    "{{#if a}}{{#if b}}x{{/if}}": ("unclosed-block", "{{#if a}}"),
    "{{/if}}": ("block-mismatch", "{{/if}}"),
    "{{#if a}}x{{/unless}}": ("block-mismatch", "{{/unless}}"),
    "{{#if a}}x{{/a}}": ("block-mismatch", "{{/a}}"),
    "{{else}}": ("else-misplaced", "{{else}}"),
    "{{#if a}}x{{else}}y{{^}}z{{/if}}": ("else-misplaced", "{{^}}"),
    "{{#if a}}x{{#unless a}}y{{/unless}}{{/if}}": ("nested-same", "{{#unless a}}"),
    "{{#if a}}{{#if b}}{{#if c}}{{#if d}}x": ("nested-deep", "{{#if d}}"),
    "".join(f"{{{{a{n}}}}}" for n in range(21)): ("many-variables", "{{a20}}"),
    "字" * 1_001: ("long-text", "字"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_is_no_template_is_named_and_pointed_at(text: str) -> None:
    reason, part = REFUSED[text]

    with pytest.raises(TemplateError) as refused:
        templates.parse(text)

    assert (refused.value.reason, text[slice(*refused.value.span)]) == (reason, part)
    assert REASONS[reason] in str(refused.value)


def test_every_reason_has_a_text_that_is_refused_for_it() -> None:
    assert {reason for reason, _ in REFUSED.values()} == set(REASONS)


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "a" * 32 + "}}",
        "".join(f"{{{{a{n}}}}}" for n in range(20)) * 2,
        "字" * 1_000,
        "{{#if a}}{{#if b}}{{#if c}}x{{/if}}{{/if}}{{/if}}",
        "{{#if a}}x{{/if}}{{#unless a}}y{{/unless}}",
        'one { brace } alone, and {"json": "{{x}}"}',
        "{{elsewhere}}{{iffy}}{{thisone}}{{truely}}",
        "{{#if x}}{{/if}}",
        "",
    ],
    ids=lambda text: text[:30],
)
def test_what_stays_within_the_limits_is_a_template(text: str) -> None:
    assert templates.parse(text).nodes is not None


# --- What a template must never do ------------------------------------------------------------

INJECTIONS = [
    "{{[x'),__import__('os')#]}}",
    "{{{[x'),__import__('os')#]}}}",
    "{{#if [x'),__import__('os')#]}}x{{/if}}",
    "{{#[x'),__import__('os')#]}}x{{/[x'),__import__('os')#]}}",
    '{{"a\\" + b"}}',
    "{{'a\\' + b'}}",
    "{{../x}}",
    "{{@../x}}",
    "{{> p}}",
    '{{> "p"}}',
    "{{> (lookup . 'p')}}",
    "{{{{raw}}}}{{{{/raw}}}}",
    "{{lookup x y}}",
    "{{x y='z'}}",
    "{{log x}}",
    "{{#each x}}{{@key}}{{/each}}",
    "{{#with x}}{{y}}{{/with}}",
    "{{x.__class__.__mro__}}",
    "{{x/__class__}}",
    "{{[__class__]}}",
    "{{this.__init__}}",
    "{{helperMissing x}}",
    "{{x')}}",
    "{{x\\}}",
    "{{x\r}}",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_could_reach_python_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        templates.parse(text)


def test_such_a_text_would_have_been_run() -> None:
    source = pybars.Compiler().precompile(INJECTIONS[0])

    assert "__import__('os')" in source


ATTRIBUTES = ["__class__", "__init__", "keys", "items", "get", "pop", "copy", "context", "helpers"]


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("text", ["{{NAME}}", "{{#if NAME}}yes{{{NAME}}}{{/if}}"])
def test_a_name_is_never_an_attribute_of_python(name: str, text: str) -> None:
    text = text.replace("NAME", name)

    assert templates.render(text, {name: "5"}) == ("yes5" if "#if" in text else "5")
    if "#if" in text:
        assert templates.render(text, {}) == ""
    else:
        with pytest.raises(TemplateMissingVariable):
            templates.render(text, {})


def test_a_plain_template_needs_no_pybars() -> None:
    program = (
        "import sys; from signet import templates;"
        "templates.render('a{{x}}{{! b }}', {'x': '1'});"
        "print(*sys.modules)"
    )
    layer = Path(templates.__file__).parent.parent

    loaded = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(layer)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "signet.templates" in loaded
    assert [name for name in loaded if name.partition(".")[0] in {"pybars", "pymeta"}] == []


# --- Properties -------------------------------------------------------------------------------

NAMES = st.sampled_from(["x", "y", "order_id", "items", "keys", "__class__", "姓名", "code"])
# Anything, with what means something to templates, to HTML and to Python more often. pybars
# makes \n of \r\n, so there is no \r.
TEXTS = st.text(
    st.one_of(st.sampled_from("{}'\"\\&<>`~#/!\n 中😀"), st.characters(exclude_characters="\r")),
    max_size=12,
)


def is_template(text: str) -> bool:
    try:
        templates.parse(text)
    except TemplateError:
        return False
    return True


@given(
    st.lists(st.tuples(TEXTS, NAMES, st.sampled_from(["{{%s}}", "{{{%s}}}", "{{&%s}}"]))),
    TEXTS,
    st.dictionaries(NAMES, TEXTS),
)
def test_a_plain_template_prints_what_pybars_prints(
    parts: list[tuple[str, str, str]], end: str, given_values: dict[str, str]
) -> None:
    text = "".join(before + tag % name for before, name, tag in parts) + end
    unescaped = "".join(f"{before}{{{{{{{name}}}}}}}" for before, name, _ in parts) + end
    values = {name: f"({name})" for _, name, _ in parts} | given_values
    if not (is_template(text) and is_template(unescaped)):
        return

    expected = str(pybars.Compiler().compile(unescaped)(values))

    assert templates.render(text, values) == expected


@given(st.text(st.sampled_from("{}#/!>&^~@.[]()'\"=\\ \naif else xunless"), max_size=40))
def test_any_text_is_a_template_or_refused_where_it_says(text: str) -> None:
    try:
        parsed = templates.parse(text)
    except TemplateError as error:
        start, end = error.span
        assert 0 <= start < end <= len(text)
    else:
        printed = templates.render(text, dict.fromkeys(parsed.variables(), ""))
        assert len(printed) <= len(text)


@given(st.lists(st.sampled_from(["{{", "}}", "{", "}", "{{{", "}}}", "a", "{{a}}", "字"])))
def test_no_character_that_stands_in_a_plain_template_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    if is_template(text):
        assert templates.render(text, {"a": "{{a}}"}) == text


# --- What is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_blanks_around_a_text_are_not_kept(kind: Kind) -> None:
    assert templates.finished(" \n您好，回T退订 \u3000\n", kind) == "您好，回T退订"


def test_line_ends_are_of_one_kind() -> None:
    assert templates.finished("a\r\nb\rc\nd", Kind.NOTIFICATION) == "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("新款上市！", "新款上市！回复TD退订"),
        ("凭短信可享 9 折优惠。", "凭短信可享 9 折优惠。回复TD退订"),
        ("详情 http://t.cn/Iekds", "详情 http://t.cn/Iekds 回复TD退订"),
        ("尾号 {{number}}", "尾号 {{number}} 回复TD退订"),
        ("此商品不可退订", "此商品不可退订 回复TD退订"),
        ("{{#if a}}回复TD退订{{/if}}", "{{#if a}}回复TD退订{{/if}} 回复TD退订"),
        ("{{broken", "{{broken 回复TD退订"),
        ("", ""),
    ],
)
def test_marketing_without_a_way_out_gets_one(text: str, kept: str) -> None:
    assert templates.finished(text, Kind.MARKETING) == kept
    assert templates.finished(kept, Kind.MARKETING) == kept
    assert templates.finished(text, Kind.NOTIFICATION) == text


@pytest.mark.parametrize(
    "way_out",
    [
        *("回TD退订", "回复TD退订", "回 TD 退订", "回复td退订", "回复“TD”退订", "发送T退订"),
        *("退订回T", "退订请回复TD", "拒收请回复R", "回复退订", "Reply STOP to opt out"),
    ],
)
def test_marketing_with_a_way_out_keeps_its_own(way_out: str) -> None:
    text = f"新款上市！{way_out}"

    assert templates.finished(text, Kind.MARKETING) == text


@given(st.text(max_size=30), st.sampled_from(Kind))
def test_what_is_kept_is_kept_again_as_it_is(text: str, kind: Kind) -> None:
    kept = templates.finished(text, kind)

    assert templates.finished(kept, kind) == kept
