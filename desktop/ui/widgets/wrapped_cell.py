"""Draws a line of a list: what is longer than the list is wide goes on in the next line, and the line grows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.ui.widgets.glyph_cell import lines_of

_BESIDE: Final = 10
"""Pixels left and right of the words."""


class WrappedCell(QStyledItemDelegate):
    """Belongs to its list, which has no margins of its own for words."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As wide as the list, as high as the words need there."""
        metrics, wide = QFontMetrics(option.font), self._view.viewport().width()
        return QSize(wide, len(self._lines(option, index, wide)) * metrics.lineSpacing() + metrics.lineSpacing() // 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Ground and mark as the style has them, then the words."""
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        QApplication.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, self._view)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        metrics, lines = option.fontMetrics, self._lines(option, index, option.rect.width())
        top = option.rect.top() + (option.rect.height() - len(lines) * metrics.lineSpacing()) // 2 + 1
        for place, line in enumerate(lines):
            base = top + place * metrics.lineSpacing() + metrics.ascent()
            painter.drawText(option.rect.left() + _BESIDE, base, line)
        painter.restore()

    def _lines(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, wide: int
    ) -> list[str]:
        words, room = str(index.data() or ""), wide - 2 * _BESIDE
        return [words] if option.fontMetrics.horizontalAdvance(words) <= room else lines_of(words, option.font, room)
