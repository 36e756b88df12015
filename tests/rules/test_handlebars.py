"""Templates with blocks: what they print, and what pybars gets to see of them."""

import re
import sys
from itertools import product
from typing import NamedTuple
from unittest import mock

import pybars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import templates
from signet.templates import Literal, TemplateError


@pytest.mark.parametrize(
    ("text", "values", "printed"),
    [
        ("{{#if a}}A{{/if}}!", {"a": "1"}, "A!"),
        ("{{#if a}}A{{/if}}!", {"a": ""}, "!"),
        ("{{#if a}}A{{/if}}!", {}, "!"),
        ("{{#if a}}A{{else}}B{{/if}}", {"a": "0"}, "A"),
        ("{{#if a}}A{{else}}B{{/if}}", {}, "B"),
        ("{{#if a}}A{{^}}B{{/if}}", {}, "B"),
        ("{{#unless a}}A{{/unless}}", {}, "A"),
        ("{{#unless a}}A{{/unless}}", {"a": "1"}, ""),
        # pybars itself prints nothing here.
        ("{{#unless a}}A{{else}}B{{/unless}}", {"a": "1"}, "B"),
        ("{{#if a}}<{{b}}>{{/if}}", {"a": "1"}, "<>"),
        ("{{#if a}}{{#if b}}AB{{else}}A{{/if}}{{/if}}", {"a": "1"}, "A"),
        ("{{#if a}}{{a}}{{/if}}", {"a": "<&'\"`>"}, "<&'\"`>"),
        ("{{#if a}}'\"\\{{/if}}{ }", {"a": "1"}, "'\"\\{ }"),
    ],
)
def test_a_block_prints_one_of_its_sides(text: str, values: dict[str, str], printed: str) -> None:
    assert templates.render(text, values) == printed


def test_a_variable_beside_a_block_still_needs_its_value() -> None:
    with pytest.raises(templates.TemplateMissingVariable, match="b"):
        templates.render("{{#if a}}{{b}}{{/if}}{{b}}", {"a": "1"})


@pytest.mark.parametrize(
    ("text", "with_a", "without"),
    [
        ("x\n{{#if a}}\ny\n{{/if}}\nz", "x\ny\nz", "x\nz"),
        ("{{#if a}}\ny\n{{else}}\nn\n{{/if}}", "y\n", "n\n"),
        ("  {{#if a}}  \n  y\n\t{{/if}}\t\nz", "  y\nz", "z"),
        # Beside other things a tag leaves its line alone.
        ("x {{#if a}}\ny{{/if}}\nz", "x \ny\nz", "x \nz"),
        ("{{#if a}} {{#if b}}\ny{{/if}}{{/if}}", " ", ""),
        ("{{b}}\n{{a}}\n{{! gone }}\nz{{#if a}}{{/if}}", "\n1\nz", "\n\nz"),
    ],
)
def test_a_tag_alone_on_its_line_takes_the_line_along(text: str, with_a: str, without: str) -> None:
    assert templates.render(text, {"a": "1", "b": ""}) == with_a
    assert templates.render(text, {"a": "", "b": ""}) == without


def test_nothing_is_left_behind_however_many_templates_there_are() -> None:
    before = set(sys.modules)
    for number in range(5):
        tags = "{{#if a}}x{{/if}}" * number
        assert templates.render(tags + "{{#if b}}y{{/if}}", {"b": "1"}) == "y"

    assert [name for name in set(sys.modules) - before if "_template_" in name] == []


# --- Properties -------------------------------------------------------------------------------


class Leaf(NamedTuple):
    text: str = ""
    name: str = ""


class Branch(NamedTuple):
    word: str
    name: str
    body: "list[Tree]"
    otherwise: "list[Tree] | None"


Tree = Leaf | Branch

NAMES = st.sampled_from(["a", "b", "c", "items", "keys", "__class__", "姓名"])
# No line ends, which belong to tags, and no braces, which could.
WORDS = st.text(st.characters(exclude_characters="\n\r{}"), min_size=1, max_size=8)
LEAVES = st.builds(Leaf, WORDS, st.just("")) | st.builds(Leaf, st.just(""), NAMES)


def branches(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    sides = st.lists(inner, max_size=3)
    return st.builds(Branch, st.sampled_from(["if", "unless"]), NAMES, sides, st.none() | sides)


TREES = st.lists(st.recursive(LEAVES, branches, max_leaves=6), max_size=4)


def written(trees: list[Tree], braces: str = "{{%s}}") -> str:
    """The template of some trees."""
    return "".join(_written(tree, braces) for tree in trees)


def _written(tree: Tree, braces: str) -> str:
    if isinstance(tree, Leaf):
        return tree.text or braces % tree.name
    rest = "" if tree.otherwise is None else f"{{{{else}}}}{written(tree.otherwise, braces)}"
    return f"{{{{#{tree.word} {tree.name}}}}}{written(tree.body, braces)}{rest}{{{{/{tree.word}}}}}"


def meant(trees: list[Tree], values: dict[str, str]) -> str:
    """What they should print, told without any template."""
    return "".join(_meant(tree, values) for tree in trees)


def _meant(tree: Tree, values: dict[str, str]) -> str:
    if isinstance(tree, Leaf):
        return tree.text or values[tree.name]
    chosen = bool(values[tree.name]) is (tree.word == "if")
    return meant(tree.body if chosen else tree.otherwise or [], values)


def loses_its_else(tree: Tree) -> bool:
    """Whether pybars itself would lose text: its unless knows no else."""
    if isinstance(tree, Leaf):
        return False
    inner = [*tree.body, *(tree.otherwise or [])]
    here = tree.word == "unless" and tree.otherwise is not None
    return here or any(map(loses_its_else, inner))


VALUES = st.fixed_dictionaries({
    name: st.text(max_size=5) for name in ["a", "b", "c", "items", "keys", "__class__", "姓名"]
})  # fmt: skip


def is_template(text: str) -> bool:
    try:
        templates.parse(text)
    except TemplateError as error:
        assert error.reason in {"nested-same", "nested-deep"}  # noqa: PT017
        return False
    return True


@given(TREES, VALUES)
def test_blocks_print_what_they_mean(trees: list[Tree], values: dict[str, str]) -> None:
    text = written(trees)
    if is_template(text):
        assert templates.render(text, values) == meant(trees, values)


@given(TREES, VALUES)
def test_blocks_print_what_pybars_prints_where_it_prints_all(
    trees: list[Tree], values: dict[str, str]
) -> None:
    text = written(trees)
    if not is_template(text) or any(map(loses_its_else, trees)):
        return
    expected = str(pybars.Compiler().compile(written(trees, "{{{%s}}}"))(values))

    assert templates.render(text, values) == expected


@given(TREES)
def test_every_word_that_a_template_holds_is_printed_for_some_values(trees: list[Tree]) -> None:
    text = written(trees)
    if not is_template(text):
        return
    parsed = templates.parse(text)
    names = parsed.variables()
    printed = [
        templates.render(text, dict(zip(names, chosen, strict=True)))
        for chosen in product(["", "\x00"], repeat=len(names))
    ]

    literals = [node.text for node in parsed.walk() if isinstance(node, Literal)]
    assert [text for text in literals if not any(text in each for each in printed)] == []


ONLY_OURS = re.compile(
    r"(?:\{\{\{[tv][0-9]+\}\}\}|\{\{#if v[0-9]+\}\}|\{\{else\}\}|\{\{/if\}\})*", re.ASCII
)


@given(TREES, VALUES)
def test_pybars_compiles_tags_of_ours_and_nothing_else(
    trees: list[Tree], values: dict[str, str]
) -> None:
    text = written(trees) + "{{#if a}}'),__import__('os')#{{/if}}"
    if not is_template(text):
        return
    values |= {"a": "'),__import__('os')#"}
    compiled = []
    compile_it = pybars.Compiler.compile

    def recording(self: pybars.Compiler, source: str) -> object:
        compiled.append(source)
        return compile_it(self, source)

    with mock.patch.object(pybars.Compiler, "compile", recording):
        templates.render(text, values)

    assert [source for source in compiled if not ONLY_OURS.fullmatch(source)] == []


def test_templates_of_one_shape_are_compiled_once() -> None:
    templates.render("{{#if one}}eins{{/if}} {{two}}", {"two": "2"})
    with mock.patch.object(pybars.Compiler, "compile", side_effect=AssertionError):
        printed = templates.render("{{#if 三}}drei{{/if}}，{{vier}}", {"三": "3", "vier": "4"})

    assert printed == "drei，4"
