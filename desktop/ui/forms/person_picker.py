"""A box that finds a child by name without tones, on the reader's lane, among the files this person may open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent

from desktop.store.reads_same_child import KnownChild
from desktop.ui.forms.boxes import LineBox
from desktop.ui.widgets.suggestions import Choice, Suggestions
from desktop.ui.words import tr

WAIT_MS: Final = 120
_LEAST: Final = 2


class PersonPicker(LineBox):
    """`ask` gets the words typed; whoever asked the store answers with `offer`. Enter takes the marked line."""

    picked = Signal(object)

    def __init__(self, ask: Callable[[str], None]) -> None:
        super().__init__()
        self._ask = ask
        self._found: dict[str, KnownChild] = {}
        self.suggestions = Suggestions(self)
        self.suggestions.picked.connect(self._take)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self._asked)
        self.typed.connect(self._ask_soon)
        self.left.connect(self.suggestions.hide)

    @Slot()
    def _ask_soon(self) -> None:
        self._soon.start()

    @Slot()
    def _asked(self) -> None:
        words = self.whole_text()
        if len(words) >= _LEAST:
            self._ask(words)
        else:
            self.suggestions.hide()

    def offer(self, words: str, found: tuple[KnownChild, ...]) -> None:
        """Show these, unless the words have changed meanwhile."""
        if words == self.whole_text() and self.hasFocus():
            self._found = {one.person: one for one in found}
            self.suggestions.offer([Choice(one.person, child_words(one), one.code) for one in found])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move in the list, Enter chooses, Esc puts the list away and keeps the text."""
        key, shown = event.key(), self.suggestions.isVisible()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and shown:
            self.suggestions.step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and shown:
            self._take(self.suggestions.chosen())
        elif key == Qt.Key.Key_Escape and shown:
            self.suggestions.hide()
        else:
            super().keyPressEvent(event)

    @Slot(object)
    def _take(self, choice: object) -> None:
        if isinstance(choice, Choice) and choice.key in self._found:
            self.suggestions.hide()
            self.clear()
            self.picked.emit(self._found[choice.key])

    def forget(self) -> None:
        """Nothing of it stays."""
        self._soon.stop()
        self._found = {}
        self.clear()
        self.suggestions.offer(())


def child_words(one: KnownChild) -> str:
    """Name and age of a child, as far as they are known."""
    name = one.name or tr("chưa rõ tên")
    return name if one.age is None else tr("{name}, khoảng {age} tuổi").format(name=name, age=one.age)
