"""A box for an age, a day or a number as people say it, and beside it what the program understood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from desktop.ui.forms.boxes import LineBox
from desktop.ui.widgets.said import Said
from desktop.ui.words import tr
from domain.clock import date_text
from domain.phones import display, normalise
from domain.said_age import OLDEST, SaidAge, said_age
from domain.said_date import said_date

KINDS: Final = ("age", "date", "due", "phone")
_DAYS: Final = ("date", "due")
ESTIMATED: Final = "child_age_estimated"


class SaidBox(QWidget):
    """What is typed stays as it is typed; what was understood stands beside it and is told to the ear."""

    typed = Signal()

    def __init__(self, kind: str, name: str, today: Callable[[], date]) -> None:
        super().__init__()
        self._kind, self._name, self._today = kind, name, today
        self._shown: tuple[str, dict[str, Any]] = ("", {})
        self.box = LineBox()
        self.note = Said("", "muted", wraps=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.box, 3)
        row.addWidget(self.note, 2)
        self.note.hide()
        self.setFocusProxy(self.box)
        self.box.typed.connect(self._typed)
        self.box.left.connect(self._tell)

    @Slot()
    def _typed(self) -> None:
        self.note.hide()
        self.typed.emit()

    @Slot()
    def _tell(self) -> None:
        words = self.understood()
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def understood(self) -> str:
        """What the text means where that is more than it says; a request to look again where it means nothing."""
        text = self.box.whole_text()
        if not text:
            return ""
        if self._kind == "age":
            said = said_age(text, self._today())
            return tr("giữ nguyên lời") if said is None else _age_words(said, self._today(), text)
        if self._kind in _DAYS:
            day = said_date(text, self._today(), ahead=self._kind == "due")
            if day is None:
                return tr("giữ nguyên lời")
            words = date_text(day)
            return "" if words == text else words
        key = normalise(text)
        if any(letter.isalpha() for letter in text) or not key:
            return tr("giữ nguyên lời")
        return "" if display(key) == text or len(key) > 8 else tr("số ngắn")

    def put(self, value: Any, *, estimated: bool = False) -> None:
        """Show a value of the record."""
        text = "" if value is None else str(value)
        if self._kind in _DAYS:
            text = _day_words(text)
        elif estimated and text.isdecimal():
            text = tr("khoảng {age}").format(age=text)
        self.box.setText(text)
        given = {} if value in (None, "") else {self._name: value}
        self._shown = (self.box.whole_text(), given | ({ESTIMATED: True} if given and estimated else {}))
        self.note.hide()

    def value(self) -> dict[str, Any]:
        """What is given: as it was shown while nobody changed it, else the number, the ISO day, or the words."""
        text = self.box.whole_text()
        if not text:
            return {}
        if text == self._shown[0]:
            return dict(self._shown[1])
        if self._kind in _DAYS:
            day = said_date(text, self._today(), ahead=self._kind == "due")
            return {self._name: day.isoformat() if day is not None else text}
        if self._kind == "age" and text.isascii() and text.isdecimal():
            return {self._name: int(text)}
        return {self._name: text}


def _day_words(text: str) -> str:
    try:
        return date_text(date.fromisoformat(text))
    except ValueError:
        return text


def _age_words(said: SaidAge, today: date, text: str) -> str:
    if said.birth_date is not None:
        return tr("{age} tuổi, sinh {day}").format(age=said.years_on(today), day=date_text(said.birth_date))
    if said.birth_year is not None:
        return tr("khoảng {age} tuổi").format(age=said.years_on(today))
    if text.isdecimal() and int(text) <= OLDEST:
        return ""
    words = tr("ước chừng {age} tuổi") if said.estimated else tr("{age} tuổi")
    return words.format(age=said.years)
