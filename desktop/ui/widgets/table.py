"""A table for reading and choosing by keyboard: whole rows, no grid, no editing, Enter opens."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import ROW_HEIGHT
from desktop.ui.widgets.glyph_cell import GlyphCell


class PaperTable(QTableView):
    """`entered` carries the row that Enter or a double click means."""

    entered_row = Signal(int)

    def __init__(self, look: Look, model: QAbstractItemModel, widths: Mapping[int, int], stretch: int) -> None:
        super().__init__()
        self._cell = GlyphCell(look)
        self.setModel(model)
        self.setItemDelegate(self._cell)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT * look.zoom))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(False)
        for column, width in widths.items():
            header.resizeSection(column, round(width * look.zoom))
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(self._opened)

    def is_at_top(self) -> bool:
        """Whether the first row is in sight: nobody has scrolled down to read something."""
        bar = self.verticalScrollBar()
        return bar.value() == bar.minimum()

    def _opened(self) -> None:
        self.entered_row.emit(self.currentIndex().row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the row; letters never search by typing (they belong to nobody here)."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.currentIndex().isValid():
                self.entered_row.emit(self.currentIndex().row())
            return
        if event.text() and event.text().isprintable():
            event.ignore()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Coming in by keyboard puts the mark on the first row, so that the arrows have a beginning."""
        super().focusInEvent(event)
        model = self.model()
        if not self.currentIndex().isValid() and model.rowCount():
            self.setCurrentIndex(model.index(0, 0))
