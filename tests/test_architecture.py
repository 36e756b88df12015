"""Who may import what, who may read what; and what two functions must never have to load."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYER = ROOT / "layers" / "signet" / "python"
PACKAGE = LAYER / "signet"
FUNCTIONS = ROOT / "functions"

RULES = sorted(PACKAGE.glob("*.py"))
STORE = sorted((PACKAGE / "store").glob("*.py"))
EDGE = sorted((PACKAGE / "edge").glob("*.py"))
CARRIERS = sorted((PACKAGE / "carriers").glob("*.py"))
FLOWS = sorted((PACKAGE / "flows").glob("*.py"))
LAYER_FILES = sorted(PACKAGE.rglob("*.py"))
FUNCTION_FILES = sorted(FUNCTIONS.rglob("*.py"))
SHIPPED = LAYER_FILES + FUNCTION_FILES

AWS = ("boto3", "botocore")
# The one store module that builds the shared connection; it needs botocore's types and errors.
CONNECTION = PACKAGE / "store" / "table.py"
OUTSIDE = (
    *AWS,
    "pynamodb",
    "aws_lambda_powertools",
    "signet.store",
    "signet.carriers",
    "signet.edge",
    "signet.flows",
    "os",
    "socket",
    "urllib",
    "http",
    "requests",
    "logging",
    "time",
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, `from a import b` as both `a` and `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_one_of(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)


def importing(files: list[Path], *packages: str) -> set[str]:
    """The files that import one of the packages."""
    return {
        name(path) for path in files if any(is_one_of(each, packages) for each in imports(path))
    }


def test_there_is_something_to_look_at() -> None:
    assert len(RULES) > 5
    assert all((STORE, EDGE, CARRIERS, FLOWS, FUNCTION_FILES))


# --- The rings --------------------------------------------------------------------------------


def test_rules_know_nothing_of_the_outside() -> None:
    assert importing(RULES, *OUTSIDE) == set()


def test_rules_take_the_time_as_an_argument() -> None:
    clocks = {"now", "utcnow", "today", "time", "monotonic"}
    read = {
        f"{name(path)}:{node.lineno}"
        for path in RULES + FLOWS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in clocks
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time"}
    }

    assert read == set()


def test_only_stores_know_pynamodb() -> None:
    assert importing([path for path in SHIPPED if path not in STORE], "pynamodb") == set()


def test_only_the_edge_and_the_carriers_know_boto() -> None:
    others = [path for path in SHIPPED if path not in EDGE + CARRIERS]

    assert importing(others, *AWS) == {name(CONNECTION)}


def test_only_pictures_knows_pillow() -> None:
    assert importing(SHIPPED, "PIL") == {"layers/signet/python/signet/edge/pictures.py"}


def test_nothing_that_ships_imports_all_of_boto3() -> None:
    assert importing(SHIPPED, "boto3") == set()


def test_stores_and_carriers_do_not_know_each_other_or_the_flows() -> None:
    assert importing(STORE, "signet.carriers", "signet.flows") == set()
    assert importing(CARRIERS, "signet.store", "signet.flows") == set()


def test_the_edge_knows_neither_stores_nor_carriers_nor_flows() -> None:
    assert importing(EDGE, "signet.store", "signet.carriers", "signet.flows") == set()


def test_nothing_in_the_layer_knows_a_function() -> None:
    assert importing(LAYER_FILES, "functions") == set()


def test_functions_do_not_know_each_other() -> None:
    assert importing(FUNCTION_FILES, "functions") == set()


def test_only_one_module_knows_the_name_of_each_vendor() -> None:
    vendors = {
        # SNS takes alarms too, for its topics.
        "sns": {"carriers/sns.py", "edge/alarms.py"},
        "pinpoint-sms-voice-v2": {"carriers/end_user_messaging.py"},
    }
    for service, homes in vendors.items():
        named = {
            name(path)
            for path in LAYER_FILES
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call)
            and any(isinstance(arg, ast.Constant) and arg.value == service for arg in node.args)
        }
        assert named == {f"layers/signet/python/signet/{home}" for home in homes}


# --- Habits -----------------------------------------------------------------------------------


def environment_reads(path: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.Name) and node.id in {"environ", "getenv"})
    ]


def test_only_settings_reads_the_environment() -> None:
    readers = {name(path) for path in SHIPPED if environment_reads(path)}

    assert readers == {"layers/signet/python/signet/edge/settings.py"}


def test_every_setting_that_is_read_is_declared() -> None:
    from signet.edge.settings import SETTINGS

    named = {
        node.value
        for path in SHIPPED
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("SIGNET_")
    }

    assert named == set(SETTINGS)


@pytest.mark.parametrize(
    "word", ["MiniStack", "ministack", "moto", "localhost", "127.0.0.1", "signet-demo", "/local/"]
)
def test_nothing_that_ships_mentions_the_local_stack(word: str) -> None:
    assert {name(path) for path in SHIPPED if word in path.read_text(encoding="utf-8")} == set()


def test_nothing_that_ships_imports_from_tests_or_the_local_stack() -> None:
    assert importing(SHIPPED, "tests", "local", "benchmarks") == set()


def test_nothing_that_ships_prints() -> None:
    printing = {
        f"{name(path)}:{node.lineno}"
        for path in SHIPPED
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name) and node.id in {"print", "breakpoint"}
    }

    assert printing == set()


def test_every_module_says_what_it_is_for() -> None:
    assert {name(path) for path in SHIPPED if not ast.get_docstring(tree(path))} == set()


def test_a_catch_all_stands_only_at_the_door() -> None:
    catching = {
        name(path)
        for path in SHIPPED
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }

    assert catching == {"layers/signet/python/signet/edge/http.py"}


# --- Folders ----------------------------------------------------------------------------------


def test_a_function_is_one_file_and_what_browsers_get_beside() -> None:
    for folder in sorted(path for path in FUNCTIONS.iterdir() if path.name != "__pycache__"):
        held = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
        pages = {"static"} if folder.name in ("captcha", "console") else set()
        assert held == {"app.py"} | pages, folder.name


def test_a_handler_is_short() -> None:
    long = {
        name(path): lines
        for path in FUNCTION_FILES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 130
    }

    assert long == {}


def test_every_function_has_an_event() -> None:
    folders = {path.name for path in FUNCTIONS.iterdir() if path.name != "__pycache__"}
    events = {path.stem for path in (ROOT / "events").glob("*.json")}

    assert folders <= events


# --- What a cold start loads ------------------------------------------------------------------

HEAVY = (
    *("boto3", "pydantic", "PIL", "jsonschema", "schemathesis", "aws_xray_sdk", "moto"),
    *("pybars", "pymeta", "requests", "aiohttp", "cryptography", "argon2"),
    *("alibabacloud_tea_openapi", "darabonba", "Tea"),
    *("zoneinfo", "tzdata", "phonenumbers.timezone", "phonenumbers.tzdata"),
    "tencentcloud",
)
# Ours that a person need not wait for; `mappings` says which text a carrier counts segments by.
USED = {
    *("signet.carriers.mappings", "signet.flows.send_message", "signet.flows.sending"),
    *("signet.flows.verify_code", "signet.flows.verifying", "signet.flows.shielding"),
}
UNUSED = {
    *(f"signet.carriers.{path.stem}" for path in CARRIERS if path.stem != "__init__"),
    *(f"signet.flows.{path.stem}" for path in FLOWS if path.stem != "__init__"),
    *("signet.handlebars", "signet.content", "signet.content_rules", "signet.reviews"),
    *("signet.records", "signet.timelines", "signet.previews", "signet.submissions"),
    *("signet.edge.console", "signet.edge.pages", "signet.edge.alarms"),
    "signet.edge.pictures",
    *("signet.store.words", "signet.store.versions", "signet.store.records"),
    *("signet.store.ledger", "signet.store.attempts", "signet.store.users"),
    *("signet.users", "signet.user_changes", "signet.accounts", "signet.queries"),
    *("signet.passwords", "signet.sessions", "signet.edge.batch"),
    *("signet.edge.pictures", "signet.edge.sounds", "signet.store.decisions"),
    *("signet.quiet_hours", "signet.marketing", "signet.store.marketing"),
    *("signet.store.frequency", "signet.store.opt_outs"),
} - USED


@pytest.mark.parametrize(
    ("function", "used"),
    [("request", ""), ("verify", ""), ("captcha", "signet.flows.solve_captcha")],
)
def test_a_person_waits_for_nothing_heavy(function: str, used: str) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if key.startswith(("SIGNET_", "AWS_"))},
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(LAYER), str(ROOT)]),
    }
    program = f"import sys, functions.{function}.app; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()

    heavy = [module for module in loaded if is_one_of(module, (*HEAVY, *UNUSED))]
    assert heavy == ([used] if used else [])
