"""Small buttons above the list of calls: today, unclassified, missed, with their counts and keys; beside the two
lists also the exchange's file of calls, which fills them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.calls.lists import MISSED, TODAY, UNCLASSIFIED
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import button, toggle
from desktop.ui.words import tr


class ListPick(QWidget):
    """`wanted` carries the list's name; `file_wanted` when the exchange's file is to be read."""

    wanted = Signal(str)
    file_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = Flowing(self)
        self.buttons = {name: toggle(f"list.{name}", "") for name in (TODAY, UNCLASSIFIED, MISSED)}
        for made in self.buttons.values():
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.add(made)
        self.reconcile = button("reconcile", tr("Đối chiếu với tổng đài  Ctrl+Shift+G"))
        self.reconcile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reconcile.clicked.connect(self.file_wanted)
        row.add(self.reconcile)
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
        self.reconcile.setVisible(listing != TODAY)

    def _today(self) -> None:
        self.wanted.emit(TODAY)

    def _unclassified(self) -> None:
        self.wanted.emit(UNCLASSIFIED)

    def _missed(self) -> None:
        self.wanted.emit(MISSED)
