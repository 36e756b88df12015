"""Templates as sending reads them: the version in use, and the text of any version."""

import pytest

from signet.apps import ReviewState
from signet.limits import Kind
from signet.store import apps, templates
from signet.store.templates import TextMissing
from signet.templates import Template
from tests.store.build import APP_ID, dynamodb_table, put

pytestmark = pytest.mark.usefixtures("tables")

TEXT = "您的订单 {{order_id}} 已发货"


def in_use(
    name: str = "Order_Notice",
    *,
    version: int = 1,
    state: str = "approved",
    kind: str = "notification",
    **attributes: object,
) -> None:
    """Put the head of a template, as `store.words` writes it."""
    text = {"text": TEXT} if version else {}
    put(
        "apps",
        app_id=APP_ID,
        item=f"template#{name}",
        name=name,
        kind=kind,
        version=version,
        latest=version or 1,
        state=state,
        **text,
        **attributes,
    )


def submitted(text: str, *, name: str = "Order_Notice", version: int = 1) -> None:
    """Put one version of a template."""
    item = f"template-version#{name}#{version:06d}"
    put("apps", app_id=APP_ID, item=item, text=text, state="approved")


@pytest.mark.parametrize("kind", [Kind.VERIFICATION, Kind.NOTIFICATION])
def test_the_version_in_use_comes_with_all_that_sending_needs(kind: Kind) -> None:
    in_use(version=3, kind=kind.value)

    assert templates.in_use(APP_ID, "Order_Notice") == Template(
        "Order_Notice", kind, TEXT, version=3, state=ReviewState.APPROVED
    )


def test_marketing_says_how_to_opt_out_though_nobody_wrote_it_into_the_table() -> None:
    in_use(kind="marketing")

    found = templates.in_use(APP_ID, "Order_Notice")

    assert found
    assert (found.kind, found.text) == (Kind.MARKETING, f"{TEXT} 回复TD退订")


@pytest.mark.parametrize("state", ["draft", "pending", "rejected"])
def test_a_template_of_which_no_version_is_approved_says_so(state: str) -> None:
    in_use(version=0, state=state)

    found = templates.in_use(APP_ID, "Order_Notice")

    assert found == Template("Order_Notice", Kind.NOTIFICATION, "", 0, ReviewState(state))


@pytest.mark.parametrize("name", ["nobody", "Order_Notice2", "order_notice", "", "#", "x" * 64])
def test_there_is_no_template_of_another_name(name: str) -> None:
    in_use()

    assert templates.in_use(APP_ID, name) is None


def test_apps_do_not_see_each_others_templates() -> None:
    in_use()
    submitted(TEXT)

    assert templates.in_use("other", "Order_Notice") is None
    with pytest.raises(TextMissing):
        templates.text("other", "Order_Notice", 1)


def test_a_signature_of_the_same_name_is_no_template() -> None:
    put("apps", app_id=APP_ID, item="signature#Signet", name="Signet", state="approved")

    assert templates.in_use(APP_ID, "Signet") is None


def test_each_version_keeps_its_text() -> None:
    submitted("one")
    submitted("two", version=2)

    assert [templates.text(APP_ID, "Order_Notice", version) for version in (1, 2)] == ["one", "two"]


def test_a_version_that_is_not_there_is_missing() -> None:
    submitted("one")

    with pytest.raises(TextMissing, match="Order_Notice#000002"):
        templates.text(APP_ID, "Order_Notice", 2)


def test_what_was_read_is_remembered_until_somebody_here_changes_something() -> None:
    in_use()
    submitted("one")
    templates.in_use(APP_ID, "Order_Notice")
    templates.in_use(APP_ID, "nobody")
    templates.text(APP_ID, "Order_Notice", 1)
    in_use(version=2)
    in_use("nobody")
    dynamodb_table("apps").delete_item(
        Key={"app_id": APP_ID, "item": "template-version#Order_Notice#000001"}
    )

    remembered = templates.in_use(APP_ID, "Order_Notice")
    assert remembered is not None
    assert remembered.version == 1
    assert templates.in_use(APP_ID, "nobody") is None
    assert templates.text(APP_ID, "Order_Notice", 1) == "one"

    apps.forget()

    newer = templates.in_use(APP_ID, "Order_Notice")
    assert newer is not None
    assert newer.version == 2
    assert templates.in_use(APP_ID, "nobody") is not None
