"""A data subject's request is taken down by keys, a draft meanwhile; its next step is one box and one button."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.store.reads_requests import request_rows
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from desktop.ui.widgets.said import Said
from domain.clock import vn_to_ms
from domain.records.staff import Staff, record_of
from domain.rules.subject_requests import Stage
from sync.replica import read, scopes
from tests.desktop.ui.conftest import STAFF, HandClock, focused, named, press, stored, type_text
from tests.desktop.ui.test_queue_entry import go_to

CTRL = Qt.KeyboardModifier.ControlModifier
KEY = CTRL | Qt.KeyboardModifier.ShiftModifier
PATIENT = 30_000


def become(desk: Desk, role: str, qtbot: QtBot) -> None:
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        act.create(
            scopes.REFERENCE, Staff(id=record_of(STAFF), staff=STAFF, roles=(role,), centre=uow.seat.centre)
        )
        uow.write(act)

    done: list[None] = []
    desk.lane.submit(operation, done.append)
    qtbot.waitUntil(lambda: len(done) == 1, timeout=PATIENT)


def write(window: MainWindow) -> None:
    press(window, Qt.Key.Key_R, KEY)
    press(window, Qt.Key.Key_N)
    assert focused().objectName().startswith("choice.wish.")
    press(window, Qt.Key.Key_5)
    for field, text in (("asker", "Trần Thị Mẹ"), ("words", "Xin đừng lưu tên cháu nữa"), ("reach", "0900081502")):
        window.sheets.requests.sheet.form.focus_on(field)
        type_text(text)


def stage(desk: Desk) -> Stage:
    (row,) = stored(desk, request_rows)
    assert row.due_at is None or row.due_at > 0
    found: Stage = row.stage
    return found


def take_down(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    write(window)
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(window.sheets.requests.sheet.rows.rows) == 1, timeout=PATIENT)
    assert stage(desk) is Stage.RECEIVED


def step(window: MainWindow, qtbot: QtBot, name: str, words: str = "") -> None:
    card = window.sheets.requests.sheet.card
    if words:
        assert focused() is card.box
        type_text(words)
    shown = card.view
    named(window, f"action.{name}").click()
    qtbot.waitUntil(lambda: card.view is not None and card.view is not shown, timeout=PATIENT)


def test_a_request_goes_from_the_telephone_to_its_end_by_keys(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    become(desk, "regional_lead", qtbot)
    take_down(window, desk, qtbot)
    sheet = window.sheets.requests.sheet
    (row,) = sheet.rows.rows
    assert row.due_at == vn_to_ms("2026-11-26 00:00:00"), "two working days over a weekend and a holiday"
    assert "Trần" not in " ".join(sheet.rows.words(row)), "the list has no word of the request"
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.card.view is not None, timeout=PATIENT)
    step(window, qtbot, "request_known", "goi lai so trong ho so")
    step(window, qtbot, "request_grant", "dung nguoi dai dien")
    step(window, qtbot, "request_answered", "doc qua dien thoai")
    step(window, qtbot, "request_done")
    assert stage(desk) is Stage.OVER
    press(window, Qt.Key.Key_Escape)
    assert sheet.card.view is None
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert sheet.rows.rows == []


def test_what_was_begun_comes_back_in_a_new_window(
    window: MainWindow, desk: Desk, show: Callable[[Desk], MainWindow], qtbot: QtBot
) -> None:
    write(window)
    before = window.sheets.requests.sheet.form.values()
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Escape)
    assert not window.sheets.requests.sheet.isVisible()
    window.close()
    again = show(desk)
    qtbot.waitUntil(lambda: again.sheets.requests.sheet.form.values() == before, timeout=PATIENT)


def test_what_is_typed_while_a_request_is_saved_is_added_to_it_by_the_next_save(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    write(window)
    keys = window.sheets.requests
    keys.sheet.form.focus_on("words")
    busy = threading.Event()
    desk.lane.submit(lambda _uow: busy.wait(20))
    press(window, Qt.Key.Key_Return, CTRL)
    type_text(" và số máy")
    busy.set()
    qtbot.waitUntil(lambda: "còn ở đây" in keys.sheet.state.text(), timeout=PATIENT)
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(keys.sheet.rows.rows) == 1, timeout=PATIENT)
    (one,) = stored(desk, partial(read.every, kind="subject_request"))
    assert one.record.words == "Xin đừng lưu tên cháu nữa và số máy"


def test_who_may_not_decide_is_told_who_does_and_words_of_a_step_stay(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    become(desk, "counsellor", qtbot)
    take_down(window, desk, qtbot)
    sheet = window.sheets.requests.sheet
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.card.view is not None, timeout=PATIENT)
    named(window, "action.request_known").click()
    qtbot.waitUntil(lambda: "cần ghi vài chữ" in sheet.state.text(), timeout=PATIENT)
    assert sheet.card.box is not None
    sheet.card.box.setFocus()
    type_text("goi lai")
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.card.box is not None and sheet.card.box.text() == "goi lai", timeout=PATIENT)
    step(window, qtbot, "request_known")
    assert "do phụ trách vùng" in " ".join(one.text() for one in sheet.card.findChildren(Said)), "not one's own"
    assert stage(desk) is Stage.KNOWN


def test_without_a_wish_it_says_what_to_do_and_keeps_every_word(window: MainWindow) -> None:
    press(window, Qt.Key.Key_R, KEY)
    press(window, Qt.Key.Key_N)
    go_to(window, "asker")
    type_text("Ba Tam")
    press(window, Qt.Key.Key_Return, CTRL)
    sheet = window.sheets.requests.sheet
    assert "Chưa chọn yêu cầu gì" in sheet.state.text()
    assert sheet.form.values() == {"asker": "Ba Tam"}
