"""What lies over the window's pages (F12, people, lock): who has the keys meanwhile, and where the caret was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from desktop.ui.manual.opening import READ_FROM
from desktop.ui.widgets.covers import Cover
from desktop.ui.widgets.file_choice import FileChoice
from desktop.ui.widgets.said import last_focus

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class Covering(QObject):
    """Lays one cover at a time over everything below `upper`, the pages with their navigation."""

    def __init__(self, window: MainWindow, upper: QWidget) -> None:
        super().__init__(window)
        self._window, self._upper = window, upper
        self._before: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def covers(self) -> tuple[Cover, ...]:
        """Everything that can lie over the pages."""
        window = self._window
        sheets = window.sheets.covers()
        return (window.people_sheet, *sheets, window.privacy, window.watch.cover)

    def people(self) -> None:
        """The people of this desk."""
        self.lay_over(self._window.people_sheet)

    def lay_over(self, cover: Cover, *, again: bool = False) -> None:
        """Lay a sheet over everything; it takes the keys. Under a lock nothing below exists for eye or ear.
        `again`: as it was left a moment ago, with what was typed on it."""
        self._window.toast.put_away()
        self._window.palette_keys.palette.put_away()  # what was typed there is not for whoever sees the cover
        self.put_dialogs_away()
        self.hold_keys()
        self._window.actions_by_id["help"].setEnabled(cover.objectName() in READ_FROM)
        if again:
            Cover.cover(cover)
        else:
            cover.cover()
        for other in self.covers():
            if other is not cover:
                other.hide()
        self._upper.setVisible(cover is not self._window.watch.cover)

    @Slot()
    def uncover(self) -> None:
        """Everything is as it was."""
        self._upper.show()
        for cover in self.covers():
            cover.hide()
        self.give_keys()

    @Slot()
    def call_came(self) -> None:
        """The call comes before the people of the desk."""
        self.put_dialogs_away()
        if any(sheet.isVisible() for sheet in (self._window.people_sheet, *self._window.sheets.covers())):
            self.uncover()

    def put_dialogs_away(self) -> None:
        """A dialog that asks for a file takes no key from a call, and shows no folder above a cover."""
        for dialog in self._window.findChildren(FileChoice):
            if dialog.isVisible():
                dialog.reject()
                self._window.activateWindow()

    def hold_keys(self) -> None:
        """Something lies over the pages and takes every key; where the caret was is remembered."""
        QGuiApplication.inputMethod().commit()
        focused = QApplication.focusWidget()
        if focused is None or not any(one is focused or one.isAncestorOf(focused) for one in self.covers()):
            self._before = focused
        for made in self._window.actions_by_id.values():
            made.setEnabled(False)

    @Slot(QWidget, QWidget)
    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        """A page whose answer comes late asks for the caret, or the part that had it goes from the sheet: no key may
        go below what lies over the pages. The page gets it when that is gone."""
        if new is None or not self._upper.isAncestorOf(new):
            return
        cover = next((one for one in self.covers() if one.isVisible()), None)
        if cover is not None:
            self._before = new
            inner = last_focus(cover)
            (inner if inner is not None and inner.isVisible() and inner.isEnabled() else cover).setFocus()

    def give_keys(self) -> None:
        """It is gone: keys mean what they meant, and the caret goes back."""
        if self._window.watch.covered:
            return
        for made in self._window.actions_by_id.values():
            made.setEnabled(True)
        if self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus()  # not valid: the sheet that it stood on was saved meanwhile, and is gone
        else:
            self._window.pages[self._window.page_name].focus()
