"""A shift ends only when nothing is left lying: calls classified, forms accepted, red and orange cases signed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import shift
from desktop.operations.calls import PbxCallEvent, set_outcome
from desktop.operations.reconcile import reconcile
from desktop.operations.shift import NotYet
from desktop.store.reads_shift import PAGE, ShiftView, shift_view
from desktop.store.unit_of_work import Operation
from desktop.ui.main_window import MainWindow
from domain.cdr import CdrReading, PbxCall
from domain.clock import HOUR
from domain.ids import call_id as id_of_call
from domain.records.case import Case
from domain.records.queue import Claim
from sync.replica import scopes
from tests.desktop.ui.conftest import HandClock, named, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import draft_rows, fill_six, go_to, saved

CTRL = Qt.KeyboardModifier.ControlModifier
OTHER = "binh.tran"


def call(window: MainWindow, clock: HandClock, n: int) -> None:
    clock.pass_ms(60_000)
    window.calls.answered(PbxCallEvent("111", f"9.{n}", "0900081502", "", clock.now_ms(), clock.now_ms()))


def view(desk: Desk, clock: HandClock) -> ShiftView:
    read = partial(shift_view, staff=desk.staff, seat="AG03", centre="an_giang", now_ms=clock.now_ms())
    found: ShiftView = stored(desk, read)
    return found


def begin(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_8, CTRL)
    press(window, Qt.Key.Key_Space)  # the button "Vào ca" has the keys
    qtbot.waitUntil(lambda: window.shift_model.view.shift is not None, timeout=20_000)


class Told:
    """What the store lane answered."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.answers: list[Any] = []

    def take(self, answer: Any) -> None:
        self.answers.append(answer)

    def of(self, desk: Desk, operation: Operation[Any]) -> Any:
        desk.lane.submit(operation, self.take, self.take)
        self._qtbot.waitUntil(lambda: bool(self.answers), timeout=20_000)
        return self.answers.pop()


def refused(desk: Desk, qtbot: QtBot, taken_by: str = "", signed: tuple[str, ...] = ()) -> str:
    why = Told(qtbot).of(desk, shift.hand_over(taken_by, signed))
    assert isinstance(why, NotYet)
    return why.advice


def handovers(desk: Desk) -> list[tuple[Any, ...]]:
    asked = "SELECT given_by, taken_by, calls, unclassified, json_array_length(forms) FROM r_handover"
    rows = stored(desk, lambda connection: connection.exec_driver_sql(asked).all())
    return [tuple(row) for row in rows]


def test_a_shift_is_begun_once_and_counts_only_the_own_calls(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    begin(window, qtbot)
    desk.lane.submit(shift.start())
    call(window, clock, 1)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5)
    call(window, clock, 2)
    qtbot.waitUntil(lambda: view(desk, clock).unclassified == 1, timeout=20_000)
    assert view(desk, clock).outcomes == {"prank": 1, "unclassified": 1}
    count = stored(desk, lambda c: c.exec_driver_sql("SELECT count(*) FROM r_shift").scalar_one())
    assert count == 1


def test_nothing_is_handed_over_while_something_is_left(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    assert "chưa vào ca" in refused(desk, qtbot)
    begin(window, qtbot)
    call(window, clock, 1)
    assert "1 cuộc chưa phân loại" in refused(desk, qtbot)
    press(window, Qt.Key.Key_F9)
    fill_six(window)
    result = saved(window, qtbot)
    case_id = result.case_id

    def make_it_red(uow: Any) -> None:
        known = uow.read("case", case_id)
        act = uow.act()
        act.change("case", case_id, known.scope, known.state, {"urgency": "emergency"}, ranks={"urgency": 40})
        uow.write(act)

    Told(qtbot).of(desk, make_it_red)
    assert "1 ca đỏ và cam chưa ký" in refused(desk, qtbot)
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("dang ke")
    window.file_page.keep_all()
    qtbot.waitUntil(lambda: len(draft_rows(desk)) == 1, timeout=20_000)
    assert "1 biểu mẫu đang gác" in refused(desk, qtbot, "", (case_id,))
    assert "chưa mở được máy này" in refused(desk, qtbot, "nguoi.la", (case_id,))
    assert len(draft_rows(desk)) == 1
    assert handovers(desk) == []


def test_a_handover_by_keys_gives_every_parked_form_to_the_colleague_who_takes_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    desk.people.invite(OTHER, "T.B", clock.now_ms())
    begin(window, qtbot)
    call(window, clock, 1)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F2)
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("dang ke do")
    press(window, Qt.Key.Key_8, CTRL)
    named(window, "action.shift_handover").setFocus()
    press(window, Qt.Key.Key_Space)
    offered = [offer.code for offer in window.call_deeds.sheet.offers]
    assert offered[0] == OTHER
    with qtbot.waitSignal(window.shift_model.handed_over, timeout=20_000):
        press(window, Qt.Key.Key_1)
    assert handovers(desk) == [(desk.staff, OTHER, 1, 0, 1)]
    assert window.file_page.sheets == []
    assert draft_rows(desk) == []  # closed to the colleague now
    owners = stored(desk, lambda c: c.exec_driver_sql("SELECT staff FROM draft").scalars().all())
    assert owners == [OTHER]
    qtbot.waitUntil(lambda: window.shift_model.view.shift is None, timeout=20_000)


def test_a_call_that_came_to_this_seat_in_the_shift_without_a_name_is_labelled_before_the_handover(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    begin(window, qtbot)
    clock.pass_ms(60_000)
    start = clock.now_ms()

    def heard(uniqueid: str, seat: str, at: int) -> PbxCall:
        return PbxCall(1, uniqueid, "0900081502", seat, "an_giang", at, at + 3_000, at + 40_000, "ANSWERED")

    theirs, before = heard("x.2", "AG04", start), heard("x.3", "AG03", start - HOUR)
    whole = CdrReading((heard("x.1", "AG03", start), theirs, before), (), 0, 3)
    Told(qtbot).of(desk, reconcile(whole, "an_giang", "ab"))
    assert "1 cuộc chưa phân loại" in refused(desk, qtbot)
    Told(qtbot).of(desk, set_outcome(id_of_call("111", "x.1"), "silent"))
    assert view(desk, clock).unclassified == 0


@pytest.mark.parametrize("urgency", ["emergency", "high"])
def test_a_red_or_orange_case_keeps_the_shift_until_it_is_signed_by_enter_and_the_handover_names_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot, urgency: str
) -> None:
    begin(window, qtbot)
    result = reported(window, clock, qtbot, urgency)
    qtbot.waitUntil(lambda: [row.urgency for row in window.shift_model.view.cases] == [urgency], timeout=20_000)
    assert "1 ca đỏ và cam chưa ký" in refused(desk, qtbot)
    assert "1 ca đỏ và cam chưa ký" in window.shift_page.cases.text()
    press(window, Qt.Key.Key_8, CTRL)
    press(window, Qt.Key.Key_Return)
    assert window.shift_model.signed == {result.case_id}
    assert "Mọi ca đỏ và cam đã ký" in window.shift_page.cases.text()
    with qtbot.waitSignal(window.shift_model.handed_over, timeout=20_000):
        window.shift_model.hand_over("")
    asked = "SELECT json_extract(cases, '$[0]') FROM r_handover"
    assert stored(desk, lambda c: c.exec_driver_sql(asked).scalars().all()) == [result.case_id]


def test_the_red_and_orange_cases_beyond_the_first_page_are_to_be_signed_too_and_come_when_it_is(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    count = PAGE + 3
    begin(window, qtbot)

    def many(uow: Any) -> None:
        act = uow.act()
        for number in range(count):
            one = Case(id=f"case-{number}", urgency="high", centre="an_giang", opened_at=number + 1)
            act.create(scopes.dossier("k"), one, ranks={"urgency": 30})
        uow.write(act)

    Told(qtbot).of(desk, many)
    model, table = window.shift_model, window.shift_page.table
    qtbot.waitUntil(lambda: (len(model.view.cases), model.view.beyond) == (PAGE, 3), timeout=20_000)
    assert f"{count} ca đỏ và cam chưa ký" in window.shift_page.cases.text()
    page = [case.id for case in model.view.cases]
    assert "3 ca đỏ và cam chưa ký" in refused(desk, qtbot, "", tuple(page))
    for case in page[:-1]:
        model.sign(case)
    press(window, Qt.Key.Key_8, CTRL)
    table.selectRow(PAGE - 1)
    table.setFocus()
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.shift_page.rows.rowCount() == count, timeout=20_000)
    assert table.currentIndex().row() == PAGE - 1, "the mark stays where it was read"
    assert "3 ca đỏ và cam chưa ký" in window.shift_page.cases.text()
    for _ in range(3):
        press(window, Qt.Key.Key_Down)
        press(window, Qt.Key.Key_Return)
    assert "Mọi ca đỏ và cam đã ký" in window.shift_page.cases.text()
    with qtbot.waitSignal(model.handed_over, timeout=20_000):
        model.hand_over("")
    named_ones = "SELECT json_array_length(cases) FROM r_handover"
    assert stored(desk, lambda c: c.exec_driver_sql(named_ones).scalars().all()) == [count]


@pytest.mark.parametrize("urgency", ["medium", "low"])
def test_a_case_that_is_neither_red_nor_orange_needs_no_sign(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot, urgency: str
) -> None:
    begin(window, qtbot)
    reported(window, clock, qtbot, urgency)
    assert view(desk, clock).cases == ()
    with qtbot.waitSignal(window.shift_model.handed_over, timeout=20_000):
        window.shift_model.hand_over("")


def reported(window: MainWindow, clock: HandClock, qtbot: QtBot, urgency: str) -> Any:
    """A report of this urgency, saved from its form."""
    call(window, clock, 1)
    press(window, Qt.Key.Key_F9)
    fill_six(window)
    window.file_page.sheets[0].form.set_value("urgency", urgency)
    return saved(window, qtbot)


def test_an_overdue_call_back_keeps_the_shift_until_it_is_taken_moved_or_signed_by_enter(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    begin(window, qtbot)
    call(window, clock, 1)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    type_text("30 phút nữa")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.call_deeds.promising.strip.isVisible(), timeout=20_000)
    assert view(desk, clock).promises == ()  # still ahead: nothing is owed
    clock.pass_ms(HOUR)
    (late,) = view(desk, clock).promises
    assert "1 lời hẹn gọi lại quá giờ" in refused(desk, qtbot)

    def taken_elsewhere(uow: Any) -> None:
        act = uow.act()
        now = uow.now_ms
        taken = Claim(id=uow.new_id(), item_id=late.id, staff=OTHER, seat="AG01", at=now, until=now + 60_000)
        act.create(scopes.centre("an_giang"), taken)
        uow.write(act)

    Told(qtbot).of(desk, taken_elsewhere)
    assert view(desk, clock).promises == ()  # a colleague has it by name
    clock.pass_ms(120_000)
    press(window, Qt.Key.Key_8, CTRL)
    qtbot.waitUntil(lambda: window.shift_model.view.promises == (late,), timeout=20_000)
    assert "1 lời hẹn gọi lại quá giờ" in window.shift_page.promises.text()
    window.shift_page.focus()
    press(window, Qt.Key.Key_Home)
    press(window, Qt.Key.Key_Return)
    assert window.shift_model.owed == 0
    answer = Told(qtbot).of(desk, shift.hand_over("", tuple(window.shift_model.signed)))
    assert isinstance(answer, str)
    signed = stored(desk, lambda c: c.exec_driver_sql("SELECT cases FROM r_handover").scalar_one())
    assert late.id in signed
