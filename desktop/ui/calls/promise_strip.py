"""The question after a promised call-back: when is it safe, and what to say; one strip, never in the way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.forms.boxes import LineBox
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Card, Mark, Said
from desktop.ui.words import tr


class PromiseStrip(Card):
    """`saving` at Enter, `leaving` at Esc, `typed` at every change a person makes. While it is shown the pages above
    it give it the height it needs: in large letters their own least height would cut its second lines."""

    saving = Signal()
    leaving = Signal()
    typed = Signal()

    def __init__(self, look: Look, pages: QWidget) -> None:
        super().__init__(margins=8, space=4)
        self._pages = pages
        self.setObjectName("strip.promise")
        self.inside.setContentsMargins(24, 8, 24, 8)
        self.time, self.words = LineBox(), LineBox()
        question, safely = tr("Gọi lại lúc nào thì an toàn?"), tr("Gặp ai, nói gì?")
        self.time.setObjectName("field.promise_time")
        self.time.setAccessibleName(question)
        self.time.setPlaceholderText(tr("17h30, mai 8h, 30 phút nữa"))
        self.words.setObjectName("field.promise_words")
        self.words.setAccessibleName(safely)
        self.words.setPlaceholderText(tr("nếu cần: xin gặp An, nói là cô giáo"))
        self.understood = Mark(Status.QUIET, "", wraps=True)
        self.understood.words.setObjectName("label.promise.understood")
        self.keys = Said(tr("Enter lưu · Tab sang ô kia · Esc để sau"), "muted")
        self._measure = Measure(self.time, look, width=272)
        self._line((Said(question, "strong"), 0), (self.time, 0), (self.understood, 1))
        self._line((Said(safely, "strong"), 0), (self.words, 1), (self.keys, 0))
        for box in (self.time, self.words):
            box.returnPressed.connect(self.saving)
            box.typed.connect(self.typed)
        self.hide()

    def _line(self, *parts: tuple[QWidget, int]) -> None:
        line = QWidget()
        line.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        row = Flowing(line, space=12)
        for part, stretch in parts:
            row.add(part, stretch)
        self.inside.addWidget(line)

    def texts(self) -> tuple[str, str]:
        """What stands in the two boxes, the word being composed included."""
        return self.time.whole_text(), self.words.whole_text()

    def put(self, time: str, words: str) -> None:
        """Put other texts in."""
        self.time.setText(time)
        self.words.setText(words)

    def showEvent(self, event: QShowEvent) -> None:
        """The pages may be lower than they want to be."""
        self._pages.setMinimumHeight(1)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """No longer."""
        self._pages.setMinimumHeight(0)
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        """Esc in a box means this strip, not the page behind it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _is_esc(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; the boxes have had every other key."""
        if _is_esc(event):
            self.leaving.emit()
        else:
            super().keyPressEvent(event)


def _is_esc(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier
