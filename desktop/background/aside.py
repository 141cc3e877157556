"""The aside lane: one thread for long work that is neither a save nor the line, such as writing a stick."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from desktop.background.change_bus import ChangeBus
from desktop.background.errand import Errand
from desktop.background.lanes import Closed
from desktop.store.troubles import translate

R = TypeVar("R")

_log = logging.getLogger(__name__)
_JOIN_S: Final = 10.0


class AsideLane:
    """Runs one job after the other; `done` and `failed` are bound methods, called on the GUI thread. The thread
    is made with the first job."""

    def __init__(self, bus: ChangeBus) -> None:
        self._bus = bus
        self._jobs: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._open = True

    def submit(self, work: Callable[[], R], done: Callable[[R], None], failed: Callable[[Exception], None]) -> None:
        """Run it after those before. Never waits. Raises Closed."""
        if not self._open:
            raise Closed
        self._jobs.put(Errand(work, done, failed))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="aside-lane", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Take no more, and wait for the job that runs (its own reads fail once the store lane is closed)."""
        self._open = False
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(_JOIN_S)

    def _work(self) -> None:
        while (errand := self._jobs.get()) is not None:
            try:
                errand.wasted = not self._open
                if self._open:
                    errand.outcome = errand.carry_out()
            except Closed:
                errand.wasted = True
            except Exception as fault:  # noqa: BLE001 - whatever the work raises must reach its caller
                errand.fault = translate(fault) or fault
                _log.warning("a job aside failed: %s", type(errand.fault).__name__)
            self._bus.delivered.emit(errand)
