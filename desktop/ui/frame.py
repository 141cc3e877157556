"""The frame around the pages: navigation at the left, function keys and the status line along the foot."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.actions import OUTCOME, Registry
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Card, Mark, Said, button, toggle
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import tr

PAGES = ("calls", "file", "case", "search", "road", "directory", "queue", "shift")


class Navigation(Card):
    """The pages with their keys."""

    wanted = Signal(str)

    def __init__(self, registry: Registry, look: Look, seat_words: str) -> None:
        super().__init__("nav", margins=12, space=4)
        self._measure = Measure(self, look, width=196)
        self._narrow = False
        head = Said(tr("Trạm 111"), "section")
        self.inside.addWidget(head)
        seat = Said(seat_words, "caption", wraps=True)
        self.inside.addWidget(seat)
        self._only_wide: list[QWidget] = [head, seat]
        pages = QWidget()
        column = QVBoxLayout(pages)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        self._scroll = Scrolled(pages)
        self.inside.addWidget(self._scroll, 1)
        self.buttons: dict[str, QPushButton] = {}
        self.badges: dict[str, Mark] = {}
        self._labels = {name: registry[f"go_{name}"].label for name in PAGES}
        self._tips = {name: registry[f"go_{name}"].key_text for name in PAGES}
        for name in PAGES:
            action = registry[f"go_{name}"]
            made = toggle(f"go_{name}", f"{action.label}", "nav", tip=f"{action.label} ({action.key_text})")
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.clicked.connect(Pressed(self, name, made, self.wanted.emit).press)
            row = QHBoxLayout(made)
            row.setContentsMargins(8, 0, 8, 0)
            row.setSpacing(4)
            row.addStretch(1)
            badge = Mark(yields=True)
            badge.setObjectName(f"badge.{name}")
            badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(badge)
            self.badges[name] = badge
            key = Said(action.key_text, "caption")
            key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(key)
            self._only_wide.append(key)
            column.addWidget(made)
            self.buttons[name] = made
        column.addStretch(1)
        for action_id in ("help", "privacy"):
            action = registry[action_id]
            words = Said(f"{action.key_text}  {action.label}", "caption")
            self._only_wide.append(words)
            self.inside.addWidget(words)

    def reflow(self, narrow: bool) -> None:
        """Where there is little room only the names of the pages stay; their keys stand in the manual (F1)."""
        self._narrow = narrow
        for part in self._only_wide:
            part.setVisible(not narrow)
        for name in self.buttons:
            self._fit(name)
        self._measure.let_go(narrow)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def show_badge(self, name: str, status: Status, count: str, words: str) -> None:
        """A number beside a page's name, on every page until it is none; `words` say what it counts."""
        badge, made, label = self.badges[name], self.buttons[name], self._labels[name]
        if (badge.text(), badge.status) == (count, status) and made.accessibleName() in (label, f"{label}. {words}"):
            return
        badge.say(status, count)
        made.setAccessibleName(f"{label}. {words}" if count else label)
        made.setToolTip(f"{label} ({self._tips[name]})" + (f"\n{words}" if count else ""))
        self._fit(name)

    def _fit(self, name: str) -> None:
        """A button does not ask what lies on it: with a number it is as wide as name and number need."""
        badge, made = self.badges[name], self.buttons[name]
        with_it = made.sizeHint().width() + badge.one_line_width() + 8
        made.setMinimumWidth(with_it if badge.text() and self._narrow else 0)

    def show_page(self, name: str) -> None:
        """Mark the page in front."""
        if name in self.buttons:  # the manual has no place of its own here
            self._scroll.ensureWidgetVisible(self.buttons[name], 0, 8)
        for one, made in self.buttons.items():
            made.setChecked(one == name)


class KeyStrip(Card):
    """F2 to F9 with their words; a click does what the key does."""

    def __init__(self, registry: Registry, press: Callable[[str], None]) -> None:
        super().__init__("foot", row=True, margins=0, space=0)
        self.inside.setContentsMargins(12, 6, 12, 4)
        keys = QWidget()
        row = Flowing(keys, space=4, fills=True)
        self.inside.addWidget(keys, 1)
        for action in registry.strip():
            made = button(action.id, f"{action.key}  {action.label}", "key")
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            if action.id.startswith(OUTCOME):
                made.setToolTip(tr("Ghi kết quả và lưu ngay"))
            made.clicked.connect(Pressed(self, action.id, made, press).press)
            row.add(made)


class Pressed(QWidget):
    """The bound method behind one button: law 3 allows no lambda in a connection."""

    def __init__(self, _owner: QWidget, name: str, made: QWidget, act: Callable[[str], None]) -> None:
        super().__init__(made)
        self._name, self._act = name, act
        self.hide()

    def press(self) -> None:
        """Do it."""
        self._act(self._name)


class StatusLine(Card):
    """Saved at, trouble or news, and the road: one line where there is room, text before shape before colour."""

    def __init__(self, toast: QWidget, look: Look) -> None:
        super().__init__("foot", row=True, margins=0, space=0)
        self.inside.setContentsMargins(24, 2, 24, 2)
        Measure(self, look, height=36, least=True)
        parts = QWidget()
        row = Flowing(parts, space=16, lines=0)
        self.inside.addWidget(parts, 1)
        self.saved = Mark(Status.QUIET, tr("Chưa lưu gì trong phiên này"))
        self.saved.words.setObjectName("label.saved")
        self.news = Mark(Status.QUIET, "", wraps=True)
        self.road = Mark(Status.QUIET, "")
        self.road.words.setObjectName("label.road")
        row.add(self.saved)
        row.add(self.news, 1)
        row.add(toast)
        row.add(self.road)


class TroubleBar(Card):
    """A sentence that says what to do; stays until it is put away, never a dialog."""

    def __init__(self) -> None:
        super().__init__("warn", row=True, margins=8, space=12)
        self.setObjectName("bar.trouble")
        self.words = Mark(Status.URGENT, "", wraps=True)
        self.words.setMinimumHeight(28)
        self.away = button("put_trouble_away", tr("Đã đọc"))
        self.away.clicked.connect(self.hide)
        self.inside.addWidget(self.words, 1)
        self.inside.addWidget(self.away)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show this sentence."""
        self.words.say(Status.URGENT, sentence)
        self.show()


def column_of(*parts: QWidget | tuple[QWidget, int]) -> QVBoxLayout:
    """A column without gaps; a pair gives its stretch."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        if isinstance(part, tuple):
            column.addWidget(part[0], part[1])
        else:
            column.addWidget(part)
    return column
