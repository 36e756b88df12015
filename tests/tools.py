"""Programs that some tests need and a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
SAM_VENV = REPO / ".venv-sam" / "bin"


def tool(name: str) -> str:
    """The path of a program of .venv-sam, else of PATH; without it the test is skipped."""
    search = os.pathsep.join([str(SAM_VENV), os.environ.get("PATH", "")])
    found = shutil.which(name, path=search)
    if found is None:
        pytest.skip(f"NEEDS {name} (run `make test` once: it makes .venv-sam)")
    return found
