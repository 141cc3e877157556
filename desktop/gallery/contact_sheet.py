"""Pictures side by side with their names, so that a whole look can be judged at one glance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from desktop.ui.theme.look import FAMILY

ACROSS: Final = 3
DOWN: Final = 3
_WIDE, _HIGH, _GAP, _HEAD = 640, 360, 16, 28


def sheets(shots: Sequence[tuple[str, Path]], folder: Path, name: str) -> list[Path]:
    """Lay (title, picture) on as many sheets as it takes; answers their files. Raises OSError."""
    each = ACROSS * DOWN
    return [
        _sheet(shots[start : start + each], folder / f"{name}-{start // each + 1}.png")
        for start in range(0, len(shots), each)
    ]


def _sheet(shots: Sequence[tuple[str, Path]], path: Path) -> Path:
    rows = -(-len(shots) // ACROSS)
    wide, high = ACROSS * (_WIDE + _GAP) + _GAP, rows * (_HIGH + _HEAD + _GAP) + _GAP
    sheet = QImage(wide, high, QImage.Format.Format_RGB32)
    sheet.fill(QColor("#808080"))
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    font = QFont(FAMILY)
    font.setPixelSize(16)
    painter.setFont(font)
    painter.setPen(QColor("#FFFFFF"))
    for place, (title, shot) in enumerate(shots):
        left = _GAP + place % ACROSS * (_WIDE + _GAP)
        top = _GAP + place // ACROSS * (_HIGH + _HEAD + _GAP)
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(left, top, _WIDE, _HEAD), middle, title)
        picture = QImage(str(shot)).scaled(
            _WIDE, _HIGH, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.drawImage(left, top + _HEAD, picture)
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not sheet.save(str(path)):
        raise OSError(f"no sheet at {path.name}")
    return path
