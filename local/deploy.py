"""Deploy our own template.yaml, unmodified but for where the code lies, into the emulated AWS."""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local import LocalStackError, carriers, clock
from local.aws import Aws
from local.ministack import finish_preflights, supported
from local.package import package, upload

STACK_NAME = "signet-local"
PARAMETERS = {
    "Architecture": "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64",
    "Carrier": "webhook",
    # So that routes may name sns, which MiniStack plays.
    "OtherCarriers": "aws",
    # MiniStack has no AWS End User Messaging in which one could be made.
    "ConfigurationSet": "local",
    "LocalClockTable": clock.TABLE,
    "PointInTimeRecovery": "off",
    # Apps may have their events posted to this very machine.
    "PrivateWebhooks": "on",
}


@dataclass(frozen=True)
class Deployment:
    """What was deployed: the stack's outputs, and the physical id of each resource by its name."""

    outputs: dict[str, str]
    resources: dict[str, str]


def deploy(template_file: Path, *, cache: Path, aws: Aws, url: str) -> Deployment:
    """Create the stack, or update the one that is there.

    `url`: where the API, and pictures of captchas, will be seen from outside.

    Raises LocalStackError with CloudFormation's reasons when it fails.
    """
    clock.create_table(aws)
    parameters = PARAMETERS | {"PicturesBaseUrl": url, "PublicBaseUrl": url}
    template = supported(package(template_file, parameters=parameters, cache=cache, aws=aws))
    cloudformation = aws.client("cloudformation")
    _apply(
        cloudformation, template, parameters, url=upload("template.json", json.dumps(template), aws)
    )
    stack = _wait(cloudformation)
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    deployment = Deployment(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]},
        resources={
            resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources
        },
    )
    _enter_credentials(aws, deployment, url=url)
    finish_preflights(aws.client("apigateway"), deployment.resources["Api"], template)
    return deployment


def _enter_credentials(aws: Aws, deployment: Deployment, *, url: str) -> None:
    """What an operator puts into the secret of carriers; the port may be another than before."""
    aws.client("secretsmanager").put_secret_value(
        SecretId=deployment.outputs["CarrierSecretArn"],
        SecretString=json.dumps(carriers.credentials(url)),
    )


def _apply(
    cloudformation: Any, template: dict[str, Any], parameters: Mapping[str, str], *, url: str
) -> None:
    arguments = {
        "StackName": STACK_NAME,
        "TemplateURL": url,  # as a body it would be too long, as it is on AWS
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
            if name in template["Parameters"]
        ],
    }
    try:
        cloudformation.create_stack(**arguments)
    except cloudformation.exceptions.AlreadyExistsException:
        _update(cloudformation, arguments)


def _update(cloudformation: Any, arguments: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**arguments)
    except ClientError as refused:
        if "No updates are to be performed" not in str(refused):
            raise


def _wait(cloudformation: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        if stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return stack
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    reasons = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event.get("ResourceStatusReason")
    ]
    raise LocalStackError("The stack was not deployed:\n" + "\n".join(reasons))
