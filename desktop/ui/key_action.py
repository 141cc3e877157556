"""One key of the window as Qt knows it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget


class KeyAction(QAction):
    """Triggers the registry's action by its id."""

    def __init__(self, action_id: str, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self._id = action_id
        self.wanted: Callable[[str], None] | None = None
        self.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        self.setAutoRepeat(False)
        self.triggered.connect(self._triggered)

    def _triggered(self) -> None:
        if self.wanted is not None:
            self.wanted(self._id)
