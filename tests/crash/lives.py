"""What children do until they are killed: saving, checkpoints, upgrades, the road, a centre. All production code."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt

from desktop import app
from desktop.background.change_bus import RoadState, RoadStatus
from desktop.background.sync_driver import SyncDriver
from desktop.home import Home
from desktop.store.engine import open_store
from desktop.store.reads import road_view
from server.app import Serving
from server.operations.centre import Centre
from sync.engine import Pace
from sync.transport import HttpTransport
from tests.crash.drawn import chance_of
from tests.crash.jobs import Job, Killer, die
from tests.crash.nursery import PATIENCE_S, say
from tests.crash.script import operation, script
from tests.crash.touches import touching
from tests.desktop.store.kit import CHEAP, NOON, PASSPHRASE, STAFF, STORE_KEY, Bench, SetClock, reference

PACE = Pace(base=20, cap=50)
"""Retries follow at once: nobody here needs politeness."""


def save(job: Job, _door: int) -> None:
    """A desk without a road saves act after act; every so many acts it is closed (a checkpoint) and opened."""
    deeds = script(job.seed, job.first + job.acts, job.longest)
    killer = Killer(job.kill)
    at_commit = job.kill.commit if job.kill is not None else 0
    with chance_of(f"{job.seed}.{job.first}"), touching(Path(job.home), killer):
        bench = Bench(Path(job.home))
        say("open", killer.seen)
        for i, deed in enumerate(deeds[job.first :], start=job.first + 1):
            bench.clock.now = NOON + i * 1_000
            say("begin", i)
            if job.planted == "early":
                say("saved", i)
            bench.run(operation(deed), before_commit=die if i - job.first == at_commit else None)
            say("saved", i)
            if job.every and i % job.every == 0:
                bench.reopen()
        bench.close()
        say("touches", killer.seen)


def upgrade(job: Job, _door: int) -> None:
    """A store of an older program is opened: copied aside and upgraded."""
    killer = Killer(job.kill)
    with chance_of(job.seed), touching(Path(job.home), killer):
        store = open_store(Home(Path(job.home)).db, STORE_KEY)
        say("upgraded 1")
        store.close()
        say("touches", killer.seen)


class _Road(QObject):
    """Hears the road, on whatever thread speaks of it."""

    def __init__(self, driver: SyncDriver) -> None:
        super().__init__()
        self._told = threading.Condition()
        self._driver = driver

    def heard(self, status: RoadStatus) -> None:
        """Say what is at the centre, and that the road stands otherwise."""
        say("centre", status.at_centre)
        with self._told:
            self._told.notify_all()

    def wait_for_equal(self, saved: int) -> bool:
        """Wait until both ends are proven equal with at least so many operations of this desk."""

        def is_equal() -> bool:
            # What was told before anybody listened is not told again: under a clock that stands, nothing changes.
            last = self._driver.status
            return last.state is RoadState.SETTLED and last.equal is True and last.saved_here >= saved

        with self._told:
            return self._told.wait_for(is_equal, PATIENCE_S)


def desk(job: Job, _door: int) -> None:
    """An enrolled desk with its road: acts are saved while the road pushes and folds, then both ends are equal."""
    deeds = script(job.seed, job.first + job.acts, job.longest)
    killer = Killer(job.kill)
    with touching(Path(job.home), killer):
        clock = SetClock(job.now_ms)
        opened = app.build(
            Home(Path(job.home)), STAFF, PASSPHRASE, clock=clock, transport_factory=HttpTransport,
            reference=reference(), key_cost=CHEAP, pace=PACE,
        )  # fmt: skip
        assert opened.driver is not None
        road = _Road(opened.driver)
        opened.bus.road.connect(road.heard, Qt.ConnectionType.DirectConnection)
        saved = [0]

        def work() -> None:
            for i, deed in enumerate(deeds[job.first :], start=job.first + 1):
                clock.now += 1_000
                say("begin", i)
                opened.lane.call(operation(deed))
                say("saved", i)
            saved[0] = opened.lane.read(road_view).saved_here

        hand = threading.Thread(target=work, name="hand")
        hand.start()
        hand.join()
        if not road.wait_for_equal(saved[0]):
            raise TimeoutError("the desk and the centre did not become equal")
        say("equal 1")
        opened.close()
        say("touches", killer.seen)


def centre(job: Job, door: int) -> None:
    """A centre on the embedded store serves until it is killed."""
    clock = SetClock(job.now_ms)
    killer = Killer(job.kill)
    with touching(Path(job.home), killer), socket.socket(fileno=os.dup(door)) as listening:
        serving = Serving(
            Centre.opened(Path(job.home), None, clock), listening, partial(say, "ready 1"), pushes_in_flight=64
        )
        serving.run_here()


LIVES: Mapping[str, Callable[[Job, int], Any]] = {
    "save": save,
    "upgrade": upgrade,
    "desk": desk,
    "centre": centre,
}
