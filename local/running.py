"""A note of the local stack that runs, for commands that work on it from another terminal."""

import json
import os
from pathlib import Path

from local import LocalStackError
from local.deploy import STACK_NAME
from local.ministack import clean_environment

_NOTE = "running.json"


def note(work_dir: Path, aws_endpoint: str) -> None:
    """Leave a note of the stack that this process runs."""
    held = {"pid": os.getpid(), "aws_endpoint": aws_endpoint, "stack": STACK_NAME}
    (work_dir / _NOTE).write_text(json.dumps(held))


def forget(work_dir: Path) -> None:
    """Remove the note."""
    (work_dir / _NOTE).unlink(missing_ok=True)


def use(work_dir: Path) -> str:
    """Let this process's AWS be that of the running stack; its name there.

    Raises LocalStackError when none runs.
    """
    try:
        held = json.loads((work_dir / _NOTE).read_text())
        os.kill(held["pid"], 0)
    except (OSError, ValueError):
        raise LocalStackError(
            "No local stack is running: start one with make run, or name a deployed one, STACK=…"
        ) from None
    clean = clean_environment()
    for name in os.environ.keys() - clean.keys():
        del os.environ[name]
    os.environ.update(clean | {"AWS_ENDPOINT_URL": held["aws_endpoint"]})
    return str(held["stack"])
