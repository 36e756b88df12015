"""SMS pumping and bombing, replayed against the shield among honest traffic of forty countries.

The attack that is known best: 20,000 addresses ask for 13,000 messages to one prefix, +99899394.
Here it comes within an hour, within three, within a day; by somebody who solves every challenge, by
somebody who solves none, and by somebody who has three of five messages verified. The country is
open and has honest users; another app launches there meanwhile; 5,000 people sit behind one
address; a server asks for all its users; carriers deliver nothing for a while.

Budgets were tuned with the seeds 1 to 20; what is reported is of others (attack_figures.py).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from benchmarks.attack_world import (
    App,
    Country,
    Person,
    Spell,
    Tally,
    World,
    address,
    countries,
)
from signet.shield import Attempt, Step
from signet.shield_counts import Counts, Profile
from signet.shield_tree import address_key
from signet.store.shield_items import profile_item

HOUR = 3_600
PREFIX, ATTACKED = "+99899394", "998"
MESSAGES, ADDRESSES = 13_000, 20_000
# A Friday in September, in the afternoon: an attack of a day sees midnight.
_START = 1_789_740_000
_BEFORE = 720
_STOPPED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One attack, and the honest people around it: how many a minute, how many launch."""

    hours: float
    solves: bool = True
    verified: float = 0.0
    enforce: bool = True
    messages: int = MESSAGES
    prefix: str = PREFIX
    honest: float = 40
    launching: int = 4_000
    behind_one: int = 5_000
    launches_in_attacked_app: bool = False

    @property
    def seconds(self) -> float:
        """How long the attack takes."""
        return self.hours * HOUR


@dataclass
class Outcome:
    """What came of an attack: what was let through until it was stopped, and in all."""

    asked: int = 0
    through: int = 0
    refused: int = 0
    stopped_after: int | None = None
    stopped_seconds: float | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)
    _row: int = 0
    _row_start: tuple[int, float] = (0, 0.0)

    @property
    def avoided_percent(self) -> float:
        """Of what the attack would have cost."""
        return 100 * (1 - self.through / max(1, self.asked))

    def note(self, *, stopped: bool, seconds: float) -> None:
        """An attacker's message was stopped or let through, so long after the first."""
        self.asked += 1
        if not stopped:
            self.through += 1
            self._row = 0
            return
        if self._row == 0:
            self._row_start = (self.through, seconds)
        self._row += 1
        if self._row == _STOPPED and self.stopped_after is None:
            self.stopped_after, self.stopped_seconds = self._row_start


class Attackers:
    """Who asks for messages to a prefix, from everywhere."""

    def __init__(self, plan: Plan, world: World, app: App, start: float) -> None:
        self.plan, self.world, self.app, self.start = plan, world, app, start
        self.outcome = Outcome()
        self._digits = 13 - len(plan.prefix)
        self._keys = [address_key(app.name, f"bot-{each}") for each in range(ADDRESSES)]

    def begin(self) -> None:
        """Put all their requests into the world."""
        for _ in range(self.plan.messages):
            self.world.at(self.start + self.world.chance.random() * self.plan.seconds, self._ask)

    def _ask(self, now: float) -> None:
        chance, app = self.world.chance, self.app
        phone = f"{self.plan.prefix}{chance.randrange(10**self._digits):0{self._digits}d}"
        key = chance.choice(self._keys)
        verdict, mark = app.ask(Attempt(phone, key), now)
        if verdict.step is Step.CHALLENGE and app.enforce and self.plan.solves:
            verdict, mark = app.ask(Attempt(phone, key, solved=True), now)
        self.outcome.refused += verdict.step is Step.REFUSE
        self.outcome.note(stopped=mark is None, seconds=now - self.start)
        if mark is not None and chance.random() < self.plan.verified:
            self.world.at(now + self.world.delay(), partial(app.verify, phone, mark))


def replay(plan: Plan, seed: int) -> Outcome:
    """One attack among honest people."""
    world = World(random.Random(seed))
    places = countries(world.chance)
    end = _START + _BEFORE + plan.seconds
    attacked = _app("attacked", world, plan, 4)
    _people(world, attacked, _mix(places, attacked=0.04), plan.honest, end)
    _others(world, places, plan, attacked, end)
    _spells(world, places, end)
    attackers = Attackers(plan, world, attacked, _START + _BEFORE)
    attackers.begin()
    world.run()
    outcome = attackers.outcome
    outcome.tallies = world.tallies
    return outcome


def bomb(*, one_address: bool, seed: int, seconds: int = HOUR) -> Outcome:
    """A message a second from one address to anybody, or from anybody to one number.

    The limits of a number, which stop the latter after ten, are left out here.
    """
    plan = Plan(seconds / HOUR, honest=20, launching=0, behind_one=0)
    world = World(random.Random(seed))
    places = countries(world.chance)
    end = _START + _BEFORE + plan.seconds
    app = _app("attacked", world, plan, 4)
    _people(world, app, _mix(places, attacked=0.04), plan.honest, end)
    outcome, start = Outcome(), _START + _BEFORE
    _, victim = places["86"].number(world.chance)

    def ask(now: float) -> None:
        phone = places["86"].number(world.chance)[1] if one_address else victim
        key = address_key(app.name, "bomber" if one_address else f"{world.chance.random()}")
        verdict, mark = app.ask(Attempt(phone, key), now)
        if verdict.step is Step.CHALLENGE:
            verdict, mark = app.ask(Attempt(phone, key, solved=True), now)
        outcome.note(stopped=mark is None, seconds=now - start)

    for second in range(seconds):
        world.at(start + second + world.chance.random(), ask)
    world.run()
    outcome.tallies = world.tallies
    return outcome


def _app(name: str, world: World, plan: Plan, containers: int) -> App:
    return App(name, world.chance, start=_START, containers=containers, enforce=plan.enforce)


def _others(
    world: World, places: dict[str, Country], plan: Plan, attacked: App, end: float
) -> None:
    """Those who only must not be harmed."""
    launch = attacked if plan.launches_in_attacked_app else _app("launching", world, plan, 4)
    country = Mix([(places[ATTACKED], 1.0)])
    at = partial(_at_once, world, min(HOUR, plan.seconds))
    at(launch, country, plan.launching, _START + _BEFORE + 300, group="launching")
    at(attacked, Mix([(places["86"], 1.0)]), plan.behind_one, _START + _BEFORE, group="one address")
    server = _app("server", world, plan, 3)
    _people(world, server, _mix(places, attacked=0.02), plan.honest / 2, end, group="server")
    _people(world, _app("small", world, plan, 1), _mix(places, attacked=0.1), 0.5, end)


class Mix:
    """Where people are, and which share of them."""

    def __init__(self, shares: Sequence[tuple[Country, float]]) -> None:
        self.shares = shares
        self.places = [place for place, _ in shares]
        self.weights = list(accumulate(share for _, share in shares))


def _mix(places: dict[str, Country], *, attacked: float) -> Mix:
    rest = [place for dial, place in places.items() if dial not in ("86", ATTACKED)]
    shares = [1 / (1 + rank) for rank, _ in enumerate(rest)]
    part = (1 - 0.5 - attacked) / sum(shares)
    others = [(place, share * part) for place, share in zip(rest, shares, strict=True)]
    return Mix([(places["86"], 0.5), (places[ATTACKED], attacked), *others])


def _people(
    world: World, app: App, mix: Mix, a_minute: float, end: float, group: str = "others"
) -> None:
    """Honest people all the time, and the day before."""
    _yesterday(app, mix, a_minute)

    def arrive(now: float) -> None:
        _person(world, app, mix, group, address(world.chance, app) if group != "server" else None)(
            now
        )
        following = now + world.chance.expovariate(a_minute / 60)
        if following < end:
            world.at(following, arrive)

    world.at(_START + world.chance.expovariate(a_minute / 60), arrive)


def _at_once(
    world: World, seconds: float, app: App, mix: Mix, count: int, start: float, *, group: str
) -> None:
    """So many people within so long, who nobody has seen before."""
    for _ in range(count):
        key = address_key(app.name, "one") if group == "one address" else address(world.chance, app)
        world.at(start + world.chance.random() * seconds, _person(world, app, mix, group, key))


def _person(
    world: World, app: App, mix: Mix, group: str, key: str | None
) -> Callable[[float], None]:
    (country,) = world.chance.choices(mix.places, cum_weights=mix.weights)
    operator, phone = country.number(world.chance)
    groups = ["honest", group]
    if app.name == "attacked" and country.dial == ATTACKED:
        groups.append("in the country")
    return Person(world, app, country, operator, phone, key, tuple(groups)).ask


def _yesterday(app: App, mix: Mix, a_minute: float) -> None:
    """A day of the same, as far as anybody remembers it."""
    counts: dict[str, Counts] = {}
    for country, share in mix.shares:
        sent = round(1.2 * 1_440 * a_minute * share)
        usual = sum(country.conversion.values()) / len(country.conversion)
        counts[f"c{country.dial}"] = Counts(sent, round(sent * usual))
    whole = Counts(
        sum(each.sent for each in counts.values()), sum(each.verified for each in counts.values())
    )
    minute = _START // 60
    rest = 1 - _START % 86_400 / 86_400
    today = {
        node: Counts(round(each.sent * (1 - rest)), round(each.verified * (1 - rest)))
        for node, each in {**counts, "a": whole}.items()
    }
    profile = Profile(minute - 1, today, {**counts, "a": whole})
    app.table.items["day"] = dict(profile_item(profile))


def _spells(world: World, places: dict[str, Country], end: float) -> None:
    """A carrier fails now and then: for an operator, or for a whole country."""
    chance = world.chance
    hit = ["86", ATTACKED, *chance.sample(sorted(places), 4)]
    for number, dial in enumerate(hit):
        start = chance.uniform(_START, end)
        whole = number >= 4
        operator = None if whole else chance.choice(places[dial].operators)
        length = chance.uniform(300, 900)
        loses = chance.uniform(0.7, 1.0)
        world.spells.append(Spell(dial, operator, start, start + length, loses))
