"""Finding for each mutant the seeds that kill it, and keeping them for the suite to replay."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.simulation.errands import weather_of
from tests.simulation.life import Lived, live
from tests.simulation.mutants import MUTANTS

KILLED: Final = Path(__file__).with_name("killed.json")
"""Mutant → seed that kills it, and the law that broke."""
MOST_SEEDS: Final = 300
"""Within so many seeds every mutant must be dead."""


class Kill(NamedTuple):
    """Which seed, and which law broke in it."""

    seed: int
    law: str


def live_with(seed: int, mutant: str) -> Lived:
    """One seed with the fault planted (empty: none)."""
    if not mutant:
        return live(seed)
    with MUTANTS[mutant].plant():
        return live(seed)


def seeds_for(mutant: str) -> Iterator[int]:
    """All seeds, those first that bring what the mutant shows in."""
    likely = MUTANTS[mutant].met_in
    brings = {seed: weather_of(seed).brings() for seed in range(MOST_SEEDS)}
    yield from (seed for seed in brings if likely <= brings[seed])
    yield from (seed for seed in brings if not likely <= brings[seed])


def kill(mutant: str) -> Kill | None:
    """The first seed that breaks a law with the mutant and none without it; None where it lives through all."""
    for seed in seeds_for(mutant):
        broken = live_with(seed, mutant).broken
        if broken is not None and live(seed).broken is None:
            return Kill(seed, broken.law)
    return None


def kept() -> dict[str, Kill]:
    """What is kept of the last hunt."""
    return {name: Kill(**one) for name, one in json.loads(KILLED.read_text("utf-8")).items()}


def main(names: list[str]) -> int:
    """Hunt the named mutants (or all) and keep what killed them."""
    living = []
    for name in names or list(MUTANTS):
        done = kill(name)
        print(name, "->", done or "LIVES", flush=True)
        if done is None:
            living.append(name)
            continue
        found = {**(kept() if KILLED.exists() else {}), name: done}
        text = json.dumps({one: found[one]._asdict() for one in MUTANTS if one in found}, indent=1)
        KILLED.write_text(text + "\n", "utf-8")
    return 1 if living else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
