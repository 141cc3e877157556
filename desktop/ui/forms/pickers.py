"""Boxes that choose from a list by typing without tones: one code, several codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.ui.forms.boxes import LineBox
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import empty
from desktop.ui.widgets.suggestions import Choice, Suggestions
from desktop.ui.words import tr
from domain.codes.catalogue import CodeList
from domain.text import fold

Find = Callable[[str], Sequence[Choice]]
Name = Callable[[str], str | None]
"""The words of a key, or None when the key is not known."""


class PickBox(LineBox):
    """Type, look at the list, Enter takes the marked line (the first one). An exact code is taken as it is.

    What was typed and not chosen stays as it stands: it is kept, pointed at, and never guessed away.
    """

    chosen = Signal()
    took = Signal(str)

    def __init__(self, find: Find, name: Name) -> None:
        super().__init__()
        self._find = find
        self._name = name
        self.key: str | None = None
        self.keeps = True
        """False for a box that hands each choice on and empties itself."""
        self.suggestions = Suggestions(self)
        self.suggestions.picked.connect(self._take)
        self.left.connect(self._left)
        self.textEdited.connect(self._edited)

    def _edited(self, _text: str) -> None:
        self.key = None
        self._offer()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Composed text searches as well."""
        super().inputMethodEvent(event)
        if event.preeditString() or event.commitString():
            self.key = None
            self._offer()

    def _offer(self) -> None:
        text = self.whole_text()
        self.suggestions.offer(tuple(self._find(text)) if text else ())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move in the list, Enter chooses, Esc puts the list away and keeps the text."""
        key = event.key()
        plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.choose()
        elif key == Qt.Key.Key_Down and not self.suggestions.isVisible():
            self.suggestions.offer(tuple(self._find("" if self.key else self.whole_text())))
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.suggestions.isVisible():
            self.suggestions.step(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape and self.suggestions.isVisible():
            self.suggestions.hide()
        else:
            super().keyPressEvent(event)

    def choose(self) -> None:
        """What Enter does: the exact code, else the marked line, else go on to the next field."""
        text = self.whole_text()
        if self.key is None and text:
            marked = self.suggestions.chosen()
            if self._name(text) is not None:
                self._take(Choice(text, ""))
            elif marked is not None:
                self._take(marked)
            elif found := tuple(self._find(text)):
                self._take(found[0])
        elif marked := self.suggestions.chosen():
            self._take(marked)
        elif self.keeps or not text:
            self.focusNextChild()

    def _take(self, choice: object) -> None:
        if not isinstance(choice, Choice):
            return
        self.suggestions.hide()
        if not self.keeps:
            self.clear()
        self.took.emit(choice.key)
        if self.keeps:
            self.put(choice.key)
            self.chosen.emit()
            self.typed.emit()
            if self.hasFocus():
                self.focusNextChild()

    def _left(self) -> None:
        self.suggestions.hide()
        text = self.whole_text()
        if self.key is None and text:
            found = self._find(text)
            if self._name(text) is not None:
                self._take(Choice(text, ""))
            elif len(found) == 1 or (found and fold(found[0].words) == fold(text)):
                self._take(found[0])

    def put(self, key: str | None) -> None:
        """Show a key by its words, as chosen; None empties the box. An unknown key shows as itself."""
        words = self._name(key) if key else ""
        self.key = key if words else None
        self.setText(words or (key or ""))
        self.setCursorPosition(0)
        self.setToolTip(words or "")

    def value(self) -> str | None:
        """The chosen key; what was typed when nothing was chosen; None when empty."""
        return self.key or self.whole_text() or None

    @property
    def unresolved(self) -> bool:
        """Whether something stands in the box that was not chosen from the list."""
        return self.key is None and bool(self.whole_text())


def code_finder(codes: CodeList, today: Callable[[], object]) -> Find:
    """Finds codes of a list that may be chosen today; the label of a group stands behind a longer label."""

    def find(text: str) -> Sequence[Choice]:
        from datetime import date  # noqa: PLC0415 - only to tell the type apart at run time

        day = today()
        found = codes.find(text, day if isinstance(day, date) else None)
        return tuple(Choice(code.code, codes.label(code.code), codes.label(code.parent)) for code in found[:40])

    return find


def code_namer(codes: CodeList) -> Name:
    """The label of a code, also of a retired one."""

    def name(key: str) -> str | None:
        return codes.label(key) if key in codes else None

    return name


class CodesBox(QWidget):
    """Several codes: a box to add one, and the chosen ones as buttons under it (Delete or Enter removes)."""

    typed = Signal()

    def __init__(self, find: Find, name: Name) -> None:
        super().__init__()
        self._name = name
        self.keys: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.box = PickBox(find, name)
        self.box.keeps = False
        self.box.took.connect(self.add)
        self.box.typed.connect(self.typed)
        column.addWidget(self.box)
        chips = QWidget()
        self._row = Flowing(chips, space=4)
        column.addWidget(chips)
        self._chips: list[Chip] = []

    def add(self, key: str) -> None:
        """Add a code once."""
        if key and key not in self.keys:
            self.keys.append(key)
            self._show()
            self.typed.emit()

    def put(self, keys: Sequence[str]) -> None:
        """Show these codes and nothing else."""
        self.keys = list(dict.fromkeys(keys))
        self._show()

    def remove(self, key: str) -> None:
        """Take one code out; the focus goes back to the box."""
        self.keys = [one for one in self.keys if one != key]
        self._show()
        self.box.setFocus()
        self.typed.emit()

    def _show(self) -> None:
        empty(self._row)
        self._chips = []
        for key in self.keys:
            chip = Chip(key, self._name(key) or key)
            chip.removed.connect(self.remove)
            self._row.add(chip)
            self._chips.append(chip)

    def value(self) -> list[str]:
        """The chosen codes; a word typed and not chosen is kept as it stands."""
        rest = self.box.whole_text()
        return [*self.keys, rest] if rest else list(self.keys)


class Chip(QPushButton):
    """One chosen code that Enter, Space, Delete or a click takes away."""

    removed = Signal(str)

    def __init__(self, key: str, words: str) -> None:
        super().__init__()
        self._key = key
        self.setProperty("role", "chip")
        self.setAutoDefault(False)
        self.setText(f"{words}  ×")
        self.setToolTip(words)
        self.setAccessibleName(tr("Bỏ {words}").format(words=words))
        self.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self.removed.emit(self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Enter take the code away as well as Space."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.removed.emit(self._key)
            return
        super().keyPressEvent(event)
