"""Sheets laid over the window without a dialog: the F1 key sheet, the F12 privacy cover; and the undo toast."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.actions import Action, Registry
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import NARROW
from desktop.ui.widgets.said import Card, Said
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import tr


class Cover(QWidget):
    """Fills its parent and follows its size; any key or click asks to go."""

    asked_to_go = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._look = look
        self._under = parent
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parent's size."""
        if event.type() == QEvent.Type.Resize and watched is self._under:
            self.setGeometry(self._under.rect())
        return False

    def cover(self) -> None:
        """Lay it over everything and take the keys."""
        self.setGeometry(self._under.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """An opaque ground: nothing below may be read."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._look.tokens.ground))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Any key that is not only a modifier."""
        if event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta):
            self.asked_to_go.emit()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """A click as well."""
        self.asked_to_go.emit()


class PrivacyCover(Cover):
    """F12: covers at once; one key brings everything back as it was."""

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent, look)
        self.setObjectName("cover.privacy")
        self.setAccessibleName(tr("Màn hình đang che"))
        column = QVBoxLayout(self)
        column.addStretch(1)
        for words, role in (
            (tr("Màn hình đang che"), "title"),
            (tr("Bấm phím bất kỳ để trở lại. Không có gì bị mất."), "muted"),
        ):
            label = Said(words, role)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch(1)


class HelpSheet(Cover):
    """F1: every key of the registry, by group."""

    def __init__(self, parent: QWidget, look: Look, registry: Registry) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.help")
        self.setAccessibleName(tr("Bảng phím"))
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(16)
        page.addWidget(Said(tr("Bảng phím"), "title"))
        how = tr("Mũi tên để cuộn, phím khác để đóng. Gõ Telex hay VNI đều không đụng phím chức năng.")
        page.addWidget(Said(how, "muted"))
        inside = QWidget()
        self._columns = columns = QHBoxLayout(inside)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(16)
        for part in _in_two(list(registry.groups().items())):
            column = QVBoxLayout()
            column.setSpacing(16)
            for title, actions in part:
                card = Card(margins=16, space=4)
                card.inside.addWidget(Said(title, "section"))
                grid = QGridLayout()
                grid.setHorizontalSpacing(24)
                grid.setVerticalSpacing(0)
                grid.setColumnStretch(1, 1)
                for place, action in enumerate(actions):
                    grid.addWidget(Said(action.key_text, "strong"), place, 0)
                    grid.addWidget(Said(action.label), place, 1)
                card.inside.addLayout(grid)
                column.addWidget(card)
            column.addStretch(1)
            columns.addLayout(column, 1)
        self._keys = Scrolled(inside)
        page.addWidget(self._keys, 1)

    def cover(self) -> None:
        """One column where two would not fit."""
        narrow = self._under.width() < NARROW * self._look.zoom
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(down if narrow else across)
        super().cover()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and page keys move the sheet where it is taller than the window; any other key closes it."""
        bar = self._keys.verticalScrollBar()
        step = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
        }.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            bar.setValue(bar.value() + step)


def _in_two(groups: list[tuple[str, list[Action]]]) -> tuple[list[tuple[str, list[Action]]], ...]:
    """The groups in two columns of about one length, each in its order."""
    first: list[tuple[str, list[Action]]] = []
    second: list[tuple[str, list[Action]]] = []
    for group in groups:
        shorter = first if _lines(first) <= _lines(second) else second
        shorter.append(group)
    return first, second


def _lines(groups: list[tuple[str, list[Action]]]) -> int:
    return sum(len(actions) + 3 for _, actions in groups)


class Toast(Card):
    """One line in the status line, for ten seconds; it names the call that Ctrl+Z takes back."""

    gone = Signal()

    def __init__(self) -> None:
        super().__init__("toast", margins=0)
        self.inside.setContentsMargins(12, 0, 12, 2)
        self.setObjectName("toast.undo")
        self.words = Said("", "strong")
        self.inside.addWidget(self.words)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.put_away)
        self.hide()

    def say(self, words: str, ms: int) -> None:
        """Show these words for so many milliseconds."""
        self.words.setText(words)
        self.setAccessibleName(words)
        self._timer.start(ms)
        self.show()

    def put_away(self) -> None:
        """Time is over, or it was taken back."""
        self._timer.stop()
        if self.isVisible():
            self.hide()
            self.gone.emit()
