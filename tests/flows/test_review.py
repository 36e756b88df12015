"""From a submission to a decision: what is recorded, what passes by itself, who is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from signet import audits
from signet.apps import App, Key, ReviewState, Signature, Use
from signet.audits import Entry
from signet.errors import BadParameter, Missing, NoEffect, NotPermitted, SignetError, Unavailable
from signet.flows import review
from signet.flows.review import Place, Stores
from signet.limits import Kind
from signet.reviews import Event, OwnerKind, Reason, Type, Verdict, Version

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
APP = App(
    "app-1",
    "示例应用",
    Key("k"),
    Key("m"),
    default_signature=Signature("Signet", "示例商城", "s1"),
    company="示例有限公司",
)
OWNER = audits.owner("app-1")
OPERATOR = audits.operator("demo")
TEMPLATE = Version(
    app_id="app-1",
    type=Type.TEMPLATE,
    name="Order_Notice",
    text="您的订单 {{order_id}} 已发货，请注意查收。",
    author=OWNER,
    kind=Kind.NOTIFICATION,
)
SIGNATURE = Version(
    app_id="app-1",
    type=Type.SIGNATURE,
    name="sign_BuyBuyBuy",
    text="天天商城",
    author=OWNER,
    use=Use.VERIFICATION_NOTIFICATION,
    owner_kind=OwnerKind.COMPANY,
)
# The guide's own example of what a notification must not say.
WRONG = replace(TEMPLATE, text="全场商品打折，仅售 9 元！")
PLACE = Place("app-1", Type.TEMPLATE, "Order_Notice", 1)
APPROVE = Verdict(Event.APPROVE, OPERATOR)


@dataclass
class Shelf:
    """Versions and the trail, as the stores keep them; one caller at a time."""

    app: App = APP
    auto_approver: str | None = None
    marketing: bool = False
    versions: dict[int, Version] = field(default_factory=dict)
    trail: list[Entry] = field(default_factory=list)
    deciding: Callable[[], None] = lambda: None

    def stores(self) -> Stores:
        return Stores(
            app=lambda app_id: self.app if app_id == self.app.app_id else None,
            version=self.version,
            has_marketing_signature=lambda app_id: self.marketing,
            create=self.create,
            update=self.update,
            delete=self.delete,
            decide=self.decide,
            auto_approver=lambda: self.auto_approver,
        )

    def version(self, app_id: str, of: Type, name: str, number: int) -> Version:
        found = self.versions.get(number)
        if found is None or (app_id, of, name) != (found.app_id, found.type, found.name):
            raise Missing
        return found

    def create(self, new: Version, entry: Entry) -> Version:
        made = self.versions[len(self.versions) + 1] = replace(new, number=len(self.versions) + 1)
        self.trail.append(entry)
        return made

    def update(self, seen: Version, changed: Version, entry: Entry) -> Version:
        assert self.versions[seen.number] == seen
        self.versions[seen.number] = changed
        self.trail.append(entry)
        return changed

    def delete(self, seen: Version, entry: Entry) -> None:
        del self.versions[seen.number]
        self.trail.append(entry)

    def decide(self, seen: Version, state: ReviewState, verdict: Verdict, entry: Entry) -> Version:
        self.deciding()
        decided = replace(seen, state=state, decided_by=verdict.by, decided_at=entry.at)
        self.versions[seen.number] = decided
        self.trail.append(entry)
        return decided

    def acts(self) -> list[tuple[str, str]]:
        return [(entry.actor, entry.action) for entry in self.trail]


def propose(shelf: Shelf, version: Version = TEMPLATE, *, submitted: bool = True) -> Version:
    return review.propose(version, shelf.app, shelf.stores(), submitted=submitted, now=NOW)


def judge(shelf: Shelf, verdict: Verdict = APPROVE, place: Place = PLACE) -> Version:
    return review.judge(place, verdict, shelf.stores(), now=NOW)


# --- Submitting --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [TEMPLATE, SIGNATURE], ids=["template", "signature"])
def test_what_is_submitted_waits_for_an_operator(version: Version) -> None:
    shelf = Shelf()

    made = propose(shelf, version)

    assert (made.state, made.number) == (ReviewState.PENDING, 1)
    assert (made.created_at, made.submitted_at) == (NOW, NOW)
    assert shelf.acts() == [(OWNER, "submit")]


def test_what_the_linter_refuses_is_not_recorded() -> None:
    shelf = Shelf()

    with pytest.raises(BadParameter) as caught:
        propose(shelf, WRONG)

    assert caught.value.fields["findings"]
    assert shelf.versions == {}


def test_a_signature_is_linted_too() -> None:
    with pytest.raises(BadParameter) as caught:
        propose(Shelf(), replace(SIGNATURE, text="天"))

    assert caught.value.fields["findings"]


def test_a_draft_may_be_wrong_until_it_is_submitted() -> None:
    shelf = Shelf()

    made = propose(shelf, WRONG, submitted=False)

    assert made.state is ReviewState.DRAFT
    assert made.submitted_at is None
    assert any(finding.severity == "error" for finding in made.findings)
    assert shelf.acts() == [(OWNER, "create")]
    with pytest.raises(BadParameter):
        review.submit(PLACE, APP, shelf.stores(), now=NOW)


def test_a_draft_can_be_submitted() -> None:
    shelf = Shelf()
    propose(shelf, submitted=False)

    submitted = review.submit(PLACE, APP, shelf.stores(), now=NOW)

    assert submitted.state is ReviewState.PENDING
    assert shelf.acts() == [(OWNER, "create"), (OWNER, "submit")]


def test_a_draft_can_be_revised_and_is_linted_again() -> None:
    shelf = Shelf()
    propose(shelf, WRONG, submitted=False)

    revised = review.revise(PLACE, TEMPLATE, APP, shelf.stores(), now=NOW)

    assert (revised.text, revised.number, revised.state) == (TEMPLATE.text, 1, ReviewState.DRAFT)
    assert not any(finding.severity == "error" for finding in revised.findings)


def test_a_draft_can_be_withdrawn() -> None:
    shelf = Shelf()
    propose(shelf, submitted=False)

    review.withdraw(PLACE, shelf.stores(), now=NOW)

    assert shelf.versions == {}
    assert shelf.trail[-1].action == "delete"


def test_the_use_of_a_draft_signature_stays() -> None:
    shelf = Shelf()
    propose(shelf, SIGNATURE, submitted=False)
    place = replace(PLACE, type=Type.SIGNATURE, name=SIGNATURE.name)

    with pytest.raises(NoEffect):
        review.revise(place, replace(SIGNATURE, use=Use.MARKETING), APP, shelf.stores(), now=NOW)


def test_what_waits_can_neither_be_submitted_revised_nor_withdrawn() -> None:
    shelf = Shelf()
    propose(shelf)
    stores = shelf.stores()

    with pytest.raises(NoEffect):
        review.submit(PLACE, APP, stores, now=NOW)
    with pytest.raises(NoEffect):
        review.revise(PLACE, TEMPLATE, APP, stores, now=NOW)
    with pytest.raises(NoEffect):
        review.withdraw(PLACE, stores, now=NOW)


def test_marketing_is_refused_without_a_company() -> None:
    shelf = Shelf(replace(APP, company=None))
    ad = replace(TEMPLATE, kind=Kind.MARKETING, text="双十一全场优惠，回复TD退订")

    with pytest.raises(BadParameter, match="company"):
        propose(shelf, ad)


# --- Passing by itself -------------------------------------------------------------------------


def test_a_low_risk_template_passes_at_once_in_the_name_of_who_let_it() -> None:
    shelf = Shelf(auto_approver="demo")

    made = propose(shelf)

    assert made.state is ReviewState.APPROVED
    assert made.decided_by == "auto:demo"
    assert shelf.acts() == [(OWNER, "submit"), ("auto:demo", "approve")]


def test_so_does_a_draft_that_is_submitted() -> None:
    shelf = Shelf(auto_approver="demo")
    propose(shelf, submitted=False)
    assert shelf.versions[1].state is ReviewState.DRAFT

    assert review.submit(PLACE, APP, shelf.stores(), now=NOW).state is ReviewState.APPROVED


@pytest.mark.parametrize(
    ("app", "version"),
    [
        (replace(APP, default_signature=None), TEMPLATE),
        (APP, SIGNATURE),
        (APP, replace(TEMPLATE, kind=Kind.MARKETING, text="双十一来逛逛，回复TD退订")),
        (replace(APP, created_by="demo", separate_review=True), TEMPLATE),
    ],
    ids=["no signature", "signature", "marketing", "creator"],
)
def test_everything_else_waits_for_a_person(app: App, version: Version) -> None:
    shelf = Shelf(app, auto_approver="demo")

    assert propose(shelf, version).state is ReviewState.PENDING


@pytest.mark.parametrize("error", [NoEffect(), Unavailable()])
def test_a_submission_stands_though_it_could_not_be_approved_at_once(error: SignetError) -> None:
    def fail() -> None:
        raise error

    shelf = Shelf(auto_approver="demo", deciding=fail)

    assert propose(shelf).state is ReviewState.PENDING
    assert shelf.versions[1].state is ReviewState.PENDING


# --- Judging -----------------------------------------------------------------------------------


def test_an_operator_approves() -> None:
    shelf = Shelf()
    propose(shelf)

    assert judge(shelf).state is ReviewState.APPROVED
    assert shelf.acts() == [(OWNER, "submit"), (OPERATOR, "approve")]


def test_the_trail_says_why_something_was_rejected() -> None:
    shelf = Shelf()
    propose(shelf)

    judge(shelf, Verdict(Event.REJECT, OPERATOR, (Reason.LINK,), "链接不行。"))

    last = shelf.trail[-1]
    assert (last.action, last.subject, last.version) == ("reject", "template:Order_Notice", 1)
    assert (last.reasons, last.comment) == (("link",), "链接不行。")


def test_what_is_decided_is_not_decided_again() -> None:
    shelf = Shelf()
    propose(shelf)
    judge(shelf)

    with pytest.raises(NoEffect):
        judge(shelf, Verdict(Event.REJECT, OPERATOR, (Reason.OTHER,), "Why."))


def test_a_draft_is_not_decided() -> None:
    shelf = Shelf()
    propose(shelf, submitted=False)

    with pytest.raises(NoEffect):
        judge(shelf)


def test_the_author_does_not_judge() -> None:
    shelf = Shelf()
    propose(shelf, replace(TEMPLATE, author=OPERATOR))

    with pytest.raises(NotPermitted):
        judge(shelf)
    assert shelf.versions[1].state is ReviewState.PENDING


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, number=2),
        replace(PLACE, name="other"),
        replace(PLACE, app_id="other"),
        replace(PLACE, type=Type.SIGNATURE),
    ],
)
def test_only_what_is_there_is_judged(place: Place) -> None:
    shelf = Shelf()
    propose(shelf)

    with pytest.raises(Missing):
        judge(shelf, place=place)


@pytest.mark.parametrize("has_one", [False, True])
def test_the_first_marketing_signature_goes_through_filing(has_one: bool) -> None:
    shelf = Shelf(marketing=has_one)
    propose(shelf, replace(SIGNATURE, use=Use.MARKETING))
    place = replace(PLACE, type=Type.SIGNATURE, name=SIGNATURE.name)

    if not has_one:
        with pytest.raises(NoEffect, match="filed"):
            judge(shelf, place=place)
        assert judge(shelf, Verdict(Event.FILE, OPERATOR), place).state is ReviewState.FILING
    assert judge(shelf, place=place).state is ReviewState.APPROVED
