"""The lines of the audit log: when, who, what was done, to which thing, how sensitive, why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from desktop.store.reads_audit_entries import EntryRow
from desktop.ui.audit.words import act_words, level_words, reason_words, status_of, thing_words
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.words import tr
from domain.clock import vn_text
from domain.codes.catalogue import Catalogue

WHEN, WHO, ACT, THING, LEVEL, REASON = range(6)


class AuditTable(ListTable):
    """Newest first."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self._catalogue = catalogue
        self.rows: list[EntryRow] = []

    def show(self, rows: Sequence[EntryRow]) -> None:
        """Take over other rows."""
        self.renew_rows(list(rows))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Lúc"), tr("Người"), tr("Việc"), tr("Về"), tr("Mức"), tr("Lý do"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == STATUS_ROLE:
            return status_of(row) if index.column() == WHEN else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.words(row)[index.column()]
        return None

    def words(self, row: EntryRow) -> tuple[str, str, str, str, str, str]:
        """The six cells of an entry."""
        done = act_words().get(row.action, row.action)
        return (
            vn_text(row.at_ms, seconds=True), row.actor, done, thing_words(row), level_words(row.level),
            reason_words(row, self._catalogue),
        )  # fmt: skip
