"""Every record's history: who changed what, when, from what to what; through a real window over a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import case as operations
from desktop.operations import intake
from desktop.operations.calls import PbxCallEvent
from desktop.store.reads_history import Step, history_of
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from domain.clock import MINUTE
from sync.replica import read
from sync.troubles import ServerTrouble
from tests.desktop.ui.conftest import STAFF, HandClock, press, stored

CTRL = Qt.KeyboardModifier.ControlModifier
VALUES: dict[str, Any] = {"child_name": "Đặng Thị Ngọc Ẵm", "summary": "Cháu bị bỏ đói", "urgency": "high"}


@pytest.fixture
def do(desk: Desk, qtbot: QtBot) -> Callable[[Callable[[UnitOfWork], Any]], Any]:
    def run(operation: Callable[[UnitOfWork], Any]) -> Any:
        kept: list[Any] = []
        desk.lane.submit(operation, kept.append)
        qtbot.waitUntil(lambda: bool(kept), timeout=20_000)
        return kept[0]

    return run


def opened_of(desk: Desk, case_id: str) -> dict[str, Any]:
    case = stored(desk, partial(read.one, kind="case", record_id=case_id))
    return {case_id: case}


def steps_of(desk: Desk, contact_id: str, field: str) -> list[Step]:
    found = stored(desk, partial(history_of, contact_id=contact_id))
    return [step for step in found if step.field == field]


def test_each_change_says_who_when_from_what_to_what(
    window: MainWindow, desk: Desk, do: Callable[[Any], Any], clock: HandClock, qtbot: QtBot
) -> None:
    report = do(intake.save_report(VALUES, None))
    begun = clock.now_ms()
    clock.pass_ms(5 * MINUTE)
    changed = {"urgency": "emergency"}
    do(operations.set_fields(report.case_id, changed, opened=opened_of(desk, report.case_id)))
    do(operations.add_referral(report.case_id, "commune_peoples_committee", "UBND xã Ba Vì"))
    newest, first = (step for step in steps_of(desk, report.contact_id, "urgency") if step.kind == "case")
    assert (newest.staff, newest.before, newest.after, newest.stands) == (STAFF, "high", "emergency", True)
    assert newest.before_known
    assert newest.at_ms == begun + 5 * MINUTE
    assert (first.staff, first.after, first.stands, first.at_ms) == (STAFF, "high", False, begun)

    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        window.case_model.open_case(report.case_id)
    press(window, Qt.Key.Key_H, CTRL)
    sheet = window.sheets.history.sheet
    qtbot.waitUntil(sheet.isVisible, timeout=20_000)
    assert sheet.table.hasFocus()
    lines = [sheet.rows.words(step) for step in sheet.rows.rows]
    catalogue = desk.catalogue["urgency"]
    words = (STAFF, "máy này", "Mức khẩn cấp", catalogue.label("high"), catalogue.label("emergency"))
    assert words in [line[1:] for line in lines]
    assert any(line[5] == "Đ. T. N. Ẵ." for line in lines)
    assert (STAFF, "máy này", "Đồng hồ", "(để trống)", "Chuyển tin đến xã") in [line[1:] for line in lines]
    assert not [line for line in lines if line[3] == "Thông tin khác"]
    said = {line[3]: line[5] for line in lines}
    assert said["Tình trạng chuyển gửi"] == "Chưa liên hệ được"
    assert said["Chuyển bằng cách nào"] == "Qua điện thoại"
    assert not [line for line in lines if line[5].isdecimal() and len(line[5]) > 4]
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert sheet.rows.rows == []  # nothing of it stays behind the pages
    assert window.page_name == "case"


def test_what_came_from_elsewhere_is_told_from_what_was_done_here(
    desk: Desk, do: Callable[[Any], Any]
) -> None:
    report = do(intake.save_report(VALUES, None))

    def unknown(connection: Any) -> None:
        connection.exec_driver_sql("DELETE FROM log WHERE record = ?", (report.case_id,))

    do(partial(_on_connection, unknown))
    (only,) = (step for step in steps_of(desk, report.contact_id, "urgency") if step.kind == "case")
    assert (only.staff, only.after, only.stands, only.before_known) == (None, "high", True, False)


def _on_connection(work: Callable[[Any], None], uow: UnitOfWork) -> bool:
    work(uow.connection)
    return True


def test_without_a_dossier_in_front_it_says_what_to_do(window: MainWindow) -> None:
    press(window, Qt.Key.Key_H, CTRL)
    assert not window.sheets.history.sheet.isVisible()
    assert "Mở một hồ sơ" in window.status.news.text()


def test_a_call_comes_before_the_history(
    window: MainWindow, do: Callable[[Any], Any], clock: HandClock, qtbot: QtBot
) -> None:
    report = do(intake.save_report(VALUES, None))
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        window.case_model.open_case(report.case_id)
    press(window, Qt.Key.Key_H, CTRL)
    qtbot.waitUntil(window.sheets.history.sheet.isVisible, timeout=20_000)
    window.calls.answered(PbxCallEvent("111", "1.9", "0900081502", "", clock.now_ms(), clock.now_ms()))
    assert not window.sheets.history.sheet.isVisible()
    assert window.page_name == "calls"


def test_a_server_that_cannot_tell_and_a_desk_without_a_road_are_said_in_one_sentence(
    window: MainWindow, do: Callable[[Any], Any], qtbot: QtBot
) -> None:
    report = do(intake.save_report(VALUES, None))
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        window.case_model.open_case(report.case_id)
    keys = window.sheets.history
    said = keys.sheet.state.words
    press(window, Qt.Key.Key_H, CTRL)
    qtbot.waitUntil(lambda: "không nối với máy chủ" in said.text(), timeout=20_000)
    keys.authors.ask_with = _cannot
    press(window, Qt.Key.Key_H, CTRL)
    qtbot.waitUntil(lambda: "Ctrl+H hỏi lại" in said.text(), timeout=20_000)
    assert keys.sheet.rows.rows, "what this desk knows stays"
    row = min(3, len(keys.sheet.rows.rows) - 1)
    keys.sheet.table.setCurrentIndex(keys.sheet.rows.index(row, 0))
    keys.authors.ask_with = _nothing
    press(window, Qt.Key.Key_H, CTRL)
    qtbot.waitUntil(lambda: "ai ghi từng giá trị" in said.text(), timeout=20_000)
    assert keys.sheet.table.currentIndex().row() == row, "the line one was at stays where it was"


def test_the_number_of_a_call_is_masked_in_its_history_until_the_logged_step(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    number, keys = "0900081502", window.sheets.history
    window.calls.answered(PbxCallEvent("111", "1.9", number, "", clock.now_ms(), clock.now_ms()))
    page = window.calls_page
    qtbot.waitUntil(lambda: len(page.model.rows) == 1, timeout=20_000)
    window.calls.press("silent")
    qtbot.waitUntil(lambda: page.model.rows[0].outcome == "silent", timeout=20_000)
    page.table.setCurrentIndex(page.rows.index(0, 0))

    def told() -> list[str]:
        press(window, Qt.Key.Key_H, CTRL)
        qtbot.waitUntil(lambda: keys.sheet.isVisible() and bool(keys.sheet.rows.rows), timeout=20_000)
        said = [cell for step in keys.sheet.rows.rows for cell in keys.sheet.rows.words(step)]
        press(window, Qt.Key.Key_Escape)
        return said

    said = told()
    assert "Kết quả cuộc gọi" in said
    assert "Chưa phân loại" in said, "what it was before it got an outcome"
    assert not [one for one in said if "081502" in one.replace(" ", "")]
    press(window, Qt.Key.Key_F12, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: page.model.rows[0].unmasked, timeout=20_000)
    assert [one for one in told() if "081502" in one.replace(" ", "")]


def test_an_answer_about_the_file_before_is_not_taken_for_the_one_in_front(
    window: MainWindow, do: Callable[[Any], Any], desk: Desk, qtbot: QtBot
) -> None:
    first, second = (do(intake.save_report(VALUES | {"summary": one}, None)) for one in ("Một", "Hai"))
    keys, asked, go = window.sheets.history, threading.Event(), threading.Event()
    heard: list[str] = []

    def slow(wanted: Any) -> list[Any]:
        asked.set()
        assert go.wait(20)
        return []

    def told(contact: str, _placed: object) -> None:
        heard.append(contact)

    keys.authors.ask_with = slow
    keys.authors.told.connect(told)
    for report in (first, second):
        window.go("case")
        with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
            window.case_model.open_case(report.case_id)
        press(window, Qt.Key.Key_H, CTRL)
        qtbot.waitUntil(keys.sheet.isVisible, timeout=20_000)
        qtbot.waitUntil(asked.is_set, timeout=20_000)
        if report is first:
            press(window, Qt.Key.Key_Escape)
    go.set()
    qtbot.waitUntil(lambda: "ai ghi từng giá trị" in keys.sheet.state.words.text(), timeout=20_000)
    assert heard == [second.contact_id]
    keys.authors.told.disconnect(told)


def _cannot(_scopes: Any) -> Any:
    raise ServerTrouble


def _nothing(_scopes: Any) -> list[Any]:
    return []
