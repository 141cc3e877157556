"""A choice among few: buttons in a row, arrow keys move, digits choose; pressing the chosen one frees it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget


class ChoiceRow(QWidget):
    """One value or none. The row takes the focus at its chosen (or first) button."""

    typed = Signal()

    def __init__(self, name: str, options: Sequence[tuple[str, str]], label: str) -> None:
        super().__init__()
        self._unknown: str | None = None
        self.buttons: dict[str, ChoiceButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for place, (code, words) in enumerate(options, 1):
            made = ChoiceButton(code, f"{place} {words}", self)
            made.setObjectName(f"field.{name}.{code}")
            made.setAccessibleName(f"{label}: {words}")
            made.pressed_code.connect(self._pressed)
            self.buttons[code] = made
            row.addWidget(made)
        row.addStretch(1)
        first = next(iter(self.buttons.values()))
        self.setFocusProxy(first)
        self._keep_one_stop()

    def _pressed(self, code: str) -> None:
        self.put(None if self.value() == code else code)
        self.typed.emit()

    def choose(self, place: int) -> None:
        """Choose by number, 1 for the first; numbers outside the row do nothing."""
        codes = list(self.buttons)
        if 1 <= place <= len(codes):
            self.put(codes[place - 1])
            self.buttons[codes[place - 1]].setFocus()
            self.typed.emit()

    def step(self, code: str, by: int) -> None:
        """Move the focus along the row."""
        codes = list(self.buttons)
        self.buttons[codes[max(0, min(len(codes) - 1, codes.index(code) + by))]].setFocus()

    def put(self, code: str | None) -> None:
        """Show a value; a code that has no button is kept and given back unchanged."""
        self._unknown = code if code and code not in self.buttons else None
        for one, made in self.buttons.items():
            made.setChecked(one == code)
        self._keep_one_stop()

    def _keep_one_stop(self) -> None:
        """Tab stops once at the whole row: at the chosen button, else the first."""
        stop = self.value() if self.value() in self.buttons else next(iter(self.buttons))
        for code, made in self.buttons.items():
            policy = Qt.FocusPolicy.StrongFocus if code == stop else Qt.FocusPolicy.ClickFocus
            made.setFocusPolicy(policy)
        self.setFocusProxy(self.buttons[stop or next(iter(self.buttons))])

    def value(self) -> str | None:
        """The chosen code, or None."""
        return next((code for code, made in self.buttons.items() if made.isChecked()), self._unknown)


class ChoiceButton(QPushButton):
    """One button of the row."""

    pressed_code = Signal(str)

    def __init__(self, code: str, words: str, row: ChoiceRow) -> None:
        super().__init__(words)
        self._code = code
        self._row = row
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self.pressed_code.emit(self._code)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose, arrows move, Enter goes on to the next field."""
        key = event.key()
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._row.choose(key - Qt.Key.Key_0)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._row.step(self._code, -1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.focusNextChild()
        else:
            super().keyPressEvent(event)
