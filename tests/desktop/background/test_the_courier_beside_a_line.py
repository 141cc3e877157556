"""A running desk whose line is cut takes a courier's reply through its engine, and goes on when the line is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.background.change_bus import RoadState
from desktop.background.lanes import Closed
from desktop.home import Home
from desktop.operations import calls, courier
from desktop.store import courier as kept
from server.operations.courier import import_stick, reply
from sync.engine import Carried
from sync.transport import HttpTransport
from tests.desktop.background.test_the_road import Place, elsewhere, settled
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import Running, running


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[[str], Place]]:
    made: list[Place] = []

    def enrol(seat: str) -> Place:
        home = Home(tmp_path / seat)
        app.enrol(home, centre.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.clock.now_ms())))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


def test_the_reply_is_taken_by_the_running_engine_and_the_line_goes_on_from_there(
    place: Callable[[str], Place], centre: Running, qtbot: QtBot, tmp_path: Path
) -> None:
    here, other = place("AG03"), place("AG04")
    desk = here.open()
    other.open()
    qtbot.waitUntil(lambda: settled(here) and settled(other), timeout=60_000)
    here.line.cut()
    qtbot.waitUntil(lambda: here.status().state is RoadState.OFFLINE, timeout=60_000)
    mine = [here.run(calls.set_outcome(None, "silent")).call_id for _ in range(5)]
    theirs = [other.run(calls.set_outcome(None, "prank")).call_id for _ in range(4)]
    qtbot.waitUntil(lambda: settled(other) and other.status().at_centre == 4, timeout=60_000)
    done = elsewhere(lambda: courier.export(desk.courier, tmp_path))
    assert done.operations == 5
    import_stick(centre.centre, tmp_path)
    reply(centre.centre, tmp_path)
    for path in [tmp_path / name for name in done.volumes]:
        path.unlink()
    taken = elsewhere(lambda: courier.take_reply(desk.courier, tmp_path))
    assert (taken.acked, taken.waiting, taken.missing) == (5, 0, False)
    assert {row.id for row in here.calls()} == {*mine, *theirs}
    qtbot.waitUntil(lambda: here.status().waiting == 0 and here.status().at_centre == 5, timeout=60_000)
    assert here.status().equal is True, "digests were compared as if the line had been there"
    assert here.status().line_down_since_ms is not None, "a courier is not a line"
    later = here.run(calls.set_outcome(None, "silent")).call_id
    here.line.up = True
    qtbot.waitUntil(lambda: settled(here) and here.status().at_centre == 6, timeout=60_000)
    assert {row.id for row in here.calls()} == {*mine, *theirs, later}
    again = elsewhere(lambda: courier.take_reply(desk.courier, tmp_path))
    assert (again.acked, again.came) == (6, 0), "an old reply beside a living line takes nothing back"
    assert desk.driver is not None
    here.close()
    with pytest.raises(Closed):
        desk.driver.carry(Carried())


def test_a_desk_enrolled_before_learns_the_key_at_its_next_contact(
    place: Callable[[str], Place], centre: Running, qtbot: QtBot
) -> None:
    here = place("AG03")
    desk = here.open(road=False)
    elsewhere(lambda: desk.lane.run(lambda c: c.exec_driver_sql("DELETE FROM node WHERE key LIKE 'courier_key:%'")))
    assert here.read(kept.receiver) is None
    here.close()
    here.desk = app.build(
        here.home, STAFF, PASSPHRASE, clock=here.clock, transport_factory=HttpTransport, reference=reference(),
        key_cost=CHEAP,
    )  # fmt: skip
    qtbot.waitUntil(lambda: here.read(kept.receiver) is not None, timeout=60_000)
    assert here.read(kept.receiver) == (
        centre.centre.lineage,
        centre.centre.courier_key.public_key().public_bytes_raw(),
        False,
    )
