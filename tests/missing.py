"""A test that needs something this machine lacks is skipped, loudly; in CI it fails."""

import os
from collections.abc import Generator

import pytest

_MISSING = "missing"
_missing: set[str] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.user_properties.append((_MISSING, reason.removeprefix("Skipped: ")))
        if os.environ.get("CI"):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where nothing may be missing: {reason}"
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what a test lacked, also one that ran in another process."""
    _missing.update(str(why) for name, why in report.user_properties if name == _MISSING)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last lines what was not tested."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:
        return
    for reason in sorted(_missing):
        terminal.write_line(f"!!! NOT TESTED: {reason}", red=True, bold=True)
