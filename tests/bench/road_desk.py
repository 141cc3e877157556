"""One desk process under measurement: orders as JSON lines on stdin, one JSON line of answer to each."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import desktop.loaded_first  # noqa: F401 - as the program does: before Qt

# isort: split
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from sqlalchemy import func, select

from desktop.app import Desk, build, enrol, unlock
from desktop.background.change_bus import Changes, Origin
from desktop.home import Home
from desktop.reference import Reference
from desktop.store.unit_of_work import Seat, UnitOfWork
from desktop.wall_clock import WallClock
from domain.records.case import Case
from sync.interpreter import share
from sync.replica import tables
from sync.transport import HttpTransport
from tests.bench.road_records import cases, contacts

STAFF, PASSPHRASE = "tvv-bench", "trời xanh mây trắng gió nhẹ"
PATIENCE_S = 1_800.0
AT_ONCE = 500
NEVER = 1_000_000_000
"""Pulling is measured operation by operation; filling by segments is measured in tests/bench/bootstrap.py."""
BEAT_MS = 50
"""How often a wait looks again where no signal woke it."""


class Heard:
    """What the desk's bus says, noted on the GUI thread."""

    def __init__(self, desk: Desk) -> None:
        self.at: dict[str, float] = {}
        self.watch = False
        desk.bus.changed.connect(self.on_changed)
        desk.bus.road.connect(self.on_road)

    def on_changed(self, changes: Changes) -> None:
        """A transaction was committed here: when, for each case that came from elsewhere."""
        if self.watch and changes.origin is Origin.CENTRE:
            now = time.perf_counter()
            for record in changes.ids.get("case", ()):
                self.at.setdefault(record, now)


    def on_road(self, _status: object) -> None:
        """The road was told anew: whoever waits looks again."""


class Probe:
    """Carries out one order after the other."""

    def __init__(self, root: Path) -> None:
        self._home = Home(root)
        self._app = QCoreApplication(sys.argv[:1])
        self._beat = QTimer()
        self._beat.start(BEAT_MS)
        self._desk: Desk | None = None
        self._heard: Heard | None = None
        self._seat: Seat | None = None
        self._before = 0.0
        self._seed = int.from_bytes(root.name.encode(), "big") % 1_000_003
        self._notes = iter(cases(1_000_000, seed=self._seed))

    def enrol(self, url: str, code: str) -> dict[str, Any]:
        """Make the desk a device of the server there."""
        seat = enrol(self._home, url, code, STAFF, PASSPHRASE)
        return {"device": seat.device}

    def fill(self, count: int, together: int = 1, past: int = 0) -> dict[str, Any]:
        """Save that many cases, `together` in one act, without a road; `past` of the same notes were saved before."""
        self._notes = itertools.islice(self._notes, past, None)
        ready = unlock(self._home, STAFF, PASSPHRASE, reference=Reference.load())
        try:
            start = time.perf_counter()
            left = count
            while left:
                part = min(AT_ONCE, left)
                with UnitOfWork(
                    ready.store, clock=WallClock(), staff=STAFF, seat=ready.enrolment.seat, reference=ready.reference
                ) as uow:
                    self._write(uow, part, together)
                    uow.commit()
                left -= part
            return {"wall": time.perf_counter() - start}
        finally:
            ready.store.close()

    def found(self, count: int, past: int = 0) -> dict[str, Any]:
        """Save the contacts that found the dossiers of those notes, many in one act, without a road."""
        ready = unlock(self._home, STAFF, PASSPHRASE, reference=Reference.load())
        made, wanted = 0, contacts(count, self._seed, past)
        try:
            while some := list(itertools.islice(wanted, AT_ONCE)):
                with UnitOfWork(
                    ready.store, clock=WallClock(), staff=STAFF, seat=ready.enrolment.seat, reference=ready.reference
                ) as uow:
                    act = uow.act()
                    for scope, contact in some:
                        act.create(scope, contact)
                    uow.write(act)
                    uow.commit()
                made += len(some)
            return {"made": made}
        finally:
            ready.store.close()

    def _write(self, uow: UnitOfWork, count: int, together: int = 1) -> list[Case]:
        made: list[Case] = []
        while len(made) < count:
            act = uow.act()
            for scope, case in itertools.islice(self._notes, min(together, count - len(made))):
                act.create(scope, case)
                made.append(case)
            uow.write(act)
        return made

    def open(self) -> dict[str, Any]:
        """Open the desk with its road, and wait until nothing is waiting and digests were equal.

        Seconds from the moment the wires are joined (keys derived, store open), CPU seconds of this process,
        records held; the most memory at any time, and (`syncing_mb`) from that moment on: signing in takes for a
        moment as much as the key file asks for (Argon2id, 64 MiB and more by how fast the machine is).
        """
        ready = unlock(self._home, STAFF, PASSPHRASE, reference=Reference.load())
        self._before = max(self._before, peak_mb())
        forget_peak()
        cpu, start = time.process_time(), time.perf_counter()
        desk = self._desk = build(
            self._home, STAFF, "", unlocked=ready, transport_factory=HttpTransport, fill_from=NEVER
        )
        self._heard = Heard(desk)
        driver = desk.driver
        assert driver is not None
        self._until(lambda: driver.status.equal is True or 0 < driver.status.saved_here <= driver.status.at_centre)
        sent = time.perf_counter() - start
        sent_cpu = time.process_time() - cpu
        self._until(lambda: driver.status.equal is True)
        took = time.perf_counter() - start
        counted = Landed()
        desk.lane.query(_count, counted.land)
        self._until(counted.landed)
        return {
            "sent": sent, "sent_cpu": sent_cpu, "wall": took, "cpu": time.process_time() - cpu,
            "records": int(counted.record), "rss_mb": max(self._before, peak_mb()), "syncing_mb": peak_mb(),
        }  # fmt: skip

    def send(self) -> dict[str, Any]:
        """Open the desk with its road, wait until the centre has everything saved here, and close it again."""
        ready = unlock(self._home, STAFF, PASSPHRASE, reference=Reference.load())
        desk = self._desk = build(
            self._home, STAFF, "", unlocked=ready, transport_factory=HttpTransport, fill_from=NEVER
        )
        self._heard = Heard(desk)
        driver = desk.driver
        assert driver is not None
        self._until(lambda: 0 < driver.status.saved_here <= driver.status.at_centre)
        return self.close()

    def save(self) -> dict[str, Any]:
        """Save one case; when the pressing began and when it was durable (machine-wide monotonic seconds)."""
        assert self._desk is not None
        start = time.perf_counter()
        done = Landed()
        self._desk.lane.submit(self._one, done.land)
        self._until(done.landed)
        return {"start": start, "durable": done.at, "record": done.record}

    def _one(self, uow: UnitOfWork) -> str:
        return self._write(uow, 1)[0].id

    def watch(self) -> dict[str, Any]:
        """From now on note when cases of others are seen."""
        assert self._heard is not None
        self._heard.watch = True
        return {}

    def seen(self, record: str) -> dict[str, Any]:
        """When this case was seen here, told on the GUI thread after the fold was durable."""
        heard = self._heard
        assert heard is not None
        self._until(lambda: record in heard.at)
        return {"at": heard.at[record]}

    def settled(self) -> dict[str, Any]:
        """Wait until nothing waits and digests are equal again."""
        assert self._desk is not None
        driver = self._desk.driver
        assert driver is not None
        self._until(lambda: driver.status.equal is True and not driver.status.waiting)
        return {}

    def close(self) -> dict[str, Any]:
        """End the desk's road and store."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        return {"rss_mb": max(self._before, peak_mb())}

    def _until(self, fact: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not fact():
            # Without a time: with one Qt does not wait but spins, and takes the GIL from the road.
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.monotonic() > end:
                raise TimeoutError("what was waited for did not come")


class Landed:
    """Where the lane tells that the save is durable."""

    def __init__(self) -> None:
        self.at = 0.0
        self.record = ""

    def land(self, record: str) -> None:
        """COMMIT has returned."""
        self.at = time.perf_counter()
        self.record = record

    def landed(self) -> bool:
        """Whether it has."""
        return bool(self.record)


def _count(connection: Any) -> str:
    return str(connection.execute(select(func.count()).select_from(tables.records["case"])).scalar_one())


def peak_mb() -> float:
    """The most memory (MB of a million bytes) that this process held at any time (Linux). Not `ru_maxrss`: a process
    inherits in it the most that the one held which started it, and the bench's own is no desk."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("no VmHWM in /proc/self/status")


def forget_peak() -> None:
    """From now on `peak_mb` tells of what comes (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main(root: Path, orders: Iterable[str]) -> int:
    """Carry out what is ordered until stdin ends."""
    share()
    probe = Probe(root)
    for line in orders:
        order = json.loads(line)
        what = order.pop("do")
        answer = getattr(probe, what)(**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    probe.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.stdin))
