"""F1: the chapter of the screen one is on; Esc puts back the page, the sheet and the caret that were there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from desktop.ui.manual.chapters import KEYS
from desktop.ui.widgets.covers import Cover

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

PAGE: Final = "manual"
"""The name of its page in the window; it has no place in the navigation."""

READ_FROM: Final = frozenset(
    {
        *("sheet.history", "sheet.conflicts", "sheet.same_child", "sheet.entry", "sheet.requests", "sheet.people"),
        *("sheet.exports", "sheet.restrict"),
    }
)
"""Sheets over the pages from which the manual can be read: they lie there again afterwards. Never from a lock."""


class ManualKeys(QObject):
    """Opens the manual and closes it again; a call or a key that turns to another page closes it too."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._from: tuple[str, Cover | None, QWidget | None] = ("calls", None, None)
        self.page = window.pages[PAGE]
        self.page.left.connect(self.close)

    def toggle(self) -> None:
        """F1: open it; the same key closes it."""
        if self._window.page_name == PAGE:
            self.close()
        else:
            self.open(self.page.chapter_of(*self._screens()))

    def keys(self) -> None:
        """The sheet of keys."""
        self.open(KEYS)

    def open(self, chapter_id: str) -> None:
        """Remember where everything was, show this chapter."""
        window = self._window
        if window.page_name != PAGE:
            sheet = next((one for one in window.covering.covers() if one.isVisible()), None)
            self._from = (window.page_name, sheet, QApplication.focusWidget())
            if sheet is not None:
                window.covering.uncover()
        self.page.show_chapter(chapter_id)
        window.go(PAGE)

    @Slot()
    def close(self) -> None:
        """Everything is as it was, the caret too."""
        name, sheet, focused = self._from
        self._window.go(name)
        if sheet is not None:
            self._window.covering.lay_over(sheet, again=True)
        if focused is not None and isValid(focused) and focused.isVisible():
            focused.setFocus()

    def _screens(self) -> list[str]:
        """Names of the screen in front, the narrowest first, as `contents.csv` has them."""
        window = self._window
        found = [one.objectName() for one in window.covering.covers() if one.isVisible()]
        if window.page_name == "calls" and window.calls_page.listing:
            found.append(f"calls.{window.calls_page.listing}")
        sheet = window.file_page.current
        if window.page_name == "file" and sheet is not None:
            found.append(f"file.{sheet.model.form}")
        return [*found, window.page_name]
