"""What was written into a file that has left this desk is readable nowhere on it: not in the log, not in backups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import literal_column, select, table

from desktop.background.keeper import Keeper
from desktop.operations import intake
from desktop.store import reads
from desktop.store.copies import copies, make_copy, prove
from desktop.store.engine import connect
from domain.clock import DAY
from domain.rules.emergency import READ_MS
from sync.operation import CLOSED
from sync.replica import read
from tests.desktop.emergency.test_a_copy_ends_by_itself import PATIENCE_MS, Seat, centre, owner, sit
from tests.server.ground import Desk as Bare
from tests.server.ground import Running

__all__ = ["centre", "owner", "sit"]

CANARY = "Chim hoàng yến trong lời kể"


def canaries(path: Path, key: bytes) -> list[str]:
    """Tables in which the words can be read: every column of every row, decrypted."""
    connection = connect(path, key, "query_only = ON")
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = []
        for name in names:
            rows = connection.execute(str(select(literal_column("*")).select_from(table(name)))).fetchall()
            if any(CANARY.encode() in (v if isinstance(v, bytes) else str(v).encode()) for r in rows for v in r):
                found.append(name)
        return sorted(found)
    finally:
        connection.close()


@pytest.fixture
def seat(owner: Bare, sit: Callable[[], Seat]) -> Seat:
    return sit()


def test_words_of_a_wiped_file_can_be_read_neither_in_the_log_nor_in_a_backup_and_still_reach_the_centre(
    seat: Seat, centre: Running, qtbot: QtBot
) -> None:
    desk = seat.desk
    seat.ask(qtbot)
    qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
    view = seat.read(lambda c: reads.case_view(c, "case-k1"))
    change = intake.change_file("k1", {"summary": CANARY}, opened=dict(view.opened))
    seat.elsewhere(lambda: desk.lane.call(change))
    now = desk.clock.now_ms()
    for days in (2, 1):
        made_at = now - days * DAY
        seat.elsewhere(partial(make_copy, desk.store, desk.home.slots, desk.home.backups, made_at))
    places: list[Any] = [desk.store.path, *(one.path for one in copies(desk.home.backups))]
    assert [desk.store.checked(path, canaries) for path in places] == [["log", "r_contact"]] * 3

    seat.elsewhere(seat.watch.look)
    seat.ran_ms += READ_MS
    assert seat.elsewhere(seat.watch.look) == 1
    assert desk.store.checked(desk.store.path, canaries) == []

    keeper = Keeper(desk.lane, desk.store, desk.home, desk.clock, _no_slip)
    seat.elsewhere(keeper.close_wiped)
    kept = copies(desk.home.backups)
    assert [one.made_ms // 1000 for one in kept] == [(now - days * DAY) // 1000 for days in (1, 2)]
    for one in kept:
        assert desk.store.checked(one.path, canaries) == []
        assert desk.store.checked(one.path, prove).operations > 0, "own chain whole, and nothing of it gone"
        assert CLOSED in b"".join(desk.store.checked(one.path, _bodies))
    before = [one.path.stat().st_mtime_ns for one in kept]
    seat.elsewhere(keeper.close_wiped)
    assert [one.path.stat().st_mtime_ns for one in kept] == before, "written anew once"
    keeper.close()

    def arrived() -> bool:
        stored = centre.centre.read(lambda c: read.one(c, "contact", "k1"))
        return stored is not None and CANARY in stored.record.summary

    qtbot.waitUntil(arrived, timeout=PATIENCE_MS)


def _bodies(path: Path, key: bytes) -> list[bytes]:
    connection = connect(path, key, "query_only = ON")
    try:
        return [bytes(row[0]) for row in connection.execute("SELECT body FROM log WHERE body IS NOT NULL")]
    finally:
        connection.close()


def _no_slip() -> None:
    raise AssertionError("nothing had slipped from its rows")
