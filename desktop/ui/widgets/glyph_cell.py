"""Draws a table cell whose words may have a status shape before them: no word is cut, what is long goes on below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import ROW_HEIGHT, Status, Tokens
from desktop.ui.widgets.shapes import draw_shape

STATUS_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_LEFT, _RIGHT = 10, 8
"""Pixels beside the words of a cell."""
_SHAPE: Final = 20
_MOST_WIDTHS: Final = 4_000
_CHOSEN: Final = QStyle.StateFlag.State_Selected
_WORDS: Final = Qt.ItemDataRole.DisplayRole


def lines_of(words: str, font: QFont, room: int) -> list[str]:
    """The words in as many lines as they need at this width in pixels: between words where that goes, else within."""
    layout = QTextLayout(words, font)
    layout.setTextOption(_WRAPS)
    layout.beginLayout()
    found = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, room))
        found.append(words[line.textStart() : line.textStart() + line.textLength()])
    layout.endLayout()
    return found or [""]


_WRAPS: Final = QTextOption(Qt.AlignmentFlag.AlignLeft)
_WRAPS.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


Told = Callable[[int, int], tuple[str, Any]]
"""Row and column to words and status of a cell, where a table's model tells them without a way round by Qt."""


def told_by_qt(index: QModelIndex | QPersistentModelIndex) -> tuple[str, Any]:
    """Words and status of a cell, asked for by Qt's way."""
    return str(index.data(_WORDS) or ""), index.data(STATUS_ROLE)


class Inks:
    """The colours of a cell, read from the tokens once, and the shapes in them, each drawn once for its size."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.chosen, self.hairline, self.text = QColor(tokens.chosen), QColor(tokens.hairline), QColor(tokens.text)
        self.of = {status: QColor(tokens.of(status)) for status in Status}
        self._shapes: dict[tuple[Status, int, int, int, float], QPixmap] = {}

    def shape(self, status: Status, room: QSize, side: int, sharp: float) -> QPixmap:
        """A status `side` pixels large at the left of a room, a pixel below its middle; `sharp`: pixels of the screen
        in one of the window."""
        key = (status, room.width(), room.height(), side, sharp)
        if key not in self._shapes:
            drawn = QPixmap(room * sharp)
            drawn.setDevicePixelRatio(sharp)
            drawn.fill(Qt.GlobalColor.transparent)
            box = QRectF(0, 0, side, side)
            box.moveCenter(QPointF(box.center().x(), QRect(QPoint(0, 0), room).center().y() + 1))
            painter = QPainter(drawn)
            draw_shape(painter, box, status, self.of[status])
            painter.end()
            self._shapes[key] = drawn
        return self._shapes[key]


class GlyphCell(QStyledItemDelegate):
    """Cells with `STATUS_ROLE` get their shape. A row is as high as its longest cell needs (`high`). `told`: what the
    model says of a cell, asked directly."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.told: Told | None = None
        self._inks: Inks | None = None
        self._font = QFont()
        self._metrics = QFontMetrics(self._font)
        self._widths: dict[int, int] = {}

    def beside(self, status: Any) -> int:
        """Pixels of a cell with this status (None: it has none) that its words cannot use."""
        return (round(_SHAPE * self._look.zoom) if status is not None else 0) + _LEFT + _RIGHT

    def high(self, lines: int, metrics: QFontMetrics) -> int:
        """Height in pixels of a row with so many lines."""
        return round(ROW_HEIGHT * self._look.zoom) + (lines - 1) * metrics.lineSpacing()

    def wants(self, words: str, status: Any, metrics: QFontMetrics) -> tuple[int, int]:
        """Width in pixels of a cell whose words stand in one line, and the least at which no word is broken."""
        beside = self.beside(status)
        whole = metrics.horizontalAdvance(words)
        longest = max(map(metrics.horizontalAdvance, words.split()), default=0) if " " in words else whole
        return whole + beside, longest + beside

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw ground, shape and words. Every key draws a whole page of cells, so inks and metrics are kept."""
        inks, rect, font = self._inks_now(), option.rect, option.font
        if font != self._font:
            self._font, self._metrics = QFont(font), QFontMetrics(font)  # the option's own go with it
            self._widths.clear()
        metrics = self._metrics
        painter.setFont(font)
        if option.state & _CHOSEN:
            painter.fillRect(rect, inks.chosen)
        painter.setPen(inks.hairline)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        left, right, top, room = rect.left() + _LEFT, rect.right() - _RIGHT, rect.top() + 2, rect.height() - 2
        told = self.told
        words, status = told(index.row(), index.column()) if told is not None else told_by_qt(index)
        if status is not None:
            side = round(_SHAPE * self._look.zoom)
            if status:
                sharp = painter.device().devicePixelRatioF()
                shape = inks.shape(Status(status), QSize(side, room), metrics.capHeight(), sharp)
                painter.drawPixmap(left, top, shape)
            left += side
        painter.setPen(inks.text)
        width, line_high = right - left + 1, metrics.lineSpacing()
        lines = [words] if self._width(words, metrics) <= width else lines_of(words, font, width)
        top += (room - len(lines) * line_high) // 2 + metrics.ascent()
        for line in lines:
            painter.drawText(left, top, line)
            top += line_high

    def _inks_now(self) -> Inks:
        if self._inks is None or self._inks.tokens is not self._look.tokens:
            self._inks = Inks(self._look.tokens)
        return self._inks

    def _width(self, words: str, metrics: QFontMetrics) -> int:
        """Pixels in one line. Kept by the words' hash: the words themselves are kept nowhere but in their table."""
        key = hash(words)
        width = self._widths.get(key)
        if width is None:
            if len(self._widths) >= _MOST_WIDTHS:
                self._widths.clear()
            width = self._widths[key] = metrics.horizontalAdvance(words)
        return width
