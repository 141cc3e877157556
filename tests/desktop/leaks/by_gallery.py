"""Canaries into every text box of every screen: the list of screens is the gallery's own, so a new one counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit, QWidget

from desktop.day.waiting import until
from desktop.gallery.scene import as_it_is
from desktop.gallery.screens import SCREENS
from desktop.gallery.studio import Studio
from desktop.ui.main_window import MainWindow

FIRST: Final = ("queue-entry", "request")
"""Screens that write what later ones show."""
NAMES: Final = frozenset(screen.name for screen in SCREENS)
PATIENCE_MS: Final = 45_000

Box = QLineEdit | QPlainTextEdit


class Walker(Studio):
    """The gallery's studio over a window that a person sits at. `word` gives the next canary, `number` the next
    number; `deeds` are done at a screen after its boxes were filled, by the screen's name."""

    child = "KTRA_Nguyễn"  # here the children are canaries

    def __init__(self, window: MainWindow, word: Callable[[str], str], number: Callable[[], str]) -> None:
        QObject.__init__(self)
        self.window, self.desk, self.look = window, window.desk, window.look  # type: ignore[assignment]  # its wires
        self.clock = window.desk.lane.clock  # type: ignore[assignment]  # any clock does
        self.spelling = as_it_is
        self._others: list[QWidget] = []
        self._rung = self._openings = 0
        self._word, self._number = word, number
        self.filled: set[str] = set()
        self.deeds: dict[str, Callable[[], None]] = {}
        window.case_model.opened.connect(self._was_opened)

    def caller(self) -> str:
        """Each ring is another canary."""
        return self._number()

    def to_the_top(self) -> None:
        """Nobody takes a picture."""

    def to_the_foot(self) -> None:
        """Nobody takes a picture."""

    def _in_front(self, made: QWidget) -> None:
        """Beside the window: a real desk ends when its last window closes."""
        self._others.append(made)
        made.show()

    def clear(self) -> None:
        """The locks go on counting from where they were: nobody was away."""
        rules = self.window.watch.rules
        super().clear()
        self.window.watch.rules = rules

    def until(self, what: str, fact: Callable[[], bool], *signals: Any) -> None:
        """Wait for a fact. Raises StuckError."""
        until(what, fact, *signals, patience_ms=PATIENCE_MS)

    def walk(self, names: Collection[str], told: Callable[[str], None]) -> None:
        """These screens of the gallery, every box of them; `told` hears each one's name when it is full."""
        for screen in sorted(SCREENS, key=lambda one: one.name not in FIRST):
            if screen.name not in names:
                continue
            shown = screen.show(self)
            self.fill(shown)
            told(screen.name)
            if screen.name in self.deeds:
                self.deeds[screen.name]()
            self.clear()

    def fill(self, shown: QWidget) -> None:
        """A canary into each box that a person could type in now."""
        for box in reversed(list(boxes(shown))):  # a day of birth written first would take the year's box away
            if box.isVisible() and box.isEnabled() and not box.isReadOnly():
                self.put(box, self._word(box.objectName()))

    def steps(self) -> None:
        """The small forms of a case that stand closed until they are asked for."""
        referrals = self.window.case_page.referrals
        for form in (referrals.referral, referrals.attempt):
            form.open()
            self.fill(form)
            form.hide()

    def own(self) -> None:
        """What a centre asks besides, once its first question is answered."""
        sheet = self.window.file_page.current
        assert sheet is not None
        sheet.form.set_value("x_parents_away", "both")
        self.fill(sheet)

    def put(self, box: Box, word: str) -> None:
        """As if typed."""
        if isinstance(box, QLineEdit):
            box.setText(word)
            box.textEdited.emit(word)
        else:
            box.setPlainText(word)
        self.filled.add(key_of(box))

    def missed(self) -> list[str]:
        """Boxes that exist and never held a canary."""
        return sorted({key_of(box) for box in boxes(None) if not box.isReadOnly()} - self.filled)


def boxes(shown: QWidget | None) -> Iterator[Box]:
    """Every text box in a window, or in all of them."""
    held = QApplication.allWidgets() if shown is None else shown.findChildren(QWidget)
    for one in held:
        if isinstance(one, Box) and not any(isinstance(over, QFileDialog) for over in above(one)):
            yield one


def above(one: QWidget) -> Iterator[QWidget]:
    """What a box stands in, from near to far."""
    over = one.parentWidget()
    while over is not None:
        yield over
        over = over.parentWidget()


def key_of(box: Box) -> str:
    """Where it stands and what it is called: the same for each copy of one form."""
    names = [box.objectName(), *(over.objectName() for over in above(box))]
    return " < ".join(name for name in names if name and not name.startswith("qt_")) or type(box).__name__
