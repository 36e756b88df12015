"""The world of the attack: countries, people, apps and their containers, over a table in memory.

People ask for a code, type it after a while or never get it, and ask again. What they meet is the
shield's own code: its rules, and its containers with their reading, writing and forgetting. Only
the table is a dictionary.
"""

import heapq
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.attack_table import MemoryTable
from signet.shield import Attempt, Step, Verdict
from signet.shield_tree import address_key
from signet.store.shield_container import Container

Event = Callable[[float], None]

PRICE_MICROS = 500_000
# dial code, operators' prefixes, digits behind them; the weight of China is set by the app.
_COUNTRIES = (
    "86 130,131,132,133,135,136,137,138,139,150,151,152,157,158,159,176,177,178,180,181,182,"
    "185,186,187,188,189,191,198,199 8",
    "998 90,91,93,94,95,97,98,99,33,88,77 7",
    "1 212,310,415,646,702,718,917 7",
    "44 74,75,77,78,79 8",
    "49 151,160,170,171,175,176 8",
    "33 6,7 8",
    "39 320,328,333,340,347,349 7",
    "34 6,7 8",
    "7 903,905,909,916,921,926,985 7",
    "81 70,80,90 8",
    "82 10 8",
    "852 5,6,9 7",
    "853 6 7",
    "886 9 8",
    "65 8,9 7",
    "60 11,12,13,16,17,19 8",
    "66 6,8,9 8",
    "84 3,5,7,8,9 8",
    "62 812,813,821,852,878 7",
    "63 905,917,918,927 7",
    "91 70,80,90,98,99 8",
    "92 300,301,321,333,345 7",
    "880 13,15,16,17,18,19 8",
    "94 70,71,75,77 7",
    "977 980,981,984 7",
    "971 50,52,54,55,56 7",
    "966 50,53,54,55,56 7",
    "90 50,53,54,55 8",
    "20 10,11,12 8",
    "212 6,7 8",
    "234 703,803,806,810 7",
    "254 70,71,72,79 7",
    "27 60,71,72,82 7",
    "55 119,219,319 8",
    "52 55,33,81 8",
    "54 911,935 8",
    "57 300,310,320 7",
    "48 50,60,79,88 7",
    "380 50,63,67,95 7",
    "61 4 8",
)
DELAY_MEDIAN, DELAY_SIGMA, CODE_LIFE = 17.0, 0.6, 600.0
_RETRIES, _RETRY_SHARE = 3, 0.6
_SOLVES = 0.95


@dataclass(frozen=True, slots=True)
class Country:
    """Where people are: how its numbers look, and how often a code that is sent gets typed."""

    dial: str
    operators: tuple[str, ...]
    digits: int
    conversion: Mapping[str, float]

    def number(self, chance: random.Random) -> tuple[str, str]:
        """An operator's prefix, and a number of it."""
        operator = chance.choice(self.operators)
        return (
            operator,
            f"+{self.dial}{operator}{chance.randrange(10**self.digits):0{self.digits}d}",
        )


def countries(chance: random.Random) -> dict[str, Country]:
    """The forty by dial code, each with a conversion of its own, each operator with another."""
    found = {}
    for line in _COUNTRIES:
        dial, operators, digits = line.split()
        usual = chance.uniform(0.8, 0.9) if dial == "86" else chance.uniform(0.55, 0.9)
        names = tuple(operators.split(","))
        conversion = {
            name: min(0.92, max(0.5, usual + chance.uniform(-0.05, 0.05))) for name in names
        }
        found[dial] = Country(dial, names, int(digits), conversion)
    return found


class App:
    """An app: its table, and the containers of the functions that serve it."""

    def __init__(
        self, name: str, chance: random.Random, *, start: float, containers: int, enforce: bool
    ) -> None:
        self.name, self.enforce = name, enforce
        self.table = MemoryTable()
        self._chance = chance
        self._requests = [self._container() for _ in range(containers)]
        self._verifies = [self._container() for _ in range(2)]
        self._ends = [start + chance.expovariate(1 / 3_600) for _ in range(containers)]

    def _container(self) -> Container:
        return Container(self.name, self.table, chance=self._chance.random())

    def ask(self, attempt: Attempt, now: float) -> tuple[Verdict, str | None]:
        """What `request` does: the verdict, and the mark of what was sent, if it was."""
        container, seconds = self._served(now), int(now)
        verdict = container.judge(attempt, seconds)
        mark = None
        if verdict.step is Step.ALLOW or (not self.enforce and verdict.step is Step.CHALLENGE):
            nodes, mark = container.place(attempt, seconds)
            container.count_sent(nodes)
        container.flush_if_due(seconds)
        return verdict, mark

    def verify(self, phone: str, mark: str, now: float) -> None:
        """What `verify` does with the right code."""
        container = self._chance.choice(self._verifies)
        container.count_verified(phone, mark)
        container.flush_if_due(int(now))

    def _served(self, now: float) -> Container:
        place = self._chance.randrange(len(self._requests))
        if now > self._ends[place]:
            # A new container knows nothing; what the old one had not written is lost.
            self._requests[place] = self._container()
            self._ends[place] = now + self._chance.expovariate(1 / 3_600)
        return self._requests[place]


@dataclass
class Tally:
    """What happened to the requests of a group of people."""

    asked: int = 0
    refused: int = 0
    challenged: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        self.asked += other.asked
        self.refused += other.refused
        self.challenged += other.challenged
        return self

    @property
    def refused_percent(self) -> float:
        """Of all that asked."""
        return 100 * self.refused / max(1, self.asked)

    @property
    def challenged_percent(self) -> float:
        """Of all that asked."""
        return 100 * self.challenged / max(1, self.asked)


@dataclass(frozen=True, slots=True)
class Spell:
    """A while in which a carrier delivers next to nothing to one operator, or to a country."""

    dial: str
    operator: str | None
    start: float
    end: float
    loses: float


@dataclass
class World:
    """Time, and who does something in it."""

    chance: random.Random
    spells: list[Spell] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    _events: list[tuple[float, int, Event]] = field(default_factory=list)
    _count: int = 0

    def at(self, when: float, event: Event) -> None:
        """Let something happen."""
        self._count += 1
        heapq.heappush(self._events, (when, self._count, event))

    def run(self) -> None:
        """Let everything happen, in order."""
        while self._events:
            when, _, event = heapq.heappop(self._events)
            event(when)

    def delay(self) -> float:
        """How long somebody takes to type a code that arrives."""
        return min(CODE_LIFE, self.chance.lognormvariate(math.log(DELAY_MEDIAN), DELAY_SIGMA))

    def arrives(self, country: Country, operator: str, now: float) -> bool:
        """Whether a code that is sent now will be typed."""
        for spell in self.spells:
            hit = spell.dial == country.dial and spell.operator in (None, operator)
            if hit and spell.start <= now < spell.end and self.chance.random() < spell.loses:
                return False
        return self.chance.random() < country.conversion[operator]


@dataclass
class Person:
    """Somebody who wants in; `groups` are the tallies that count what happens to them."""

    world: World
    app: App
    country: Country
    operator: str
    phone: str
    address: str | None
    groups: tuple[str, ...]
    tries: int = 0

    def ask(self, now: float) -> None:
        """Ask for a code; solve a challenge; type the code; or ask again after a minute."""
        self.tries += 1
        attempt = Attempt(self.phone, self.address)
        verdict, mark = self.app.ask(attempt, now)
        refused = verdict.step is Step.REFUSE
        challenged = verdict.step is Step.CHALLENGE
        if challenged and self.app.enforce:
            solved = self.world.chance.random() < _SOLVES
            if solved:
                verdict, mark = self.app.ask(
                    Attempt(self.phone, self.address, solved=True), now + 8
                )
                refused = verdict.step is Step.REFUSE
        for group in self.groups:
            tally = self.world.tallies.setdefault(group, Tally())
            tally += Tally(1, int(refused), int(challenged))
        if self.world.arrives(self.country, self.operator, now):
            if mark is not None:
                self._type(mark, now)
        elif not refused and self.tries <= _RETRIES and self.world.chance.random() < _RETRY_SHARE:
            self.world.at(now + 60 + self.world.chance.expovariate(1 / 30), self.ask)

    def _type(self, mark: str, now: float) -> None:
        def typed(when: float) -> None:
            self.app.verify(self.phone, mark, when)

        self.world.at(now + self.world.delay(), typed)


def address(chance: random.Random, app: App) -> str:
    """Somebody's address: a fifth of people share one of two hundred with others."""
    where = f"pool-{chance.randrange(200)}" if chance.random() < 0.2 else f"{chance.random()}"
    return address_key(app.name, where)
