"""A gateway of one's own, against one that checks the Standard Webhooks signature itself.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from signet.carriers import (
    Callback,
    CallbackRefused,
    CarrierError,
    CredentialsInvalid,
    OutcomeUnknown,
    Receipt,
    Reply,
)
from signet.carriers.webhook import Credentials, Webhook
from tests.carriers.contract import HTML, MESSAGE, Answer, ContractOutsideAws
from tests.carriers.reporting import BASE, NOW, PHONE, Reporting
from tests.carriers.speaking import Speaking, call_to
from tests.carriers.vendor import Call, Vendor, serving

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TOKEN = "kept-in-the-url"


def make(url: str, *, read_timeout: float = 5) -> Webhook:
    credentials = Credentials.parse({"url": f"{url}/send?token={TOKEN}", "secret": SECRET})
    return Webhook(credentials, read_timeout=read_timeout)


def refuses(error: object, status: int = 400, reason: str | None = None, **more: object) -> Answer:
    body = json.dumps({"error": error, **more}).encode()
    return Answer(body, status, str(error) if reason is None else reason)


class TestWebhook(Speaking, ContractOutsideAws):
    """A gateway that speaks as documented in `signet/carriers/webhook.py`."""

    keys = (SECRET, SECRET.removeprefix("whsec_"), TOKEN)
    not_now = (
        refuses("busy", retryable=True),
        refuses("busy", 409, retryable=True),
        refuses("too_many", 429),
        refuses("too_many", 429, retryable=False),
        Answer(HTML, 429, "http_429"),
    )
    refused = (
        refuses("unknown.template"),
        refuses("signature-unknown", 422, retryable=False),
        refuses("blocked", 403, retryable="true"),
        refuses("blocked", 403, bad_number=1),
        refuses({"code": 7}, reason="http_400"),
        refuses(f"bad number {MESSAGE.phone}", reason="http_400"),
        refuses(f"number:{MESSAGE.phone[1:]}", reason="http_400"),
        refuses("x" * 81, reason="http_400"),
        Answer(HTML, 404, "http_404"),
        Answer(b"", 401, "http_401"),
        Answer(b'["id"]', 413, "http_413"),
    )
    bad_number = (refuses("no_such_number", bad_number=True),)
    spoken = call_to(MESSAGE.phone)
    calls_refused = (refuses("cannot_speak"),)
    calls_unknown = (refuses("try_again", 500, reason="try_again"),)
    unknown = (
        refuses("try_again", 503, retryable=True),
        refuses("try_again", 500, reason="try_again"),
        Answer(HTML, 200, "http_200"),
        Answer(b'{"id": ""}', 200, "http_200"),
        Answer(b'{"id": 7}', 200, "http_200"),
        Answer(b'{"id": null}', 202, "http_202"),
        Answer(b'{"id": "%s"}' % (b"x" * 257), 200, "http_200"),
        Answer(b'{"id": "carrier-1", "more": "%s"}' % (b"x" * 70_000), 200, "http_200"),
        Answer(b"[" * 20_000, 200, "http_200"),
        Answer(b"\xff", 200, "http_200"),
        Answer(b"", 204, "http_204"),
        Answer(b'{"id": "carrier-1"}', 304, "http_304"),
    )

    def make(self, url: str, *, read_timeout: float = 5) -> Webhook:
        return make(url, read_timeout=read_timeout)

    def impostor(self, url: str) -> Webhook:
        return Webhook(Credentials(f"{url}/send?token={TOKEN}", bytes(32)))

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(json.dumps({"id": carrier_message_id}).encode(), 202)

    def echoed(self, call: Call) -> str | None:
        assert call.headers["webhook-id"] == json.loads(call.body)["message_id"]
        return call.headers["webhook-id"]

    def is_signed_right(self, call: Call) -> bool:
        identity, timestamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
        signed = f"{identity}.{timestamp}.{call.body.decode()}".encode()
        signature = base64.b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
        is_recent = abs(int(timestamp) - time.time()) < 60
        return is_recent and call.headers["webhook-signature"] == f"v1,{signature}"

    def test_it_posts_all_of_the_message_as_json(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        (call,) = vendor.calls
        assert call.path == f"/send?token={TOKEN}"
        assert call.headers["content-type"] == "application/json; charset=utf-8"
        assert json.loads(call.body) == {
            "v": 1,
            "message_id": "20261122-3-0000",
            "app_id": "signet-demo-app",
            "phone": "+8618612345678",
            "kind": "verification",
            "signature": "Signet",
            "signature_text": "示例商城",
            "text": MESSAGE.text,
            "template": None,
            "template_version": None,
            "variables": {"name": "示例应用", "ttl": "10", "code": "123456"},
            "code": "123456",
            "channel": "sms",
            "sender": None,
        }

    def test_a_call_says_its_channel_and_the_routes_sender(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(replace(self.spoken, sender="+8657100000000"))

        sent = json.loads(vendor.calls[0].body)
        assert (sent["channel"], sent["sender"]) == ("voice", "+8657100000000")
        assert (sent["text"], sent["code"]) == (self.spoken.text, "123456")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, vendor: Vendor, status: int) -> None:
        with serving() as elsewhere:
            vendor.status, vendor.headers = status, {"Location": elsewhere.url}

            with pytest.raises(OutcomeUnknown) as unknown:
                self.make(vendor.url).submit(MESSAGE)

            assert (unknown.value.reason, elsewhere.calls) == (f"http_{status}", [])
        assert len(vendor.calls) == 1

    def test_it_reports_if_its_secret_says_so(self) -> None:
        fields = {"url": "https://gateway.example.com", "secret": SECRET}
        silent = Webhook(Credentials.parse(fields))
        telling = Webhook(Credentials.parse({**fields, "reports": True}), name="webhook-b")

        assert (silent.name, silent.reports_within) == ("webhook", None)
        assert (telling.name, telling.reports_within) == ("webhook-b", timedelta(minutes=1))

    def test_a_host_that_nobody_knows_may_be_tried_again(self) -> None:
        with pytest.raises(CarrierError) as refusal:
            make("https://nobody.invalid").submit(MESSAGE)

        assert (refusal.value.reason, refusal.value.retryable) == ("NameResolutionError", True)


class TestWebhookReports(Reporting):
    """The gateway signs as we do, with the same key."""

    answer = "{}"
    expected = Receipt(delivered=None, reason="", ref=MESSAGE.ref)

    def reporter(self) -> Webhook:
        return make("https://gateway.example.com")

    def proven(self, body: str, *, key: bytes = KEY, at: object = NOW) -> Callback:
        signed = f"cb-1.{at}.{body}".encode("utf-8", "surrogatepass")
        signature = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        headers = {
            "webhook-id": "cb-1",
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{signature}",
        }
        return Callback(f"{BASE}/carriers/webhook/receipts", headers, {}, body, NOW)

    def receipt(self, *, delivered: bool) -> str:
        state = "delivered" if delivered else "undelivered"
        return json.dumps({"v": 1, "receipts": [told(state)]})

    def reply(self, text: str) -> str:
        one = {"id": "reply-1", "from": PHONE, "text": text}
        return json.dumps({"v": 1, "replies": [one]})

    def forged(self, body: str) -> Iterator[Callback]:
        right = self.proven(body)
        for name in right.headers:
            yield replace(right, headers={k: v for k, v in right.headers.items() if k != name})
            yield replace(right, headers={**right.headers, name: "x"})
        yield replace(right, headers={})
        yield replace(right, headers={**right.headers, "webhook-id": "cb-2"})
        yield replace(right, headers={**right.headers, "webhook-timestamp": str(NOW + 1)})
        yield replace(right, headers={**right.headers, "webhook-signature": "v1," + "A" * 44})
        yield replace(right, body=body + " ")
        yield replace(right, now=NOW + 301)
        yield replace(right, now=NOW - 301)
        yield self.proven(body, key=bytes(32))
        yield self.proven(body, at="")
        yield self.proven(body, at=f"+{NOW}")
        yield self.proven(body, at=f"{NOW}.0")

    def test_one_right_signature_among_several_is_enough(self) -> None:
        right = self.proven(self.receipt(delivered=True))
        several = f"v1,{'A' * 43}= v1a,x {right.headers['webhook-signature']}"
        callback = replace(right, headers={**right.headers, "webhook-signature": several})

        assert self.reporter().reports(callback).receipts

    @pytest.mark.parametrize("seconds", [-300, 300])
    def test_clocks_may_differ_by_five_minutes(self, seconds: int) -> None:
        callback = replace(self.proven(self.receipt(delivered=True)), now=NOW + seconds)

        assert self.reporter().reports(callback).receipts

    def test_one_body_may_hold_both_with_all_they_can_say(self) -> None:
        reply = {
            "id": "reply-1",
            "from": PHONE,
            "text": "退订",
            "at": NOW - 5,
            "app_id": "signet-demo-app",
            "signature_text": "示例商城",
        }
        receipts = [told("sent"), told("undelivered", reason="MK:0001", at=NOW - 9)]
        body = {"v": 1, "receipts": receipts, "replies": [reply]}
        reports = self.reporter().reports(self.proven(json.dumps(body, ensure_ascii=False)))

        assert reports.receipts == (
            Receipt(None, "sent", MESSAGE.ref),
            Receipt(False, "MK:0001", MESSAGE.ref, at=NOW - 9),
        )
        assert reports.replies == (
            Reply(PHONE, "退订", "reply-1", NOW - 5, "signet-demo-app", "示例商城"),
        )

    def test_a_reason_that_is_no_code_is_not_recorded(self) -> None:
        body = {"v": 1, "receipts": [told("delivered", reason=f"to {MESSAGE.phone}")]}
        (receipt,) = self.reporter().reports(self.proven(json.dumps(body))).receipts

        assert receipt.reason == "unreadable"

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({}, "v is not 1"),
            ({"v": 2, "receipts": []}, "v is not 1"),
            ({"v": "1"}, "v is not 1"),
            ({"v": 1, "receipts": {}}, "receipts is no list of at most 1000"),
            ({"v": 1, "replies": [{}] * 1001}, "replies is no list of at most 1000"),
            ({"v": 1, "receipts": [None]}, r"receipts\[0\] lacks a field"),
            ({"v": 1, "receipts": [{"state": "sent"}]}, r"receipts\[0\] lacks a field"),
            ({"v": 1, "replies": [{"id": "1", "from": "7", "text": ""}]}, r"replies\[0\] lacks"),
            ({"v": 1, "replies": [{"id": "", "from": PHONE, "text": ""}]}, r"replies\[0\] lacks"),
            ({"v": 1, "replies": [{"id": "1", "from": PHONE}]}, r"replies\[0\] lacks"),
        ],
    )
    def test_a_gateway_hears_what_is_wrong_and_nothing_is_taken(
        self, body: dict[str, object], reason: str
    ) -> None:
        with pytest.raises(CallbackRefused, match=reason):
            self.reporter().reports(self.proven(json.dumps(body)))

    @pytest.mark.parametrize("state", ["", "Delivered", "queued", None, 1, ["delivered"]])
    def test_a_state_that_is_none_is_refused(self, state: object) -> None:
        body = {"v": 1, "receipts": [told("delivered"), told(state)]}

        with pytest.raises(CallbackRefused, match=r"receipts\[1\]"):
            self.reporter().reports(self.proven(json.dumps(body)))


def told(state: object, **more: object) -> dict[str, object]:
    return {"app_id": MESSAGE.app_id, "message_id": MESSAGE.message_id, "state": state, **more}


@pytest.mark.parametrize("reports", [1, "true", None])
def test_whether_it_reports_is_true_or_false(reports: object) -> None:
    fields = {"url": "https://gateway.example.com", "secret": SECRET, "reports": reports}

    with pytest.raises(CredentialsInvalid, match="true or false"):
        Credentials.parse(fields)


@pytest.mark.parametrize(
    "url", ["https://gateway.example.com/sms", "http://127.0.0.1:8080/", "http://[::1]:8080/sms"]
)
def test_https_goes_anywhere_and_http_to_this_machine(url: str) -> None:
    assert Credentials.parse({"url": url, "secret": SECRET}) == Credentials(url, KEY)


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost:8080",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "//gateway.example.com",
        "https://",
        "https://gateway.example.com:port",
        "https://[::1",
        "gateway.example.com",
        "",
        None,
        7,
    ],
)
def test_codes_are_not_sent_in_the_clear_nor_nowhere(url: object) -> None:
    with pytest.raises(CredentialsInvalid):
        Credentials.parse({"url": url, "secret": SECRET})


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_key_has_24_to_64_bytes(size: int) -> None:
    secret = f"whsec_{base64.b64encode(bytes(size)).decode()}"

    assert Credentials.parse({"url": "https://a.example", "secret": secret}).key == bytes(size)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        None,
        "whsec_",
        SECRET.removeprefix("whsec_"),
        "whsec_" + "*" * 44,
        f"whsec_{base64.b64encode(bytes(23)).decode()}",
        f"whsec_{base64.b64encode(bytes(65)).decode()}",
    ],
)
def test_any_other_key_is_refused_and_not_told(secret: object) -> None:
    with pytest.raises(CredentialsInvalid) as raised:
        Credentials.parse({"url": "https://gateway.example.com", "secret": secret})

    assert not secret or str(secret) == "whsec_" or str(secret) not in str(raised.value)


def test_the_key_is_in_no_repr() -> None:
    shown = repr(Credentials("https://gateway.example.com", KEY))

    assert repr(KEY) not in shown
    assert "key" not in shown
