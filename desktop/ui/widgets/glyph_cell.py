"""Draws a table cell whose words have a status shape before them: the shape is coloured, the words are text."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.shapes import draw_shape

STATUS_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_PAD: Final = 10
_SHAPE: Final = 20


class GlyphCell(QStyledItemDelegate):
    """Cells with `STATUS_ROLE` get their shape; all cells are elided on the right, never clipped."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """What words and shape need in one line."""
        words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        shape = round(_SHAPE * self._look.zoom) if index.data(STATUS_ROLE) is not None else 0
        metrics = option.fontMetrics
        return QSize(metrics.horizontalAdvance(words) + shape + _PAD + 8, metrics.height() + 8)

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
        inner = rect.adjusted(_PAD, 2, -4, 0)
        status = index.data(STATUS_ROLE)
        words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        centre = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if status is not None:
            if status:
                known = Status(status)
                side = option.fontMetrics.capHeight()
                box = QRectF(inner.left(), 0, side, side)
                box.moveCenter(QPointF(box.center().x(), inner.center().y() + 1))
                draw_shape(painter, box, known, QColor(t.of(known)))
            inner.setLeft(inner.left() + round(_SHAPE * self._look.zoom))
        painter.setPen(QColor(t.text))
        shown = option.fontMetrics.elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, centre, shown)
        painter.restore()
