"""Who sees a name or a number masked on the page of a file sees it on no other screen: a walk with canaries, role by
role; and after the logged step it is there, so that the walk looks in the right places."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.case import add_note, add_referral, log_attempt
from desktop.operations.intake import save_report, set_fields
from desktop.store.reads_audit import audit_view
from desktop.store.unit_of_work import Operation
from desktop.ui.main_window import MainWindow
from domain.records.audit import UNMASK
from domain.text import fold
from sync.act import Act
from sync.operation import Placed, encode_body
from sync.replica import read
from sync.stamp import Stamp
from tests.desktop.ui.conftest import HandClock, press, stored, type_text
from tests.desktop.ui.leaving import hire
from tests.desktop.ui.seat import Seat
from tests.desktop.ui.spoken import heard_and_seen
from tests.privacy_table import PLAIN, expected

NAME, BEFORE, OTHER, CALLER, NUMBER = (
    "Lý Canari Mật Ong", "Lý Canari Mật Nhầm", "Lý Canari Mật Khác", "Trần Canari Báo Tin", "0900081502",
)  # fmt: skip
CANARIES = re.compile(r"canari mat|canari bao|canaribao|081\D?502", re.IGNORECASE)
ELSEWHERE = "01932c00-0000-7000-8000-0000000000dd"
ROLES = ("", "counsellor", "shift_lead", "regional_lead")
"""Nobody's role (a counsellor whom no list names) and those who may open a file of this desk."""


@dataclass
class Walk:
    """A seat before a window in which one case with canaries lies open."""

    seat: Seat
    case: str
    role: str

    @property
    def window(self) -> MainWindow:
        return self.seat.window

    def to_the_case(self) -> None:
        self.window.go("case")
        if self.window.case_model.case_id != self.case or self.window.case_model.view is None:
            self.window.case_model.open_case(self.case)
        self.seat.until(lambda: self.window.case_model.view is not None)

    def told(self) -> list[str]:
        """Canaries that eye or ear finds anywhere in the window, each with where."""
        said = [(where, words) for where, words in heard_and_seen(self.window) if CANARIES.search(fold(words))]
        for box in self.window.findChildren(QWidget):
            if isinstance(box, (QLineEdit, QPlainTextEdit)) and box.isVisibleTo(self.window):
                text = box.text() if isinstance(box, QLineEdit) else box.toPlainText()
                said += [(box.objectName(), text)] if CANARIES.search(fold(text)) else []
        return [f"{where}: {words[:60]}" for where, words in said]

    def show_masked(self) -> None:
        """The logged step, with its reason where the role owes one."""
        sheet = self.window.call_deeds.sheet
        self.seat.strike("show_masked")
        self.seat.until(lambda: sheet.isVisible() or self.window.showing.shown is not None)
        if sheet.isVisible():
            press(self.window, Qt.Key.Key_1)
        self.seat.until(lambda: self.window.showing.shown is not None and self.window.case_model.view.veil is None)  # type: ignore[union-attr]  # it is open


def on_the_page(walk: Walk) -> None:
    walk.to_the_case()
    walk.seat.until(walk.window.case_page.head.isVisible)


def in_the_history(walk: Walk) -> None:
    walk.to_the_case()
    walk.seat.strike("history")
    sheet = walk.window.sheets.history.sheet
    walk.seat.until(lambda: sheet.isVisible() and sheet.rows.rows)


def among_the_conflicts(walk: Walk) -> None:
    model = walk.window.sheets.conflicts.model
    walk.seat.strike("conflicts")
    walk.seat.until(lambda: model.waits.conflicts)


def in_an_opened_conflict(walk: Walk) -> None:
    among_the_conflicts(walk)
    keys = walk.window.sheets.conflicts
    (name,) = [one for one in keys.model.waits.conflicts if one.field == "full_name"]
    keys.model.open(name)
    walk.seat.until(keys.sheet.card.isVisible)


def among_known_children(walk: Walk) -> None:
    walk.to_the_case()
    sheet = walk.window.sheets.same_child.sheet
    walk.seat.strike("same_child")
    walk.seat.until(lambda: sheet.isVisible() and sheet.rows.lines)


def in_the_queue(walk: Walk) -> None:
    walk.window.go("queue")


def in_the_calls(walk: Walk) -> None:
    walk.window.go("calls")


SCREENS: dict[str, Callable[[Walk], None]] = {
    "page": on_the_page,
    "history": in_the_history,
    "conflicts": among_the_conflicts,
    "conflict": in_an_opened_conflict,
    "known children": among_known_children,
    "queue": in_the_queue,
    "calls": in_the_calls,
}


def run(seat: Seat, operation: Operation[Any]) -> Any:
    done: list[Any] = []
    seat.clock.pass_ms(1_000)
    seat.desk.lane.submit(operation, done.append)
    seat.until(lambda: done)
    return done[0]


@pytest.fixture(params=ROLES)
def walk(request: pytest.FixtureRequest, window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> Walk:
    seat = Seat(window, desk, clock, qtbot)
    said = {
        "child_name": BEFORE, "child_age": 9, "caller_name": CALLER, "number": NUMBER, "outcome": "report_of_abuse",
        "summary": f"{CALLER} nói {NAME} (hay gọi {BEFORE}) đang khóc, gọi lại 0900 081 502",
    }  # fmt: skip
    report = run(seat, save_report(said, None))
    run(seat, save_report(said | {"child_name": NAME, "summary": "Lần nữa"}, None))
    run(seat, add_note(f"Gặp {BEFORE.upper()} ở trường", case_id=report.case_id))
    referral = run(seat, add_referral(report.case_id, "commune_peoples_committee", f"UBND, gặp {CALLER}"))
    run(seat, log_attempt(referral, "busy", f"hỏi về {BEFORE}, số {NUMBER}"))
    made = stored(desk, partial(read.one, kind="case", record_id=report.case_id))
    child = str(made.record.child_id)
    seen = stored(desk, partial(read.one, kind="person", record_id=child))
    act = Act("minh.vo", Stamp(clock.now_ms() + 500, 0, "0badcafe").text())
    act.change("person", child, seen.scope, seen.state, {"full_name": OTHER})
    placed = [
        Placed(ELSEWHERE, 1, n, len(act.bodies), bytes(16), encode_body(one)) for n, one in enumerate(act.bodies, 1)
    ]
    opened = {child: seen, report.case_id: made}
    run(seat, set_fields(report.case_id, {"child_name": NAME}, opened=opened))
    run(seat, lambda uow: [desk.store.replica.receive(uow.connection, placed)])
    if request.param:
        hire(seat, request.param)
    made_walk = Walk(seat, report.case_id, request.param)
    made_walk.to_the_case()
    return made_walk


def test_what_is_masked_on_the_page_is_masked_on_every_screen(walk: Walk) -> None:
    for name, come in SCREENS.items():
        come(walk)
        assert not walk.told(), f"{walk.told()} {walk.role or 'unlisted'} on {name}"
        walk.window.covering.uncover()


@pytest.mark.parametrize("walk", ["", "shift_lead"], indirect=True)
def test_editing_and_a_new_form_over_the_file_ask_for_the_logged_step_first(walk: Walk) -> None:
    window, seat = walk.window, walk.seat
    window.case_page.begin_edit()
    sheet = window.call_deeds.sheet
    seat.until(lambda: sheet.isVisible() or window.showing.shown is not None)
    owes_reason = expected(PLAIN, "unmask", walk.role or "counsellor", "own") == "R"
    assert owes_reason == sheet.isVisible()
    if owes_reason:
        assert walk.told() == []
        press(window, Qt.Key.Key_1)
    seat.until(window.case_page._editor.isVisible)
    assert [one for one in walk.told() if "field.summary" in one], "the editor is where the walk looks"
    assert [one for one in stored(seat.desk, audit_view).newest if one.action == UNMASK]


@pytest.mark.parametrize("walk", ["", "shift_lead"], indirect=True)
def test_after_the_logged_step_the_same_screens_show_it_for_a_minute(walk: Walk) -> None:
    walk.show_masked()
    assert walk.told(), "the page is where the walk looks"
    in_the_history(walk)
    assert walk.told(), "the history is where the walk looks"
    walk.seat.clock.pass_ms(61_000)
    walk.seat.until(lambda: not walk.told())
    walk.window.covering.uncover()
    assert walk.window.case_page.disputes.isVisibleTo(walk.window)
    in_an_opened_conflict(walk)
    conflict = next(one for one in walk.window.sheets.conflicts.model.waits.conflicts if one.field == "full_name")
    assert conflict.masked
    walk.window.sheets.conflicts.model.choose(conflict, 1)
    names = "SELECT full_name FROM r_person"
    assert stored(walk.seat.desk, lambda c: {row[0] for row in c.exec_driver_sql(names)}) & {NAME, OTHER}
    assert "L. C. M." not in str(stored(walk.seat.desk, lambda c: c.exec_driver_sql(names).all()))


@pytest.mark.parametrize("walk", ["", "shift_lead"], indirect=True)
def test_search_and_palette_show_what_the_row_of_search_says(walk: Walk) -> None:
    window, seat = walk.window, walk.seat
    seat.strike("search")
    type_text("ly canari mat")
    seat.until(lambda: window.search_model.hits)
    window.search_page.box.clear()
    whole = expected(PLAIN, "search", walk.role or "counsellor", "own") == "A"
    assert bool(walk.told()) == whole
    window.go("calls")
    seat.strike("palette")
    type_text("ly canari mat")
    seat.until(lambda: window.palette_keys.palette.rows.rows)
    window.palette_keys.palette.box.blockSignals(True)
    window.palette_keys.palette.box.setText("")
    window.palette_keys.palette.box.blockSignals(False)
    assert bool(walk.told()) <= whole
