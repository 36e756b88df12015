"""The whole local stack as one object: emulated AWS, our template deployed, demo app, front."""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from local import LocalStackError, running, seed
from local.answers import Answers
from local.aws import Aws
from local.carrier_pages import CarrierPages
from local.carriers import NAMES, VirtualCarrier
from local.clock import Clock
from local.deploy import Deployment, deploy
from local.front import Front
from local.inbox import Inbox
from local.ministack import MiniStack, free_port
from local.phones import Phones
from local.proxy import Upstream
from local.schedules import Schedules
from local.sns_texts import SnsTexts

ROOT = Path(__file__).resolve().parent.parent
STAGE = "live"
# signet.edge.clock looks at its table this often; a little more, to be past it.
CLOCK_CACHE_SECONDS = 0.25


class Stack:
    """Starts everything when entered and stops it when left.

    `port` 0 is any free one. Without `keep` the state lives in a temporary folder that goes with
    the stack; with it, in `work_dir`. Logs are in `log_dir` and stay until the next start.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keep: bool = False,
        work_dir: Path = ROOT / ".local",
        template: Path = ROOT / "template.yaml",
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_dir = work_dir / "log"
        self.kept = False
        self._keep = keep
        self._work_dir = work_dir
        self._template = template
        self._say = say
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop everything that was started, in the reverse order."""
        self._cleanup.close()

    def _start(self) -> None:
        check_free(self.port)
        self._work_dir.mkdir(parents=True, exist_ok=True)
        self.ministack = MiniStack(
            log_file=self.log_dir / "ministack.log", state_dir=self._state_dir(), keep=self._keep
        )
        self.aws_endpoint = self.ministack.url
        self._cleanup.callback(self.ministack.stop)
        self.ministack.start()
        self.ministack.wait()
        aws = Aws(self.aws_endpoint)
        with telling(self._say, "building the layers and deploying template.yaml"):
            # Layers are the same for every work_dir, so their cache is in one place.
            deployed = deploy(
                self._template, cache=ROOT / ".local" / "cache", aws=aws, url=self.url
            )
        self.outputs = deployed.outputs
        self.resources = deployed.resources
        seed.run(aws_endpoint=self.aws_endpoint, outputs=self.outputs)
        self._serve(self._front(aws, deployed))
        seed.write_words(self.url)
        self._cleanup.callback(running.forget, self._work_dir)
        running.note(self._work_dir, self.aws_endpoint)

    def _state_dir(self) -> Path:
        if self._keep:
            state = self._work_dir / "state"
            self.kept = (state / "services").exists()
            state.mkdir(exist_ok=True)
            return state
        sweep(self._work_dir)
        state = Path(tempfile.mkdtemp(prefix=f"fresh-{os.getpid()}-", dir=self._work_dir))
        self._cleanup.callback(shutil.rmtree, state, ignore_errors=True)
        return state

    def _front(self, aws: Aws, deployed: Deployment) -> Front:
        clock = Clock(aws)
        schedules = Schedules(aws, deployed.resources["ScheduleGroup"], clock.now)
        schedules.start()
        self._cleanup.callback(schedules.stop)
        phones = Phones(self._work_dir / "state" / "phones.jsonl" if self._keep else None)

        def wake() -> None:
            """Do what the schedules would have done while the time passed."""
            time.sleep(CLOCK_CACHE_SECONDS)
            schedules.call_due()
            sweeper = deployed.resources["SweeperFunction"]
            for task in (b"{}", b'{"task":"close_days"}'):
                aws.client("lambda").invoke(FunctionName=sweeper, Payload=task)
            notify = deployed.resources["NotifyFunction"]
            aws.client("lambda").invoke(FunctionName=notify, Payload=b"{}")

        def api(name: str) -> Upstream:
            path = self.ministack.api_path(deployed.resources[name], STAGE)
            return Upstream(self.aws_endpoint, path)

        return Front(
            upstream=api("Api"),
            pictures=api("PicturesApi"),
            inbox=self._inbox(aws, phones, deployed.outputs["MessagesTable"]),
            carriers=CarrierPages(
                {
                    name: VirtualCarrier(name, phones=phones, url=self.url, now=clock.now)
                    for name in NAMES
                },
                phones,
                now=clock.now,
            ),
            answers=Answers(aws=aws, apps_table=deployed.outputs["AppsTable"], now=clock.now),
            clock=clock,
            wake=wake,
        )

    def _inbox(self, aws: Aws, phones: Phones, table: str) -> Inbox:
        now = Clock(aws).now
        sns = SnsTexts(ministack=self.ministack, aws=aws, messages_table=table, now=now)
        return Inbox(phones=phones, sns=sns, aws=aws, messages_table=table)

    def _serve(self, front: Front) -> None:
        config = uvicorn.Config(
            front,
            host="127.0.0.1",
            port=self.port,
            log_level="warning",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=64 * 1024,
            timeout_graceful_shutdown=3,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, name="front", daemon=True)

        def stop() -> None:
            server.should_exit = True
            thread.join(10)

        self._cleanup.callback(stop)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise LocalStackError(f"Nothing can be served on port {self.port}.")
            time.sleep(0.02)


def sweep(work_dir: Path) -> None:
    """Remove the fresh state of stacks that were killed before they could."""
    for state in work_dir.glob("fresh-*-*"):
        try:
            os.kill(int(state.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(state, ignore_errors=True)
        except PermissionError:
            continue  # somebody else's, and alive


def check_free(port: int) -> None:
    """Raise LocalStackError when somebody listens on the port: better at once than at the end."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            raise LocalStackError(
                f"Port {port} cannot be used ({taken.strerror}): choose another, PORT={port + 1}"
            ) from None


@contextlib.contextmanager
def telling(say: Callable[[str], None], what: str) -> Iterator[None]:
    """Say what is being done once it takes two seconds, and every ten seconds that it still is."""
    done = threading.Event()

    start = time.monotonic()

    def tick() -> None:
        pause = 2
        while not done.wait(pause):
            say(f"   … {what} ({time.monotonic() - start:.0f} s)")
            pause = 10

    threading.Thread(target=tick, daemon=True).start()
    try:
        yield
    finally:
        done.set()
