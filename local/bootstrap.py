"""`make bootstrap STACK=…`: the first operator and the first app of a deployed stack.

Works with whatever AWS credentials and region the environment has (AWS_ENDPOINT_URL included).
The operator's key goes into the stack's one secret, the app into its Apps table, both through
Signet's own code where it has any. Keys are printed once and kept nowhere else.
"""

import argparse
import json
import os
import secrets
import string
import sys
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import LocalStackError
from local.ministack import ROOT

ALPHABET = string.ascii_letters + string.digits
# An SDK asks LeanCloud's router for the server of an app id with this end (wire.md 1.1).
ROUTED_SUFFIX = "-MdYXbMMI"
SHORTEST_APP_ID = 9


@dataclass(frozen=True)
class NewApp:
    """What the first app is to be; keys of an app that comes from LeanCloud can be kept."""

    app_id: str
    name: str
    app_key: str
    master_key: str
    signature: str | None


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
    vault = boto3.client("secretsmanager")
    secret = json.loads(vault.get_secret_value(SecretId=outputs["SecretArn"])["SecretString"])
    operators = secret.get("operators", {})
    if operators and not (arguments.force or arguments.app):
        print(
            f"There is an operator already ({', '.join(sorted(operators))}): nothing was changed."
        )
        print("Another app: ARGS='--app NAME'. Another operator: ARGS='--force --operator ID'.")
        return 1
    if arguments.force and arguments.operator in operators:
        raise LocalStackError(f"Operator {arguments.operator} exists: choose another --operator.")
    if arguments.app or not operators:
        create_app(_new_app(arguments), apps_table=outputs["AppsTable"])
    if not operators or arguments.force:
        key = _key(40)
        secret["operators"] = operators | {arguments.operator: key}
        vault.put_secret_value(SecretId=outputs["SecretArn"], SecretString=json.dumps(secret))
        print(f"\nOperator\n  id           {arguments.operator}\n  key          {key}")
    print("\nThese keys are shown this once: put them where you keep secrets.")
    print(f"Server URL: {outputs['BaseUrl']}\n{outputs['JavaAndAndroid']}")
    return 0


def create_app(new: NewApp, *, apps_table: str) -> None:
    """Record the app and print its keys. Raises LocalStackError when its id is taken."""
    # Signet reads its settings when it is imported; this process has no others.
    os.environ["SIGNET_APPS_TABLE"] = apps_table
    sys.path.insert(0, str(ROOT / "layers" / "signet" / "python"))
    from signet.apps import App, Key, Signature
    from signet.store import apps

    text = new.signature
    signature = Signature(name="default", text=text, short_id="s1") if text else None
    app = App(
        app_id=new.app_id,
        name=new.name,
        app_key=Key(new.app_key),
        master_key=Key(new.master_key),
        default_signature=signature,
    )
    try:
        apps.create(app)
    except apps.AppExists:
        raise LocalStackError(f"App {new.app_id} exists already: nothing was changed.") from None
    print(f"\nApp {new.name}\n  id           {new.app_id}\n  app key      {new.app_key}")
    print(f"  master key   {new.master_key}")
    print(f"  signature    {f'【{text}】' if text else 'none yet: --signature TEXT makes one'}")


def stack_outputs(stack: str) -> dict[str, str]:
    """The outputs of a deployed stack."""
    client: Any = boto3.client("cloudformation")
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _new_app(arguments: argparse.Namespace) -> NewApp:
    app_id = arguments.app_id or _key(24)
    if len(app_id) < SHORTEST_APP_ID or app_id.endswith(ROUTED_SUFFIX):
        raise LocalStackError(
            f"An app id has at least {SHORTEST_APP_ID} characters and does not end in "
            f"{ROUTED_SUFFIX}: the SDKs would not use your server."
        )
    return NewApp(
        app_id=app_id,
        name=arguments.app or "My app",
        app_key=os.environ.get("APP_KEY") or _key(24),
        master_key=os.environ.get("MASTER_KEY") or _key(32),
        signature=arguments.signature,
    )


def _key(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


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
