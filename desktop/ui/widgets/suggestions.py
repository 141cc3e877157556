"""A list of suggestions under a box: a part of the window, never takes the focus, never a window of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QScrollArea, QWidget

from desktop.ui.widgets.wrapped_cell import WrappedCell

_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion: the key it stands for, what is shown, and why it is there when that is not plain."""

    key: str
    words: str
    reason: str = ""

    @property
    def line(self) -> str:
        """What the list shows."""
        return f"{self.words}  ({self.reason})" if self.reason else self.words


class Suggestions(QListWidget):
    """Shows choices below its box. The box keeps the focus and steers it with the arrow keys."""

    picked = Signal(object)

    def __init__(self, box: QWidget) -> None:
        super().__init__(box)
        self.setObjectName("suggestions")
        self._box = box
        self._choices: tuple[Choice, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(WrappedCell(self))
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.itemClicked.connect(self._clicked)
        box.destroyed.connect(self.deleteLater)  # it lies over the window, which lives longer than any form
        self.hide()

    def offer(self, choices: Sequence[Choice]) -> None:
        """Show these choices under the box, or nothing when there are none."""
        self._choices = tuple(choices)
        self.clear()
        if not choices or not self._box.isVisible():
            self.hide()
            return
        for choice in choices:
            item = QListWidgetItem(choice.line)
            item.setToolTip(choice.line)
            self.addItem(item)
        self.setCurrentRow(0)
        self._bring_the_box_back()
        self._place()
        self.show()
        self.raise_()

    def _bring_the_box_back(self) -> None:
        """Whoever scrolled it out of sight and types on sees what is typed."""
        above = self._box.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(self._box, 0, 8)
            above = above.parentWidget()

    def _place(self) -> None:
        window = self._box.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        metrics = QFontMetrics(self.font())
        widest = max(metrics.horizontalAdvance(choice.line) for choice in self._choices) + 48
        width = min(max(self._box.width(), widest), window.width() - 16)
        self.resize(width, self.height())
        self.doItemsLayout()
        rows = (self.sizeHintForRow(place) for place in range(min(len(self._choices), _MOST_ROWS)))
        height = min(sum(rows) + 4, window.height() - 16)
        below = self._box.mapTo(window, QPoint(0, self._box.height() + 2))
        if below.y() + height > window.height():
            below.setY(max(0, self._box.mapTo(window, QPoint(0, 0)).y() - height - 2))
        left = max(0, min(below.x(), window.width() - width - 8))
        self.setGeometry(left, below.y(), width, height)

    def step(self, by: int) -> None:
        """Move the chosen line up or down."""
        if self.count():
            self.setCurrentRow(max(0, min(self.count() - 1, self.currentRow() + by)))

    def chosen(self) -> Choice | None:
        """The line that Enter would take, when the list is shown."""
        place = self.currentRow()
        return self._choices[place] if self.isVisible() and 0 <= place < len(self._choices) else None

    def _clicked(self, item: QListWidgetItem) -> None:
        place = self.row(item)
        if 0 <= place < len(self._choices):
            self.picked.emit(self._choices[place])
