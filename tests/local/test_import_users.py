"""`make import-users`: what it prints, what it leaves, and how it is stopped and started again."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest

from functions.importer import app as importer
from local import LocalStackError, import_from_s3, import_users, running, seed
from local.progress import Bar
from local.stack import Stack
from signet.apps import App
from signet.errors import Unavailable
from signet.exports import Place
from signet.flows import import_users as flow
from signet.imports import Progress
from signet.store import imports
from signet.store import users as store
from tests.rules.test_passwords import DIGEST, SALT
from tests.store.build import APP_ID
from tests.tools import REPO

HJIANG = {
    "objectId": "5f2a7c1e9d8b4a0006e3c1d2",
    "username": "hjiang",
    "password": DIGEST,
    "salt": SALT,
    "sessionToken": "qmdj8pdidnmyzp0c7yqil91oc",
    "score": 7,
}
TAKEN = {"objectId": "u2", "username": "hjiang"}
LESS = {"objectId": "u3", "username": "less", "mobilePhoneNumber": "12"}
LAST = {"objectId": "u4", "username": "last"}
OUTPUTS = {"ImportsBucket": "imports", "ImporterFunction": "importer"}


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of these tests bear one thread; parts are small."""
    monkeypatch.setattr(imports, "_AT_ONCE", 1)
    monkeypatch.setattr(flow, "PART_OBJECTS", 1)


@pytest.fixture
def export(demo_app: App, tmp_path: Path) -> Path:
    """A file with users of all kinds, for an app that is there."""
    return written(tmp_path / "users.jsonl", HJIANG, TAKEN, LESS, LAST)


def written(file: Path, *found: object) -> Path:
    file.write_text("".join(f"{json.dumps(one)}\n" for one in found))
    return file


def report_of(file: Path) -> list[str]:
    """The ids in the report beside the file."""
    lines = file.with_name(f"{file.name}.report.jsonl").read_text().splitlines()
    return [json.loads(line)["objectId"] for line in lines]


def test_it_ends_with_a_summary_a_report_and_a_failure_when_somebody_was_refused(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_users.import_file(export, APP_ID) == 1

    said = capsys.readouterr().out
    assert "4 users: 3 imported, 0 were there, 1 refused." in said
    assert "1 are there without something that cannot be used." in said
    assert f"Which and why: {export}.report.jsonl" in said
    assert report_of(export) == ["u2", "u3"]
    assert store.get(APP_ID, "u4")


def test_when_all_are_there_it_is_a_success_the_second_time_too(
    demo_app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "users.jsonl", HJIANG, LAST)

    assert import_users.import_file(file, APP_ID) == 0
    assert import_users.import_file(file, APP_ID) == 0

    assert "2 users: 0 imported, 2 were there, 0 refused." in capsys.readouterr().out
    assert report_of(file) == []


def test_a_run_that_was_stopped_goes_on_where_it_was_and_reports_everything_once(
    export: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = import_users.Report.write
    stops = iter([None, None, KeyboardInterrupt()])

    def write_and_stop(self: import_users.Report, *part: Any) -> None:
        report(self, *part)
        if stop := next(stops, None):
            raise stop

    with monkeypatch.context() as patch:
        patch.setattr(import_users.Report, "write", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            import_users.import_file(export, APP_ID)
    assert report_of(export) == ["u2", "u3"]

    import_users.import_file(export, APP_ID)

    said = capsys.readouterr().out
    assert "Going on behind line 2, where an earlier run got to." in said
    assert "4 users: 2 imported, 1 were there, 1 refused." in said
    assert report_of(export) == ["u2", "u3"]


def test_half_a_line_of_a_report_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text('{"offset": 5}\n{"offset": 9}\n{"off')

    import_users.Report(file, keep_up_to=9)

    assert file.read_text() == '{"offset": 5}\n'


def test_another_file_of_the_same_name_is_another_file(export: Path) -> None:
    before = import_users.identity(export)
    written(export, LAST, LESS, TAKEN, HJIANG)

    assert import_users.identity(export) != before


@pytest.mark.parametrize("text", [b"\x1f\x8b\x08", b"PK\x03\x04"])
def test_what_is_no_export_is_named(export: Path, text: bytes) -> None:
    export.write_bytes(text)

    with pytest.raises(LocalStackError, match="unpack it first"):
        import_users.import_file(export, APP_ID)


def test_an_app_that_is_not_there_gets_no_users(tables: SimpleNamespace) -> None:
    with pytest.raises(LocalStackError, match="There is no app signet-no-app"):
        import_users.check_app("signet-no-app")


def test_tables_that_do_not_answer_are_told_without_a_traceback(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(imports, "begin", refuse)

    with pytest.raises(LocalStackError, match="The same command goes on from here"):
        import_users.import_from(str(export), APP_ID, OUTPUTS)


# --- the bar ------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


HALF = Progress(Place(500, 6), created=1_200, there=40, refused=3)


def test_a_bar_shows_share_speed_and_what_is_left() -> None:
    bar = Bar(1000, Progress())

    assert bar.line(HALF, 2) == f" 50% {'█' * 12}{'░' * 12} 1,243 users, 622 a second, 0:02 left"


def test_a_bar_that_goes_on_counts_its_own_speed() -> None:
    bar = Bar(1000, Progress(Place(400, 5), created=1_043))

    assert "1,243 users, 100 a second, 0:10 left" in bar.line(HALF, 2)


def test_a_bar_stays_in_its_line_on_a_terminal() -> None:
    terminal = Terminal()
    bar = Bar(1000, Progress(), terminal)
    bar.show(HALF)
    bar.show(HALF)
    bar.close()

    assert terminal.getvalue().count("\r") == 2
    assert terminal.getvalue().count("\n") == 1


def test_a_bar_in_a_pipe_is_a_line_at_times() -> None:
    pipe = io.StringIO()
    bar = Bar(1000, Progress(), pipe)
    bar.show(HALF)
    bar.close()

    assert pipe.getvalue() == ""


# --- where to -----------------------------------------------------------------------------


def test_without_a_local_stack_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="No local stack is running"):
        running.use(tmp_path)


def test_a_note_of_a_stack_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "running.json").write_text(json.dumps({"pid": dead.pid, "aws_endpoint": "x"}))

    with pytest.raises(LocalStackError, match="No local stack is running"):
        running.use(tmp_path)


def test_a_note_leads_to_the_emulated_aws_and_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "AWS_PROFILE": "mine", "HTTPS_PROXY": "p"})
    running.note(tmp_path, "http://127.0.0.1:1")

    assert running.use(tmp_path) == "signet-local"

    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "test"
    assert not {"AWS_PROFILE", "HTTPS_PROXY"} & os.environ.keys()
    running.forget(tmp_path)
    with pytest.raises(LocalStackError):
        running.use(tmp_path)


# --- by the deployed importer -------------------------------------------------------------


def call_at_once(_: str, event: Mapping[str, object]) -> None:
    """Be the importer."""
    context = SimpleNamespace(
        aws_request_id=str(time.monotonic()),
        function_name="importer",
        get_remaining_time_in_millis=lambda: 900_000,
    )
    importer.handler(dict(event), context)


@pytest.fixture
def uploaded(export: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the export in the bucket."""
    boto3.client("s3").upload_file(str(export), "imports", "in/users.jsonl")
    monkeypatch.chdir(export.parent)
    return "s3://imports/in/users.jsonl"


def test_a_file_in_the_bucket_is_imported_by_the_importer_and_its_report_fetched(
    uploaded: str, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for expected in ("3 imported, 0 were there", "0 imported, 3 were there"):
        assert import_from_s3.run(uploaded, APP_ID, OUTPUTS, call=call_at_once) == 1
        assert f"4 users: {expected}, 1 refused." in capsys.readouterr().out
        assert report_of(export) == ["u2", "u3"]


def test_an_import_that_is_at_work_is_watched_and_not_called_again(
    uploaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    source = imports.Source("in/users.jsonl", "1 x", 1)
    imports.begin(APP_ID, source, "r1", now=now)
    monkeypatch.setattr(import_from_s3, "_POLL_SECONDS", 0)
    found = iter([imports.find(APP_ID, source.name)])

    def find(app_id: str, name: str) -> imports.Standing | None:
        standing = imports.Standing(source, "r1", Progress(is_finished=True), now, now)
        return next(found, standing)

    monkeypatch.setattr(import_from_s3, "_find", find)

    assert import_from_s3.run(uploaded, APP_ID, OUTPUTS, call=must_not_be_called) == 0


def must_not_be_called(*_: object) -> None:
    raise AssertionError("called")


@pytest.mark.parametrize("silent", ["_next", "_watch"])
def test_an_importer_without_a_sign_of_life_is_not_waited_for(
    uploaded: str, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    monkeypatch.setattr(import_from_s3, "_SILENT_SECONDS", -1 if silent == "_next" else 5)
    source = imports.Source("in/users.jsonl", "1 x", 1)

    def begin_long_ago(*_: object) -> None:
        imports.begin(APP_ID, source, "r1", now=1)

    with pytest.raises(LocalStackError, match="no sign of life"):
        import_from_s3.run(uploaded, APP_ID, OUTPUTS, call=begin_long_ago)


def test_what_the_importer_cannot_read_is_told(uploaded: str) -> None:
    boto3.client("s3").put_object(Bucket="imports", Key="in/users.jsonl", Body=b"\x1f\x8b")

    with pytest.raises(LocalStackError, match="unpack it first"):
        import_from_s3.run(uploaded, APP_ID, OUTPUTS, call=call_at_once)


@pytest.mark.parametrize("address", ["s3://other/users.jsonl", "s3://imports", "s3://imports/"])
def test_another_bucket_is_refused_with_the_command_to_copy(tables: object, address: str) -> None:
    with pytest.raises(LocalStackError, match="aws s3 cp FILE s3://imports/"):
        import_from_s3.run(address, APP_ID, OUTPUTS, call=must_not_be_called)


# --- all of it, in the local stack --------------------------------------------------------


def command(stack: Stack, file: str, folder: Path) -> subprocess.Popen[str]:
    """The command as `make` runs it, for a stack that is not the one of `make run`."""
    environment = os.environ | {"AWS_ENDPOINT_URL": stack.aws_endpoint, "PYTHONPATH": str(REPO)}
    arguments = [file, "--app-id", seed.APP_ID, "--stack", "signet-local"]
    return subprocess.Popen(
        [sys.executable, "-m", "local.import_users", *arguments],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_imported_users_log_in_with_their_old_password_and_stay_logged_in(
    stack: Stack, tmp_path: Path
) -> None:
    file = written(tmp_path / "users.jsonl", HJIANG)
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.upload_file(str(file), stack.outputs["ImportsBucket"], file.name)
    address = f"s3://{stack.outputs['ImportsBucket']}/{file.name}"

    for place, expected in ((address, "1 imported"), (str(file), "1 were there")):
        importing = command(stack, place, tmp_path)
        said, _ = importing.communicate(timeout=60)
        assert importing.returncode == 0, said
        assert expected in said

    app = {"X-LC-Id": seed.APP_ID, "X-LC-Key": seed.APP_KEY}
    with httpx.Client(base_url=stack.url, headers=app, timeout=30, trust_env=False) as api:
        typed = {"username": "hjiang", "password": "password"}
        logged_in = api.post("/1.1/login", json=typed).json()
        session = {"X-LC-Session": str(HJIANG["sessionToken"])}
        known = api.get("/1.1/users/me", headers=session).json()
    assert logged_in["objectId"] == known["objectId"] == HJIANG["objectId"]
    assert known["score"] == 7


def test_ctrl_c_leaves_what_is_imported_and_says_how_to_go_on(stack: Stack, tmp_path: Path) -> None:
    many = [{"objectId": f"c{number}", "username": f"c{number}"} for number in range(20_000)]
    file = written(tmp_path / "many.jsonl", *many)
    importing = command(stack, str(file), tmp_path)
    report = tmp_path / "many.jsonl.report.jsonl"
    while not report.exists() and importing.poll() is None:
        time.sleep(0.05)

    importing.send_signal(signal.SIGINT)

    said, _ = importing.communicate(timeout=60)
    assert importing.returncode == 130, said
    assert "the same command goes on from here" in said
