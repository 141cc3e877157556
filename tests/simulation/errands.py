"""What some seeds bring besides their weather: dossiers passed on between centres, and records erased for ever.

Drawn from dice of their own, so that a seed without them stays the life that it was.
"""

from __future__ import annotations

import random

from domain.clock import DAY, SECOND
from tests.simulation.weather import CENTRE, CLOCKS, HUB, SOON, Lot, Misfortune, Weather, drawn, moment

PASSED_ON = 0.3
ERASED = 0.25
HUBBED = 0.3
"""Shares of the seeds in which cases are passed on, in which records are erased, in which there is a hub."""
CARRIED = (0.075, 0.25)
AUDITED = (0.51, 0.71)
FILES = (0.112, 0.365)
"""Between which draws couriers carry sticks, acts are audited, people put files in: chosen so that seeds at which
planted faults were found before stay the lives that they were."""


def weather_of(seed: int) -> Weather:
    """All that one seed brings."""
    weather = drawn(random.Random(f"{seed} weather"))
    _custody(random.Random(f"{seed} custody"), weather)
    _erasing(random.Random(f"{seed} erasing"), weather)
    _hub(random.Random(f"{seed} hub"), weather)
    _couriers(random.Random(f"{seed} sticks"), weather)
    weather.audited = AUDITED[0] <= random.Random(f"{seed} audit").random() < AUDITED[1]
    _files(random.Random(f"{seed} pictures"), weather)
    weather.misfortunes.sort()
    return weather


def _custody(dice: random.Random, weather: Weather) -> None:
    """People pass cases on; a desk whose line is cut meanwhile goes on writing into what it has lost."""
    if dice.random() >= PASSED_ON:
        return
    weather.passes = True
    if "HN01" not in weather.seats or dice.random() < 0.7:
        weather.seats.append("DN01")
    for _ in range(dice.randint(1, 4)):
        when, whom = moment(dice, weather), dice.randrange(len(weather.seats))
        weather.misfortunes.append(Misfortune(when, "passes on", whom))
        if dice.random() < 0.6:
            other = dice.randrange(len(weather.seats))
            cut = dice.choice([5, 30]) * SECOND
            weather.misfortunes.append(Misfortune(when - 3 * SECOND, "line cut", other, cut))
            weather.misfortunes.append(Misfortune(when + SECOND, "writes on", other))
    weather.acts = sorted([*weather.acts, *((moment(dice, weather), len(weather.seats) - 1) for _ in range(3))])


def _erasing(dice: random.Random, weather: Weather) -> None:
    """The centre erases records, some of them while desks still write to them."""
    if dice.random() < ERASED:
        for _ in range(dice.randint(1, 3)):
            weather.misfortunes.append(Misfortune(moment(dice, weather), "erases", -1))


def _hub(dice: random.Random, weather: Weather) -> None:
    """The desks of An Giang have a hub, which dies, is cut off from the centre, or comes back older."""
    if dice.random() >= HUBBED:
        return
    weather.hub = True
    if weather.seats.count("AG02") == 0:
        weather.seats.append("AG02")
        mine = len(weather.seats) - 1
        weather.acts = sorted([*weather.acts, *((moment(dice, weather), mine) for _ in range(5))])
    lot = Lot(dice, weather)
    for _ in range(dice.choice([0, 1, 1, 2])):
        lot.at("crash", HUB, figure=dice.randint(1, 16))
    lot.pair("switched off", ["switched on"], HUB, 0.5, [10 * SECOND, 40 * SECOND, DAY])
    lot.pair("disk full", ["disk has room"], HUB, 0.15, SOON)
    lot.pair("copied", ["restored"], HUB, 0.3, SOON)
    lot.at("clock steps", HUB, 0.15, dice.choice(CLOCKS))
    for _ in range(dice.choice([0, 1, 2])):
        lot.at("line cut", HUB, figure=dice.choice([5, 20, 60]) * SECOND)
    for index, seat in enumerate(weather.seats):
        if seat.startswith("AG"):
            lot.at("line cut inside", index, 0.3, dice.choice([5, 20, 60]) * SECOND)
    lot.at("dies for good", HUB, 0.2)
    # A hub shows what it took in good faith of a desk revoked since; where that desk brings the same words to the
    # centre itself, the centre holds them until a person has looked, and till then both differ rightly.
    weather.misfortunes = [one for one in weather.misfortunes if one.what != "revoked"] + lot.found


def _couriers(dice: random.Random, weather: Weather) -> None:
    """Sticks are written while lines are down, and while they are not; what they bring, the line may bring too."""
    if not CARRIED[0] <= dice.random() < CARRIED[1]:
        return
    weather.sticks = True
    for _ in range(dice.randint(2, 6)):
        when, whom = moment(dice, weather), dice.randrange(len(weather.seats))
        weather.misfortunes.append(Misfortune(when, "writes a stick", whom))
        if dice.random() < 0.5:
            cut = dice.choice([20, 90]) * SECOND
            weather.misfortunes.append(Misfortune(when - 2 * SECOND, "line cut", whom, cut))


def _files(dice: random.Random, weather: Weather) -> None:
    """People put files into dossiers and open what others put in; machines die and lines are cut meanwhile."""
    if not FILES[0] <= dice.random() < FILES[1]:
        return
    weather.files = True
    lot = Lot(dice, weather)
    for _ in range(dice.randint(2, 5)):
        when, whom = moment(dice, weather), dice.randrange(len(weather.seats))
        lot.found.append(Misfortune(when, "puts a file in", whom))
        if dice.random() < 0.4:
            cut = dice.choice([3, 10, 30]) * SECOND
            lot.found.append(Misfortune(when + dice.randrange(4 * SECOND), "line cut", whom, cut))
        if dice.random() < 0.3:
            lot.found.append(Misfortune(when + dice.randrange(4 * SECOND), "crash", whom, dice.randint(1, 9)))
    for _ in range(dice.randint(2, 6)):
        lot.at("opens a file", dice.randrange(len(weather.seats)))
    lot.at("crash", CENTRE, 0.5, dice.randint(1, 12))
    if weather.hub:
        lot.at("crash", HUB, 0.5, dice.randint(1, 12))
    weather.misfortunes += lot.found
