"""Signet's clock on this machine: one item says how far it is ahead of the real one.

signet.edge.clock reads it because the deployer names the table; in a real deployment none is named.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from local.aws import Aws

TABLE = "signet-local-clock"
KEY = {"id": {"S": "clock"}}


def create_table(aws: Aws) -> None:
    """Make the clock's table unless kept state has it."""
    dynamodb = aws.client("dynamodb")
    try:
        dynamodb.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except dynamodb.exceptions.ResourceInUseException:
        return


class Clock:
    """Reads and moves the offset."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def offset(self) -> int:
        """Seconds that Signet's clock is ahead."""
        item = self._aws.client("dynamodb").get_item(TableName=TABLE, Key=KEY).get("Item", {})
        return int(item.get("offset_seconds", {"N": "0"})["N"])

    def advance(self, seconds: int) -> int:
        """Move the clock, backwards when negative; the new offset."""
        changed: dict[str, Any] = self._aws.client("dynamodb").update_item(
            TableName=TABLE,
            Key=KEY,
            UpdateExpression="ADD offset_seconds :seconds",
            ExpressionAttributeValues={":seconds": {"N": str(seconds)}},
            ReturnValues="UPDATED_NEW",
        )
        return int(changed["Attributes"]["offset_seconds"]["N"])

    def now(self) -> datetime:
        """Signet's time."""
        return datetime.now(UTC) + timedelta(seconds=self.offset())


def iso(time: datetime) -> str:
    """A time in LeanCloud's form (wire.md 5): UTC, milliseconds, Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
