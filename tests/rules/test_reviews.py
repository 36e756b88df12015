"""Reviews: the table of states, who may decide, what a submission needs, what is risky."""

from dataclasses import replace

import pytest

from signet import audits, reviews
from signet.apps import App, Key, ReviewState, Signature, Use
from signet.errors import BadParameter, NoEffect, NotPermitted
from signet.findings import Finding, Severity
from signet.limits import Kind
from signet.reviews import Event, OwnerKind, Reason, Risk, Type, Verdict, Version

SIGNED = App(
    "app-1",
    "示例应用",
    Key("k"),
    Key("m"),
    default_signature=Signature("Signet", "示例商城", "s1"),
    company="示例有限公司",
)
UNSIGNED = replace(SIGNED, default_signature=None)
TEMPLATE = Version(
    app_id="app-1",
    type=Type.TEMPLATE,
    name="Order_Notice",
    text="您的订单 {{order_id}} 已发货。",
    author=audits.owner("app-1"),
    number=1,
    state=ReviewState.PENDING,
    kind=Kind.NOTIFICATION,
)
SIGNATURE = Version(
    app_id="app-1",
    type=Type.SIGNATURE,
    name="sign_BuyBuyBuy",
    text="天天商城",
    author=audits.owner("app-1"),
    number=1,
    state=ReviewState.PENDING,
    use=Use.VERIFICATION_NOTIFICATION,
    owner_kind=OwnerKind.COMPANY,
)
AD = replace(TEMPLATE, kind=Kind.MARKETING)
AD_SIGNATURE = replace(SIGNATURE, use=Use.MARKETING)
OPERATOR = audits.operator("demo")


def verdict(event: Event, by: str = OPERATOR) -> Verdict:
    if event is Event.REJECT:
        return Verdict(event, by, (Reason.CONTENT,), "Say what was ordered.")
    return Verdict(event, by)


def finding(severity: Severity) -> Finding:
    words = {"zh": "不能有打折。", "en": "打折 is for marketing."}
    return Finding("marketing-words", severity, 0, 2, words, words)


# --- States ------------------------------------------------------------------------------------

FOLLOWING = {
    ("draft", "submit"): "pending",
    ("pending", "file"): "filing",
    ("pending", "approve"): "approved",
    ("pending", "reject"): "rejected",
    ("filing", "approve"): "approved",
    ("filing", "reject"): "rejected",
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", ReviewState)
def test_a_state_takes_the_events_of_the_table_and_no_others(
    state: ReviewState, event: Event
) -> None:
    expected = FOLLOWING.get((state.value, event.value))

    if expected:
        assert reviews.after(state, event) == expected
    else:
        with pytest.raises(NoEffect):
            reviews.after(state, event)


def test_the_docstring_has_the_table() -> None:
    rows = [line.split("|") for line in str(reviews.__doc__).splitlines() if line.count("|") == 3]
    written = {(row[0].strip(), row[1].strip()): row[2].strip() for row in rows[1:]}

    assert written == FOLLOWING


# --- Who decides -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [TEMPLATE, SIGNATURE], ids=["template", "signature"])
@pytest.mark.parametrize(
    ("event", "state"), [(Event.APPROVE, "approved"), (Event.REJECT, "rejected")]
)
def test_an_operator_decides(version: Version, event: Event, state: str) -> None:
    after = reviews.decide(version, verdict(event), SIGNED, has_marketing_signature=False)

    assert after == state


@pytest.mark.parametrize("event", [Event.APPROVE, Event.FILE, Event.REJECT])
def test_the_author_never_decides(event: Event) -> None:
    own = replace(AD_SIGNATURE, author=OPERATOR)

    with pytest.raises(NotPermitted):
        reviews.decide(own, verdict(event), SIGNED, has_marketing_signature=True)


def test_the_creator_of_an_app_decides_unless_another_one_has_to() -> None:
    app = replace(SIGNED, created_by="demo")

    assert decided(TEMPLATE, app) == "approved"
    with pytest.raises(NotPermitted):
        decided(TEMPLATE, replace(app, separate_review=True))


def test_another_operator_decides_where_the_creator_must_not() -> None:
    app = replace(SIGNED, created_by="first", separate_review=True)

    assert decided(TEMPLATE, app) == "approved"


@pytest.mark.parametrize(
    ("reasons", "comment"),
    [((), "Why."), ((Reason.OTHER,), None), ((Reason.OTHER,), ""), ((), None)],
)
def test_a_rejection_says_why_in_a_code_and_a_sentence(
    reasons: tuple[Reason, ...], comment: str | None
) -> None:
    with pytest.raises(BadParameter):
        reviews.decide(
            TEMPLATE,
            Verdict(Event.REJECT, OPERATOR, reasons, comment),
            SIGNED,
            has_marketing_signature=False,
        )


def test_a_comment_has_a_length() -> None:
    long = Verdict(Event.APPROVE, OPERATOR, comment="x" * 501)

    with pytest.raises(BadParameter, match="500"):
        reviews.decide(TEMPLATE, long, SIGNED, has_marketing_signature=False)


# --- Marketing ---------------------------------------------------------------------------------


def test_the_first_marketing_signature_is_filed_before_it_is_approved() -> None:
    with pytest.raises(NoEffect, match="filed"):
        decided(AD_SIGNATURE, SIGNED)

    filed = reviews.decide(AD_SIGNATURE, verdict(Event.FILE), SIGNED, has_marketing_signature=False)
    assert filed == "filing"
    assert decided(replace(AD_SIGNATURE, state=filed), SIGNED) == "approved"


def test_further_marketing_signatures_need_no_filing() -> None:
    after = reviews.decide(
        AD_SIGNATURE, verdict(Event.APPROVE), SIGNED, has_marketing_signature=True
    )

    assert after == "approved"


@pytest.mark.parametrize("version", [TEMPLATE, AD, SIGNATURE], ids=["template", "ad", "signature"])
def test_only_marketing_signatures_are_filed(version: Version) -> None:
    with pytest.raises(NoEffect):
        reviews.decide(version, verdict(Event.FILE), SIGNED, has_marketing_signature=False)


@pytest.mark.parametrize("version", [AD, AD_SIGNATURE], ids=["template", "signature"])
def test_marketing_is_neither_submitted_nor_approved_without_a_company(version: Version) -> None:
    nobody = replace(SIGNED, company=None)

    with pytest.raises(BadParameter, match="company"):
        reviews.check_submission(version, nobody)
    with pytest.raises(NoEffect, match="company"):
        decided(replace(version, state=ReviewState.PENDING), nobody, has_one=True)


@pytest.mark.parametrize("version", [AD, AD_SIGNATURE], ids=["template", "signature"])
def test_marketing_is_submitted_with_a_company(version: Version) -> None:
    reviews.check_submission(version, SIGNED)


# --- Submissions -------------------------------------------------------------------------------


def test_an_error_of_the_linter_keeps_a_version_back_and_comes_with_the_refusal() -> None:
    wrong = replace(TEMPLATE, findings=[finding(Severity.NOTE), finding(Severity.ERROR)])

    with pytest.raises(BadParameter, match="打折 is for marketing") as caught:
        reviews.check_submission(wrong, SIGNED)

    found = caught.value.fields["findings"]
    assert isinstance(found, list)
    assert [one["severity"] for one in found] == ["note", "error"]


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTE])
def test_lesser_findings_are_for_the_reviewer(severity: Severity) -> None:
    reviews.check_submission(replace(TEMPLATE, findings=[finding(severity)]), SIGNED)


@pytest.mark.parametrize("name", ["Order_Notice", "x", "订单 通知", "a.b", "é" * 64])
def test_a_name_may_be(name: str) -> None:
    reviews.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " x",
        "x ",
        "a#b",
        "a/b",
        "a\\b",
        "a%41",
        "a?b",
        ".",
        "..",
        "x" * 65,
        "a\nb",
        "\ud800",
    ],
)
def test_a_name_may_not_be(name: str) -> None:
    with pytest.raises(BadParameter, match="name"):
        reviews.check_name(name)


# --- Risk --------------------------------------------------------------------------------------

RISKS: list[tuple[Version, App, Risk]] = [
    (TEMPLATE, SIGNED, Risk.LOW),
    (replace(TEMPLATE, findings=[finding(Severity.NOTE)]), SIGNED, Risk.LOW),
    (TEMPLATE, UNSIGNED, Risk.MEDIUM),
    (SIGNATURE, SIGNED, Risk.MEDIUM),
    (replace(TEMPLATE, findings=[finding(Severity.WARNING)]), SIGNED, Risk.HIGH),
    (replace(TEMPLATE, findings=[finding(Severity.ERROR)]), SIGNED, Risk.HIGH),
    (AD, SIGNED, Risk.HIGH),
    (AD_SIGNATURE, SIGNED, Risk.HIGH),
]


@pytest.mark.parametrize(("version", "app", "risk"), RISKS)
def test_what_is_risky(version: Version, app: App, risk: Risk) -> None:
    assert reviews.risk(version, app) is risk


@pytest.mark.parametrize(("version", "app", "risk"), RISKS)
def test_only_what_is_of_low_risk_passes_by_itself(version: Version, app: App, risk: Risk) -> None:
    assert reviews.may_pass(version, app, approver="demo") is (risk is Risk.LOW)


def test_a_signature_that_waits_is_no_known_signature() -> None:
    waiting = Signature("Signet", "", "s1", ReviewState.PENDING)

    app = replace(SIGNED, default_signature=waiting)

    assert reviews.risk(TEMPLATE, app) is Risk.MEDIUM


def test_nothing_passes_in_the_name_of_a_creator_who_must_not_review() -> None:
    app = replace(SIGNED, created_by="demo", separate_review=True)

    assert not reviews.may_pass(TEMPLATE, app, approver="demo")
    assert reviews.may_pass(TEMPLATE, app, approver="other")


def decided(version: Version, app: App, *, has_one: bool = False) -> ReviewState:
    return reviews.decide(version, verdict(Event.APPROVE), app, has_marketing_signature=has_one)
