"""EventBridge Scheduler: what calls the function that starts campaigns, when they are due.

A schedule is named after its campaign, so that putting it again replaces it, and deleting one
that is gone is nothing. Failure mode: whoever puts one knows at once that it is not there.
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signet.campaigns import Campaign, Schedule
from signet.edge import aws, settings
from signet.errors import BadParameter, Unavailable

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
# A call that could not be made is made again for so long; later it would be too late to start.
_MAX_AGE_SECONDS = 3600


@cache
def _client() -> aws.Client:
    return aws.client("scheduler", read_timeout=3, attempts=2)


@dataclass(frozen=True, slots=True)
class Schedules:
    """The schedules of campaigns; `target` is the function that they call, by its ARN."""

    target: str

    def put(self, campaign: Campaign) -> None:
        """Have the campaign started when it says, and at no other time.

        Raises BadParameter for a time that EventBridge refuses, and Unavailable.
        """
        request = self._request(campaign)
        try:
            self._put(request)
        except ClientError as error:
            if _code(error) != "ValidationException":
                raise Unavailable from error
            log.warning("schedule_refused", extra={"schedule": request["Name"]})
            raise BadParameter("EventBridge does not take this schedule.") from error
        except BotoCoreError as error:
            raise Unavailable from error

    def delete(self, app_id: str, campaign_id: str) -> None:
        """Have it started no more; one that is not there is fine. Raises Unavailable."""
        group = settings.value("SIGNET_SCHEDULE_GROUP")
        try:
            _client().delete_schedule(Name=name(app_id, campaign_id), GroupName=group)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error

    def _put(self, request: dict[str, Any]) -> None:
        try:
            _client().create_schedule(**request)
        except ClientError as error:
            if _code(error) != "ConflictException":
                raise
            _client().update_schedule(**request)

    def _request(self, campaign: Campaign) -> dict[str, Any]:
        expression, zone = _expression(campaign.schedule)
        return {
            "Name": name(campaign.app_id, campaign.campaign_id),
            "GroupName": settings.value("SIGNET_SCHEDULE_GROUP"),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "NONE" if campaign.schedule.cron else "DELETE",
            "Target": {
                "Arn": self.target,
                "RoleArn": settings.value("SIGNET_SCHEDULE_ROLE_ARN"),
                "Input": json.dumps(_event(campaign)),
                "RetryPolicy": {"MaximumEventAgeInSeconds": _MAX_AGE_SECONDS},
                "DeadLetterConfig": {"Arn": settings.value("SIGNET_SCHEDULE_DEAD_LETTERS_ARN")},
            },
        }


def name(app_id: str, campaign_id: str) -> str:
    """How a campaign's schedule is called: an app's id may hold what no such name may."""
    return f"{campaign_id}-{sha256(app_id.encode()).hexdigest()[:16]}"


def _expression(schedule: Schedule) -> tuple[str, str]:
    if schedule.cron:
        return f"cron({schedule.cron})", schedule.zone
    at = datetime.fromtimestamp(schedule.at or 0, UTC)
    return f"at({at:%Y-%m-%dT%H:%M:%S})", "UTC"


def _event(campaign: Campaign) -> dict[str, Any]:
    return {
        "v": 1,
        "app_id": campaign.app_id,
        "campaign_id": campaign.campaign_id,
        "version": campaign.version,
        "scheduled_at": SCHEDULED_TIME,
    }


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))
