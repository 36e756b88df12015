"""Imports that are killed, and two of the same file at once: everybody is there exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import exports
from signet.store import imports
from tests.store.build import APP_ID, client
from tests.tools import REPO

COUNT = 1_500
PROGRAM = """
import sys
from pathlib import Path
from local.import_users import import_file
sys.exit(import_file(Path(sys.argv[1]), sys.argv[2]))
"""

pytestmark = pytest.mark.usefixtures("emulated")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "users.jsonl"
    exports.write(file, COUNT)
    return file


def importing(file: Path) -> subprocess.Popen[bytes]:
    """A process that imports the file."""
    path = os.pathsep.join([str(REPO), str(REPO / "layers" / "signet" / "python")])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file), APP_ID],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def seen(file: Path) -> int:
    """How many objects are recorded as done."""
    standing = imports.find(APP_ID, file.name)
    return standing.progress.seen if standing else 0


def items() -> dict[str, Any]:
    """Every item of users and their claims, by its key."""
    pages = client("dynamodb").get_paginator("scan").paginate(TableName="users")
    found = {item["pk"]["S"]: item for page in pages for item in page["Items"]}
    return {key: item for key, item in found.items() if "#import#" not in key}


def assert_everybody_is_there_once() -> None:
    found = items()
    kinds = Counter(key.split("#")[1] for key in found)
    assert kinds == dict.fromkeys(("user", "username", "email", "phone", "session"), COUNT)
    assert len(exports.CLAIMS) == len(kinds) - 1
    owners = Counter(item["owner"]["S"] for item in found.values() if "owner" in item)
    assert set(owners.values()) == {len(exports.CLAIMS)}
    assert all(f"{APP_ID}#user#{owner}" in found for owner in owners)


def test_an_import_that_is_killed_again_and_again_ends_right(export: Path) -> None:
    for part in (1, 2):
        process = importing(export)
        while process.poll() is None and seen(export) < part * COUNT / 3:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert seen(export) < COUNT

    last = importing(export)
    _, said = last.communicate(timeout=60)

    assert last.returncode == 0, said.decode()
    assert_everybody_is_there_once()


def test_two_imports_of_one_file_at_once_are_one(export: Path) -> None:
    both = [importing(export), importing(export)]
    results = {process.returncode for process in both if process.communicate(timeout=60)}

    # Whoever began last goes on; the other one says so, or was done before.
    assert results <= {0, 1}
    assert 0 in results
    assert_everybody_is_there_once()

    before = items()
    again = importing(export)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert items() == before
