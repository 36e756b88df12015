"""Speech: what a voice call says, and in which language.

A code is said digit by digit, twice (wire.md 7.1: six digits; people write them down). Chinese
where it is what people speak; English elsewhere, which most carriers' voices can do.
"""

from signet import phones

# Mainland, Hong Kong, Macau and Taiwan.
_CHINESE = frozenset({"86", "852", "853", "886"})


def language(phone: str) -> str:
    """The language of calls to an E.164 number, as BCP 47 has it: `zh-CN` or `en-US`."""
    return "zh-CN" if phones.dial_code(phone) in _CHINESE else "en-US"


def text(phone: str, *, name: str, code: str) -> str:
    """What is said to a person: the app's name, then the code, twice."""
    if language(phone) == "zh-CN":
        digits = "，".join(code)
        return f"您好，您的{name}验证码是：{digits}。重复一遍：{digits}。"
    digits = ", ".join(code)
    return f"Hello. Your {name} verification code is: {digits}. Again: {digits}."
