"""A desk, then a centre, is killed while they speak: nothing acknowledged is lost, and both become equal again."""

from __future__ import annotations

import contextlib
import random
import threading
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from desktop import app
from desktop.home import Home
from desktop.store.engine import Store, open_store
from desktop.store.keys import KeySlots
from server.operations.centre import Centre
from server.store.engine import DATABASE, KEY
from sync.replica import node, sums, tables
from sync.replica.own_chains import LINEAGE
from sync.transport import HttpTransport
from sync.troubles import Trouble
from tests.conftest import SOAK
from tests.crash.jobs import Job, Kill
from tests.crash.nursery import ByClock, Nursery
from tests.crash.proof import faults_inside, faults_of_file
from tests.crash.script import acts_held, difference, held_by, script
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import Desk, Running, enrol_desk, running

PARTS = range(10 if SOAK else 1)
"""Each part is a tenth: of 100 deaths of a desk on the road, 100 of a centre."""

DEATHS = 5
ACTS = 10
HOW = ("before", "half", "after")

Row = tuple[int, int, bytes, bytes, bytes]


def own_rows(connection: Connection, device: str) -> list[Row]:
    """What this node holds of a device's chain: number, group, salt, body, hash."""
    log = tables.log.c
    asked = select(log.n, log.grp, log.salt, log.body, log.hash).where(log.device == device).order_by(log.n)
    return [(r.n, r.grp, bytes(r.salt), bytes(r.body), bytes(r.hash)) for r in connection.execute(asked)]


def aim(chance: random.Random, death: int, touches: int) -> tuple[Kill | None, ByClock | None]:
    """By the clock, or at a touch of a file on any of the desk's threads."""
    if death % 2 == 0:
        return None, ByClock(chance.randrange(1, ACTS), chance.random() * 0.05)
    return Kill(touch=chance.randrange(1, touches), how=chance.choice(HOW)), None


class Place:
    """An enrolled desk's folder, looked at while no desk is running in it."""

    def __init__(self, root: Path, centre: Running) -> None:
        self.home = Home(root)
        self.device = app.enrol(
            self.home, centre.url, centre.code("AG03"), STAFF, PASSPHRASE, key_cost=CHEAP
        ).device
        entered = KeySlots(self.home.slots, CHEAP).enter(STAFF, PASSPHRASE)
        self.key, self.person = entered.key, entered.person

    def opened(self) -> Store:
        return open_store(self.home.db, self.key)


def acked(connection: Connection) -> int:
    """What this desk believes to be at the centre."""
    return int(node.get(connection, f"acked:{node.get(connection, LINEAGE)}:1", "0"))


@pytest.mark.soak("kill")
@pytest.mark.parametrize("part", PARTS)
def test_a_desk_killed_while_it_syncs_becomes_equal_with_the_centre(
    seed: int, nursery: Nursery, memory_disk: Path
) -> None:
    for number in (seed, seed + 1):
        with running(memory_disk / f"centre-{number}") as centre:
            place, other = Place(memory_disk / f"desk-{number}", centre), enrol_desk(centre, "AG04")
            try:
                deaths = one_desk(nursery, centre, place, other, number)
            finally:
                other.close()
        print(f"kill: {deaths} of a desk on the road, seed {number}")
        assert deaths == DEATHS


def one_desk(nursery: Nursery, centre: Running, place: Place, other: Desk, seed: int) -> int:
    """The same desk killed again and again, while another one's calls come in."""
    done = deaths = written = 0
    home, now = str(place.home.root), centre.clock.now_ms()

    def news(line: str) -> None:
        nonlocal written
        if line.startswith("saved"):
            other.write_calls(range(written, written + 2))
            other.push()
            written += 2

    for death in range(4 * DEATHS):
        if deaths == DEATHS:
            break
        kill, by_clock = aim(random.Random(f"road {seed}/{death}"), death, touches=300)
        where = f"seed {seed}, death {death}, {kill or by_clock}"
        job = Job(life="desk", home=home, seed=seed, first=done, acts=ACTS, kill=kill, now_ms=now)
        life = nursery.live(job, by_clock, on_line=news)
        deaths += life.killed
        done = held_at_desk(place, centre, seed, life.last("saved", done), life.last("begin", done), where)
        assert life.last("centre") <= len(centre.centre.read(lambda c: own_rows(c, place.device))), where
        calm = nursery.live(Job(life="desk", home=home, seed=seed, now_ms=now))
        # The road tells the screens on a thread of its own: its last word may come after ours.
        assert "equal 1" in calm.said, where
        both_hold_the_same(place, centre, where)
    other.pull()
    assert other.own_digest() == other.digest
    return deaths


def held_at_desk(place: Place, centre: Running, seed: int, surely: int, perhaps: int, where: str) -> int:
    """Everything shown as saved is at the desk, and what it believes to be at the centre is there."""
    store = place.opened()
    try:
        with store.read() as connection:
            held, deeds = held_by(connection, place.person), script(seed, perhaps)
            count = acts_held(held, deeds, surely, perhaps)
            assert count is not None, f"{where}: saved {surely}, begun {perhaps}: {difference(held, deeds[:surely])}"
            assert faults_inside(connection) == [], where
            believed = acked(connection)
            mine = own_rows(connection, place.device)
    finally:
        store.close()
    there = centre.centre.read(lambda c: own_rows(c, place.device))
    assert believed <= len(there), where
    assert there == mine[: len(there)], f"{where}: the centre holds what the desk does not"
    assert faults_of_file(place.home.db, place.key) == [], where
    return count


def both_hold_the_same(place: Place, centre: Running, where: str) -> None:
    """Chains and digests of both ends, read from their stores and not from what they said of each other."""
    store = place.opened()
    try:
        with store.read() as connection:
            mine, digest = own_rows(connection, place.device), sums.of_audiences(connection, [""]).text()
    finally:
        store.close()
    assert centre.centre.read(lambda c: own_rows(c, place.device)) == mine, where
    asked = ["an_giang", "ref", f"device:{place.device}"]
    assert centre.centre.read(lambda c: sums.of_audiences(c, asked)).text() == digest, where
    assert centre.centre.read(faults_inside) == [], where


class Pusher:
    """A desk that goes on writing and pushing through every death of its centre."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._push_on, name="pusher")
        self._thread.start()

    def _push_on(self) -> None:
        written = 0
        while not self._ending.is_set():
            if written == self.desk.acked:
                self.desk.write_calls(range(written, written + 3))
                written += 3
            with contextlib.suppress(Trouble):
                self.desk.push()

    def end(self) -> None:
        """Let what hangs fall, and end."""
        self._ending.set()
        self.desk.road.close()
        self._thread.join()


@pytest.mark.soak("kill")
@pytest.mark.parametrize("part", PARTS)
def test_a_centre_killed_while_it_accepts_keeps_everything_it_acknowledged(
    seed: int, nursery: Nursery, memory_disk: Path
) -> None:
    for number in (seed, seed + 1):
        data = memory_disk / f"centre-{number}"
        with running(data) as first:
            desks = [enrol_desk(first, seat) for seat in ("AG03", "AG04")]
            now = first.clock.now_ms()
        try:
            deaths = one_centre(nursery, data, desks, number, now)
        finally:
            for desk in desks:
                desk.close()
        print(f"kill: {deaths} of a centre, seed {number}")
        assert deaths == DEATHS


def one_centre(nursery: Nursery, data: Path, desks: list[Desk], seed: int, now: int) -> int:
    """The same centre killed again and again while two desks push; then all three hold the same."""
    lead(desks, nursery.url)
    pushers = [Pusher(desk) for desk in desks]
    deaths = 0
    try:
        for death in range(DEATHS):
            chance = random.Random(f"centre {seed}/{death}")
            kill, by_clock = None, None
            if death % 2:
                by_clock = ByClock(1, 0.05 + chance.random() * 0.2, word="ready")
            else:
                kill = Kill(touch=chance.randrange(1, 200), how=chance.choice(HOW))
            job = Job(life="centre", home=str(data), kill=kill, now_ms=now)
            deaths += nursery.live(job, by_clock).killed
            centre_is_whole(data, now, desks, f"seed {seed}, death {death}, {kill or by_clock}")
    finally:
        for pusher in pushers:
            pusher.end()
    with running(data) as last:
        lead(desks, last.url)
        for desk in desks:
            if desk.node.outbox(desk.acked):
                desk.push()
        for desk in desks:
            desk.pull()
            assert desk.own_digest() == desk.digest, f"seed {seed}"
            device = desk.enrolled.device
            mine = desk.node.run(partial(own_rows, device=device))
            assert last.centre.read(partial(own_rows, device=device)) == mine, f"seed {seed}"
            assert len(mine) == desk.acked > 0
        assert last.centre.read(faults_inside) == []
    return deaths


def lead(desks: list[Desk], url: str) -> None:
    """From now on these desks speak to the centre at that address."""
    for desk in desks:
        desk.road.close()
        desk.road = HttpTransport(url, desk.enrolled.device, 1, desk.key.sign)


def centre_is_whole(data: Path, now: int, desks: list[Desk], where: str) -> None:
    """Open the dead centre's store with the production code: all that any desk was told is there."""
    told = {desk.enrolled.device: desk.acked for desk in desks}
    centre = Centre.opened(data, None, SetClock(now))
    try:
        for device, acked_there in told.items():
            assert acked_there <= len(centre.read(partial(own_rows, device=device))), where
        assert centre.read(faults_inside) == [], where
    finally:
        centre.close()
    assert faults_of_file(data / DATABASE, bytes.fromhex((data / KEY).read_text("ascii"))) == [], where


def test_a_centre_that_forgets_what_it_acknowledged_is_caught(memory_disk: Path) -> None:
    data = memory_disk / "centre"
    with running(data) as centre:
        desk = enrol_desk(centre, "AG03")
        try:
            now = centre.clock.now_ms()
            desk.write_calls(range(3))
            desk.push()
        finally:
            desk.close()
    centre_is_whole(data, now, [desk], "before")
    desk.acked += 1
    with pytest.raises(AssertionError, match="after"):
        centre_is_whole(data, now, [desk], "after")
