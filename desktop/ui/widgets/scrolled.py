"""A page that may be taller than the window: it scrolls up and down, never sideways, and follows the caret."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QScrollArea, QWidget

_AROUND = 24
"""Pixels in sight above and below what has the keys."""


class Scrolled(QScrollArea):
    """Holds one widget at the width there is; its height is never less than its words need."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self._inside = inside
        self._had_keys: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication), "a page needs an application"
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is None or new is self._had_keys:
            return  # the window went away, or came back: the page stays where it was read
        self._had_keys = new
        if not self._inside.isAncestorOf(new):
            return
        top, room = new.mapTo(self.viewport(), QPoint(0, 0)).y(), self.viewport().height()
        if new.height() + 2 * _AROUND <= room:  # whole, not only its caret
            here = self.verticalScrollBar().value() + top
            self.ensureVisible(0, here + new.height(), 0, _AROUND)
            self.ensureVisible(0, here, 0, _AROUND)
        elif not isinstance(new, QAbstractItemView):
            self.ensureWidgetVisible(new, 0, _AROUND)  # its caret
        elif top >= room - _AROUND or top + new.height() < room:  # a list longer than the page, mostly out of sight
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + top - _AROUND)

    def minimumSizeHint(self) -> QSize:
        """Never narrower than what stands inside: it cannot be scrolled sideways."""
        least = self._inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(least, super().minimumSizeHint().height())
