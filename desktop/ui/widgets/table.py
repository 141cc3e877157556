"""A table for reading and choosing by keyboard: whole rows, no grid, no editing, Enter opens."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
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
        self._look, self._widths, self._stretch, self._least_rows = look, dict(widths), stretch, 0
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
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(False)
        header.setResizeContentsPrecision(0)  # what a column needs is asked of the rows in sight
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        look.worn.connect(self.fit)
        model.modelReset.connect(self.fit)
        model.rowsInserted.connect(self.fit)
        self.fit()
        self.doubleClicked.connect(self._opened)

    @Slot()
    def fit(self) -> None:
        """Rows and columns by the zoom; columns give way to the stretching one, never to less than their heads."""
        self.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT * self._look.zoom))
        header, room = self.horizontalHeader(), self.viewport().width()
        wanted = {column: width * self._look.zoom for column, width in self._widths.items()}
        part = min(1.0, 0.62 * room / max(1.0, sum(wanted.values()))) if room > 100 else 1.0
        for column, width in wanted.items():
            least = max(header.sectionSizeHint(column), self.sizeHintForColumn(column))
            header.resizeSection(column, max(least, round(width * part)))
        high = self._least_rows * round(ROW_HEIGHT * self._look.zoom)
        self.setMinimumHeight(high + header.sizeHint().height() if high else 0)

    def keep_rows(self, count: int) -> None:
        """At least so many rows are in sight: for a page that scrolls."""
        self._least_rows = count
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns by the new width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.fit()

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
