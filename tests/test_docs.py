"""What the documents say is what the code does: tables, links, commands and examples."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml

from functions.account import app as account_function
from functions.campaign import app as campaign_function
from functions.captcha import app as captcha_function
from functions.console import app as console_function
from functions.events import app as events_function
from functions.guard import app as guard_function
from functions.people import app as people_function
from functions.receipt import app as receipt_function
from functions.request import app as request_function
from functions.review import app as review_function
from functions.router import app as router_function
from functions.verify import app as verify_function
from local.stack import Stack
from signet import errors, messages, reviews, sessions
from signet.apps import App, first_switches
from signet.edge import api as console_api
from signet.edge import http
from signet.edge.http import Route
from signet.edge.settings import SETTINGS
from signet.errors import SignetError
from signet.flows.erase_person import EXPIRES, TABLES
from signet.users import User
from tests.schemas import TEMPLATE
from tests.tools import REPO, tool

Json = dict[str, Any]
Row = list[str]

README, CHINESE = REPO / "README.md", REPO / "README.zh-CN.md"
GUIDE = REPO / "docs" / "migrate-from-leancloud.md"
CHINESE_GUIDE = GUIDE.with_suffix(".zh-CN.md")
API, OPENAPI = REPO / "docs" / "api.md", REPO / "docs" / "openapi.yaml"
ARCHITECTURE, OPERATIONS = REPO / "docs" / "architecture.md", REPO / "docs" / "operations.md"
BASE_URL = "http://127.0.0.1:8000"


def tracked() -> list[Path]:
    """Every file that is in the repository, or would be with the next commit."""
    listing = subprocess.run(
        [tool("git"), "-C", str(REPO), "ls-files", "-co", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.splitlines() if (path := REPO / name).is_file()]


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fences(path: Path, language: str = "") -> list[str]:
    """The code blocks of one language."""
    # Blocks inside a list are indented; what they hold is not looked at closely.
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text(path), re.DOTALL | re.MULTILINE)
    return [block for named, block in blocks if named == language]


def tables(path: Path) -> Iterator[list[Row]]:
    """Every table as rows of cells, its heading first and without the rule below it."""
    for lines in re.findall(r"(?:^\|.*\|\n)+", text(path), re.MULTILINE):
        rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines.splitlines()]
        yield [row for row in rows if not set("".join(row)) <= set("|- ")]


def table(path: Path, first_cells: str) -> list[Row]:
    """The rows of the one table in which a row starts with such a cell."""
    (found,) = [
        rows
        for rows in tables(path)
        if any(re.fullmatch(first_cells, row[0]) for row in rows)
        and len({len(row) for row in rows}) == 1
    ]
    return found[1:]


# --- The READMEs against the code --------------------------------------------------------


ROUTES: list[Route] = [
    route
    for function in (
        request_function,
        verify_function,
        account_function,
        captcha_function,
        router_function,
        review_function,
        console_function,
        guard_function,
        events_function,
        campaign_function,
        people_function,
        receipt_function,
    )
    for route in function.ROUTES
]


def routes_in_the_code() -> set[str]:
    """`METHOD path` of whatever a function answers."""
    return {f"{route.method} {route.path}" for route in ROUTES}


def routes_written(path: Path) -> list[str]:
    """`METHOD path`, one or several in the first cell of a table's row."""
    cells = [row[0] for rows in tables(path) for row in rows]
    return [route for cell in cells for route in re.findall(r"`([A-Z]+ /[^`]*)`", cell)]


def is_below_console(route: str) -> bool:
    return "/console/" in route


def errors_in_the_code() -> set[tuple[int, int]]:
    """(code, HTTP status) of every refusal that can be raised, and of the unexpected."""
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SignetError)
    ]
    failure = http.failure()
    return {(kind.code, kind.status) for kind in kinds} | {
        (json.loads(failure["body"])["code"], failure["statusCode"])
    }


def test_the_api_page_has_every_route() -> None:
    written = set(routes_written(API))

    assert written == routes_in_the_code()


@pytest.mark.parametrize("path", [README, CHINESE], ids=lambda path: path.name)
def test_the_readmes_have_every_route_and_what_the_console_has(path: Path) -> None:
    prefix = console_api.PREFIX
    below = {
        segment
        for row in table(path, "`/session`")
        for segment in re.findall(r"`/([\w-]+)`", row[0])
    }

    assert set(routes_written(path)) == {
        route for route in routes_in_the_code() if not is_below_console(route)
    }
    assert below == {
        route.path.removeprefix(f"{prefix}/").split("/")[0].split(".")[0]
        for route in ROUTES
        if route.path.startswith(prefix)
    }


@pytest.mark.parametrize("path", [README, CHINESE], ids=lambda path: path.name)
def test_the_errors_are_those_of_the_code(path: Path) -> None:
    rows = table(path, "603")

    assert {(int(row[0]), int(row[1])) for row in rows} == errors_in_the_code()
    assert all(row[2] for row in rows)


def test_the_settings_are_those_of_the_code() -> None:
    written = {row[0].strip("`"): (row[1].strip("`"), row[2]) for row in table(README, "`SIGNET.*")}
    read = {
        name: ("required" if default is None else default, meaning)
        for name, (default, meaning) in SETTINGS.items()
    }

    assert written == read


def test_the_chinese_readme_has_the_same_settings() -> None:
    rows = table(CHINESE, "`SIGNET.*")

    assert [[row[0], row[1].replace("必填", "required")] for row in rows] == [
        row[:2] for row in table(README, "`SIGNET.*")
    ]
    assert all(row[2] for row in rows)


def test_the_chinese_readme_has_the_same_commands_and_map() -> None:
    def commands(path: Path) -> list[str]:
        blocks = [block for language in ("console", "js") for block in fences(path, language)]
        return [re.sub(r" +# .*", "", block) for block in blocks]

    assert commands(CHINESE) == commands(README)
    assert list(mapped(CHINESE)) == list(mapped(README))


def test_the_chinese_guide_has_the_same_headings_tables_and_commands() -> None:
    assert outline(CHINESE_GUIDE) == outline(GUIDE)
    assert shapes(CHINESE_GUIDE) == shapes(GUIDE)
    for language in ("console", "python"):
        assert fences(CHINESE_GUIDE, language) == fences(GUIDE, language)


def outline(path: Path) -> list[tuple[str, str]]:
    """Depth and number of each heading."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text(path), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^(#+) (\d*)", prose, re.MULTILINE)


def shapes(path: Path) -> list[list[list[str]]]:
    """What the tables name in code, row by row: it is the same in every language."""
    return [
        [sorted(set(re.findall(r"`[^`]+`", "|".join(row)))) for row in rows]
        for rows in tables(path)
    ]


def mapped(path: Path) -> Iterator[str]:
    """What the map of the repository names, in its order."""
    (drawn,) = [block for block in fences(path) if "template.yaml" in block]
    for line in drawn.splitlines():
        yield line.split()[0]


def test_what_the_map_names_exists() -> None:
    assert [name for name in mapped(README) if not (REPO / name).exists()] == []


# --- OpenAPI ------------------------------------------------------------------------------


def openapi() -> Json:
    document: Json = yaml.safe_load(text(OPENAPI))
    return document


def resolve(document: Json, node: Json) -> Json:
    """The node, or what it refers to. Raises KeyError for a reference to nothing."""
    while "$ref" in node and node["$ref"].startswith("#/components/responses/"):
        node = document["components"]["responses"][node["$ref"].rpartition("/")[2]]
    return node


def test_openapi_has_the_routes_of_the_functions() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, item in openapi()["paths"].items()
        for method in item
        if method in {"get", "put", "post", "delete", "patch"}
    }

    assert openapi()["openapi"].startswith("3.1.")
    assert described == routes_in_the_code()


def test_the_switches_are_those_of_the_code() -> None:
    schemas = openapi()["components"]["schemas"]
    words = {"on": True, "on, off for imported apps": True, "off": False}
    written = {row[0].strip("`"): words[row[1]] for row in table(API, "`force_captcha`")}

    assert written == asdict(first_switches(imported=False))
    assert schemas["Switches"]["required"] == list(written)
    assert schemas["Switches"]["properties"] == schemas["SwitchChanges"]["properties"]
    assert list(schemas["Switches"]["properties"]) == list(written)


def test_openapi_refers_to_nothing_that_is_missing() -> None:
    document = openapi()
    for reference in re.findall(r'\$ref: "#/([\w/]+)"', text(OPENAPI)):
        node: Any = document
        for part in reference.split("/"):
            node = node[part]


def test_openapi_has_the_errors_of_the_code_and_of_the_gateway() -> None:
    document = openapi()
    described = {
        (code, int(status))
        for item in document["paths"].values()
        for operation in item.values()
        for status, response in operation["responses"].items()
        if status >= "400"
        for code in resolve(document, response)["content"]["application/json"]["schema"][
            "properties"
        ]["code"]["enum"]
    }
    gateway = {(429, 429), (1, 504), (124, 504)}

    assert described == errors_in_the_code() | gateway


# --- Architecture, links, commands --------------------------------------------------------


def drawn_states(module: ModuleType, columns: int) -> list[Row]:
    """The table of states in a module's docstring, without its heading."""
    lines = [
        line for line in (module.__doc__ or "").splitlines() if "|" in line and "-+-" not in line
    ]
    rows = [re.split(r" *\| *| +→ +", line.strip()) for line in lines]
    return [row[:columns] for row in rows if row[0] != "state"]


@pytest.mark.parametrize(
    ("module", "first", "columns"), [(messages, "queued", 3), (reviews, "draft", 4)]
)
def test_the_tables_of_states_are_those_of_the_code(
    module: ModuleType, first: str, columns: int
) -> None:
    in_code = drawn_states(module, columns)
    written = [
        [cell.removeprefix("→ ").strip("`") for cell in row] for row in table(ARCHITECTURE, first)
    ]

    assert len(in_code) > 5
    assert written == in_code


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings get when it is shown."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text(path), flags=re.DOTALL), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_files_leads_somewhere() -> None:
    broken = []
    for page in pages():
        prose = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and anchor not in anchors(path)):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_every_make_target_that_is_named_exists() -> None:
    rules = set(re.findall(r"^([a-z-]+):", text(REPO / "Makefile"), re.MULTILINE))
    named: dict[str, str] = {}
    for page in pages():
        code = [
            *re.findall(r"`([^`\n]+)`", text(page)),
            *"".join(fences(page, "console")).split("\n"),
        ]
        for line in code:
            match = re.match(r"\s*(?:\w+=\S+ )*make ([a-z-]+)", line)
            if match:
                named[match[1]] = page.name
    assert len(named) > 5
    assert {name: page for name, page in named.items() if name not in rules} == {}


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((REPO / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    machine = re.compile(r"(?<![\w/.-])/(root|home|work|tmp)/")
    registry = re.compile(r"pypi\.|pythonhosted|npmjs\.|npmmirror|\bregistry\.|index-url")
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            content = text(path)
        except UnicodeDecodeError:
            continue  # a picture
        found += [
            f"{path.relative_to(REPO)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(content.splitlines(), 1)
            if machine.search(line) or registry.search(line)
        ]
    assert found == []


# --- Examples that are run ----------------------------------------------------------------

CALLS = [
    (path, command, answer)
    for path in (README, API)
    for command, answer in re.findall(
        r"```console\n(.*?)```\n(?:\n```json\n(.*?)```)?", text(path), re.DOTALL
    )
    if BASE_URL in command and "make run" not in command
]


def test_every_route_is_called_once_at_least() -> None:
    commands = "\n".join(command for path, command, _ in CALLS if path == API)
    joined = re.sub(r"\\\n\s*", "", commands)
    called = [called_by(line) for line in joined.split("curl ")[1:]]

    missing = [
        f"{route.method} {route.path}"
        for route in ROUTES
        if not any(
            route.match(call(method, path)) is not None and is_nearest(route, method, path)
            for method, path in called
        )
    ]
    assert missing == []


def called_by(line: str) -> tuple[str, str]:
    """Method and path of what follows `curl`."""
    address = re.search(rf"{BASE_URL}(/[^\s'\"?]*)", line)
    named = re.search(r"-X (\w+)", line)
    method = named[1] if named else "POST" if " -d " in line else "GET"
    return method, address[1] if address else ""


def call(method: str, path: str) -> http.Call:
    return http.Call(method=method, path=path, headers={}, query={}, raw_body="")


def is_nearest(route: Route, method: str, path: str) -> bool:
    """Whether it is this route that answers, and not one that is looked at before."""
    found = [one for one in ROUTES if one.match(call(method, path)) is not None]
    return min(found, key=lambda one: one.path.count("{")) is route


@pytest.mark.parametrize(("path", "command", "answer"), CALLS)
def test_a_printed_call_gets_the_printed_answer(
    stack: Stack, path: Path, command: str, answer: str
) -> None:
    tool("curl")
    done = subprocess.run(
        [tool("bash"), "-c", command.replace(BASE_URL, stack.url)],
        capture_output=True,
        text=True,
        check=True,
    )

    if answer:
        # curl puts no line end between two replies.
        printed = done.stdout.replace("}{", "}\n{").strip()
        assert re.fullmatch(expression(answer), printed, re.DOTALL), printed
    else:
        assert '"code":1,' in done.stdout or '"error"' not in done.stdout


def expression(answer: str) -> str:
    """What an answer matches in which `…` stands for anything."""
    return ".*?".join(map(re.escape, answer.strip().split("…")))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell variables that operations.md exports."""
    for name in ("APPS", "PHONES", "MESSAGES", "BALANCES", "LEDGER", "USERS", "EVENTS"):
        monkeypatch.setenv(name, name.lower())


def run_script(part: str, *arguments: str) -> None:
    """Run the one Python script in operations.md that has such a line."""
    scripts = [
        script
        for block in fences(OPERATIONS, "console")
        for script in re.findall(r"<<'EOF'\n(.*?)^EOF$", block, re.DOTALL | re.MULTILINE)
    ]
    (script,) = [script for script in scripts if part in script]
    old, sys.argv = sys.argv, ["-", *arguments]
    try:
        exec(compile(script, str(OPERATIONS), "exec"), {})  # noqa: S102
    finally:
        sys.argv = old


@pytest.mark.usefixtures("names")
def test_a_rotated_key_leaves_the_old_one_for_as_long_as_asked(demo_app: App) -> None:
    from signet.store import apps

    run_script("previous_until", demo_app.app_id, "master_key", "7")

    apps._cache.clear()
    changed = apps.get(demo_app.app_id)
    assert changed
    now = datetime.now(UTC)
    assert "signet-demo-master" in list(changed.master_key.valid(now + timedelta(days=6)))
    assert list(changed.master_key.valid(now + timedelta(days=8))) == [changed.master_key.current]
    assert changed.app_key == demo_app.app_key


def update_commands(needle: str) -> list[str]:
    """The `aws` commands of the blocks of operations.md that have such a word, for the demo app."""
    blocks = [block for block in fences(OPERATIONS, "console") if needle in block]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [
        re.sub(r'"\$(\w+)"', lambda name: name[1].lower(), line).replace(
            "APP_ID", "signet-demo-app"
        )
        for line in lines
    ]


@pytest.mark.usefixtures("names")
def test_apps_changed_by_hand_are_read_as_meant(demo_app: App) -> None:
    from signet.store import apps

    for command in [*update_commands("SET android_key"), *update_commands("SET message_shards")]:
        run_aws(command)

    apps._cache.clear()
    changed = apps.get(demo_app.app_id)
    assert changed
    assert changed.android_key
    assert changed.android_key.current == "ANDROID_KEY"
    assert changed.message_shards == 32


@pytest.mark.usefixtures("names")
def test_books_that_differ_are_explained_and_put_right(
    demo_app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    from signet.store import ledger
    from signet.store.balances import Account

    account = Account(demo_app.app_id)
    credit = ledger.Credit(amount=1_000_000, at=1_795_305_600, by="operator:demo", note="转账")
    ledger.credit(account, credit, credit_id="1")
    day = {"app_id": {"S": demo_app.app_id}, "entry": {"S": "day#20261122"}}
    boto3.client("dynamodb").put_item(TableName="ledger", Item=day | {"charged": {"N": "0"}})
    run_script("explained = ", demo_app.app_id)
    assert "held 101000000, difference 0" in capsys.readouterr().out

    (balance,) = [line for line in update_commands("ADD balance") if line]
    run_aws(balance)
    run_script("explained = ", demo_app.app_id)
    assert "credits 101000000, by days 101000000" in (said := capsys.readouterr().out)
    assert "held 100950000, difference -50000" in said
    with pytest.raises(ledger.LedgerMismatch):
        ledger.check(account)

    (books,) = [line for line in update_commands("ADD credited") if line]
    run_aws(books.replace('"50000"', '"-50000"'))
    ledger.check(account)


def run_aws(command: str) -> None:
    """Run an `aws dynamodb …` command without the AWS CLI."""
    words = shlex.split(command)
    if not words:
        return
    _, service, operation, *options = words
    given = {
        "".join(part.capitalize() for part in name.removeprefix("--").split("-")): value
        for name, value in zip(options[::2], options[1::2], strict=True)
    }
    arguments = {
        name: json.loads(value) if value.startswith("{") else value for name, value in given.items()
    }
    make_client: Any = boto3.client
    getattr(make_client(service), operation.replace("-", "_"))(**arguments)


@pytest.mark.usefixtures("names")
def test_dead_letters_go_back_to_their_queue(tables: SimpleNamespace) -> None:
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    body = '{"v": 1, "app_id": "signet-demo-app", "message_id": "20261122-1-a"}'
    sqs.send_message(QueueUrl=dead, MessageBody=body)

    run_script("dead_letters, queue = ", dead, tables.codes_queue)

    assert "Messages" not in sqs.receive_message(QueueUrl=dead)
    assert sqs.receive_message(QueueUrl=tables.codes_queue)["Messages"][0]["Body"] == body


@pytest.mark.usefixtures("names", "demo_app")
def test_a_restored_table_gives_back_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from signet.store import apps

    dynamodb = boto3.client("dynamodb")
    properties = TEMPLATE["Resources"]["Apps"]["Properties"]
    schema = {name: properties[name] for name in ("KeySchema", "AttributeDefinitions")}
    schema["AttributeDefinitions"] = schema["AttributeDefinitions"][:2]
    dynamodb.create_table(TableName="restored", BillingMode="PAY_PER_REQUEST", **schema)
    for item in dynamodb.scan(TableName="apps")["Items"]:
        dynamodb.put_item(TableName="restored", Item=item)
        key = {name: item[name] for name in ("app_id", "item")}
        dynamodb.delete_item(TableName="apps", Key=key)
    monkeypatch.setenv("RESTORED", "restored")
    monkeypatch.setenv("TABLE", "apps")

    run_script('os.environ["RESTORED"]')

    apps._cache.clear()
    assert apps.get("signet-demo-app")


def test_operators_are_told_of_everything_that_outlives_an_erasure() -> None:
    rows = table(REPO / "docs" / "operations.md", "OptOuts")
    days = {number for row in rows for number in re.findall(r"\b(\d+) days", row[3])}

    assert {"4", "14", "30", "35"} <= days
    assert {EXPIRES[name] for name in ("dead_letters", "logs", "backups")} == {14, 30, 35}
    assert {row[0] for row in rows} >= set(TABLES)


@pytest.mark.usefixtures("names", "demo_app")
@pytest.mark.parametrize("by", ["username", "phone"])
def test_a_lock_is_lifted_by_name_or_number(by: str) -> None:
    from signet.store import attempts, users
    from tests.store import build

    user = new_user("a" * 24, build.PHONE)
    users.create(user)
    now = datetime.now(UTC)
    locked = [user.object_id, f"username#{user.username}", f"phone#{user.phone}"]
    for who in locked:
        for _ in range(7):
            attempts.begin_login(build.APP_ID, who, now=now)

    run_script("attempts.unlock_user", build.APP_ID, by, build.PHONE)

    for who in locked:
        attempts.begin_login(build.APP_ID, who, now=now)


def new_user(object_id: str, phone: str) -> User:
    """A user with every kind of claim, who goes by the number."""
    return User(
        app_id="signet-demo-app",
        object_id=object_id,
        created_at=1_795_305_600_000,
        updated_at=1_795_305_600_000,
        username=phone,
        email=f"{object_id}@example.com",
        phone=phone,
        written_phone=phone,
        auth={"weixin": {"openid": object_id}},
        sessions=(sessions.digest(object_id),),
    )
