"""A case is restricted from its own screen: with a reason, to those named; somebody is let in and put out by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.home import Home
from desktop.store.case_keys import shares_of
from desktop.store.keys import KeySlots
from desktop.store.reads_readers import Closed, readers_of
from desktop.store.sight import Viewer, looking
from desktop.ui.case.banners import closed_words
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from domain.records.sealed import is_sealed
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
