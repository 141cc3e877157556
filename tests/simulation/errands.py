"""What some seeds bring besides their weather: dossiers passed on between centres, and records erased for ever.

Drawn from dice of their own, so that a seed without them stays the life that it was.
"""

from __future__ import annotations

import random

from domain.clock import SECOND
from tests.simulation.weather import Misfortune, Weather, drawn, moment

PASSED_ON = 0.3
ERASED = 0.25
"""Shares of the seeds in which cases are passed on, in which records are erased."""


def weather_of(seed: int) -> Weather:
    """All that one seed brings."""
    weather = drawn(random.Random(f"{seed} weather"))
    _custody(random.Random(f"{seed} custody"), weather)
    _erasing(random.Random(f"{seed} erasing"), weather)
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
