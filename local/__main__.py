"""`python -m local`: start the local stack, say where to look, and wait for Ctrl-C."""

import argparse
import signal
import sys
import threading
from types import FrameType

from local import LocalStackError, seed
from local.stack import Stack

BANNER = """
Signet runs on {url}

  {url}/         a demo shop: send a code, verify it
  {url}/phone    the virtual phone: every message arrives here; what carriers do wrong
  {url}/console  the console: templates, records, balance; reviews for the operator

  app       id {app_id}   app key {app_key}   master key {master_key}
  operator  id {operator}   key {operator_key}
  test phone {test_phone}, code {test_code}
  AWS (emulated): {aws_endpoint}   logs: {log_dir}
  State: {state}

Try it:

  curl -X POST {url}/1.1/requestSmsCode \\
    -H 'X-LC-Id: {app_id}' -H 'X-LC-Key: {app_key}' -H 'Content-Type: application/json' \\
    -d '{{"mobilePhoneNumber": "18612345678"}}'
  curl -X POST {url}/1.1/requestSmsCode \\
    -H 'X-LC-Id: {app_id}' -H 'X-LC-Key: {master_key},master' -H 'Content-Type: application/json' \\
    -d '{{"mobilePhoneNumber": "18612345678", "template": "{template}", "order_id": "7623"}}'
  curl '{url}/local/messages?phone=+8618612345678'

Stop with Ctrl-C.
"""


class _Stopped(BaseException):
    """Somebody wants the stack to stop, perhaps while it still starts.

    No Exception, which a library that retries might swallow.
    """


_asked_to_stop = threading.Event()


def main() -> int:
    """Run the stack until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
    parser.add_argument("--keep", action="store_true", help="keep the state in .local/state")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        say("Starting Signet …")
        with Stack(port=arguments.port, keep=arguments.keep, say=say) as stack:
            say(banner(stack, keep=arguments.keep))
            _asked_to_stop.wait()
    except _Stopped:
        pass
    except LocalStackError as problem:
        print(problem, file=sys.stderr)
        return 1
    say("Stopped.")
    return 0


def banner(stack: Stack, *, keep: bool) -> str:
    """What a person wants to know first."""
    kept = "kept from the last time (.local/state)" if stack.kept else "kept in .local/state"
    return BANNER.format(
        url=stack.url,
        aws_endpoint=stack.aws_endpoint,
        log_dir=stack.log_dir,
        state=kept if keep else "fresh, and gone when it stops (KEEP=1 keeps it)",
        app_id=seed.APP_ID,
        app_key=seed.APP_KEY,
        master_key=seed.MASTER_KEY,
        operator=seed.OPERATOR,
        operator_key=seed.OPERATOR_KEY,
        template=seed.TEMPLATE,
        test_phone=seed.TEST_PHONE,
        test_code=seed.TEST_CODE,
    )


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def _stop(_: int, __: FrameType | None) -> None:
    # Once is enough: the second Ctrl-C must not interrupt the stopping.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _asked_to_stop.set()
    raise _Stopped


if __name__ == "__main__":
    sys.exit(main())
