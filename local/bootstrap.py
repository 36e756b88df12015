"""`make bootstrap STACK=…`: the first operator and the first app of a deployed stack.

Works with whatever AWS credentials and region the environment has (AWS_ENDPOINT_URL included),
and makes both by Signet's own code. Keys are printed once and kept nowhere else.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import LocalStackError
from local.ministack import ROOT

OPERATOR_KEY_LENGTH = 40
# Where Signet looks for the names of the tables it writes to, and which outputs have them.
TABLES = {
    "SIGNET_APPS_TABLE": "AppsTable",
    "SIGNET_BALANCES_TABLE": "BalancesTable",
    "SIGNET_LEDGER_TABLE": "LedgerTable",
}


def main() -> int:
    """Make what is missing and print the keys; 1 when there is nothing to make, or no way."""
    arguments = _arguments()
    try:
        outputs = stack_outputs(arguments.stack)
        return bootstrap(arguments, outputs)
    except (LocalStackError, BotoCoreError, ClientError) as problem:
        print(problem, file=sys.stderr)
        return 1


def bootstrap(arguments: argparse.Namespace, outputs: dict[str, str]) -> int:
    """Make the operator and the app in the stack with these outputs."""
    import_signet(outputs, TABLES)
    operators = active_operators()
    if operators and not (arguments.force or arguments.app):
        print(f"There is an operator already ({', '.join(operators)}): nothing was changed.")
        print("Another app: ARGS='--app NAME'. Another operator: ARGS='--force --operator ID'.")
        return 1
    if arguments.app or not operators:
        make_app(arguments)
    if not operators or arguments.force:
        make_operator(arguments.operator)
    print("\nThese keys are shown this once: put them where you keep secrets.")
    base_url = outputs["BaseUrl"]
    print(f"Server URL: {base_url}\nConsole:    {base_url}/console\n{outputs['JavaAndAndroid']}")
    return 0


def active_operators() -> list[str]:
    """The ids of the operators whose keys are valid, the first hundred of them."""
    from signet.store import deployment

    found, _ = deployment.list_operators(limit=100)
    return [operator.id for operator in found if operator.revoked_at is None]


def make_operator(operator_id: str) -> None:
    """Record an operator and print the key. Raises LocalStackError when the id is taken."""
    from signet.edge.console import OPERATOR_ID
    from signet.errors import NameTaken
    from signet.flows.create_app import random_key
    from signet.store import deployment

    if not OPERATOR_ID.fullmatch(operator_id):
        raise LocalStackError("An operator's id has letters, digits and _ . @ - only.")
    key = random_key(OPERATOR_KEY_LENGTH)
    try:
        deployment.add_operator(operator_id, key, "bootstrap", now=datetime.now(UTC))
    except NameTaken:
        raise LocalStackError(
            f"There is or was an operator {operator_id}: choose another --operator."
        ) from None
    print(f"\nOperator\n  id           {operator_id}\n  key          {key}")


def make_app(arguments: argparse.Namespace) -> None:
    """Record the app and print its keys. Raises LocalStackError when its id will not do."""
    from signet.apps import Signature, first_cap, first_switches
    from signet.errors import BadParameter, NameTaken
    from signet.flows.create_app import NewApp, create_app

    text = arguments.signature
    kept = {
        "app_id": arguments.app_id,
        "app_key": os.environ.get("APP_KEY"),
        "master_key": os.environ.get("MASTER_KEY"),
    }
    imported = bool(kept["app_key"] or kept["master_key"])
    new = NewApp(
        name=arguments.app or "My app",
        signature=Signature(name="default", text=text, short_id="s1") if text else None,
        switches=first_switches(imported=imported),
        marketing_cap=first_cap(imported=imported),
        **{name: value for name, value in kept.items() if value},
    )
    try:
        create_app(new, now=datetime.now(UTC))
    except (BadParameter, NameTaken) as refused:
        raise LocalStackError(f"{refused.sentence('en')} No app was made.") from None
    print(f"\nApp {new.name}\n  id           {new.app_id}\n  app key      {new.app_key}")
    print(f"  master key   {new.master_key}")
    print(f"  signature    {f'【{text}】' if text else 'none yet: --signature TEXT makes one'}")
    if imported:
        print(
            "\nWARNING: this app kept a key that clients have, so notifications may be sent with\n"
            "its app key, as at LeanCloud: whoever has the app can spend the balance. Close that\n"
            "in the console (bulk_needs_master_key) once your servers use the master key. And\n"
            "whoever registered with somebody else's number keeps the password when its owner\n"
            "comes, until you turn on first_proof_resets_access; and whoever knows somebody's\n"
            "openid logs in as them, until you turn on auth_data_needs_master_key."
        )


def stack_outputs(stack: str) -> dict[str, str]:
    """The outputs of a deployed stack."""
    client: Any = boto3.client("cloudformation")
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def import_signet(outputs: Mapping[str, str], settings: Mapping[str, str]) -> None:
    """Let Signet's own code be imported: it reads its settings when that happens.

    `settings` says which output each of them is.
    """
    os.environ.update({name: outputs[output] for name, output in settings.items()})
    sys.path.insert(0, str(ROOT / "layers" / "signet" / "python"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bootstrap",
        description="Options go into ARGS. APP_KEY and MASTER_KEY in the environment are kept.",
    )
    parser.add_argument("stack", help="name of the CloudFormation stack")
    parser.add_argument("--operator", default="first", help="id of the operator")
    parser.add_argument("--app", help="name of the app, shown in messages")
    parser.add_argument("--app-id", help="id of the app, to keep the one it had at LeanCloud")
    parser.add_argument("--signature", help="the sender name that stands in 【】")
    parser.add_argument("--force", action="store_true", help="make another operator")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
