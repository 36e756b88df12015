"""The resources of template.yaml, as far as functions use them, made in the AWS of a test."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.package import load_template
from tests import clients

TEMPLATE = load_template(Path(__file__).resolve().parent.parent / "template.yaml")


def create_everything(keys: dict[str, str]) -> SimpleNamespace:
    """Tables, queues, topic, bucket, secret; their names are where the functions look for them."""
    client: Callable[[str], Any] = clients.session().create_client
    dynamodb = client("dynamodb")
    for logical_id, setting in (
        ("Apps", "SIGNET_APPS_TABLE"),
        ("Phones", "SIGNET_PHONES_TABLE"),
        ("Challenges", "SIGNET_CHALLENGES_TABLE"),
        ("Messages", "SIGNET_MESSAGES_TABLE"),
        ("Balances", "SIGNET_BALANCES_TABLE"),
        ("Ledger", "SIGNET_LEDGER_TABLE"),
        ("Users", "SIGNET_USERS_TABLE"),
        ("Shield", "SIGNET_SHIELD_TABLE"),
        ("Events", "SIGNET_EVENTS_TABLE"),
        ("Carriers", "SIGNET_CARRIERS_TABLE"),
        ("OptOuts", "SIGNET_OPT_OUTS_TABLE"),
        ("Campaigns", "SIGNET_CAMPAIGNS_TABLE"),
    ):
        properties = TEMPLATE["Resources"][logical_id]["Properties"]
        schema = {
            name: properties[name]
            for name in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
            if name in properties
        }
        dynamodb.create_table(
            TableName=os.environ[setting], BillingMode="PAY_PER_REQUEST", **schema
        )
    sqs = client("sqs")
    codes = sqs.create_queue(QueueName="codes")["QueueUrl"]
    bulk = sqs.create_queue(QueueName="bulk")["QueueUrl"]
    os.environ["SIGNET_CODES_QUEUE_URL"] = codes
    os.environ["SIGNET_BULK_QUEUE_URL"] = bulk
    os.environ["SIGNET_QUEUE_URL"] = codes
    client("secretsmanager").create_secret(
        Name=os.environ["SIGNET_SECRET_ARN"], SecretString=json.dumps(keys)
    )
    for setting in ("SIGNET_IMPORTS_BUCKET", "SIGNET_AUDIENCES_BUCKET"):
        client("s3").create_bucket(Bucket=os.environ[setting])
    client("events").create_event_bus(Name=os.environ["SIGNET_EVENT_BUS"])
    client("scheduler").create_schedule_group(Name=os.environ["SIGNET_SCHEDULE_GROUP"])
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    os.environ["SIGNET_ALARM_TOPIC_ARN"] = topic
    return SimpleNamespace(codes_queue=codes, bulk_queue=bulk, alarm_topic=topic)
