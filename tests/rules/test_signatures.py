"""Which names may stand in 【】, and what each of the others is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import signatures
from signet.findings import Severity
from signet.signatures import RULES, check


def found(text: str) -> dict[str, list[str]]:
    """Rule -> what it points at."""
    rules: dict[str, list[str]] = {}
    for finding in check(text):
        rules.setdefault(finding.rule, []).append(text[finding.start : finding.end])
    return rules


@pytest.mark.parametrize(
    "text",
    [
        *("LeanCloud", "购物网", "当当", "天天商城", "中国", "A1", "58同城", "三六零", "𠮷野家"),
        *("字" * 12, "abcdefghijkl", "Signature"),
    ],
)
def test_a_name_of_letters_and_digits_is_fine(text: str) -> None:
    assert check(text) == []


# rule -> (text, what is pointed at)
VIOLATIONS = {
    "signature-short": [("", ""), ("商", "商")],
    "signature-long": [("天天商城天天商城天天商城网", "网"), ("abcdefghijklmn", "mn")],
    "signature-brackets": [("【天天商城】", "【"), ("天天】商城", "】")],
    "signature-blank": [
        ("天天 商城", " "),
        (" 商城", " "),
        ("天\u3000商", "\u3000"),
        ("a\nb", "\n"),
    ],
    "signature-variable": [("{{name}}商城", "{{name}}"), ("商城${x}", "${x}"), ("商城{", "{")],
    "signature-symbol": [
        *(("天天/商城", "/"), ("天天*商城", "*"), ("天天·商城", "·"), ("AT&T", "&")),
        *(("[商城]", "["), ("商城！！", "！！"), ("商城😀", "😀"), ("商_城", "_")),
        *(("商-城", "-"), ("（商城）", "（"), ("“商城”", "“")),
    ],
    "signature-invisible": [("商\u200b城", "\u200b"), ("商\x07城", "\x07"), ("a\u202eb", "\u202e")],
    "signature-foreign": [
        *(("аpple", "а"), ("ＡＢＣ商城", "ＡＢＣ"), ("カメラ", "カメラ"), ("①号店", "①")),
    ],
    "signature-digits": [("12306", "12306"), ("１２３", "１２３"), ("①②", "①②")],
    "signature-neutral": [("验证码", "验证码"), ("温馨提示", "温馨提示"), ("Test", "Test")],
    "signature-banned": [("现金贷商城", "现金贷"), ("六合彩", "六合彩")],
    "signature-authority": [("某某银行", "银行"), ("交警大队", "交警"), ("中国移动", "中国移动")],
}
CASES = [(rule, *case) for rule, cases in VIOLATIONS.items() for case in cases]


@pytest.mark.parametrize(("rule", "text", "part"), CASES)
def test_each_violation_is_named_and_pointed_at(rule: str, text: str, part: str) -> None:
    assert part in found(text)[rule]


def test_every_rule_has_its_case_and_an_id_of_its_own() -> None:
    assert [rule.id for rule in RULES] == list(VIOLATIONS)


def test_every_violation_of_a_text_is_told_at_once() -> None:
    assert found("【{{x}} 天天商城/天天商城】").keys() == {
        "signature-long",
        "signature-brackets",
        "signature-variable",
        "signature-blank",
        "signature-symbol",
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_both_languages(rule: signatures.Rule) -> None:
    text, _ = VIOLATIONS[rule.id][-1]
    (finding, *_) = [each for each in check(text) if each.rule == rule.id]

    for said in (finding.message, finding.suggestion):
        assert said["zh"]
        assert said["en"]
        assert "$word" not in said["zh"] + said["en"]


def test_names_that_may_be_right_are_left_to_the_reviewer() -> None:
    assert {finding.severity for finding in check("某某银行")} == {Severity.WARNING}


@given(st.text(max_size=20))
def test_what_is_accepted_is_chinese_latin_and_digits(text: str) -> None:
    findings = check(text)

    assert all(0 <= finding.start <= finding.end <= len(text) for finding in findings)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        assert 2 <= len(text) <= 12
        assert text.isalnum()
        assert not text.isdigit()


@given(st.text(st.sampled_from("商城天东abcXYZ019"), min_size=2, max_size=12))
def test_what_is_refused_of_plain_names_is_refused_for_a_reason(text: str) -> None:
    assert found(text).keys() <= {"signature-digits", "signature-neutral"}
