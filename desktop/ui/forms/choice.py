"""A choice among few: buttons in a row, digits, arrows or the first letters choose; the chosen one frees itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Toggle
from domain.text import fold

_MODIFIED = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class ChoiceRow(QWidget):
    """One value or none. Tab stops once at the whole row: at its chosen button, else at the first."""

    typed = Signal()

    def __init__(self, name: str, options: Sequence[tuple[str, str]], label: str) -> None:
        super().__init__()
        self._value: str | None = None
        self._letters = ""
        self._words = {code: fold(words) for code, words in options}
        self.buttons: dict[str, ChoiceButton] = {}
        row = Flowing(self, space=4)
        for place, (code, words) in enumerate(options, 1):
            made = ChoiceButton(code, f"{place} {words}")
            made.setObjectName(f"choice.{name}.{code}")
            made.setAccessibleName(f"{label}: {words}")
            made.pressed_code.connect(self._pressed)
            self.buttons[code] = made
            row.add(made)
        self._stop_at(next(iter(self.buttons)))

    def _pressed(self, code: str) -> None:
        self.put(None if self._value == code else code)
        self.typed.emit()

    def put(self, code: str | None) -> None:
        """Show a value; a code that has no button is kept and given back unchanged."""
        self._value = code or None
        for one, made in self.buttons.items():
            made.setChecked(one == code)
        self._stop_at(code if code in self.buttons else next(iter(self.buttons)))

    def _stop_at(self, code: str | None) -> None:
        for one, made in self.buttons.items():
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one == code else Qt.FocusPolicy.ClickFocus)
        if code is not None:
            self.setFocusProxy(self.buttons[code])

    def value(self) -> str | None:
        """The chosen code, or None."""
        return self._value

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose, arrows move, letters find the first button that begins so, Enter goes on."""
        key, text = event.key(), event.text()
        if event.modifiers() & _MODIFIED:
            event.ignore()
        elif text.isascii() and text.isdecimal():
            self._choose_place(int(text) - 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._letters = ""
            self.focusNextChild()
        elif text.isalpha() or text == "_":
            self._find(text)
        else:
            event.ignore()

    def _choose_place(self, place: int) -> None:
        codes = list(self.buttons)
        if 0 <= place < len(codes):
            self._letters = ""
            self._choose(codes[place])

    def _step(self, by: int) -> None:
        codes = list(self.buttons)
        focused = next((place for place, code in enumerate(codes) if self.buttons[code].hasFocus()), 0)
        self.buttons[codes[max(0, min(len(codes) - 1, focused + by))]].setFocus()

    def _find(self, letter: str) -> None:
        for letters in (self._letters + letter, letter):
            asked = fold(letters)
            for code, words in self._words.items():
                if code.startswith(letters) or words.startswith(asked):
                    self._letters = letters
                    self._choose(code)
                    return
        self._letters = ""

    def _choose(self, code: str) -> None:
        had_focus = any(made.hasFocus() for made in self.buttons.values())
        self.put(code)
        if had_focus:
            self.buttons[code].setFocus()
        self.typed.emit()


class ChoiceButton(Toggle):
    """One button of the row; every key but Space is the row's."""

    pressed_code = Signal(str)

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self._code = code
        self.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self.pressed_code.emit(self._code)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space presses; anything else goes up to the row."""
        if event.key() == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        else:
            event.ignore()
