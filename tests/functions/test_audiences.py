"""Audiences by their API: made, uploaded, read by the planner, reported, deleted."""

import base64
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.campaign import app as campaign_function
from functions.planner import app as planner_function
from signet.audiences import AudienceRow
from signet.edge import audience_parts, functions, objects, uploads
from signet.errors import Missing, Unavailable
from signet.opt_outs import OptOut
from signet.store import audiences, consents, opt_outs
from signet.store.campaigns import Overtaken
from tests.functions.console_calls import Reply, call, client, operator, owner
from tests.functions.service import event, http_event
from tests.gateway import CONTEXT
from tests.store.build import APP_ID
from tests.store.build import client as aws_client

pytestmark = pytest.mark.usefixtures("service", "planner")

Json = dict[str, Any]
PEOPLE = "手机号,姓名\r\n13800138000,张三\r\n13800138001,李四\r\nx,y\r\n".encode("gbk")


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Json]]:
    """What the planner was called for."""
    called: list[tuple[str, Json]] = []
    monkeypatch.setattr(functions, "invoke_later", lambda *found: called.append(found))
    return called


def ask(method: str, path: str = "", body: object = None, **query: str) -> Reply:
    return call(
        method,
        f"/console/api/audiences{path}",
        body,
        headers=owner(),
        query=query,
        handler=campaign_function.handler,
    )


def make(**wanted: Any) -> Json:
    """A new audience, with its upload."""
    reply = ask("POST", body={"name": "会员"} | wanted)
    assert reply.status == 201, reply
    return reply.body


def put(made: Json, text: bytes) -> None:
    """Upload a file, as whoever has the form does."""
    aws_client("s3").put_object(Bucket="audiences", Key=made["upload"]["fields"]["key"], Body=text)


def run(audience_id: str, *, seconds_left: float = 900) -> None:
    """What Lambda does with the planner's event."""
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: seconds_left * 1000)
    planner_function.handler(event("planner") | {"audience_id": audience_id}, context)


def read(text: bytes, **wanted: Any) -> Json:
    """An audience whose file was read."""
    made = make(**wanted)
    put(made, text)
    audience_id = made["audience"]["id"]
    assert ask("POST", f"/{audience_id}/read", {}).status == 202
    run(audience_id)
    return shown(audience_id)


def shown(audience_id: str) -> Json:
    found = ask("GET", f"/{audience_id}").body["audience"]
    assert isinstance(found, dict)
    return found


def rows(audience_id: str) -> list[AudienceRow]:
    parts = audience_parts.parts(audiences.get(APP_ID, audience_id))
    return [row for part in parts for row in part]


def keys() -> set[str]:
    found = aws_client("s3").list_objects_v2(Bucket="audiences").get("Contents", [])
    return {one["Key"] for one in found}


def test_the_event_of_the_gateway_is_answered() -> None:
    reply = campaign_function.handler(
        http_event("campaign", path="/console/api/audiences"), CONTEXT
    )
    assert json.loads(reply["body"]) == {"audiences": [], "cursor": None}


def test_a_new_audience_waits_for_its_file(stopped: None) -> None:
    made = make()
    audience = made["audience"]
    assert audience | {"id": "", "created_at": "", "expires_at": ""} == {
        "id": "",
        "name": "会员",
        "state": "waiting",
        "problem": None,
        "problem_text": None,
        "encoding": "auto",
        "columns": [],
        "unused_columns": [],
        "phone_column": None,
        "zone_column": None,
        "rows": 0,
        "valid": 0,
        "invalid": 0,
        "duplicate": 0,
        "opted_out": 0,
        "no_consent": 0,
        "refused": {},
        "bytes_read": 0,
        "size": 0,
        "sample": [],
        "refused_sample": [],
        "created_at": "",
        "expires_at": "",
    }
    lasts = moment(audience["expires_at"]) - moment(audience["created_at"])
    assert lasts.days == 30
    assert (moment(made["upload"]["expires_at"]) - moment(audience["created_at"])).seconds == 3600


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_form_takes_one_object_of_a_size_and_no_other() -> None:
    upload = make()["upload"]
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    conditions = [
        one if isinstance(one, list) else next(iter(one.items())) for one in policy["conditions"]
    ]
    assert ["content-length-range", 1, 200_000_000] in conditions
    assert ("key", upload["fields"]["key"]) in conditions
    assert ("bucket", "audiences") in conditions
    assert not [one for one in conditions if one[0] == "starts-with"]
    assert upload["fields"]["key"].startswith(f"uploads/{APP_ID}/")
    assert upload["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_read_file_shows_what_is_in_it_and_can_be_sent_to() -> None:
    opt_outs.record_reply(APP_ID, "+8613800138001", OptOut(True, 1, "TD", "tencent", "r1"))
    audience = read(PEOPLE)

    assert audience["state"] == "ready"
    assert (audience["encoding"], audience["columns"]) == ("gbk", ["手机号", "姓名"])
    assert audience["phone_column"] == "手机号"
    counts = {name: audience[name] for name in ("rows", "valid", "invalid", "duplicate")}
    assert counts == {"rows": 3, "valid": 2, "invalid": 1, "duplicate": 0}
    assert (audience["opted_out"], audience["no_consent"]) == (1, 2)
    assert audience["bytes_read"] == audience["size"] == len(PEOPLE)
    assert audience["sample"][0] == {
        "line": 2,
        "phone": "+86138****8000",
        "variables": {"姓名": "张三"},
    }
    assert audience["refused_sample"] == [{"line": 4, "value": "x", "reason": "invalid"}]
    assert rows(audience["id"]) == [
        AudienceRow("+8613800138000", {"姓名": "张三"}, None, consented=False),
        AudienceRow("+8613800138001", {"姓名": "李四"}, None, consented=False),
    ]


def test_reading_is_begun_by_the_planner(planner: list[tuple[str, Json]]) -> None:
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    reply = ask("POST", f"/{audience_id}/read", {})
    assert (reply.status, reply.body["audience"]["state"]) == (202, "reading")
    assert planner == [
        (
            "planner-function",
            {"v": 1, "task": "audience", "app_id": APP_ID, "audience_id": audience_id},
        )
    ]


def test_the_report_has_every_row_that_is_left_out_and_no_formula() -> None:
    audience = read(b"phone,a\n13800138000,=1+1\n13800138001,b\n13800138001,c\n+1,d\n")
    url = ask("GET", f"/{audience['id']}/report").body["url"]
    assert "X-Amz-Signature=" in url
    assert "uploads/" not in url
    key = f"{audiences.get(APP_ID, audience['id']).folder}/report.csv"
    assert key in url
    body = aws_client("s3").get_object(Bucket="audiences", Key=key)["Body"].read()
    assert list(csv.reader(io.StringIO(body.decode("utf-8-sig")))) == [
        ["line", "value", "reason"],
        ["2", "'=1+1", "formula"],
        ["4", "'+8613800138001", "duplicate"],
        ["5", "'+1", "invalid"],
    ]


def test_there_is_no_report_before_there_was_a_reading() -> None:
    assert ask("GET", f"/{make()['audience']['id']}/report").refusal == (404, 101)


def test_consent_that_an_owner_states_is_recorded_with_its_proof(stopped: None) -> None:
    stated = {"how": "会员注册时勾选", "at": "2026-05-01T08:00:00+08:00"}
    audience = read(PEOPLE, consent=stated)
    assert audience["no_consent"] == 0
    assert [row.consented for row in rows(audience["id"])] == [True, True]
    (said,) = consents.history(APP_ID, "+8613800138000")
    assert (said.how, said.at, said.source) == ("会员注册时勾选", 1_777_593_600_000, "audience")
    assert said.audience_id == audience["id"]


def test_a_column_says_who_agreed() -> None:
    text = "phone,同意时间\n13800138000,2026-05-01\n13800138001,\n".encode()
    audience = read(text, consent={"column": "同意时间"})
    assert audience["no_consent"] == 1
    assert [row.consented for row in rows(audience["id"])] == [True, False]
    assert consents.known(APP_ID, ["+8613800138000", "+8613800138001"]) == {"+8613800138000"}


def test_zones_are_names_of_zones() -> None:
    audience = read(b"phone,tz\n+14155550123,America/New_York\n13800138000,Mars/Base\n")
    assert audience["zone_column"] == "tz"
    assert [row.zone for row in rows(audience["id"])] == ["America/New_York"]
    assert audience["refused"] == {"zone": 1}


@pytest.mark.parametrize(
    ("text", "problem", "said"),
    [
        (b"", "empty", "文件是空的。"),
        (b"phone\n", "no_rows", "除表头外没有数据。"),
        (b"a,b\nc,d\n", "no_phone_column", "找不到手机号所在的列，请指定列名。"),
        (PEOPLE.decode("gbk").encode("utf-16"), "utf16", "文件是 UTF-16 编码"),
        (b'phone\n13800138000\n"1\n', "quotes", "第 3 行：引号不成对"),
        (b"phone\nx\ny\n", "nothing_valid", "没有一行可以发送。"),
        (bytes(range(256)) * 50, "binary", "这不是文本文件。"),
    ],
)
def test_what_cannot_be_used_says_why_and_can_be_put_right(
    text: bytes, problem: str, said: str
) -> None:
    made = make()
    put(made, text)
    audience_id = made["audience"]["id"]
    assert ask("POST", f"/{audience_id}/read", {}).status == 202
    run(audience_id)
    failed = shown(audience_id)
    assert (failed["state"], failed["problem"]) == ("failed", problem)
    assert failed["problem_text"].startswith(said)
    with pytest.raises(Missing):
        rows(audience_id)

    put(ask("POST", f"/{audience_id}/upload", {}).body | made, PEOPLE)
    assert ask("POST", f"/{audience_id}/read", {}).body["audience"]["problem"] is None
    run(audience_id)
    assert shown(audience_id)["state"] == "ready"


def test_a_file_that_is_replaced_after_its_reading_began_is_not_read() -> None:
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    ask("POST", f"/{audience_id}/read", {})
    put(made, b"phone\n13900139000\n")
    run(audience_id)
    assert shown(audience_id)["problem"] == "replaced"


def test_a_file_that_is_replaced_after_it_was_read_changes_nothing() -> None:
    audience = read(PEOPLE)
    aws_client("s3").put_object(
        Bucket="audiences",
        Key=f"uploads/{APP_ID}/{audience['id']}.csv",
        Body=b"phone\n13900139000\n",
    )
    assert ask("POST", f"/{audience['id']}/read", {}).refusal == (400, 305)
    assert ask("POST", f"/{audience['id']}/upload", {}).refusal == (400, 305)
    run(audience["id"])
    assert shown(audience["id"]) == audience
    assert len(rows(audience["id"])) == 2


def test_a_part_that_is_not_what_was_written_is_not_read() -> None:
    audience = read(PEOPLE)
    folder = audiences.get(APP_ID, audience["id"]).folder
    body = b'{"p":"+8613900139000","v":{}}\n'
    aws_client("s3").put_object(Bucket="audiences", Key=f"{folder}/00000.jsonl", Body=body)
    with pytest.raises(Missing):
        rows(audience["id"])


def test_nothing_is_read_before_it_is_uploaded() -> None:
    audience_id = make()["audience"]["id"]
    assert ask("POST", f"/{audience_id}/read", {}).refusal == (404, 101)
    assert shown(audience_id)["state"] == "waiting"


def test_a_planner_that_cannot_be_called_leaves_it_to_be_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise functions.FunctionFailed

    monkeypatch.setattr(functions, "invoke_later", fail)
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    assert ask("POST", f"/{audience_id}/read", {}).refusal == (503, 1)
    assert shown(audience_id)["state"] == "waiting"


def test_a_reading_that_died_is_begun_anew_by_lambda_and_after_a_while_by_its_owner(
    advance: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    ask("POST", f"/{audience_id}/read", {})
    with monkeypatch.context() as broken:

        def fail(*_: object, **__: object) -> str:
            raise Unavailable

        broken.setattr(objects, "write", fail)
        with pytest.raises(Unavailable):
            run(audience_id)
    assert shown(audience_id)["state"] == "reading"
    assert ask("POST", f"/{audience_id}/read", {}).refusal == (400, 305)
    advance(301)
    assert ask("POST", f"/{audience_id}/read", {}).status == 202
    run(audience_id)
    assert shown(audience_id)["state"] == "ready"
    assert len(rows(audience_id)) == 2


def test_of_two_readings_the_later_one_counts() -> None:
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    ask("POST", f"/{audience_id}/read", {})
    first = audiences.begin(APP_ID, audience_id, "first")
    audiences.begin(APP_ID, audience_id, "second")
    with pytest.raises(Overtaken):
        audiences.save(first)


def test_an_event_for_what_is_not_to_be_read_does_nothing() -> None:
    audience = read(PEOPLE)
    run(audience["id"])
    run("nobodys")
    assert shown(audience["id"]) == audience


def test_no_time_is_a_problem_and_not_a_crash_without_end() -> None:
    made = make()
    put(made, PEOPLE)
    audience_id = made["audience"]["id"]
    ask("POST", f"/{audience_id}/read", {})
    run(audience_id, seconds_left=10)
    assert shown(audience_id)["problem"] == "time"


def test_an_event_of_another_version_or_task_is_raised() -> None:
    with pytest.raises(ValueError, match="version"):
        planner_function.handler(event("planner") | {"v": 2}, CONTEXT)
    with pytest.raises(KeyError):
        planner_function.handler(event("planner") | {"task": "else"}, CONTEXT)


def test_audiences_are_listed_newest_first_in_pages(advance: Callable[[int], None]) -> None:
    for number in range(5):
        make(name=f"n{number}")
        advance(1)
    first = ask("GET", limit="3").body
    second = ask("GET", limit="3", cursor=first["cursor"]).body
    names = [one["name"] for page in (first, second) for one in page["audiences"]]
    assert names == ["n4", "n3", "n2", "n1", "n0"]
    assert second["cursor"] is None


def test_an_audience_ends_after_a_month(advance: Callable[[int], None]) -> None:
    audience = read(PEOPLE)
    advance(30 * 24 * 3600)
    assert ask("GET", f"/{audience['id']}").refusal == (404, 101)
    assert ask("GET").body["audiences"] == []


def test_a_deleted_audience_leaves_nothing() -> None:
    audience = read(PEOPLE)
    assert len(keys()) == 4
    assert ask("DELETE", f"/{audience['id']}", {}).status == 200
    assert keys() == set()
    assert ask("GET", f"/{audience['id']}").refusal == (404, 101)
    assert ask("DELETE", f"/{audience['id']}", {}).refusal == (404, 101)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 61},
        {"name": 1},
        {"name": "x", "phone": "y"},
        {"name": "x", "encoding": "latin-1"},
        {"name": "x", "encoding": 1},
        {"name": "x", "phone_column": 1},
        {"name": "x", "consent": "yes"},
        {"name": "x", "consent": {"at": "2026-05-01T08:00:00Z"}},
        {"name": "x", "consent": {"how": "x", "at": "soon"}},
        {"name": "x", "consent": {"how": "x", "at": "2099-05-01T08:00:00Z"}},
        {"name": "x", "consent": {"how": "x", "column": "y"}},
        {"name": "x", "consent": {"column": ""}},
    ],
)
def test_what_is_no_audience_is_refused(body: Json) -> None:
    assert ask("POST", body=body).refusal == (400, 1)
    assert ask("GET").body["audiences"] == []


def test_a_browser_of_the_console_may_upload_to_the_bucket_and_nowhere_else() -> None:
    page = call("GET", "/console")
    policy = dict(
        one.strip().split(" ", 1) for one in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["connect-src"] == f"'self' {uploads.origin()}"
    assert make()["upload"]["url"].startswith(uploads.origin())
    shared = call("GET", "/console/shared")
    assert "connect-src 'self';" in shared.headers["Content-Security-Policy"]


@pytest.mark.parametrize("headers", [client(), operator(), {}])
def test_audiences_are_their_owners(headers: dict[str, str]) -> None:
    reply = call(
        "GET", "/console/api/audiences", headers=headers, handler=campaign_function.handler
    )
    assert reply.status in (401, 403)


def test_the_widest_file_fits_into_its_item() -> None:
    names = [f"列{number:031}" for number in range(49)]
    line = ",".join(["字" * 400] * 49)
    rows_of = "".join(f"1380013800{number},{line}\n" for number in range(6))
    audience = read(f"phone,{','.join(names)}\n{rows_of}".encode())
    assert (audience["state"], audience["valid"]) == ("ready", 6)
    assert audience["sample"][0]["variables"][names[0]] == "字" * 60
    assert rows(audience["id"])[0].variables[names[0]] == "字" * 400


def test_a_bucket_that_fails_is_no_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make()

    def fail(**_: object) -> None:
        raise ClientError({"Error": {"Code": "503", "Message": ""}}, "HeadObject")

    broken = SimpleNamespace(head_object=fail)
    monkeypatch.setattr(objects, "_client", lambda: broken)
    assert ask("POST", f"/{made['audience']['id']}/read", {}).refusal == (503, 1)
