"""Rules of content about tags: why a text is no template, in words for its author.

Their ids are the reasons of `signet.templates`, which does the judging.
"""

from collections.abc import Iterator

from signet import templates
from signet.content import EVERY, Content, Find, Hit, Rule
from signet.findings import Severity


def _broken(reason: str) -> Find:
    def find(content: Content) -> Iterator[Hit]:
        if content.error and content.error.reason == reason:
            yield Hit(content.error.span)

    return find


def _broken_rule(reason: str, zh: tuple[str, str], en: tuple[str, str]) -> Rule:
    return Rule(reason, Severity.ERROR, EVERY, _broken(reason), zh, en)


RULES = (
    _broken_rule(
        "unclosed-tag",
        ("“$word”没有写完，发送时不会显示。", "补上右边的大括号，左右数量要一致。"),
        ("“$word” has no end, and nothing of it would be printed.",
         "Close it with as many braces as it opens with."),
    ),
    _broken_rule(
        "stray-braces",
        ("“$word”的大括号左右不一致。", "变量写成 {{name}} 或 {{{name}}}。"),
        ("The braces of “$word” do not match.", "Write a variable as {{name}} or {{{name}}}."),
    ),
    _broken_rule(
        "whitespace-control",
        ("“$word”中的 ~ 不受支持。", "删去 ~。"),
        ("The ~ in “$word” is not supported.", "Remove the ~."),
    ),
    _broken_rule(
        "raw-block",
        ("不支持四个大括号：“$word”。", "变量写成 {{name}} 或 {{{name}}}。"),
        ("Four braces are not supported: “$word”.",
         "Write a variable as {{name}} or {{{name}}}."),
    ),
    _broken_rule(
        "partial",
        ("“$word”要引用另一个模板，不受支持。", "把内容写在这个模板里。"),
        ("“$word” includes another template, which is not supported.",
         "Write the words into this template."),
    ),
    _broken_rule(
        "literal-tag",
        ("“$word”里是值，不是变量名。", "把文字直接写在模板里，不要放进大括号。"),
        ("“$word” holds a value, not the name of a variable.",
         "Write it into the text, without braces."),
    ),
    _broken_rule(
        "path-tag",
        ("“$word”要取变量的一部分，但变量只能是文字或数字。", "为它单独设一个变量。"),
        ("“$word” wants a part of a variable, but variables are plain texts and numbers.",
         "Give it a variable of its own."),
    ),
    _broken_rule(
        "condition",
        ("“$word”的条件必须是一个变量名。", "写成 {{#if name}} 或 {{#unless name}}。"),
        ("“$word” must name one variable.", "Write {{#if name}} or {{#unless name}}."),
    ),
    _broken_rule(
        "else-chain",
        ("不支持“$word”。", "在 {{else}} 之后另写一个 {{#if}}。"),
        ("“$word” is not supported.", "Put another {{#if}} behind the {{else}}."),
    ),
    _broken_rule(
        "helper",
        ("“$word”不是变量；只支持 if 和 unless。", "只使用变量、{{#if}} 和 {{#unless}}。"),
        ("“$word” is no variable; only if and unless are known.",
         "Use variables, {{#if}} and {{#unless}} only."),
    ),
    _broken_rule(
        "bad-name",
        ("“$word”不是有效的变量名。", "变量名由文字、数字和下划线组成，不以数字开头。"),
        ("“$word” is not the name of a variable.",
         "Names are letters, digits and _, and begin with no digit."),
    ),
    _broken_rule(
        "long-name",
        (f"变量名“$word”超过 {templates.MAX_NAME} 个字符。", "换一个短一些的名字。"),
        (f"The name in “$word” has more than {templates.MAX_NAME} characters.", "Shorten it."),
    ),
    _broken_rule(
        "unclosed-block",
        ("“$word”没有结尾，其中的内容不会显示。", "在适当的位置加上 {{/if}} 或 {{/unless}}。"),
        ("“$word” has no end, and nothing in it would be printed.",
         "Put {{/if}} or {{/unless}} where it ends."),
    ),
    _broken_rule(
        "block-mismatch",
        ("“$word”没有对应的开头。",
         "检查 {{#if}} 与 {{/if}}、{{#unless}} 与 {{/unless}} 是否成对。"),
        ("“$word” ends nothing that was begun.",
         "Pair {{#if}} with {{/if}} and {{#unless}} with {{/unless}}."),
    ),
    _broken_rule(
        "else-misplaced",
        ("“$word”的位置不对：每个条件里最多一个。", "删去多余的 {{else}}。"),
        ("“$word” is misplaced: a block has one at most, and nothing else has any.", "Remove it."),
    ),
    _broken_rule(
        "nested-same",
        ("“$word”所判断的变量外层已经判断过，其中的内容总是或从不显示。", "去掉内层的条件。"),
        ("A block around “$word” asks for the same variable already.", "Remove the inner one."),
    ),
    _broken_rule(
        "nested-deep",
        (f"条件最多嵌套 {templates.MAX_DEPTH} 层。", "拆成几个模板。"),
        (f"At most {templates.MAX_DEPTH} blocks may stand in one another.",
         "Make several templates of it."),
    ),
    _broken_rule(
        "many-variables",
        (f"一个模板最多 {templates.MAX_VARIABLES} 个变量。", "减少变量。"),
        (f"A template has at most {templates.MAX_VARIABLES} variables.", "Use fewer."),
    ),
    _broken_rule(
        "long-text",
        (f"模板超过 {templates.MAX_TEXT} 个字符。", "缩短内容。"),
        (f"The template has more than {templates.MAX_TEXT} characters.", "Shorten it."),
    ),
)  # fmt: skip
