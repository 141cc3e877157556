"""A centre or a desk that went back to a backup, over real HTTP: nothing lost, doubled or renumbered."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.home import Home
from desktop.operations import calls, intake
from desktop.store.copies import make_copy
from desktop.store.reads import case_view, road_view
from desktop.store.recovery import Recovered
from desktop.store.troubles import Damaged, WrongKey
from server.operations.backup import make_backup, restore
from server.store import backup_file
from server.store.audit import audit
from server.store.engine import DATABASE
from sync.replica import node
from tests.desktop.background.test_the_road import OverLine, Place, elsewhere, settled
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import HandClock, Running, running

MakePlace = Callable[[Running, str], Place]


@pytest.fixture
def place(tmp_path: Path, qapp: QApplication) -> Iterator[MakePlace]:
    assert qapp is not None
    made: list[Place] = []

    def enrol(centre: Running, seat: str) -> Place:
        home = Home(tmp_path / f"{seat}-{len(made)}")
        app.enrol(home, centre.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.clock.now_ms())))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


def lead_to(place: Place, url: str) -> None:
    """The centre's name leads to another address now."""
    line = place.line

    def make(_url: str, device: str, incarnation: int, sign: Callable[[bytes], bytes]) -> OverLine:
        return OverLine(line, url, device, incarnation, sign)

    line.make = make  # type: ignore[method-assign,assignment]  # what a name server does




def wait(qtbot: QtBot, *places: Place) -> None:
    for one in places:
        one.road.heard.clear()
    for one in places:
        qtbot.waitUntil(lambda one=one: settled(one), timeout=60_000)  # type: ignore[misc]  # binds the loop's value


def copied(place: Place) -> None:
    desk = place.desk
    assert desk is not None
    elsewhere(lambda: make_copy(desk.store, place.home.slots, place.home.backups, place.clock.now))


def save(place: Place, count: int) -> None:
    for _ in range(count):
        place.run(calls.set_outcome(None, "silent"))


def counted(centre: Running, place: Place) -> tuple[int, set[str]]:
    here = {row.id for row in place.calls()}
    with centre.centre.store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT id FROM r_call").fetchall()
    assert len(rows) == len({row[0] for row in rows})
    assert here == {row[0] for row in rows}, "the desk and the centre hold the same calls"
    return len(here), here


def test_after_a_restore_desks_send_what_the_centre_lost_and_all_is_equal_again(
    tmp_path: Path, place: MakePlace, qtbot: QtBot
) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    with running(data) as centre:
        one, two = place(centre, "AG03"), place(centre, "AG04")
        one.open()
        two.open()
        save(one, 4)
        first = one.run(intake.save_report({"summary": "trước bản sao lưu", "urgency": "high"}, None))
        wait(qtbot, one, two)
        made = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        save(two, 3)
        second = two.run(intake.save_report({"summary": "sau bản sao lưu", "urgency": "high"}, None))
        third = one.run(intake.save_report({"summary": "sau nữa"}, None))
        wait(qtbot, one, two)
        qtbot.waitUntil(lambda: two.read(road_view).at_centre == two.read(road_view).saved_here, timeout=20_000)
        assert one.read(road_view).in_backup < one.read(road_view).saved_here
        before = centre.centre.read(audit)
        lineage = centre.centre.lineage
        one.close()
        two.line.cut()
    restore(made.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    with running(data) as centre:
        assert centre.centre.lineage != lineage
        assert centre.centre.read(audit).operations < before.operations, "the centre has really lost something"
        for desk in (one, two):
            lead_to(desk, centre.url)
        two.close()
        two.line.up = True
        one.open()
        two.open()
        wait(qtbot, one, two)
        qtbot.waitUntil(lambda: centre.centre.read(audit).records == before.records, timeout=60_000)
        after = centre.centre.read(audit)
        assert (after.records, after.operations, after.differences) == (before.records, before.operations, [])
        for desk in (one, two):
            for saved in (first, second, third):
                view = desk.read(lambda c, saved=saved: case_view(c, saved.case_id))  # type: ignore[misc]  # binds the loop's value
                assert view.case.code == saved.case_code
            assert desk.read(lambda c: node.get(c, "lineage")) == centre.centre.lineage
            assert desk.read(road_view).waiting == 0


def test_a_lost_operation_of_a_desk_that_is_gone_too_is_seen_and_not_hidden(
    tmp_path: Path, place: MakePlace, qtbot: QtBot
) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    with running(data) as centre:
        gone, there = place(centre, "AG03"), place(centre, "AG04")
        gone.open()
        there.open()
        wait(qtbot, gone, there)
        made = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        save(gone, 1)
        qtbot.waitUntil(lambda: len(there.calls()) == 1, timeout=60_000)
        gone.close()
        there.close()
    restore(made.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    with running(data) as centre:
        lead_to(there, centre.url)
        there.road.heard.clear()
        there.open()
        qtbot.waitUntil(lambda: there.status().equal is False, timeout=60_000)
        assert len(there.calls()) == 1, "what is here stays here"
        lead_to(gone, centre.url)
        gone.open()
        wait(qtbot, gone)
        qtbot.waitUntil(lambda: settled(there), timeout=60_000)
        assert counted(centre, there)[0] == 1


def spoil(home: Home, how: str) -> None:
    """What a disk does to a file."""
    for ending in ("-wal", "-shm"):
        assert not home.db.with_name(home.db.name + ending).exists()
    raw = bytearray(home.db.read_bytes())
    if how == "beginning":
        raw[:8192] = bytes(8192)
    else:
        # The root pages stay; somewhere in what came last bytes change.
        raw[4096 * 3 + 100] ^= 1
    home.db.write_bytes(raw)


@pytest.mark.parametrize("how", ["beginning", "gone", "readable"])
def test_a_restored_desk_gets_back_what_it_sent_and_keeps_what_it_had_not(
    tmp_path: Path, place: MakePlace, qtbot: QtBot, how: str
) -> None:
    with running(tmp_path / "centre") as centre:
        desk = place(centre, "AG03")
        desk.open()
        save(desk, 3)
        wait(qtbot, desk)
        copied(desk)
        save(desk, 4)
        case = desk.run(intake.save_report({"summary": "sau bản sao lưu", "urgency": "high"}, None))
        wait(qtbot, desk)
        sent = {row.id for row in desk.calls()}
        desk.line.cut()
        save(desk, 2)
        every = {row.id for row in desk.calls()}
        assert len(every) == len(sent) + 2
        desk.close()
        if how == "gone":
            desk.home.db.unlink()
        elif how == "beginning":
            spoil(desk.home, how)
        if how != "readable":
            with pytest.raises(Damaged if how == "gone" else WrongKey):
                app.unlock(desk.home, STAFF, PASSPHRASE, key_cost=CHEAP)
        found: Recovered = app.restore(desk.home, STAFF, PASSPHRASE, key_cost=CHEAP)
        assert found.read_to_the_end is (how == "readable")
        assert (found.aside is None) is (how == "gone")
        desk.line.up = True
        desk.open()
        wait(qtbot, desk)
        _, here = counted(centre, desk)
        assert here == (every if how == "readable" else sent)
        assert desk.read(lambda c: node.get(c, "incarnation")) == "2"
        assert desk.read(lambda c: case_view(c, case.case_id)).case.code == case.case_code
        assert centre.centre.read(audit).differences == []
        again = desk.run(intake.save_report({"summary": "ca mới"}, None))
        assert again.code != case.code
        assert again.case_code != case.case_code
        save(desk, 1)
        wait(qtbot, desk)
        assert counted(centre, desk)[0] == len(here) + 1


def test_an_older_file_put_back_by_hand_is_found_at_the_first_answer(
    tmp_path: Path, place: MakePlace, qtbot: QtBot
) -> None:
    with running(tmp_path / "centre") as centre:
        desk = place(centre, "AG03")
        desk.open()
        save(desk, 3)
        wait(qtbot, desk)
        desk.close()
        older = tmp_path / "older.db"
        shutil.copyfile(desk.home.db, older)
        desk.open()
        save(desk, 4)
        wait(qtbot, desk)
        desk.close()
        shutil.copyfile(older, desk.home.db)
        desk.open()
        wait(qtbot, desk)
        assert counted(centre, desk)[0] == 7, "without a single new act to be sent"
        assert desk.read(lambda c: node.get(c, "incarnation")) == "2"
        save(desk, 1)
        wait(qtbot, desk)
        assert counted(centre, desk)[0] == 8


def test_what_was_written_before_a_fork_is_sent_again_to_a_restored_centre(
    tmp_path: Path, place: MakePlace, qtbot: QtBot
) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    with running(data) as centre:
        desk = place(centre, "AG03")
        desk.open()
        wait(qtbot, desk)
        made = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        save(desk, 3)
        wait(qtbot, desk)
        copied(desk)
        save(desk, 2)
        wait(qtbot, desk)
        desk.close()
        app.restore(desk.home, STAFF, PASSPHRASE, key_cost=CHEAP)
        desk.open()
        save(desk, 1)
        wait(qtbot, desk)
        desk.close()
    restore(made.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    with running(data) as centre:
        lead_to(desk, centre.url)
        desk.open()
        qtbot.waitUntil(lambda: desk.read(road_view).waiting == 0, timeout=60_000)
        qtbot.waitUntil(lambda: counted_quietly(centre) == 6, timeout=60_000)
        assert counted(centre, desk)[0] == 6, "three of the first incarnation, two carried over, one of the second"


def counted_quietly(centre: Running) -> Any:
    with centre.centre.store.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one()


def test_a_centre_put_back_by_hand_is_found_by_its_desks(tmp_path: Path, place: MakePlace, qtbot: QtBot) -> None:
    data = tmp_path / "centre"
    with running(data) as centre:
        desk = place(centre, "AG03")
        desk.open()
        save(desk, 2)
        wait(qtbot, desk)
        desk.close()
    shutil.copyfile(data / DATABASE, tmp_path / "older.db")
    with running(data) as centre:
        lead_to(desk, centre.url)
        desk.open()
        save(desk, 3)
        wait(qtbot, desk)
        lineage = centre.centre.lineage
        desk.close()
    shutil.copyfile(tmp_path / "older.db", data / DATABASE)
    with running(data) as centre:
        lead_to(desk, centre.url)
        desk.open()
        wait(qtbot, desk)
        assert counted(centre, desk)[0] == 5
        assert centre.centre.lineage != lineage
        assert centre.centre.read(audit).differences == []
