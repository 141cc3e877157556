"""A case is restricted from its own screen: with a reason, to those named; somebody is let in and put out by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.home import Home
from desktop.operations.verifying import open_restricted
from desktop.store.case_keys import shares_of
from desktop.store.keys import KeySlots
from desktop.store.reads_readers import Closed, readers_of
from desktop.store.sight import Viewer, looking
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.case.banners import closed_words
from desktop.ui.case.reasoned import OPEN_MS
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from domain.records.sealed import is_sealed
from domain.records.staff import Staff, record_of
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, focused, press, stored, type_text
from tests.desktop.ui.seat import Seat, with_a_case

OTHER, CODE = "khanh.le", "k7mp-2qrs-9tvw"
FAR = 4_000_000_000_000
REASON = "Người nhà của nạn nhân làm việc tại cơ quan"
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def seat(home: Home, open_desk: Callable[[], Desk], show: Any, clock: HandClock, qtbot: QtBot) -> Seat:
    """A desk of two people, one of whom sits there with a case open."""
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    slots.invite(slots.open(STAFF, PASSPHRASE), OTHER, CODE, FAR, "L.V.K")
    desk = open_desk()
    made = Seat(show(desk), desk, clock, qtbot)
    with_a_case(made)
    return made


def begin(seat: Seat) -> Any:
    sheet = seat.window.sheets.restrict.sheet
    seat.strike("restrict")
    seat.until(lambda: sheet.isVisible() and sheet.rows.lines)
    return sheet


def banner(window: MainWindow) -> str:
    return window.case_page.closed.text() if window.case_page.closed.isVisible() else ""


def holders(seat: Seat) -> set[str]:
    contact = seat.window.case_model.contact_id or ""
    shares = stored(seat.desk, lambda c: shares_of(c, contact))
    return {one.staff for one in shares if one.number == shares[-1].number and one.staff}


def test_a_case_is_closed_to_those_named_and_one_of_them_is_put_out_and_let_in_again(seat: Seat) -> None:
    window = seat.window
    assert banner(window) == ""
    sheet = begin(seat)
    assert [line[0] for line in sheet.rows.lines] == [STAFF, OTHER]
    assert "Không bỏ hạn chế được" in sheet.never.text()
    press(window, Qt.Key.Key_Return, CTRL)
    assert "từ 10 ký tự" in sheet.state.text()
    assert focused() is sheet.reason
    type_text(REASON)
    press(window, Qt.Key.Key_Tab)
    assert focused() is sheet.table
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Return)
    assert sheet.rows.lines[1][2] == "sẽ đọc được"
    press(window, Qt.Key.Key_Return, CTRL)
    seat.until(lambda: banner(window) == "Hồ sơ hạn chế · 2 người đọc được")
    assert not sheet.isVisible()
    assert holders(seat) == {STAFF, OTHER}
    assert REASON in [entry.text for entry in window.case_model.view.timeline]  # type: ignore[union-attr]  # it is open
    texts = stored(seat.desk, lambda c: c.exec_driver_sql("SELECT text FROM r_note").scalars().all())
    assert texts
    assert all(map(is_sealed, texts))
    assert stored(seat.desk, lambda c: c.exec_driver_sql("SELECT count(*) FROM draft").scalar()) == 0

    sheet = begin(seat)
    assert sheet.head.text() == "Hồ sơ hạn chế · 2 người đọc được"
    assert not sheet.reason.isVisible()
    sheet.table.setCurrentIndex(sheet.rows.index(1, 0))
    press(window, Qt.Key.Key_Return)
    assert f"rút quyền đọc của {OTHER}" in sheet.state.text()
    assert holders(seat) == {STAFF, OTHER}, "one Enter takes nothing away"
    press(window, Qt.Key.Key_Return)
    seat.until(lambda: sheet.head.text() == "Hồ sơ hạn chế · 1 người đọc được")
    assert holders(seat) == {STAFF}
    assert sheet.rows.lines[1][2] == "không"
    press(window, Qt.Key.Key_Return)
    seat.until(lambda: "đọc được từ bây giờ" in sheet.state.text())
    assert holders(seat) == {STAFF, OTHER}
    press(window, Qt.Key.Key_Escape)
    seat.until(lambda: banner(window) == "Hồ sơ hạn chế · 2 người đọc được")


def test_who_was_not_chosen_does_not_find_the_case_and_cannot_see_its_readers(seat: Seat) -> None:
    window, desk = seat.window, seat.desk
    sheet = begin(seat)
    type_text(REASON)
    sheet.save.click()
    seat.until(lambda: banner(window) == "Hồ sơ hạn chế · 1 người đọc được")
    contact = window.case_model.contact_id or ""

    def seen_by(staff: str) -> Any:
        viewer = Viewer(staff, desk.seat.centre, desk.reference.policy)
        return stored(desk, lambda c: readers_of(looking(c, viewer), contact, (STAFF, OTHER)))

    assert seen_by(STAFF).count == 1
    assert seen_by(OTHER) is None


def test_a_reason_begun_is_kept_and_comes_back_with_who_was_chosen(seat: Seat) -> None:
    window = seat.window
    sheet = begin(seat)
    type_text("Nạn nhân đang được giấu nơi ở")
    sheet.choose(OTHER)
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert sheet.reason.toPlainText() == "", "nothing of it stays in the window"
    seat.until(lambda: stored(seat.desk, lambda c: c.exec_driver_sql("SELECT count(*) FROM draft").scalar()) == 1)
    sheet = begin(seat)
    seat.until(lambda: sheet.reason.toPlainText() == "Nạn nhân đang được giấu nơi ở")
    assert sheet.chosen == {OTHER}
    seat.ring()
    assert not sheet.isVisible(), "a call comes first"
    assert seat.window.page_name == "calls"


def test_only_a_case_is_restricted_and_who_lacks_the_key_is_told(seat: Seat) -> None:
    seat.window.go("search")
    seat.strike("restrict")
    assert "Mở một ca" in seat.news()
    assert not seat.window.sheets.restrict.sheet.isVisible()
    status, words = closed_words(Closed(2, mine=False))
    assert status is Status.WAITING
    assert "chưa được trao khóa" in words


def made_lead(uow: UnitOfWork) -> None:
    """Whoever sits here leads the shift."""
    act = uow.act()
    act.create("ref", Staff(id=record_of(STAFF), staff=STAFF, roles=("shift_lead",), centre="an_giang"))
    uow.write(act)


def openings(seat: Seat) -> list[str]:
    """The reasons in the audit chain, oldest first."""
    asked = "SELECT n.words FROM r_audit_entry a JOIN r_audit_note n USING (id) WHERE a.action = 'open' ORDER BY a.n"
    return [str(one) for one in stored(seat.desk, lambda c: c.exec_driver_sql(asked).scalars().all())]


@pytest.fixture
def led(seat: Seat) -> Seat:
    """A restricted case at the desk of a lead, who holds its key by office; nothing is open."""
    window = seat.window
    begin(seat)
    type_text(REASON)
    press(window, Qt.Key.Key_Return, CTRL)
    seat.until(lambda: banner(window) == "Hồ sơ hạn chế · 1 người đọc được")
    seat.desk.lane.submit(made_lead)
    seat.until(lambda: window.case_model.view is None)
    seat.until(lambda: [row.withheld for row in window.case_model.cases] == [True])
    window.go("case")
    return seat


def ask(seat: Seat) -> None:
    window = seat.window
    window.case_page.list.setFocus()
    press(window, Qt.Key.Key_Return)
    seat.until(window.call_deeds.sheet.isVisible)


def opened(seat: Seat) -> bool:
    return seat.window.case_model.view is not None


def test_a_lead_sees_the_code_alone_and_opens_it_with_a_reason_for_a_quarter_of_an_hour(led: Seat) -> None:
    window, page = led.window, led.window.case_page
    row = window.case_model.cases[0]
    assert page.rows.index(0, 0).data() == (row.code or row.contact_code)
    assert str(page.rows.index(0, 1).data()).startswith("hạn chế · còn ")
    assert (row.child_name, row.abuse_types) == (None, ())
    ask(led)
    press(window, Qt.Key.Key_Escape)
    assert not opened(led)
    assert openings(led) == []
    ask(led)
    press(window, Qt.Key.Key_2)
    led.until(lambda: opened(led))
    assert openings(led) == ["overdue"]
    assert REASON in [entry.text for entry in window.case_model.view.timeline]  # type: ignore[union-attr]  # it is open
    assert "mở đến 14:" in led.news()
    led.clock.pass_ms(OPEN_MS - 1)
    window.reasoned.look()
    assert opened(led)
    led.clock.pass_ms(1)
    led.until(lambda: not opened(led))
    assert "đã đóng lại" in led.news()
    ask(led)
    press(window, Qt.Key.Key_Escape)


def test_a_call_closes_what_was_opened_with_a_reason_and_it_is_asked_for_again(led: Seat) -> None:
    window = led.window
    ask(led)
    press(window, Qt.Key.Key_1)
    led.until(lambda: opened(led))
    led.ring()
    led.until(lambda: not opened(led))
    assert led.desk.lane.regard.opened == frozenset()
    led.label("outcome.silent")
    led.until(window.call_deeds.sheet.isVisible)
    assert not opened(led)
    press(window, Qt.Key.Key_Escape)
    assert openings(led) == ["decide"]


def test_no_reason_opens_it_to_who_may_not_and_no_made_up_code_to_a_lead(led: Seat) -> None:
    contact = led.window.case_model.cases[0].contact_id or ""
    told = Told()

    def as_somebody_else(uow: UnitOfWork) -> str:
        uow.staff = OTHER
        return open_restricted(contact, "decide")(uow)

    led.desk.lane.submit(as_somebody_else, failed=told.failed)
    led.desk.lane.submit(open_restricted(contact, "curious"), failed=told.failed)
    led.until(lambda: len(told.faults) == 2)
    assert [type(one) for one in told.faults] == [NotFound, UnknownCode]
    assert openings(led) == []


class Told:
    """Hears of faults."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []

    def failed(self, fault: Exception) -> None:
        self.faults.append(fault)
