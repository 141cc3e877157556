"""Whole desks on a real centre over real HTTP: enrolled, cut off, restarted, cloned; nothing lost, digests equal."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.background import sync_driver
from desktop.background.change_bus import Changes, Origin, RoadState, RoadStatus
from desktop.home import Home
from desktop.operations import calls, case, intake
from desktop.store.reads import CallRow, CaseView, calls_today, case_view
from desktop.store.troubles import AlreadyEnrolled, NotEnrolled, WrongPassphrase
from domain.clock import HOUR, MINUTE
from domain.spoken import COUNT
from server.operations import sessions
from server.operations.approval import approve_here
from server.operations.enrolment import make_code
from sync.door import Receipt
from sync.engine import Pace, View
from sync.operation import Placed
from sync.proof import Answer, Ask
from sync.replica.desk_road import DeskRoad
from sync.transport import HttpTransport
from sync.troubles import Offline, SignedOut, Trouble
from sync.wire import PullHead, PushAnswer
from tests.conftest import living_threads
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import Running, running

PACE = Pace(base=20, cap=50)
"""Retries follow at once: a test waits for facts and not for politeness."""


class Line:
    """A line that can be cut: requests in flight fail, and every later one, until it is mended."""

    def __init__(self) -> None:
        self.up = True
        self._open: list[HttpTransport] = []

    def make(self, url: str, device: str, incarnation: int, sign: Callable[[bytes], bytes]) -> OverLine:
        return OverLine(self, url, device, incarnation, sign)

    def opened(self, road: HttpTransport) -> None:
        self._open.append(road)

    def cut(self) -> None:
        self.up = False
        for road in self._open:
            road.close()
        self._open.clear()


class OverLine:
    """The real transport while the line is up."""

    def __init__(self, line: Line, url: str, device: str, incarnation: int, sign: Callable[[bytes], bytes]) -> None:
        self._line = line
        self._how = (url, device, incarnation, sign)
        self._road: HttpTransport | None = None
        self._lock = threading.Lock()
        self._closed = False

    def _real(self) -> HttpTransport:
        with self._lock:
            if not self._line.up or self._closed:
                self._road = None
                raise Offline
            if self._road is None:
                self._road = HttpTransport(*self._how)
                self._line.opened(self._road)
            return self._road

    def push(self, data: bytes, timeout_s: float, *, urgent: bool = False) -> PushAnswer:
        return self._real().push(data, timeout_s, urgent=urgent)

    def pull(
        self, lineage: str, cursor: int, limit: int, wait_s: float, timeout_s: float
    ) -> tuple[PullHead, list[Placed]] | None:
        return self._real().pull(lineage, cursor, limit, wait_s, timeout_s)

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        return self._real().scope(scope, upto, past, timeout_s)

    def receipt(self, digest: str, timeout_s: float) -> Receipt | None:
        return self._real().receipt(digest, timeout_s)

    def proof(self, ask: Ask, timeout_s: float) -> Answer:
        return self._real().proof(ask, timeout_s)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._road is not None:
                self._road.close()


class Place:
    """One desk's folder, its line, and the desk while it is open."""

    def __init__(self, home: Home, clock: SetClock) -> None:
        self.home = home
        self.clock = clock
        self.line = Line()
        self.desk: Desk | None = None
        self.road = Ear()
        self.changes = Ear()

    def open(self, *, road: bool = True) -> Desk:
        self.desk = app.build(
            self.home,
            STAFF,
            PASSPHRASE,
            clock=self.clock,
            transport_factory=self.line.make if road else None,
            reference=reference(),
            key_cost=CHEAP,
            pace=PACE,
        )
        self.desk.bus.road.connect(self.road.done)
        self.desk.bus.changed.connect(self.changes.done)
        return self.desk

    def close(self) -> None:
        if self.desk is not None:
            self.desk.close()
            self.desk = None

    def status(self) -> RoadStatus:
        return self.road.heard[-1] if self.road.heard else RoadStatus()

    def read(self, read: Callable[[Any], Any]) -> Any:
        desk = self.desk
        assert desk is not None
        return elsewhere(lambda: desk.lane.read(read))

    def run(self, operation: Callable[[Any], Any]) -> Any:
        desk = self.desk
        assert desk is not None
        return elsewhere(lambda: desk.lane.call(operation))

    def calls(self) -> list[CallRow]:
        rows: list[CallRow] = self.read(lambda c: calls_today(c, "an_giang", self.clock.now - HOUR, 1_000))
        return rows


def elsewhere(work: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(20)
    return found[0]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def enrol(seat: str = "AG03", *, all_cases: bool = False) -> Place:
        home = Home(tmp_path / f"{seat}-{len(made)}")
        code = centre.code(seat, all_cases=all_cases)
        app.enrol(home, centre.url, code, STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.clock.now_ms())))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


def settled(place: Place) -> bool:
    status = place.status()
    return status.state is RoadState.SETTLED and status.equal is True


def test_what_is_saved_reaches_the_centre_and_is_proven_equal(place: Callable[..., Place], qtbot: QtBot) -> None:
    desk = place()
    desk.open()
    for _ in range(20):
        desk.run(calls.set_outcome(None, "silent"))
    qtbot.waitUntil(lambda: settled(desk) and desk.status().at_centre == 20, timeout=20_000)
    status = desk.status()
    assert (status.saved_here, status.waiting, status.line_down_since_ms) == (20, 0, None)
    assert status.equal_at_ms == desk.clock.now
    assert all(row.saved_at_centre for row in desk.calls())
    assert desk.road.threads == {threading.get_ident()}


def test_a_save_at_one_desk_appears_at_the_next_without_asking(place: Callable[..., Place], qtbot: QtBot) -> None:
    one, two = place("AG03"), place("AG04")
    one.open()
    two.open()
    qtbot.waitUntil(lambda: settled(one) and settled(two), timeout=20_000)
    labelled = one.run(calls.set_outcome(None, "prank"))

    def arrived() -> bool:
        told: list[Changes] = two.changes.heard
        return any(c.origin is Origin.CENTRE and labelled.call_id in c.ids.get("call", ()) for c in told)

    qtbot.waitUntil(arrived, timeout=20_000)
    assert [(row.id, row.outcome) for row in two.calls()] == [(labelled.call_id, "prank")]
    assert two.calls()[0].saved_at_centre, "what came from the centre is at the centre"


def test_an_outage_is_said_with_its_beginning_and_nothing_is_lost(place: Callable[..., Place], qtbot: QtBot) -> None:
    desk = place()
    desk.open()
    qtbot.waitUntil(lambda: settled(desk), timeout=20_000)
    desk.line.cut()
    began = desk.clock.now
    qtbot.waitUntil(lambda: desk.status().state is RoadState.OFFLINE, timeout=20_000)
    desk.clock.now += HOUR
    for _ in range(5):
        desk.run(calls.set_outcome(None, "silent"))
    qtbot.waitUntil(lambda: desk.status().waiting == 5, timeout=20_000)
    assert desk.status().line_down_since_ms == began
    assert "an toàn" in desk.status().advice
    assert desk.status().equal is None
    assert not any(row.saved_at_centre for row in desk.calls())
    desk.close()
    desk.road.heard.clear()
    desk.clock.now += HOUR
    desk.open()
    qtbot.waitUntil(lambda: desk.status().state is RoadState.OFFLINE, timeout=20_000)
    assert desk.status().line_down_since_ms == began, "a restart does not forget since when"
    desk.line.up = True
    qtbot.waitUntil(lambda: settled(desk), timeout=20_000)
    assert (desk.status().at_centre, desk.status().line_down_since_ms) == (5, None)


def test_a_case_opened_without_a_number_gets_one_from_the_first_block(
    place: Callable[..., Place], qtbot: QtBot
) -> None:
    desk = place()
    desk.open(road=False)
    saved = desk.run(intake.save_report({"summary": "x", "urgency": "high"}, None))
    assert saved.case_code is None
    desk.close()
    desk.open()

    def code() -> str | None:
        view: CaseView = desk.read(lambda c: case_view(c, saved.case_id))
        return view.case.code

    qtbot.waitUntil(lambda: code() is not None, timeout=20_000)
    qtbot.waitUntil(lambda: settled(desk), timeout=20_000)
    assert str(code()).startswith("CT")
    again = desk.run(intake.save_report({"summary": "y"}, None))
    assert again.case_code not in (None, code())


def test_a_case_edited_at_two_centres_ends_equal_with_both_words_kept(
    place: Callable[..., Place], qtbot: QtBot
) -> None:
    ag, hn = place("AG03"), place("HN01", all_cases=True)
    ag.open()
    hn.open()
    saved = ag.run(intake.save_report({"summary": "x", "urgency": "high", "child_age": 8}, None))
    qtbot.waitUntil(lambda: hn.read(lambda c: case_view(c, saved.case_id)) is not None, timeout=20_000)
    qtbot.waitUntil(lambda: settled(ag) and settled(hn), timeout=20_000)
    ag.line.cut()
    hn.run(case.set_fields(saved.case_id, {"urgency": "medium", "summary": "Từ Hà Nội."}))
    note = hn.run(case.add_note("Đã báo Sở Y tế.", saved.case_id))
    ag.clock.now += MINUTE
    ag.run(case.set_fields(saved.case_id, {"urgency": "emergency", "summary": "Từ An Giang."}))
    ag.line.up = True
    for desk in (ag, hn):

        def both(desk: Place = desk) -> bool:
            view = desk.read(lambda c: case_view(c, saved.case_id))
            # The edit and the note are two acts: they may arrive one after the other.
            return dict(view.siblings) == {
                "case.urgency": ["medium"],
                "contact.summary": ["Từ Hà Nội."],
            } and note in {entry.id for entry in view.timeline}

        qtbot.waitUntil(both, timeout=20_000)
        view = desk.read(lambda c: case_view(c, saved.case_id))
        assert view.case.urgency == "emergency"
    qtbot.waitUntil(lambda: settled(ag) and settled(hn), timeout=20_000)


def test_a_cloned_desk_is_found_out_and_both_halves_arrive_whole(place: Callable[..., Place], qtbot: QtBot) -> None:
    first = place()
    first.open()
    kept = [first.run(calls.set_outcome(None, "silent")).call_id for _ in range(3)]
    qtbot.waitUntil(lambda: settled(first), timeout=20_000)
    first.close()
    twin = Place(Home(first.home.root.with_name("twin")), first.clock)
    shutil.copytree(first.home.root, twin.home.root)
    first.open()
    kept += [first.run(calls.set_outcome(None, "prank")).call_id for _ in range(2)]
    qtbot.waitUntil(lambda: settled(first) and first.status().at_centre == 5, timeout=20_000)
    first.close()
    twin.open()
    try:
        kept += [twin.run(calls.set_outcome(None, "hang_up")).call_id for _ in range(3)]
        qtbot.waitUntil(lambda: settled(twin) and len(twin.calls()) == 8, timeout=20_000)
        assert {row.id for row in twin.calls()} == set(kept)
        assert all(row.saved_at_centre for row in twin.calls())
        twin.run(calls.set_outcome(None, "prank"))
        qtbot.waitUntil(lambda: settled(twin) and len(twin.calls()) == 9, timeout=20_000)
    finally:
        twin.close()


def test_closing_with_a_held_pull_is_quick_and_leaves_nothing(
    place: Callable[..., Place], centre: Running, qtbot: QtBot
) -> None:
    desk = place()
    before = living_threads()
    desk.open()
    qtbot.waitUntil(lambda: settled(desk), timeout=20_000)
    centre.held_pulls(1)
    desk.close()
    assert not [thread for thread in living_threads() - before if thread.name.startswith(("net-", "store-"))]


def test_pressing_try_again_does_not_wait_for_the_delay(place: Callable[..., Place], qtbot: QtBot) -> None:
    desk = place()
    desk.line.up = False
    slow = replace(PACE, base=3_600_000, cap=3_600_000)
    opened = app.build(
        desk.home, STAFF, PASSPHRASE, clock=desk.clock, transport_factory=desk.line.make,
        reference=reference(), key_cost=CHEAP, pace=slow,
    )  # fmt: skip
    opened.bus.road.connect(desk.road.done)
    try:
        driver = opened.driver
        assert driver is not None
        qtbot.waitUntil(lambda: driver.status.state is RoadState.OFFLINE, timeout=20_000)
        desk.line.up = True
        driver.nudge()
        qtbot.waitUntil(lambda: settled(desk), timeout=20_000)
    finally:
        opened.close()


def test_a_fault_of_our_own_is_said_and_does_not_end_the_road(
    place: Callable[..., Place], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place("AG03")
    desk = here.open()
    qtbot.waitUntil(partial(settled, here), timeout=10_000)
    real = DeskRoad.view
    failing = [True]

    def broken(road: DeskRoad) -> View:
        if failing[0]:
            raise RuntimeError("planted")
        return real(road)

    monkeypatch.setattr(DeskRoad, "view", broken)
    monkeypatch.setattr(sync_driver, "AFTER_TROUBLE_MS", 20)
    desk.lane.submit(calls.set_outcome(None, "silent"))
    qtbot.waitUntil(lambda: any(status.advice == Trouble.advice for status in here.road.heard), timeout=10_000)
    failing[0] = False
    qtbot.waitUntil(partial(settled, here), timeout=10_000)
    assert here.road.heard[-1].waiting == 0


def test_a_new_desk_shows_its_words_works_meanwhile_and_sends_all_of_it_once_let_in(
    centre: Running, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "UNAPPROVED_MS", 20)
    home = Home(tmp_path / "new")
    code = make_code(centre.centre, "an_giang", "AG09", approval=True)
    app.enrol(home, centre.url, code, STAFF, PASSPHRASE, key_cost=CHEAP)
    new = Place(home, SetClock(centre.clock.now_ms()))
    new.open()
    qtbot.waitUntil(lambda: new.status().state is RoadState.UNAPPROVED, timeout=20_000)
    new.run(calls.set_outcome(None, "silent"))
    words = new.status().advice.partition(".")[0]
    assert len(words.split("·")) == COUNT
    approve_here(centre.centre, "truong-ca", "AG09", words)
    qtbot.waitUntil(lambda: settled(new) and new.status().at_centre == 1, timeout=20_000)
    new.close()


def test_a_code_serves_once_and_a_desk_registers_once(centre: Running, tmp_path: Path) -> None:
    home, other = Home(tmp_path / "a"), Home(tmp_path / "b")
    code = centre.code("AG07")
    seat = app.enrol(home, centre.url, code, STAFF, PASSPHRASE, key_cost=CHEAP)
    assert (seat.centre, seat.seat_code, seat.digit) == ("an_giang", "AG07", 3)
    with pytest.raises(AlreadyEnrolled):
        app.enrol(home, centre.url, centre.code("AG08"), STAFF, PASSPHRASE, key_cost=CHEAP)
    with pytest.raises(SignedOut):
        app.enrol(other, centre.url, code, STAFF, PASSPHRASE, key_cost=CHEAP)
    with pytest.raises(NotEnrolled):
        app.unlock(other, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
    seat = app.enrol(other, centre.url, centre.code("AG08"), STAFF, PASSPHRASE, key_cost=CHEAP)
    assert seat.seat_code == "AG08"


def test_an_enrolment_cut_off_half_way_is_tried_again_with_the_same_key(tmp_path: Path, centre: Running) -> None:
    home = Home(tmp_path / "a")
    keys: list[bytes] = []

    def cut(_url: str, _code: str, key: bytes, _name: str) -> app.Enrolled:
        keys.append(key)
        raise Offline

    with pytest.raises(Offline):
        app.enrol(home, centre.url, "x", STAFF, PASSPHRASE, enroller=cut, key_cost=CHEAP)
    with pytest.raises(Offline):
        app.enrol(home, centre.url, "x", STAFF, PASSPHRASE, enroller=cut, key_cost=CHEAP)
    assert keys[0] == keys[1]
    assert app.enrol(home, centre.url, centre.code("AG09"), STAFF, PASSPHRASE, key_cost=CHEAP).seat_code == "AG09"


def test_a_wrong_passphrase_opens_nothing(place: Callable[..., Place]) -> None:
    desk = place()
    with pytest.raises(WrongPassphrase):
        app.build(desk.home, STAFF, "sai rồi", reference=reference(), key_cost=CHEAP)
