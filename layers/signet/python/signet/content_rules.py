"""The linter: what guide and carriers would say about a template, before anybody submits it.

The rules are data, in tables by what they are about. Their ids are part of the console's
API: one is never given to another rule.
"""

from signet import (
    content_characters,
    content_links,
    content_marketing,
    content_tags,
    content_topics,
    content_variables,
)
from signet.content import Content, Rule
from signet.findings import Finding, in_order
from signet.limits import Kind

RULES: tuple[Rule, ...] = (
    *content_tags.RULES,
    *content_variables.RULES,
    *content_characters.RULES,
    *content_links.RULES,
    *content_marketing.RULES,
    *content_topics.RULES,
)


def check(text: str, kind: Kind, *, personal: bool = False) -> list[Finding]:
    """Everything there is to say about a text as a template of a kind, in the order of the text.

    `personal` is whether the app's owner is a person and not a company.
    """
    content = Content(text, kind, personal)
    return in_order(finding for rule in RULES for finding in rule.findings(content))
