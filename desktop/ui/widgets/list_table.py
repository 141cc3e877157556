"""What every table of the desk has in common: a list of rows shown below a line of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex


class ListTable(QAbstractTableModel):
    """A flat list; the columns are as many as `heads` names. Subclasses say the cells in `data`."""

    rows: Sequence[Any]

    def __init__(self) -> None:
        super().__init__()
        self.rows = []

    def heads(self) -> tuple[str, ...]:
        """Words above the columns, in the language of the screen."""
        return ()

    def renew_rows(self, rows: Sequence[Any]) -> None:
        """Take over other rows; marks and places in the list are lost."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Rows held; a row has none below it."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Columns of each row."""
        return 0 if parent is not None and parent.isValid() else len(self.heads())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words above the columns."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.heads()[section]
