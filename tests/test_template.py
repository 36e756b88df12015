"""What template.yaml promises and no emulator shows (design.md 8, review.md 1.2, 1.6, 3.1)."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.package import load_template, only_what_is_wanted
from signet.carrier_steps import CARRIERS
from signet.edge.settings import SETTINGS
from tests.tools import REPO, tool

Json = dict[str, Any]

TEMPLATE = REPO / "template.yaml"
SIGNET = REPO / "layers" / "signet" / "python"

FUNCTION = "AWS::Serverless::Function"
QUEUE_FUNCTIONS = ["SenderCodesFunction", "SenderBulkFunction"]
LARGE_FUNCTIONS = ["AccountFunction", "PicturesFunction", "ImporterFunction"]
APIS = ["Api", "PicturesApi"]
TIMEOUTS = {
    **dict.fromkeys(QUEUE_FUNCTIONS, 20),
    "SweeperFunction": 30,
    "PeopleFunction": 28,
    "NotifyFunction": 60,
    "ImporterFunction": 900,
    "PlannerFunction": 900,
}
MEMORY = {**dict.fromkeys(LARGE_FUNCTIONS, 1024), "PlannerFunction": 1769}

CARRIER_LAYERS = {"SendsBySdkOnArm": "CarriersArmLayer", "SendsBySdkOnX86": "CarriersX86Layer"}

PASSWORD_LAYERS = [
    {"Fn::If": [condition, {"Ref": layer}, {"Ref": "AWS::NoValue"}]}
    for condition, layer in (("RunsOnArm", "PasswordsArmLayer"), ("RunsOnX86", "PasswordsX86Layer"))
]

IMAGING_LAYERS = [
    {"Ref": "SoundsLayer"},
    *(
        {"Fn::If": [condition, {"Ref": layer}, {"Ref": "AWS::NoValue"}]}
        for condition, layer in (("RunsOnArm", "ImagingArmLayer"), ("RunsOnX86", "ImagingX86Layer"))
    ),
]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
# without REQUEST_TOO_LARGE, which AWS does not let anybody change (review.md 1.2).
GATEWAY_REPLIES = {
    "ACCESS_DENIED": (401, 401),
    "API_CONFIGURATION_ERROR": (500, 1),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, 1),
    "AUTHORIZER_FAILURE": (500, 1),
    "BAD_REQUEST_BODY": (400, 107),
    "BAD_REQUEST_PARAMETERS": (400, 1),
    "DEFAULT_4XX": (None, 1),
    "DEFAULT_5XX": (None, 1),
    "EXPIRED_TOKEN": (401, 401),
    "INTEGRATION_FAILURE": (504, 1),
    "INTEGRATION_TIMEOUT": (504, 124),
    "INVALID_API_KEY": (401, 401),
    "INVALID_SIGNATURE": (401, 401),
    "MISSING_AUTHENTICATION_TOKEN": (404, 1),
    "QUOTA_EXCEEDED": (429, 429),
    "RESOURCE_NOT_FOUND": (404, 1),
    "THROTTLED": (429, 429),
    "UNAUTHORIZED": (401, 401),
    "UNSUPPORTED_MEDIA_TYPE": (415, 107),
    "WAF_FILTERED": (403, 403),
}

# wire.md 9, 10
ACCOUNT_PATHS = [
    *("users", "users/{proxy+}", "classes/_User", "classes/_User/{proxy+}", "usersByMobilePhone"),
    *("login", "logout", "requestMobilePhoneVerify", "verifyMobilePhone/{code}"),
    *("verfyMobilePhone/{code}", "requestLoginSmsCode", "requestPasswordResetBySmsCode"),
    *("resetPasswordBySmsCode/{code}", "requestChangePhoneNumber", "changePhoneNumber"),
    *("requestEmailVerify", "requestPasswordReset", "batch", "batch/save"),
]

# wire.md 3
CORS_HEADERS = [
    *("Content-Type", "X-AVOSCloud-Application-Id", "X-AVOSCloud-Application-Key"),
    *("X-AVOSCloud-Application-Production", "X-AVOSCloud-Client-Version"),
    *("X-AVOSCloud-Request-Sign", "X-AVOSCloud-Session-Token", "X-AVOSCloud-Super-Key"),
    *("X-LC-Hook-Key", "X-LC-Id", "X-LC-Key", "X-LC-Prod", "X-LC-Session", "X-LC-Sign"),
    *("X-LC-UA", "X-Requested-With", "X-Uluru-Application-Id", "X-Uluru-Application-Key"),
    *("X-Uluru-Application-Production", "X-Uluru-Client-Version", "X-Uluru-Session-Token"),
]

# Function -> every (action, resource) it may use; a condition of the template in front, and
# behind it the attributes that a read is restricted to.
TEXTS_ONLY = "app_id item routes text vendor_signatures vendor_template vendor_variables"
CAMPAIGNS = {"SIGNET_CAMPAIGNS_TABLE", "SIGNET_AUDIENCES_BUCKET", "SIGNET_BULK_QUEUE_URL"}
MARKETING = {"SIGNET_OPT_OUTS_TABLE", "SIGNET_QUIET_HOURS"}
SCHEDULES = (
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${ScheduleGroup}/*"
)
TEXTS_AND_MARKETING = " ".join(sorted([*TEXTS_ONLY.split(), "company", "marketing", "switches"]))
PLANNED = " ".join(
    sorted(
        [
            *TEXTS_AND_MARKETING.split(),
            *("guard", "kind", "name", "prices", "short_id", "state", "use", "version"),
        ]
    )
)
_KMS = ("HasKmsKey: kms:Decrypt", "KmsKeyArn")


def _sender(queue: str, readable: str = TEXTS_ONLY) -> set[tuple[str, str]]:
    return {
        (f"dynamodb:GetItem of {readable}", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:GetItem", "Messages.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("secretsmanager:GetSecretValue", "Secret"),
        ("SendsOutsideAws: secretsmanager:GetSecretValue", "CarrierSecret"),
        ("sqs:ReceiveMessage", f"{queue}.Arn"),
        ("sqs:DeleteMessage", f"{queue}.Arn"),
        ("sqs:GetQueueAttributes", f"{queue}.Arn"),
        ("sqs:ChangeMessageVisibility", f"{queue}.Arn"),
        ("sqs:SendMessage", f"{queue}.Arn"),
        ("dynamodb:Query", "Carriers.Arn"),
        ("dynamodb:UpdateItem", "Carriers.Arn"),
        ("dynamodb:PutItem", "Carriers.Arn"),
        ("SendsBySns: sns:Publish", "not arn:${AWS::Partition}:sns:*:*:*"),
        ("SendsByEndUserMessaging: sms-voice:SendTextMessage", "*"),
        ("SendsByEndUserMessaging: sms-voice:SendVoiceMessage", "*"),
        _KMS,
    }


PERMISSIONS = {
    "RequestFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:PutItem", "Phones.Arn"),
        ("dynamodb:PutItem", "Challenges.Arn"),
        ("dynamodb:PutItem", "Messages.Arn"),
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("sqs:SendMessage", "CodesQueue.Arn"),
        ("sqs:SendMessage", "BulkQueue.Arn"),
        ("dynamodb:BatchGetItem", "Shield.Arn"),
        ("dynamodb:UpdateItem", "Shield.Arn"),
        ("dynamodb:PutItem", "Shield.Arn"),
        _KMS,
    },
    "CaptchaFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:UpdateItem of app_id captcha_keys item in #deployment", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Challenges.Arn"),
        ("dynamodb:BatchGetItem", "Shield.Arn"),
        _KMS,
    },
    "PicturesFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:UpdateItem of app_id captcha_keys item in #deployment", "Apps.Arn"),
        _KMS,
    },
    "VerifyFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        ("secretsmanager:GetSecretValue", "Secret"),
        ("dynamodb:UpdateItem", "Shield.Arn"),
        _KMS,
    },
    "AccountFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:GetItem", "Users.Arn"),
        ("dynamodb:BatchGetItem", "Users.Arn"),
        ("dynamodb:PutItem", "Users.Arn"),
        ("dynamodb:DeleteItem", "Users.Arn"),
        ("dynamodb:Query", "${Users.Arn}/index/listed"),
        ("dynamodb:GetItem", "Phones.Arn"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:PutItem", "Phones.Arn"),
        ("dynamodb:PutItem", "Challenges.Arn"),
        ("dynamodb:PutItem", "Messages.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("sqs:SendMessage", "CodesQueue.Arn"),
        ("secretsmanager:GetSecretValue", "Secret"),
        ("dynamodb:BatchGetItem", "Shield.Arn"),
        ("dynamodb:UpdateItem", "Shield.Arn"),
        ("dynamodb:PutItem", "Shield.Arn"),
        _KMS,
    },
    "SenderCodesFunction": _sender("CodesQueue"),
    "SenderBulkFunction": {
        *_sender("BulkQueue", TEXTS_AND_MARKETING),
        ("dynamodb:GetItem in #digests", "Apps.Arn"),
        ("dynamodb:BatchGetItem", "OptOuts.Arn"),
        ("dynamodb:BatchGetItem", "Messages.Arn"),
        ("dynamodb:GetItem", "Campaigns.Arn"),
        ("dynamodb:BatchGetItem", "Campaigns.Arn"),
        ("dynamodb:UpdateItem", "Campaigns.Arn"),
        ("s3:GetObject", "${Audiences.Arn}/plans/*"),
    },
    "ReceiptFunction": {
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        ("dynamodb:Query", "${Messages.Arn}/index/by_phone"),
        ("dynamodb:BatchGetItem", "Messages.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        ("dynamodb:GetItem", "Carriers.Arn"),
        ("dynamodb:PutItem", "Carriers.Arn"),
        ("dynamodb:Query", "Carriers.Arn"),
        ("dynamodb:UpdateItem", "Carriers.Arn"),
        ("dynamodb:GetItem of app_id events item routes", "Apps.Arn"),
        ("dynamodb:GetItem in #digests", "Apps.Arn"),
        ("dynamodb:UpdateItem in #digests", "Apps.Arn"),
        ("dynamodb:UpdateItem", "OptOuts.Arn"),
        ("dynamodb:UpdateItem", "Events.Arn"),
        ("dynamodb:UpdateItem", "Campaigns.Arn"),
        ("SendsOutsideAws: secretsmanager:GetSecretValue", "CarrierSecret"),
        _KMS,
    },
    "SweeperFunction": {
        ("dynamodb:Query", "${Campaigns.Arn}/index/open"),
        ("dynamodb:GetItem", "Campaigns.Arn"),
        ("dynamodb:Query", "${Messages.Arn}/index/open"),
        ("dynamodb:GetItem", "Messages.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        ("dynamodb:Query", "${Campaigns.Arn}/index/open"),
        ("dynamodb:GetItem", "Campaigns.Arn"),
        ("dynamodb:UpdateItem", "Campaigns.Arn"),
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        ("dynamodb:BatchGetItem", "Apps.Arn"),
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("dynamodb:Query", "Ledger.Arn"),
        ("dynamodb:UpdateItem", "Ledger.Arn"),
        ("sns:Publish", "AlarmTopic"),
        ("sqs:SendMessage", "CodesQueue.Arn"),
        ("sqs:SendMessage", "BulkQueue.Arn"),
        _KMS,
    },
    "ImporterFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:GetItem", "Users.Arn"),
        ("dynamodb:BatchGetItem", "Users.Arn"),
        ("dynamodb:PutItem", "Users.Arn"),
        ("dynamodb:UpdateItem", "Users.Arn"),
        ("s3:GetObject", "${Imports.Arn}/*"),
        ("s3:PutObject", "${Imports.Arn}/reports/*"),
        ("lambda:InvokeFunction", "ImporterFunction.Arn"),
        _KMS,
    },
    "PlannerFunction": {
        ("dynamodb:GetItem in #digests", "Apps.Arn"),
        ("dynamodb:UpdateItem in #digests", "Apps.Arn"),
        (f"dynamodb:GetItem of {PLANNED}", "Apps.Arn"),
        ("dynamodb:BatchGetItem", "OptOuts.Arn"),
        ("dynamodb:Query", "OptOuts.Arn"),
        ("dynamodb:UpdateItem", "OptOuts.Arn"),
        ("dynamodb:BatchGetItem", "Phones.Arn"),
        ("dynamodb:BatchGetItem", "Messages.Arn"),
        ("dynamodb:GetItem", "Campaigns.Arn"),
        ("dynamodb:BatchGetItem", "Campaigns.Arn"),
        ("dynamodb:UpdateItem", "Campaigns.Arn"),
        ("s3:GetObject", "${Audiences.Arn}/uploads/*"),
        ("s3:GetObject", "${Audiences.Arn}/audiences/*"),
        ("s3:GetObject", "${Audiences.Arn}/plans/*"),
        ("s3:PutObject", "${Audiences.Arn}/audiences/*"),
        ("s3:PutObject", "${Audiences.Arn}/plans/*"),
        ("s3:PutObject", "${Audiences.Arn}/results/*"),
        ("s3:PutObject", "${Audiences.Arn}/ledger/*"),
        _KMS,
    },
    "ReviewFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:BatchGetItem", "Apps.Arn"),
        ("dynamodb:Query", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Apps.Arn"),
        ("dynamodb:DeleteItem", "Apps.Arn"),
        ("dynamodb:ConditionCheckItem", "Apps.Arn"),
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        _KMS,
    },
    "ConsoleFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:BatchGetItem", "Apps.Arn"),
        ("dynamodb:Query", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Apps.Arn"),
        ("dynamodb:DeleteItem", "Apps.Arn"),
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:GetItem", "Messages.Arn"),
        ("dynamodb:BatchGetItem", "Messages.Arn"),
        ("dynamodb:Query", "Messages.Arn"),
        ("dynamodb:Query", "${Messages.Arn}/index/by_phone"),
        ("dynamodb:Query", "Carriers.Arn"),
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("dynamodb:GetItem", "Ledger.Arn"),
        ("dynamodb:Query", "Ledger.Arn"),
        ("dynamodb:PutItem", "Ledger.Arn"),
        _KMS,
    },
    "GuardFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Apps.Arn"),
        ("dynamodb:GetItem", "Phones.Arn"),
        ("dynamodb:UpdateItem", "Phones.Arn"),
        ("dynamodb:GetItem", "Users.Arn"),
        ("dynamodb:BatchGetItem", "Shield.Arn"),
        ("dynamodb:Query", "Shield.Arn"),
        ("dynamodb:PutItem", "Shield.Arn"),
        ("dynamodb:BatchGetItem", "OptOuts.Arn"),
        ("dynamodb:Query", "OptOuts.Arn"),
        ("dynamodb:UpdateItem", "OptOuts.Arn"),
        ("dynamodb:UpdateItem", "Events.Arn"),
        ("s3:GetObject", "${Audiences.Arn}/ledger/*"),
        ("s3:PutObject", "${Audiences.Arn}/ledger/*"),
        ("lambda:InvokeFunction", "PlannerFunction.Arn"),
        _KMS,
    },
    "PeopleFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Apps.Arn"),
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        ("dynamodb:Query", "${Messages.Arn}/index/by_phone"),
        ("dynamodb:GetItem", "Users.Arn"),
        ("dynamodb:DeleteItem", "Users.Arn"),
        ("dynamodb:DeleteItem", "Phones.Arn"),
        ("dynamodb:DeleteItem", "Messages.Arn"),
        ("dynamodb:Query", "Shield.Arn"),
        ("dynamodb:DeleteItem", "Shield.Arn"),
        ("dynamodb:Query", "Events.Arn"),
        ("dynamodb:DeleteItem", "Events.Arn"),
        ("dynamodb:BatchGetItem", "OptOuts.Arn"),
        ("dynamodb:UpdateItem", "OptOuts.Arn"),
        _KMS,
    },
    "CampaignFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem of app_id item session_key in #deployment", "Apps.Arn"),
        ("dynamodb:GetItem", "Campaigns.Arn"),
        ("dynamodb:Query", "Campaigns.Arn"),
        ("dynamodb:PutItem", "Campaigns.Arn"),
        ("dynamodb:UpdateItem", "Campaigns.Arn"),
        ("dynamodb:DeleteItem", "Campaigns.Arn"),
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Balances.Arn"),
        ("dynamodb:BatchGetItem", "Campaigns.Arn"),
        ("s3:GetObject", "${Audiences.Arn}/plans/*"),
        ("s3:GetObject", "${Audiences.Arn}/uploads/*"),
        ("s3:PutObject", "${Audiences.Arn}/uploads/*"),
        ("s3:DeleteObject", "${Audiences.Arn}/uploads/*"),
        ("s3:GetObject", "${Audiences.Arn}/audiences/*"),
        ("s3:DeleteObject", "${Audiences.Arn}/audiences/*"),
        ("s3:GetObject", "${Audiences.Arn}/results/*"),
        ("s3:PutObject", "${Audiences.Arn}/results/*"),
        ("sqs:SendMessage", "BulkQueue.Arn"),
        ("lambda:InvokeFunction", "PlannerFunction.Arn"),
        ("scheduler:CreateSchedule", SCHEDULES),
        ("scheduler:UpdateSchedule", SCHEDULES),
        ("scheduler:DeleteSchedule", SCHEDULES),
        ("iam:PassRole to scheduler.amazonaws.com", "ScheduleRole.Arn"),
        _KMS,
    },
    "EventsFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:PutItem", "Apps.Arn"),
        ("dynamodb:UpdateItem", "Apps.Arn"),
        ("dynamodb:GetItem", "Events.Arn"),
        ("dynamodb:Query", "Events.Arn"),
        ("dynamodb:UpdateItem", "Events.Arn"),
        ("lambda:InvokeFunction", "NotifyFunction.Arn"),
        _KMS,
    },
    "NotifyFunction": {
        ("dynamodb:GetItem", "Apps.Arn"),
        ("dynamodb:BatchGetItem", "Apps.Arn"),
        ("dynamodb:Query", "${Apps.Arn}/index/listed"),
        ("dynamodb:BatchGetItem", "Events.Arn"),
        ("dynamodb:UpdateItem", "Events.Arn"),
        ("dynamodb:Query", "${Events.Arn}/index/due"),
        ("dynamodb:DescribeStream", "Messages.StreamArn"),
        ("dynamodb:GetRecords", "Messages.StreamArn"),
        ("dynamodb:GetShardIterator", "Messages.StreamArn"),
        ("dynamodb:ListStreams", "${Messages.Arn}/stream/*"),
        ("events:PutEvents", "EventBus.Arn"),
        ("sqs:SendMessage", "ImportsDeadLetters.Arn"),
        ("lambda:InvokeFunction", "NotifyFunction.Arn"),
        _KMS,
    },
    "RouterFunction": {
        ("lambda:InvokeFunction", "RequestFunction.Arn"),
        ("lambda:InvokeFunction", "VerifyFunction.Arn"),
        ("lambda:InvokeFunction", "AccountFunction.Arn"),
        ("lambda:InvokeFunction", "CaptchaFunction.Arn"),
    },
}

# Table -> its keys, and those of each index with what the index holds. Final (review.md 4.7).
KEYS = {
    "Apps": {
        "table": ("app_id S", "item S"),
        "listed": ("listed S", "listed_key S", "KEYS_ONLY"),
    },
    "Balances": {"table": ("pk S",)},
    "Ledger": {"table": ("app_id S", "entry S")},
    "Users": {
        "table": ("pk S",),
        "listed": ("listed S", "listed_key S", "KEYS_ONLY"),
    },
    "OptOuts": {"table": ("app_id S", "person S")},
    "Campaigns": {
        "table": ("pk S", "sk S"),
        "open": ("open S", "due_at N", "KEYS_ONLY"),
    },
    "Phones": {"table": ("pk S",)},
    "Challenges": {"table": ("pk S",)},
    "Shield": {"table": ("pk S", "sk S")},
    "Events": {
        "table": ("pk S", "sk S"),
        "due": ("pk S", "due_at N", "KEYS_ONLY"),
    },
    "Carriers": {"table": ("pk S", "sk S")},
    "Messages": {
        "table": ("pk S", "sk S"),
        "by_phone": ("app_phone S", "sk S", "INCLUDE kind purpose template signature"),
        "open": ("open S", "due_at N", "KEYS_ONLY"),
    },
}

SENDING = {"SIGNET_ORIGINATION_IDENTITY", "SIGNET_CONFIGURATION_SET"}

NAMES = {
    *("TableName", "QueueName", "TopicName", "LogGroupName", "RoleName", "LayerName", "PolicyName"),
    "AlarmName",
}


@cache
def template() -> Json:
    return load_template(TEMPLATE)


@cache
def transformed() -> Json:
    """The template after SAM's transform."""
    python = Path(tool("sam")).with_name("python")
    script = REPO / "tests" / "sam_transform.py"
    result = subprocess.run(
        [str(python), str(script), str(TEMPLATE)], capture_output=True, check=True, text=True
    )
    document: Json = json.loads(result.stdout)
    return document


def resources(kind: str) -> dict[str, Json]:
    """Logical id -> properties of the template's resources of one type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def properties(name: str) -> Json:
    found: Json = template()["Resources"][name]["Properties"]
    return found


def function(name: str) -> Json:
    """A function's properties with those of Globals."""
    shared = template()["Globals"]["Function"]
    own = properties(name)
    variables = shared["Environment"]["Variables"] | own["Environment"]["Variables"]
    return {
        **shared,
        **own,
        "Environment": {"Variables": variables},
        "Layers": shared["Layers"] + own.get("Layers", []),
        "LoggingConfig": shared["LoggingConfig"] | own.get("LoggingConfig", {}),
    }


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a document, with its value."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def wanted(**parameters: str) -> set[str]:
    """The resources that are there with these parameters."""
    return set(only_what_is_wanted(template(), parameters)["Resources"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_name(reference: Any) -> str:
    """`Apps.Arn` for a GetAtt, `Secret` for a Ref, the text of a Sub."""
    if isinstance(reference, str):
        return reference
    ((kind, target),) = reference.items()
    return ".".join(target) if kind == "Fn::GetAtt" else str(target)


def permissions(name: str) -> set[tuple[str, str]]:
    granted: set[tuple[str, str]] = set()
    for policy in [*properties(name)["Policies"], *_attached_to(name)]:
        for statement in policy["Statement"]:
            granted |= _grants(statement, "")
    return granted


def _attached_to(name: str) -> list[Json]:
    """Policies that stand beside a function, because they name it."""
    return [
        policy["PolicyDocument"]
        for policy in resources("AWS::IAM::ManagedPolicy").values()
        if policy["Roles"] == [{"Ref": f"{name}Role"}]
    ]


def _grants(statement: Json, prefix: str) -> set[tuple[str, str]]:
    if "Fn::If" in statement:
        condition, then, otherwise = statement["Fn::If"]
        return _grants(then, f"{condition}: ") | _grants(otherwise, f"not {condition}: ")
    if statement == {"Ref": "AWS::NoValue"}:
        return set()
    assert statement["Effect"] == "Allow"
    negated = "not " if "NotResource" in statement else ""
    targets = listed(statement.get("Resource") or statement["NotResource"])
    only = _attributes(statement.get("Condition", {}))
    return {
        (prefix + action + only, negated + resource_name(target))
        for action in listed(statement["Action"])
        for target in targets
    }


def _attributes(condition: Json) -> str:
    """` of a b` for what is restricted to attributes a and b, both keys included.

    ` to a` for a role that only service a may be given. A write may be restricted to one
    partition as well, ` of a b in #partition`, or to that alone.
    A read without a projection has none to check, so it is `dynamodb:Select` that refuses it:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    if "StringEquals" in condition and "ForAllValues:StringEquals" not in condition:
        assert condition["StringEquals"].keys() == {"iam:PassedToService"}
        return f" to {condition['StringEquals']['iam:PassedToService']}"
    if "ForAllValues:StringEquals" not in condition:
        assert condition.keys() <= {"StringLike"}, condition
        return ""
    restricted = condition["ForAllValues:StringEquals"]
    if "dynamodb:LeadingKeys" in restricted:
        (partition,) = restricted["dynamodb:LeadingKeys"]
        attributes = " ".join(sorted(restricted.get("dynamodb:Attributes", [])))
        return f" of {attributes} in {partition}" if attributes else f" in {partition}"
    assert condition.keys() == {"ForAllValues:StringEquals", "StringEquals"}
    assert condition["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    (attributes,) = restricted.values()
    return " of " + " ".join(sorted(attributes))


# --- the gateway's own replies ------------------------------------------------------------


def test_every_gateway_response_type_is_set_but_the_one_aws_ignores() -> None:
    assert properties("Api")["GatewayResponses"].keys() == GATEWAY_REPLIES.keys()


@pytest.mark.parametrize("kind", GATEWAY_REPLIES)
def test_a_gateway_reply_has_leanclouds_shape(kind: str) -> None:
    reply = properties("Api")["GatewayResponses"][kind]
    status, code = GATEWAY_REPLIES[kind]
    assert reply.get("StatusCode") == status
    assert list(reply["ResponseTemplates"]) == ["application/json"]
    text = reply["ResponseTemplates"]["application/json"]
    assert "$" not in text, "a variable may be empty and break the JSON"
    body = json.loads(text)
    assert body.keys() == {"code", "error"}
    assert type(body["code"]) is int
    assert body["code"] == code
    assert isinstance(body["error"], str)
    assert body["error"]


@pytest.mark.parametrize("kind", GATEWAY_REPLIES)
def test_a_browser_may_read_a_gateway_reply(kind: str) -> None:
    headers = properties("Api")["GatewayResponses"][kind]["ResponseParameters"]["Headers"]
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    assert headers["Access-Control-Expose-Headers"] == "'Retry-After'"
    assert ("Retry-After" in headers) == (GATEWAY_REPLIES[kind][0] == 429)


def test_sam_hands_every_gateway_reply_to_api_gateway() -> None:
    body = transformed()["Resources"]["Api"]["Properties"]["Body"]
    assert body["x-amazon-apigateway-gateway-responses"].keys() == GATEWAY_REPLIES.keys()


# --- the API ------------------------------------------------------------------------------


def test_a_preflight_is_answered_by_api_gateway_itself_on_every_path() -> None:
    body = transformed()["Resources"]["Api"]["Properties"]["Body"]
    expected = {
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Methods": "'PUT,GET,POST,PATCH,DELETE,OPTIONS'",
        "Access-Control-Allow-Headers": f"'{','.join(CORS_HEADERS)}'",
        "Access-Control-Max-Age": "'86400'",
    }
    for path, operations in body["paths"].items():
        integration = operations["options"]["x-amazon-apigateway-integration"]
        reply = integration["responses"]["default"]
        assert integration["type"] == "mock", path
        assert str(reply["statusCode"]) == "200"
        assert reply["responseParameters"] == {
            f"method.response.header.{name}": value for name, value in expected.items()
        }


def test_the_api_has_these_routes_and_no_authorizer() -> None:
    body = transformed()["Resources"]["Api"]["Properties"]["Body"]
    routes = {
        (path, method)
        for path, operations in body["paths"].items()
        for method in operations
        if method != "options"
    }
    assert routes == {
        ("/1.1/requestSmsCode", "post"),
        ("/1.1/verifySmsCode/{code}", "post"),
        ("/1.1/verifyCaptcha", "post"),
        ("/1.1/verifyProofOfWork", "post"),
        ("/1.1/proofOfWork.js", "get"),
        ("/carriers/{carrier}/{what}", "post"),
        *((f"/1.1/{path}", "x-amazon-apigateway-any-method") for path in ACCOUNT_PATHS),
        *(
            (path, "x-amazon-apigateway-any-method")
            for path in (
                "/1.1/requestCaptcha",
                "/1.1/requestProofOfWork",
                "/console/api/signatures",
                "/console/api/signatures/{proxy+}",
                "/console/api/templates",
                "/console/api/templates/{proxy+}",
                "/console/api/review",
                "/console/api/review/{proxy+}",
                "/console/api/audit",
                "/console/api/campaigns",
                "/console/api/campaigns/{proxy+}",
                "/console/api/audiences",
                "/console/api/audiences/{proxy+}",
                "/console/api/events",
                "/console/api/events/{proxy+}",
                "/console/api/guard",
                "/console/api/guard/{proxy+}",
                "/console/api/opt-outs",
                "/console/api/opt-outs/{proxy+}",
                "/console/api/consents/{proxy+}",
                "/console/api/ledger/{proxy+}",
                "/console/api/people/{phone}",
                "/console/api/audiences",
                "/console/api/audiences/{proxy+}",
                "/console",
                "/console/{proxy+}",
                "/{proxy+}",
                "/",
            )
        ),
    }
    assert "security" not in dict(walk(body))


def test_binary_media_types_do_not_break_the_api() -> None:
    names = {"BinaryMediaTypes", "x-amazon-apigateway-binary-media-types"}
    assert not names & dict(walk(transformed()["Resources"]["Api"])).keys()


def test_pictures_come_from_an_api_for_bytes_without_preflights() -> None:
    body = transformed()["Resources"]["PicturesApi"]["Properties"]["Body"]
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert {path: list(operations) for path, operations in body["paths"].items()} == {
        "/1.1/captchaImage": ["get"],
        "/1.1/captchaSound": ["get"],
    }


def test_each_api_has_one_stage_and_is_regional() -> None:
    stages = [
        resource["Properties"]["StageName"]
        for resource in transformed()["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::Stage"
    ]
    assert stages == ["live", "live"]
    deployments = [
        resource["Properties"]
        for resource in transformed()["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    ]
    assert len(deployments) == 2
    for deployment in deployments:
        assert "StageName" not in deployment, "SAM would make a second stage, without our throttle"
    for name in APIS:
        assert properties(name)["EndpointConfiguration"] == {"Type": "REGIONAL"}


@pytest.mark.parametrize("name", APIS)
def test_no_log_or_trace_of_aws_holds_a_path(name: str) -> None:
    (settings,) = properties(name)["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False
    keys = dict(walk(transformed())).keys()
    assert not {"Tracing", "TracingConfig", "TracingEnabled", "AccessLogSetting"} & keys


@pytest.mark.parametrize("name", APIS)
def test_the_stage_is_throttled(name: str) -> None:
    (settings,) = properties(name)["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}


def test_the_custom_domain_maps_the_stage_at_the_root() -> None:
    assert "BasePath" not in properties("DomainMapping")
    assert properties("DomainMapping")["Stage"] == {"Ref": "Api.Stage"}
    assert template()["Resources"]["Domain"]["Condition"] == "HasDomain"


# --- functions ----------------------------------------------------------------------------


def test_every_function_folder_is_deployed() -> None:
    deployed = {str(one["CodeUri"]) for one in resources(FUNCTION).values()}
    folders = {f"functions/{app.parent.name}" for app in REPO.glob("functions/*/app.py")}
    assert deployed == folders


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_function_may_do_exactly_this(name: str) -> None:
    assert permissions(name) == PERMISSIONS[name]


def test_no_function_is_without_a_list_of_permissions() -> None:
    assert resources(FUNCTION).keys() == PERMISSIONS.keys()


def test_roles_get_nothing_but_logs_on_top() -> None:
    managed = [
        str(arn)
        for resource in transformed()["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for arn in resource["Properties"].get("ManagedPolicyArns", [])
    ]
    assert len(managed) == len(PERMISSIONS)
    assert all(arn.endswith("/AWSLambdaBasicExecutionRole") for arn in managed)


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_function_runs_as_designed(name: str) -> None:
    settings = function(name)
    assert settings["Runtime"] == "python3.13"
    assert settings["MemorySize"] == MEMORY.get(name, 512)
    assert settings["Architectures"] == [{"Ref": "Architecture"}]
    assert settings["Timeout"] == TIMEOUTS.get(name, 10)


@pytest.mark.parametrize("name", PERMISSIONS)
def test_only_senders_carry_the_sdks_of_carriers_and_only_when_they_are_used(name: str) -> None:
    carriers = [
        {"Fn::If": [condition, {"Ref": layer}, {"Ref": "AWS::NoValue"}]}
        for condition, layer in CARRIER_LAYERS.items()
    ]
    own = carriers if name in QUEUE_FUNCTIONS else []
    others = [*PASSWORD_LAYERS, *IMAGING_LAYERS]
    layers = [layer for layer in function(name)["Layers"] if layer not in others]
    assert layers == [{"Ref": "DepsLayer"}, {"Ref": "SignetLayer"}, *own]


@pytest.mark.parametrize("name", PERMISSIONS)
def test_only_accounts_carry_the_hash_of_passwords(name: str) -> None:
    layers = [layer for layer in function(name)["Layers"] if layer in PASSWORD_LAYERS]
    assert layers == (PASSWORD_LAYERS if name == "AccountFunction" else [])


@pytest.mark.parametrize("name", PERMISSIONS)
def test_only_pictures_carry_what_draws_and_speaks(name: str) -> None:
    layers = [layer for layer in function(name)["Layers"] if layer in IMAGING_LAYERS]
    assert layers == (IMAGING_LAYERS if name == "PicturesFunction" else [])


@pytest.mark.parametrize("kind", ["Passwords", "Imaging"])
@pytest.mark.parametrize(("architecture", "processor"), [("arm64", "Arm"), ("x86_64", "X86")])
def test_what_is_compiled_is_deployed_for_one_processor(
    architecture: str, processor: str, kind: str
) -> None:
    layer = f"{kind}{processor}Layer"
    both = {f"{kind}ArmLayer", f"{kind}X86Layer"}
    assert wanted(Architecture=architecture) & both == {layer}
    assert properties(layer)["CompatibleArchitectures"] == [architecture]


@pytest.mark.parametrize("condition", ["SendsBySdkOnArm", "SendsBySdkOnX86"])
def test_the_sdks_of_carriers_are_deployed_for_one_processor_if_any(condition: str) -> None:
    layer = template()["Resources"][CARRIER_LAYERS[condition]]
    architecture = {"SendsBySdkOnArm": "arm64", "SendsBySdkOnX86": "x86_64"}[condition]
    assert layer["Condition"] == condition
    assert layer["Properties"]["CompatibleArchitectures"] == [architecture]
    transformed_layer = next(
        resource
        for name, resource in transformed()["Resources"].items()
        if name.startswith(CARRIER_LAYERS[condition])
    )
    assert transformed_layer["Condition"] == condition
    assert wanted(Carrier="alibaba", Architecture=architecture) >= {CARRIER_LAYERS[condition]}


@pytest.mark.parametrize("carrier", ["sns", "end-user-messaging"])
def test_a_carrier_of_aws_brings_no_layer_and_no_secret(carrier: str) -> None:
    extra = {*CARRIER_LAYERS.values(), "CarrierSecret"}
    assert not wanted(Carrier=carrier) & extra


def test_a_carrier_without_an_sdk_has_a_secret_and_no_layer() -> None:
    extra = {*CARRIER_LAYERS.values(), "CarrierSecret"}
    assert wanted(Carrier="webhook") & extra == {"CarrierSecret"}


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_function_logs_what_it_says_and_no_line_for_each_call(name: str) -> None:
    config = function(name)["LoggingConfig"]

    assert (config["LogFormat"], config["SystemLogLevel"]) == ("JSON", "WARN")


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_functions_logs_end_after_thirty_days(name: str) -> None:
    group = properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
    assert properties(group) == {"RetentionInDays": 30}


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_function_gets_the_settings_it_reads_and_no_others(name: str) -> None:
    given = {key for key in function(name)["Environment"]["Variables"] if key in SETTINGS}
    sources = _sources(REPO / str(properties(name)["CodeUri"]) / "app.py")
    certain, mentioned = _settings_read(sources)
    # The code of CaptchaFunction, which alone says where pictures are.
    certain -= {"SIGNET_PICTURES_URL"} if name == "PicturesFunction" else set()
    # It opens carriers to read what they report, and sends by none.
    certain -= SENDING if name == "ReceiptFunction" else set()
    # They have code in common with those that send marketing, and send none.
    certain -= MARKETING if name in ("AccountFunction", "SenderCodesFunction") else set()
    certain -= CAMPAIGNS if name == "SenderCodesFunction" else set()
    assert certain <= given
    assert given <= mentioned


def test_every_setting_is_given_to_some_function() -> None:
    given = {key for name in PERMISSIONS for key in function(name)["Environment"]["Variables"]}
    assert given - {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"} == SETTINGS.keys()


def test_no_environment_variable_holds_a_secret_or_a_moved_clock() -> None:
    assert template()["Parameters"]["LocalClockTable"]["Default"] == ""
    assert "resolve:secretsmanager" not in TEMPLATE.read_text()


def test_a_batch_with_one_failure_is_not_repeated_as_a_whole() -> None:
    triggers = resources("AWS::Lambda::EventSourceMapping")
    del triggers["NotifyTrigger"]
    assert len(triggers) == 2
    for trigger in triggers.values():
        assert trigger["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert triggers["SenderCodesTrigger"]["BatchSize"] == 1
    assert triggers["SenderBulkTrigger"]["BatchSize"] == 10
    limit = triggers["SenderBulkTrigger"]["ScalingConfig"]["MaximumConcurrency"]
    assert limit == {"Ref": "BulkConcurrency"}


def test_the_sweeper_sweeps_every_minute_and_closes_days_every_hour() -> None:
    events = properties("SweeperFunction")["Events"]
    assert events["EveryMinute"]["Properties"] == {"Schedule": "rate(1 minute)"}
    hourly = events["EveryHour"]["Properties"]
    assert hourly["Schedule"] == "rate(1 hour)"
    assert json.loads(hourly["Input"]) == {"task": "close_days"}
    assert len(events) == 2


def _settings_read(sources: set[Path]) -> tuple[set[str], set[str]]:
    """Names in `settings.value("…")`, and all names of settings that occur in the code."""
    certain: set[str] = set()
    mentioned: set[str] = set()
    for source in sources - {SIGNET / "signet" / "edge" / "settings.py"}:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Constant) and node.value in SETTINGS:
                mentioned.add(str(node.value))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "settings.value":
                certain |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return certain, mentioned


def _sources(start: Path) -> set[Path]:
    """The file and every module of Signet it imports, directly or not."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting.extend(_imported(source))
    return found


def _imported(source: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "signet":
            for name in [str(node.module), *(f"{node.module}.{a.name}" for a in node.names)]:
                module = SIGNET / Path(*name.split("."))
                candidates = (module.with_suffix(".py"), module / "__init__.py")
                yield from (file for file in candidates if file.is_file())


# --- data ---------------------------------------------------------------------------------


def test_keys_and_indexes_are_final() -> None:
    tables = resources("AWS::DynamoDB::Table")
    assert {name: _keys(table) for name, table in tables.items()} == KEYS


def _keys(table: Json) -> dict[str, tuple[str, ...]]:
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}

    def schema(keys: list[Json]) -> tuple[str, ...]:
        assert [key["KeyType"] for key in keys] == ["HASH", "RANGE"][: len(keys)]
        return tuple(f"{key['AttributeName']} {types[key['AttributeName']]}" for key in keys)

    found = {"table": schema(table["KeySchema"])}
    for index in table.get("GlobalSecondaryIndexes", []):
        projection = index["Projection"]
        held = [projection["ProjectionType"], *projection.get("NonKeyAttributes", [])]
        found[index["IndexName"]] = (*schema(index["KeySchema"]), " ".join(held))
    return found


@pytest.mark.parametrize("name", ["Apps", "Balances", "Campaigns", "Ledger", "OptOuts", "Users"])
def test_apps_and_money_outlive_the_stack_and_a_mistake(name: str) -> None:
    kept = template()["Resources"][name]
    assert kept["DeletionPolicy"] == kept["UpdateReplacePolicy"] == "Retain"
    assert kept["Properties"]["DeletionProtectionEnabled"] is True
    assert kept["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": {"Fn::If": ["KeepsBackups", True, False]}
    }
    assert template()["Parameters"]["PointInTimeRecovery"]["Default"] == "on"


@pytest.mark.parametrize(
    "name", ["Phones", "Challenges", "Messages", "Shield", "Carriers", "Events"]
)
def test_what_expires_is_deleted_and_not_kept(name: str) -> None:
    assert template()["Resources"][name]["DeletionPolicy"] == "Delete"
    assert properties(name)["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


@pytest.mark.parametrize("name", KEYS)
def test_a_table_is_on_demand_and_takes_a_customer_key(name: str) -> None:
    assert properties(name)["BillingMode"] == "PAY_PER_REQUEST"
    condition, encryption, _ = properties(name)["SSESpecification"]["Fn::If"]
    assert condition == "HasKmsKey"
    assert encryption["KMSMasterKeyId"] == {"Ref": "KmsKeyArn"}


def test_the_secret_is_kept_and_never_made_anew() -> None:
    secret = template()["Resources"]["Secret"]
    assert secret["DeletionPolicy"] == secret["UpdateReplacePolicy"] == "Retain"
    assert secret["Properties"]["GenerateSecretString"] == {
        "SecretStringTemplate": '{"current":"k1"}',
        "GenerateStringKey": "k1",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }


def test_no_update_can_write_over_the_carriers_credentials() -> None:
    secret = template()["Resources"]["CarrierSecret"]
    assert secret["DeletionPolicy"] == secret["UpdateReplacePolicy"] == "Retain"
    assert secret["Properties"].keys() == {"Description"}, "a value would be written again"


# --- queues and alarms --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Codes", "Bulk"])
def test_a_queue_waits_for_its_sender_and_keeps_what_fails(name: str) -> None:
    queue, dead = properties(f"{name}Queue"), properties(f"{name}DeadLetters")
    assert queue["VisibilityTimeout"] >= 6 * function(f"Sender{name}Function")["Timeout"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]},
        "maxReceiveCount": 6,
    }
    assert dead["MessageRetentionPeriod"] == 14 * 86400
    assert queue["SqsManagedSseEnabled"] is dead["SqsManagedSseEnabled"] is True


def test_a_late_code_is_dropped_and_a_failing_one_reaches_the_dead_letters_first() -> None:
    queue = properties("CodesQueue")
    assert queue["MessageRetentionPeriod"] == 3600
    tries = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
    assert tries < queue["MessageRetentionPeriod"]


def test_at_most_five_alarms_and_all_of_them_ring() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    assert 0 < len(alarms) <= 5
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_one_alarm_watches_every_dead_letter_queue() -> None:
    watched = {
        resource_name(metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"])
        for metric in properties("DeadLettersAlarm")["Metrics"]
        if "MetricStat" in metric
    }
    assert watched == {
        f"{name}.QueueName"
        for name, queue in resources("AWS::SQS::Queue").items()
        if "RedrivePolicy" not in queue
    }
    assert len(watched) == 3
    assert properties("DeadLettersAlarm")["Threshold"] == 0


def test_an_alarm_rings_when_a_code_waits_half_a_minute() -> None:
    alarm = properties("CodesLateAlarm")
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert resource_name(alarm["Dimensions"][0]["Value"]) == "CodesQueue.QueueName"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (30, "GreaterThanThreshold")


def test_an_alarm_rings_when_the_sweeper_is_silent_for_five_minutes() -> None:
    alarm = properties("SweeperSilentAlarm")
    assert alarm["TreatMissingData"] == "breaching"
    periods = {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m}
    assert periods == {300}
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")


def test_an_alarm_rings_on_the_apis_5xx() -> None:
    assert properties("ApiFaultsAlarm")["MetricName"] == "5XXError"
    name = transformed()["Resources"]["Api"]["Properties"]["Body"]["info"]["title"]
    assert properties("ApiFaultsAlarm")["Dimensions"][0] == {"Name": "ApiName", "Value": name}


def test_alarms_are_mailed_only_to_a_given_address() -> None:
    assert template()["Resources"]["AlarmSubscription"]["Condition"] == "HasAlarmEmail"
    assert template()["Parameters"]["AlarmEmail"]["Default"] == ""


# --- what carriers report -----------------------------------------------------------------

TOPIC = {
    *("ReceiptTopic", "ReceiptTopicPolicy", "ReceiptSubscription", "ReceiptTopicMayCall"),
    "ReceiptConfigurationSet",
}


@pytest.mark.parametrize(
    ("parameters", "there"),
    [
        ({}, set()),
        ({"Carrier": "webhook", "OtherCarriers": "outside"}, set()),
        ({"Carrier": "end-user-messaging"}, TOPIC),
        ({"OtherCarriers": "aws"}, TOPIC),
        (
            {"OtherCarriers": "all", "ConfigurationSet": "ours"},
            TOPIC - {"ReceiptConfigurationSet"},
        ),
    ],
)
def test_a_topic_for_receipts_is_there_for_whom_it_serves(
    parameters: dict[str, str], there: set[str]
) -> None:
    assert wanted(**parameters) & TOPIC == there


def test_only_end_user_messaging_of_this_account_tells_the_topic() -> None:
    (statement,) = properties("ReceiptTopicPolicy")["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "sms-voice.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "ReceiptTopic"},
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    assert properties("ReceiptTopicMayCall")["SourceArn"] == {"Ref": "ReceiptTopic"}


def test_the_senders_name_the_configuration_set_whose_events_come_here() -> None:
    for name in QUEUE_FUNCTIONS:
        assert function(name)["Environment"]["Variables"]["SIGNET_CONFIGURATION_SET"] == {
            "Fn::If": [
                "MakesConfigurationSet",
                {"Ref": "ReceiptConfigurationSet"},
                {"Ref": "ConfigurationSet"},
            ]
        }
    (destination,) = properties("ReceiptConfigurationSet")["EventDestinations"]
    assert destination["Enabled"] is True
    assert destination["SnsDestination"] == {"TopicArn": {"Ref": "ReceiptTopic"}}


# --- imports ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Imports", "Audiences"])
def test_exported_users_and_audiences_are_nobodys_business_and_forgotten_after_a_month(
    name: str,
) -> None:
    bucket = properties(name)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "BucketEncryption" in bucket
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 30)
    assert "Prefix" not in rule


@pytest.mark.parametrize("name", ["ImporterFunction", "PlannerFunction"])
def test_a_long_task_that_fails_is_tried_twice_more_and_then_rings(name: str) -> None:
    config = properties(name)["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] == 2
    failed = config["DestinationConfig"]["OnFailure"]
    assert failed == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["ImportsDeadLetters", "Arn"]}}


def test_an_import_may_call_itself_as_often_as_it_takes() -> None:
    assert transformed()["Resources"]["ImporterFunction"]["Properties"]["RecursiveLoop"] == "Allow"


# --- audiences ----------------------------------------------------------------------------


def test_only_the_console_may_post_files_into_the_bucket_of_audiences() -> None:
    (rule,) = properties("Audiences")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert "AllowedHeaders" not in rule
    (origin,) = rule["AllowedOrigins"]
    condition, given, otherwise = origin["Fn::If"]
    parts = {"Fn::Split": ["/", {"Ref": "PublicBaseUrl"}]}
    assert condition == "HasPublicBaseUrl"
    assert given == {"Fn::Join": ["//", [{"Fn::Select": [0, parts]}, {"Fn::Select": [2, parts]}]]}
    assert otherwise["Fn::If"] == [
        "HasDomain",
        {"Fn::Sub": "https://${DomainName}"},
        {"Fn::Sub": "https://*.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
    ]


# --- events -------------------------------------------------------------------------------


def test_only_changes_of_messages_whose_app_asks_wake_anybody() -> None:
    (only,) = properties("NotifyTrigger")["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"]) == {
        "eventName": ["MODIFY"],
        "dynamodb": {"NewImage": {"events": {"S": ["1"]}}},
    }
    assert properties("Messages")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_a_change_that_cannot_be_told_is_tried_for_a_day_alone_and_then_rings() -> None:
    trigger = properties("NotifyTrigger")
    assert trigger["StartingPosition"] == "TRIM_HORIZON"
    assert trigger["BisectBatchOnFunctionError"] is True
    assert trigger["MaximumRecordAgeInSeconds"] == 86_400
    assert "MaximumRetryAttempts" not in trigger
    destination = trigger["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["ImportsDeadLetters", "Arn"]}


def test_what_is_due_is_looked_for_every_minute_and_lambda_repeats_nothing() -> None:
    (tick,) = properties("NotifyFunction")["Events"].values()
    assert tick["Properties"] == {"Schedule": "rate(1 minute)"}
    assert properties("NotifyFunction")["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}


def test_nobody_has_events_sent_into_a_private_network_unless_it_is_said() -> None:
    assert template()["Parameters"]["PrivateWebhooks"]["Default"] == "off"
    for name in ("EventsFunction", "NotifyFunction"):
        variables = function(name)["Environment"]["Variables"]
        assert variables["SIGNET_PRIVATE_WEBHOOKS"] == {"Ref": "PrivateWebhooks"}
    assert SETTINGS["SIGNET_PRIVATE_WEBHOOKS"][0] == "off"


# --- campaigns ----------------------------------------------------------------------------


def test_only_schedules_of_this_deployment_start_campaigns() -> None:
    (trust,) = properties("ScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
        "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
    }


def test_a_schedule_may_start_campaigns_keep_what_fails_and_nothing_else() -> None:
    policy = properties("ScheduleStarts")
    assert policy["Roles"] == [{"Ref": "ScheduleRole"}]
    granted = {
        grant
        for statement in policy["PolicyDocument"]["Statement"]
        for grant in _grants(statement, "")
    }
    assert granted == {
        ("lambda:InvokeFunction", "CampaignFunction.Arn"),
        ("sqs:SendMessage", "ImportsDeadLetters.Arn"),
    }


def test_a_start_that_fails_is_tried_twice_more_and_then_rings() -> None:
    config = properties("CampaignFunction")["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] == 2
    failed = config["DestinationConfig"]["OnFailure"]
    assert failed == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["ImportsDeadLetters", "Arn"]}}


# --- deploying ----------------------------------------------------------------------------


def test_nothing_is_named_so_two_stacks_fit_into_one_account() -> None:
    for resource, body in template()["Resources"].items():
        assert not NAMES & body.get("Properties", {}).keys(), resource
    named = [one for one in resources(FUNCTION).values() if "FunctionName" in one]
    assert not named
    for secret in resources("AWS::SecretsManager::Secret").values():
        assert "Name" not in secret


def test_nothing_is_reserved_provisioned_or_snapshot() -> None:
    forbidden = {
        *("ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig", "SnapStart"),
        *("AutoPublishAlias", "VpcConfig"),
    }
    assert not forbidden & dict(walk(template())).keys()


def test_arns_fit_every_partition() -> None:
    assert "arn:aws:" not in TEMPLATE.read_text()


def test_every_parameter_has_a_default() -> None:
    missing = [name for name, one in template()["Parameters"].items() if "Default" not in one]
    assert not missing


def test_the_outputs_say_what_a_person_needs_next() -> None:
    assert {
        *("BaseUrl", "JavaAndAndroid", "DomainTarget", "CarrierSteps"),
        *("AppsTable", "PhonesTable", "MessagesTable", "BalancesTable", "LedgerTable"),
        *(
            "UsersTable",
            "OptOutsTable",
            "CampaignsTable",
            "AudiencesBucket",
            "ImportsBucket",
            "ImporterFunction",
            "ReceiptTopicArn",
        ),
        *("SecretArn", "CarrierSecretArn"),
    } <= template()["Outputs"].keys()


def test_there_are_steps_for_every_carrier() -> None:
    known = template()["Parameters"]["Carrier"]["AllowedValues"]
    steps = template()["Mappings"]["CarrierSteps"]
    assert list(steps) == known
    assert all(set(one) == {"Steps"} for one in steps.values())
    assert set(known) == set(CARRIERS)


def test_cfn_lint_has_nothing_to_say() -> None:
    _passes([tool("cfn-lint"), str(TEMPLATE)])


def test_sam_validate_has_nothing_to_say() -> None:
    _passes([tool("sam"), "validate", "--lint", "--template", str(TEMPLATE)])


def _passes(command: list[str]) -> None:
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        command, cwd=REPO, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_dependency_of_the_layer_is_pinned() -> None:
    lines = (REPO / "layers" / "deps" / "requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line) for line in packages)


@pytest.mark.parametrize("event", sorted(p.parent.name for p in REPO.glob("functions/*/app.py")))
def test_every_function_has_an_event(event: str) -> None:
    assert isinstance(json.loads((REPO / "events" / f"{event}.json").read_text()), dict)
