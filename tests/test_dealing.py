"""The tests of a session are dealt out to processes: what must hold whoever runs which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dealing import pile
from tests.tools import REPO

SESSION_WIDE = {"stack", "emulator"}


def test_what_a_session_has_once_is_used_by_one_pile(request: pytest.FixtureRequest) -> None:
    used = {
        (shared, pile(item.nodeid))
        for item in request.session.items
        for shared in SESSION_WIDE & set(getattr(item, "fixturenames", ()))
    }

    # A stack is as dear as a minute, so no more than two piles may have one.
    assert used <= {("stack", "stack"), ("stack", "stack of pages"), ("emulator", "emulator")}


@pytest.mark.parametrize("nodeid", ["tests/rules/test_a.py::test_b[tests/wire]", "test_a.py::c"])
def test_a_file_that_shares_nothing_is_not_torn_apart(nodeid: str) -> None:
    assert pile(nodeid) == nodeid.partition("::")[0]


@pytest.mark.parametrize(("ci", "said"), [("", "1 skipped"), ("true", "1 failed")])
@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_skip_is_loud_and_fails_in_ci_in_whatever_process_it_was(
    tmp_path: Path, processes: str, ci: str, said: str
) -> None:
    skips = 'import pytest\n\ndef test_it() -> None:\n    pytest.skip("NEEDS a thing")\n'
    (tmp_path / "test_it.py").write_text(skips)
    plugins = ["-p", "tests.missing", "-p", "xdist", "-p", "no:cacheprovider"]
    alone = {"PYTHONPATH": str(REPO), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-n", processes, "test_it.py"],
        cwd=tmp_path,
        env={**os.environ, **alone, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said in run.stdout, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "!!! NOT TESTED: NEEDS a thing"
    assert run.returncode == (1 if ci else 0)
