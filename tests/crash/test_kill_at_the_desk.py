"""A desk is killed while it saves, checkpoints, upgrades: nothing that was shown as saved is lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from desktop.home import Home
from desktop.store.engine import _connect
from desktop.store.versions import VERSION_KEY
from sync.replica.node import STORE_VERSION
from tests.conftest import SOAK
from tests.crash.jobs import Job, Kill
from tests.crash.nursery import ByClock, Life, Nursery
from tests.crash.power import make_old
from tests.crash.proof import faults_inside, faults_of_file
from tests.crash.script import SHORT, Deed, acts_held, difference, held_after, held_by, operation, script
from tests.desktop.store.kit import STORE_KEY, Bench

PARTS = range(10 if SOAK else 1)
"""Each part is a tenth: of 150 deaths while saving, 100 in checkpoints, 60 in upgrades; with the road's 200: 510."""

STORES_SAVING, STORES_IN_CHECKPOINTS, UPGRADES = 3, 2, 6
DEATHS = 5
"""How often one store is killed before a new one is taken."""

ACTS = 14
"""Acts of one life, if it is not cut short."""

HOW = ("before", "half", "after")


def whole(root: Path, deeds: Sequence[Deed], surely: int, perhaps: int, where: str) -> int:
    """Open a store as the desk does after a crash, check everything, save the next act; how many it holds then."""
    bench = Bench(root)
    try:
        held = bench.read(held_by)
        count = acts_held(held, deeds, surely, perhaps)
        assert count is not None, f"{where}: saved {surely}, begun {perhaps}: {difference(held, deeds[:surely])}"
        assert bench.read(faults_inside) == [], where
        bench.run(operation(deeds[count]))
        assert acts_held(bench.read(held_by), deeds, count + 1, count + 1), f"{where}: the next save"
        assert bench.read(faults_inside) == [], where
    finally:
        bench.close()
    assert faults_of_file(Home(root).db, STORE_KEY) == [], where
    return count + 1


def killed_again_and_again(
    nursery: Nursery,
    root: Path,
    seed: int,
    aim: Callable[[random.Random, int], tuple[Kill | None, ByClock | None]],
    *,
    longest: int = SHORT,
    every: int = 0,
    planted: str = "",
) -> int:
    """One store, killed `DEATHS` times while it works; a life that ended before its kill came does not count."""
    deeds = script(seed, 2 * DEATHS * (ACTS + 1) + 1, longest)
    done = deaths = 0
    for death in range(2 * DEATHS):
        if deaths == DEATHS:
            break
        kill, by_clock = aim(random.Random(f"kill {seed}/{death}"), death)
        job = Job(
            life="save", home=str(root), seed=seed, first=done, acts=ACTS, longest=longest, every=every,
            kill=kill, planted=planted,
        )  # fmt: skip
        life = nursery.live(job, by_clock)
        deaths += life.killed
        where = f"seed {seed}, death {death}, {kill or by_clock}"
        done = whole(root, deeds, life.last("saved", done), life.last("begin", done), where)
    return deaths


def anywhere(chance: random.Random, death: int) -> tuple[Kill | None, ByClock | None]:
    """By the clock, at any touch of a file, or between the last insert and COMMIT."""
    if death % 3 == 0:
        return None, ByClock(chance.randrange(1, ACTS), chance.random() * 0.02)
    if death % 3 == 1:
        return Kill(touch=chance.randrange(1, 250), how=chance.choice(HOW)), None
    return Kill(commit=chance.randrange(1, ACTS + 1)), None


def in_a_checkpoint(chance: random.Random, _death: int) -> tuple[Kill | None, ByClock | None]:
    """In write-ahead mode only a checkpoint touches the main file."""
    return Kill(touch=chance.randrange(1, 60), name="store.db", how=chance.choice(HOW)), None


@pytest.mark.soak("kill")
@pytest.mark.parametrize("part", PARTS)
def test_killed_while_saving_it_holds_every_act_that_was_shown_as_saved(
    seed: int, nursery: Nursery, memory_disk: Path
) -> None:
    for number in range(seed, seed + STORES_SAVING):
        deaths = killed_again_and_again(nursery, memory_disk / str(number), number, anywhere)
        print(f"kill: {deaths} while saving, seed {number}")
        assert deaths == DEATHS


@pytest.mark.soak("kill")
@pytest.mark.parametrize("part", PARTS)
def test_killed_inside_a_checkpoint_it_holds_every_act_that_was_shown_as_saved(
    seed: int, nursery: Nursery, memory_disk: Path
) -> None:
    for number in range(seed, seed + STORES_IN_CHECKPOINTS):
        root = memory_disk / str(number)
        deaths = killed_again_and_again(nursery, root, number, in_a_checkpoint, longest=300_000, every=3)
        print(f"kill: {deaths} inside a checkpoint, seed {number}")
        assert deaths == DEATHS


@pytest.mark.soak("kill")
@pytest.mark.parametrize("part", PARTS)
def test_killed_during_an_upgrade_it_is_upgraded_at_the_next_start(
    seed: int, nursery: Nursery, memory_disk: Path
) -> None:
    count = UPGRADES
    root, deeds = memory_disk / "desk", script(seed, 2 * count + 12)
    bench = Bench(root)
    for deed in deeds[:10]:
        bench.run(operation(deed))
    make_old(bench)
    done, deaths = 10, 0
    touches = nursery.live(Job(life="upgrade", home=str(root), seed=seed)).last("touches")
    for death in range(2 * count):
        if deaths == count:
            break
        make_old(Bench(root))
        chance = random.Random(f"upgrade {seed}/{death}")
        kill = Kill(touch=chance.randrange(1, touches), how=chance.choice(HOW))
        before = set(Home(root).backups.glob("*.db"))
        life = nursery.live(Job(life="upgrade", home=str(root), seed=seed, kill=kill))
        deaths += life.killed
        where = f"seed {seed}, death {death}, {kill}"
        if life.last("upgraded") or version(root) == str(STORE_VERSION):
            made = set(Home(root).backups.glob("*.db")) - before
            assert [calls_in(path) for path in made] == [calls_after(deeds[:done])], where
        done = whole(root, deeds, done, done, where)
        for path in Home(root).backups.glob("*.db*"):
            path.unlink()
    print(f"kill: {deaths} during an upgrade of {touches} touches")
    assert deaths == count


def version(root: Path) -> str:
    connection = _connect(Home(root).db, STORE_KEY)
    try:
        found = connection.execute("SELECT value FROM node WHERE key = ?", (VERSION_KEY,)).fetchone()
        return str(found[0])
    finally:
        connection.close()


def calls_in(copy: Path) -> int:
    connection = _connect(copy, STORE_KEY)
    try:
        return int(connection.execute("SELECT count(*) FROM r_call").fetchone()[0])
    finally:
        connection.close()


def calls_after(deeds: Sequence[Deed]) -> int:
    return sum(name.startswith("call ") for name in held_after(deeds))


def test_a_writer_that_says_saved_before_commit_is_caught(nursery: Nursery, memory_disk: Path) -> None:
    def at_commit(_chance: random.Random, _death: int) -> tuple[Kill | None, ByClock | None]:
        return Kill(commit=4), None

    with pytest.raises(AssertionError, match="saved 4, begun 4"):
        killed_again_and_again(nursery, memory_disk / "desk", 1, at_commit, planted="early")


def test_a_child_that_fails_is_no_child_that_was_killed(nursery: Nursery, memory_disk: Path) -> None:
    with pytest.raises(AssertionError, match="failed"):
        nursery.live(Job(life="nobody", home=str(memory_disk)))
    life: Life = nursery.live(Job(life="save", home=str(memory_disk / "desk"), seed=1, acts=2))
    assert (life.killed, life.last("saved")) == (False, 2)


def test_each_moment_of_the_drawn_touch_is_met(nursery: Nursery, memory_disk: Path) -> None:
    for number, how in enumerate(HOW):
        root = memory_disk / how
        life = nursery.live(
            Job(life="save", home=str(root), seed=number, acts=9, kill=Kill(touch=40, name="-wal", how=how))
        )
        assert life.killed
        assert life.last("open", -1) == -1, "the store was being made"
        assert whole(root, script(number, 20), 0, 0, how) == 1
