"""Rules of content about links, numbers and addresses: where a text leads people.

Sources: guide.zh.md (链接), wire.md 15.2, LeanCloud's docs/sdk/sms/guide.mdx (模板规范: no contacts
and no links in verification, no link that jumps twice).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
    any_of,
    pattern,
)
from signet.findings import Severity
from signet.templates import Span, Variable

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
BULK = NOTIFICATION | MARKETING

# What ends a bare address. Endings that are also words, as in "Thanks.It", need a path.
_ENDINGS = """
    com cn net org gov edu info biz top xyz vip club shop site online store tech app wang ren ink
    pub live fun cc tv mobi asia name hk tw link ltd red kim cloud dev io
"""
_ENDINGS_WITH_PATH = "me us co in it to so is im ai ws la do uk eu de jp kr fr ru gl ly gd am be"
# Shorteners jump a second time: wire.md 15.2 wants links that do not.
_SHORTENERS = frozenset(
    """
    t.cn dwz.cn url.cn suo.im suo.nz 3.cn 0.cn c.tb.cn m.tb.cn tb.cn u.jd.com w.url.cn r6f.cn
    985.so bit.ly goo.gl t.co tinyurl.com is.gd ow.ly buff.ly rebrand.ly cutt.ly j.mp tiny.cc
    rb.gy shorturl.at s.id dlj.cn mrw.so dwz.mk dwz.date
    """.split()  # noqa: SIM905
)

_LABEL = f"[a-z0-9{VARIABLE}_-]{{1,40}}"
_PATH = r"[^\s，。；、！？“”‘’（）《》【】<>\"一-龥]"
_LINK = re.compile(
    rf"(?<![a-z0-9@.{VARIABLE}_-])(?:"
    rf"(?P<scheme>[a-z][a-z0-9+-]{{1,15}})://(?P<host>[^\s/?#，。；！？（）\"一-龥]{{1,200}})"
    rf"|(?P<bare>(?:{_LABEL}\.){{1,6}}"
    rf"(?:(?:{'|'.join(_ENDINGS.split())})(?![a-z0-9_-])"
    rf"|(?:{'|'.join(_ENDINGS_WITH_PATH.split())})(?=/)|{VARIABLE}(?=/)))"
    r"|(?P<ip>(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?=[:/])"
    r")(?P<port>:[0-9]{1,5})?"
    rf"(?P<path>[/?#]{_PATH}{{0,300}})?"
)
_ODD_SCHEME = re.compile(r"(?<![a-z0-9])(?:javascript|vbscript|data|intent|about):[^\s，。/]")
_IP = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|0x[0-9a-f]{8}|[0-9]{8,10}")
_FILE = re.compile(r"\.(?:apk|ipa|exe|dmg|msi|zip|rar)(?![a-z0-9])")

# Names that say that the value is a whole link, and words that say so before any other.
_LINK_NAME = re.compile(
    r"(?:^|_)(?:uri|website|domain)(?:_|$)|(?:url|link|href)s?(?:_|$)|链接|网址"
)
_LINK_BEFORE = re.compile(r"(?:链接|网址|官网)(?:地址)?[为是]?[:： ]{0,2}$")
_DOWNLOAD_NAME = re.compile(r"(?:^|_)(?:download|apk|ipa|install)(?:_|$)|下载|安装")
_DOWNLOAD_BEFORE = re.compile(r"(?:下载|安装|download|install)[^，。！；]{0,4}$")
_CONTACT_NAME = re.compile(
    r"(?:^|_)(?:phone|tel|telephone|mobile|qq|wechat|weixin|wx|email|mail|contact)(?:_|$)"
    r"|电话|手机|微信|邮箱"
)
_NAME_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# An address in letters that only look Latin, or with a full stop that is none.
_LOOKALIKE = re.compile(
    r"[a-z0-9-]{0,40}[\u0370-\u03ff\u0400-\u052f][a-z0-9\u0370-\u03ff\u0400-\u052f-]{0,40}\.[a-z]{2,6}"
    r"|(?<![a-z0-9])[a-z0-9-]{2,40}[。•∙⋅](?:com|cn|net|org|top|xyz|vip|cc)(?![a-z0-9])"
)

_TELEPHONE = (
    r"(?<![0-9.-])(?:400[- ]?[0-9]{3,4}[- ]?[0-9x]{3,4}|0[0-9]{2,3}[- ][0-9]{7,8}"
    r"|1[3-9][0-9]{9}|[0-9]{3,4}-[0-9]{3,4}-[0-9]{3,4})(?![0-9])"
)
_MAIL = r"(?<![a-z0-9._+-])[a-z0-9._+-]{1,40}@[a-z0-9-]{1,40}\.[a-z]{2,8}"
_CONTACT_WORDS = any_of(
    """
    客服电话 联系电话 咨询电话 服务热线 客服热线 热线 致电 拨打 公众号 加微信 微信号 微信群
    加qq qq群 客服微信 客服qq 电子邮箱 联系客服 联系我们 钉钉群 小红书号 抖音号 hotline whatsapp
    """
)
_CONTACT = rf"{_TELEPHONE}|{_MAIL}|(?<![a-z0-9])qq ?[:：]? ?[0-9]{{5,11}}|{_CONTACT_WORDS}"
_MOBILE = r"(?<![0-9-])(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9])"
_CALLING = re.compile(
    rf"(?:拨打|致电|电话|热线|tel)[:： ]{{0,2}}([0-9][0-9 -]{{1,30}}[0-9])(?![0-9x{VARIABLE}])"
)
# Service numbers, 400 and 800, landlines with and without area code, mobiles.
_CALLABLE = re.compile(
    r"1[0-2][0-9]{1,4}|11[0-9]{3,4}|9[0-9]{4,7}|[48]00[0-9]{7}|0[0-9]{9,11}|[2-8][0-9]{6,7}"
    r"|(?:86)?1[3-9][0-9]{9}"
)


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a text, folded; VARIABLE stands in it where a variable does.

    `written` is what the author wrote, `before` and `after` are the characters around.
    """

    span: Span
    scheme: str
    host: str
    port: str
    path: str
    written: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """The host alone."""
        return self.host.rpartition("@")[2].partition(":")[0].removeprefix("www.")


def links(content: Content) -> Iterator[Link]:
    """Every address in the text."""
    for view in content.views:
        for span, match in view.search(_LINK):
            host = match["host"] or match["bare"] or match["ip"]
            port = match["port"] or host.rpartition("@")[2].partition(":")[2]
            yield Link(
                span=span,
                scheme=match["scheme"] or "",
                host=host,
                port=port.removeprefix(":"),
                path=match["path"] or "",
                written=content.text[slice(*span)],
                before=view.folded[max(0, match.start() - 12) : match.start()],
                after=view.folded[match.end() : match.end() + 1],
            )


def named(variable: Variable, pattern: re.Pattern[str]) -> bool:
    """Whether a name speaks of something: `downloadLink` and `download_link` are one."""
    return bool(pattern.search(_NAME_PARTS.sub("_", variable.name).lower()))


# --- Finders ----------------------------------------------------------------------------------


def _links(fits: Callable[[Link], bool]) -> Find:
    def find(content: Content) -> Iterator[Hit]:
        return (Hit(link.span) for link in links(content) if fits(link))

    return find


def _loose(content: Content) -> Iterator[tuple[Variable, str]]:
    """Variables that are no part of an address, and the text before each."""
    inside = [link.span for link in links(content)]
    for view in content.views:
        places = (place for place, each in enumerate(view.folded) if each == VARIABLE)
        variables = [part for part in view.parts if isinstance(part, Variable)]
        for place, variable in zip(places, variables, strict=True):
            if not any(start <= variable.span[0] < end for start, end in inside):
                yield variable, view.folded[max(0, place - 12) : place]


def _is_link(variable: Variable, before: str) -> bool:
    return named(variable, _LINK_NAME) or bool(_LINK_BEFORE.search(before))


def _whole_links(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each, before in _loose(content) if _is_link(each, before))


def _downloads(content: Content) -> Iterator[Hit]:
    """Download addresses of which a part is a variable."""
    for link in links(content):
        if VARIABLE in link.path and (_DOWNLOAD_BEFORE.search(link.before) or _is_file(link)):
            yield Hit(link.span)
    for each, before in _loose(content):
        leading = re.search(r"(?:下载|安装)(?:地址|页面)?[:： ]{1,2}$", before)
        if not _is_link(each, before) and (named(each, _DOWNLOAD_NAME) or leading):
            yield Hit(each.span)


def _is_file(link: Link) -> bool:
    return bool(_FILE.search(link.path))


def _unknown_scheme(content: Content) -> Iterator[Hit]:
    yield from _links(lambda link: link.scheme not in ("", "http", "https"))(content)
    yield from Pattern(_ODD_SCHEME)(content)


def _lookalike(content: Content) -> Iterator[Hit]:
    yield from _links(lambda link: "xn--" in link.host or not _ascii(link.written))(content)
    yield from Pattern(_LOOKALIKE)(content)


def _ascii(written: str) -> bool:
    return re.sub(r"\{\{[^{}]{0,64}\}{2,3}", "", written).isascii()


def _further_links(content: Content) -> Iterator[Hit]:
    spans = sorted({link.span for link in links(content)})
    return (Hit(span, count=len(spans)) for span in spans[1:])


def _contact_variables(content: Content) -> Iterator[Hit]:
    return (Hit(each.span) for each in content.variables if named(each, _CONTACT_NAME))


def _odd_numbers(content: Content) -> Iterator[Hit]:
    for view in content.views:
        for _, match in view.search(_CALLING):
            if not _CALLABLE.fullmatch(re.sub(r"[ -]", "", match[1])):
                yield Hit(view.span(*match.span(1)))


# --- Rules ------------------------------------------------------------------------------------

RULES = (
    Rule(
        "link-variable", ERROR, EVERY, _whole_links,
        ("“$word”使整个链接都是变量，不允许。",
         "把域名和路径写成固定文字，只把其中一部分设为变量。"),
        ("“$word” makes a whole link a variable.",
         "Write out host and path, and make only a part of the path a variable."),
    ),
    Rule(
        "link-host-variable", ERROR, EVERY, _links(lambda link: VARIABLE in link.host),
        ("链接“$word”的域名中含有变量。", "域名必须是固定文字，变量只能放在路径或参数里。"),
        ("The host of “$word” holds a variable.",
         "Write out the host; only a path or a query may hold variables."),
    ),
    Rule(
        "download-variable", ERROR, EVERY, _downloads,
        ("应用的下载链接必须是明文：“$word”。", "写出完整的下载地址。"),
        ("Download links must be written out: “$word”.", "Write the whole address."),
    ),
    Rule(
        "link-scheme", ERROR, EVERY, _unknown_scheme,
        ("“$word”不是网页链接。", "只使用 http:// 或 https:// 开头的链接。"),
        ("“$word” is no link to a page.", "Use links with http:// or https:// only."),
    ),
    Rule(
        "link-ip", ERROR, EVERY, _links(lambda link: bool(_IP.fullmatch(link.name))),
        ("链接“$word”使用 IP 地址。", "使用已备案的域名。"),
        ("“$word” leads to a bare IP address.", "Use a registered domain."),
    ),
    Rule(
        "link-lookalike", ERROR, EVERY, _lookalike,
        ("“$word”像是用形近字符伪装的网址。", "用半角英文字母和数字书写域名。"),
        ("“$word” looks like an address in disguise.",
         "Write hosts in plain Latin letters and digits."),
    ),
    Rule(
        "link-user", ERROR, EVERY, _links(lambda link: "@" in link.host),
        ("链接“$word”在域名前带有用户信息，容易误导用户。", "去掉 @ 及其前面的部分。"),
        ("“$word” has a user before the host, which misleads people.",
         "Remove the @ and what stands before it."),
    ),
    Rule(
        "link-port", WARNING, EVERY,
        _links(lambda link: link.port.isdigit() and link.port not in ("80", "443")),
        ("链接“$word”使用了特殊端口。", "使用默认端口。"),
        ("“$word” names an unusual port.", "Use the default one."),
    ),
    Rule(
        "short-link", WARNING, EVERY, _links(lambda link: link.name in _SHORTENERS),
        ("“$word”是短链接，会再次跳转。",
         "改用自有域名的最终地址；跳转两次及以上的链接不能通过审核。"),
        ("“$word” is a short link, which leads on to another.",
         "Use the final address; links that jump twice are refused at review."),
    ),
    Rule(
        "download-file", WARNING, EVERY, _links(_is_file),
        ("“$word”直接下载文件，需要人工核实。", "改为应用商店或自有下载页的地址。"),
        ("“$word” downloads a file; a person has to check it.",
         "Link to an app store or to a page of your own."),
    ),
    Rule(
        "several-links", WARNING, EVERY, _further_links,
        ("一条短信中有 $count 个链接。", "只保留一个。"),
        ("There are $count links in one message.", "Keep one."),
    ),
    Rule(
        "link-glued", NOTE, EVERY,
        _links(lambda link: link.after.isalnum()),
        ("“$word”与后面的文字相连，手机可能把文字也当作链接。", "在链接后加一个空格。"),
        ("“$word” runs into the words behind it, which phones may take for a part of it.",
         "Put a space after the link."),
    ),
    Rule(
        "verification-link", ERROR, VERIFICATION, _links(lambda _: True),
        ("验证类短信不能包含链接：“$word”。", "删去链接。"),
        ("Verification must not hold links: “$word”.", "Remove it."),
    ),
    Rule(
        "verification-contact", ERROR, VERIFICATION, pattern(_CONTACT),
        ("验证类短信不能包含联系方式：“$word”。", "删去电话、QQ、微信、邮箱等联系方式。"),
        ("Verification must not hold contacts: “$word”.",
         "Remove telephone numbers, QQ, WeChat and mail addresses."),
    ),
    Rule(
        "contact-variable", WARNING, EVERY, _contact_variables,
        ("“$word”可能是联系方式，发送时才知道内容。", "确认变量的值来自您的系统而非用户填写。"),
        ("“$word” may be a contact that is known only when it is sent.",
         "Make sure that its values come from you, not from users."),
    ),
    Rule(
        "mobile-number", WARNING, BULK, pattern(_MOBILE),
        ("“$word”是个人手机号。", "改用 400 电话、固定电话或变量。"),
        ("“$word” is a personal mobile number.", "Use a service number, a landline or a variable."),
    ),
    Rule(
        "telephone-format", WARNING, BULK, _odd_numbers,
        ("“$word”不像可以拨打的号码。", "检查号码的位数和区号。"),
        ("“$word” does not look like a number that can be called.",
         "Check its digits and its area code."),
    ),
)  # fmt: skip
