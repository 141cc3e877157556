"""One slow call beside a window, on a thread of its own, whose answer comes back on the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from PySide6.QtCore import QObject, Signal


class Aside(QObject):
    """Runs one slow call beside the window and brings its answer back to the window's thread."""

    done = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._thread: Thread | None = None

    def run(self, work: Callable[[], Any]) -> None:
        """Start the call."""
        self._thread = Thread(target=self._work, args=(work,), name="sign-in", daemon=True)
        self._thread.start()

    def _work(self, work: Callable[[], Any]) -> None:
        try:
            result = work()
        except Exception as fault:  # noqa: BLE001 - every fault becomes a sentence on the window
            self.failed.emit(fault)
        else:
            self.done.emit(result)

    def wait(self) -> None:
        """Let a call that runs come to its end."""
        if self._thread is not None:
            self._thread.join()
