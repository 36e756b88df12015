"""The unmodified SDKs, driven from a test."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
APP_ID, APP_KEY, MASTER_KEY = "signet-demo-app", "signet-demo-key", "signet-demo-master"

Outcome = dict[str, Any]


def javascript(url: str, *calls: list[Any], master: bool = False) -> list[Outcome]:
    """What each call of AV.Cloud resolved to or was rejected with."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "leancloud-storage").exists():
        pytest.skip("NEEDS node and npm (the JavaScript SDK)")
    command = [node, str(HERE / "javascript_sdk.mjs"), url, APP_ID, APP_KEY, json.dumps(calls)]
    return _outcomes([*command, *([MASTER_KEY] if master else [])], {})


def python(url: str, *calls: list[Any]) -> list[Outcome]:
    """What each call of leancloud.cloud returned or raised."""
    interpreter = HERE.parent.parent / ".venv-sdk" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip("NEEDS .venv-sdk (the Python SDK; `make test` makes it)")
    command = [str(interpreter), str(HERE / "python_sdk.py"), APP_ID, APP_KEY, json.dumps(calls)]
    return _outcomes(command, {"LEANCLOUD_API_SERVER": url})


def _outcomes(command: list[str], environment: dict[str, str]) -> list[Outcome]:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
