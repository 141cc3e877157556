"""Status shapes, drawn and not typed: the bundled font has no such letters and a bare machine has no other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.ui.theme.tokens import Status


def draw_shape(painter: QPainter, box: QRectF, status: Status, colour: QColor) -> None:
    """Draw a status into a square: disc, quarter disc, diamond, triangle, two squares, ring."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(box.width(), box.height())
    line = max(1.2, side / 9)
    room = QRectF(0, 0, side - line, side - line)
    room.moveCenter(box.center())
    painter.setPen(QPen(colour, line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    left, right, top, bottom = room.left(), room.right(), room.top(), room.bottom()
    middle = room.center()
    if status is Status.GOOD:
        painter.setBrush(colour)
        painter.drawEllipse(room)
    elif status is Status.MOVING:
        painter.drawEllipse(room)
        painter.setBrush(colour)
        painter.drawPie(room, 0, 90 * 16)
    elif status is Status.WAITING:
        corners = [QPointF(middle.x(), top), QPointF(right, middle.y())]
        corners += [QPointF(middle.x(), bottom), QPointF(left, middle.y())]
        painter.drawPolygon(QPolygonF(corners))
    elif status is Status.URGENT:
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(middle.x(), top), QPointF(right, bottom), QPointF(left, bottom)]))
    elif status is Status.CONFLICT:
        part = room.width() * 0.66
        painter.drawRect(QRectF(left, top, part, part))
        painter.drawRect(QRectF(right - part, bottom - part, part, part))
    else:
        painter.drawEllipse(room)
    painter.restore()


def shape_icon(status: Status, colour: str, side: int) -> QIcon:
    """A status as an icon, for a tab."""
    picture = QPixmap(QSize(side, side) * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    draw_shape(painter, QRectF(0, 0, side, side), status, QColor(colour))
    painter.end()
    return QIcon(picture)


class Shape(QLabel):
    """One status shape as large as a letter; the style sheet gives its colour by the property `status`."""

    def __init__(self) -> None:
        super().__init__()
        self.status: Status | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as a line of text, as wide as its letters are high."""
        metrics = self.fontMetrics()
        return QSize(metrics.capHeight() + 2, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Never smaller."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it in the middle of the line."""
        if self.status is None:
            return
        side = self.fontMetrics().capHeight()
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(self.rect()).center() + QPointF(0, 1))
        painter = QPainter(self)
        draw_shape(painter, box, self.status, self.palette().color(QPalette.ColorRole.WindowText))
        painter.end()
