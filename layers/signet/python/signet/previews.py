"""What a template will look like on a phone, and what it will cost, while it is being written."""

from collections.abc import Mapping
from dataclasses import dataclass

from signet import messages, prices, segments, templates
from signet.errors import TemplateNotRendered

# As every LeanCloud example shows them; the values that are not known yet show their own names.
_SAMPLE_CODE = "123456"
_SAMPLE_MINUTES = "10"
_MAINLAND = "+86"
# A signature that is not chosen yet takes as much room as most do.
_ANY_SIGNATURE = "签名示例"


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as a phone in the mainland will show it; `characters` with the signature.

    What is too long for any number of segments has neither these nor a price.
    """

    text: str
    characters: int
    segments: int | None
    price_micros: int | None


def preview(
    text: str,
    values: Mapping[str, str],
    *,
    app_name: str,
    signature: str | None,
    overrides: Mapping[str, int],
) -> Preview | None:
    """The preview of a template's text; None while it does not compile.

    `values` of variables go before samples; `signature` is its text; `overrides` as in `prices`.
    """
    sign = signature or _ANY_SIGNATURE
    samples = {"name": app_name, "ttl": _SAMPLE_MINUTES, "sign": sign, "code": _SAMPLE_CODE}
    try:
        names = templates.variables(text)
        shown = {name: values.get(name) or samples.get(name) or name for name in names}
        printed = messages.text(sign, text, shown, code=shown.get("code", _SAMPLE_CODE))
    except (templates.TemplateError, TemplateNotRendered):
        return None
    if len(printed) > segments.MAX_CHARACTERS:
        return Preview(printed, len(printed), None, None)
    count = segments.count(printed, mainland=True, abroad=segments.Rule.GSM)
    price = prices.price_of(_MAINLAND, count, overrides)
    return Preview(printed, len(printed), count, price)
