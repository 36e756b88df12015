"""The demo app, with credentials that are the same on every machine.

It is made by Signet's own code, in a process of its own: that code takes its settings from the
environment, and ours must not be touched.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3

from local import LocalStackError
from local.ministack import clean_environment

ROOT = Path(__file__).resolve().parent.parent
APP_ID = "signet-demo-app"
APP_KEY = "signet-demo-key"
MASTER_KEY = "signet-demo-master"
OPERATOR_KEY = "signet-demo-operator"
APP_NAME = "示例应用"
TEST_PHONE = "+8618200008888"
TEST_CODE = "246810"


def run(*, aws_endpoint: str, outputs: dict[str, str]) -> None:
    """Make the demo app in the stack with these outputs. Nothing changes when it is there."""
    environment = clean_environment() | {
        "AWS_ENDPOINT_URL": aws_endpoint,
        "SIGNET_APPS_TABLE": outputs["AppsTable"],
        "SIGNET_SECRET_ARN": outputs["SecretArn"],
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
    """Make the demo app unless it is there; runs with the environment of `run`."""
    # Not at the top: these read the settings that only this process has.
    from signet.apps import App, Key, Signature, TestPhone
    from signet.store import apps

    if apps.get(APP_ID):
        return
    signature = Signature(name="Signet", text="示例商城", short_id="s1")
    apps.create(
        App(
            app_id=APP_ID,
            name=APP_NAME,
            app_key=Key(APP_KEY),
            master_key=Key(MASTER_KEY),
            default_signature=signature,
            test_phone=TestPhone(TEST_PHONE, TEST_CODE),
        )
    )
    _add_operator()


def _add_operator() -> None:
    secrets = boto3.client("secretsmanager")
    arn = os.environ["SIGNET_SECRET_ARN"]
    secret = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    secret["operators"] = {"demo": OPERATOR_KEY}
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(secret))


if __name__ == "__main__":
    make()
