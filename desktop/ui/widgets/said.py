"""Plain things on paper: labels with room for tones, cards, lines, buttons, status marks."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.theme.tokens import TONE_ROOM, Status
from desktop.ui.widgets.shapes import Shape

B = TypeVar("B", bound=QPushButton)

Weight = str
"""One of the roles of the style sheet: title, section, strong, reading, muted, caption, number, or empty."""


AS_IN_FILE = "as_in_file"


def as_in_file(part: QWidget) -> None:
    """This part shows what will stand in an official file, which is Vietnamese whatever the desk speaks; its name
    for the ear is the desk's own, as everywhere."""
    part.setProperty(AS_IN_FILE, True)


class Said(QLabel):
    """A label: plain text only (a child's name is never markup), with room above for stacked tones."""

    def __init__(self, text: str = "", role: Weight = "", *, wraps: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setContentsMargins(0, TONE_ROOM, 0, 1)
        self.setWordWrap(wraps)
        if role:
            self.setProperty("role", role)
        if wraps:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)


    def one_line_width(self) -> int:
        """Pixels that the words need in one line."""
        margins = self.contentsMargins()
        return self.fontMetrics().horizontalAdvance(self.text()) + margins.left() + margins.right() + 2


class Mark(QWidget):
    """A status in shape and words; only the shape takes the status colour, the words stay text. `yields`: without
    words it takes no room."""

    def __init__(
        self,
        status: Status = Status.QUIET,
        words: str = "",
        role: Weight = "",
        *,
        wraps: bool = False,
        yields: bool = False,
    ) -> None:
        super().__init__()
        self._yields = yields
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.shape = Shape()
        self.words = Said("", role, wraps=wraps)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self.shape, 0, top if wraps else Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words, 1)
        if wraps:
            self.words.setAlignment(top | Qt.AlignmentFlag.AlignLeft)  # the shape stands beside the first line
        self.status = status
        self.say(status, words)

    def say(self, status: Status, words: str) -> None:
        """Show another status; the words always say it without the shape."""
        self.status = status
        self.shape.status = status
        self.shape.setVisible(bool(words))
        self.shape.update()
        self.words.setText(words)
        if self.shape.property("status") != status.value:
            self.shape.setProperty("status", status.value)
            restyle(self.shape)
        if self._yields:
            self.setVisible(bool(words))

    def one_line_width(self) -> int:
        """Pixels that shape and words need in one line."""
        shape = 0 if self.shape.isHidden() else self.shape.sizeHint().width() + 6
        return shape + self.words.one_line_width()

    def plain(self, words: str) -> None:
        """Words without any shape before them."""
        self.words.setText(words)
        self.shape.hide()

    def text(self) -> str:
        """The words, without the shape."""
        return self.words.text()


class Card(QFrame):
    """A sheet of paper: a frame with a hairline, and a column or row inside."""

    def __init__(self, role: str = "card", *, row: bool = False, margins: int = 16, space: int = 8) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.inside: QBoxLayout = QHBoxLayout(self) if row else QVBoxLayout(self)
        self.inside.setContentsMargins(margins, margins, margins, margins)
        self.inside.setSpacing(space)


class Toggle(QPushButton):
    """A button that stays pressed in. Its words are heavier then, by the style sheet, and Qt reckons its size with
    the light ones: it keeps room for the heavy ones, so that none is cut and nothing moves when it is pressed."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self._reckoned: tuple[str, str, int] = ("", "", 0)

    def sizeHint(self) -> QSize:
        """Asked by Qt."""
        return super().sizeHint() + QSize(self._more(), 0)

    def minimumSizeHint(self) -> QSize:
        """Asked by Qt."""
        return super().minimumSizeHint() + QSize(self._more(), 0)

    def _more(self) -> int:
        """Pixels that heavy words need more; reckoned once for these words in this font."""
        text, font = self.text(), self.font()
        if self._reckoned[:2] != (text, font.key()):
            light = self.fontMetrics().horizontalAdvance(text)
            more = QFontMetrics(heavy(font)).horizontalAdvance(text) - light
            self._reckoned = (text, font.key(), max(0, more))
        return self._reckoned[2]


def heavy(font: QFont) -> QFont:
    """This font as the style sheet draws what is chosen."""
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made


def button(name: str, text: str, role: str = "", *, tip: str = "") -> QPushButton:
    """A button with an object name `action.<name>`; `text` is already translated."""
    return _named(QPushButton(text), name, role, tip)


def toggle(name: str, text: str, role: str = "", *, tip: str = "") -> Toggle:
    """As `button`, and it stays pressed in."""
    return _named(Toggle(text), name, role, tip)


def _named(made: B, name: str, role: str, tip: str) -> B:
    made.setObjectName(f"action.{name}")
    made.setAccessibleName(made.text())
    made.setAutoDefault(False)
    if role:
        made.setProperty("role", role)
    if tip:
        made.setToolTip(tip)
    return made


def line() -> QFrame:
    """A hairline between two parts."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def restyle(widget: QWidget) -> None:
    """Let the style sheet see a changed property."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def empty(layout: QLayout) -> None:
    """Take every widget and layout out of a box and delete it."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            continue
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def has_caret(widget: QWidget) -> bool:
    """Whether the keys go to this widget or to a part of it."""
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def last_focus(widget: QWidget) -> QWidget | None:
    """The part of this widget that had or has the keys (Qt's stubs forget that there may be none)."""
    return widget.focusWidget()
