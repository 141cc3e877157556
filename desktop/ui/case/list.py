"""The list of open cases: most urgent first, each with its level in shape and word and its next deadline."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from desktop.store.reads import CaseRow
from desktop.ui.case.facts import urgency_status
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.words import remaining_text, tr
from domain.clock import Clock


def urgency_word(code: str | None) -> str:
    """A level in one or two words."""
    words = {"emergency": tr("Khẩn cấp"), "high": tr("Cao"), "medium": tr("Trung bình"), "low": tr("Thấp")}
    return words.get(code or "", code or tr("Chưa rõ mức"))


class CasesTable(ListTable):
    """Columns: code with the level's shape, next deadline."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.rows: list[CaseRow] = []

    def show(self, rows: list[CaseRow]) -> None:
        """Take over new rows."""
        if [row.id for row in rows] == [row.id for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, 1))
            return
        self.renew_rows(rows)

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Ca đang mở"), tr("Hạn gần nhất"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words and shapes."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        first = index.column() == 0
        if role == STATUS_ROLE:
            if first:
                return Status.CONFLICT if row.siblings else urgency_status(row.urgency)
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if first:
                return row.code or row.contact_code or ""
            due = remaining_text(row.next_due_ms, self._clock.now_ms()) if row.next_due_ms else ""
            return " · ".join(one for one in (tr("hạn chế") if row.withheld else "", due) if one)
        if role == Qt.ItemDataRole.ToolTipRole:
            return urgency_word(row.urgency)
        return None
