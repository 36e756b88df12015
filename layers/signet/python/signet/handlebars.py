"""Templates with blocks, through pybars; loaded only when there is one to print.

pybars writes Python source and runs it. What it is given here is made of tags alone, with names
of ours: `{{{t0}}}` stands for a stretch of text, `{{{v0}}}` for a variable. So nothing that people
wrote is ever compiled, and templates of the same shape share one compiled function. Texts that
pybars would cut (around tags, or after `else` in `unless`) are out of its reach for the same
reason.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache

import pybars

from signet.templates import Literal, Node, Parsed, Variable

_Compiled = Callable[[Mapping[str, str]], str]

# One compiler has one state (pybars.Compiler's docstring).
_compiling = threading.Lock()


def render(parsed: Parsed, values: Mapping[str, str]) -> str:
    """The text of a template; a name that `values` lacks prints nothing and is false."""
    shape = _Shape(values)
    source = shape.source(parsed.nodes)
    with _compiling:
        compiled = _compile(source)
    return compiled(shape.context)


class _Shape:
    """A template without its words, and the words by the names that stand for them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.context: dict[str, str] = {}
        self._values = values
        self._names: dict[str, str] = {}

    def source(self, nodes: tuple[Node, ...]) -> str:
        return "".join(self._tag(node) for node in nodes)

    def _tag(self, node: Node) -> str:
        if isinstance(node, Literal):
            return f"{{{{{{{self._text(node.text)}}}}}}}"
        name = self._variable(node.name)
        if isinstance(node, Variable):
            return f"{{{{{{{name}}}}}}}"
        body, otherwise = self.source(node.body), self.source(node.otherwise)
        return f"{{{{#if {name}}}}}{body}{{{{else}}}}{otherwise}{{{{/if}}}}"

    def _text(self, text: str) -> str:
        name = f"t{len(self.context)}"
        self.context[name] = text
        return name

    def _variable(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = f"v{len(self.context)}"
            self.context[self._names[name]] = str(self._values.get(name, ""))
        return self._names[name]


@lru_cache(maxsize=128)
def _compile(source: str) -> _Compiled:
    compiled: _Compiled = pybars.Compiler().compile(source)
    # pybars leaves a module behind for each template, which nothing would ever remove.
    sys.modules.pop(compiled.__module__, None)
    return compiled
