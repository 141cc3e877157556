"""Two whole desks on a real centre: the history of a file at one names who changed it at the other, where and when,
from what to what; it asks the centre for that each time, and keeps nothing of the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from desktop import app
from desktop.app import Desk
from desktop.background.change_bus import RoadState
from desktop.background.history_told import Wanted
from desktop.home import Home
from desktop.operations import calls, intake, shift
from desktop.operations.calls import PbxCallEvent
from desktop.store.reads import case_view
from desktop.store.reads_history import Step, history_of
from desktop.ui.main_window import MainWindow
from domain.clock import MINUTE
from server.operations.staff import write
from sync.replica import read, scopes, tables
from tests.desktop.background.hearing import Ear
from tests.desktop.background.test_the_road import PACE, Line, elsewhere
from tests.desktop.store.kit import CHEAP, PASSPHRASE, SetClock, reference
from tests.desktop.ui.conftest import press
from tests.server.ground import Running, running

CTRL = Qt.KeyboardModifier.ControlModifier
WAIT_MS = 20_000
HERE, THERE, FAR = "cg-an", "truong-ca-binh", "truong-ca-ha-noi"
SEATS = {HERE: ("an_giang", "AG03"), THERE: ("an_giang", "AG04"), FAR: ("hanoi", "HN01")}
ROLES = {HERE: "counsellor", THERE: "shift_lead", FAR: "shift_lead"}


class Sitting:
    """One desk with the one person who sits there, on a line that can be cut."""

    def __init__(self, home: Home, staff: str, clock: SetClock) -> None:
        self.staff, self.clock, self.line, self.road = staff, clock, Line(), Ear()
        self.desk: Desk = app.build(
            home, staff, PASSPHRASE, clock=clock, transport_factory=self.line.make, reference=reference(),
            key_cost=CHEAP, pace=PACE,
        )  # fmt: skip
        self.desk.bus.road.connect(self.road.done)

    def do(self, operation: Callable[[Any], Any]) -> Any:
        return elsewhere(partial(self.desk.lane.call, operation))

    def read(self, look: Callable[[Any], Any]) -> Any:
        """As the screens read: for the person who sits here."""
        return elsewhere(partial(self.desk.lane.read, look))

    def asked(self, *wanted: Wanted) -> list[Any]:
        """What the server tells this desk of these."""
        assert self.desk.driver is not None
        told: list[Any] = elsewhere(partial(self.desk.driver.history, wanted))
        return told

    def settled(self) -> bool:
        return bool(self.road.heard) and self.road.heard[-1].state is RoadState.SETTLED

    def down(self) -> bool:
        return bool(self.road.heard) and self.road.heard[-1].state is RoadState.OFFLINE


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        for staff, (of, seat) in SEATS.items():
            write(one.centre, staff, roles=(ROLES[staff],), centre=of, desks=(seat,))
        yield one


@pytest.fixture
def sit(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[[str], Sitting]]:
    made: list[Sitting] = []

    def one(staff: str) -> Sitting:
        home = Home(tmp_path / staff)
        app.enrol(home, centre.url, centre.code(SEATS[staff][1]), staff, PASSPHRASE, key_cost=CHEAP)
        made.append(Sitting(home, staff, SetClock(centre.clock.now_ms())))
        return made[-1]

    yield one
    for each in made:
        each.desk.close()


class Told:
    """A case written here, whose urgency the colleague there changed twice; a window over it here."""

    def __init__(self, here: Sitting, there: Sitting, show: Callable[[Desk], MainWindow], qtbot: QtBot) -> None:
        self.here, self.there, self.qtbot = here, there, qtbot
        report = here.do(intake.save_report({"summary": "Cháu bị bỏ đói", "urgency": "high"}, None))
        self.case, self.contact = report.case_id, report.contact_id
        self.until(lambda: there.read(partial(case_view, case_id=self.case)) is not None)
        there.do(shift.start())
        self.times = []
        for level in ("emergency", "medium"):
            there.clock.now += 5 * MINUTE
            self.times.append(there.clock.now)
            there.do(intake.set_fields(self.case, {"urgency": level}))
        self.until(lambda: self.case_here().urgency == "medium")
        self.until(lambda: here.read(lambda c: c.execute(select(tables.records["shift"].c.id)).first()) is not None)
        here.clock.now = there.clock.now + MINUTE
        self.window = show(here.desk)
        self.keys = self.window.sheets.history
        self.sheet = self.keys.sheet

    def until(self, fact: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(fact()), timeout=WAIT_MS)

    def case_here(self) -> Any:
        return self.here.read(partial(read.one, kind="case", record_id=self.case)).record

    def open(self) -> None:
        """The case in front, then Ctrl+H."""
        self.window.go("case")
        with self.qtbot.waitSignal(self.window.case_model.opened, timeout=WAIT_MS):
            self.window.case_model.open_case(self.case)
        press(self.window, Qt.Key.Key_H, CTRL)
        self.until(self.sheet.isVisible)

    def urgency(self) -> list[Step]:
        """The steps of the case's urgency that are shown now, newest first."""
        return [one for one in self.sheet.rows.rows if (one.kind, one.field) == ("case", "urgency")]

    def named(self) -> bool:
        return {one.staff for one in self.urgency()} == {HERE, THERE}


@pytest.fixture
def told(sit: Callable[[str], Sitting], show: Callable[[Desk], MainWindow], qtbot: QtBot) -> Told:
    return Told(sit(HERE), sit(THERE), show, qtbot)


def test_a_change_made_elsewhere_is_named_with_person_place_time_and_both_values(told: Told) -> None:
    told.open()
    told.until(told.named)
    newest, middle, first = told.urgency()
    assert (newest.staff, newest.place, newest.at_ms) == (THERE, "AG04", told.times[1])
    assert (newest.before, newest.after, newest.stands, newest.before_known) == ("emergency", "medium", True, True)
    assert (middle.staff, middle.place, middle.at_ms) == (THERE, "AG04", told.times[0])
    assert (middle.before, middle.after, middle.stands, middle.before_known) == ("high", "emergency", False, True)
    assert (first.staff, first.here, first.after) == (HERE, True, "high")
    words = told.here.desk.catalogue["urgency"]
    line = told.sheet.rows.words(newest)
    assert line[1:] == (THERE, "AG04", "Mức khẩn cấp", words.label("emergency"), words.label("medium"))
    assert "ai ghi từng giá trị" in told.sheet.state.words.text()
    assert told.sheet.table.hasFocus()


def test_nothing_that_the_centre_told_is_kept_at_the_desk(told: Told) -> None:
    log = tables.log.c

    def authors() -> set[str]:
        return set(told.here.read(lambda c: c.execute(select(log.device)).scalars().all()))

    told.open()
    told.until(told.named)
    assert {one.device for one in told.keys.told} == {one.desk.seat.device for one in (told.here, told.there)}
    assert authors() == {told.here.desk.seat.device}
    assert told.here.read(lambda c: c.execute(select(tables.said_by.c.id)).first()) is None
    press(told.window, Qt.Key.Key_Escape)
    assert not told.sheet.isVisible()
    assert (told.sheet.rows.rows, list(told.keys.told)) == ([], [])
    told.open()
    told.until(told.named)
    press(told.window, Qt.Key.Key_Escape)
    only = [one for one in told.here.read(partial(history_of, contact_id=told.contact)) if one.field == "urgency"]
    assert {one.staff for one in only if one.kind == "case"} == {HERE, None}
    assert authors() == {told.here.desk.seat.device}


def test_whatever_covers_it_makes_it_forget_what_was_told(told: Told) -> None:
    window, watch = told.window, told.window.watch
    now = told.here.clock.now

    def ring() -> None:
        window.calls.answered(PbxCallEvent("111", "1.9", "0900081502", "", now, now))

    for cover in (watch.privacy, window.covering.people, window.manual_keys.toggle, ring):
        told.open()
        told.until(told.named)
        cover()
        assert not told.sheet.isVisible(), cover.__name__
        assert (told.sheet.rows.rows, list(told.keys.told), told.sheet.state.words.text()) == ([], [], "")
        watch.back()
        window.covering.uncover()
        if window.page_name == "manual":
            window.manual_keys.close()
            told.until(told.named)  # it lies there again, and has asked again
            press(window, Qt.Key.Key_Escape)


def test_an_answer_that_comes_when_the_page_is_closed_is_for_nobody(told: Told) -> None:
    asked, go = threading.Event(), threading.Event()
    real = told.keys.authors.ask_with
    assert real is not None

    def slow(wanted: Any) -> Any:
        asked.set()
        assert go.wait(20)
        return real(wanted)

    told.keys.authors.ask_with = slow
    told.open()
    told.until(asked.is_set)
    press(told.window, Qt.Key.Key_Escape)
    go.set()
    after = Ear()
    told.here.desk.aside.submit(list, after.done, after.failed)  # behind it on the same thread
    told.until(lambda: after.heard)
    assert not told.sheet.isVisible()
    assert (told.sheet.rows.rows, list(told.keys.told)) == ([], [])


def test_without_a_line_it_says_so_and_names_them_by_itself_when_the_line_is_back(told: Told) -> None:
    told.here.line.cut()
    told.until(told.here.down)
    told.open()
    told.until(lambda: "khi có mạng lại" in told.sheet.state.words.text())
    (theirs,) = (one for one in told.urgency() if one.staff is None)
    assert (theirs.after, theirs.before_known) == ("medium", False)
    assert told.sheet.rows.words(theirs)[1:3] == ("chưa rõ", "nơi khác")
    press(told.window, Qt.Key.Key_H, CTRL)
    told.until(lambda: "khi có mạng lại" in told.sheet.state.words.text())
    assert told.sheet.isVisible(), "the key asks again and closes nothing"
    told.here.line.up = True
    told.until(told.named)
    assert "ai ghi từng giá trị" in told.sheet.state.words.text()


def test_a_line_that_ends_while_it_is_asked_is_said_and_the_key_asks_again(told: Told) -> None:
    told.here.line.cut()  # before the road has noticed
    told.open()
    told.until(lambda: "khi có mạng lại" in told.sheet.state.words.text())
    told.here.line.up = True
    press(told.window, Qt.Key.Key_H, CTRL)
    told.until(told.named)


def test_a_desk_and_a_person_without_the_right_are_told_nothing(told: Told, sit: Callable[[str], Sitting]) -> None:
    scope = Wanted(scopes.dossier(told.contact))
    far = sit(FAR)
    told.until(far.settled)
    assert far.asked(scope) == []
    mine = told.here.asked(scope)
    assert {one.device for one in mine} == {one.desk.seat.device for one in (told.here, told.there)}
    stolen = partial(history_of, contact_id=told.contact, told=mine)
    assert far.read(stolen) is None, "what is not at a desk has no history there, whoever brings the words"
    assert told.here.read(stolen)
    told.here.desk.lane.staff = FAR  # somebody of another centre sits down at this desk
    assert told.here.read(stolen) is None


def test_who_gave_a_call_another_outcome_at_another_desk_is_named(told: Told) -> None:
    here, there, window = told.here, told.there, told.window
    call = here.do(calls.set_outcome(None, "silent")).call_id
    told.until(lambda: there.read(partial(read.one, kind="call", record_id=call)) is not None)
    there.clock.now += MINUTE
    there.do(calls.relabel(call, "prank"))
    told.until(lambda: here.read(partial(read.one, kind="call", record_id=call)).record.outcome == "prank")
    window.go("calls")
    page = window.calls_page
    told.until(lambda: [one.outcome for one in page.model.rows] == ["prank"])
    page.table.setCurrentIndex(page.rows.index(0, 0))
    press(window, Qt.Key.Key_H, CTRL)
    told.until(lambda: told.sheet.isVisible() and "ai ghi từng giá trị" in told.sheet.state.words.text())
    assert told.sheet.head.text() == "Lịch sử của cuộc gọi"
    newest, first = (one for one in told.sheet.rows.rows if one.field == "outcome")
    assert (newest.staff, newest.place, newest.before, newest.after) == (THERE, "AG04", "silent", "prank")
    assert (newest.at_ms, newest.stands) == (there.clock.now, True)
    assert (first.staff, first.here, first.after, first.stands) == (HERE, True, "silent", False)
    words = here.desk.catalogue["contact_outcome"]
    line = told.sheet.rows.words(newest)
    assert line[3:] == ("Kết quả cuộc gọi", words.label("silent"), words.label("prank"))
    assert {one.record for one in told.sheet.rows.rows} == {call}
    assert len(told.keys.told) == 2, "that call's operations, not its centre's log"
    press(window, Qt.Key.Key_Escape)
    assert (told.sheet.rows.rows, list(told.keys.told)) == ([], [])
    assert window.page_name == "calls"
