"""The demo app and operator, with credentials that are the same on every machine.

Both are made by Signet's own code, in a process of its own: that code takes its settings from
the environment, and ours must not be touched. What the app says is written and reviewed through
the API, as people do it.
"""

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from local import LocalStackError
from local.ministack import clean_environment

ROOT = Path(__file__).resolve().parent.parent
APP_ID = "signet-demo-app"
APP_KEY = "signet-demo-key"
MASTER_KEY = "signet-demo-master"
OPERATOR = "demo"
OPERATOR_KEY = "signet-demo-operator"
APP_NAME = "示例应用"
TEST_PHONE = "+8618200008888"
TEST_CODE = "246810"
CREDIT_MICROS = 100_000_000
# The notification of guide.zh.md.
TEMPLATE = "Order_Notice"
TEMPLATE_TEXT = (
    "尊敬的用户，您的订单号：{{order_id}} 正在派送，请保持手机畅通，"
    "我们的快递员随时可能与您联系，感谢您的订阅。"
)

COMPANY = "示例科技有限公司"
MARKETING_SIGNATURE = "Promo"
MARKETING_TEMPLATE = "Member_Sale"
MARKETING_TEXT = "{{name}}，会员日全场八折，满200元再减30元，欢迎到店选购。回复TD退订"


def run(*, aws_endpoint: str, outputs: dict[str, str]) -> None:
    """Make app and operator in the stack with these outputs. What is there stays as it is."""
    environment = clean_environment() | {
        "AWS_ENDPOINT_URL": aws_endpoint,
        "SIGNET_APPS_TABLE": outputs["AppsTable"],
        "SIGNET_BALANCES_TABLE": outputs["BalancesTable"],
        "SIGNET_LEDGER_TABLE": outputs["LedgerTable"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'signet' / 'python'}",
    }
    made = subprocess.run(
        [sys.executable, "-m", "local.seed"],
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode:
        raise LocalStackError(f"The demo app could not be made:\n{made.stdout[-2000:]}")


def make() -> None:
    """Make app and operator unless they are there; runs with the environment of `run`."""
    # Not at the top: these read the settings that only this process has.
    from signet.apps import Signature, Switches, TestPhone
    from signet.errors import NameTaken
    from signet.flows.create_app import NewApp, create_app
    from signet.store import apps, deployment

    now = datetime.now(UTC)
    # Taken also when somebody has revoked it since.
    with suppress(NameTaken):
        deployment.add_operator(OPERATOR, OPERATOR_KEY, "signet", now=now)
    if apps.get(APP_ID):
        return
    new = NewApp(
        name=APP_NAME,
        app_id=APP_ID,
        app_key=APP_KEY,
        master_key=MASTER_KEY,
        signature=Signature(name="Signet", text="示例商城", short_id="s1"),
        test_phone=TestPhone(TEST_PHONE, TEST_CODE),
        # Otherwise in new apps; but then some calls of accounts could not be tried.
        switches=Switches(
            login_by_code=True, unverified_may_reset=True, auth_data_needs_master_key=False
        ),
        created_by=OPERATOR,
    )
    create_app(new, now=now, credit_micros=CREDIT_MICROS)


def write_words(url: str) -> None:
    """Write what the demo app says, as its owner, and approve it as the operator, unless done.

    A template of a notification; and for marketing a company, a signature and a template.
    """
    owner = {"X-LC-Id": APP_ID, "X-LC-Key": f"{MASTER_KEY},master"}
    with httpx.Client(base_url=f"{url}/console/api", timeout=30, trust_env=False) as api:
        api.headers = httpx.Headers(owner)
        notice = {"name": TEMPLATE, "kind": "notification", "text": TEMPLATE_TEXT}
        _write(api, "template", notice)
        if not _answer(api.get("/app"))["company"]:
            _answer(api.patch("/app", json={"company": COMPANY}))
        signature = {
            "name": MARKETING_SIGNATURE,
            "text": "示例商城",
            "use": "marketing",
            "owner_kind": "company",
            "proof": "https://example.com/licence",
        }
        _write(api, "signature", signature)
        sale = {"name": MARKETING_TEMPLATE, "kind": "marketing", "text": MARKETING_TEXT}
        _write(api, "template", sale)


def _write(api: httpx.Client, kind: str, new: dict[str, str]) -> None:
    if _answer(api.get(f"/{kind}s/{new['name']}"))["items"]:
        return
    written = _answer(api.post(f"/{kind}s", json=new))
    place = f"/review/{APP_ID}/{kind}/{new['name']}/{written['version']}"
    operator = httpx.BasicAuth(OPERATOR, OPERATOR_KEY)
    # A marketing signature is filed with the carriers before.
    for decision in ("file", "approve") if new.get("use") == "marketing" else ("approve",):
        _answer(api.post(f"{place}/{decision}", auth=operator, json={}))


def _answer(reply: httpx.Response) -> dict[str, Any]:
    if reply.is_error:
        called = f"{reply.request.method} {reply.request.url.path}"
        raise LocalStackError(f"The demo app's words could not be made: {called}: {reply.text}")
    answer: dict[str, Any] = reply.json()
    return answer


if __name__ == "__main__":
    make()
