"""Rules of content about selling: which words only marketing may use, and how it must end.

Sources: guide.zh.md (营销短信, 内容规范), wire.md 15.2 and 15.3. Words that sell wherever they
stand are errors outside marketing; those that may as well state a fact are warnings.
"""

from collections.abc import Iterator

from signet.content import (
    EVERY,
    MARKETING,
    NOTIFICATION,
    VARIABLE,
    VERIFICATION,
    Content,
    Hit,
    Rule,
    any_of,
    pattern,
    whole,
    words,
)
from signet.findings import Severity
from signet.templates import has_opt_out

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
NOT_MARKETING = VERIFICATION | NOTIFICATION

SELLING = """
    打折!叠断返 折扣 下!降价! 仅售 促销 特价!值 秒杀 大促!进成使 清仓 甩卖 抢购 优惠券 优惠码
    代金券 抵用券 满减!少免值持排退 包邮!寄件箱政递 钜惠 特惠 半价!格值 底价!格值位
    让利!益润用率于 返现!场在实有 返利 爆款 热卖 热销 买一送一 买就送 免费领 免费送!货达到医检修
    团购 拼团 砍价 免单!独位一列 送券 领券 红包雨 狂欢购 惊喜价 超低价 大放价 跳楼价 一折起
"""
SELLING_ENGLISH = "discount discounts promo coupon coupons clearance bargain freebie giveaway"
HINTS = """
    优惠!券码 免费!领送 红包!雨 积分兑换 兑换积分 新品 新款 上市 福利 惊喜!价 周年庆 限时 限量
    豪礼 礼包 礼品 赠送 试用 超值 会员日 值得拥有 邀请好友 更多活动 老用户 尊享 特权 体验券
    充值送 双十一 双十二
"""
PRIZES = """
    抽奖 中奖名单 奖品 领奖!学 兑奖 大奖!励学惩项章 头奖 摇奖 特等奖!学 一等奖!学 二等奖!学
    三等奖!学 获奖!学 幸运的您 幸运用户 幸运观众 幸运儿 幸运之星 幸运大奖 幸运抽
"""
LOTTERY = "彩票 体彩 福彩 双色球 大乐透 排列三 排列五 刮刮乐 投注!意重 开奖 竞彩 足彩"
SUPERLATIVES = """
    国家级 世界级 最高级 最低价 全网最低 历史最低 第一品牌 顶级 绝无仅有 史无前例 百分百有效
    100%有效 100%安全 永久有效 万能 独一无二 全国第一 销量第一
"""

_DIGIT = f"[0-9{VARIABLE}]"
_YUAN = rf"[¥]? ?{_DIGIT}{{1,6}}(?:\.[0-9])? ?[元折块]"
_FIGURES = (
    rf"(?:[0-9]\.)?[0-9{VARIABLE}一二三四五六七八九] ?折(?![叠返断射磨合腾旧回线算中])"
    rf"|满 ?{_DIGIT}{{1,6}} ?元? ?[减送返立]"
    rf"|(?:立减|直降|立省|低至|仅需|只要|只需|现价|秒杀价|到手价) ?{_YUAN}"
    r"|买[0-9一二三]送[0-9一二三]"
    r"|[0-9]{1,3}% ?off(?![a-z])"
)
# "Look up whether you won" is no marketing: the guide's right example of a notification.
_WON = r"中奖(?!状态|信息|情况|结果|号码|查询|公告|[学励项章惩金])"
_WAYS_OUT = pattern("退订|拒收")


def _personal(content: Content) -> Iterator[Hit]:
    if content.personal:
        yield whole(content)


def _no_way_out(content: Content) -> Iterator[Hit]:
    if content.text.strip() and not has_opt_out(content.text):
        yield Hit((len(content.text), len(content.text)))


RULES = (
    Rule(
        "marketing-word", ERROR, NOT_MARKETING, words(SELLING),
        ("“$word”是营销用语，通知类和验证类短信不允许出现。", "删去它，或改用营销类模板。"),
        ("“$word” sells something, which only marketing may.",
         "Remove it, or make this a marketing template."),
    ),
    Rule(
        "marketing-word-english", ERROR, NOT_MARKETING, words(SELLING_ENGLISH),
        ("“$word”是营销用语，通知类和验证类短信不允许出现。", "删去它，或改用营销类模板。"),
        ("“$word” sells something, which only marketing may.",
         "Remove it, or make this a marketing template."),
    ),
    Rule(
        "discount", ERROR, NOT_MARKETING, pattern(_FIGURES),
        ("“$word”是价格优惠，只能出现在营销类短信中。", "删去优惠信息，或改用营销类模板。"),
        ("“$word” is a price cut, which only marketing may name.",
         "Remove the offer, or make this a marketing template."),
    ),
    Rule(
        "marketing-hint", WARNING, NOT_MARKETING, words(HINTS),
        ("“$word”可能被视为营销内容。", "确认它只是在说明事实；推广内容请改用营销类模板。"),
        ("“$word” may be taken for marketing.",
         "Make sure that it states a fact; offers belong into a marketing template."),
    ),
    Rule(
        "prize", ERROR, NOT_MARKETING, pattern(f"{any_of(PRIZES)}|{_WON}"),
        ("“$word”是抽奖、中奖信息，通知类和验证类短信不允许出现。", "改用营销类模板。"),
        ("“$word” tells of a prize, which only marketing may.", "Make this a marketing template."),
    ),
    Rule(
        "prize-in-marketing", WARNING, MARKETING, pattern(f"{any_of(PRIZES)}|{_WON}"),
        ("“$word”是抽奖、中奖信息，需要人工核实活动真实性。", "在审核说明中写明活动规则与主办方。"),
        ("“$word” tells of a prize; a person has to check that it exists.",
         "Tell the reviewer the rules of the event and who holds it."),
    ),
    Rule(
        "lottery", WARNING, EVERY, words(LOTTERY),
        ("“$word”涉及彩票，需要人工审核。", "只通知用户已有的号码和开奖时间，不要邀请投注。"),
        ("“$word” is about a lottery and has to be looked at.",
         "State numbers and dates that the user knows of; invite nobody to bet."),
    ),
    Rule(
        "superlative", WARNING, NOTIFICATION | MARKETING, words(SUPERLATIVES),
        ("“$word”是广告法限制的绝对化用语。", "改成可以证明的说法。"),
        ("“$word” is a claim that advertising law restricts.", "Claim what can be proved."),
    ),
    Rule(
        "opt-out-added", NOTE, MARKETING, _no_way_out,
        ("营销类短信必须可以退订，末尾将自动加上“回复TD退订”。",
         "无需修改；也可以自行写明退订方式。"),
        ("Marketing must say how to opt out; 回复TD退订 will be added at the end.",
         "Nothing to do, unless you want to word it yourself."),
    ),
    Rule(
        "opt-out-in-verification", ERROR, VERIFICATION, _WAYS_OUT,
        ("验证类短信不应包含“$word”。", "删去退订方式；推广内容请改用营销类模板。"),
        ("Verification has nothing to opt out of: “$word”.",
         "Remove it; offers belong into a marketing template."),
    ),
    Rule(
        "opt-out-in-notification", WARNING, NOTIFICATION, _WAYS_OUT,
        ("“$word”通常只出现在营销类短信中。", "推广内容请改用营销类模板，否则删去。"),
        ("“$word” is what marketing says.",
         "Make this a marketing template if it is one; remove it otherwise."),
    ),
    Rule(
        "personal-marketing", ERROR, MARKETING, _personal,
        ("个人用户不能发送营销类短信。", "请以公司名义开通应用，或改用其他类型。"),
        ("Personal owners may send no marketing.",
         "Register the app for a company, or choose another kind."),
    ),
)  # fmt: skip
