"""A desk whose disk changed a row finds it in its weekly recount, and has the words back from the centre."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.background.recounting import OVERDUE_MS
from desktop.home import Home
from desktop.operations import intake
from desktop.store.reads_road import road_view
from desktop.ui.road.words import recount_line
from desktop.ui.theme.tokens import Status
from domain.records.audit import RECOUNT
from sync.replica import read, recount, tables
from tests.desktop.background.test_the_road import Place, settled
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import Running, running

SUMMARY = "Trẻ cần được lắng nghe"


@pytest.fixture
def place(tmp_path: Path, qtbot: QtBot) -> Iterator[Place]:
    with running(tmp_path / "centre") as centre:
        one = enrolled(tmp_path / "desk", centre)
        yield one
        one.close()


def enrolled(folder: Path, centre: Running) -> Place:
    home = Home(folder)
    app.enrol(home, centre.url, centre.code("AG03"), STAFF, PASSPHRASE, key_cost=CHEAP)
    return Place(home, SetClock(centre.clock.now_ms()))


def looked(place: Place) -> None:
    """One look of the keeper, on a thread as its own."""
    desk = place.desk
    assert desk is not None
    elsewhere(desk.keeper._recounting.look)


def elsewhere(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def summaries(c: Any) -> list[str]:
    return [str(row.summary) for row in c.execute(tables.records["contact"].select())]


def damage(place: Place) -> None:
    desk, contact = place.desk, tables.records["contact"]
    assert desk is not None
    lane = desk.lane
    elsewhere(lambda: lane.run(lambda c: c.execute(contact.update().values(summary="không ai viết"))))


def test_a_changed_row_is_found_told_written_down_and_made_again_from_the_centre(place: Place, qtbot: QtBot) -> None:
    place.open()
    place.run(intake.save_report({"summary": SUMMARY}, None))
    qtbot.waitUntil(lambda: settled(place), timeout=60_000)
    looked(place)
    first = place.read(road_view)
    assert (first.recounted_at_ms, first.slipped) == (place.clock.now, 0)
    assert recount_line(first, place.clock.now)[0] is Status.GOOD
    damage(place)
    looked(place)
    assert place.read(summaries) == ["không ai viết"], "a week is not over: nobody counted"
    place.clock.now += recount.EVERY_MS
    looked(place)
    qtbot.waitUntil(lambda: place.read(summaries) == [SUMMARY], timeout=60_000)
    qtbot.waitUntil(lambda: settled(place), timeout=60_000)
    found = place.read(road_view)
    assert (found.recounted_at_ms, found.slipped) == (place.clock.now, 1)
    assert recount_line(found, place.clock.now)[0] is Status.CONFLICT
    entries = place.read(lambda c: [row.action for row in c.execute(tables.records["audit_entry"].select())])
    assert entries.count(RECOUNT) == 1
    assert place.read(read.held) == []


def test_somebody_at_the_desk_is_not_counted_over_until_a_day_late(place: Place, qtbot: QtBot) -> None:
    desk = place.open(road=False)
    looked(place)
    damage(place)
    place.run(intake.save_report({"summary": SUMMARY}, None))
    damage(place)
    desk.lane.presence.touched()
    place.clock.now += recount.EVERY_MS
    looked(place)
    assert place.read(road_view).slipped == 0
    place.clock.now += OVERDUE_MS + 1
    desk.lane.presence.touched()
    looked(place)
    assert place.read(road_view).slipped == 1
