"""MiniStack, the emulator that plays AWS: the only module that knows it.

It is a beta and pinned (local/requirements-ministack.txt). What it plays well and what not is in
docs/decisions; nothing outside this file depends on its oddities.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from local import LocalStackError

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-ministack" / "bin" / "python"
REGION = "us-east-1"

# Ends the emulator when our end of its standard input closes, so that it cannot outlive us,
# however we die; its function workers end with it in the same way.
LAUNCHER = """
import os, signal, sys, threading
def wait_for_the_end():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=wait_for_the_end, daemon=True).start()
from ministack.app import main
sys.argv = ["ministack"]
main()
"""


# What SAM's `Cors` calls them, and what they are called on the wire.
CORS_HEADERS = {
    "AllowOrigin": "Allow-Origin",
    "AllowMethods": "Allow-Methods",
    "AllowHeaders": "Allow-Headers",
    "MaxAge": "Max-Age",
}


@dataclass(frozen=True)
class Text:
    """One text message that reached SNS."""

    to: str
    body: str
    carrier_message_id: str


def supported(template: dict[str, Any]) -> dict[str, Any]:
    """The template with what MiniStack 1.5.33 gets wrong said in another way.

    It refuses alarms on metric math, hands parameters of type Number on as text (which breaks
    MaximumConcurrency), and overlooks `Method: ANY` when it reads an API's definition.
    """
    numbers = {
        name: parameter["Default"]
        for name, parameter in template["Parameters"].items()
        if parameter["Type"] == "Number"
    }
    resources = {
        name: _with_numbers(_with_every_method(resource), numbers)
        for name, resource in template["Resources"].items()
        if not _is_alarm_on_math(resource)
    }
    return template | {"Resources": resources}


def finish_preflights(apigateway: Any, api_id: str, template: dict[str, Any]) -> None:
    """Give the API's OPTIONS methods their headers.

    SAM writes them into the API's definition, of which MiniStack reads methods but no responses.
    """
    cors = template["Resources"]["Api"]["Properties"]["Cors"]
    headers = {
        f"method.response.header.Access-Control-{name}": cors[key]
        for key, name in CORS_HEADERS.items()
    }
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    for resource in (each for page in pages for each in page["items"]):
        if "OPTIONS" not in resource.get("resourceMethods", {}):
            continue
        method = {
            "restApiId": api_id,
            "resourceId": resource["id"],
            "httpMethod": "OPTIONS",
            "statusCode": "200",
        }
        declared = dict.fromkeys(headers, True)
        apigateway.put_method_response(**method, responseParameters=declared)
        apigateway.put_integration_response(**method, responseParameters=headers)


def _is_alarm_on_math(resource: dict[str, Any]) -> bool:
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _with_every_method(resource: dict[str, Any]) -> dict[str, Any]:
    events = {}
    for name, event in resource.get("Properties", {}).get("Events", {}).items():
        if event["Type"] == "Api" and event["Properties"]["Method"].upper() == "ANY":
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                properties = event["Properties"] | {"Method": method}
                events[f"{name}{method.title()}"] = {"Type": "Api", "Properties": properties}
        else:
            events[name] = event
    if not events:
        return resource
    return resource | {"Properties": resource["Properties"] | {"Events": events}}


def _with_numbers(value: Any, numbers: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"Ref"} and value["Ref"] in numbers:
            return numbers[value["Ref"]]
        return {key: _with_numbers(inner, numbers) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_numbers(inner, numbers) for inner in value]
    return value


class MiniStack:
    """The emulator's process and what it alone can tell."""

    def __init__(self, *, log_file: Path, state_dir: Path, keep: bool) -> None:
        self.port = kept_port(state_dir) if keep else free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log_file = log_file
        self._state_dir = state_dir
        self._keep = keep
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def start(self) -> None:
        """Start the process. It is up within a second or two: see `wait`."""
        if not PYTHON.exists():
            raise LocalStackError(f"{PYTHON.parent.parent} is missing: run `make run` once")
        temporary = self._state_dir / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log = self._log_file.open("wb")
        self._process = subprocess.Popen(
            [str(PYTHON), "-c", LAUNCHER],
            env=self._environment(temporary),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self, seconds: float = 30) -> None:
        """Return when the emulator answers.

        Raises LocalStackError with the end of its log when it does not.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._running():
            try:
                self._get("/_ministack/health")
            except OSError:
                time.sleep(0.05)
            else:
                return
        tail = self._log_file.read_text(errors="replace")[-2000:]
        raise LocalStackError(f"MiniStack did not start; the end of {self._log_file}:\n{tail}")

    def stop(self) -> None:
        """Stop it and its workers; state that is kept is written by a clean stop only."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
        # Usually the workers have gone with the emulator.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()
        if self._log:
            self._log.close()

    def texts(self) -> list[Text]:
        """Every text message that reached SNS; those to one number oldest first."""
        by_phone = self._get("/_ministack/sns/sms-messages")["sms_messages"]
        return [
            Text(record["PhoneNumber"], record["Message"], record["MessageId"])
            for records in by_phone.values()
            for record in records
        ]

    def queue_bodies(self) -> list[str]:
        """The bodies of all messages that lie in any queue."""
        accounts = self._get("/_ministack/sqs/messages")["messages"]
        return [
            message["Body"]
            for regions in accounts.values()
            for queues in regions.values()
            for messages in queues.values()
            for message in messages
        ]

    def api_path(self, api_id: str, stage: str) -> str:
        """The path under which the emulator serves a deployed REST API."""
        return f"/restapis/{api_id}/{stage}/_user_request_"

    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _get(self, path: str) -> dict[str, Any]:
        # The scheme is ours.
        with urllib.request.urlopen(self.url + path, timeout=5) as reply:  # noqa: S310
            answer: dict[str, Any] = json.load(reply)
        return answer

    def _environment(self, temporary: Path) -> dict[str, str]:
        ours = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1" if self._keep else "0",
            "S3_PERSIST": "1" if self._keep else "0",
            "STATE_DIR": str(self._state_dir / "services"),
            "S3_DATA_DIR": str(self._state_dir / "s3"),
            "TMPDIR": str(temporary),
            # At INFO it logs the text of every message, and so every code.
            "LOG_LEVEL": "WARNING",
        }
        return clean_environment() | ours


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that could lead to a real AWS account."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SIGNET_", "PYTHON", "POWERTOOLS_"))
        and not name.lower().endswith("_proxy")
    }
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def kept_port(state_dir: Path) -> int:
    """The port that the kept state was made on: its queue URLs hold it."""
    note = state_dir / "port"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(free_port()))
    return int(note.read_text())


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
