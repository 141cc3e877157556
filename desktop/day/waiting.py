"""Waiting for facts on the GUI thread: a loop that ends when the fact is there, or with a sentence when it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QEventLoop, QObject, QTimer

PATIENCE_MS: Final = 45_000


class StuckError(Exception):
    """A fact did not come; the text says which, in Vietnamese, without personal data."""


class Until(QObject):
    """Looks at the fact each time one of the signals is emitted."""

    def __init__(self, fact: Callable[[], bool]) -> None:
        super().__init__()
        self._fact = fact
        self._loop = QEventLoop()
        self.met = False

    def look(self, *_said: object) -> None:
        """Is it there now?"""
        if not self.met and self._fact():
            self.met = True
            self._loop.quit()

    def give_up(self) -> None:
        """It took too long."""
        self._loop.quit()

    def wait(self, signals: tuple[Any, ...], patience_ms: int) -> bool:
        """Run the loop; answers whether the fact came."""
        self.look()
        if self.met:
            return True
        limit = QTimer()
        limit.setSingleShot(True)
        limit.timeout.connect(self.give_up)
        limit.start(patience_ms)
        for signal in signals:
            signal.connect(self.look)
        try:
            self._loop.exec()
        finally:
            for signal in signals:
                signal.disconnect(self.look)
        return self.met


def until(what: str, fact: Callable[[], bool], *signals: Any, patience_ms: int = PATIENCE_MS) -> None:
    """Wait until the fact is there; looked at first and at every emission. Raises StuckError."""
    if not Until(fact).wait(signals, patience_ms):
        raise StuckError(f"chờ mãi không thấy «{what}»")
