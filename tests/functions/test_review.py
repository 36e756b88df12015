"""Signatures, templates and their review over the console's API."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.review import app as review_function
from signet.store import deployment as deployment_store
from signet.store import templates
from tests.functions.service import (
    APP_KEY,
    MASTER_KEY,
    NOBODY,
    OPERATOR,
    OTHER_OPERATOR,
    Reply,
    Service,
    event,
    http_event,
    serve,
)
from tests.store.build import put

ORDER_NOTICE = "您的订单 {{order_id}} 已发货，请注意查收。"
TEMPLATE = {"name": "Order_Notice", "kind": "notification", "text": ORDER_NOTICE}
SIGNATURE = {
    "name": "sign_BuyBuyBuy",
    "text": "天天商城",
    "use": "verification_notification",
    "owner_kind": "company",
    "proof": "https://example.com/licence",
}
WRONG = {**TEMPLATE, "text": "全场商品打折，仅售 9 元！"}
REJECT = {"reasons": ["content", "link"], "comment": "请写明订单。"}
ONE = "review/signet-demo-app/template/Order_Notice/1"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def operators(service: Service) -> None:
    for operator_id in ("demo", "other"):
        deployment_store.add_operator(operator_id, "signet-demo-operator", "signet", now=NOW)


def submit(service: Service, body: Mapping[str, Any] = TEMPLATE) -> dict[str, Any]:
    kind = "templates" if "kind" in body else "signatures"
    reply = service.review("POST", kind, body)
    assert reply.status == 201, reply
    return reply.body


def approve(service: Service, path: str = ONE) -> Reply:
    return service.review("POST", f"{path}/approve", {}, headers=OPERATOR)


def items(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = reply.body["items"]
    return found


def refusal(reply: Reply) -> tuple[int, int]:
    return reply.status, reply.code


# --- Who may call ------------------------------------------------------------------------------

EVERY_ROUTE = [
    (route.method, route.path.removeprefix("/console/api/")) for route in review_function.ROUTES
]
OWNERS = [(m, p) for m, p in EVERY_ROUTE if not p.startswith(("review", "audit"))]
OPERATORS = [(m, p) for m, p in EVERY_ROUTE if p.startswith("review")]
NAMES = {
    "{app_id}": "signet-demo-app",
    "{type}": "template",
    "{name}": "Order_Notice",
    "{version}": "1",
}


def filled(path: str) -> str:
    for name, value in NAMES.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (NOBODY, 401),
        ({**MASTER_KEY, "X-LC-Key": "wrong,master"}, 401),
        ({**MASTER_KEY, "X-LC-Id": "nobody"}, 401),
        ({"Authorization": "Basic ZGVtbzp3cm9uZw=="}, 401),
        (APP_KEY, 403),
    ],
    ids=["nobody", "wrong key", "wrong app", "wrong operator", "app key"],
)
def test_a_stranger_and_a_client_are_refused_everywhere(
    service: Service, method: str, path: str, headers: Mapping[str, str], status: int
) -> None:
    reply = service.review(method, filled(path), {}, headers=headers)

    assert refusal(reply) == (status, status)


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_an_operator_does_not_act_for_an_owner(service: Service, method: str, path: str) -> None:
    assert refusal(service.review(method, filled(path), {}, headers=OPERATOR)) == (403, 403)


@pytest.mark.parametrize(("method", "path"), OPERATORS)
def test_an_owner_does_not_review(service: Service, method: str, path: str) -> None:
    submit(service)

    assert refusal(service.review(method, filled(path), {})) == (403, 403)
    assert items(service.review("GET", "templates"))[0]["state"] == "pending"


def test_an_owner_sees_and_changes_nothing_of_another_app(service: Service, make_app: Any) -> None:
    make_app(app_id="another-app")
    other = {**MASTER_KEY, "X-LC-Id": "another-app"}
    submit(service, {**TEMPLATE, "submit": False})

    assert items(service.review("GET", "templates", headers=other)) == []
    assert items(service.review("GET", "templates/Order_Notice", headers=other)) == []
    deleted = service.review("DELETE", "templates/Order_Notice/1", headers=other)
    assert refusal(deleted) == (404, 101)
    audit = service.review("GET", "audit", headers=other, query={"app_id": "signet-demo-app"})
    assert refusal(audit) == (403, 403)


# --- The guide's story -------------------------------------------------------------------------


def test_a_signature_and_a_template_come_into_use(service: Service) -> None:
    submit(service, SIGNATURE)
    submit(service)

    signature = approve(service, "review/signet-demo-app/signature/sign_BuyBuyBuy/1")
    template = approve(service)

    assert [signature.status, template.status] == [200, 200]
    assert signature.body["in_use"]
    assert template.body["in_use"]
    found = templates.in_use("signet-demo-app", "Order_Notice")
    assert found is not None
    assert found.text == ORDER_NOTICE


def test_the_event_of_the_repository_is_answered(service: Service) -> None:
    reply = serve(review_function.handler, event("review"))

    assert reply.status == 201
    assert reply.body["name"] == "Order_Notice"


def test_a_submitted_template_is_shown_in_full(service: Service, stopped: None) -> None:
    shown = submit(service)

    assert isinstance(shown.pop("findings"), list)
    created, submitted = shown.pop("created_at"), shown.pop("submitted_at")
    assert created == submitted
    assert datetime.fromisoformat(created).tzinfo is not None
    assert created.endswith("Z")
    assert shown == {
        "name": "Order_Notice",
        "version": 1,
        "state": "pending",
        "kind": "notification",
        "text": ORDER_NOTICE,
        "variables": ["order_id"],
        "author": "owner:signet-demo-app",
        "decided_at": None,
        "decided_by": None,
        "reasons": [],
        "comment": None,
        "in_use": False,
    }


def test_a_signature_is_shown_with_what_entitles_to_it(service: Service) -> None:
    shown = submit(service, SIGNATURE)

    assert {name: shown[name] for name in SIGNATURE} == SIGNATURE
    assert "kind" not in shown
    assert "variables" not in shown


def test_marketing_is_kept_with_its_way_out(service: Service, make_app: Any) -> None:
    make_app(app_id="ad-app", company="示例有限公司")
    owner = {**MASTER_KEY, "X-LC-Id": "ad-app"}
    body = {"name": "Sale", "kind": "marketing", "text": "全场打折，欢迎光临。"}

    reply = service.review("POST", "templates", body, headers=owner)

    assert reply.status == 201
    assert reply.body["text"] == "全场打折，欢迎光临。回复TD退订"


# --- What cannot be submitted ------------------------------------------------------------------


def test_a_refused_text_comes_back_with_its_findings(service: Service) -> None:
    reply = service.review("POST", "templates", WRONG)

    assert refusal(reply) == (400, 1)
    errors = [found for found in reply.body["findings"] if found["severity"] == "error"]
    assert errors
    assert set(errors[0]) == {"rule", "severity", "start", "end", "message", "suggestion"}
    assert set(errors[0]["message"]) == {"zh", "en"}
    assert items(service.review("GET", "templates")) == []


def test_marketing_without_a_company_is_refused(service: Service) -> None:
    body = {"name": "Sale", "kind": "marketing", "text": "全场打折，回复TD退订"}

    reply = service.review("POST", "templates", body)

    assert refusal(reply) == (400, 1)
    assert "company" in reply.error


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("templates", {**TEMPLATE, "name": None}, "name"),
        ("templates", {**TEMPLATE, "name": "a/b"}, "name"),
        ("templates", {**TEMPLATE, "name": "a#b"}, "name"),
        ("templates", {**TEMPLATE, "kind": "other"}, "kind"),
        ("templates", {**TEMPLATE, "kind": ["notification"]}, "kind"),
        ("templates", {**TEMPLATE, "text": ""}, "text"),
        ("templates", {**TEMPLATE, "text": 5}, "text"),
        ("templates", {**TEMPLATE, "text": "\ud800"}, "text"),
        ("templates", {**TEMPLATE, "text": "a\u0000b"}, "text"),
        ("templates", {**TEMPLATE, "text": "x" * 1_001}, "text"),
        ("templates", {**TEMPLATE, "submit": "yes"}, "submit"),
        ("templates", {**TEMPLATE, "sumbit": False}, "sumbit"),
        ("signatures", {**SIGNATURE, "use": None}, "use"),
        ("signatures", {**SIGNATURE, "owner_kind": "person"}, "owner_kind"),
        ("signatures", {**SIGNATURE, "text": None}, "text"),
        ("signatures", {**SIGNATURE, "text": "x" * 101}, "text"),
        ("signatures", {**SIGNATURE, "proof": "x" * 2_001}, "proof"),
        ("templates/lint", {"text": "x"}, "kind"),
        ("templates/lint", {"kind": "notification"}, "text"),
        ("templates/lint", {"kind": "notification", "text": "x", "values": []}, None),
        ("templates/lint", {"kind": "notification", "text": "x", "values": [1]}, "values"),
        ("signatures/lint", {}, "text"),
    ],
)
def test_a_broken_field_is_named(
    service: Service, path: str, body: object, named: str | None
) -> None:
    reply = service.review("POST", path, body)

    if named is None:
        assert reply.status == 200
        return
    assert refusal(reply) == (400, 1)
    assert named in reply.error


@pytest.mark.parametrize("raw", ["[1]", "{", "5"])
def test_a_body_that_is_no_object_is_refused(service: Service, raw: str) -> None:
    called_with = http_event("review", path="/console/api/templates", headers=MASTER_KEY, raw=raw)

    assert serve(review_function.handler, called_with).code == 107


# --- Drafts ------------------------------------------------------------------------------------


def test_a_draft_is_written_revised_and_submitted(service: Service) -> None:
    made = submit(service, {**WRONG, "submit": False})
    assert (made["state"], made["submitted_at"]) == ("draft", None)

    revised = service.review("PUT", "templates/Order_Notice/1", TEMPLATE)
    submitted = service.review("POST", "templates/Order_Notice/1/submit")

    assert (revised.status, revised.body["text"]) == (200, ORDER_NOTICE)
    assert (submitted.status, submitted.body["state"]) == (200, "pending")


def test_a_draft_is_deleted(service: Service) -> None:
    submit(service, {**TEMPLATE, "submit": False})

    assert service.review("DELETE", "templates/Order_Notice/1").code == 0
    assert items(service.review("GET", "templates")) == []


def test_a_draft_keeps_its_name(service: Service) -> None:
    submit(service, {**TEMPLATE, "submit": False})

    reply = service.review("PUT", "templates/Order_Notice/1", {**TEMPLATE, "name": "other"})

    assert refusal(reply) == (400, 1)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "templates/Order_Notice/1", TEMPLATE),
        ("POST", "templates/Order_Notice/1/submit", None),
        ("DELETE", "templates/Order_Notice/1", None),
    ],
)
def test_only_a_draft_can_be_changed(
    service: Service, method: str, path: str, body: object
) -> None:
    submit(service)

    assert refusal(service.review(method, path, body)) == (400, 305)


@pytest.mark.parametrize("version", ["2", "0", "x", "-1", "１", "9" * 30])
def test_a_version_that_is_not_there_is_missing(service: Service, version: str) -> None:
    submit(service)

    reply = service.review("POST", f"templates/Order_Notice/{version}/submit")

    assert refusal(reply) == (404, 101)


# --- Lists -------------------------------------------------------------------------------------


def test_signatures_are_listed_with_the_default_and_what_came_with_the_app(
    service: Service,
) -> None:
    submit(service, SIGNATURE)

    reply = service.review("GET", "signatures")

    assert reply.body["default"] == "Signet"
    assert [(one["name"], one["version"], one["in_use"]) for one in items(reply)] == [
        ("sign_BuyBuyBuy", 1, False),
        ("Signet", 1, True),
    ]


def test_versions_are_listed_page_by_page(service: Service) -> None:
    for text in ("第一版。", "第二版。", "第三版。"):
        submit(service, {**TEMPLATE, "text": text})

    first = service.review("GET", "templates", query={"limit": "2"})
    second = service.review(
        "GET", "templates", query={"limit": "2", "cursor": first.body["cursor"]}
    )

    assert [one["text"] for one in items(first) + items(second)] == [
        "第三版。",
        "第二版。",
        "第一版。",
    ]
    assert second.body["cursor"] is None


def test_the_versions_of_one_name_are_listed(service: Service) -> None:
    submit(service)
    submit(service, {**TEMPLATE, "name": "订单 通知"})

    found = items(service.review("GET", "templates/订单 通知"))

    assert [one["name"] for one in found] == ["订单 通知"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "x"}]
)
@pytest.mark.parametrize("path", ["signatures", "templates", "templates/x", "audit"])
def test_a_broken_page_is_refused(service: Service, path: str, query: dict[str, str]) -> None:
    assert refusal(service.review("GET", path, query=query)) == (400, 1)


# --- The default signature ---------------------------------------------------------------------


def test_the_default_signature_can_be_chosen(service: Service) -> None:
    submit(service, SIGNATURE)
    early = service.review("PUT", "signatures/sign_BuyBuyBuy/default")
    approve(service, "review/signet-demo-app/signature/sign_BuyBuyBuy/1")

    reply = service.review("PUT", "signatures/sign_BuyBuyBuy/default")

    assert refusal(early) == (400, 305)
    assert reply.body == {"default": "sign_BuyBuyBuy"}
    assert service.review("GET", "signatures").body["default"] == "sign_BuyBuyBuy"
    assert refusal(service.review("PUT", "signatures/nobody/default")) == (404, 101)


# --- The linter --------------------------------------------------------------------------------


def test_a_template_is_linted_and_shown_as_on_a_phone(service: Service) -> None:
    body = {"kind": "notification", "text": f" {ORDER_NOTICE}\n", "values": {"order_id": "7623"}}

    reply = service.review("POST", "templates/lint", body)

    preview = "【示例商城】您的订单 7623 已发货，请注意查收。"
    assert reply.status == 200
    shown = reply.body
    assert [found["rule"] for found in shown.pop("findings")] == ["outer-blanks", "outer-blanks"]
    assert shown == {
        "text": ORDER_NOTICE,
        "preview": preview,
        "characters": len(preview),
        "segments": 1,
        "price_micros": 50_000,
    }


def test_the_preview_has_the_chosen_signature_and_the_deployments_price(service: Service) -> None:
    submit(service, SIGNATURE)
    deployment_store.set_prices({"86": 40_000}, by="demo", now=NOW)
    body = {"kind": "notification", "text": "好" * 70, "signature": "sign_BuyBuyBuy"}

    found = service.review("POST", "templates/lint", body).body

    assert found["preview"].startswith("【天天商城】")
    assert (found["segments"], found["price_micros"]) == (2, 80_000)


def test_a_variable_without_a_value_shows_its_name(service: Service) -> None:
    body = {
        "kind": "verification",
        "text": "{{name}} {{code}} {{ttl}} {{what}}",
        "values": {"what": ""},
    }

    found = service.review("POST", "templates/lint", body).body

    assert found["preview"] == "【示例商城】示例应用 123456 10 what"


@pytest.mark.parametrize("text", ["", " ", "{{name", "{{#if x}}", "{{> x}}"])
def test_what_is_not_finished_has_findings_and_perhaps_no_preview(
    service: Service, text: str
) -> None:
    reply = service.review("POST", "templates/lint", {"kind": "notification", "text": text})

    assert reply.status == 200
    assert reply.body["findings"]


def test_a_text_that_is_too_long_has_a_preview_and_no_price(service: Service) -> None:
    found = service.review(
        "POST", "templates/lint", {"kind": "notification", "text": "好" * 500}
    ).body

    assert found["characters"] == 506
    assert (found["segments"], found["price_micros"]) == (None, None)


def test_linting_records_nothing(service: Service) -> None:
    service.review("POST", "templates/lint", {"kind": "notification", "text": ORDER_NOTICE})

    assert items(service.review("GET", "templates")) == []


@pytest.mark.parametrize(("text", "wrong"), [("天天商城", False), ("天", True), ("123456", True)])
def test_a_signature_is_linted(service: Service, text: str, wrong: bool) -> None:
    found = service.review("POST", "signatures/lint", {"text": text}).body["findings"]

    assert any(one["severity"] == "error" for one in found) is wrong


# --- The queue ---------------------------------------------------------------------------------


def queue(service: Service, **query: str) -> Reply:
    return service.review("GET", "review", headers=OPERATOR, query=query)


def test_the_queue_says_what_a_reviewer_has_to_know(service: Service) -> None:
    submit(service)
    submit(service, SIGNATURE)

    template, signature = items(queue(service))

    assert (template["type"], template["name"], template["risk"]) == (
        "template",
        "Order_Notice",
        "low",
    )
    assert (signature["type"], signature["name"]) == ("signature", "sign_BuyBuyBuy")
    assert template["app_id"] == signature["app_id"] == "signet-demo-app"
    assert (template["app_name"], template["company"]) == ("示例应用", None)
    assert template["missing_mappings"] == signature["missing_mappings"] == []


@pytest.mark.parametrize("carrier", ["alibaba", "tencent"])
def test_a_carrier_that_needs_a_mapping_is_named_at_review_time(
    service: Service, monkeypatch: pytest.MonkeyPatch, carrier: str
) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", carrier)
    put(
        "apps",
        app_id="signet-demo-app",
        item=f"mapping#{carrier}#Mapped#000001",
        vendor_template="SMS_1",
    )
    submit(service)
    submit(service, {**TEMPLATE, "name": "Mapped"})

    found = {one["name"]: one["missing_mappings"] for one in items(queue(service))}

    assert found == {"Order_Notice": [carrier], "Mapped": []}


def test_every_carrier_of_a_route_that_needs_a_mapping_is_named(service: Service) -> None:
    hops = [{"carrier": name, "weight": 50, "sender": None} for name in ("tencent", "alibaba")]
    rule = {"country": "86", "kind": None, "app_id": None, "channel": "sms", "hops": hops}
    put("apps", app_id="#deployment", item="settings", routes=json.dumps([rule]))
    submit(service)
    submit(service, {**TEMPLATE, "name": "Mapped"})
    mapping = {"app_id": "signet-demo-app", "vendor_template": "77"}
    put("apps", **mapping, item="mapping#tencent#Mapped#000001")

    found = {one["name"]: one["missing_mappings"] for one in items(queue(service))}

    assert found == {"Order_Notice": ["tencent", "alibaba"], "Mapped": ["alibaba"]}


def test_abroad_alibaba_needs_no_mapping(service: Service) -> None:
    hops = [{"carrier": name, "weight": 50, "sender": None} for name in ("alibaba", "tencent")]
    rule = {"country": "65", "kind": None, "app_id": None, "channel": "sms", "hops": hops}
    put("apps", app_id="#deployment", item="settings", routes=json.dumps([rule]))
    submit(service)

    assert items(queue(service))[0]["missing_mappings"] == ["tencent"]


def test_what_is_decided_leaves_the_queue(service: Service) -> None:
    submit(service)
    approve(service)

    assert items(queue(service)) == []


def test_the_queue_is_listed_page_by_page(service: Service) -> None:
    for name in ("a", "b", "c"):
        submit(service, {**TEMPLATE, "name": name})

    first = queue(service, limit="2")
    second = queue(service, limit="2", cursor=first.body["cursor"])

    assert [one["name"] for one in items(first) + items(second)] == ["a", "b", "c"]


# --- Decisions ---------------------------------------------------------------------------------


def test_an_operator_rejects_with_codes_and_a_sentence(service: Service) -> None:
    submit(service)

    reply = service.review("POST", f"{ONE}/reject", REJECT, headers=OPERATOR)

    assert reply.status == 200
    assert reply.body["state"] == "rejected"
    assert reply.body["decided_by"] == "operator:demo"
    (seen,) = items(service.review("GET", "templates/Order_Notice"))
    assert (seen["reasons"], seen["comment"]) == (["content", "link"], "请写明订单。")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reasons": ["content"]},
        {"comment": "x"},
        {"reasons": [], "comment": "x"},
        {"reasons": ["content"], "comment": " "},
        {"reasons": ["nonsense"], "comment": "x"},
        {"reasons": [["content"]], "comment": "x"},
        {"reasons": "content", "comment": "x"},
        {**REJECT, "comment": "x" * 501},
        {**REJECT, "more": 1},
    ],
)
def test_a_rejection_without_its_why_is_refused(service: Service, body: object) -> None:
    submit(service)

    reply = service.review("POST", f"{ONE}/reject", body, headers=OPERATOR)

    assert refusal(reply) == (400, 1)
    assert items(service.review("GET", "templates"))[0]["state"] == "pending"


def test_the_second_decision_is_told_that_it_came_too_late(service: Service) -> None:
    submit(service)
    approve(service)

    reply = service.review("POST", f"{ONE}/reject", REJECT, headers=OTHER_OPERATOR)

    assert refusal(reply) == (400, 305)
    assert items(service.review("GET", "templates"))[0]["state"] == "approved"


@pytest.mark.parametrize(
    "path",
    [
        "review/nobody/template/Order_Notice/1",
        "review/signet-demo-app/template/nobody/1",
        "review/signet-demo-app/template/Order_Notice/2",
        "review/signet-demo-app/signature/Order_Notice/1",
    ],
)
def test_what_is_not_there_cannot_be_decided(service: Service, path: str) -> None:
    submit(service)

    assert refusal(approve(service, path)) == (404, 101)


@pytest.mark.parametrize("name", ["x" * 2_000, "a#b", "a\nb", "订" * 65])
def test_a_name_that_nothing_can_have_is_missing(service: Service, name: str) -> None:
    assert refusal(service.review("GET", f"templates/{name}")) == (404, 101)
    assert refusal(service.review("DELETE", f"templates/{name}/1")) == (404, 101)
    assert refusal(service.review("PUT", f"signatures/{name}/default")) == (404, 101)
    path = f"review/signet-demo-app/template/{name}/1"
    assert refusal(approve(service, path)) == (404, 101)


@pytest.mark.parametrize("app_id", ["x" * 3_000, "#deployment", "a b"])
def test_an_app_that_none_can_be_is_missing(service: Service, app_id: str) -> None:
    assert refusal(approve(service, f"review/{app_id}/template/x/1")) == (404, 101)
    audit = service.review("GET", "audit", headers=OPERATOR, query={"app_id": app_id})
    assert refusal(audit) == (404, 101)


def test_another_type_is_no_path_of_signet(service: Service) -> None:
    assert refusal(approve(service, "review/signet-demo-app/campaign/x/1")) == (404, 1)


def test_the_creator_does_not_review_where_another_one_has_to(
    deployment: Service, make_app: Any
) -> None:
    make_app(app_id="apart", created_by="demo", separate_review=True)
    owner = {**MASTER_KEY, "X-LC-Id": "apart"}
    deployment.review("POST", "templates", TEMPLATE, headers=owner)
    path = "review/apart/template/Order_Notice/1/approve"

    assert refusal(deployment.review("POST", path, {}, headers=OPERATOR)) == (403, 403)
    assert deployment.review("POST", path, {}, headers=OTHER_OPERATOR).status == 200


def test_the_first_marketing_signature_is_filed_first(service: Service, make_app: Any) -> None:
    make_app(app_id="ad-app", company="示例有限公司")
    owner = {**MASTER_KEY, "X-LC-Id": "ad-app"}
    path = "review/ad-app/signature/{}/1"
    for name in ("first", "second"):
        body = {**SIGNATURE, "name": name, "use": "marketing"}
        assert service.review("POST", "signatures", body, headers=owner).status == 201

    assert refusal(approve(service, path.format("first"))) == (400, 305)
    filed = service.review("POST", f"{path.format('first')}/file", {}, headers=OPERATOR)
    assert (filed.body["state"], filed.body["decided_at"]) == ("filing", None)
    assert approve(service, path.format("first")).body["state"] == "approved"
    assert approve(service, path.format("second")).body["state"] == "approved"


# --- Passing by itself -------------------------------------------------------------------------


def test_a_low_risk_template_passes_when_an_operator_switched_that_on(service: Service) -> None:
    deployment_store.set_auto_approve(on=True, by="other", now=NOW)

    shown = submit(service)

    assert (shown["state"], shown["in_use"], shown["decided_by"]) == (
        "approved",
        True,
        "auto:other",
    )
    assert submit(service, SIGNATURE)["state"] == "pending"


def test_nothing_passes_by_itself_unless_it_is_switched_on(service: Service) -> None:
    assert submit(service)["state"] == "pending"


# --- The audit trail ---------------------------------------------------------------------------


def acts(reply: Reply) -> list[tuple[str, str, str, int | None]]:
    return [(one["actor"], one["action"], one["subject"], one["version"]) for one in items(reply)]


EXPECTED = [
    ("operator:demo", "reject", "template:Order_Notice", 1),
    ("owner:signet-demo-app", "submit", "template:Order_Notice", 1),
]


def test_the_trail_tells_who_decided_what_and_why(service: Service) -> None:
    submit(service)
    service.review("POST", f"{ONE}/reject", REJECT, headers=OPERATOR)

    reply = service.review("GET", "audit")

    assert acts(reply) == EXPECTED
    last = items(reply)[0]
    assert (last["reasons"], last["comment"]) == (["content", "link"], "请写明订单。")
    assert last["at"].endswith("Z")


def test_an_operator_reads_an_apps_trail_or_the_deployments(service: Service) -> None:
    submit(service)
    service.review("POST", f"{ONE}/reject", REJECT, headers=OPERATOR)
    query = {"app_id": "signet-demo-app"}

    assert acts(service.review("GET", "audit", headers=OPERATOR, query=query)) == EXPECTED
    assert {act[1] for act in acts(service.review("GET", "audit", headers=OPERATOR))} == {"add"}
