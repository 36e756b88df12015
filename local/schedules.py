"""Schedules of campaigns on this machine: what is due by Signet's clock is called.

MiniStack calls by the real clock, which may be another; it takes every cron for one in UTC, and
does not say for which time it calls. Whoever is called twice for the same time starts once.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws

EVERY_SECONDS = 5
_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


class Schedules:
    """Calls what is due of a group, each time of a schedule once."""

    def __init__(self, aws: Aws, group: str, now: Callable[[], datetime]) -> None:
        self._aws = aws
        self._group = group
        self._now = now
        self._called: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()

    def start(self) -> None:
        """Call what is due from now on, until `stop`."""
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Call no more."""
        self._over.set()
        self._thread.join(30)

    def call_due(self) -> None:
        """Call whatever is due and was not called for that time."""
        scheduler = self._aws.client("scheduler")
        with self._lock:
            for one in scheduler.list_schedules(GroupName=self._group)["Schedules"]:
                place = {"GroupName": self._group, "Name": one["Name"]}
                with suppress(scheduler.exceptions.ResourceNotFoundException):
                    self._call_if_due(scheduler.get_schedule(**place), place)

    def _run(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            # A stack that is busy, or being stopped: the next look is soon.
            with suppress(BotoCoreError, ClientError):
                self.call_due()

    def _call_if_due(self, schedule: dict[str, Any], place: dict[str, str]) -> None:
        due = _last_time(schedule, self._now())
        key = (str(schedule["Name"]), due or 0)
        if due is None or key in self._called:
            return
        self._called.add(key)
        target = schedule["Target"]
        event = target["Input"].replace(_SCHEDULED_TIME, _iso(due))
        reply = self._aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=event)
        if "FunctionError" in reply:
            self._called.discard(key)
        elif schedule["ActionAfterCompletion"] == "DELETE":
            self._delete_unless_changed(schedule, place)

    def _delete_unless_changed(self, schedule: dict[str, Any], place: dict[str, str]) -> None:
        scheduler = self._aws.client("scheduler")
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            if scheduler.get_schedule(**place)["Target"] == schedule["Target"]:
                scheduler.delete_schedule(**place)


def _last_time(schedule: dict[str, Any], now: datetime) -> int | None:
    """The last time up to `now` at which it is due, in epoch seconds."""
    from signet import timetables
    from signet.campaigns import Schedule

    kind, _, inside = schedule["ScheduleExpression"].removesuffix(")").partition("(")
    if kind == "at":
        at = datetime.fromisoformat(inside).replace(tzinfo=UTC)
        return timetables.latest(Schedule(at=int(at.timestamp())), now=now)
    zone = schedule["ScheduleExpressionTimezone"]
    return timetables.latest(Schedule(cron=inside, zone=zone), now=now)


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
