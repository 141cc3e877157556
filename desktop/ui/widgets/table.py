"""A table for reading and choosing by keyboard: whole rows, no grid, no editing, Enter opens; no word is cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import ROW_HEIGHT
from desktop.ui.widgets.columns import Need, shares
from desktop.ui.widgets.glyph_cell import GlyphCell, lines_of, told_by_qt

_UNSHOWN = 100
"""Pixels: a table so narrow was never laid out."""


class PaperTable(QTableView):
    """`entered` carries the row that Enter or a double click means."""

    entered_row = Signal(int)

    def __init__(self, look: Look, model: QAbstractItemModel, widths: Mapping[int, int], stretch: int) -> None:
        super().__init__()
        self._cell = GlyphCell(look)
        self._cell.told = getattr(model, "told", None)
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
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self._columns: dict[int, int] = {}
        look.worn.connect(self.fit_all)
        model.modelReset.connect(self.fit_all)
        model.rowsInserted.connect(self._inserted)
        model.dataChanged.connect(self._changed)
        self.fit_all()
        self.doubleClicked.connect(self._opened)

    @Slot()
    def fit_all(self) -> None:
        """Columns and every row by zoom, room and words."""
        high = round(ROW_HEIGHT * self._look.zoom)
        if self.verticalHeader().defaultSectionSize() != high:
            self.verticalHeader().setDefaultSectionSize(high)
        self._fit_columns()
        self._fit_rows(0, self.model().rowCount() - 1)
        self.keep_rows(self._least_rows)

    @Slot(QModelIndex, int, int)
    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        if self._fit_columns():
            first, last = 0, self.model().rowCount() - 1
        self._fit_rows(first, last)

    @Slot(QModelIndex, QModelIndex)
    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self._fit_rows(first.row(), last.row())

    def _fit_columns(self) -> bool:
        """Columns by what the rows in sight say; answers whether any is another than before."""
        header, model, room = self.horizontalHeader(), self.model(), self.viewport().width()
        metrics = self.fontMetrics()
        top, foot = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        seen = range(max(0, top), (foot if foot >= 0 else model.rowCount() - 1) + 1)
        wished = {column: round(width * self._look.zoom) for column, width in self._widths.items()}
        part = min(1.0, 0.62 * room / max(1, sum(wished.values()))) if room > _UNSHOWN else 1.0
        needs = {}
        for column in range(model.columnCount()):
            line = least = header.sectionSizeHint(column)
            for words, status in (self._told(row, column) for row in seen):
                one_line, longest_word = self._cell.wants(words, status, metrics)
                line, least = max(line, one_line), max(least, longest_word)
            needs[column] = Need(round(wished.get(column, 0) * part), line, least)
        columns = shares(needs, self._stretch, room) if room > _UNSHOWN else {c: n.line for c, n in needs.items()}
        for column, width in columns.items():
            if column != self._stretch:
                header.resizeSection(column, width)
        changed, self._columns = columns != self._columns, columns
        return changed

    def _told(self, row: int, column: int) -> tuple[str, Any]:
        """Words and status of a cell. A list of two hundred calls is a thousand cells: Qt's way through index, role
        and enumeration took half of the time in which the first list was shown."""
        told = self._cell.told
        return told(row, column) if told is not None else told_by_qt(self.model().index(row, column))

    def _fit_rows(self, first: int, last: int) -> None:
        """Rows as high as their longest cell: one line for nearly all."""
        header, metrics, font = self.verticalHeader(), self.fontMetrics(), self.font()
        wide: dict[str, int] = {}
        for row in range(first, last + 1):
            lines = 1
            for column, width in self._columns.items():
                words, status = self._told(row, column)
                if words not in wide:
                    wide[words] = metrics.horizontalAdvance(words)
                room = width - self._cell.beside(status)
                if wide[words] > room:
                    lines = max(lines, len(lines_of(words, font, room)))
            high = self._cell.high(lines, metrics)
            if header.sectionSize(row) != high:
                header.resizeSection(row, high)

    def keep_rows(self, count: int) -> None:
        """At least so many rows are in sight: for a page that scrolls."""
        self._least_rows = count
        high = count * round(ROW_HEIGHT * self._look.zoom)
        self.setMinimumHeight(high + self.horizontalHeader().sizeHint().height() if high else 0)

    def high(self, most: int) -> int:
        """Pixels that the head and at most so many rows need."""
        rows = range(min(most, self.model().rowCount()))
        return self.horizontalHeader().sizeHint().height() + sum(map(self.rowHeight, rows)) + 2 * self.frameWidth()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns by the new width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.fit_all()

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
