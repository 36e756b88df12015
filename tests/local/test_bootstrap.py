"""The first operator and the first app of a deployed stack."""

from argparse import Namespace
from types import SimpleNamespace

import pytest

from local import LocalStackError, bootstrap
from signet.apps import FIRST_CAP, first_switches
from signet.store import apps, balances
from signet.store.balances import Account
from tests.store import build

OUTPUTS = {
    "AppsTable": "apps",
    "BalancesTable": "balances",
    "LedgerTable": "ledger",
    "BaseUrl": "https://sms.example.com",
    "JavaAndAndroid": "Use https://sms.example.com",
}


def run(**given: object) -> int:
    options = {"operator": "first", "app": None, "app_id": None, "signature": None, "force": False}
    return bootstrap.bootstrap(Namespace(**{**options, **given}), OUTPUTS)


def shown(text: str, name: str) -> str:
    """What stands behind a name in the output, the last time that it is there."""
    lines = [line for line in text.splitlines() if line.strip().startswith(name)]
    return lines[-1].strip().removeprefix(name).strip()


@pytest.fixture(autouse=True)
def nothing_imported(tables: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty deployment, and no keys in the environment."""
    for name in ("APP_KEY", "MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_run_makes_an_operator_and_an_app_that_can_send(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(signature="天天商城") == 0

    said = capsys.readouterr().out
    assert build.operator_key_matches("first", shown(said, "key"))
    app = apps.read(shown(said.partition("Operator")[0], "id"))
    assert app is not None
    assert app.app_key.current == shown(said, "app key")
    assert app.switches == first_switches(imported=False)
    assert app.marketing_cap == FIRST_CAP
    assert balances.balance(Account(app.app_id)) == 5_000_000
    assert "https://sms.example.com/console" in said
    assert "WARNING" not in said


def test_a_second_run_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    capsys.readouterr()

    assert run() == 1
    assert "There is an operator already (first)" in capsys.readouterr().out


def test_an_app_with_the_keys_it_had_goes_on_as_it_was_and_says_what_that_means(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_KEY", "the-key-in-all-phones")

    assert run(app="老应用", app_id="id-from-leancloud") == 0

    app = apps.read("id-from-leancloud")
    assert app is not None
    assert app.app_key.current == "the-key-in-all-phones"
    assert app.switches == first_switches(imported=True)
    assert app.marketing_cap is None
    said = capsys.readouterr().out
    assert "WARNING" in said
    for name in ("bulk_needs_master_key", "first_proof_resets_access", "auth_data_needs"):
        assert name in said


@pytest.mark.parametrize("app_id", ["short", "an-id-of-leancloud-MdYXbMMI", "has a space in it"])
def test_an_id_that_no_sdk_would_use_makes_neither_app_nor_operator(app_id: str) -> None:
    with pytest.raises(LocalStackError):
        run(app_id=app_id)

    assert bootstrap.active_operators() == []


def test_the_id_of_a_revoked_operator_is_not_given_again() -> None:
    assert run() == 0

    with pytest.raises(LocalStackError, match="There is or was an operator first"):
        run(force=True)
