"""Versions of signatures and templates: numbered, decided once, in use at the right moment."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signet import audits
from signet.apps import App, Key, ReviewState, Signature, Use
from signet.audits import Entry
from signet.errors import BadParameter, Missing, NoEffect
from signet.findings import Finding, Severity
from signet.limits import Kind
from signet.reviews import Event, OwnerKind, Reason, Type, Verdict, Version
from signet.store import apps, table, templates, versions, words
from signet.store import audits as trail
from signet.templates import Template
from tests.store.build import NOW, after, dynamodb_table, put

pytestmark = pytest.mark.usefixtures("tables")

APP_ID = "app-1"
APP = App(APP_ID, "示例应用", Key("k"), Key("m"))
OWNER = audits.owner(APP_ID)
OPERATOR = audits.operator("demo")
FINDING = Finding(
    "adjacent", Severity.WARNING, 3, 9, {"zh": "甲", "en": "a"}, {"zh": "乙", "en": "b"}
)
TEMPLATE = Version(
    app_id=APP_ID,
    type=Type.TEMPLATE,
    name="Order_Notice",
    text="您的订单 {{order_id}} 已发货。",
    author=OWNER,
    state=ReviewState.PENDING,
    kind=Kind.NOTIFICATION,
    created_at=NOW,
    submitted_at=NOW,
)
SIGNATURE = Version(
    app_id=APP_ID,
    type=Type.SIGNATURE,
    name="sign_BuyBuyBuy",
    text="天天商城",
    author=OWNER,
    state=ReviewState.PENDING,
    use=Use.VERIFICATION_NOTIFICATION,
    owner_kind=OwnerKind.COMPANY,
    proof="https://example.com/licence",
    created_at=NOW,
    submitted_at=NOW,
)
FULL = replace(
    TEMPLATE,
    findings=(FINDING,),
    decided_at=after(60),
    decided_by=OPERATOR,
    reasons=(Reason.CONTENT, Reason.OTHER),
    comment="不行。",
    state=ReviewState.REJECTED,
)


@pytest.fixture(autouse=True)
def app(tables: object) -> App:
    apps.create(APP)
    return APP


def entry(action: str, version: Version, *, at: float = 0) -> Entry:
    return Entry(after(at), OWNER, action, version.subject, version.number or None)


def create(version: Version) -> Version:
    return words.create(version, entry("submit", version))


def draft(version: Version) -> Version:
    return create(replace(version, state=ReviewState.DRAFT, submitted_at=None))


def decide(version: Version, state: ReviewState, *, at: float = 60) -> Version:
    verdict = Verdict(Event.APPROVE, OPERATOR)
    told = replace(entry("approve", version, at=at), actor=OPERATOR)
    return words.decide(version, state, verdict, told)


def approve(version: Version) -> Version:
    return decide(version, ReviewState.APPROVED)


def approved(version: Version) -> Version:
    return approve(create(version))


def again(version: Version) -> Version:
    return versions.get(version.app_id, version.type, version.name, version.number)


def in_use(name: str = TEMPLATE.name) -> Template | None:
    return templates.in_use(APP_ID, name)


def default() -> Signature | None:
    found = apps.read(APP_ID)
    assert found is not None
    return found.default_signature


# --- Recording ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "version", [TEMPLATE, SIGNATURE, FULL], ids=["template", "signature", "full"]
)
def test_a_version_comes_back_as_it_was_recorded(version: Version) -> None:
    made = create(version)

    assert made == replace(version, number=1)
    assert again(made) == made


def test_versions_of_a_name_count_from_one() -> None:
    numbers = [create(replace(TEMPLATE, text=f"第 {n} 版")).number for n in range(3)]

    assert numbers == [1, 2, 3]


def test_a_number_is_given_once_though_two_submit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    create(TEMPLATE)
    interfere_once(monkeypatch, lambda: create(replace(TEMPLATE, text="先")))

    second = create(replace(TEMPLATE, text="后"))

    assert second.number == 3
    assert again(replace(second, number=2)).text == "先"


def test_a_name_is_opened_once_though_two_open_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    interfere_once(monkeypatch, lambda: create(SIGNATURE))

    second = create(SIGNATURE)

    assert second.number == 2
    assert header()["signatures"] == 1


def test_short_ids_are_unique_though_two_names_come_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interfere_once(monkeypatch, lambda: create(replace(SIGNATURE, name="first")))

    create(replace(SIGNATURE, name="second"))

    assert (short_id("first"), short_id("second")) == ("s2", "s3")


def test_templates_and_signatures_of_one_name_are_apart() -> None:
    create(replace(TEMPLATE, name="same"))

    assert create(replace(SIGNATURE, name="same")).number == 1


def test_apps_do_not_see_each_others_versions() -> None:
    made = create(TEMPLATE)

    with pytest.raises(Missing):
        again(replace(made, app_id="other"))
    assert versions.list_versions("other", Type.TEMPLATE, limit=10) == ([], None)


def test_nothing_is_recorded_for_an_app_that_is_not_there() -> None:
    with pytest.raises(Missing):
        create(replace(TEMPLATE, app_id="nobody"))


def test_a_version_that_is_not_there_is_missing() -> None:
    create(TEMPLATE)

    for number in (0, 2):
        with pytest.raises(Missing):
            again(replace(TEMPLATE, number=number))


def test_the_trail_has_the_number_that_was_given() -> None:
    create(TEMPLATE)
    create(TEMPLATE)

    found, _ = trail.entries(APP_ID, limit=10)

    assert sorted(one.version or 0 for one in found) == [1, 2]
    assert {one.subject for one in found} == {"template:Order_Notice"}


@pytest.mark.parametrize(
    ("version", "counter", "most"), [(SIGNATURE, "signatures", 50), (TEMPLATE, "templates", 1_000)]
)
def test_an_app_has_so_many_names_at_most(version: Version, counter: str, most: int) -> None:
    create(version)
    change_header(**{counter: most})

    with pytest.raises(BadParameter, match=str(most)):
        create(replace(version, name="one more"))
    create(version)


# --- What is in use ----------------------------------------------------------------------------


def test_what_waits_is_known_by_name_and_not_in_use() -> None:
    create(TEMPLATE)

    found = in_use()

    assert found is not None
    assert (found.state, found.version, found.text) == (ReviewState.PENDING, 0, "")


def test_a_name_nobody_gave_is_not_known() -> None:
    assert in_use() is None


def test_an_approved_template_is_in_use() -> None:
    made = approved(TEMPLATE)

    assert made.in_use
    assert again(made) == made
    assert in_use() == Template("Order_Notice", Kind.NOTIFICATION, TEMPLATE.text, 1)


def test_the_old_version_stays_in_use_until_the_new_one_is_approved() -> None:
    approved(TEMPLATE)
    new = create(replace(TEMPLATE, text="新", kind=Kind.VERIFICATION))
    assert in_use() == Template("Order_Notice", Kind.NOTIFICATION, TEMPLATE.text, 1)

    approve(new)

    assert in_use() == Template("Order_Notice", Kind.VERIFICATION, "新", 2)
    assert not again(replace(new, number=1)).in_use


def test_the_old_version_stays_in_use_when_the_new_one_is_rejected() -> None:
    approved(TEMPLATE)

    decide(create(replace(TEMPLATE, text="新")), ReviewState.REJECTED)

    assert in_use() == Template("Order_Notice", Kind.NOTIFICATION, TEMPLATE.text, 1)


def test_an_older_version_approved_later_does_not_take_over() -> None:
    first, second = create(TEMPLATE), create(replace(TEMPLATE, text="新"))
    approve(second)

    late = approve(first)

    assert not late.in_use
    assert again(late).state is ReviewState.APPROVED
    assert in_use() == Template("Order_Notice", Kind.NOTIFICATION, "新", 2)


def test_the_newest_of_two_approved_at_once_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = create(TEMPLATE), create(replace(TEMPLATE, text="新"))
    interfere_once(monkeypatch, lambda: approve(second))

    assert not approve(first).in_use

    found = in_use()
    assert found is not None
    assert found.version == 2


# --- Decisions ---------------------------------------------------------------------------------


def test_a_decision_is_recorded_with_who_when_and_why() -> None:
    made = create(TEMPLATE)
    verdict = Verdict(Event.REJECT, OPERATOR, (Reason.LINK, Reason.OTHER), "链接不行。")

    words.decide(made, ReviewState.REJECTED, verdict, entry("reject", made, at=90))

    found = again(made)
    assert (found.state, found.decided_at, found.decided_by) == (
        ReviewState.REJECTED,
        after(90),
        OPERATOR,
    )
    assert (found.reasons, found.comment) == ((Reason.LINK, Reason.OTHER), "链接不行。")


def test_of_two_decisions_the_first_counts_and_the_second_is_told() -> None:
    made = create(TEMPLATE)
    approve(made)

    with pytest.raises(NoEffect):
        decide(made, ReviewState.REJECTED)

    assert again(made).state is ReviewState.APPROVED
    found, _ = trail.entries(APP_ID, limit=10)
    assert sorted(one.action for one in found) == ["approve", "submit"]


def test_a_decision_about_a_draft_that_was_deleted_finds_nothing() -> None:
    made = draft(TEMPLATE)
    words.delete(made, entry("delete", made))

    with pytest.raises(Missing):
        approve(made)


# --- Signatures --------------------------------------------------------------------------------


def test_the_first_approved_signature_becomes_the_default() -> None:
    approved(SIGNATURE)

    assert default() == Signature("sign_BuyBuyBuy", "天天商城", "s2")


def test_the_second_one_does_not() -> None:
    approved(SIGNATURE)
    approved(replace(SIGNATURE, name="other", text="别的"))

    found = default()
    assert found is not None
    assert found.name == "sign_BuyBuyBuy"
    assert apps.signature(APP_ID, "other") == Signature("other", "别的", "s3")


def test_a_marketing_signature_does_not_become_the_default() -> None:
    made = approved(replace(SIGNATURE, use=Use.MARKETING))

    assert made.in_use
    assert default() is None
    found = apps.signature(APP_ID, "sign_BuyBuyBuy")
    assert found is not None
    assert found.use is Use.MARKETING


def test_a_new_version_of_the_default_reaches_its_copy_and_keeps_the_short_id() -> None:
    approved(SIGNATURE)

    approved(replace(SIGNATURE, text="新商城"))

    assert default() == Signature("sign_BuyBuyBuy", "新商城", "s2", version=2)
    assert apps.signature(APP_ID, "sign_BuyBuyBuy") == default()


def test_the_default_can_be_chosen() -> None:
    approved(SIGNATURE)
    approved(replace(SIGNATURE, name="other", text="别的"))

    words.set_default(APP_ID, "other", Entry(NOW, OWNER, "set_default", "signature:other"))

    assert default() == Signature("other", "别的", "s3")
    assert trail.entries(APP_ID, limit=10)[0][-1].action in {"set_default", "submit"}


def test_only_an_approved_signature_that_is_not_for_marketing_can_be_the_default() -> None:
    create(SIGNATURE)
    approved(replace(SIGNATURE, name="ad", use=Use.MARKETING))
    chosen = Entry(NOW, OWNER, "set_default", "signature:x")

    for name, error in (("sign_BuyBuyBuy", NoEffect), ("ad", NoEffect), ("nobody", Missing)):
        with pytest.raises(error):
            words.set_default(APP_ID, name, chosen)


def test_the_default_is_never_a_copy_of_a_text_that_was_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approved(SIGNATURE)
    approved(replace(SIGNATURE, name="other", text="别的"))
    new = create(replace(SIGNATURE, name="other", text="新的"))
    chosen = Entry(NOW, OWNER, "set_default", "signature:other")
    interfere_once(monkeypatch, lambda: words.set_default(APP_ID, "other", chosen))

    approve(new)

    found = default()
    assert found is not None
    assert (found.name, found.text, found.version) == ("other", "新的", 2)


def test_the_chosen_default_is_the_text_in_use_at_that_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approved(SIGNATURE)
    approved(replace(SIGNATURE, name="other", text="别的"))
    new = create(replace(SIGNATURE, name="other", text="新的"))
    interfere_once(monkeypatch, lambda: approve(new))

    words.set_default(APP_ID, "other", Entry(NOW, OWNER, "set_default", "signature:other"))

    found = default()
    assert found is not None
    assert found.text == "新的"


def test_the_use_of_a_name_stays() -> None:
    create(SIGNATURE)

    with pytest.raises(NoEffect, match="another name"):
        create(replace(SIGNATURE, use=Use.MARKETING))


def test_an_app_has_a_marketing_signature_once_one_is_approved() -> None:
    approved(SIGNATURE)
    made = create(replace(SIGNATURE, name="ad", use=Use.MARKETING))
    assert not versions.has_marketing_signature(APP_ID)

    approve(made)

    assert versions.has_marketing_signature(APP_ID)


# --- Drafts ------------------------------------------------------------------------------------


def test_a_draft_can_be_changed() -> None:
    made = draft(TEMPLATE)
    changed = replace(made, text="改过", kind=Kind.VERIFICATION, findings=(FINDING,))

    words.update(made, changed, entry("edit", made))

    assert again(made) == changed


def test_what_was_changed_meanwhile_is_not_written_over() -> None:
    made = draft(TEMPLATE)
    words.update(made, replace(made, text="先"), entry("edit", made))

    with pytest.raises(NoEffect):
        words.update(made, replace(made, text="后"), entry("edit", made))

    assert again(made).text == "先"


def test_a_text_that_was_changed_after_it_was_checked_is_not_submitted() -> None:
    made = draft(TEMPLATE)
    words.update(made, replace(made, text="没查过"), entry("edit", made))

    with pytest.raises(NoEffect):
        words.update(
            made, replace(made, state=ReviewState.PENDING, submitted_at=NOW), entry("submit", made)
        )


def test_what_is_submitted_can_no_longer_be_changed() -> None:
    made = create(TEMPLATE)

    with pytest.raises(NoEffect):
        words.update(
            replace(made, state=ReviewState.DRAFT), replace(made, text="x"), entry("edit", made)
        )


def test_a_deleted_draft_is_gone_with_its_name() -> None:
    made = draft(SIGNATURE)

    words.delete(made, entry("delete", made))

    with pytest.raises(Missing):
        again(made)
    assert apps.signature(APP_ID, "sign_BuyBuyBuy") is None
    assert header()["signatures"] == 0


def test_a_name_that_was_given_up_gets_another_short_id() -> None:
    made = draft(SIGNATURE)
    words.delete(made, entry("delete", made))

    create(SIGNATURE)

    assert short_id("sign_BuyBuyBuy") == "s3"


def test_a_deleted_draft_leaves_the_other_versions() -> None:
    approved(TEMPLATE)
    made = draft(TEMPLATE)

    words.delete(made, entry("delete", made))

    found = in_use()
    assert found is not None
    assert found.version == 1
    assert create(TEMPLATE).number == 3


def test_a_name_stays_when_a_version_comes_while_its_draft_is_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = draft(TEMPLATE)
    interfere_once(monkeypatch, lambda: create(TEMPLATE))

    words.delete(made, entry("delete", made))

    assert in_use() is not None
    assert again(replace(made, number=2)).state is ReviewState.PENDING


@pytest.mark.parametrize("state", [ReviewState.PENDING, ReviewState.APPROVED])
def test_only_drafts_can_be_deleted(state: ReviewState) -> None:
    made = create(TEMPLATE)
    if state is ReviewState.APPROVED:
        approve(made)

    with pytest.raises(NoEffect):
        words.delete(made, entry("delete", made))


# --- Lists -------------------------------------------------------------------------------------


def test_versions_are_listed_a_names_newest_first_page_by_page() -> None:
    for name, count in (("a", 3), ("b", 2)):
        for _ in range(count):
            create(replace(TEMPLATE, name=name))

    first, cursor = versions.list_versions(APP_ID, Type.TEMPLATE, limit=3)
    second, end = versions.list_versions(APP_ID, Type.TEMPLATE, limit=3, cursor=cursor)

    assert [(one.name, one.number) for one in first + second] == [
        ("b", 2),
        ("b", 1),
        ("a", 3),
        ("a", 2),
        ("a", 1),
    ]
    assert end is None


def test_a_list_says_which_version_is_in_use() -> None:
    approved(TEMPLATE)
    approved(replace(TEMPLATE, text="新"))
    create(TEMPLATE)

    found, _ = versions.list_versions(APP_ID, Type.TEMPLATE, limit=10)

    assert [one.in_use for one in found] == [False, True, False]


def test_the_versions_of_one_name_are_listed() -> None:
    create(replace(TEMPLATE, name="Order"))
    create(TEMPLATE)

    found, _ = versions.list_versions(APP_ID, Type.TEMPLATE, name="Order", limit=10)

    assert [one.name for one in found] == ["Order"]


def test_the_queue_has_what_waits_in_all_apps_oldest_first() -> None:
    apps.create(replace(APP, app_id="app-2"))
    late = create(replace(TEMPLATE, submitted_at=after(30)))
    early = create(replace(SIGNATURE, app_id="app-2", submitted_at=after(10)))
    draft(replace(TEMPLATE, name="draft"))
    approved(replace(TEMPLATE, name="done"))

    assert versions.queue(limit=10) == ([early, late], None)


def test_what_is_being_filed_still_waits() -> None:
    made = create(replace(SIGNATURE, use=Use.MARKETING))

    filed = decide(made, ReviewState.FILING)

    assert versions.queue(limit=10) == ([filed], None)
    assert (filed.decided_at, filed.decided_by) == (None, None)


def test_the_queue_is_listed_page_by_page() -> None:
    for number in range(5):
        create(replace(TEMPLATE, name=f"t{number}", submitted_at=after(number)))

    first, cursor = versions.queue(limit=3)
    second, end = versions.queue(limit=3, cursor=cursor)

    assert [one.name for one in first + second] == ["t0", "t1", "t2", "t3", "t4"]
    assert end is None


def test_what_the_index_still_has_and_the_table_no_longer_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = create(TEMPLATE)
    lagging = apps.listed("reviews", limit=10)
    approve(made)
    monkeypatch.setattr(apps, "listed", lambda *args, **kwargs: lagging)

    assert versions.queue(limit=10) == ([], None)


# --- What was made with the app, by this version or the former one -------------------------------


@pytest.fixture(params=["this", "former"])
def given(request: pytest.FixtureRequest) -> str:
    """An app that was made with a default signature."""
    signature = Signature("Signet", "示例商城", "s1")
    if request.param == "this":
        apps.create(replace(APP, app_id="given", default_signature=signature))
    else:
        fields = {"name": "Signet", "text": "示例商城", "short_id": "s1", "state": "approved"}
        key = '{"current": "k"}'
        put(
            "apps",
            app_id="given",
            item="app",
            name="示例应用",
            app_key=key,
            master_key=key,
            default_signature=json.dumps(fields),
        )
        put("apps", app_id="given", item="signature#Signet", **fields)
    return "given"


def test_a_signature_made_with_the_app_is_its_version_one(given: str) -> None:
    found, _ = versions.list_versions(given, Type.SIGNATURE, limit=10)

    (one,) = found
    assert (one.name, one.number, one.text, one.author) == ("Signet", 1, "示例商城", "signet")
    assert (one.state, one.in_use, one.created_at) == (ReviewState.APPROVED, True, None)
    assert versions.get(given, Type.SIGNATURE, "Signet", 1) == one


def test_its_next_version_is_the_second_and_the_first_stays(given: str) -> None:
    second = create(replace(SIGNATURE, app_id=given, name="Signet"))

    assert second.number == 2
    found, _ = versions.list_versions(given, Type.SIGNATURE, limit=10)
    assert [(one.number, one.in_use) for one in found] == [(2, False), (1, True)]
    assert apps.signature(given, "Signet") == Signature("Signet", "示例商城", "s1")


def test_its_next_version_is_the_default_once_approved(given: str) -> None:
    approved(replace(SIGNATURE, app_id=given, name="Signet", text="新商城"))

    found = apps.read(given)
    assert found is not None
    assert found.default_signature == Signature("Signet", "新商城", "s1", version=2)


def test_its_short_id_is_not_given_to_another(given: str) -> None:
    approved(replace(SIGNATURE, app_id=given))

    found = apps.signature(given, "sign_BuyBuyBuy")
    assert found is not None
    assert found.short_id == "s2"


def interfere_once(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let `act` happen after the next change has read what it rests on, and before it writes."""
    transact = table.transact
    pending = [act]

    def interrupted(build: Any) -> None:
        if pending:
            pending.pop()()
        transact(build)

    monkeypatch.setattr(table, "transact", interrupted)


def header() -> dict[str, Any]:
    found: dict[str, Any] = dynamodb_table("apps").get_item(Key={"app_id": APP_ID, "item": "app"})[
        "Item"
    ]
    return found


def change_header(**values: Any) -> None:
    dynamodb_table("apps").update_item(
        Key={"app_id": APP_ID, "item": "app"},
        AttributeUpdates={
            name: {"Value": value, "Action": "PUT"} for name, value in values.items()
        },
    )


def short_id(name: str) -> str:
    found = apps.signature(APP_ID, name)
    assert found is not None
    return found.short_id
