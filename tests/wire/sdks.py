"""The unmodified SDKs, driven from a test."""

import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest

HERE = Path(__file__).parent
PATIENCE_SECONDS = 60

Outcome = dict[str, Any]


class Keys(NamedTuple):
    """What an app is called by."""

    app_id: str
    app_key: str
    master_key: str

    @property
    def client(self) -> dict[str, str]:
        """Headers of a call by the app's clients."""
        return {"X-LC-Id": self.app_id, "X-LC-Key": self.app_key}

    @property
    def master(self) -> dict[str, str]:
        """Headers of a call with the master key."""
        return {"X-LC-Id": self.app_id, "X-LC-Key": f"{self.master_key},master"}


DEMO = Keys("signet-demo-app", "signet-demo-key", "signet-demo-master")


@dataclass(frozen=True)
class Kept:
    """As an argument: the value that an earlier call of the same process kept by this name."""

    name: str


class Sdk:
    """A process that runs calls of one SDK for one app, and remembers between them what an app
    would: the current user, and what is kept by a name.

    Session tokens that it is answered go into `secrets`.
    """

    def __init__(
        self, command: list[str], environment: dict[str, str], secrets: set[str] | None = None
    ) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._secrets = set() if secrets is None else secrets

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=PATIENCE_SECONDS)

    def outcome(self, call: str, *arguments: Any) -> Outcome:
        """What the call returned or was refused with."""
        assert self._process.stdin
        assert self._process.stdout
        impatient = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        impatient.start()
        try:
            self._process.stdin.write(json.dumps([call, *arguments], default=_named) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            impatient.cancel()
        assert answer, "the SDK's process ended; what it said is in the captured stderr"
        outcome: Outcome = json.loads(answer)
        self._remember(outcome.get("value"))
        return outcome

    def do(self, call: str, *arguments: Any) -> Any:
        """What the call returned; it must."""
        outcome = self.outcome(call, *arguments)
        assert "value" in outcome, f"{call}: {outcome}"
        return outcome["value"]

    def refused(self, call: str, *arguments: Any) -> Any:
        """The code of LeanCloud's error that the call was refused with; it must be."""
        outcome = self.outcome(call, *arguments)
        assert "code" in outcome, f"{call}: {outcome}"
        return outcome["code"]

    def _remember(self, value: Any) -> None:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and isinstance(one.get("sessionToken"), str):
                self._secrets.add(one["sessionToken"])


def _named(argument: Kept) -> dict[str, str]:
    return {"$": argument.name}


def javascript_sdk(url: str, app: Keys = DEMO, secrets: set[str] | None = None) -> Sdk:
    """leancloud-storage in Node; calls start with `AV`."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "leancloud-storage").exists():
        pytest.skip("NEEDS node and npm (the JavaScript SDK)")
    return Sdk([node, str(HERE / "javascript_sdk.mjs"), url, *app], {}, secrets)


def python_sdk(url: str, app: Keys = DEMO, secrets: set[str] | None = None) -> Sdk:
    """The package leancloud; calls start with `leancloud` or `cloud`."""
    interpreter = HERE.parent.parent / ".venv-sdk" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip("NEEDS .venv-sdk (the Python SDK; `make test` makes it)")
    environment = {"LEANCLOUD_API_SERVER": url}
    return Sdk([str(interpreter), str(HERE / "python_sdk.py"), *app], environment, secrets)


def javascript(url: str, *calls: list[Any], master: bool = False) -> list[Outcome]:
    """What each call of AV.Cloud resolved to or was rejected with, for the demo app."""
    with javascript_sdk(url) as sdk:
        if master:
            sdk.do("asMaster")
        return [sdk.outcome(f"AV.Cloud.{name}", *values) for name, *values in calls]


def python(url: str, *calls: list[Any]) -> list[Outcome]:
    """What each call of leancloud.cloud returned or raised, for the demo app."""
    with python_sdk(url) as sdk:
        return [sdk.outcome(f"cloud.{name}", *values) for name, *values in calls]
