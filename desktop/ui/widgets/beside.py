"""A page of a list with a panel beside it; where there is little room the panel stands below and the page scrolls."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QLayout, QVBoxLayout, QWidget

from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable

ROWS = 5
"""Rows of the list that stay in sight where the panel stands below it."""


class Beside:
    """Lays out `page`: what stands left takes the room, the panel is `width` pixels wide at zoom 1."""

    def __init__(
        self, page: QWidget, left: QLayout, table: PaperTable, panel: QWidget, look: Look, width: int
    ) -> None:
        inside = QWidget()
        self._across = QBoxLayout(QBoxLayout.Direction.LeftToRight, inside)
        self._across.setContentsMargins(24, 16, 24, 16)
        self._across.setSpacing(16)
        self._across.addLayout(left, 1)
        self._across.addWidget(panel)
        self._table, self._measure = table, Measure(panel, look, width=width)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))

    def reflow(self, narrow: bool) -> None:
        """Below or beside."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._across.setDirection(down if narrow else across)
        self._measure.let_go(narrow)
        self._table.keep_rows(ROWS if narrow else 0)
