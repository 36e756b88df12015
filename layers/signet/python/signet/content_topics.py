"""Rules of content about topics: what nobody may send, and what carriers restrict.

Sources: guide.zh.md (内容规范), wire.md 15.3 and the lists of trades in LeanCloud's
docs/sdk/sms/guide.mdx (模板规范). What is against the law or the guide is an error; a trade is a
warning, for a person to decide.
"""

import re
from collections.abc import Iterator

from signet.content import (
    BLANKS,
    EVERY,
    HIDDEN,
    MARKETING,
    NOTIFICATION,
    SIGNS,
    VERIFICATION,
    Content,
    Find,
    Hit,
    Rule,
    View,
    any_of,
    pattern,
    whole,
    words,
)
from signet.content_marketing import PRIZES, SELLING
from signet.findings import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING
BULK = NOTIFICATION | MARKETING

BANNED = "房源!自于源头 借贷"
LOAN_SHARKS = """
    联!网贷! 现金贷 校园贷 高利贷 裸贷 套路贷 小额贷 私人借款 民间借款 无抵押 无担保 秒批
    黑户可贷 信用卡套现 花呗套现 信用卡提额 快速提额 洗白征信 征信修复
"""
GAMBLING = """
    赌博 赌场 博彩 赌球 下注!意明解释册定 百家乐 六合彩 时时彩 网赌 老虎机 德州扑克 真人荷官
    押注!销册 casino jackpot
"""
PORNOGRAPHY = """
    色情!人侣况节感景调绪怀 裸聊 成人视频!课教 成人电影 一夜情 约炮 援交!通流换易付 激情视频
    黄片 三级片 上门按摩 小姐上门 porn sexting
"""
POLITICS = """
    台独分子 台独势力 藏独分子 疆独分子 港独分子 港独势力 邪教 法轮功 反党 颠覆国家 颠覆政权
    煽动颠覆 非法游行 推翻政府
"""
UNLAWFUL = """
    毒品 冰毒 海洛因 摇头丸 迷药 迷魂药 枪支 弹药 手枪 假币 办假证 代办证件 假发票 代开发票
    卖发票 窃听器 复制手机卡 套牌车 贩卖个人信息 出售个人信息 走私!人立
"""
FRAUD = """
    刷单!位元据号 刷信誉 兼职日结 月入过万 躺赚 高额回报 稳赚 内幕消息 保本高息 私家侦探 替考
    考试包过 安全账户 涉嫌洗钱 一元夺宝 一元云购 零元购 空包网 宣!传销!售量 资金盘!点活 杀猪盘
"""
RUMOUR = "速转发 紧急扩散 不转不是 转发给所有 转发到群 看完转发 震惊 央视曝光 国家已证实 谣言"
LENDING = """
    贷款 借款 放款 退!还款!项 催收 催款 欠款 借呗 花呗 分期付款 分期还 授信!息 借条 放贷
    上门追讨 征信黑名单
"""
PROPERTY = """
    楼盘 售楼 首付 房产 学区房 商铺 更!新盘!点子 认筹 开盘 设!置业!务 二手房 更!新房!间
    查!看房!间 楼市
"""
MEDICINE = "壮阳 减肥药 根治 祖传秘方 丰胸 医美 整形 整容 治愈率 包治 特效药 美容院 药到病除 偏方"
AUTHORITY = """
    公安局 派出所 检察院 法院传票 人民法院 社保局 医保局 税务局 国税局 交警 银保监 反诈中心
    移民局 海关 冻结
"""
SOCIAL = """
    加微信 加我微信 微信号 微信群 加vx 威信 薇信 加qq 加我qq qq群 扣扣!除减款费分 加群 进群 入群
    加好友 添加好友 加客服
"""
INDUCING = """
    好评返 五星好评 好评截图 邀请注册 注册即送 拉新 淘口令 回复确认收货 转发领 分享领 砍一刀
"""
TRADES_VERIFICATION = """
    金融 理财 股票 期货 基金 贷款 借款 信用卡 保险 网赚 赚钱 话费 流量包 中国移动 中国联通
    中国电信 税务 财税 发票 记账 代办 代理注册 年检 法院 诉讼 律师 宗教 寺庙 佛教 教会 香烟 烟草
    白酒 烟酒 etc卡 etc通行 etc认证 etc账户 棋牌
"""
TRADES_NOTIFICATION = """
    股票 荐股 投资 理财 基金 期货 外汇 支付通道 第三方支付 代付 收款码 中国移动 中国联通
    中国电信 话费 流量包 宽带 营业厅 虚拟货币 比特币 棋牌
"""
TRADES_MARKETING = """
    会议 展会 会展 讲座 宣讲会 培训 考证 应试 补习 升学 考研 装修 家装 建材 招聘 诚聘 兼职 网赚
    股票 投资 理财 基金 期货 保险 信用卡 支付 贷款 微商 货到付款 众筹 公益 代理 返利 一元购 a货
    代办 律师 诉讼 案件 法院 中国移动 中国联通 中国电信 话费 流量包 宽带 营业厅 移民 留学 烟酒
    烟草 棋牌
"""

_LISTS = (BANNED, LOAN_SHARKS, GAMBLING, PORNOGRAPHY, POLITICS, UNLAWFUL, FRAUD)
NEVER = re.compile(any_of(*_LISTS))
_NEVER_OUTSIDE_MARKETING = re.compile(any_of(*_LISTS, SELLING, PRIZES))
_MAX_GAP = 6

_ASKING = re.compile(
    r"(?:回复|提供|告知|发送|告诉|报出)(?:您|你|我|们|的|给|客服|人员|收到|短信|本次){0,6}"
    r"(?:验证码|校验码|动态码|密码|银行卡号|卡号|身份证号)"
)
_WARNING_OFF = re.compile(r"[勿不莫别非未谨]")
_WISHES = re.compile(r"祝|快乐|幸福|安康|吉祥|节日|生日|恭贺|新年|happy|wish|merry")
_COMPANIES = words("公司 企业 集团 有限 股份 事业单位")


def _hidden(*, by_blanks: bool) -> Find:
    """Words of which the characters were moved apart, by blanks only or by signs as well."""

    def find(content: Content) -> Iterator[Hit]:
        in_marketing = content.kind in MARKETING
        vocabulary = NEVER if in_marketing else _NEVER_OUTSIDE_MARKETING
        for view in content.views:
            yield from _moved_apart(view, vocabulary, by_blanks=by_blanks)

    return find


def _moved_apart(view: View, vocabulary: re.Pattern[str], *, by_blanks: bool) -> Iterator[Hit]:
    kept = [place for place, each in enumerate(view.folded) if not _between(each)]
    squeezed = "".join(view.folded[place] for place in kept)
    for match in vocabulary.finditer(squeezed):
        first, last = kept[match.start()], kept[match.end() - 1]
        whole_span = view.folded[first : last + 1]
        gaps = len(whole_span) - len(match[0])
        only_blanks = not any(_between(each) and each not in BLANKS for each in whole_span)
        if 0 < gaps <= _MAX_GAP and only_blanks is by_blanks:
            yield Hit(view.span(first, last + 1))


def _between(character: str) -> bool:
    return character in SIGNS or character in BLANKS or bool(HIDDEN.match(character))


def _asking_for_secrets(content: Content) -> Iterator[Hit]:
    for view in content.views:
        for span, match in view.search(_ASKING):
            # "Never tell anyone your code" asks for the opposite.
            if not _WARNING_OFF.search(view.folded, max(0, match.start() - 12), match.start()):
                yield Hit(span)


def _wishless(content: Content) -> Iterator[Hit]:
    if content.personal and not any(_WISHES.search(view.folded) for view in content.views):
        yield whole(content)


def _personal_company(content: Content) -> Iterator[Hit]:
    if content.personal:
        yield from _COMPANIES(content)


RULES = (
    Rule(
        "banned-word", ERROR, BULK, words(BANNED),
        ("“$word”是敏感词，通知类和营销类短信都禁止发送。", "换一种不含该词的说法。"),
        ("“$word” is banned from notifications and marketing.", "Say it without this word."),
    ),
    Rule(
        "loan-offer", ERROR, EVERY, words(LOAN_SHARKS),
        ("“$word”属于违规借贷信息，禁止发送。", "删去该内容。"),
        ("“$word” offers loans of a kind that nobody may send.", "Remove it."),
    ),
    Rule(
        "gambling", ERROR, EVERY, words(GAMBLING),
        ("“$word”涉及赌博，禁止发送。", "删去该内容。"),
        ("“$word” is about gambling, which nobody may send.", "Remove it."),
    ),
    Rule(
        "pornography", ERROR, EVERY,
        pattern(rf"{any_of(PORNOGRAPHY)}|(?<![a-z0-9])a片(?![区段])"),
        ("“$word”涉及色情，禁止发送。", "删去该内容。"),
        ("“$word” is pornographic, which nobody may send.", "Remove it."),
    ),
    Rule(
        "politics", ERROR, EVERY, words(POLITICS),
        ("“$word”涉及政治敏感内容，禁止发送。", "删去该内容。"),
        ("“$word” is political, which nobody may send.", "Remove it."),
    ),
    Rule(
        "unlawful-trade", ERROR, EVERY, words(UNLAWFUL),
        ("“$word”涉及违法交易，禁止发送。", "删去该内容。"),
        ("“$word” is an unlawful trade, which nobody may advertise.", "Remove it."),
    ),
    Rule(
        "fraud", ERROR, EVERY,
        pattern(rf"{any_of(FRAUD)}|日赚 ?[0-9千万]|(?<![0-9.])0元购"),
        ("“$word”是诈骗短信的常见说法，禁止发送。", "删去该内容。"),
        ("“$word” is what fraudsters write; nobody may send it.", "Remove it."),
    ),
    Rule(
        "asks-for-secret", ERROR, EVERY, _asking_for_secrets,
        ("“$word”向用户索要验证码、密码或证件号，禁止发送。",
         "请用户在应用内输入，不要让其回复或告知。"),
        ("“$word” asks people for a code, a password or a number of theirs.",
         "Have them type it into the app; never ask for it in a message."),
    ),
    Rule(
        "hidden-word", ERROR, EVERY, _hidden(by_blanks=False),
        ("“$word”在敏感词中夹杂符号。", "删去该内容；变形的敏感词同样会被拦截。"),
        ("“$word” hides a word that is not allowed between signs.",
         "Remove it; carriers see through this too."),
    ),
    Rule(
        "spaced-word", WARNING, EVERY, _hidden(by_blanks=True),
        ("“$word”连起来读是敏感词。", "如果只是排版，请去掉空白；如果是敏感词，请删去。"),
        ("“$word”, read without blanks, is a word that is not allowed.",
         "Close the gap if it is a matter of layout; remove the word otherwise."),
    ),
    Rule(
        "rumour", WARNING, EVERY, words(RUMOUR),
        ("“$word”像是谣言或要求扩散的内容。", "只写可以核实的事实，不要请用户转发。"),
        ("“$word” reads like a rumour.", "State facts that can be checked; ask nobody to forward."),
    ),
    Rule(
        "lending", WARNING, BULK, words(LENDING),
        ("“$word”涉及借贷，运营商通常拒绝。", "确认业务资质，并避免催收和推销的说法。"),
        ("“$word” is about lending, which carriers mostly refuse.",
         "Make sure of your licence, and neither dun nor advertise."),
    ),
    Rule(
        "property", WARNING, BULK, words(PROPERTY),
        ("“$word”涉及房地产，运营商通常拒绝推广。", "只写与用户已有业务相关的事实。"),
        ("“$word” is about property, which carriers mostly refuse.",
         "State only what concerns the user's own affairs."),
    ),
    Rule(
        "medicine", WARNING, BULK, words(MEDICINE),
        ("“$word”涉及医疗、美容推广，运营商通常拒绝。", "删去功效承诺。"),
        ("“$word” advertises medicine or surgery, which carriers mostly refuse.",
         "Remove what promises an effect."),
    ),
    Rule(
        "authority", WARNING, EVERY, words(AUTHORITY),
        ("“$word”常被用来冒充机关或恐吓用户，需要人工审核。",
         "说明实际情况，并写明办理的官方途径。"),
        ("“$word” is often used to pose as an authority or to frighten.",
         "Say what happened, and name the official way to deal with it."),
    ),
    Rule(
        "social-contact", WARNING, BULK, words(SOCIAL),
        ("“$word”引导用户加好友或入群，运营商通常拒绝。", "改用公众号、官网或客服电话。"),
        ("“$word” leads people to a private chat, which carriers mostly refuse.",
         "Name an official account, a site or a service number."),
    ),
    Rule(
        "inducement", WARNING, BULK, words(INDUCING),
        ("“$word”诱导评价、分享或注册，运营商通常拒绝。", "删去诱导内容。"),
        ("“$word” asks people to rate, share or sign up, which carriers mostly refuse.",
         "Remove it."),
    ),
    Rule(
        "reply-asked", WARNING, NOTIFICATION,
        pattern(r"回复[^，。！；、,!;\n]{1,14}?(?:即可|查看|领取|确认|参与|参加|办理)"),
        ("“$word”要求用户回复短信。", "通知类短信请改为引导用户到应用或网站操作。"),
        ("“$word” asks for a reply.", "Lead people to the app or the site instead."),
    ),
    Rule(
        "trade-in-verification", WARNING, VERIFICATION, words(TRADES_VERIFICATION),
        ("“$word”属于验证码短信受限的行业。", "在审核说明中写明业务与资质。"),
        ("“$word” is of a trade that carriers restrict in verification.",
         "Tell the reviewer about the business and its licence."),
    ),
    Rule(
        "trade-in-notification", WARNING, NOTIFICATION, words(TRADES_NOTIFICATION),
        ("“$word”属于通知短信受限的行业。", "在审核说明中写明业务与资质。"),
        ("“$word” is of a trade that carriers restrict in notifications.",
         "Tell the reviewer about the business and its licence."),
    ),
    Rule(
        "trade-in-marketing", WARNING, MARKETING, words(TRADES_MARKETING),
        ("“$word”属于营销短信受限的行业。", "在审核说明中写明业务与资质。"),
        ("“$word” is of a trade that carriers restrict in marketing.",
         "Tell the reviewer about the business and its licence."),
    ),
    Rule(
        "personal-wishes", WARNING, NOTIFICATION, _wishless,
        ("个人用户的通知类短信只支持祝福内容。", "改为祝福语，或以公司名义开通应用。"),
        ("Notifications of personal owners are for good wishes only.",
         "Make it a wish, or register the app for a company."),
    ),
    Rule(
        "personal-company", WARNING, VERIFICATION, _personal_company,
        ("个人用户的验证类短信不得涉及公司：“$word”。", "删去公司相关内容，或以公司名义开通应用。"),
        ("Verification of personal owners may not speak for a company: “$word”.",
         "Remove it, or register the app for a company."),
    ),
)  # fmt: skip
