"""Runs a built function under AWS's runtime interface emulator, as Lambda would."""

import json
import os
import platform
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.ministack import free_port
from tests.tools import REPO, tool

PYTHON = REPO / ".venv-lambda" / "bin" / "python3.13"
_INVOKE = "/2015-03-31/functions/function/invocations"


def emulator_program() -> str:
    """The runtime interface emulator that ships with the SAM CLI."""
    python = Path(tool("sam")).with_name("python")
    where = "import pathlib, samcli; print(pathlib.Path(samcli.__file__).parent / 'local/rapid')"
    folder = subprocess.run(
        [str(python), "-c", where], capture_output=True, check=True, text=True
    ).stdout.strip()
    machine = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    return str(Path(folder) / f"aws-lambda-rie-{machine}")


class Running:
    """One function, started. It serves one call at a time; the emulator dies of two."""

    def __init__(
        self,
        code: Path,
        handler: str,
        layers: list[Path],
        variables: Mapping[str, str],
        log: Path,
        *,
        seconds: int,
    ) -> None:
        self._url = f"http://127.0.0.1:{free_port()}"
        self._log = log
        self._command = [
            emulator_program(),
            *("--runtime-interface-emulator-address", self._url.removeprefix("http://")),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *(str(PYTHON), "-m", "awslambdaric", handler),
        ]
        self._code = code
        self._environment = {
            **variables,
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(str(layer / "python") for layer in layers),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_LAMBDA_FUNCTION_NAME": code.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
        }

    def __enter__(self) -> Self:
        self._output = self._log.open("wb")
        self._process = subprocess.Popen(
            self._command,
            cwd=self._code,
            env=self._environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._output.close()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the handler returned; a failure, which the emulator answers with 200, raises."""
        request = urllib.request.Request(self._url + _INVOKE, json.dumps(event).encode())
        result = json.loads(self._send(request))
        if isinstance(result, dict) and "errorMessage" in result:
            raise AssertionError(f"{result}\n{self._log.read_text(errors='replace')}")
        return result

    def _send(self, request: urllib.request.Request) -> bytes:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=40) as reply:
                    content: bytes = reply.read()
                return content
            except urllib.error.URLError as error:
                refused = isinstance(error.reason, ConnectionRefusedError)
                if not refused or time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
