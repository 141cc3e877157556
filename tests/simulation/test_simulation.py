"""Many lives of the road under every misfortune: no law breaks, and each planted fault breaks one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.simulation import hunt
from tests.simulation.hunt import live_with
from tests.simulation.late_faults import LATE
from tests.simulation.life import Lived, live
from tests.simulation.mutants import MUTANTS

SOAK = os.environ.get("TRAM111_SOAK") == "1"
IN_THE_SUITE = 200
"""As many as were lived through before this landed; two hundred are wanted."""
IN_A_SOAK = 5_000
BLOCKS = 10

OFTEN = (
    "503 with Retry-After", "5xx pages", "answers lost", "bodies torn", "compared equal",
    "clock steps of a desk", "disk full: a person told", "forks",
    "held pulls woken", "requests doubled", "requests lost", "restores of a desk",
    "crash: centre",
)  # fmt: skip
"""What every block of the suite must meet."""
SOMETIMES = (
    *OFTEN, "a lineage met", "back-fills", "clock steps of the centre", "clones of a desk",
    "conflicts left for a person", "disk full at the centre", "dossiers given up", "grants",
    "held operations released at a desk", "hub deaths", "hubs cut off from the centre", "hubs dead for good",
    "answers taken from a stick", "audit chains counted", "late words kept and flagged",
    "moves to the centre", "moves to the hub", "news by stick", "outages of 30 days", "records erased",
    "restores of the centre", "restores of the hub",
    "revoked devices", "revoked devices told so", "steps: behind", "sticks lost", "sticks not whole",
    "sticks out of order", "sticks that brought something", "words acknowledged by stick",
    "upgrades", "written before granted", "crash: Hub",
    "files put in", "files whole at the centre", "files let go", "files erased", "files erased on the way",
    "files written on a stick", "files whole by stick", "files acknowledged by stick",
    "files that a restored centre lacks", "chunks torn", "chunks interrupted", "chunks resumed on the way up",
    "chunks resumed on the way down",
    *(f"crash: {effect}" for effect in ("Push", "Pull", "FetchScope", "WakeAt", "Report")),
    *(f"crash: {step} {moment}"
      for step in ("save", "view", "pending", "sign", "settle", "behind", "fork", "meet", "receive", "receive_scope",
                   "digest_at", "compared")
      for moment in ("before", "inside", "after")),
)  # fmt: skip
"""What a soak must meet: each of these at least once, else it has proven less than it says."""


def told(lived: Lived, mutant: str = "") -> str:
    """What is printed of a seed that broke a law: its timeline, and the one command that lives it again."""
    command = f"python -m tests.simulation {lived.seed} {mutant}".rstrip()
    return "\n".join([*lived.trace.lines(), f"{lived.broken}", f"again: {command}"])


def _figures(seed: int) -> tuple[int, str, Counter[str], int, int]:
    """One seed in a process of its own: what it broke, what it met, acts, virtual ms."""
    lived = live(seed)
    return seed, told(lived) if lived.broken else "", lived.met, lived.acts, lived.virtual_ms


def _hunted(mutant: str) -> tuple[str, hunt.Kill | None]:
    return mutant, hunt.kill(mutant)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_law_breaks_in_the_first_seeds(block: int) -> None:
    met: Counter[str] = Counter()
    each = IN_THE_SUITE // BLOCKS
    for seed in range(block * each, (block + 1) * each):
        lived = live(seed)
        assert lived.broken is None, told(lived)
        met += lived.met
    assert not [one for one in OFTEN[:5] if not met[one]]


@pytest.mark.parametrize("mutant", hunt.kept())
def test_a_planted_fault_is_found_at_its_seed(mutant: str) -> None:
    killing = hunt.kept()[mutant]
    assert killing.seed < hunt.MOST_SEEDS
    lived = live_with(killing.seed, mutant)
    assert lived.broken is not None, f"{mutant} lives at seed {killing.seed}"
    assert lived.broken.law == killing.law
    said = told(lived, mutant)
    assert said.endswith(f"again: python -m tests.simulation {killing.seed} {mutant}")
    assert len(said.splitlines()) > 10


@pytest.mark.parametrize("fault", LATE)
def test_a_fault_that_a_soak_found_late_is_mended_and_found_again_at_its_seed(fault: str) -> None:
    late = LATE[fault]
    lived = live(late.seed)
    assert lived.broken is None, told(lived)
    with late.plant():
        lived = live(late.seed)
    assert lived.broken is not None, f"{fault} lives at seed {late.seed}"
    assert lived.broken.law == late.law


def test_a_full_disk_while_files_are_looked_up_ends_nothing() -> None:
    """Seed 4994 of a soak: the thread that moves files died of it, until the desk was started anew."""
    lived = live(4994)
    assert lived.broken is None, told(lived)
    assert lived.met["disk full: a person told"] or lived.met["files put in"], "no such life any more: find another"


def test_every_planted_fault_is_kept_with_the_seed_that_finds_it() -> None:
    assert len(MUTANTS) >= 12
    assert set(hunt.kept()) == set(MUTANTS)


def test_the_same_seed_is_the_same_life_in_any_process() -> None:
    seed = 3
    here = live(seed)
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", str(seed)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": hashing},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stdout.splitlines()[-1].split()[-1] == here.trace.fingerprint(), done.stderr
    assert live(seed + 1).trace.fingerprint() != here.trace.fingerprint()


@pytest.mark.soak("simulation")
@pytest.mark.parametrize("seeds", [IN_A_SOAK if SOAK else 4])
def test_thousands_of_seeds_lose_nothing_and_every_fault_is_hunted_down(seeds: int) -> None:
    met: Counter[str] = Counter()
    broken: list[str] = []
    acts = days = 0.0
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for seed, failure, more, written, ms in pool.map(_figures, range(seeds), chunksize=20):
            met += more
            acts += written
            days += ms / 86_400_000
            if failure:
                print(failure)
                broken.append(f"seed {seed}: {failure.splitlines()[-2]}")
        hunted = dict(pool.map(_hunted, MUTANTS if SOAK else []))
    crashes = sum(count for name, count in met.items() if name.startswith("crash: "))
    losses = sum("lost" in one for one in broken)
    print(f"{seeds} seeds, {days:.0f} virtual days, {acts:.0f} acts, {crashes} crashes, {losses} losses")
    for name, count in sorted(met.items()):
        print(f"  {count:8} {name}")
    for name, kill in hunted.items():
        print(f"  {name}: {kill or 'LIVES'}")
    assert not broken
    assert all(kill is not None for kill in hunted.values())
    if SOAK:
        assert not [one for one in SOMETIMES if not met[one]]
