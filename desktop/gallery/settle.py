"""A picture is taken only of a layout that has come to rest: chips and rows were caught half laid out before."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

QUIET_ROUNDS: Final = 3
"""So many rounds of Qt's loop in a row leave every part where it was: at rest."""
MOST_ROUNDS: Final = 200
_ROUND_MS: Final = 15

Places = tuple[tuple[int, int, int, int, int], ...]


class RestlessError(Exception):
    """A screen that never comes to rest: something lays itself out anew for ever."""


def places(window: QWidget) -> Places:
    """Where every visible part of a window stands."""
    shown = [one for one in window.findChildren(QWidget) if one.isVisible()]
    return tuple((id(one), one.x(), one.y(), one.width(), one.height()) for one in shown)


def settle(window: QWidget, most: int = MOST_ROUNDS) -> None:
    """Run Qt's loop until nothing moves any more, at most so many rounds. Raises RestlessError."""
    before, quiet = places(window), 0
    for _ in range(most):
        QApplication.sendPostedEvents()
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, _ROUND_MS)
        now = places(window)
        quiet = quiet + 1 if now == before else 0
        if quiet >= QUIET_ROUNDS:
            return
        before = now
    raise RestlessError(window.objectName() or type(window).__name__)


def picture(window: QWidget) -> QPixmap:
    """What the screen shows of a window at rest; without a screen, what the window draws. Raises RestlessError."""
    settle(window)
    window.repaint()
    settle(window)
    screen = window.screen()
    if QGuiApplication.platformName() == "xcb" and screen is not None:
        return screen.grabWindow(window.winId())
    return window.grab()


def save(shot: QPixmap, path: Path) -> Path:
    """Write a PNG as small as it goes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not shot.toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(path), quality=0):
        raise OSError(f"no picture at {path.name}")
    return path
