"""Ctrl+Shift+T: a child known already is suggested with reasons, linked and unlinked by Enter; nothing is merged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import intake
from desktop.operations.links import link_children, unlink_children
from desktop.store.reads_same_child import SameChild, same_child
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from domain.clock import vn_date
from tests.desktop.ui.conftest import HandClock, focused, press, stored, type_text
from tests.desktop.ui.test_the_history import do

__all__ = ["do"]
KEY = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
FIRST: dict[str, Any] = {
    "child_name": "Đặng Thị Ngọc Ẵm", "child_age": 9, "child_sex": "female", "number": "0900081502",
    "province": "92", "province_set": "34", "summary": "Cháu bị bỏ đói", "topics": ["psychology"],
}  # fmt: skip
AGAIN: dict[str, Any] = FIRST | {"child_name": "Dang Thi Ngoc Am", "child_age": 10, "summary": "Cháu lại gọi"}
OTHER: dict[str, Any] = {"child_name": "Trần Văn Bảy", "child_age": 3, "child_sex": "male", "number": "0911222333"}


@pytest.fixture
def files(do: Callable[[Any], Any]) -> list[Any]:
    return [do(intake.save_report(values, None)) for values in (FIRST, AGAIN, OTHER)]


def known(desk: Desk, contact_id: str, clock: HandClock) -> SameChild:
    found = stored(desk, partial(same_child, contact_id=contact_id, today=vn_date(clock.now_ms())))
    assert isinstance(found, SameChild)
    return found


def test_a_likely_same_child_is_suggested_with_the_reasons_and_a_different_one_is_not(
    desk: Desk, files: list[Any], clock: HandClock
) -> None:
    found = known(desk, files[1].contact_id, clock)
    (one,) = found.children
    assert one.contact_id == files[0].contact_id
    assert {"cùng họ tên", "cùng số điện thoại", "tuổi gần nhau"} <= set(one.reasons)
    assert not one.linked
    assert [before.contact_id for before in found.before] == [files[0].contact_id]
    assert known(desk, files[2].contact_id, clock).children == ()


def test_a_link_stands_in_both_files_and_can_be_taken_back_and_set_again(
    desk: Desk, files: list[Any], do: Callable[[Any], Any], clock: HandClock
) -> None:
    first, again = (known(desk, one.contact_id, clock).person for one in files[:2])
    assert first is not None
    assert again is not None
    persons = "SELECT id, full_name, age_years FROM r_person ORDER BY id"

    def people() -> list[Any]:
        found: list[Any] = stored(desk, lambda connection: connection.exec_driver_sql(persons).all())
        return found

    before = people()
    do(partial(_done, link_children(first, again, "cùng họ tên")))
    for one in files[:2]:
        assert [child.linked for child in known(desk, one.contact_id, clock).children] == [True]
    scopes = "SELECT scope FROM r_link ORDER BY scope"
    held = [row[0] for row in stored(desk, lambda connection: connection.exec_driver_sql(scopes).all())]
    assert held == sorted(f"dossier:{one.contact_id}" for one in files[:2])
    do(partial(_done, unlink_children(again, first)))
    assert [child.linked for child in known(desk, files[0].contact_id, clock).children] == [False]
    do(partial(_done, link_children(again, first, "")))
    assert [child.linked for child in known(desk, files[1].contact_id, clock).children] == [True]
    assert people() == before, "a link changes nobody's fields"


def test_a_link_that_is_not_there_cannot_be_taken_back(
    desk: Desk, files: list[Any], clock: HandClock, qtbot: QtBot
) -> None:
    first, other = (known(desk, files[place].contact_id, clock).person for place in (0, 2))
    faults: list[Exception] = []
    desk.lane.submit(unlink_children(str(first), str(other)), None, faults.append)
    qtbot.waitUntil(lambda: bool(faults), timeout=20_000)
    assert isinstance(faults[0], NotFound)


def _done(operation: Callable[[UnitOfWork], None], uow: UnitOfWork) -> bool:
    operation(uow)
    return True


def test_by_keys_from_the_open_file_link_unlink_and_a_child_found_by_name(
    window: MainWindow, desk: Desk, files: list[Any], clock: HandClock, qtbot: QtBot
) -> None:
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        window.case_model.open_case(files[1].case_id)
    qtbot.waitUntil(lambda: "Ctrl+Shift+T" in window.status.news.text(), timeout=20_000)
    press(window, Qt.Key.Key_T, KEY)
    sheet = window.sheets.same_child.sheet
    qtbot.waitUntil(sheet.table.hasFocus, timeout=20_000)
    line = sheet.rows.lines[0]
    assert line[0].startswith("Đ. T. N. Ẵ.")
    assert "cùng họ tên" in line[3]
    assert sheet.before_rows.lines[0][1] == line[1]
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.rows.lines[0][2] == "cùng trẻ", timeout=20_000)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.rows.lines[0][2] == "", timeout=20_000)
    press(window, Qt.Key.Key_Tab)
    assert sheet.box.hasFocus()
    type_text("tran van")
    qtbot.waitUntil(sheet.box.suggestions.isVisible, timeout=20_000)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(sheet.rows.lines) == 2, timeout=20_000)
    assert sheet.rows.lines[0][2:] == ("cùng trẻ", "do người gắn")
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert (sheet.found, sheet.rows.lines, sheet.before_rows.lines, sheet.box.text()) == (None, [], [], "")


def test_without_a_file_in_front_it_says_what_to_do(window: MainWindow) -> None:
    press(window, Qt.Key.Key_T, KEY)
    assert not window.sheets.same_child.sheet.isVisible()
    assert "Mở một hồ sơ" in window.status.news.text()


def test_a_page_whose_answer_comes_late_takes_no_key_from_the_sheet_over_it(
    window: MainWindow, files: list[Any], qtbot: QtBot
) -> None:
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        window.case_model.open_case(files[1].case_id)
    press(window, Qt.Key.Key_T, KEY)
    sheet, note = window.sheets.same_child.sheet, window.case_page.timeline.note
    qtbot.waitUntil(sheet.table.hasFocus, timeout=20_000)
    note.setFocus()
    assert sheet.table.hasFocus()
    sheet.table.hide()
    sheet.box.setEnabled(False)
    assert sheet is focused() or sheet.isAncestorOf(focused())
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert note.hasFocus()


def test_tab_goes_round_within_a_sheet_in_both_directions(window: MainWindow) -> None:
    window.covering.people()
    sheet = window.people_sheet
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        first, met = focused(), list[QWidget]()
        while not met or focused() is not first:
            assert sheet.isAncestorOf(focused())
            assert focused() not in met
            met.append(focused())
            press(window, key)
        assert len(met) > 8
