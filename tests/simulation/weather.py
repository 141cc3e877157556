"""What one seed brings: how many desks, how bad the lines, and which misfortunes at what time, all drawn at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.clock import DAY, HOUR, MINUTE, SECOND
from sync.engine import Pace

PACE = Pace(batch=7, batch_bytes=6_000, page=9, chunk=4, hold=25_000, base=1_000, cap=30_000, timeout=25_000)
LONG_PACE = Pace(batch=7, batch_bytes=6_000, page=9, chunk=4, hold=25_000, base=1_000, cap=6 * HOUR, timeout=25_000)
"""Small batches and pages, so that a few records need several; with months between, delays may grow to hours."""

YEAR_2000 = 946_684_800_000
YEAR_2099 = 4_070_908_800_000
START = 1_795_140_000_000
"""The morning of 20 November 2026."""


CENTRE, HUB = -1, -2
"""Whom a misfortune befalls that befalls no desk."""
INSIDE_MS = 90 * SECOND
"""How much longer than the lines out of a house those inside it stand."""


class Misfortune(NamedTuple):
    """Something happens at a virtual time (ms) to one machine (its index; -1: the centre, -2: the hub)."""

    when: int
    what: str
    whom: int
    figure: int = 0


@dataclass
class Weather:
    """All of one seed. Times are virtual ms, chances from 0 to 1."""

    seats: list[str]
    pace: Pace
    lose_request: float
    lose_answer: float
    twice: float
    unwell: float
    torn: float
    slow_ms: int
    calm: int
    bursts: list[tuple[int, int]]
    acts: list[tuple[int, int]]
    old: frozenset[int]
    misfortunes: list[Misfortune] = field(default_factory=list)
    leaves_ungranted: bool = False
    hub: bool = False
    """The desks of An Giang have a hub."""
    audited: bool = False
    """What people do is put into the audit chain of their desk as well."""
    sticks: bool = False
    """Couriers carry sticks between desks and centre."""
    files: bool = False
    """People put files into dossiers."""
    passes: bool = False
    """People pass cases on to other centres."""

    def brings(self) -> frozenset[str]:
        """Names of the misfortunes; those of the centre and of the hub begin with its name."""
        of = {-1: "centre ", -2: "hub "}
        found = {of.get(one.whom, "") + one.what for one in self.misfortunes}
        besides = {"hub": self.hub, "audited": self.audited, "files": self.files}
        return frozenset(found | {name for name, brought in besides.items() if brought})

    def cut_all(self, ms: int) -> bool:
        """Whether every line is down: between two bursts."""
        return ms < self.calm and not any(start <= ms < end for start, end in self.bursts)

    def cut_inside(self, ms: int) -> bool:
        """Whether the lines inside a centre's house are down: they stand a while longer than those out of it."""
        return ms < self.calm and not any(start <= ms < end + INSIDE_MS for start, end in self.bursts)

    def opens(self, ms: int) -> int:
        """When lines stand again, at the earliest."""
        if not self.cut_inside(ms):
            return ms
        return min([start for start, _ in self.bursts if start > ms], default=self.calm)


def drawn(dice: random.Random) -> Weather:
    """The weather of a seed."""
    seats = ["AG01", "AG02", "AG03"][: dice.choice([1, 2, 2, 2, 3])]
    if dice.random() < 0.5:
        seats.append("HN01")
    bursts, now = [], 0
    for index in range(dice.choice([1, 1, 2, 2, 3])):
        if index:
            now += dice.choice([20 * SECOND, 5 * MINUTE, 7 * HOUR, 30 * DAY])
        end = now + dice.randrange(20, 100) * SECOND
        bursts.append((now, end))
        now = end
    long = bursts[-1][1] > HOUR
    rough = dice.random()
    weather = Weather(
        seats=seats,
        pace=LONG_PACE if long else PACE,
        lose_request=dice.random() * 0.3 * rough,
        lose_answer=dice.random() * 0.3 * rough,
        twice=dice.random() * 0.3,
        unwell=dice.random() * 0.25 * rough,
        torn=dice.random() * 0.2 * rough,
        slow_ms=dice.choice([10, 40, 400, 40 * SECOND]),
        calm=bursts[-1][1],
        bursts=bursts,
        acts=[],
        old=frozenset(i for i in range(len(seats)) if dice.random() < 0.12),
        leaves_ungranted=dice.random() < 0.25,
    )
    weather.acts = sorted((moment(dice, weather), dice.randrange(len(seats))) for _ in range(dice.randint(4, 22)))
    weather.misfortunes = sorted(_misfortunes(dice, weather))
    return weather


def moment(dice: random.Random, weather: Weather) -> int:
    """Mostly within a burst, sometimes while all lines are down."""
    if len(weather.bursts) > 1 and dice.random() < 0.25:
        index = dice.randrange(1, len(weather.bursts))
        return dice.randrange(weather.bursts[index - 1][1], weather.bursts[index][0])
    start, end = dice.choice(weather.bursts)
    return dice.randrange(start, end)


class Lot:
    """Draws the misfortunes of one seed."""

    def __init__(self, dice: random.Random, weather: Weather) -> None:
        self.found: list[Misfortune] = []
        self._dice = dice
        self._weather = weather

    def at(self, what: str, whom: int, chance: float = 1.0, figure: int = 0) -> None:
        """It happens with this chance."""
        if self._dice.random() < chance:
            self.found.append(Misfortune(moment(self._dice, self._weather), what, whom, figure))

    def pair(self, what: str, then: Sequence[str], whom: int, chance: float, after: Sequence[int]) -> None:
        """It happens with this chance, and one of the others so long (ms) after it."""
        if self._dice.random() < chance:
            when = moment(self._dice, self._weather)
            self.found.append(Misfortune(when, what, whom))
            self.found.append(Misfortune(when + self._dice.choice(after), self._dice.choice(then), whom))


SOON = tuple(range(SECOND, 60 * SECOND, 700))
CLOCKS = (-DAY, DAY, YEAR_2000 - START, YEAR_2099 - START)


def _misfortunes(dice: random.Random, weather: Weather) -> list[Misfortune]:
    lot = Lot(dice, weather)
    for index, seat in enumerate(weather.seats):
        for _ in range(dice.choice([0, 0, 1, 2, 4])):
            lot.at("crash", index, figure=dice.randint(1, 24))
        lot.pair("disk full", ["disk has room"], index, 0.15, SOON)
        lot.at("clock steps", index, 0.25, dice.choice(CLOCKS))
        back = ["restored", "restored", "cloned"] if seat.startswith("AG") else ["restored"]
        lot.pair("copied", back, index, 0.3, SOON)
        lot.pair("switched off", ["switched on"], index, 0.15, [30 * SECOND, DAY, 20 * DAY])
        lot.at("line cut", index, 0.25, dice.choice([5, 30, 90]) * SECOND)
        if index in weather.old:
            lot.at("upgraded", index, 0.7)
    if len(weather.seats) > 1:
        lot.at("revoked", 0, 0.06)
    for _ in range(dice.choice([0, 0, 1, 2])):
        lot.at("crash", -1, figure=dice.randint(1, 12))
    lot.pair("disk full", ["disk has room"], -1, 0.12, SOON)
    lot.at("clock steps", -1, 0.1, dice.choice(CLOCKS))
    lot.pair("copied", ["restored"], -1, 0.35, SOON)
    if "HN01" in weather.seats:
        for _ in range(dice.randint(0, 2)):
            lot.at("told by telephone", weather.seats.index("HN01"))
        for _ in range(dice.randint(0, 3)):
            lot.at("granted", weather.seats.index("HN01"))
    return lot.found
