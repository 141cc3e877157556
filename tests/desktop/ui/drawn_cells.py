"""What lists and tables really draw: the words that left the painter, beside the words that their cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from PySide6.QtCore import QBuffer, QIODevice, QModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_TEXT = re.compile(r"<text\b[^>]*>(.*?)</text>", re.DOTALL)
_WRAPS = Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere
BESIDE = 16
"""Pixels left and right of the words of any cell, together, at least."""


def drawn(widget: QWidget) -> str:
    """Every letter that a widget draws, in the order in which it draws them, without spaces."""
    buffer = QBuffer()  # with room of its own: one lent by Python may end before it
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    paper = QSvgGenerator()
    paper.setOutputDevice(buffer)
    paper.setSize(widget.size())
    painter = QPainter(paper)
    widget.render(painter, widget.rect().topLeft())
    painter.end()
    return "".join("".join(unescape(text).split()) for text in _TEXT.findall(bytes(buffer.data().data()).decode()))


def cut_cells(window: QWidget) -> list[str]:
    """Cells and heads in sight whose words are not drawn whole, or stand in less room than they need."""
    found = []
    for view in [window, *window.findChildren(QAbstractItemView)]:
        if not isinstance(view, QAbstractItemView):
            continue
        if isinstance(view, QHeaderView) or not view.isVisible() or view.visibleRegion().isEmpty():
            continue
        letters, metrics, sight = drawn(view.viewport()), view.fontMetrics(), view.viewport().rect()
        for index, place in _cells(view, sight):
            words = str(index.data() or "")
            room = QRect(0, 0, max(1, place.width() - BESIDE), 100_000)
            needs = metrics.boundingRect(room, int(_WRAPS), words).size()
            fits = place.height() >= needs.height() and place.right() <= sight.right() + 1
            if not fits or "".join(words.split()) not in letters:
                found.append(f"{view.objectName()} “{words[:60]}” {_size(place.size())}, needs {_size(needs)}")
        if isinstance(view, QTableView):
            header = view.horizontalHeader()
            found += [
                f"{view.objectName()} head {column}"
                for column in range(header.count())
                if header.sectionSize(column) < header.sectionSizeHint(column)
            ]
    return found


def _cells(view: QAbstractItemView, sight: QRect) -> Iterator[tuple[QModelIndex, QRect]]:
    """Cells whose row stands whole in sight (a row below the edge is scrolled to), with where they stand."""
    model = view.model()
    for row in range(model.rowCount()):
        for column in range(model.columnCount() if isinstance(view, QTableView) else 1):
            index = model.index(row, column)
            place = view.visualRect(index)
            if place.top() >= 0 and place.bottom() <= sight.bottom():
                yield index, place


def _size(size: QSize) -> str:
    return f"{size.width()}x{size.height()}"
