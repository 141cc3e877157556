"""Sheets laid over the window without a dialog: the F12 privacy cover; and the undo toast."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QGroupBox, QVBoxLayout, QWidget

from desktop.ui.theme.look import Look
from desktop.ui.widgets.said import Card, Said
from desktop.ui.words import tr


class Cover(QGroupBox):
    """Fills its parent and follows its size; any key or click asks to go.

    A group, without title or frame: what takes keys needs a role for the ear, and a bare widget has none.
    """

    asked_to_go = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self.setFlat(True)
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

    def focusNextPrevChild(self, next_one: bool) -> bool:
        """Tab goes round within the sheet, never to what lies below it."""
        here = QApplication.focusWidget() or self
        one = here.nextInFocusChain() if next_one else here.previousInFocusChain()
        while one is not None and one is not here:
            if self.isAncestorOf(one) and _takes_tab(one):
                one.setFocus(Qt.FocusReason.TabFocusReason if next_one else Qt.FocusReason.BacktabFocusReason)
                return True
            one = one.nextInFocusChain() if next_one else one.previousInFocusChain()
        return False

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


def _takes_tab(widget: QWidget) -> bool:
    tab = Qt.FocusPolicy.TabFocus
    return widget.focusPolicy() & tab == tab and widget.isVisible() and widget.isEnabled() and not widget.focusProxy()


class WorkCover(Cover):
    """A cover to work on: Esc asks to go, any other key belongs to what lies on it, a click beside that does
    nothing."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Only Esc goes."""
        if event.key() == Qt.Key.Key_Escape:
            self.asked_to_go.emit()
        else:
            event.ignore()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """A click beside what lies here does nothing."""


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
