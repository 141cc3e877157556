"""A sheet in the window that offers a few things by digit: no dialog, no input method, Esc changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from desktop.ui.theme.look import Look
from desktop.ui.widgets.said import Card, Said
from desktop.ui.widgets.wrapped_cell import WrappedCell
from desktop.ui.words import tr

DIGITS: Final = "1234567890"
_WIDTH: Final = 520


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to choose: its code, and its words in the language of the desk."""

    code: str
    words: str


class DigitList(QListWidget):
    """A list in which a digit chooses at once. Input methods are off here: VNI typing would eat the digits."""

    asked = Signal(int)
    put_away = Signal()
    covered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(WrappedCell(self))
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        self.itemActivated.connect(self._activated)

    @Slot(QListWidgetItem)
    def _activated(self, item: QListWidgetItem) -> None:
        self.asked.emit(self.row(item))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits and Enter choose, arrows move, Esc goes; letters do nothing."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away.emit()
        elif event.key() == Qt.Key.Key_F12:
            self.covered.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.asked.emit(self.currentRow())
        elif event.text() and event.text() in DIGITS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.asked.emit(DIGITS.index(event.text()))
        elif not event.text():
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever turns to something else has chosen nothing."""
        super().focusOutEvent(event)
        if self.window().isActiveWindow():
            self.put_away.emit()


class ChoiceSheet(Card):
    """Lies over the middle of its parent. `chosen` carries the asked question and the code; `gone` follows always."""

    chosen = Signal(str, str)
    gone = Signal()
    covered = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__("popup", margins=16, space=8)
        self.setParent(parent)
        self.setObjectName("sheet.choice")
        self._look, self._under = look, parent
        self._question = ""
        self.offers: tuple[Offer, ...] = ()
        self.title = Said("", "section", wraps=True)
        self.rows = DigitList()
        self.rows.setObjectName("list.choice")
        self.foot = Said(tr("Phím số chọn ngay. Mũi tên và Enter cũng được. Esc để thôi."), "caption", wraps=True)
        for part in (self.title, self.rows, self.foot):
            self.inside.addWidget(part)
        self.rows.asked.connect(self._asked)
        self.rows.put_away.connect(self.put_away)
        self.rows.covered.connect(self._covered)
        parent.installEventFilter(self)
        self.hide()

    def ask(self, question: str, title: str, offers: Sequence[Offer]) -> None:
        """Show the offers and take the keys; the first ten have digits."""
        self._question, self.offers = question, tuple(offers)
        self.title.setText(title)
        self.rows.setAccessibleName(title)
        self.rows.clear()
        for place, offer in enumerate(self.offers):
            digit = DIGITS[place] if place < len(DIGITS) else " "
            item = QListWidgetItem(f"{digit}   {offer.words}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{digit} {offer.words}")
            self.rows.addItem(item)
        self.rows.setCurrentRow(0)
        self._lay()
        self.show()
        self.raise_()
        self.rows.setFocus()

    def _lay(self) -> None:
        zoom = self._look.zoom
        width = min(round(_WIDTH * zoom), self._under.width() - 32)
        self.setFixedWidth(width)
        self.inside.activate()
        self.rows.doItemsLayout()
        rows = sum(self.rows.sizeHintForRow(place) for place in range(len(self.offers)))
        self.rows.setFixedHeight(min(rows + 12, self._under.height() - 220))
        self.inside.activate()
        self.adjustSize()
        self.move((self._under.width() - width) // 2, max(16, (self._under.height() - self.height()) // 3))

    @Slot(int)
    def _asked(self, place: int) -> None:
        if 0 <= place < len(self.offers):
            code = self.offers[place].code
            self.put_away()
            self.chosen.emit(self._question, code)

    @Slot()
    def put_away(self) -> None:
        """Nothing was chosen."""
        if self.isVisible():
            self.hide()
            self.gone.emit()

    @Slot()
    def _covered(self) -> None:
        self.put_away()
        self.covered.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize and watched is self._under and self.isVisible():
            self._lay()
        return False
