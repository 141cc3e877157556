"""Today's calls as table rows: holds frozen rows, repaints only those that changed."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.store.reads import CallRow
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.words import clock_text, tr
from domain.clock import SECOND
from domain.codes.catalogue import CodeList
from domain.phones import display, masked
from domain.records.call import UNCLASSIFIED
from domain.rules.outcomes import OUTBOUND, SHORT_CALL_MS

Index = QModelIndex | QPersistentModelIndex
TIME, NUMBER, OUTCOME, SEAT, KEPT = range(5)
_WORDS: Final = frozenset({Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole})


def talked_ms(row: CallRow) -> int | None:
    """How long a call was spoken, where the exchange said both ends."""
    return None if row.answer_at is None or row.end_at is None else max(0, row.end_at - row.answer_at)


def is_short(row: CallRow) -> bool:
    """Whether the exchange says that a call was over almost as it began."""
    talked = talked_ms(row)
    return talked is not None and talked <= SHORT_CALL_MS




class Cells(NamedTuple):
    """A row as it is drawn."""

    row: CallRow
    words: tuple[str, ...]
    statuses: tuple[Status | None, ...]


class CallsTable(QAbstractTableModel):
    """Newest first. Columns: time, number (masked), outcome, seat, where the row is kept."""

    def __init__(self, outcomes: CodeList, outbound: CodeList) -> None:
        super().__init__()
        self._outcomes, self._outbound = outcomes, outbound
        self._rows: list[CallRow] = []
        self._cells: dict[str, Cells] = {}

    def show(self, rows: list[CallRow]) -> None:
        """Take over new rows. New ones above and a cut end below leave the rest where it stands, unpainted.

        The list is cut to the newest, so every call that comes pushes one out below: were that a reset,
        the mark and the scroll position would be lost with each call.
        """
        known = ((row, self._cells.get(row.id)) for row in rows)
        self._cells = {row.id: cells for row, cells in known if cells is not None and cells.row == row}
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
            return self._cells_of(row).statuses[index.column()]
        if role in _WORDS:
            return self._cells_of(row).words[index.column()]
        return None

    def told(self, place: int, column: int) -> tuple[str, Status | None]:
        """Words and status of a cell, as `data` gives them to Qt."""
        row = self.row_at(place)
        if row is None:
            return "", None
        cells = self._cells_of(row)
        return cells.words[column], cells.statuses[column]

    def _cells_of(self, row: CallRow) -> Cells:
        """Every key draws a page of rows, nearly all as they were: each is put into words once."""
        known = self._cells.get(row.id)
        if known is None:
            words = tuple(self._words(row, column) for column in range(5))
            statuses = tuple(self._status(row, column) for column in range(5))
            known = self._cells[row.id] = Cells(row, words, statuses)
        return known

    def _words(self, row: CallRow, column: int) -> str:
        if column == TIME:
            return clock_text(row.ring_at) if row.ring_at is not None else tr("không rõ giờ")
        if column == NUMBER:
            if not row.number:
                return tr("không có số")
            if row.unmasked:
                return display(row.number)
            return row.number if row.masked else masked(row.number)
        if column == SEAT:
            return row.seat or ""
        if column == KEPT:
            return tr("tại trung tâm") if row.saved_at_centre else tr("trên máy này")
        unclassified = row.outcome in (None, UNCLASSIFIED)
        known = self._outbound if row.direction == OUTBOUND else self._outcomes
        words = tr("Chưa phân loại") if unclassified else known.label(row.outcome)
        if unclassified and is_short(row):
            words = tr("Chưa phân loại · nói {seconds} giây").format(seconds=(talked_ms(row) or 0) // SECOND)
        if row.direction == OUTBOUND:
            words = tr("Gọi đi: {words}").format(words=words)
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
