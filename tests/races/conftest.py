"""The functions in ten processes, over fresh tables with the demo app."""

import os
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from signet.apps import Signature
from tests.conftest import DEMO_APP, emulated_resources, record_app
from tests.races.workers import Workers
from tests.store import build

PROCESSES = 10
# Enough for every test that is not about money.
PLENTY = 1_000_000_000


@pytest.fixture(scope="session")
def processes() -> Iterator[Workers]:
    """Once for all: that they import everything costs more than most of what they then do."""
    with Workers(PROCESSES) as running:
        yield running


@pytest.fixture(scope="module")
def workers(processes: Workers, module_emulated: SimpleNamespace) -> Workers:
    """The processes, over the tables of the module."""
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("SIGNET_", "AWS_", "POWERTOOLS_"))
    }
    processes.renew(settings)
    return processes


@pytest.fixture(scope="module")
def module_emulated(emulator: str) -> Iterator[SimpleNamespace]:
    """`emulated` for a whole module: its tests use a phone each."""
    with pytest.MonkeyPatch.context() as patch:
        for resources in emulated_resources(emulator, patch):
            record_app(DEMO_APP, credit_micros=PLENTY)
            build.put_signature(DEMO_APP.app_id, Signature("second", "第二商城", "s2"))
            resend = replace(DEMO_APP.switches, resend_same_code=True)
            record_app(
                replace(DEMO_APP, app_id="signet-resend", switches=resend), credit_micros=PLENTY
            )
            yield resources
