"""The built functions, and an emulated AWS that writes down what each asks of it."""

import contextlib
import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.package import holds, load_template
from tests.artifacts.gateway import recording
from tests.artifacts.runtime import PYTHON, Running
from tests.conftest import DEMO_APP, record_app
from tests.tools import REPO, tool

Start = Callable[..., contextlib.AbstractContextManager[Running]]

WORK = REPO / ".local" / "tests-artifacts"
ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `sam build` filled for this machine's processor."""
    if not PYTHON.exists():
        pytest.skip(
            "NEEDS python3.13, the functions' runtime (then `make test` makes .venv-lambda)"
        )
    command = [
        *(tool("sam"), "build", "--template", str(REPO / "template.yaml"), "--cached"),
        *("--build-dir", str(WORK / "build"), "--cache-dir", str(WORK / "cache")),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
    ]
    # pyenv's shims confuse sam, so the interpreter itself goes first.
    path = os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, cwd=REPO, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return WORK / "build"


@pytest.fixture
def aws(emulator: str, emulated: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The emulator's endpoint, what was asked of it, and names by the template's names."""
    record_app(DEMO_APP)
    tables = (
        *("Apps", "Phones", "Challenges", "Shield", "Messages", "Balances", "Ledger", "Users"),
        "Events",
    )
    physical = {
        **{name: os.environ[f"SIGNET_{name.upper()}_TABLE"] for name in tables},
        "Carriers": os.environ["SIGNET_CARRIERS_TABLE"],
        "OptOuts": os.environ["SIGNET_OPT_OUTS_TABLE"],
        "AlarmTopic": emulated.alarm_topic,
        "Secret": os.environ["SIGNET_SECRET_ARN"],
        "CodesQueue": emulated.codes_queue,
        "BulkQueue": emulated.bulk_queue,
        "CarrierSecret": "signet-test-carrier-secret",
        "RequestFunction": "request-function",
        "VerifyFunction": "verify-function",
        "AccountFunction": "account-function",
        "CaptchaFunction": "captcha-function",
        "ImporterFunction": "ImporterFunction",
        "NotifyFunction": "NotifyFunction",
        "EventBus": os.environ["SIGNET_EVENT_BUS"],
        "Imports": os.environ["SIGNET_IMPORTS_BUCKET"],
        "Campaigns": os.environ["SIGNET_CAMPAIGNS_TABLE"],
        "Audiences": os.environ["SIGNET_AUDIENCES_BUCKET"],
        "PlannerFunction": "PlannerFunction",
        "ScheduleGroup": os.environ["SIGNET_SCHEDULE_GROUP"],
        "ScheduleRole.Arn": os.environ["SIGNET_SCHEDULE_ROLE_ARN"],
        "ImportsDeadLetters.Arn": os.environ["SIGNET_SCHEDULE_DEAD_LETTERS_ARN"],
    }
    with recording(emulator, {name: key for key, name in physical.items()}) as (url, asked):
        yield SimpleNamespace(url=url, asked=asked, physical=physical, emulator=emulator)


@pytest.fixture
def start(built: Path, aws: SimpleNamespace, tmp_path: Path) -> Start:
    """Start a built function, by its name in the template, deployed with some parameters.

    `seconds`: how long each call of it may take.
    """
    template = load_template(built / "template.yaml")
    shared = template["Globals"]["Function"]
    given = shared["Environment"]["Variables"]
    defaults = {name: str(one["Default"]) for name, one in template["Parameters"].items()}

    def running(name: str, *, seconds: int = 300, **parameters: str) -> Running:
        parameters = {"Architecture": ARCHITECTURE, **parameters}
        values: dict[str, str] = {**aws.physical, **defaults, **parameters}

        def chosen(one: Any) -> Any:
            if isinstance(one, str) or "Fn::If" not in one:
                return one
            condition, then, otherwise = one["Fn::If"]
            return chosen(then if holds(condition, template, parameters) else otherwise)

        def valued(one: Any) -> str:
            one = chosen(one)
            if isinstance(one, str):
                return one
            if "Fn::GetAtt" in one:
                return values[".".join(one["Fn::GetAtt"])]
            # An address is as good as another.
            return values[one["Ref"]] if "Ref" in one else str(one["Fn::Sub"])

        own = template["Resources"][name]["Properties"]
        variables = {
            key: valued(value) for key, value in (given | own["Environment"]["Variables"]).items()
        }
        names = [chosen(layer)["Ref"] for layer in shared["Layers"] + own.get("Layers", [])]
        layers = [
            built / template["Resources"][layer]["Properties"]["ContentUri"]
            for layer in names
            if layer != "AWS::NoValue"
        ]
        credentials = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        code = built / own["CodeUri"]
        log = tmp_path / f"{name}.log"
        variables |= credentials
        return Running(code, shared["Handler"], layers, variables, log, seconds=seconds)

    return running
