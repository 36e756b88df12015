"""The shield around a send: judge it before it is charged, count it once it is accepted.

    allow       goes on
    challenge   608, unless a captcha was solved; not for servers, nor where there is no captcha
    refuse      601 with Retry-After, solved or not

Every decision but the first is recorded, with its rule, counts and budget; while the deployment
only observes, the send goes on all the same. Failure mode: closed where it enforces.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signet import shield_tree
from signet.apps import App
from signet.credentials import Authority
from signet.errors import CaptchaMissing, TooFrequent, Unavailable
from signet.limits import Kind
from signet.messages import Message
from signet.shield import Attempt, Step, Verdict

log = logging.getLogger(__name__)

_STOPPED = "Too many codes went unused here: nothing is sent to this number and its like for now."
_UNSOLVED = "Missing validate token. A captcha is needed for this number at the moment."


class Container(Protocol):
    """The counters of an app; see `store.shield_container`."""

    def judge(self, attempt: Attempt, now: int, allowed: tuple[str, ...] = ()) -> Verdict: ...

    def place(self, attempt: Attempt, now: int) -> tuple[list[str], str]: ...

    def count_sent(self, nodes: list[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Shield:
    """What sends are judged by in a deployment; see `store.shield` and `store.deployment`."""

    container: Callable[[App], Container]
    enforces: Callable[[], bool]
    record: Callable[..., None]
    flush_if_due: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Passage:
    """A send that may go on: where it counts once it is accepted, and the mark that tells so."""

    container: Container
    nodes: list[str]
    mark: str

    def count(self) -> None:
        """Count it: it was accepted."""
        self.container.count_sent(self.nodes)


@dataclass(frozen=True, slots=True)
class Asked:
    """A send as the shield sees it. `solved`: a captcha comes with it, which is spent later."""

    app: App
    authority: Authority
    address: str | None
    message: Message
    solved: bool
    now: datetime

    @property
    def is_judged(self) -> bool:
        """A server's notifications are its own affair: nobody verifies them."""
        return self.authority is Authority.CLIENT or self.message.kind is Kind.VERIFICATION

    @property
    def attempt(self) -> Attempt:
        """It in the shield's words."""
        spared = self.authority is Authority.MASTER or not self.app.switches.captcha
        return Attempt(
            phone=self.message.phone,
            address=shield_tree.address_key(self.app.app_id, self.address)
            if self.address
            else None,
            verifies=self.message.kind is Kind.VERIFICATION,
            solved=self.solved or spared,
        )


def let_pass(shield: Shield, asked: Asked) -> Passage | None:
    """How a send goes on; None for one that is not judged.

    Raises CaptchaMissing, TooFrequent, and Unavailable when nothing is known.
    """
    if not asked.is_judged:
        return None
    container, seconds = shield.container(asked.app), int(asked.now.timestamp())
    attempt, enforced = asked.attempt, shield.enforces()
    try:
        verdict = container.judge(attempt, seconds, asked.app.guard.allowed)
        # What would have been refused is not counted either, or observing would see more.
        refused = verdict.step is Step.REFUSE
        nodes, mark = ([], "") if refused else container.place(attempt, seconds)
    except Unavailable:
        if enforced:
            raise
        log.warning("shield_unavailable")
        return None
    if verdict.lock:
        _record(shield, asked, verdict, enforced=enforced)
        if enforced:
            shield.flush_if_due(seconds)
            raise _refusal(verdict)
    return Passage(container, nodes, mark)


def _refusal(verdict: Verdict) -> CaptchaMissing | TooFrequent:
    if verdict.step is Step.CHALLENGE:
        return CaptchaMissing(_UNSOLVED)
    return TooFrequent(_STOPPED, retry_after=verdict.retry_after)


def _record(shield: Shield, asked: Asked, verdict: Verdict, *, enforced: bool) -> None:
    step = verdict.step
    try:
        shield.record(
            asked.app.app_id,
            verdict.lock,
            asked.attempt,
            step=step,
            enforced=enforced,
            price_micros=asked.message.price,
            now=asked.now,
        )
    except Unavailable:
        log.warning("decision_not_recorded", extra={"step": step.value, "enforced": enforced})
