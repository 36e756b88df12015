"""Warm CPU: one call of a function beside the bare botocore calls it makes, in one process."""

import json
import subprocess
from collections.abc import Sequence
from statistics import median

from benchmarks.built import Built, environment
from benchmarks.figures import Figure, say
from benchmarks.journey import Journey, Step
from benchmarks.wire import Call, Replay, serving

BUDGET = 1.5
_UNIT = "x bare calls"
_ERROR_OUTPUT = 2


def measure(made: Built, journey: Journey, *, rounds: int) -> tuple[list[Figure], dict[str, float]]:
    """The figures, and the CPU seconds of one warm call of each function."""
    figures, seconds = [], {}
    for name in ("request", "verify"):
        say(f"warm CPU of {name}: {rounds} rounds …")
        step: Step = getattr(journey, name)
        ours, bare, again, lean = _medians(made, journey, name, rounds, beside=step.calls)
        figures += [
            Figure(f"warm CPU: {name}", ours / bare, _UNIT, BUDGET),
            Figure(f"warm CPU: {name}, A/A, the bare calls twice", again / bare, _UNIT),
            Figure(f"warm CPU: {name}, beside calls without validation", ours / lean, _UNIT),
            Figure(f"warm CPU: {name}, by itself", ours * 1000, "ms"),
        ]
        seconds[name] = ours
    for name in ("sender", "sweeper"):
        say(f"warm CPU of {name}: {rounds // 5} rounds …")
        seconds[name], *_ = _medians(made, journey, name, rounds // 5)
    return figures, seconds


def _medians(
    made: Built, journey: Journey, name: str, rounds: int, *, beside: Sequence[Call] = ()
) -> list[float]:
    """CPU seconds of the function, its bare calls, those again, and those without validation."""
    step: Step = getattr(journey, name)
    given = {
        "event": step.event,
        "calls": [(call.service, call.name, json.loads(call.request)) for call in beside],
        "rounds": rounds,
        "others": name == "request",
    }
    with serving(Replay(journey.replies_to(name)).answer) as endpoint:
        variables = environment(endpoint, journey.settings) | {"PYTHONPATH": made.path(name)}
        done = subprocess.run(
            made.command("compare", str(_ERROR_OUTPUT)),
            env=variables,
            input=json.dumps(given),
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"a measured process failed:\n{done.stderr[-2000:]}")
    found = [json.loads(line) for line in done.stderr.splitlines()]
    return [median(seconds) for seconds in zip(*found, strict=True)]
