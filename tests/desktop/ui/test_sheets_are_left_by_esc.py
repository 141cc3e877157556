"""A sheet that is worked on is left by Esc alone: no click beside its boxes and no stray letter takes it away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.ui.audit.sheet import AuditSheet
from desktop.ui.main_window import MainWindow
from desktop.ui.widgets.covers import WorkCover


def test_a_click_or_a_letter_leaves_no_sheet_and_esc_leaves_each(window: MainWindow) -> None:
    window.sheets.build_all()
    sheets = window.findChildren(WorkCover)
    assert len(sheets) >= 8
    for sheet in sheets:
        window.covering.lay_over(sheet)
        sheet.setFocus()
        QTest.mouseClick(sheet, Qt.MouseButton.LeftButton)
        QTest.keyClick(sheet, Qt.Key.Key_Z)
        assert sheet.isVisible(), f"{sheet.objectName()} went"
        QTest.keyClick(sheet, Qt.Key.Key_Escape)
        assert not sheet.isVisible(), f"{sheet.objectName()} stayed"


def test_a_window_opens_without_the_sheets_that_nobody_asked_for_yet(window: MainWindow) -> None:
    before = {type(one) for one in window.findChildren(WorkCover)}
    assert AuditSheet not in before
    window.act("audit")
    assert window.sheets.audit.sheet.isVisible()
    QTest.keyClick(window.sheets.audit.sheet, Qt.Key.Key_Escape)
    window.act("audit")
    assert len(window.findChildren(AuditSheet)) == 1, "it is built once"
    window.act("privacy")
    assert not window.sheets.audit.sheet.isVisible()
    window.watch.back()
