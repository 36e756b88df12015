"""What it costs, computed: measured calls, units, CPU time and log bytes times list prices.

us-east-1, US dollars. Prices:
https://aws.amazon.com/api-gateway/pricing https://aws.amazon.com/lambda/pricing
https://aws.amazon.com/dynamodb/pricing/on-demand https://aws.amazon.com/sqs/pricing
https://aws.amazon.com/cloudwatch/pricing https://aws.amazon.com/secrets-manager/pricing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.built import ROOT
from benchmarks.figures import Figure
from benchmarks.journey import Journey, Step
from local.package import load_template
from signet.store.shield_container import WRITE_COUNT

MILLION = 1_000_000
ROUND_TRIP_BUDGET = 20.0
IDLE_BUDGET = 1.0

_API_CALL = 3.50 / MILLION
LAMBDA_CALL = 0.20 / MILLION
GB_SECOND = 0.0000133334  # arm64
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
SQS_CALL = 0.40 / MILLION
LOG_BYTE = 0.50 / 10**9
_SECRET = 0.40
_SECRET_CALL = 0.05 / 10_000
_ALARM_METRIC = 0.10  # an alarm on metric math is charged for each metric it reads

# CPU work takes this much longer than on a whole processor, which Lambda gives at 1,769 MB.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY_GB = 0.5
SLOWER = 1769 / 512
# Assumed: what one AWS call waits for its reply, and a sender for its carrier beyond that.
WAIT_SECONDS = 0.010
CARRIER_WAIT_SECONDS = 0.090
# What CloudWatch adds to each event it stores. Lambda's own START and REPORT lines are off
# (SystemLogLevel: WARN), so there is one event for each line of ours.
EVENT_LOG_BYTES = 26
# Assumed: one call in so many starts a container, which reads app and secret.
_COLD_EVERY = 1000
# Assumed: a million in a month, evenly. What is read of an app serves for thirty seconds, what the
# shield reads for five; it writes when it has counted enough.
_A_SECOND = MILLION / (730 * 3_600)
_REMEMBERED, _SHIELD_READS = 30, 5

# Assumed: of a round trip an app is told three things, each alone; its endpoint takes this long.
_EVENTS = 3
_ENDPOINT_WAIT_SECONDS = 0.100
# Measured by hand, over a hundred events: what `notify` computes for one, with TLS.
_EVENT_CPU_SECONDS = 0.014

_BATCH, _UPDATE = "BatchGetItem", "UpdateItem"

_HOURS = 730  # in a month
_MINUTES = _HOURS * 60
# Lambda reads an idle queue with five long polls of twenty seconds at a time (review.md 1.14).
_EMPTY_RECEIVES = 5 * 3 * _MINUTES
# What AWS never charges an account for, whatever its age.
_FREE = {
    "SQS calls": MILLION,
    "alarm metrics": 10,
    "Lambda calls": MILLION,
    "Lambda GB-seconds": 400_000,
    "log bytes": 5 * 10**9,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of arithmetic: so many of what, at a price for each."""

    what: str
    count: float
    price: float

    @property
    def dollars(self) -> float:
        """Count times price."""
        return self.count * self.price

    @property
    def dollars_beyond_free(self) -> float:
        """The same, less what every account has for nothing."""
        return max(0.0, self.count - _FREE.get(self.what, 0)) * self.price


def round_trips(
    journey: Journey, warm: Mapping[str, float], cold: Mapping[str, float]
) -> list[Line]:
    """A million of request, delivery and verification. CPU seconds by function, warm and cold."""
    steps = {"request": journey.request, "sender": journey.sender, "verify": journey.verify}
    seconds = sum(_seconds(step, warm[name]) for name, step in steps.items())
    starts = sum(cold.values()) / len(cold) * len(steps) * SLOWER / _COLD_EVERY
    # The first step of a process read what the counted one remembered.
    reads = sum(_read_of_apps(journey.first[name]) for name in steps)
    shield_reads = sum(c.read_units for c in journey.refresh.calls if c.is_of("Shield", _BATCH))
    shield_writes = sum(c.write_units for c in journey.flush.calls if c.is_of("Shield", _UPDATE))
    each = [
        Line("API calls", 2, _API_CALL),
        Line("Lambda calls", len(steps), LAMBDA_CALL),
        Line("Lambda GB-seconds", seconds * MEMORY_GB, GB_SECOND),
        Line("Lambda GB-seconds of cold starts", starts * MEMORY_GB, GB_SECOND),
        Line("write units", sum(step.write_units for step in steps.values()), WRITE_UNIT),
        Line("read units of apps", reads / (_A_SECOND * _REMEMBERED), READ_UNIT),
        Line("read units of the shield", shield_reads / (_A_SECOND * _SHIELD_READS), READ_UNIT),
        # request and verify each write what they counted.
        Line("write units of the shield", 2 * shield_writes / WRITE_COUNT, WRITE_UNIT),
        Line("SQS calls (send, receive, delete)", 3, SQS_CALL),
        Line("log bytes", sum(log_bytes(step) for step in steps.values()), LOG_BYTE),
        Line("secret calls", 2 / _COLD_EVERY, _SECRET_CALL),
    ]
    return [Line(line.what, line.count * MILLION, line.price) for line in each]


def events(journey: Journey) -> list[Line]:
    """What a million round trips of an app that is told of them cost beyond those."""
    steps = (journey.take, journey.tell)
    waits = sum(len(step.calls) for step in steps) * WAIT_SECONDS + _ENDPOINT_WAIT_SECONDS
    seconds = waits + _EVENT_CPU_SECONDS * SLOWER
    each = [
        Line("Lambda calls", len(steps), LAMBDA_CALL),
        Line("Lambda GB-seconds", seconds * MEMORY_GB, GB_SECOND),
        Line("write units", sum(step.write_units for step in steps), WRITE_UNIT),
        Line("read units", sum(step.read_units for step in steps), READ_UNIT),
        Line("log bytes", log_bytes(journey.tell), LOG_BYTE),
    ]
    return [Line(line.what, line.count * _EVENTS * MILLION, line.price) for line in each]


def receipts(journey: Journey, warm: Mapping[str, float]) -> list[Line]:
    """What a million receipts cost, each in a call of its own; it computes as much as `verify`."""
    step = journey.receipt
    seconds = _seconds(step, warm["verify"])
    each = [
        Line("API calls", 1, _API_CALL),
        Line("Lambda calls", 1, LAMBDA_CALL),
        Line("Lambda GB-seconds", seconds * MEMORY_GB, GB_SECOND),
        Line("write units", step.write_units, WRITE_UNIT),
        Line("read units", step.read_units, READ_UNIT),
        Line("log bytes", log_bytes(step), LOG_BYTE),
    ]
    return [Line(line.what, line.count * MILLION, line.price) for line in each]


def idle_month(journey: Journey, warm: Mapping[str, float]) -> list[Line]:
    """A month in which nobody sends anything."""
    sweeper, closing, tick = journey.sweeper, journey.closing, journey.tick
    seconds = _MINUTES * _seconds(sweeper, warm["sweeper"])
    seconds += _HOURS * _seconds(closing, warm["sweeper"])
    # `notify` computes less: it asks for the same apps, and for nothing of their messages.
    seconds += _MINUTES * _seconds(tick, warm["sweeper"])
    reads = (sweeper.read_units + tick.read_units) * _MINUTES + closing.read_units * _HOURS
    return [
        Line("secret", 1, _SECRET),
        Line("alarm metrics", _alarm_metrics(), _ALARM_METRIC),
        Line("SQS calls", 2 * _EMPTY_RECEIVES, SQS_CALL),
        Line("Lambda calls", 2 * _MINUTES + _HOURS, LAMBDA_CALL),
        Line("Lambda GB-seconds", seconds * MEMORY_GB, GB_SECOND),
        Line("read units", reads, READ_UNIT),
        Line("log bytes", log_bytes(sweeper) * _MINUTES + log_bytes(closing) * _HOURS, LOG_BYTE),
    ]


def measure(
    trips: Sequence[Line],
    told: Sequence[Line],
    reported: Sequence[Line],
    month: Sequence[Line],
) -> list[Figure]:
    """The sums."""
    return [
        Figure(
            "cost: a million receipts, each in a call of its own, beyond that",
            sum(line.dollars for line in reported),
            "USD",
        ),
        Figure(
            "cost: a million round trips of an app with events, beyond that",
            sum(line.dollars for line in told),
            "USD",
        ),
        Figure(
            "cost: a million round trips, carrier excluded",
            sum(line.dollars for line in trips),
            "USD",
            ROUND_TRIP_BUDGET,
        ),
        Figure(
            "cost: an idle month, in an account of its own",
            sum(line.dollars_beyond_free for line in month),
            "USD",
            IDLE_BUDGET,
        ),
        Figure(
            "cost: an idle month, free allowances used up",
            sum(line.dollars for line in month),
            "USD",
        ),
        Figure(
            "cost: an idle month, with the secret of a carrier outside AWS",
            sum(line.dollars_beyond_free for line in month) + _SECRET,
            "USD",
        ),
    ]


def arithmetic(title: str, lines: Sequence[Line]) -> str:
    """The lines of a sum as text."""
    rows = [
        f"  {line.what:<42}{line.count:>16,.0f} x {line.price:<12.10g}{line.dollars:>8.3f} USD"
        for line in lines
    ]
    return "\n".join([title, *rows])


def _read_of_apps(step: Step) -> float:
    return sum(call.read_units for call in step.calls if not call.is_of("Shield", _BATCH))


def _seconds(step: Step, cpu_seconds: float) -> float:
    """How long Lambda bills for: CPU time stretched to the share of a processor, and waiting."""
    carrier = any(call.operation == "Publish" for call in step.calls) * CARRIER_WAIT_SECONDS
    return cpu_seconds * SLOWER + len(step.calls) * WAIT_SECONDS + carrier


def log_bytes(step: Step) -> int:
    """What CloudWatch stores of an invocation."""
    return step.log_bytes + (EVENT_LOG_BYTES if step.log_bytes else 0)


def _alarm_metrics() -> int:
    resources = load_template(ROOT / "template.yaml")["Resources"].values()
    alarms = [r["Properties"] for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(
        sum("MetricStat" in metric for metric in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms
    )
