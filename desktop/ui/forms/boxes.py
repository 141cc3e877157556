"""Text boxes that never lose a composed letter: NFC at commit, preedit text readable, no help in the way."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from desktop.ui.theme.tokens import TONE_ROOM
from domain.text import nfc

MOST_LETTERS: Final = 100_000
"""Letters that a box takes from the clipboard. An act goes whole over the road or not at all: a pasted file of many
megabytes would be larger than any message, and hold up everything saved after it."""


class LineBox(QLineEdit):
    """One line. `typed` tells of every change a person makes, also of text still being composed."""

    typed = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._preedit = ""
        self.setTextMargins(0, TONE_ROOM - 1, 0, 0)
        self.textEdited.connect(self._was_edited)

    def _was_edited(self, _text: str) -> None:
        self.typed.emit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember the text being composed: a draft keeps it although it is not committed yet."""
        self._preedit = event.preeditString()
        super().inputMethodEvent(event)
        self.typed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The composed text is committed by Qt on the way out; tell the form that the box was left."""
        super().focusOutEvent(event)
        self._preedit = ""
        self.left.emit()

    def sizeHint(self) -> QSize:
        """Wide enough for its hint: a hint that is cut helps nobody."""
        hint = super().sizeHint()
        words = self.fontMetrics().horizontalAdvance(self.placeholderText()) + 2 * self.fontMetrics().height()
        return QSize(max(hint.width(), min(words, 480)), hint.height())

    def whole_text(self) -> str:
        """Committed text with the composed text at its place, NFC, without outer spaces."""
        text = self.text()
        if self._preedit:
            place = self.cursorPosition()
            text = text[:place] + self._preedit + text[place:]
        return nfc(text).strip()


class TextBox(QPlainTextEdit):
    """Several lines of reading-size text. Tab leaves the box; Enter makes a new line. `left_out`: what was last
    pasted or dropped here was too long and was not taken; the box stands as it was."""

    typed = Signal()
    left = Signal()

    def __init__(self, lines: int = 4) -> None:
        super().__init__()
        self._lines = lines
        self._preedit = ""
        self.left_out = False
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self._was_changed)
        self._fit()

    def _fit(self) -> None:
        height = QFontMetrics(self.font()).lineSpacing()
        self.setFixedHeight(round(height * 1.25 * self._lines) + 16)

    def changeEvent(self, event: QEvent) -> None:
        """Another zoom: as many lines as before."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste and drop: all of it, or nothing of what no message could carry."""
        left = MOST_LETTERS - self.document().characterCount() + len(self.textCursor().selectedText())
        self.left_out = source.hasText() and len(source.text()) > left
        if self.left_out:
            self.typed.emit()
        else:
            super().insertFromMimeData(source)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter belongs to the form (save), never a line break."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _was_changed(self) -> None:
        self.left_out = False
        self.typed.emit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember the text being composed: a draft keeps it although it is not committed yet."""
        self._preedit = event.preeditString()
        super().inputMethodEvent(event)
        self.typed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the form that the box was left."""
        super().focusOutEvent(event)
        self._preedit = ""
        self.left.emit()

    @property
    def is_composing(self) -> bool:
        """Whether the input method still works on a word here."""
        return bool(self._preedit)

    def whole_text(self) -> str:
        """Committed text with the composed text at its place, NFC, without outer white space."""
        text = self.toPlainText()
        if self._preedit:
            place = self.textCursor().position()
            text = text[:place] + self._preedit + text[place:]
        return nfc(text).strip()

    def replace(self, text: str) -> None:
        """Put other text in: one undoable edit where the caret stands (`setPlainText` would wipe the history), else
        the beginning of a form, which Ctrl+Z never takes away."""
        cursor = self.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        if not self.hasFocus():  # letters typed next would join it, and one Ctrl+Z take both away
            self.document().clearUndoRedoStacks()

    def caret_rect(self) -> QRect:
        """Where the caret stands, in the box's coordinates."""
        return self.cursorRect()
