"""Vendors' templates: what a carrier that does not take our text sends in its place.

Mainland carriers send only what was registered with them: a template by its id, with a
signature and variables of their own (review.md 1.5). An operator says which of theirs stands for
which of ours.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Protocol

from signet import fields
from signet.errors import BadParameter
from signet.fields import Body

# The carriers that send templates of their own.
CARRIERS = ("alibaba", "tencent")

# ${code} is Alibaba's spelling of a variable, {1} Tencent's.
_VARIABLE = re.compile(r"\$?\{(\w+)\}")
_FIELDS = (
    *("carrier", "template", "version", "vendor_template"),
    *("signatures", "variables", "text"),
)
_MOST_SIGNATURES, _MOST_VARIABLES = 100, 20
_LONGEST_NAME, _LONGEST_TEXT = 64, 1_000
_MOST_VERSIONS = 999_999


@dataclass(frozen=True, slots=True)
class Ours:
    """What is sent by which carrier: a version of a template, or (None) the built-in text."""

    carrier: str
    template: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class VendorTemplate:
    """What a carrier sends: its own id of a template, and how our words become its words.

    `signatures`: our name → the vendor's signature; `variables`: the vendor's name → ours;
    `text`: the template as the vendor has it, None when nobody told us.
    """

    vendor_template: str
    signatures: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


class Sayable(Protocol):
    """A message, recorded or outgoing: the name of its signature, and our variables."""

    @property
    def signature(self) -> str: ...

    @property
    def variables(self) -> Mapping[str, str]: ...


def parse(body: Body, *, for_all_apps: bool) -> tuple[Ours, VendorTemplate]:
    """What an operator says. Raises BadParameter, naming the field.

    One app's template says nothing of another's of that name, so only the built-in text can be
    mapped for all apps.
    """
    fields.only(body, _FIELDS)
    ours = place(body)
    if for_all_apps and ours.template is not None:
        raise BadParameter("template must be null for all apps: only the built-in text is theirs.")
    variables = fields.texts(body, "variables", most=_MOST_VARIABLES, longest=_LONGEST_NAME)
    if ours.carrier == "tencent" and not _are_positions(variables):
        raise BadParameter("variables of tencent are called 1, 2 and so on.")
    return ours, VendorTemplate(
        vendor_template=fields.text(body, "vendor_template", longest=_LONGEST_NAME),
        signatures=fields.texts(body, "signatures", most=_MOST_SIGNATURES, longest=_LONGEST_NAME),
        variables=variables,
        text=fields.text_or_none(body, "text", longest=_LONGEST_TEXT),
    )


def sends_theirs(carrier: str, *, mainland: bool) -> bool:
    """Whether a carrier sends its own template in the place of our text.

    Alibaba does in the mainland only: abroad it takes texts (SendMessageToGlobe).
    """
    return carrier in CARRIERS and (mainland or carrier != "alibaba")


def _are_positions(variables: Mapping[str, str]) -> bool:
    return set(variables) == {str(place) for place in range(1, len(variables) + 1)}


def place(body: Body) -> Ours:
    """Which of ours is meant. Raises BadParameter, naming the field."""
    carrier = body.get("carrier")
    if carrier not in CARRIERS:
        raise BadParameter(f"carrier must be one of: {', '.join(CARRIERS)}.")
    template = fields.text_or_none(body, "template", longest=_LONGEST_NAME)
    if template is None:
        return Ours(str(carrier))
    if "#" in template:
        raise BadParameter("template must be the name of a template.")
    version = fields.whole(body, "version", least=1, most=_MOST_VERSIONS)
    return Ours(str(carrier), template, version)


def shown(ours: Ours, theirs: VendorTemplate) -> dict[str, object]:
    """A mapping as JSON has it."""
    return asdict(ours) | asdict(theirs)


def billed_text(found: VendorTemplate, message: Sayable, *, code: str | None) -> str | None:
    """The text that people will read, signature in front, for counting segments.

    `code` may be any of the right length. None where the vendor's text is not on file, or something
    is not mapped: then the message will fail, and be paid back.
    """
    signature = found.signatures.get(message.signature)
    if found.text is None or signature is None:
        return None
    said = values(message, code)
    try:
        text = _VARIABLE.sub(lambda name: said[found.variables[name[1]]], found.text)
    except KeyError:
        return None
    return f"【{signature}】{text}"


def values(message: Sayable, code: str | None) -> dict[str, str]:
    """Our variables of a message, its code among them."""
    return {**message.variables, **({} if code is None else {"code": code})}
