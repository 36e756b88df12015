"""What `sam build` makes, run as Lambda runs it (design.md 7).

Each function is started under AWS's runtime interface emulator with nothing but its own folder,
its built layers and the variables the template gives it, and answers its event from events/.
Every AWS call it makes is one that its role in the template allows.
"""

import contextlib
import json
import os
import platform
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local.package import load_template
from signet.store import apps
from tests.artifacts.gateway import Grant, recording
from tests.artifacts.runtime import PYTHON, Running
from tests.conftest import DEMO_APP
from tests.test_template import PERMISSIONS, permissions
from tests.tools import REPO, tool

Json = dict[str, Any]
Start = Callable[[str], contextlib.AbstractContextManager[Running]]

PHONE = "+8618612345678"
WORK = REPO / ".local" / "tests-artifacts"
# The functions of the template, and the event each answers.
EVENTS = {name: re.sub(r"(Codes|Bulk)?Function$", "", name).lower() for name in PERMISSIONS}


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `sam build` filled for this machine's processor."""
    if not PYTHON.exists():
        pytest.skip(
            "NEEDS python3.13, the functions' runtime (then `make test` makes .venv-lambda)"
        )
    architecture = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    command = [
        *(tool("sam"), "build", "--template", str(REPO / "template.yaml"), "--cached"),
        *("--build-dir", str(WORK / "build"), "--cache-dir", str(WORK / "cache")),
        *("--parameter-overrides", f"Architecture={architecture}"),
    ]
    # pyenv's shims confuse sam, so the interpreter itself goes first.
    path = os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, cwd=REPO, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return WORK / "build"


@pytest.fixture
def aws(emulator: str, emulated: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The emulator's endpoint, what was asked of it, and names by the template's names."""
    apps.create(DEMO_APP)
    physical = {
        "Apps": os.environ["SIGNET_APPS_TABLE"],
        "Phones": os.environ["SIGNET_PHONES_TABLE"],
        "Messages": os.environ["SIGNET_MESSAGES_TABLE"],
        "Secret": os.environ["SIGNET_SECRET_ARN"],
        "CodesQueue": emulated.codes_queue,
        "BulkQueue": emulated.bulk_queue,
        "RequestFunction": "request-function",
        "VerifyFunction": "verify-function",
    }
    with recording(emulator, {name: key for key, name in physical.items()}) as (url, asked):
        yield SimpleNamespace(url=url, asked=asked, physical=physical, emulator=emulator)


@pytest.fixture
def start(built: Path, aws: SimpleNamespace, tmp_path: Path) -> Start:
    """Start a built function, by its name in the template."""
    template = load_template(built / "template.yaml")
    shared = template["Globals"]["Function"]
    given = shared["Environment"]["Variables"]
    values = aws.physical | {
        name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()
    }

    def running(name: str) -> Running:
        own = template["Resources"][name]["Properties"]
        variables = {
            key: value if isinstance(value, str) else values[value["Ref"]]
            for key, value in (given | own["Environment"]["Variables"]).items()
        }
        layers = [
            built / template["Resources"][layer["Ref"]]["Properties"]["ContentUri"]
            for layer in shared["Layers"]
        ]
        credentials = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        code = built / own["CodeUri"]
        log = tmp_path / f"{name}.log"
        return Running(code, shared["Handler"], layers, credentials | variables, log)

    return running


def event(name: str) -> Json:
    found: Json = json.loads((REPO / "events" / f"{name}.json").read_text())
    return found


def answer(reply: Json) -> tuple[int, Json]:
    """Status and body of an HTTP reply."""
    return reply["statusCode"], json.loads(reply["body"])


def asked_without_leave(name: str, asked: set[Grant]) -> set[Grant]:
    return asked - permissions(name)


@pytest.mark.parametrize("name", EVENTS)
def test_a_built_function_answers_its_event(name: str, start: Start, aws: SimpleNamespace) -> None:
    with start(name) as function:
        reply = function.invoke(event(EVENTS[name]))
    match EVENTS[name]:
        case "request":
            assert answer(reply) == (200, {})
            assert len(queued(aws)) == 1
        case "verify":
            status, body = answer(reply)
            assert (status, body["code"]) == (400, 603)
        case "router":
            status, body = answer(reply)
            assert (status, body["__type"]) == (200, "Date")
        case "sender":
            message_id = event("sender")["Records"][0]["messageId"]
            assert reply == {"batchItemFailures": [{"itemIdentifier": message_id}]}
        case "sweeper":
            assert reply == {"seen": 0}
    assert asked_without_leave(name, aws.asked) == set()


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


def test_the_built_layers_are_compiled_for_a_read_only_disk(built: Path) -> None:
    for layer in ("DepsLayer", "SignetLayer"):
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
        *("dynamodb", "lambda", "pinpoint-sms-voice-v2", "secretsmanager", "sns", "sqs"),
    }
    assert (python / "botocore" / "data" / "endpoints.json").stat().st_size < 100_000
    assert not list(python.rglob("*.so")), "compiled code needs a layer for each processor"
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


def taken(asked: set[Grant]) -> set[Grant]:
    """What was asked so far; from here on anew."""
    copy = set(asked)
    asked.clear()
    return copy


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
