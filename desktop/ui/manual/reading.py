"""The sheet of paper a chapter is read on: no network, pictures of the package only, found words marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit

from desktop.ui.manual.chapters import MANUAL, PICTURES
from desktop.ui.manual.paper import CHAPTER, PICTURE
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import LIGHT
from domain.text import fold

_LINE: Final = 720
"""Pixels at zoom 1 that a line may be long: longer ones are tiring to read."""
_SIDE: Final = 8
_DIMMED: Final = 0.72
"""How much of its light a picture keeps in a dark theme: pictures are taken of the light one."""


class Reading(QTextBrowser):
    """`wanted` carries the id of a chapter that a link leads to; `resized` comes when lines are longer or shorter."""

    wanted = Signal(str)
    resized = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._pictures: dict[str, QImage] = {}
        self._wide = 0
        self.setObjectName("text.manual")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A bar that comes and goes would change the width while a chapter is being laid out.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.anchorClicked.connect(self._clicked)

    @property
    def picture_width(self) -> int:
        """Pixels that a picture may be wide now."""
        return max(200, self.viewport().width() - 2 * round(self.document().documentMargin()) - 4)

    @Slot(QUrl)
    def _clicked(self, address: QUrl) -> None:
        words = address.toString()
        if words.startswith(CHAPTER):
            self.wanted.emit(words.removeprefix(CHAPTER))

    def loadResource(self, _kind: int, name: QUrl | str) -> Any:
        """A picture of the package, or nothing: no address and no other file is ever read."""
        words = name.toString() if isinstance(name, QUrl) else name
        if not words.startswith(PICTURE):
            return None
        return self._picture(words.removeprefix(PICTURE))

    def _picture(self, name: str) -> QImage:
        width, ratio = self.picture_width, self.devicePixelRatioF()
        held = f"{name} {width} {ratio} {self._look.tokens.name}"
        if held not in self._pictures:
            whole = QImage(str(MANUAL / PICTURES / f"{name}.png"))
            image = whole.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
            image.setDevicePixelRatio(ratio)
            if self._look.tokens.name != LIGHT.name:
                image = _dimmed(image)
            self._pictures = {held: image} if len(self._pictures) > 8 else {**self._pictures, held: image}
        return self._pictures[held]

    def mark(self, words: Sequence[str]) -> None:
        """Mark these folded words wherever they stand, and bring the first in sight."""
        letters, places = _folded(self.toPlainText())
        form = QTextCharFormat()
        form.setBackground(QColor(self._look.tokens.waiting))
        form.setForeground(QColor(self._look.tokens.surface))
        found = []
        for word in words:
            start = letters.find(word)
            while start >= 0:
                one = QTextEdit.ExtraSelection()
                one.cursor = QTextCursor(self.document())
                one.cursor.setPosition(places[start])
                end = places[start + len(word) - 1] + 1
                one.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                one.format = form
                found.append((places[start], one))
                start = letters.find(word, start + len(word))
        self.setExtraSelections([one for _, one in found])
        if found:
            self.document().documentLayout().documentSize()  # all of it is laid out now and not only what is in sight
            first = QTextCursor(self.document())
            first.setPosition(min(place for place, _ in found))
            top = self.cursorRect(first).top() + self.verticalScrollBar().value()
            self.verticalScrollBar().setValue(max(0, top - self.viewport().height() // 3))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines are never longer than one likes to read; pictures follow."""
        side = round(_SIDE * self._look.zoom)
        spare = self.width() - round(_LINE * self._look.zoom) - side
        self.setViewportMargins(side, 0, max(side, spare), 0)
        super().resizeEvent(event)
        if self.viewport().width() != self._wide:
            self._wide = self.viewport().width()
            self.resized.emit()


def _folded(text: str) -> tuple[str, list[int]]:
    """The letters as the filter reads them, and where in the text each of them stands."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in fold(letter) or " ":
            letters.append(one)
            places.append(place)
    return "".join(letters), places


def _dimmed(image: QImage) -> QImage:
    dark = QImage(image.size(), QImage.Format.Format_RGB32)
    dark.setDevicePixelRatio(image.devicePixelRatio())
    dark.fill(QColor(0, 0, 0))
    painter = QPainter(dark)
    painter.setOpacity(_DIMMED)
    painter.drawImage(0, 0, image)
    painter.end()
    return dark
