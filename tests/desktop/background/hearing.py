"""Objects that hear what lanes and the bus say, and say on which thread they heard it."""

from __future__ import annotations

import threading
from typing import Any

from PySide6.QtCore import QObject


class Ear(QObject):
    """Keeps what it is told, in order, and the threads it was told on."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.faults: list[Exception] = []
        self.threads: set[int] = set()

    def done(self, value: Any) -> None:
        """A result or a signal's payload."""
        self.threads.add(threading.get_ident())
        self.heard.append(value)

    def failed(self, fault: Exception) -> None:
        """A fault."""
        self.threads.add(threading.get_ident())
        self.faults.append(fault)
