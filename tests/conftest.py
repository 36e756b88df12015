"""Fixtures that several kinds of test share, and the hooks of every run."""

import io
import os
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from signet.apps import App, Guard, Key, Signature
from tests import clients, schemas
from tests.dealing import WAITS_LONGEST, pile
from tests.missing import pytest_runtest_logreport, pytest_runtest_makereport, pytest_unconfigure

__all__ = ["pytest_runtest_logreport", "pytest_runtest_makereport", "pytest_unconfigure"]

ROOT = Path(__file__).resolve().parent.parent
KEYS = {"current": "k1", "k1": "t" * 64}

SIGNATURE = Signature(name="Signet", text="示例商城", short_id="s1")
DEMO_APP = App(
    app_id="signet-demo-app",
    name="示例应用",
    app_key=Key("signet-demo-key"),
    master_key=Key("signet-demo-master"),
    default_signature=SIGNATURE,
)
# Every country that a test sends to is open.
WORLD = Guard(countries=("1", "370", "44", "49", "852", "86", "90", "998"))


def record_app(app: App, *, credit_micros: int = 100_000_000, at: datetime | None = None) -> App:
    """Record an app that can pay, `at` that time or now."""
    from signet.store import apps, ledger

    now = at or datetime.now(UTC)
    apps.create(
        app,
        also=lambda writes: ledger.record_opening(writes, app.app_id, credit_micros, now=now),
    )
    return app


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Everything in AWS that the functions use, in moto: single-threaded tests only."""
    from signet.store import consents

    monkeypatch.setattr(consents, "_AT_ONCE", 1)
    with mock_aws():
        clients.renew()
        yield schemas.create_everything(KEYS)
    clients.renew()


@pytest.fixture
def demo_app(tables: SimpleNamespace) -> App:
    """The demo app, recorded."""
    return record_app(DEMO_APP)


@pytest.fixture(scope="session")
def sounds_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer with the recordings of sound challenges, where `signet.edge.sounds` finds it."""
    from local.package import build_layer

    layer = build_layer("SoundsLayer", ROOT / "layers" / "sounds", ROOT / ".local" / "tests-layers")
    unpacked = tmp_path_factory.mktemp("sounds-layer")
    zipfile.ZipFile(io.BytesIO(layer)).extractall(unpacked)
    sys.path.append(str(unpacked / "python"))
    return unpacked / "python"


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """MiniStack's endpoint: DynamoDB whose conditional writes hold under real threads."""
    from local.ministack import MiniStack

    work = ROOT / ".local" / "tests-emulator"
    process = MiniStack(log_file=work / "ministack.log", state_dir=work, keep=False)
    process.start()
    try:
        process.wait()
        yield process.url
    finally:
        process.stop()


def emulated_resources(emulator: str, patch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The same resources as `tables`, fresh, in the emulator."""
    reset = urllib.request.Request(f"{emulator}/_ministack/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    patch.setenv("AWS_ENDPOINT_URL", emulator)
    clients.renew()
    yield schemas.create_everything(KEYS)
    clients.renew()


@pytest.fixture
def emulated(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Resources for tests with threads and crashes."""
    yield from emulated_resources(emulator, monkeypatch)


@pytest.fixture(scope="session")
def stack() -> Iterator[Any]:
    """The local stack as `make run` starts it, on a free port; one for each worker in need."""
    from local.stack import Stack

    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with Stack(work_dir=ROOT / ".local" / f"tests-stack-{worker}") as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes comes first, so that nobody waits for it at the end."""
    items.sort(key=lambda item: pile(item.nodeid) != WAITS_LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With -n, the tests are dealt out to several processes."""
    from tests.dealing import Dealer

    return Dealer(config, log)
