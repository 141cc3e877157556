"""A new desk filled from a centre of a chosen size, end to end over loopback, the centre in a process of its own."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtCore import QCoreApplication

from desktop import app
from desktop.background.change_bus import ChangeBus
from desktop.background.first_fill import FirstFill
from desktop.background.lanes import StoreLane
from desktop.home import Home
from desktop.reference import Reference
from desktop.store.engine import Connection, Store
from desktop.wall_clock import WallClock
from domain.ids import RANDOM_BYTES, call_id, uuid7
from domain.records.call import Call
from domain.records.contact import Contact
from server.operations.centre import Centre
from server.operations.enrolment import make_code
from server.wall_clock import WallClock as ServerClock
from sync import chain
from sync.act import Act
from sync.digest import Digest
from sync.engine import Pull
from sync.interpreter import share
from sync.operation import Body, Placed, encode_body
from sync.replica import scopes, sums
from sync.replica.replica import Identity, Peer
from sync.stamp import HybridClock
from sync.transport import HttpTransport
from tests.bench.big_store import FAMILY, GIVEN, MIDDLE, NOON, PASSPHRASE, STAFF, WORDS

AUTHOR = Identity("01932c00-0000-7000-8000-0000000000b1")
CENTRE, SEAT = "an_giang", "AG03"
ACT = 500
PLACES = 34
PATIENCE_S = 900.0


def record_of(number: int, count: int, dice: random.Random, *, contact: bool) -> tuple[str, Contact | Call]:
    """One record of 18 filled fields or more, and its scope."""
    at = NOON - (count - number) * 1_000
    if not contact:
        return scopes.centre(CENTRE), Call(
            id=call_id("111", f"fill.{number}"), line="child_protection_111", direction="inbound", pbx="111",
            uniqueid=f"fill.{number}", number=f"+8490{dice.randrange(30_000):07d}", centre=CENTRE, seat=SEAT,
            ring_at=at - 9_000, answer_at=at - 3_000, end_at=at + 40_000, disposition="ANSWERED", receiver=STAFF,
            outcome="silent", outcome_by="key", outcome_at=at, contact_id=None,
        )  # fmt: skip
    record = uuid7(at, dice.randbytes(RANDOM_BYTES))
    name = f"{dice.choice(FAMILY)} {dice.choice(MIDDLE)} {dice.choice(GIVEN)}"
    return scopes.dossier(record), Contact(
        id=record, code=f"AG03-{number:06d}-{number % 10_000:04d}", call_id=call_id("111", f"fill.{number}"),
        line="child_protection_111", primary_channel="phone_111", received_at=at, receiver=STAFF, centre=CENTRE,
        seat=SEAT, caller_kind="child", topics=("psychology", "violence"), in_depth=False, province_set="34",
        province=str(dice.randrange(PLACES)), language="vietnamese", form="file", urgency="medium",
        summary=f"{name} " + " ".join(dice.choices(WORDS, k=90)),
    )  # fmt: skip


def fill_centre(data: Path, count: int, part: float) -> None:
    """A centre's store with so many records, folded as if a desk had pushed them; `part` of them contacts, else
    calls."""
    centre = Centre.opened(data, None, ServerClock())
    dice, clock = random.Random(111), HybridClock("0bbbbbb1")
    key = Ed25519PrivateKey.generate()
    peer = Peer(AUTHOR.device, CENTRE, key.public_key())
    n, head = 0, chain.GENESIS
    try:
        for start in range(0, count, ACT):
            bodies: list[Body] = []
            for number in range(start, min(count, start + ACT)):
                act = Act(STAFF, clock.next(NOON))
                scope, record = record_of(number, count, dice, contact=dice.random() < part)
                act.create(scope, record)
                bodies += act.bodies
            group = n + len(bodies)
            placed = [
                Placed(AUTHOR.device, 1, n + i, group, dice.randbytes(16), encode_body(body))
                for i, body in enumerate(bodies, start=1)
            ]
            hashes = chain.advance(head, placed)
            signature = chain.sign_head(key, AUTHOR.device, 1, placed[-1].n, hashes[-1])
            centre.lane.do(
                lambda c, p=placed, h=head, s=signature: centre.replica.accept(c, peer, p, h, s)  # type: ignore[misc]  # binds the loop's values
            )
            n, head = placed[-1].n, hashes[-1]
    finally:
        centre.close()


class Serving:
    """A centre in a process of its own."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--data", str(data), "--port", "0", "--announce"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["url"])

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Line:
    """The real transport, which notes when the manifest came and how many bytes the segments had."""

    def __init__(self, road: HttpTransport) -> None:
        self._road = road
        self.began = 0.0
        self.bytes = 0
        self.segments = 0

    def bootstrap(self, least: int, timeout_s: float) -> bytes | None:
        """The manifest; the clock starts when it is asked for, the segments having been built before."""
        self.began = time.perf_counter()
        return self._road.bootstrap(least, timeout_s)

    def segment(self, name: str, start: int, length: int, timeout_s: float) -> bytes:
        """A piece of a segment."""
        part = self._road.segment(name, start, length, timeout_s)
        self.bytes += len(part)
        self.segments += not start
        return part


class NewDesk:
    """An enrolled desk without a window; made on the main thread."""

    def __init__(self, folder: Path, url: str, code: str, reference: Reference) -> None:
        home = Home(folder)
        app.enrol(home, url, code, STAFF, PASSPHRASE)
        ready = app.unlock(home, STAFF, PASSPHRASE, reference=reference)
        self.store: Store = ready.store
        bus = ChangeBus()
        self.lane = StoreLane(ready.store, ready.enrolment.seat, STAFF, WallClock(), bus, reference)
        self.line = Line(HttpTransport(url, ready.enrolment.seat.device, 1, ready.key.sign))
        self.fill = FirstFill(self.lane, ready.store, bus, WallClock(), _nothing, 1)

    def filled(self) -> tuple[float, Digest]:
        """Seconds from asking for the manifest to the new store in place, and what the new store holds."""
        found: list[tuple[float, Digest]] = []

        def work() -> None:
            pull = self.fill(self.line, Pull(1, "", 0, 1_000, 0, 25_000))
            seconds = time.perf_counter() - self.line.began
            assert pull.cursor, "the desk was not filled"
            found.append((seconds, self.lane.read(_held)))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE_S)
        assert found, "the desk was not filled"
        return found[0]

    def close(self) -> None:
        """End its threads."""
        self.line._road.close()
        self.lane.close()


def _held(connection: Connection) -> Digest:
    return sums.of_audiences(connection, [""])


def _nothing() -> None:
    """Nobody looks at the progress."""


def measure(
    count: int = 50_000, *, folder: Path = Path("build"), part: float = 1.0, runs: int = 3
) -> dict[str, float]:
    """Rows a second from the manifest's request to the exchanged store: fetched, hashed, inserted with every
    index, searched words included, digest counted, flushed. `part`: how many of the records are contacts of 1 kB
    (the rest are calls). Each run is a new desk; the median counts.
    """
    share()  # as the desk's own process does
    if QCoreApplication.instance() is None:
        _kept.append(QCoreApplication([]))
    folder.mkdir(exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="fill-", dir=folder))
    try:
        data = root / "centre"
        fill_centre(data, count, part)
        centre = Centre.opened(data, None, ServerClock())
        codes = [make_code(centre, CENTRE, SEAT, lasts_ms=3_600_000) for _ in range(runs + 1)]
        whole = centre.read(lambda c: sums.of_audiences(c, [CENTRE]))
        centre.close()
        return _measured(root, data, codes, whole.count)
    finally:
        shutil.rmtree(root)


_kept: list[QCoreApplication] = []


def _measured(root: Path, data: Path, codes: list[str], rows: int) -> dict[str, float]:
    reference = Reference.load()
    serving = Serving(data)
    taken: list[float] = []
    built_s = bytes_row = segments = 0.0
    try:
        for number, code in enumerate(codes):
            desk = NewDesk(root / f"desk-{number}", serving.url, code, reference)
            try:
                if not number:
                    begun = time.perf_counter()
                    desk.line.bootstrap(1, 600.0)
                    built_s = time.perf_counter() - begun
                    continue
                cpu = time.process_time()
                seconds, held = desk.filled()
                cpu = time.process_time() - cpu
                assert held.count >= rows, "every record is here"
                taken.append(rows / seconds)
                bytes_row, segments = desk.line.bytes / rows, desk.line.segments
                sys.stdout.write(f"  {rows} rows in {seconds:.2f} s ({cpu:.2f} s of this process)\n")
            finally:
                desk.close()
    finally:
        serving.close()
    taken.sort()
    return {
        "sync.bootstrap_rows": rows,
        "sync.bootstrap_rows_s": taken[len(taken) // 2],
        "sync.bootstrap_rows_s.worst": taken[0],
        "sync.bootstrap_segments": segments,
        "sync.bootstrap_bytes_row": bytes_row,
        "sync.bootstrap_build_s": built_s,
        "sync.bootstrap_cores": float(os.cpu_count() or 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]), part=float(sys.argv[2])), indent=1) + "\n")
