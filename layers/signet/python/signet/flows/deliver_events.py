"""Delivering events of one app: to the bus, to its endpoint, and again later what was not taken.

Each app has runs of its own, so an endpoint that hangs delays nobody else. A run tells several
things at once; when the endpoint took none of them, it is down, and the rest of the run counts as
tried: nobody waits for what will not come, and the bus still gets its share.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from signet import event_deliveries, standard_webhooks
from signet.apps import App, Events
from signet.edge.bus import Entry
from signet.event_deliveries import Delivery, Target, is_taken

# A call of the bus takes ten, and a run should notice soon that nothing is taken.
AT_ONCE = 8
BATCH = 80


@dataclass(frozen=True, slots=True)
class Ways:
    """How events are found, taken, told and written down; see `store.events`, `edge`."""

    fresh: Callable[[str, Iterable[str], datetime], list[Delivery]]
    due: Callable[..., list[Delivery]]
    claim: Callable[[Delivery, datetime], Delivery | None]
    finish: Callable[[Delivery, Delivery], None]
    post: Callable[[str, Sequence[bytes], str, str], str]
    put: Callable[[Sequence[Entry]], list[str | None]]


@dataclass(frozen=True, slots=True)
class Run:
    """The time of a run: what time it is, and whether there is some left."""

    now: Callable[[], datetime]
    may_go_on: Callable[[], bool]


def deliver_new(app: App, event_ids: Sequence[str], ways: Ways, run: Run) -> int:
    """Deliver events that the caller has recorded as taken; how many were."""
    chunks = (
        ways.fresh(app.app_id, event_ids[start : start + AT_ONCE], run.now())
        for start in range(0, len(event_ids), AT_ONCE)
    )
    return _deliver(app, chunks, ways, run)


def deliver_due(app: App, ways: Ways, run: Run) -> int:
    """Deliver what is due of the app; how many were."""
    return _deliver(app, _claimed(app.app_id, ways, run), ways, run)


def _claimed(app_id: str, ways: Ways, run: Run) -> Iterator[list[Delivery]]:
    """What is due, taken a few at a time, until no more is found that nobody else has taken."""
    while True:
        found = ways.due(app_id, run.now(), limit=BATCH)
        taken = 0
        for start in range(0, len(found), AT_ONCE):
            asked = (ways.claim(each, run.now()) for each in found[start : start + AT_ONCE])
            chunk = [delivery for delivery in asked if delivery]
            taken += len(chunk)
            yield chunk
        if not taken:
            return


def _deliver(app: App, chunks: Iterable[list[Delivery]], ways: Ways, run: Run) -> int:
    delivered = 0
    endpoint = _Endpoint(app.events, ways.post)
    for chunk in chunks:
        for before, (owed, answer) in zip(chunk, _told(chunk, endpoint, ways, run), strict=True):
            now = int(run.now().timestamp())
            ways.finish(before, event_deliveries.tried(before, owed=owed, answer=answer, now=now))
            delivered += not owed
        if not run.may_go_on():
            break
    return delivered


class _Endpoint:
    """The app's endpoint in one run, and whether it was found to be down."""

    def __init__(self, settings: Events, post: Callable[[str, Sequence[bytes], str, str], str]):
        self._settings = settings
        self._post = post
        self._down: str | None = None

    def tell(self, deliveries: Sequence[Delivery], now: datetime) -> dict[str, str]:
        """What it answers to each, all at once."""
        url, secret = self._settings.url, self._settings.secret
        if url is None or secret is None or self._down or not deliveries:
            return dict.fromkeys((each.event_id for each in deliveries), self._down or "no_url")
        keys = [standard_webhooks.key(each) for each in secret.valid(now)]

        def posted(delivery: Delivery) -> str:
            return self._post(url, keys, delivery.event_id, delivery.body)

        with ThreadPoolExecutor(AT_ONCE) as several:
            answers = list(several.map(posted, deliveries))
        if all(map(event_deliveries.is_down, answers)):
            self._down = answers[0]
        return {each.event_id: said for each, said in zip(deliveries, answers, strict=True)}


def _told(
    chunk: Sequence[Delivery], endpoint: _Endpoint, ways: Ways, run: Run
) -> Iterator[tuple[frozenset[Target], str]]:
    """For each what is still owed of it, and the answer that says so."""
    failures = _on_the_bus(chunk, ways)
    answers = endpoint.tell([each for each in chunk if Target.URL in each.owed], run.now())
    for delivery in chunk:
        failure = failures.get(delivery.event_id)
        on_bus = f"bus_{failure}" if failure else "bus"
        owed = frozenset({Target.BUS} if failure else ())
        said = answers.get(delivery.event_id)
        if said is None:
            yield owed, on_bus
        elif is_taken(said):
            yield owed, on_bus if failure else said
        else:
            yield owed | {Target.URL}, said


def _on_the_bus(chunk: Sequence[Delivery], ways: Ways) -> dict[str, str]:
    """The failure of each event that the bus did not take."""
    owed = [each for each in chunk if Target.BUS in each.owed]
    if not owed:
        return {}
    answers = ways.put([Entry(each.type, each.body) for each in owed])
    return {each.event_id: answer for each, answer in zip(owed, answers, strict=True) if answer}
