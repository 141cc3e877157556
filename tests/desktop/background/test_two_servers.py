"""A desk between its hub (a real process) and the centre: it goes where one lives, and every act arrives once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from desktop import app
from desktop.app import Desk
from desktop.background.blob_driver import BlobDriver
from desktop.background.change_bus import RoadState, RoadStatus
from desktop.background.history_told import Wanted
from desktop.home import Home
from desktop.operations import calls, intake
from desktop.store import blobs, lease
from desktop.store.blobs import AttachmentRow
from desktop.store.reads import RoadView, case_view, road_view
from desktop.store.reads_history import history_of
from server.store.audit import audit
from sync import meeting
from sync.engine import Pace
from sync.replica import scopes, tables
from sync.transport import BlobRoad, HttpTransport
from tests.conftest import Rounds
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import Running, running
from tests.server.hub_ground import digest, due
from tests.server.hub_process import HubProcess

PACE = Pace(base=20, cap=100)
PATIENCE_MS = 30_000


class Seated:
    """One whole desk on its real road; every status that it told is heard."""

    def __init__(self, home: Home, clock: SetClock) -> None:
        self.home, self.clock = home, clock
        self.road = Ear()
        self.desk: Desk = app.build(
            home, STAFF, PASSPHRASE, clock=clock, transport_factory=HttpTransport, reference=reference(),
            key_cost=CHEAP, pace=PACE, blob_transport_factory=BlobRoad,
        )  # fmt: skip
        self.desk.bus.road.connect(self.road.done)

    @property
    def status(self) -> RoadStatus:
        return self.road.heard[-1] if self.road.heard else RoadStatus()

    def view(self) -> RoadView:
        found: RoadView = self.elsewhere(lambda: self.desk.lane.read(road_view))
        return found

    def elsewhere(self, work: Callable[[], Any]) -> Any:
        """The GUI thread waits for no store: as in the program, another one asks."""
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(work()))
        thread.start()
        thread.join(20)
        return found[0]

    def act(self, times: int = 1) -> list[str]:
        return [
            self.elsewhere(lambda: self.desk.lane.call(calls.set_outcome(None, "silent")).call_id)
            for _ in range(times)
        ]

    def calls(self) -> list[str]:
        def work(connection: Any) -> list[str]:
            return list(connection.execute(select(tables.records["call"].c.id)).scalars())

        return list(self.elsewhere(lambda: self.desk.lane.read(work)))

    def nudge(self) -> None:
        assert self.desk.driver is not None
        self.desk.driver.nudge()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre" / "data") as one:
        yield one


@pytest.fixture
def hub(tmp_path: Path, centre: Running) -> Iterator[HubProcess]:
    one = HubProcess(tmp_path / "hub" / "data", centre)
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture
def seated(tmp_path: Path, centre: Running, hub: HubProcess, qtbot: QtBot) -> Iterator[Callable[[str], Seated]]:
    """Desks enrolled through the hub: they know both servers."""
    made: list[Seated] = []

    def sit(seat: str) -> Seated:
        home = Home(tmp_path / seat)
        app.enrol(home, hub.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Seated(home, SetClock(centre.clock.now_ms())))
        return made[-1]

    yield sit
    for one in made:
        one.desk.close()


def at_hub(one: Seated) -> bool:
    """It speaks to the hub, which has all of it."""
    view = one.view()
    return view.at_hub == view.saved_here and one.status.line_down_since_ms is None


def arrived(one: Seated) -> bool:
    """The centre has all of it, and both ends hold the same."""
    view = one.view()
    return view.at_centre == view.saved_here and view.waiting == 0 and one.status.equal is True


def through_the_centre(one: Seated) -> bool:
    return one.view().at_hub is None and arrived(one)


def held_once(centre: Running, hub: HubProcess, kept: list[str]) -> None:
    """Every act is at the centre and at the hub exactly once, and both counted anew from their rows are equal."""
    at_end = centre.centre.read(audit)
    assert at_end.differences == []
    call = tables.records["call"].c.id
    assert sorted(centre.centre.read(lambda c: list(c.execute(select(call)).scalars()))) == sorted(kept)
    store = hub.opened()
    try:
        assert store.read(audit).differences == []
        assert sorted(store.read(lambda c: list(c.execute(select(call)).scalars()))) == sorted(kept)
        assert digest(store) == due(centre)
    finally:
        store.close()


def test_a_desk_goes_to_the_hub_then_to_the_centre_then_alone_and_back(
    seated: Callable[[str], Seated], centre: Running, hub: HubProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "LEAST", 1)  # however little there is: each server is met by comparing
    one = seated("AG01")
    kept = one.act(5)
    qtbot.waitUntil(lambda: at_hub(one) and arrived(one), timeout=PATIENCE_MS)
    hub.kill()
    kept += one.act(5)
    qtbot.waitUntil(lambda: through_the_centre(one), timeout=PATIENCE_MS)
    hub.wan.cut()
    qtbot.waitUntil(lambda: one.status.state is RoadState.OFFLINE, timeout=PATIENCE_MS)
    kept += one.act(5)
    view = one.view()
    assert (view.saved_here - view.at_centre, view.waiting) == (5, 5), "alone, everything waits on this machine"
    hub.start()
    one.nudge()
    qtbot.waitUntil(lambda: at_hub(one), timeout=PATIENCE_MS)
    assert one.view().at_centre == 10, "the hub has them, the centre cannot have them yet"
    hub.wan.open()
    hub.look_again()
    qtbot.waitUntil(lambda: at_hub(one) and arrived(one), timeout=PATIENCE_MS)
    other = seated("AG02")
    qtbot.waitUntil(lambda: sorted(other.calls()) == sorted(kept) and arrived(other), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not hub.lacks(centre), timeout=PATIENCE_MS)
    assert hub.stop() == 0
    held_once(centre, hub, kept)


def test_a_desk_that_only_speaks_to_its_hub_keeps_the_word_that_holds_its_records_open(
    seated: Callable[[str], Seated], centre: Running, qtbot: QtBot
) -> None:
    one = seated("AG01")
    one.act(3)
    qtbot.waitUntil(lambda: at_hub(one) and arrived(one), timeout=PATIENCE_MS)

    def signed() -> int | None:
        found: int | None = one.elsewhere(lambda: one.desk.lane.read(lease.signed_at))
        return found

    qtbot.waitUntil(lambda: signed() is not None, timeout=PATIENCE_MS)
    assert one.view().at_hub is not None, "it never left the hub"
    assert one.road.heard
    assert {status.server for status in one.road.heard} <= {one.status.server}


def test_a_file_put_in_at_the_hub_is_at_the_centre_only_when_the_centre_says_so(
    seated: Callable[[str], Seated], centre: Running, hub: HubProcess, qtbot: QtBot, tmp_path: Path
) -> None:
    one = seated("AG01")
    qtbot.waitUntil(lambda: at_hub(one) and arrived(one), timeout=PATIENCE_MS)
    hub.wan.cut()
    saved = one.elsewhere(lambda: one.desk.lane.call(intake.save_file({"summary": "x"}, None)))
    path = tmp_path / "lời kể.txt"
    path.write_text("Cháu kể rằng", "utf-8")
    told = Ear()
    one.desk.blobs.attach(path, saved.contact_id, None, told.done, told.failed)
    qtbot.waitUntil(lambda: bool(told.heard or told.faults), timeout=PATIENCE_MS)
    assert told.faults == []

    def row() -> AttachmentRow:
        read = partial(blobs.of_contact, contact_id=saved.contact_id)
        (found,) = one.elsewhere(lambda: one.desk.lane.read(read))
        assert isinstance(found, AttachmentRow)
        return found

    shelf = hub.folder / "blobs"
    qtbot.waitUntil(lambda: sum(len(one.name) == 64 for one in shelf.glob("*/*")) == 1, timeout=PATIENCE_MS)
    assert (row().here, row().centre_at, row().want) == (True, None, "up")
    driver = one.desk.blob_driver
    assert driver is not None
    until_given_way(driver, one, qtbot)
    hub.kill()  # and now straight to the centre: bytes go where their words went
    hub.wan.open()
    one.nudge()
    qtbot.waitUntil(lambda: row().centre_at is not None and row().want == "", timeout=PATIENCE_MS)
    assert len(list(centre.centre.blobs.names())) == 1


def until_given_way(driver: BlobDriver, one: Seated, qtbot: QtBot) -> None:
    """Bytes are told of every status of the road: they give way while text waits, and go on when it has gone."""
    told: list[bool] = []
    road_said = driver.road_said
    assert one.desk.driver is not None
    assert one.desk.driver.on_status == road_said

    def listen(status: RoadStatus) -> None:
        told.append(status.waiting > 0)
        road_said(status)

    one.desk.driver.on_status = listen
    one.act(3)
    qtbot.waitUntil(lambda: True in told and told[-1] is False, timeout=PATIENCE_MS)


def more_at_hub(one: Seated, qtbot: QtBot) -> None:
    before = one.view().at_hub or 0
    qtbot.waitUntil(lambda: (one.view().at_hub or 0) > before, timeout=PATIENCE_MS)


@pytest.mark.soak("kill")
def test_a_hub_killed_in_the_middle_of_pushes_loses_nothing_that_it_acknowledged(
    seated: Callable[[str], Seated], centre: Running, hub: HubProcess, rounds: Rounds, qtbot: QtBot
) -> None:
    one, other = seated("AG01"), seated("AG02")
    qtbot.waitUntil(lambda: at_hub(one) and at_hub(other), timeout=PATIENCE_MS)
    hub.wan.cut()  # the hub alone has what the desk sends, and nobody else can give it back
    kept: list[str] = []
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            kept.append(one.desk.lane.call(calls.set_outcome(None, "silent")).call_id)

    writer = threading.Thread(target=write, name="writer")
    writer.start()
    try:
        for _ in range(rounds(30)):
            more_at_hub(one, qtbot)
            acknowledged = one.view().at_hub or 0
            hub.kill()
            store = hub.opened()
            try:
                chain = store.read(lambda c: c.execute(select(tables.chain)).all())
                held = {row.device: int(row.n) for row in chain}
                assert held[one.desk.seat.device] >= acknowledged
                assert store.read(audit).differences == []
            finally:
                store.close()
            hub.start()
            one.nudge()
            other.nudge()
    finally:
        enough.set()
        writer.join()
    qtbot.waitUntil(lambda: at_hub(one) and sorted(other.calls()) == sorted(kept), timeout=PATIENCE_MS)
    hub.wan.open()
    hub.look_again()
    qtbot.waitUntil(lambda: arrived(one) and arrived(other) and not hub.lacks(centre), timeout=PATIENCE_MS)
    assert hub.stop() == 0
    held_once(centre, hub, kept)


def test_a_hub_without_its_centre_tells_who_wrote_what_in_a_file(
    seated: Callable[[str], Seated], hub: HubProcess, qtbot: QtBot
) -> None:
    one, two = seated("AG01"), seated("AG02")
    qtbot.waitUntil(lambda: at_hub(one) and arrived(one) and at_hub(two) and arrived(two), timeout=PATIENCE_MS)
    hub.wan.cut()
    saved = one.elsewhere(lambda: one.desk.lane.call(intake.save_report({"urgency": "high"}, None)))
    there = partial(case_view, case_id=saved.case_id)
    qtbot.waitUntil(lambda: two.elsewhere(lambda: two.desk.lane.read(there)) is not None, timeout=PATIENCE_MS)
    two.elsewhere(lambda: two.desk.lane.call(intake.set_fields(saved.case_id, {"urgency": "medium"})))
    qtbot.waitUntil(lambda: at_hub(two), timeout=PATIENCE_MS)
    assert one.desk.driver is not None
    told = one.elsewhere(partial(one.desk.driver.history, [Wanted(scopes.dossier(saved.contact_id))]))
    steps = one.elsewhere(
        lambda: one.desk.lane.read(partial(history_of, contact_id=saved.contact_id, told=told))
    )
    newest, first = (step for step in steps if (step.kind, step.field) == ("case", "urgency"))
    assert (newest.staff, newest.here, newest.before, newest.after) == (STAFF, False, "high", "medium")
    assert (first.here, first.after) == (True, "high")
