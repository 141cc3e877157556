"""What a person types in a form stands, with its undo, while the same record changes elsewhere and is read again."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.background.change_bus import Changes, Origin
from desktop.operations import intake
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import named, press, type_text
from tests.desktop.ui.test_cases_search_and_road import opened, report, view_of

__all__ = ["opened", "report"]  # fixtures: a report, and its case open in the window
CTRL = Qt.KeyboardModifier.ControlModifier


def test_field_undo_survives_a_change_that_comes_from_elsewhere(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    seen = dict(view_of(desk, report.case_id).opened)
    opened.case_page.edit.click()
    assert opened.case_page.form.focus_on("summary")
    box = named(opened.case_page.form, "field.summary")
    assert isinstance(box, QPlainTextEdit)
    before = box.toPlainText()
    press(opened, Qt.Key.Key_End, CTRL)
    type_text(", hai ngày nay")
    written, caret = box.toPlainText(), box.textCursor().position()
    elsewhere = intake.set_fields(report.case_id, {"summary": "Cháu đã được đưa về nhà bà"}, opened=seen)
    with qtbot.waitSignal(desk.bus.changed):
        desk.lane.submit(elsewhere)
    desk.bus.changed.emit(Changes(Origin.CENTRE, {"case": frozenset({report.case_id})}, "road"))
    qtbot.waitUntil(opened.case_page.elsewhere.isVisible)
    qtbot.waitUntil(partial(_read_again, opened, "Cháu đã được đưa về nhà bà"))
    assert (box.toPlainText(), box.textCursor().position()) == (written, caret)
    assert box.hasFocus()
    press(opened, Qt.Key.Key_Z, CTRL)  # what was typed in one go is undone in one go
    assert box.toPlainText() == before
    assert box.hasFocus()


def _read_again(window: MainWindow, words: str) -> bool:
    view = window.case_model.view
    return view is not None and view.contact.summary == words
