"""Safe mode: how far apart the answers for known and unknown numbers are, in time.

`python -m benchmarks.alike <rounds>` is the process that is measured: it calls the account function
for a known and an unknown number in turn, in an order that is drawn anew each round.
"""

import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from benchmarks.built import ROOT, environment
from benchmarks.figures import Figure, say
from benchmarks.journey import deploy, emulator
from local import seed
from local.aws import Aws

_REQUESTS = ("requestLoginSmsCode", "requestPasswordResetBySmsCode", "requestMobilePhoneVerify")
_LOGIN = "login"
_BUDGET_MS = 10
_WARM_UP = 5
_APP_ID = "signet-alike"


def measure(*, rounds: int) -> list[Figure]:
    """The gap at the 95th percentile for each call, and for one half of a call and the other."""
    say("safe mode, known and unknown numbers in turn …")
    with emulator() as running:
        settings = deploy(Aws(running.url))
        layer = ROOT / "layers" / "signet" / "python"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.alike", str(rounds)],
            env=environment(running.url, settings) | {"PYTHONPATH": f"{ROOT}:{layer}"},
            cwd=ROOT,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
    taken: dict[str, dict[str, list[float]]] = json.loads(done.stdout.splitlines()[-1])
    found = [
        Figure(f"safe mode: {path}, known or not, p95", _gap(*seconds.values()), "ms", _BUDGET_MS)
        for path, seconds in taken.items()
    ]
    known = taken[_LOGIN]["known"]
    return [*found, Figure("safe mode: A/A of login", _gap(known[::2], known[1::2]), "ms")]


def _gap(one: list[float], other: list[float]) -> float:
    return abs(_p95(one) - _p95(other)) * 1000


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _inside(rounds: int) -> dict[str, dict[str, list[float]]]:
    # Not at the top: these read the settings that only this process has.
    from functions.account import app

    _prepare(_WARM_UP + rounds)
    taken: dict[str, dict[str, list[float]]] = {
        path: {"known": [], "unknown": []} for path in (*_REQUESTS, _LOGIN)
    }
    for number in range(_WARM_UP + rounds):
        for place, path in enumerate((*_REQUESTS, _LOGIN)):
            for who in random.sample(("known", "unknown"), 2):
                event = _event(path, _phone(who, place, number))
                start = time.perf_counter()
                reply = app.handler(event, None)
                seconds = time.perf_counter() - start
                if number >= _WARM_UP:
                    assert reply["statusCode"] == (400 if path == _LOGIN else 200), reply
                    taken[path][who].append(seconds)
    return taken


def _prepare(rounds: int) -> None:
    """The app, and a known user for each call that there will be."""
    from signet import passwords, users
    from signet.store import apps
    from signet.store import users as store

    now = datetime.now(UTC)
    demo = apps.read(seed.APP_ID)
    assert demo
    switches = replace(demo.switches, safe_mode=True, login_by_code=True)
    apps.create(replace(demo, app_id=_APP_ID, switches=switches), also=_with_money)
    password = passwords.hashed("password")
    for number in range(rounds):
        for place, path in enumerate((*_REQUESTS, _LOGIN)):
            at = users.milliseconds(now)
            store.create(
                users.User(
                    _APP_ID,
                    users.new_id(now),
                    at,
                    at,
                    username=f"user {place} {number}",
                    phone=_phone("known", place, number),
                    phone_verified=path != "requestMobilePhoneVerify",
                    password=password,
                )
            )


def _with_money(writes: Any) -> None:
    from signet.store import ledger

    ledger.record_opening(writes, _APP_ID, 10**12, now=datetime.now(UTC))


def _phone(who: str, place: int, number: int) -> str:
    return f"+8613{0 if who == 'known' else 1}{place}{number:07d}"


def _event(path: str, phone: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "account.json").read_text())
    body = {"mobilePhoneNumber": phone} | ({"password": "wrong"} if path == _LOGIN else {})
    headers = event["headers"] | {"X-LC-Id": _APP_ID}
    return event | {"path": f"/1.1/{path}", "headers": headers, "body": json.dumps(body)}


if __name__ == "__main__":
    print(json.dumps(_inside(int(sys.argv[1]))))
