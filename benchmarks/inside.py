"""Runs inside every measured process, with a built function and its layers on the path alone.

    inside.py answer <fd>     answers the events on standard input, one a line, as Lambda would
    inside.py compare <fd>    times one event beside the bare AWS calls it makes

What it finds goes to the file descriptor; standard output is the function's log.
"""

import importlib
import json
import os
import sys
from typing import IO, Any

app = importlib.import_module("app")

_WARM_UP = 10


class Context:
    """Lambda's context, as far as functions look at it."""

    function_name = "signet"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:signet"
    aws_request_id = "5f0c6a7e-3c1e-4a52-9a56-0d9f6f3b8a11"

    def get_remaining_time_in_millis(self) -> int:
        """Nine seconds, or what the environment says."""
        return int(os.environ.get("LEFT_MILLISECONDS", "9000"))


CONTEXT = Context()


def answer(found: IO[str]) -> None:
    """One reply a line, with the processor seconds that it took: `[reply, seconds]`."""
    from time import process_time

    for line in sys.stdin:
        begun = process_time()
        reply = app.handler(json.loads(line), CONTEXT)
        print(json.dumps([reply, process_time() - begun]), file=found, flush=True)


def compare(found: IO[str]) -> None:
    """Prints seconds per round: `[ours, bare calls, the same again, bare without validation]`.

    Given: `{"event": …, "calls": [[service, operation, parameters], …], "rounds": n}`. Each round
    is another person's, if `others` is true: the shield would stop one who asks so often.
    """
    from time import process_time_ns

    given = json.loads(sys.stdin.read())
    events = iter([json.dumps(given["event"])] * (_WARM_UP + given["rounds"]))
    if given["others"]:
        events = map(json.dumps, _of_others(given["event"], _WARM_UP + given["rounds"]))
    bare = _bare_calls(given["calls"])
    lean = _bare_calls(given["calls"], parameter_validation=False)

    def ours() -> None:
        app.handler(json.loads(next(events)), CONTEXT)

    for count in range(_WARM_UP + given["rounds"]):
        seconds = []
        for work in (ours, bare, bare, lean):
            start = process_time_ns()
            work()
            seconds.append((process_time_ns() - start) / 1e9)
        if count >= _WARM_UP:
            print(json.dumps(seconds), file=found)


def _of_others(event: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The event from so many other numbers and addresses."""
    made = []
    for place in range(count):
        person = json.loads(json.dumps(event))
        phone = f"+861{30 + place % 70}{place * 7_919_993 % 10**8:08d}"
        person["body"] = json.dumps(json.loads(event["body"]) | {"mobilePhoneNumber": phone})
        address = f"198.{place % 250}.{place // 250 % 250}.7"
        person["requestContext"]["identity"]["sourceIp"] = address
        made.append(person)
    return made


def _bare_calls(calls: list[list[Any]], **settings: Any) -> Any:
    import botocore.session
    from botocore import xform_name
    from botocore.config import Config

    session, config = botocore.session.get_session(), Config(**settings)
    clients = {service: session.create_client(service, config=config) for service, _, _ in calls}
    bound = [
        (getattr(clients[service], xform_name(operation)), _with_bytes(parameters))
        for service, operation, parameters in calls
    ]

    def bare() -> None:
        for call, parameters in bound:
            call(**parameters)

    return bare


def _with_bytes(value: Any) -> Any:
    """Parameters as botocore takes them, from their JSON: {"B": …} is base64 there."""
    import base64

    if isinstance(value, list):
        return [_with_bytes(element) for element in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"B"}:
        return {"B": base64.b64decode(value["B"])}
    return {name: _with_bytes(inner) for name, inner in value.items()}


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[2]), "w") as channel:
        {"answer": answer, "compare": compare}[sys.argv[1]](channel)
