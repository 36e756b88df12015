"""What `sam build` makes, run as Lambda runs it (design.md 7).

Each function is started under AWS's runtime interface emulator with nothing but its own folder,
its built layers and the variables the template gives it, and answers its event from events/.
Every AWS call it makes is one that its role in the template allows.
"""

import base64
import json
import re
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from signet import captchas, quiet_hours
from signet.apps import Signature, Switches, Use
from signet.audits import Entry
from signet.opt_outs import OptOut
from signet.quiet_hours import zone_of
from signet.store import apps, captcha_keys, mappings, messages, opt_outs
from signet.store import callbacks as callback_store
from signet.store.apps import DEPLOYMENT
from signet.vendor_templates import Ours
from tests.artifacts.asking import Json, answer, asked_without_leave, event, taken
from tests.artifacts.conftest import ARCHITECTURE, Start
from tests.carriers import test_alibaba, test_tencent
from tests.carriers.vendor import serving
from tests.conftest import DEMO_APP, WORLD, record_app
from tests.functions import callbacks
from tests.functions.service import http_event, put_template
from tests.store.build import (
    SUBJECT,
    accept,
    claim_of,
    message_item,
    message_items,
    new_send,
    put_signature,
)
from tests.test_template import PERMISSIONS

PHONE = "+8618612345678"
# At every hour one of them may be sent marketing, and one may not.
ANYWHERE = (PHONE, "+12025550123", "+447400123456")
# Carrier -> how its answers look, its credentials, and what stands for the built-in text.
VENDORS = {
    "alibaba": (
        test_alibaba.TestAlibaba(),
        {"access_key_id": test_alibaba.KEY_ID, "access_key_secret": test_alibaba.SECRET},
        test_alibaba.FOUND,
    ),
    "tencent": (test_tencent.TestTencent(), test_tencent.FIELDS, test_tencent.FOUND),
}
# The functions of the template, and the event each answers.
EVENTS = {
    name: re.sub(r"(Codes|Bulk)?Function$", "", name).lower()
    for name in PERMISSIONS
    if name != "PicturesFunction"  # answers with bytes; see below
}


# What each answers to its event: the status, and what its body begins with or holds.
ANSWERS: dict[str, tuple[int, Json]] = {
    "request": (200, {}),
    "account": (400, {"code": 211}),
    "verify": (400, {"code": 603}),
    "router": (200, {"__type": "Date"}),
    "captcha": (200, {}),
    "guard": (200, {"limits": []}),
    "campaign": (200, {"campaigns": [], "cursor": None}),
    "people": (401, {"code": 401}),  # nobody operates this deployment
    "events": (200, {"items": [], "cursor": None}),
    "receipt": (404, {"code": 1}),  # a deployment by default has no carrier that calls
    "console": (200, {}),
    "review": (201, {}),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_built_function_answers_its_event(name: str, start: Start, aws: SimpleNamespace) -> None:
    with start(name) as function:
        reply = function.invoke(event(EVENTS[name]))
    match EVENTS[name]:
        case "sender":
            message_id = event("sender")["Records"][0]["messageId"]
            assert reply == {"batchItemFailures": [{"itemIdentifier": message_id}]}
        case "sweeper" | "importer" | "notify":
            assert reply == {"seen": 0}
        case "planner":
            assert reply is None
        case other:
            status, body = answer(reply)
            assert (status, {**body, **ANSWERS[other][1]}) == (ANSWERS[other][0], body)
    assert len(queued(aws)) == (1 if EVENTS[name] == "request" else 0)
    assert asked_without_leave(name, aws.asked) == set()


def test_the_built_functions_show_and_say_a_captcha_and_take_its_answer(
    start: Start, aws: SimpleNamespace
) -> None:
    with start("CaptchaFunction") as captcha:
        _, asked = answer(captcha.invoke(event("captcha")))
        keys = captcha_keys.keys()
        token = asked["captcha_token"]
        shown = captchas.read(
            token, "signet-demo-app", keys, form=captchas.Form.PICTURE, now=datetime.now(UTC)
        )
        taken(aws.asked)
        with start("PicturesFunction") as pictures:
            png = fetched(pictures, "captchaImage", token)
            wav = fetched(pictures, "captchaSound", token)
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert wav[:4] == b"RIFF"
        assert asked_without_leave("PicturesFunction", taken(aws.asked)) == set()

        body = {"captcha_token": token, "captcha_code": captchas.written_answer(shown, keys)}
        answering = event("captcha") | {"path": "/1.1/verifyCaptcha", "httpMethod": "POST"}
        status, judged = answer(captcha.invoke(answering | {"body": json.dumps(body)}))
    assert (status, len(judged["validate_token"])) == (200, 38)
    assert asked_without_leave("CaptchaFunction", taken(aws.asked)) == set()


def fetched(function: Any, path: str, token: str) -> bytes:
    """The bytes behind the address of a picture or a sound."""
    query = {"appId": "signet-demo-app", "token": token}
    asked = event("captcha") | {"path": f"/1.1/{path}", "queryStringParameters": query}
    reply = function.invoke(asked)
    assert (reply["statusCode"], reply["isBase64Encoded"]) == (200, True)
    return base64.b64decode(reply["body"])


def test_the_built_functions_send_a_code_and_verify_it_once(
    start: Start, aws: SimpleNamespace
) -> None:
    with start("RequestFunction") as request:
        assert answer(request.invoke(event("request"))) == (200, {})
    assert ("dynamodb:PutItem", "Messages.Arn") in aws.asked
    assert asked_without_leave("RequestFunction", taken(aws.asked)) == set()

    (body,) = queued(aws)
    delivery = event("sender")
    delivery["Records"][0]["body"] = body
    with start("SenderCodesFunction") as sender:
        assert sender.invoke(delivery) == {"batchItemFailures": []}
        assert sender.invoke(delivery) == {"batchItemFailures": []}
    assert asked_without_leave("SenderCodesFunction", taken(aws.asked)) == set()
    (text,) = texts(aws)

    right = event("verify")
    (code,) = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
    right["path"] = f"/1.1/verifySmsCode/{code}"
    right["pathParameters"] = {"code": code}
    with start("VerifyFunction") as verify:
        assert answer(verify.invoke(right)) == (200, {})
        status, refusal = answer(verify.invoke(right))
    assert (status, refusal["code"]) == (400, 603)
    assert asked_without_leave("VerifyFunction", taken(aws.asked)) == set()


@pytest.mark.parametrize("is_open", [True, False])
def test_the_built_functions_know_the_hours_of_marketing_and_who_opted_out(
    is_open: bool, start: Start, aws: SimpleNamespace
) -> None:
    now = datetime.now(UTC)
    opening = {number: quiet_hours.opens_at(zone_of(number), now) for number in ANYWHERE}
    number, opens = next(one for one in opening.items() if (one[1] is None) is is_open)
    abroad = Switches(international=True)
    apps.change(
        DEMO_APP.app_id,
        lambda app: replace(app, company="天东公司", guard=WORLD, switches=abroad),
    )
    put_signature(DEMO_APP.app_id, Signature("brand", "天天商城", "s9", use=Use.MARKETING))
    put_template("上新！回复TD退订", name="Autumn", kind="marketing")
    taken(aws.asked)
    wanted = {"mobilePhoneNumber": number, "template": "Autumn", "sign": "brand"}
    master = {"X-LC-Id": DEMO_APP.app_id, "X-LC-Key": "signet-demo-master,master"}

    with start("RequestFunction") as request:
        asked = http_event("request", headers=master, raw=json.dumps(wanted))
        assert answer(request.invoke(asked)) == (200, {})
    assert asked_without_leave("RequestFunction", taken(aws.asked)) == set()
    (record,) = message_items()
    assert record.get("held_until") == (int(opens.timestamp()) if opens else None)

    opt_out = OptOut(is_out=True, at=1)
    opt_outs.record_reply(DEMO_APP.app_id, number, replace(opt_out, reply_id="1", carrier="sns"))
    delivery = event("sender")
    message_id = f"{record['pk'].split('#', 1)[1].replace('#', '-')}-{record['sk']}"
    job = {"v": 1, "app_id": DEMO_APP.app_id, "message_id": message_id}
    delivery["Records"][0]["body"] = json.dumps(job)
    taken(aws.asked)
    with start("SenderBulkFunction") as sender:
        assert sender.invoke(delivery) == {"batchItemFailures": []}
    asked_for = taken(aws.asked)
    assert asked_without_leave("SenderBulkFunction", asked_for) == set()
    assert (("dynamodb:BatchGetItem", "OptOuts.Arn") in asked_for) is is_open
    (record,) = message_items()
    assert record.get("reason") == ("opted out" if is_open else None)


def test_the_built_sweeper_queues_again_what_was_left_lying(
    start: Start, aws: SimpleNamespace
) -> None:
    with start("RequestFunction") as request:
        assert answer(request.invoke(event("request"))) == (200, {})
    taken(aws.asked)
    (first,) = queued(aws)
    make_due(aws)
    with start("SweeperFunction") as sweeper:
        assert sweeper.invoke(event("sweeper")) == {"seen": 1}
    assert queued(aws) == [first, first]
    assert ("sqs:SendMessage", "CodesQueue.Arn") in aws.asked
    assert asked_without_leave("SweeperFunction", aws.asked) == set()


def test_the_built_sweeper_closes_days_and_tells_of_a_low_balance(
    start: Start, aws: SimpleNamespace
) -> None:
    poor = replace(DEMO_APP, app_id="signet-poor-app", low_balance_micros=10)
    record_app(poor, credit_micros=9, at=datetime.now(UTC) - timedelta(days=3))
    with start("SweeperFunction") as sweeper:
        assert sweeper.invoke({"task": "close_days"}) == {"seen": 0}
        assert {("dynamodb:UpdateItem", "Ledger.Arn"), ("dynamodb:Query", "Ledger.Arn")} < aws.asked
        assert sweeper.invoke(event("sweeper")) == {"seen": 0}
    assert ("sns:Publish", "AlarmTopic") in aws.asked
    assert asked_without_leave("SweeperFunction", aws.asked) == set()


@pytest.mark.parametrize("carrier", VENDORS)
def test_the_built_senders_send_through_the_sdks_in_their_layer(
    carrier: str, start: Start, aws: SimpleNamespace
) -> None:
    contract, fields, found = VENDORS[carrier]
    deployed = {"Carrier": carrier, "Architecture": ARCHITECTURE}
    told = Entry(datetime.now(UTC), "operator:demo", "map", f"mapping:{carrier}/")
    mappings.put(DEPLOYMENT, Ours(carrier), found, told)
    with start("RequestFunction", **deployed) as request:
        assert answer(request.invoke(event("request"))) == (200, {})
    assert asked_without_leave("RequestFunction", taken(aws.asked), **deployed) == set()

    (body,) = queued(aws)
    delivery = event("sender")
    delivery["Records"][0]["body"] = body
    with serving() as vendor:
        accepted = contract.accepts("carrier-1")
        vendor.body, vendor.headers = accepted.body, {"Content-Type": contract.content_type}
        boto3.client("secretsmanager").create_secret(
            Name=aws.physical["CarrierSecret"],
            SecretString=json.dumps({carrier: {**fields, "endpoint": vendor.url}}),
        )
        with start("SenderCodesFunction", **deployed) as sender:
            assert sender.invoke(delivery) == {"batchItemFailures": []}
        (call,) = vendor.calls
    assert contract.is_signed_right(call)
    assert asked_without_leave("SenderCodesFunction", taken(aws.asked), **deployed) == set()


@pytest.mark.parametrize("carrier", ["webhook", "twilio", "alibaba", "tencent"])
def test_the_built_function_takes_what_a_carrier_reports(
    carrier: str, start: Start, aws: SimpleNamespace
) -> None:
    message = accept(new_send(subject=SUBJECT))
    callback_store.remember("tencent", "sid-1", message.ref, now=datetime.now(UTC))
    messages.claim(message, claim_of(), datetime.now(UTC))
    boto3.client("secretsmanager").create_secret(
        Name=aws.physical["CarrierSecret"], SecretString=json.dumps(callbacks.SECRETS)
    )
    now = int(datetime.now(UTC).timestamp())
    told = [callbacks.receipt(carrier, message, now=now)]
    told += [callbacks.reply("TD", now=now)] if carrier == "webhook" else []
    aws.asked.clear()

    with start("ReceiptFunction", Carrier=carrier) as receipt:
        for made in told:
            assert receipt.invoke(made.event())["statusCode"] == 200
            assert receipt.invoke(made.event())["statusCode"] in (200, 403)

    assert message_item(message.ref)["state"] == "delivered"
    assert opt_outs.is_out(DEMO_APP.app_id, PHONE) is (carrier == "webhook")
    asked = taken(aws.asked)
    assert asked_without_leave("ReceiptFunction", asked, Carrier=carrier) == set()


def test_the_built_layers_are_compiled_for_a_read_only_disk(built: Path) -> None:
    for_both = ("DepsLayer", "SignetLayer", "SoundsLayer")
    for layer in (*for_both, "CarriersArmLayer", "CarriersX86Layer"):
        sources = set((built / layer).rglob("*.py"))
        assert sources
        for source in sources:
            compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
            # Bytes 4 to 7: 1 is a hash that is never checked, whatever the file's time.
            assert compiled.read_bytes()[4:8] == b"\x01\0\0\0", source


def test_the_built_layers_hold_what_they_should_and_no_more(built: Path) -> None:
    python = built / "DepsLayer" / "python"
    services = {folder.name for folder in (python / "botocore" / "data").iterdir()}
    assert {name for name in services if not name.endswith(".json")} == {
        *("dynamodb", "events", "lambda", "pinpoint-sms-voice-v2", "s3", "scheduler"),
        "secretsmanager",
        *("sns", "sqs"),
    }
    assert (python / "botocore" / "data" / "endpoints.json").stat().st_size < 100_000
    assert not list(python.rglob("*.so")), "compiled code needs a layer for each processor"
    numbers = {path.stem for path in (python / "phonenumbers").iterdir()}
    assert numbers >= {"timezone", "tzdata"}
    assert not numbers & {"geocoder", "geodata", "carrier", "carrierdata"}
    ours = {path.name for path in (built / "SignetLayer" / "python").iterdir()}
    assert ours == {"signet"}


def make_due(aws: SimpleNamespace) -> None:
    """Let the one recorded message look as if it were left lying for long."""
    dynamodb, name = boto3.client("dynamodb"), aws.physical["Messages"]
    (item,) = dynamodb.scan(TableName=name)["Items"]
    dynamodb.update_item(
        TableName=name,
        Key={key: item[key] for key in ("pk", "sk")},
        UpdateExpression="SET due_at = :then",
        ExpressionAttributeValues={":then": {"N": "1"}},
    )


def queued(aws: SimpleNamespace) -> list[str]:
    """Bodies of the messages in all queues."""
    accounts = _get(aws, "/_ministack/sqs/messages")["messages"]
    return [
        message["Body"]
        for regions in accounts.values()
        for queues in regions.values()
        for messages in queues.values()
        for message in messages
    ]


def texts(aws: SimpleNamespace) -> list[str]:
    """Texts that reached the phone."""
    sent = _get(aws, "/_ministack/sns/sms-messages")["sms_messages"]
    return [record["Message"] for record in sent[PHONE]]


def _get(aws: SimpleNamespace, path: str) -> Json:
    with urllib.request.urlopen(aws.emulator + path, timeout=10) as reply:
        found: Json = json.load(reply)
    return found
