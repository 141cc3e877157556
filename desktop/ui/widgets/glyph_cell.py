"""Draws a table cell whose words may have a status shape before them: no word is cut, what is long goes on below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import ROW_HEIGHT, Status
from desktop.ui.widgets.shapes import draw_shape

STATUS_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_LEFT, _RIGHT = 10, 8
"""Pixels beside the words of a cell."""
_SHAPE: Final = 20


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


class GlyphCell(QStyledItemDelegate):
    """Cells with `STATUS_ROLE` get their shape. A row is as high as its longest cell needs (`high`)."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def beside(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """Pixels of a cell that its words cannot use."""
        shape = round(_SHAPE * self._look.zoom) if index.data(STATUS_ROLE) is not None else 0
        return shape + _LEFT + _RIGHT

    def high(self, lines: int, metrics: QFontMetrics) -> int:
        """Height in pixels of a row with so many lines."""
        return round(ROW_HEIGHT * self._look.zoom) + (lines - 1) * metrics.lineSpacing()

    def wants(self, index: QModelIndex, metrics: QFontMetrics) -> tuple[int, int]:
        """Width in pixels of a cell whose words stand in one line, and the least at which no word is broken."""
        words, beside = str(index.data() or ""), self.beside(index)
        parts = words.split() if " " in words else [words]
        return (
            metrics.horizontalAdvance(words) + beside,
            max(map(metrics.horizontalAdvance, parts), default=0) + beside,
        )

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw ground, shape and words."""
        t = self._look.tokens
        rect = option.rect
        painter.save()
        painter.setFont(option.font)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(t.chosen))
        painter.setPen(QColor(t.hairline))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(_LEFT, 2, -_RIGHT, 0)
        status = index.data(STATUS_ROLE)
        if status is not None:
            room = round(_SHAPE * self._look.zoom)
            if status:
                self._draw_shape(painter, QRect(inner.topLeft(), QSize(room, inner.height())), Status(status))
            inner.setLeft(inner.left() + room)
        painter.setPen(QColor(t.text))
        words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        metrics = option.fontMetrics
        if metrics.horizontalAdvance(words) > inner.width():
            lines = lines_of(words, option.font, inner.width())
        else:
            lines = [words]
        inner.setTop(inner.top() + (inner.height() - len(lines) * metrics.lineSpacing()) // 2)
        for line in lines:
            painter.drawText(inner.left(), inner.top() + metrics.ascent(), line)
            inner.setTop(inner.top() + metrics.lineSpacing())
        painter.restore()

    def _draw_shape(self, painter: QPainter, room: QRect, status: Status) -> None:
        side = painter.fontMetrics().capHeight()
        box = QRectF(room.left(), 0, side, side)
        box.moveCenter(QPointF(box.center().x(), room.center().y() + 1))
        draw_shape(painter, box, status, QColor(self._look.tokens.of(status)))
