"""Today's calls as table rows: holds frozen rows, repaints only those that changed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.store.reads import CallRow
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.words import clock_text, tr
from domain.codes.catalogue import CodeList
from domain.phones import masked
from domain.records.call import UNCLASSIFIED

Index = QModelIndex | QPersistentModelIndex
TIME, NUMBER, OUTCOME, SEAT, KEPT = range(5)


class CallsTable(QAbstractTableModel):
    """Newest first. Columns: time, number (masked), outcome, seat, where the row is kept."""

    def __init__(self, outcomes: CodeList) -> None:
        super().__init__()
        self._outcomes = outcomes
        self._rows: list[CallRow] = []

    def show(self, rows: list[CallRow]) -> None:
        """Take over new rows. New ones above and a cut end below leave the rest where it stands, unpainted.

        The list is cut to the newest, so every call that comes pushes one out below: were that a reset,
        the mark and the scroll position would be lost with each call.
        """
        old = [row.id for row in self._rows]
        new = [row.id for row in rows]
        grown = new.index(old[0]) if old and old[0] in new else -1
        stays = len(new) - grown
        if grown < 0 or stays > len(old) or new[grown:] != old[:stays]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        if stays < len(old):
            self.beginRemoveRows(QModelIndex(), stays, len(old) - 1)
            self._rows = self._rows[:stays]
            self.endRemoveRows()
        before = self._rows
        if grown:
            self.beginInsertRows(QModelIndex(), 0, grown - 1)
            self._rows = rows[:grown] + before
            self.endInsertRows()
        self._rows = rows
        for place, row in enumerate(rows[grown:]):
            if row != before[place]:
                self.dataChanged.emit(self.index(grown + place, 0), self.index(grown + place, KEPT))

    def rowCount(self, parent: Index | None = None) -> int:
        """Rows held."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Five columns."""
        return 0 if parent is not None and parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words above the columns."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (tr("Giờ"), tr("Số máy"), tr("Kết quả"), tr("Ghế"), tr("Nơi lưu"))[section]

    def row_at(self, place: int) -> CallRow | None:
        """The row at a place of the table."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def place_of(self, call_id: str) -> int:
        """Where a call stands, or -1."""
        return next((place for place, row in enumerate(self._rows) if row.id == call_id), -1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell, and the status whose shape stands before them."""
        row = self.row_at(index.row())
        if row is None:
            return None
        if role == STATUS_ROLE:
            return self._status(row, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(row, index.column())
        return None

    def _words(self, row: CallRow, column: int) -> str:
        if column == TIME:
            return clock_text(row.ring_at) if row.ring_at is not None else tr("không rõ giờ")
        if column == NUMBER:
            return masked(row.number) if row.number else tr("không có số")
        if column == SEAT:
            return row.seat or ""
        if column == KEPT:
            return tr("tại trung tâm") if row.saved_at_centre else tr("trên máy này")
        unclassified = row.outcome in (None, UNCLASSIFIED)
        words = tr("Chưa phân loại") if unclassified else self._outcomes.label(row.outcome)
        if row.siblings:
            return tr("{words} · {count} giá trị khác").format(words=words, count=row.siblings)
        return tr("{words} · có hồ sơ").format(words=words) if row.contact_id else words

    def _status(self, row: CallRow, column: int) -> Status | None:
        if column == KEPT:
            return Status.GOOD if row.saved_at_centre else Status.WAITING
        if column != OUTCOME:
            return None
        if row.siblings:
            return Status.CONFLICT
        if row.outcome in (None, UNCLASSIFIED):
            return Status.URGENT
        return None
