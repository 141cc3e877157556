"""Sizes that follow the zoom: a panel's fixed width or height is given once, in pixels at zoom 1."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from desktop.ui.theme.look import Look

FREE = 16_777_215
"""Qt's own "no limit" for the size of a widget, in pixels."""

NARROW = 960
"""Pixels at zoom 1 under which panels stand below and not beside each other."""


def tell_room(parts: Iterable[QWidget], narrow: bool) -> None:
    """Tell each part that lays itself out by the room there is whether there is little."""
    for part in parts:
        reflow = getattr(part, "reflow", None)
        if reflow is not None:
            reflow(narrow)


class Measure(QObject):
    """Keeps one widget as wide and as high as given, times the zoom; 0 leaves that side alone. `let_go` frees it
    (a panel that stands below another needs no width of its own)."""

    def __init__(self, widget: QWidget, look: Look, *, width: int = 0, height: int = 0, least: bool = False) -> None:
        super().__init__(widget)
        self._widget, self._look, self._width, self._height = widget, look, width, height
        self._least = least
        self._free = False
        look.worn.connect(self.fit)
        self.fit()

    def let_go(self, free: bool) -> None:
        """Whether the widget is as wide as it likes."""
        self._free = free
        self.fit()

    @Slot()
    def fit(self) -> None:
        """Measure anew."""
        if self._width:
            wide = round(self._width * self._look.zoom)
            self._widget.setMinimumWidth(0 if self._free else wide)
            self._widget.setMaximumWidth(FREE if self._free or self._least else wide)
        if self._height:
            high = round(self._height * self._look.zoom)
            self._widget.setMinimumHeight(high)
            if not self._least:
                self._widget.setMaximumHeight(high)
