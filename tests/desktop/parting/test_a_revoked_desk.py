"""A desk that the centre takes out of service: its last words leave or are sealed, then nothing of it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from desktop import app
from desktop.app import Desk
from desktop.background import parting as background
from desktop.ending import Ending
from desktop.home import Home
from desktop.operations import calls, drafts
from desktop.store import identity, parting
from desktop.store.copies import make_copy
from desktop.store.engine import Connection
from desktop.store.parting import Gone, finish, gone, obey, ordered, wipe
from desktop.ui.signin.parting import said_of
from domain.clock import DAY
from server.operations import retention
from server.operations.courier import import_stick
from server.operations.revocation import revoke
from server.operations.staff import write
from server.store import courier as spool
from server.store.audit import audit as counted_anew
from server.store.held import drafts_left
from sync import wire
from sync.blobs.shelf import Shelf
from sync.door import wipe_claim
from sync.engine import Pace
from sync.replica import read, tables
from sync.transport import BlobRoad, HttpTransport
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, Bench, SetClock, reference
from tests.server.ground import Running, running

PATIENCE_MS = 60_000


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


def elsewhere(work: Callable[[], Any]) -> Any:
    """The GUI thread waits for no store."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(60)
    return found[0]


@dataclass
class Seated:
    """One whole desk with the part of the program that hears the order."""

    home: Home
    desk: Desk
    endings: list[Ending]

    def told(self, since: int) -> None:
        self.endings.append(Ending(self.desk, since, self.put_away))
        self.endings[0].begin()

    def put_away(self) -> None:
        """The window keeps its drafts and goes."""
        self.desk.lane.submit(drafts.keep("d1", "file", "", {"summary": "Bé vừa kể dở câu"}))

    @property
    def is_over(self) -> bool:
        found = gone(self.home)
        return found is not None and found.wiped


@pytest.fixture
def sit(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[[], Seated]]:
    made: list[Seated] = []

    def seat(*, transport: Any = HttpTransport) -> Seated:
        home = Home(tmp_path / "desk")
        if not home.slots.exists():
            app.enrol(home, centre.url, centre.code("AG01"), STAFF, PASSPHRASE, key_cost=CHEAP)
        desk = app.build(
            home, STAFF, PASSPHRASE, clock=SetClock(centre.clock.now_ms()), transport_factory=transport,
            reference=reference(), key_cost=CHEAP, pace=Pace(base=20, cap=100), blob_transport_factory=BlobRoad,
        )  # fmt: skip
        one = Seated(home, desk, [])
        desk.bus.revoked.connect(one.told)
        made.append(one)
        return one

    yield seat
    for one in made:
        for ending in one.endings:
            ending.window.close()
        one.desk.close()


def device_of(one: Seated) -> str:
    return one.desk.seat.device


def test_its_last_words_and_its_drafts_reach_the_centre_and_nothing_is_left_that_opens(
    sit: Callable[[], Seated], centre: Running, qtbot: QtBot
) -> None:
    one = sit()
    device = device_of(one)
    elsewhere(lambda: one.desk.lane.call(calls.set_outcome(None, "silent")))
    copy = elsewhere(lambda: make_copy(one.desk.store, one.home.slots, one.home.backups, centre.clock.now_ms()))
    assert copy.path.exists()
    revoke(centre.centre, device, "mất máy")
    elsewhere(lambda: one.desk.lane.call(calls.set_outcome(None, "silent")))
    qtbot.waitUntil(lambda: one.is_over, timeout=PATIENCE_MS)
    left = sorted(path.relative_to(one.home.root).as_posix() for path in one.home.root.rglob("*") if path.is_file())
    assert all(name.startswith(("parting/", "logs/")) or name == "revoked.json" for name in left), left
    (draft,) = centre.centre.read(lambda c: drafts_left(c, device))
    assert "kể dở" in draft["content"]
    assert draft["staff"] == STAFF
    held = centre.centre.read(read.held)
    assert {entry.why for entry in held} == {"revoked"}
    assert "left_draft" in {entry.kind for entry in held}
    window = one.endings[0].window
    assert "đã xóa" in window.state.words.text()
    assert window.leave.isEnabled()


def has_words(centre: Running) -> bool:
    """Whether the words of the draft stand in any operation that the centre holds."""
    return any("kể dở".encode() in body for body in centre.centre.read(bodies))


def bodies(connection: Connection) -> list[bytes]:
    columns = (tables.log.c.body, tables.waiting.c.body)
    return [bytes(body or b"") for one in columns for body in connection.execute(select(one)).scalars()]


def test_what_it_left_goes_thirty_days_after_it_was_taken_out_once_two_agreed(
    sit: Callable[[], Seated], centre: Running, qtbot: QtBot
) -> None:
    one = sit()
    device = device_of(one)
    for staff in ("v-1", "v-2"):
        write(centre.centre, staff, roles=("regional_lead",), centre="an_giang")
    revoke(centre.centre, device, "mất máy")
    elsewhere(lambda: one.desk.lane.call(calls.set_outcome(None, "silent")))
    qtbot.waitUntil(lambda: one.is_over, timeout=PATIENCE_MS)
    assert len(centre.centre.read(lambda c: drafts_left(c, device))) == 1
    assert retention.propose(centre.centre, "an_giang") is None
    centre.clock.at += 30 * DAY + 1
    run = retention.propose(centre.centre, "an_giang")
    assert run is not None
    assert [str(one)[:8] for one in run.items] == ["['draft'"]
    assert has_words(centre)
    retention.agree(centre.centre, run.id, "v-1")
    assert len(centre.centre.read(lambda c: drafts_left(c, device))) == 1, "one person alone takes nothing"
    assert retention.agree(centre.centre, run.id, "v-2").erased == 1
    assert centre.centre.read(lambda c: drafts_left(c, device)) == []
    assert not has_words(centre), "nor in the log"
    found = centre.centre.read(counted_anew)
    assert found.differences == [], "what was destroyed still verifies"
    assert retention.propose(centre.centre, "an_giang") is None


def test_what_the_line_does_not_take_is_sealed_so_that_only_the_centre_reads_it(
    sit: Callable[..., Seated], centre: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PATIENCE_MS", 0)

    class NoPush(HttpTransport):
        def push(self, data: bytes, timeout_s: float, *, urgent: bool = False) -> Any:
            return super().push(b"cut", timeout_s, urgent=urgent)

    one = sit(transport=NoPush)
    device = device_of(one)
    elsewhere(lambda: one.desk.lane.call(calls.set_outcome(None, "silent")))
    revoke(centre.centre, device, "mất máy")
    qtbot.waitUntil(lambda: one.is_over, timeout=PATIENCE_MS)
    volumes = list(parting.parting_folder(one.home).glob("*.t111"))
    assert volumes
    assert all("kể dở".encode() not in path.read_bytes() for path in volumes)
    assert "parting" in said_of(Gone(0, wiped=True, volumes=1), 0)
    assert gone(one.home) == Gone(centre.clock.now_ms(), wiped=True, volumes=len(volumes))
    found = import_stick(centre.centre, parting.parting_folder(one.home))
    assert found.kept == {"revoked": 1}
    assert len(centre.centre.read(lambda c: spool.kept_of(c, device, "revoked"))) == 1


def test_an_order_that_the_centre_did_not_sign_is_not_obeyed(tmp_path: Path, centre: Running) -> None:
    bench = Bench(tmp_path / "desk")
    try:
        with bench.store.write() as connection:
            key = centre.centre.key
            identity.enrol(connection, bench.seat, "http://x", "", wire.text64(key.public_key().public_bytes_raw()))
            good = wire.text64(key.sign(wipe_claim(bench.seat.device, 5)))
            assert not obey(connection, 5, "")
            assert not obey(connection, 5, wire.text64(key.sign(wipe_claim("another", 5))))
            assert not obey(connection, 6, good)
            assert ordered(connection) is None
            assert obey(connection, 5, good)
            assert ordered(connection) == 5
    finally:
        bench.close()


def test_a_wipe_that_was_cut_off_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "desk")
    home.prepare()
    for name in ("store.db", "store.db-wal", "keyslots.json", "backups/store-20261120T000000.db"):
        (home.root / name).write_bytes(b"words")
    (home.backups / "store-20261120T000000.keyslots.json").write_bytes(b"slots")
    shelf = Shelf(home.blobs)
    shelf.prepare()
    monkeypatch.setattr(parting, "finish", gone)
    wipe(home, 7)
    assert home.db.exists(), "killed before anything went"
    assert finish(home) == Gone(7, wiped=True, volumes=0) == finish(home)
    assert sorted(path.name for path in home.root.iterdir()) == ["logs", "revoked.json"]


def test_a_desk_killed_after_the_order_parts_at_its_next_sign_in(
    sit: Callable[[], Seated], centre: Running, qtbot: QtBot
) -> None:
    one = sit()
    order = revoke(centre.centre, device_of(one), "mất máy")

    def heard(connection: Connection) -> bool:
        return obey(connection, order.since, order.signature)

    one.desk.bus.revoked.disconnect(one.told)
    assert elsewhere(lambda: one.desk.lane.run(heard))
    one.desk.close()
    ready = app.unlock(one.home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
    assert ready.revoked == order.since
    ready.store.close()
    again = sit()
    again.desk.bus.revoked.disconnect(again.told)
    again.told(order.since)
    qtbot.waitUntil(lambda: again.is_over, timeout=PATIENCE_MS)
