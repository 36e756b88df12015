"""The linter says what the guide says about its own examples, and each rule what it is for."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import (
    content,
    content_characters,
    content_links,
    content_marketing,
    content_rules,
    content_tags,
    content_topics,
    content_variables,
    templates,
)
from signet.content import MAX_FINDINGS, Pattern
from signet.content_rules import RULES, check
from signet.findings import Finding, Severity, refuse
from signet.limits import Kind

VERIFICATION, NOTIFICATION, MARKETING = Kind.VERIFICATION, Kind.NOTIFICATION, Kind.MARKETING


def errors(text: str, kind: Kind) -> dict[str, list[str]]:
    """Rule -> what it points at, of the findings that refuse the text."""
    found: dict[str, list[str]] = {}
    for finding in check(text, kind):
        if finding.severity is Severity.ERROR:
            found.setdefault(finding.rule, []).append(text[finding.start : finding.end])
    return found


def triple(text: str) -> str:
    """The guide of today writes its variables with three braces."""
    return text.replace("{{", "{{{").replace("}}", "}}}")


# --- The guide's own examples -----------------------------------------------------------------

# guide.zh.md, by heading; where it shows what a phone shows, without the signature and with the
# variables that stand for the values.
RIGHT = {
    "验证类": (
        VERIFICATION,
        "您请求重设应用“{{name}}”的密码，请输入验证码 {{code}} 验证，"
        "验证码仅在 {{ttl}} 分钟内有效。",
    ),
    "通知类": (
        NOTIFICATION,
        "您尾号为34323的订单号已经通过宅急送（快递单号12343432）安排递送，请您开箱验货确认无误后签收，"
        "物流查询拨打400-0000-xxx。",
    ),
    "营销类": (MARKETING, "春风十里，好书陪你！30万种畅销书5折封顶！http://t.cn/Iekds 回TD退订"),
    "Register_Notice": (
        NOTIFICATION,
        "感谢您注册 LeanCloud，领先的 BaaS 提供商，为移动开发提供强有力的后端支持。",
    ),
    "通知短信": (
        NOTIFICATION,
        "尊敬的用户：欢迎您来到上海，如需帮助请拨打客服热线10010或登录www.10010.com，"
        "优惠订购机票酒店请拨打116114。中国联通",
    ),
    "使用模板": (
        NOTIFICATION,
        "尊敬的的用户，您的订单号：{{order_id}} 正在派送，请保持手机畅通，"
        "我们的快递员随时可能与您联系，感谢您的订阅。 ",
    ),
    "模板变量": (
        VERIFICATION,
        "欢迎注册{{name}}应用！请使用验证码{{code}}来完成注册。"
        "该验证码将在{{ttl}}分钟后失效，请尽快使用。",
    ),
    "内容规范": (
        NOTIFICATION,
        "XX房东您好，租客{{guest_name}}（手机号码：{{guest_phone}}）于{{payment_create_time}}"
        "向您支付了房租。租金为{{rent_price}}元，房屋地址在{{rent_addr}}。"
        "请关注微信公众号：XX租房。XX租房APP下载地址：http://example.com/download.html",
    ),
    "链接": (
        NOTIFICATION,
        "亲，您的宝贝已上路，快递信息可以通过以下链接查询："
        "http://www.sf-express.com/cn/#search/{{bill_number}} ",
    ),
    "通知类模板": (
        NOTIFICATION,
        "恭喜您获得关注广州体彩微信送“排列三”的活动彩票，您的号码是第{{phase}}期的：{{num}}。"
        "开奖时间为{{date}}，请关注公众号—开奖信息查询中奖状态。",
    ),
    "营销类模板，销售类": (
        MARKETING,
        "X牌新款春装已经上市，明星夫妻同款你值得拥有！详情请咨询当地X牌门市店，或者直接登录 "
        "www.xxxx.com 查询门市店，或者拨打 010-00000000，凭短信可享 9 折优惠。",
    ),
    "营销类模板，推广类": (
        MARKETING,
        "还在找寻同桌的 TA 吗？还在烦恼过年回家联系不上老同学吗？"
        "iOS 用户在 App Store 搜索：找同学，下载最新版的找同学，让同学聚会重温往日时光！",
    ),
    "注册验证": (
        VERIFICATION,
        "欢迎使用“{{name}}”服务，您的验证码是 {{code}}，请输入完成验证。",
    ),
}

LINK = (
    "尊敬的会员您好，您的订单（订单号{{orderId}}）已确认支付。5周年庆新品降价！大牌奢品上演底价争霸，"
    "低至2折！BV低至888元！阿玛尼低至199元！都彭长款钱包仅售499元！杜嘉班纳休闲鞋仅售1399元！"
    "周年庆家居专场千元封顶现已开启！{{download_link}} 客服电话400-881-6609 回复TD退订"
)
PRIZE = (
    "您好，本条短信来自“XX旅游”~恭喜幸运的您，在本次“北海道机票”抽奖活动中，获得二等奖——"
    "定制星巴克杯! 请您关注我们的微信公众号（XX旅游：xx_app)，"
    "回复“中奖名单”即可查看详细中奖名单及领取须知！后续还会有更多活动惊喜，期待您的参与~官方网站：xxsite.cn"
)
PROPERTY = (
    "业主还在苦苦等待你的反馈，你认领的房源已超过1小时没有填写核实结果，请尽快登录XX客户端，"
    "在“业主--待处理”列表中进行填写。【XX网】"
)

# The text, its kind, and what the guide blames: rule -> words.
WRONG: dict[str, tuple[Kind, str, dict[str, list[str]]]] = {
    "链接": (NOTIFICATION, LINK, {"link-variable": ["{{download_link}}"]}),
    "链接，营销用语": (NOTIFICATION, LINK, {"marketing-word": ["降价", "仅售"]}),
    "链接，打折": (NOTIFICATION, LINK, {"discount": ["低至2折"]}),
    "链接，作为营销": (MARKETING, LINK, {"link-variable": ["{{download_link}}"]}),
    "抽奖": (NOTIFICATION, PRIZE, {"prize": ["抽奖", "二等奖", "中奖名单"]}),
    "房源": (NOTIFICATION, PROPERTY, {"banned-word": ["房源"]}),
    "房源，作为营销": (MARKETING, PROPERTY, {"banned-word": ["房源"]}),
    "借贷": (MARKETING, "XX借贷，当天到账", {"banned-word": ["借贷"]}),
    "下载链接": (
        MARKETING,
        "最新版找同学，下载地址：{{address}}",
        {"download-variable": ["{{address}}"]},
    ),
}


@pytest.mark.parametrize("braces", [str, triple], ids=["double", "triple"])
@pytest.mark.parametrize("name", RIGHT)
def test_what_the_guide_calls_right_can_be_submitted(name: str, braces: Any) -> None:
    kind, text = RIGHT[name]

    assert errors(braces(text), kind) == {}


@pytest.mark.parametrize("braces", [str, triple], ids=["double", "triple"])
@pytest.mark.parametrize("name", WRONG)
def test_what_the_guide_calls_wrong_is_refused_for_what_it_blames(name: str, braces: Any) -> None:
    kind, text, blamed = WRONG[name]

    found = errors(braces(text), kind)

    for rule, parts in blamed.items():
        assert {braces(part) for part in parts} <= set(found.get(rule, []))


def test_the_guides_way_out_is_to_make_it_marketing() -> None:
    assert errors(PRIZE, MARKETING) == {}
    assert errors(LINK.replace("{{download_link}}", "http://example.com"), MARKETING) == {}


def test_marketing_that_is_sent_as_a_notification_is_refused() -> None:
    kind, text = RIGHT["营销类"]

    assert kind is MARKETING
    assert "discount" in errors(text, NOTIFICATION)


# --- One rule after another -------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A text that a rule points at, what it points at, and one that it must let pass."""

    kind: Kind
    text: str
    found: str
    near_miss: str
    personal: bool = False


def v(text: str, found: str, near_miss: str, *, personal: bool = False) -> Example:
    return Example(VERIFICATION, text, found, near_miss, personal)


def n(text: str, found: str, near_miss: str, *, personal: bool = False) -> Example:
    return Example(NOTIFICATION, text, found, near_miss, personal)


def m(text: str, found: str, near_miss: str, *, personal: bool = False) -> Example:
    return Example(MARKETING, text, found, near_miss, personal)


ALL = "<all of it>"
CODE = "您的验证码是{{code}}，{{ttl}}分钟内有效。"

EXAMPLES: dict[str, Example] = {
    # Tags
    "unclosed-tag": n("您好{{name", "{{name", "您好{{name}}"),
    "stray-braces": n("您好{{name}}}", "{{name}}}", "您好{{{name}}}"),
    "whitespace-control": n("您好{{~name}}", "{{~name}}", "您好~{{name}}"),
    "raw-block": n("{{{{raw}}}}", "{{{{raw}}}}", "{ {{name}} }"),
    "partial": n("{{> footer}}", "{{> footer}}", "> {{footer}}"),
    "literal-tag": n('{{"你好"}}', '{{"你好"}}', '"{{hello}}"'),
    "path-tag": n("{{user.name}}", "{{user.name}}", "{{user_name}}"),
    "condition": n("{{#if a b}}x{{/if}}", "{{#if a b}}", "{{#if a_b}}x{{/if}}"),
    "else-chain": n(
        "{{#if a}}x{{else if b}}y{{/if}}",
        "{{else if b}}",
        "{{#if a}}x{{else}}{{#if b}}y{{/if}}{{/if}}",
    ),
    "helper": n("{{#each items}}x{{/each}}", "{{#each items}}", "{{items}}"),
    "bad-name": n("{{order-id}}", "{{order-id}}", "{{order_id}}"),
    "long-name": n("{{" + "a" * 33 + "}}", "{{" + "a" * 33 + "}}", "{{" + "a" * 32 + "}}"),
    "unclosed-block": n("{{#if a}}x", "{{#if a}}", "{{#if a}}x{{/if}}"),
    "block-mismatch": n("{{#if a}}x{{/unless}}", "{{/unless}}", "{{#unless a}}x{{/unless}}"),
    "else-misplaced": n("x{{else}}y", "{{else}}", "{{#if a}}x{{else}}y{{/if}}"),
    "nested-same": n(
        "{{#if a}}{{#if a}}x{{/if}}{{/if}}", "{{#if a}}", "{{#if a}}{{#if b}}x{{/if}}{{/if}}"
    ),
    "nested-deep": n(
        "{{#if a}}{{#if b}}{{#if c}}{{#if d}}x{{/if}}{{/if}}{{/if}}{{/if}}",
        "{{#if d}}",
        "{{#if a}}{{#if b}}{{#if c}}x{{/if}}{{/if}}{{/if}}",
    ),
    "many-variables": n(
        "，第{{a}}".join(f"{{{{a{number}}}}}号" for number in range(20)),
        "{{a19}}",
        "，".join(f"第{{{{a{number}}}}}号" for number in range(20)),
    ),
    "long-text": n("字" * 1_001, "字", "字" * 1_000),
    # Variables
    "adjacent-variables": n(
        "尊敬的{{name}} {{title}}您好", "{{name}} {{title}}", "尊敬的{{name}}与{{title}}您好"
    ),
    "variables-by-punctuation": n(
        "订单{{id}}，{{date}}发出", "{{id}}，{{date}}", "订单{{id}}，于{{date}}发出"
    ),
    "unexplained-variable": n("{{user}}您好", "{{user}}", "尊敬的{{user}}您好"),
    "unusually-many-variables": m(
        "买{{a}}和{{b}}和{{c}}和{{d}}和{{e}}吧",
        "{{a}}和{{b}}和{{c}}和{{d}}和{{e}}",
        "买{{a}}和{{b}}和{{c}}和{{d}}和{{a}}吧",
    ),
    "only-variables": n("{{a}}！", ALL, "您好{{a}}！"),
    "mostly-variables": n("您{{a}}好", ALL, "您的订单{{a}}已发货"),
    "free-text-variable": n("通知：{{content}}", "{{content}}", "通知：{{contents_of_box}}"),
    "unfillable-variable": n("单号{{smsType}}", "{{smsType}}", "单号{{sms_type}}"),
    "conditional-text": n("您好{{#if a}}先生{{/if}}", "{{#if a}}", "您好{{a}}先生"),
    "empty-block": n("您好{{#if a}}{{/if}}", "{{#if a}}", "您好{{#if a}}！{{/if}}"),
    "constant-condition": n(
        "您好{{#if name}}！{{/if}}", "{{#if name}}", "您好{{#if names}}！{{/if}}"
    ),
    "personal-verification-variables": v(CODE, "{{ttl}}", "您的验证码是{{code}}。", personal=True),
    "personal-notification-variables": n(
        "祝{{who}}生日快乐", "{{who}}", "祝你生日快乐", personal=True
    ),
    # Codes and reserved variables
    "code-missing": v("验证码{{#if a}}{{code}}{{/if}}", ALL, "验证码{{code}}"),
    "code-repeated": v("验证码{{code}}，再说一遍{{code}}", "{{code}}", "验证码{{code}}，只说一遍"),
    "code-elsewhere": n("您的取件码是{{code}}", "{{code}}", "您的取件码是{{pick_up_code}}"),
    "code-lookalike": n("输入{{verify_code}}", "{{verify_code}}", "输入{{post_code}}"),
    "code-fixed": v("验证码：123456，{{code}}", "验证码：123456", "验证码：{{code}}，12月有效"),
    "code-unnamed": v("请输入{{code}}完成注册", ALL, "请输入验证码{{code}}完成注册"),
    "code-word-elsewhere": n("您的验证码已发送", "验证码", "您的二维码已发送"),
    "ttl-elsewhere": n("将在{{ttl}}分钟后关闭", "{{ttl}}", "将在{{minutes}}分钟后关闭"),
    "ttl-unit": v(
        "验证码{{code}}，{{ttl}}秒内有效", "{{ttl}}", "验证码{{code}}，{{ttl}} 分钟内有效"
    ),
    "sign-repeated": n("{{sign}}提醒您", "{{sign}}", "{{signed}}提醒您"),
    # Characters
    "empty": n(" \n ", ALL, "好"),
    "brackets": n("【天天商城】您好", "【", "[天天商城]您好"),
    "signature-lookalike": n("[天天商城]您好", "[", "您好[天天商城]的用户"),
    "control-character": n("您好\x07先生", "\x07", "您好\n先生"),
    "invisible-character": n("您\u200b好\u202e", "\u200b", "您 好"),
    "unprintable-character": n("您好\ue000", "\ue000", "您好？"),
    "emoji": n("您好😀😀！", "😀😀", "您好★！"),
    "rare-character": n("𠮷野家", "𠮷", "吉野家"),
    "special-symbol": n("★您好", "★", "您好，A+B=￥5～"),
    "mixed-alphabets": n("pаypal", "pа", "paypal и ещё"),
    "outer-blanks": n("您好 ", " ", "您 好"),
    "blank-lines": n("您好\n\n再见", "\n\n", "您好\n再见"),
    "repeated-punctuation": n("快来看！！！", "！！！", "快来看！真的——！"),
    "capitals": n("BUY THIS NOW", "BUY THIS NOW", "iOS 用户在 App Store 用 APP 看 TA"),
    "foreign-placeholder": n("您好${name}", "${name}", "您好{{name}}，#话题#"),
    "markup": n("AT&amp;T <b>您好</b>", "&amp;", "AT&T 1 < 2"),
    "doubled-word": n("尊敬的的用户", "的的", "尊敬的用户"),
    "placeholder": n("XX租房提醒您", "XX", "XBox提醒您"),
    "test-text": n("这是测试", "测试", "考试成绩已公布"),
    "unpaired-punctuation": n("（您好", "（", "（您好)"),
    # Length
    "length": n("字" * 397, ALL, "字" * 396),
    "length-with-values": n("字" * 390 + "{{a}}", ALL, "字" * 380 + "{{a}}"),
    "several-segments": n("字" * 67, ALL, "字" * 66),
    # Links and contacts
    "link-variable": n("查询：{{orderUrl}}", "{{orderUrl}}", "查询：a.com/{{orderUrl}}"),
    "link-host-variable": n(
        "见 http://{{shop}}.a.com/x", "http://{{shop}}.a.com/x", "见 http://a.com/{{shop}}"
    ),
    "download-variable": m(
        "下载：http://a.com/{{x}}", "http://a.com/{{x}}", "查询：http://a.com/{{x}}"
    ),
    "link-scheme": n("见 ftp://a.com/x", "ftp://a.com/x", "见 https://a.com/x"),
    "link-ip": n("见 http://10.1.2.3/x", "http://10.1.2.3/x", "版本 10.1.2.3 已发布"),
    "link-lookalike": n("见 ｗｗｗ．ａ．ｃｏｍ", "ｗｗｗ．ａ．ｃｏｍ", "见 www.a.com"),
    "link-user": n("见 http://a.com@b.com/", "http://a.com@b.com/", "见 http://b.com/@a"),
    "link-port": n("见 http://a.com:8080/x", "http://a.com:8080/x", "见 https://a.com:443/x"),
    "short-link": m("见 t.cn/Iekds 吧", "t.cn/Iekds", "见 at.cn/Iekds 吧"),
    "download-file": m("见 http://a.com/b.apk 吧", "http://a.com/b.apk", "见 http://a.com/apks 吧"),
    "several-links": n("见 a.com 和 b.com", "b.com", "见 a.com 和 B"),
    "link-glued": n("登录www.a.com查询", "www.a.com", "登录www.a.com，查询"),
    "verification-link": v(f"{CODE}见 a.com", "a.com", f"{CODE}见 a.b"),
    "verification-contact": v(
        f"{CODE}客服电话400-881-6609", "400-881-6609", f"{CODE}您正在绑定微信和QQ"
    ),
    "contact-variable": n("联系人{{guestPhone}}", "{{guestPhone}}", "耳机{{headphones}}"),
    "mobile-number": n("请联系13800138000", "13800138000", "单号138001380001"),
    "telephone-format": n("请拨打400-12", "400-12", "请拨打400-881-6609或95588"),
    # Marketing
    "marketing-word": n("全场打折", "打折", "请勿打折叠，气温下降价格不变，钱包邮寄"),
    "marketing-word-english": n("Get a DISCOUNT", "DISCOUNT", "discounted cash flow"),
    "discount": n("会员９折", "９折", "9折叠，骨折，气温低至5度，只需3步"),
    "marketing-hint": n("优惠订购", "优惠", "上午九点"),
    "prize": n("恭喜您中奖", "中奖", "查询中奖状态，国家奖学金，其中奖金百元"),
    "prize-in-marketing": m("恭喜您中奖", "中奖", "查询中奖状态"),
    "lottery": n("您的彩票", "彩票", "您的车票"),
    "superlative": m("全国第一", "全国第一", "全国一流"),
    "opt-out-added": m("新款上市", "", "新款上市，回T退订"),
    "opt-out-in-verification": v(f"{CODE}回T退订", "退订", f"{CODE}请订阅"),
    "opt-out-in-notification": n("回T退订", "退订", "已订阅"),
    "personal-marketing": m("新款上市", ALL, "", personal=True),
    # Topics
    "banned-word": n("您认领的房源", "房源", "我们租房源自信任"),
    "loan-offer": m("极速现金贷", "现金贷", "互联网贷款、配套现已完工"),
    "gambling": n("在线赌博", "赌博", "以下注意事项，抵押注销"),
    "pornography": n("色情视频", "色情", "红色情人节，特色情景，A片区"),
    "politics": n("加入邪教", "邪教", "平台独立，珍藏独家"),
    "unlawful-trade": m("代开发票", "代开发票", "走私人定制路线"),
    "fraud": m("刷单兼职", "刷单", "印刷单位，宣传销售，10元购"),
    "asks-for-secret": n("请回复您的验证码", "回复您的验证码", "请勿向任何人提供您的密码"),
    "hidden-word": n("全场打*折", "打*折", "打，折"),
    "spaced-word": n("全场打 折", "打 折", "全场 打印"),
    "rumour": n("紧急扩散", "紧急扩散", "加速转换"),
    "lending": n("您的贷款", "贷款", "您的货款"),
    "property": m("新楼盘", "楼盘", "更新盘点，设置业务，查看房间"),
    "medicine": m("祖传秘方", "祖传秘方", "祖传菜谱"),
    "authority": n("公安局提醒", "公安局", "办公桌提醒"),
    "social-contact": n("请加微信", "加微信", "请关注微信公众号"),
    "inducement": n("五星好评", "五星好评", "五星酒店"),
    "reply-asked": n("回复“名单”即可查看", "回复“名单”即可", "已回复，即可查看"),
    "trade-in-verification": v(f"理财{CODE}", "理财", f"整理{CODE}"),
    "trade-in-notification": n("股票提醒", "股票", "发票提醒"),
    "trade-in-marketing": m("装修公司", "装修", "装箱公司"),
    "personal-wishes": n("明天开会", ALL, "祝你新年快乐", personal=True),
    "personal-company": v("某公司验证码{{code}}", "公司", "公共验证码{{code}}", personal=True),
}


def spans(rule: str, text: str, kind: Kind, *, personal: bool) -> list[str]:
    return [
        text[finding.start : finding.end]
        for finding in check(text, kind, personal=personal)
        if finding.rule == rule
    ]


def test_every_rule_has_an_example_and_no_example_lacks_its_rule() -> None:
    assert list(EXAMPLES) == [rule.id for rule in RULES]


def test_no_two_rules_share_an_id() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) >= 40


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_points_at_what_it_is_about(rule: str) -> None:
    example = EXAMPLES[rule]

    found = spans(rule, example.text, example.kind, personal=example.personal)

    assert (example.text if example.found is ALL else example.found) in found


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_lets_pass_what_only_looks_like_it(rule: str) -> None:
    example = EXAMPLES[rule]
    if rule == "personal-marketing":  # it is about the owner, whatever the text
        assert spans(rule, example.text, example.kind, personal=False) == []
        return

    assert spans(rule, example.near_miss, example.kind, personal=example.personal) == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.id.startswith("personal-")])
def test_what_is_asked_of_people_is_not_asked_of_companies(rule: content.Rule) -> None:
    example = EXAMPLES[rule.id]

    assert spans(rule.id, example.text, example.kind, personal=False) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_both_languages(rule: content.Rule) -> None:
    example = EXAMPLES[rule.id]
    finding = next(
        each
        for each in check(example.text, example.kind, personal=example.personal)
        if each.rule == rule.id
    )

    for said in (finding.message, finding.suggestion):
        assert said.keys() == {"zh", "en"}
        assert re.search("[一-龥]", said["zh"])
        assert re.search("[a-z]{2}", said["en"])
        assert "$" not in "".join(said.values()).replace(example.found, "")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_about_its_kinds_only(rule: content.Rule) -> None:
    example = EXAMPLES[rule.id]

    for kind in set(Kind) - rule.kinds:
        assert spans(rule.id, example.text, kind, personal=example.personal) == []


def test_every_reason_why_a_text_is_no_template_is_a_rule() -> None:
    assert set(templates.REASONS) == {rule.id for rule in content_tags.RULES}


# --- What people really send ------------------------------------------------------------------

ORDINARY = [
    "您的快递{{number}}已放入3号柜，取件密码见APP，请于{{date}}前领取。",
    "尊敬的{{name}}，您预约的{{time}}门诊已确认，请提前15分钟到院取号。",
    "您借阅的《{{title}}》将于{{date}}到期，请及时归还或续借。",
    "因道路施工，{{line}}路公交{{date}}起临时改道，给您带来不便，敬请谅解。",
    "提醒：气温将降至零下5度，道路结冰，请注意行车安全。",
    "您本月用电{{kwh}}度，电费{{amount}}元，请登录国网APP查询明细。",
    "您的会议“{{topic}}”将于{{time}}开始，地点：{{room}}。",
    "您在本店的退款{{amount}}元已退还款项至原支付账户，预计1-3个工作日到账。",
    "同学您好，{{course}}的作业截止时间为{{date}}，请登录学习平台提交。",
    "您的账号于{{time}}在新设备登录，如非本人操作，请尽快修改密码。",
    "Your order {{id}} has shipped and will arrive on {{date}}.",
    "恭喜您报名成功，请于{{date}}携带身份证到{{place}}参加考试。",
    "您的爱车{{plate}}保养已完成，本次更换机油与滤芯，请到前台取车。",
    "家长您好，{{student}}已于{{time}}到校。",
    "请勿将账户密码告知他人，谨防诈骗。",
    "航班{{flight}}因天气原因延误，预计{{time}}起飞，登机口{{gate}}。",
    "您好，设备{{device}}温度过高，当前{{value}}度，请及时处理。",
    "物业通知：{{date}}上午9点至11点停水检修，请提前储水。",
    "三折叠雨伞已为您补发，单号{{number}}，请注意查收。",
    "您申请的国家奖学金材料已受理，请到学院领取回执。",
]


@pytest.mark.parametrize("text", ORDINARY, ids=lambda text: text[:12])
def test_an_ordinary_notification_can_be_submitted(text: str) -> None:
    assert errors(text, NOTIFICATION) == {}


@pytest.mark.parametrize(
    "text",
    [
        "验证码{{code}}，{{ttl}}分钟内有效，请勿泄露给他人。",
        "{{code}}（{{name}}登录验证码，{{ttl}} 分钟内有效）",
        "您正在{{op}}，验证码：{{code}}。如非本人操作请忽略。",
        "Your {{name}} code is {{code}}. It expires in {{ttl}} minutes. Never share it.",
        "您正在用微信登录{{name}}，校验码{{code}}，工作人员不会向您索要。",
        "动态密码{{code}}，您正在向尾号{{tail}}的账户转账{{amount}}元，切勿告知他人验证码。",
    ],
)
def test_an_ordinary_verification_can_be_submitted(text: str) -> None:
    assert errors(text, VERIFICATION) == {}


# --- Disguises --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "found"),
    [
        ("全场打-折", "hidden-word", "打-折"),
        ("全场打\u200b折", "hidden-word", "打\u200b折"),
        ("全场打 . 折", "hidden-word", "打 . 折"),
        ("全场打｜折", "hidden-word", "打｜折"),
        ("全场打\u3000折", "spaced-word", "打\u3000折"),
        ("全场打{{! x }}折", "marketing-word", "打{{! x }}折"),
        ("全场打{{#if a}}折{{/if}}", "marketing-word", "打{{#if a}}折"),
        ("全場降價", "marketing-word", "降價"),
        ("会员九折", "discount", "九折"),
        ("会员{{n}} 折", "discount", "{{n}} 折"),
        ("ｂｉｔ．ｌｙ/x", "link-lookalike", "ｂｉｔ．ｌｙ/x"),
        ("见 pay。com", "link-lookalike", "pay。com"),
        ("见 xn--fiq228c.com", "link-lookalike", "xn--fiq228c.com"),
        ("见 аррӏе.com", "link-lookalike", "аррӏе.com"),
        ("见 HTTP://T.CN/a", "short-link", "HTTP://T.CN/a"),
        ("见 t.cn/a，再见 t.cn/b！", "short-link", "t.cn/a"),
        ("见 javascript:alert(1)", "link-scheme", "javascript:a"),
        ("见 {{host}}.com/", "link-host-variable", "{{host}}.com/"),
        ("见 http://{{a}}", "link-host-variable", "http://{{a}}"),
        ("官网：{{x}}", "link-variable", "{{x}}"),
        ("{{#if a}}{{x}}{{/if}}{{y}}好", "adjacent-variables", "{{x}}{{/if}}{{y}}"),
        ("ＱＱ：12345678", "", ""),
    ],
)
def test_a_disguise_is_seen_through_and_pointed_at_as_it_was_written(
    text: str, rule: str, found: str
) -> None:
    if rule:
        assert found in spans(rule, text, NOTIFICATION, personal=False)
    else:
        code = f"{CODE}{text}"
        assert text in spans("verification-contact", code, VERIFICATION, personal=False)


def test_what_is_never_read_together_is_no_word() -> None:
    text = "{{#if a}}打{{else}}折{{/if}}全场"

    assert spans("marketing-word", text, NOTIFICATION, personal=False) == []


def test_a_text_that_is_no_template_is_still_read() -> None:
    found = {finding.rule for finding in check("全场打折{{na", NOTIFICATION)}

    assert {"unclosed-tag", "marketing-word"} <= found
    assert {finding.rule for finding in check("您的验证码{{", VERIFICATION)} == {"unclosed-tag"}


# --- Whatever the text ------------------------------------------------------------------------

TEXTS = st.text(
    st.one_of(
        st.sampled_from("{}#/!打折房源借贷验证码抽奖 *.-:@￥9htp/wcom\n【】\u200b😀"),
        st.characters(),
    ),
    max_size=60,
)
PIECES = st.lists(
    st.sampled_from([
        *("{{a}}", "{{#if b}}", "{{/if}}", "{{else}}", "{{code}}", "打", "折", " ", "http://"),
        *("t.cn/", "a.com", "，", "\n", "{{", "}}", "验证码", "1380013", "8000", "０"),
    ]),
    max_size=20,
).map("".join)  # fmt: skip


@given(TEXTS | PIECES, st.sampled_from(Kind), st.booleans())
def test_any_text_gets_findings_that_point_into_it(text: str, kind: Kind, personal: bool) -> None:
    findings = check(text, kind, personal=personal)

    for finding in findings:
        assert 0 <= finding.start <= finding.end <= len(text)
        assert all([*finding.message.values(), *finding.suggestion.values()])
    assert [(each.start, each.end) for each in findings] == sorted(
        (each.start, each.end) for each in findings
    )
    assert len({(each.rule, each.start, each.end) for each in findings}) == len(findings)


@given(PIECES, st.sampled_from(Kind))
def test_what_can_be_submitted_can_be_read_by_the_service(text: str, kind: Kind) -> None:
    if not refuse(check(text, kind)):
        assert templates.parse(templates.finished(text, kind)).nodes


def test_one_rule_does_not_flood_the_reply() -> None:
    found = spans("marketing-word", "打折，" * 100, NOTIFICATION, personal=False)

    assert len(found) == MAX_FINDINGS


def test_a_finding_is_a_document_of_json() -> None:
    (finding,) = [each for each in check("全场打折", NOTIFICATION) if each.rule == "marketing-word"]

    assert asdict(finding) == {
        "rule": "marketing-word",
        "severity": "error",
        "start": 2,
        "end": 4,
        "message": {
            "zh": "“打折”是营销用语，通知类和验证类短信不允许出现。",
            "en": "“打折” sells something, which only marketing may.",
        },
        "suggestion": {
            "zh": "删去它，或改用营销类模板。",
            "en": "Remove it, or make this a marketing template.",
        },
    }


@pytest.mark.parametrize(
    ("severities", "refused"),
    [([], False), (["note", "warning"], False), (["note", "error"], True)],
)
def test_only_errors_refuse(severities: list[str], refused: bool) -> None:
    findings = [Finding("x", Severity(each), 0, 0, {}, {}) for each in severities]

    assert refuse(findings) is refused


# --- No expression can run away ---------------------------------------------------------------

MODULES = (
    *(content, content_characters, content_links, content_marketing, content_rules),
    *(content_tags, content_topics, content_variables),
)
# Python's own reading of an expression; it has no public name.
PARSER = importlib.import_module("re._parser")
MAX_REPEATED = 300


def expressions() -> Iterator[tuple[str, re.Pattern[str]]]:
    for rule in RULES:
        if isinstance(rule.find, Pattern):
            yield rule.id, rule.find.expression
    for module in MODULES:
        yield from named_expressions(module)


def named_expressions(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(module).items():
        if isinstance(value, Pattern):
            yield f"{module.__name__}.{name}", value.expression
        elif isinstance(value, re.Pattern):
            yield f"{module.__name__}.{name}", value


def repeats(parsed: Any, inside: int = 1) -> Iterator[int]:
    """How often each part may be tried to repeat, repeats around it included."""
    for operator, argument in parsed:
        if str(operator) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            _, most, body = argument
            yield inside * int(most)
            yield from repeats(body, inside * int(most))
        else:
            for part in parts(argument):
                yield from repeats(part, inside)


def parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, PARSER.SubPattern):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for each in argument:
            yield from parts(each)


EXPRESSIONS = dict(expressions())


def test_there_are_expressions_to_look_at() -> None:
    assert len(EXPRESSIONS) > 50
    assert max(repeats(PARSER.parse("(?:a{1,4}b){1,5}"))) == 20
    assert max(repeats(PARSER.parse("(?:(?=a)(?:x|(a*)))"))) > MAX_REPEATED


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_repeats_nothing_without_end(name: str) -> None:
    """So a text of n characters costs at most n times a constant, not n squared or worse."""
    pattern = EXPRESSIONS[name]

    assert max(repeats(PARSER.parse(pattern.pattern, pattern.flags)), default=1) <= MAX_REPEATED
