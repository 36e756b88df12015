"""The edge where a function alone does not show it: settings, queue bodies, paths, the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from signet.edge import clock, http, queue, secrets, settings
from signet.edge.queue import Job, UnreadableBody
from signet.edge.settings import SettingMissing
from signet.errors import BadParameter
from signet.limits import Kind
from signet.messages import MessageRef
from tests.functions.service import Service, event, http_event
from tests.store.build import client

REF = MessageRef("signet-demo-app", "20261122-3-00")


@pytest.mark.parametrize("missing", [None, ""])
def test_a_required_setting_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    monkeypatch.delenv("SIGNET_SECRET_ARN")
    if missing is not None:
        monkeypatch.setenv("SIGNET_SECRET_ARN", missing)

    with pytest.raises(SettingMissing, match="SIGNET_SECRET_ARN"):
        settings.value("SIGNET_SECRET_ARN")


def test_an_optional_setting_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNET_CARRIER", raising=False)

    assert settings.value("SIGNET_CARRIER") == "sns"


def test_a_setting_nobody_declared_cannot_be_read() -> None:
    with pytest.raises(KeyError):
        settings.value("SIGNET_SURPRISE")


def test_every_setting_says_what_it_is_for() -> None:
    assert all(purpose for _, purpose in settings.SETTINGS.values())


def test_a_queue_body_comes_back_as_it_was_written() -> None:
    assert queue.parse(queue.body(Job(REF))) == Job(REF)
    assert queue.parse(queue.body(Job(REF, is_rescue=True))) == Job(REF, is_rescue=True)


@pytest.mark.parametrize("version", [-1, 2, "1", None, 1.5])
def test_a_queue_body_of_another_version_is_unreadable(version: object) -> None:
    body = queue.body(Job(REF)).replace('"v": 1', f'"v": {version!r}'.replace("'", '"'))

    with pytest.raises(UnreadableBody):
        queue.parse(body)


@pytest.mark.parametrize(
    ("kind", "name"), [(Kind.VERIFICATION, "codes_queue"), (Kind.NOTIFICATION, "bulk_queue")]
)
def test_codes_never_wait_behind_the_rest(tables: object, kind: Kind, name: str) -> None:
    queue.enqueue(REF, kind)

    (message,) = client("sqs").receive_message(
        QueueUrl=getattr(tables, name), AttributeNames=["All"]
    )["Messages"]

    assert queue.parse(message["Body"]) == Job(REF)
    assert message["Attributes"]["MessageGroupId"] == "signet-demo-app"


def test_a_keyring_leaves_out_what_is_no_key() -> None:
    keyring = secrets.parse('{"current": "k2", "k1": "a", "k2": "b", "operators": {"o": "secret"}}')

    assert (keyring.current, keyring.keys) == ("k2", {"k1": b"a", "k2": b"b"})


def test_the_clock_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_moved_clock_is_ahead_by_what_it_was_moved(advance: Callable[[int], None]) -> None:
    advance(3_600)

    ahead = clock.now() - datetime.now(UTC)

    assert abs(ahead - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("path", "has"),
    [
        ("/1.1/date", False),
        ("/1.1/..", True),
        ("/1.1/../date", True),
        ("/./1.1", True),
        ("/1.1/%2e%2E/date", True),
        ("/1.1/.%2e/date", True),
        ("/1.1/%252e%252e/date", True),
        ("/1.1/x%2f..%2fdate", True),
        ("/1.1/x%5c..%5cdate", True),
        ("/1.1/...", False),
        ("/1.1/..x", False),
        ("/1.1/1.2", False),
        ("/1.1/．．", False),
    ],
)
def test_dot_segments_are_seen_through_two_encodings(path: str, has: bool) -> None:
    assert http.has_dot_segment(path) is has


def test_a_request_without_a_unique_signature_has_an_id_of_its_own(service: Service) -> None:
    event = http_event("verify", raw="{}")

    first, second = http.parse(event), http.parse(event)

    assert first.request_id != second.request_id
    assert len(first.request_id) == 16


# --- Answers -----------------------------------------------------------------------------------


def answered(answer: http.Body | http.Answer) -> http.Reply:
    return http.serve(
        event("request"), [http.Route("POST", "/1.1/requestSmsCode", lambda _: answer)]
    )


def test_an_answer_may_have_another_status_and_more_headers() -> None:
    reply = answered(http.Answer({"a": "甲"}, 201, {"Set-Cookie": "a=b"}))

    assert (reply["statusCode"], reply["body"]) == (201, '{"a":"甲"}')
    assert reply["headers"] == {**http.HEADERS, "Set-Cookie": "a=b"}


def test_an_answer_may_be_another_type_of_text() -> None:
    reply = answered(http.Answer("<html>", headers={"Content-Type": "text/html"}))

    assert reply["body"] == "<html>"
    assert reply["headers"] == {**http.HEADERS, "Content-Type": "text/html"}


def test_an_answer_that_is_no_json_is_a_failure_in_shape() -> None:
    reply = answered({"a": object()})

    assert reply["statusCode"] == 500
    assert '"code":1' in reply["body"]


def test_a_refusal_may_have_more_fields() -> None:
    def refuse(call: http.Call) -> http.Body:
        raise BadParameter("no", fields={"findings": [1]})

    reply = http.serve(event("request"), [http.Route("POST", "/1.1/requestSmsCode", refuse)])

    assert reply["body"] == '{"code":1,"error":"no","findings":[1]}'


def test_the_address_of_a_caller_is_the_gateways_word() -> None:
    called_with = event("request")
    called_with["headers"]["X-Forwarded-For"] = "198.51.100.1"

    assert http.parse(called_with).source_ip == "203.0.113.7"


@pytest.mark.parametrize("context", [None, {}, {"identity": None}, {"identity": {}}])
def test_a_caller_without_an_address_is_still_answered(context: object) -> None:
    assert http.parse({**event("request"), "requestContext": context}).source_ip == ""


def test_a_proxy_is_believed_when_the_deployment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    called_with = event("request")
    called_with["headers"]["X-Forwarded-For"] = "6.6.6.6, 198.51.100.1, 203.0.113.7"

    assert http.parse(called_with).source_ip == "203.0.113.7"
    monkeypatch.setenv("SIGNET_TRUSTED_PROXIES", "192.0.2.1, 203.0.113.0/24")
    assert http.parse(called_with).source_ip == "198.51.100.1"
