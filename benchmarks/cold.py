"""Cold start: CPU time of a new process that serves a call, beside one that makes a client.

Ratios within one run, from interleaved rounds: on a shared machine a time by itself means
little, and the same case measured twice (A/A) shows how little.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles

from benchmarks.built import Built, environment
from benchmarks.figures import Figure, Progress
from benchmarks.journey import Event, Journey
from benchmarks.wire import Replay, serving

# How much later than a bare boto3 client a function may be ready (design.md 6).
BUDGET = 1.25
_PLAIN = 'import boto3; boto3.client("dynamodb")'
_FUNCTIONS = ("request", "verify", "captcha")
_UNIT = "x boto3 client"

Seconds = dict[str, list[float]]


def measure(made: Built, journey: Journey, *, rounds: int) -> tuple[list[Figure], dict[str, float]]:
    """The figures, and the median CPU seconds of each function's start."""
    with ExitStack() as stack:
        plain = _plain(made, journey)
        functions = {n: stack.enter_context(_function(made, journey, n)) for n in _FUNCTIONS}
        cases = {"plain": plain, **functions, "plain again": plain}
        for case in cases.values():
            case()  # the first read of a file is the disk's time, not ours
        seconds: Seconds = {name: [] for name in cases}
        progress = Progress(f"cold start: {rounds} rounds of {len(cases)} processes", rounds)
        for count in range(1, rounds + 1):
            for name, case in cases.items():
                seconds[name].append(case())
            progress.done(count)
    return _figures(seconds), {name: median(seconds[name]) for name in functions}


def _figures(seconds: Seconds) -> list[Figure]:
    figures = []
    for name in _FUNCTIONS:
        lower_quartile, middle, _ = quantiles(_ratios(seconds, name), n=4)
        # Noise only adds to a time: it is over budget when even the lower quartile is.
        figures += [
            Figure(f"cold start: {name}", middle, _UNIT, BUDGET, judged_by=lower_quartile),
            Figure(f"cold start: {name}, lower quartile", lower_quartile, _UNIT, BUDGET),
        ]
    twice = zip(seconds["plain again"], seconds["plain"], strict=True)
    same_twice = median(again / once for again, once in twice)
    figures.append(Figure("cold start: A/A, the boto3 client twice", same_twice, _UNIT))
    return figures


def _ratios(seconds: Seconds, name: str) -> list[float]:
    """Each start beside the clients made just before and just after it."""
    columns = (seconds[name], seconds["plain"], seconds["plain again"])
    return [2 * ours / (before + after) for ours, before, after in zip(*columns, strict=True)]


def _plain(made: Built, journey: Journey) -> Callable[[], float]:
    variables = environment("http://127.0.0.1:9", journey.settings)
    variables["PYTHONPATH"] = str(made.plain)
    return lambda: _cpu_seconds(made.plain_command(_PLAIN), variables, b"", "")


@contextmanager
def _function(made: Built, journey: Journey, name: str) -> Iterator[Callable[[], float]]:
    """One start of the function, which ends with a success; AWS is a stub in this process."""
    event: Event = getattr(journey, name).event
    with serving(Replay(journey.replies_to(name)).answer) as endpoint:
        variables = environment(endpoint, journey.settings)
        variables["PYTHONPATH"] = made.path(name)
        line = json.dumps(event).encode()
        yield lambda: _cpu_seconds(
            made.command("answer", "2"), variables, line, '"statusCode": 200'
        )


def _cpu_seconds(
    command: Sequence[str], variables: Mapping[str, str], given: bytes, expected: str
) -> float:
    """User and system time of one process, which is given a line and must say the expected."""
    process = subprocess.Popen(
        command,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stderr
    with process.stdin, process.stderr:
        process.stdin.write(given)
        process.stdin.close()
        said = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or expected not in said:
        raise RuntimeError(f"a measured process failed:\n{said[-2000:]}")
    return used.ru_utime + used.ru_stime
