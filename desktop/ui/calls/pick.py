"""Three small buttons above the list of calls: today, unclassified, missed, with their counts and keys."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.ui.calls.lists import MISSED, TODAY, UNCLASSIFIED
from desktop.ui.widgets.said import button
from desktop.ui.words import tr


class ListPick(QWidget):
    """`wanted` carries the list's name."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.buttons = {name: button(f"list.{name}", "") for name in (TODAY, UNCLASSIFIED, MISSED)}
        for made in self.buttons.values():
            made.setCheckable(True)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(made)
        row.addStretch(1)
        self.buttons[TODAY].clicked.connect(self._today)
        self.buttons[UNCLASSIFIED].clicked.connect(self._unclassified)
        self.buttons[MISSED].clicked.connect(self._missed)

    def show_counts(self, listing: str, unclassified: int, missed: int) -> None:
        """How many wait, and which list is in front."""
        words = {
            TODAY: tr("Hôm nay"),
            UNCLASSIFIED: tr("Chưa phân loại: {count}  Ctrl+U").format(count=unclassified),
            MISSED: tr("Gọi nhỡ: {count}  Ctrl+N").format(count=missed),
        }
        for name, made in self.buttons.items():
            made.setText(words[name])
            made.setAccessibleName(words[name])
            made.setChecked(name == listing)

    def _today(self) -> None:
        self.wanted.emit(TODAY)

    def _unclassified(self) -> None:
        self.wanted.emit(UNCLASSIFIED)

    def _missed(self) -> None:
        self.wanted.emit(MISSED)
