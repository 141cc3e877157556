"""A grant that a restored centre does not know is taken back; both ends are equal again without a hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.home import Home
from server.operations.backup import make_backup, restore
from server.store import backup_file
from sync.proof import MEND, Ask
from sync.replica import read, scopes
from tests.desktop.emergency.test_a_copy_ends_by_itself import PATIENCE_MS, Seat
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF
from tests.server.ground import PATIENCE_S, HandClock, Running, enrol_desk, running
from tests.server.hub_ground import Gate
from tests.server.test_emergency_reads import founded


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


def test_a_restored_centre_takes_back_what_it_does_not_know_and_both_count_the_same(
    tmp_path: Path, qtbot: QtBot
) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    home = Home(tmp_path / "desk")
    with running(data) as centre:
        owner = enrol_desk(centre, "AG01")
        founded(owner)
        owner.close()
        gate = Gate(centre.url)
        app.enrol(home, gate.url, centre.code("HN01"), STAFF, PASSPHRASE, key_cost=CHEAP)
        path = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True).path
        seat = Seat(home, centre)
        seat.ask(qtbot)
        qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
        gate.cut()
    restore(path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    try:
        with running(data) as centre:
            gate.lead_to(centre.url)
            gate.open()
            qtbot.waitUntil(lambda: not seat.has_file(), timeout=PATIENCE_MS)
            qtbot.waitUntil(lambda: seat.digest_is_the_centres(centre), timeout=PATIENCE_MS)
            assert seat.read(lambda c: read.where(c, "grant", "granted_scope", scopes.dossier("k1"))) == []
            (receipt,) = centre.centre.read(lambda c: read.where(c, "wiped", "wiped_scope", "dossier:k1"))
            assert receipt.record.device == seat.desk.seat.device
            assert centre.centre.read(lambda c: read.one(c, "contact", "k1")) is not None, "the file itself stays"
            seat.ask(qtbot)
            qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
            gate.cut()
    finally:
        seat.desk.close()
        gate.close()


def test_a_desk_can_have_nothing_taken_back_that_the_centre_knows_or_that_is_anothers(centre: Running) -> None:
    one, other = enrol_desk(centre, "HN01", all_cases=True), enrol_desk(centre, "HN02", all_cases=True)
    owner = enrol_desk(centre, "AG01")
    founded(owner)
    for desk in (one, other, owner):
        desk.pull()
    (grant,) = one.node.run(lambda c: read.where(c, "grant", "device", one.enrolled.device))
    mine, theirs = scopes.device_scope(one.enrolled.device), scopes.device_scope(other.enrolled.device)
    for scope, kind, record in (
        (mine, "grant", grant.id),
        (theirs, "grant", "unknown-1"),
        (scopes.centre("hanoi"), "grant", "unknown-2"),
        (mine, "call", "unknown-3"),
    ):
        one.road.proof(Ask(MEND, scope=scope, kind=kind, id=record), PATIENCE_S)
    assert one.pull() == 0
    assert other.pull() == 0
    one.road.proof(Ask(MEND, scope=mine, kind="grant", id="unknown-4"), PATIENCE_S)
    assert one.pull() == 1, "what nobody knows is taken back, once"
    one.road.proof(Ask(MEND, scope=mine, kind="grant", id="unknown-4"), PATIENCE_S)
    assert one.pull() == 0
    for desk in (one, other, owner):
        desk.pull()
        assert desk.digest == desk.own_digest()
        desk.close()
