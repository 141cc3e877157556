"""Cyclic garbage is collected on the GUI thread only, between two events.

Python collects on whatever thread happens to allocate. Where a widget lies in a cycle, a lane then destroys it: Qt
takes its lock of connections and wants the GIL, while the GUI thread holds the GIL and wants that lock, and the desk
stands still for ever (seen in the suite, both stacks read with a debugger)."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS: Final = 1_000


class Sweeping(QObject):
    """Takes the collecting over for the life of the application. What is there at its start is looked at no more."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # not collected: to see that a program just loaded holds no garbage took 50 ms of each start
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.sweep)
        self._timer.start(EVERY_MS)

    @Slot()
    def sweep(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        counts, due = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > due[generation]:
                gc.collect(generation)
                return

    @Slot()
    def settle(self) -> None:
        """What the desk holds now it holds for good (codes, places, pages): no later sweep goes through it again.

        Going through it took 60 to 100 ms on the GUI thread, on whatever key came then; now once, at the start."""
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Give the collecting back to Python: no widget lives any more."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
