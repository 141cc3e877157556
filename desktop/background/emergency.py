"""Ends emergency reads at this desk by its own run time, with or without a line, whatever the wall clock says."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from desktop.background.change_bus import ChangeBus, Changes, Origin
from desktop.background.lanes import Closed, StoreLane
from desktop.store.emergency import close, copies
from desktop.store.engine import Store
from desktop.store.receipts import Receipts
from domain.clock import Clock
from domain.rules.emergency import READ_MS
from sync.troubles import Trouble

_log = logging.getLogger(__name__)

LOOK_S: Final = 10.0
"""How often (seconds) it is looked whether a copy came or its hour is over."""


def _mono() -> int:
    return time.monotonic_ns() // 1_000_000


class EmergencyWatch:
    """Looks on a thread of its own. A copy is closed an hour of run time after it was first seen here; the centre's
    withdrawal usually comes first. `told` is called after a receipt was written; `mono` gives ms of run time."""

    def __init__(
        self,
        lane: StoreLane,
        store: Store,
        bus: ChangeBus,
        clock: Clock,
        told: Callable[[], None],
        mono: Callable[[], int] = _mono,
    ) -> None:
        self._lane, self._store, self._bus = lane, store, bus
        self._receipts = Receipts(store.stamps, lane.seat, clock)
        self._told, self._mono = told, mono
        self._seen: dict[str, int] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="emergency-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End. What lies here then is taken out at the next start."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> int:
        """Close what is over; answers how many copies were closed. Never on the GUI thread."""
        now = self._mono()
        here = self._lane.read(copies)
        self._seen = {one.grant: self._seen.get(one.grant, now) for one in here}
        over = [one for one in here if now - self._seen[one.grant] >= READ_MS]
        for one in over:
            device = self._lane.seat.device
            work = partial(close, replica=self._store.replica, device=device, receipt=self._receipts, copy=one)
            touched = self._lane.run(work).touched()
            _log.info("an emergency copy was wiped after its hour")
            self._bus.changed.emit(Changes(Origin.CENTRE, touched, "emergency"))
            self._told()
        return len(over)

    def _look_on(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                self.look()
            except Closed:
                return
            except Trouble as trouble:
                _log.warning("emergency copies were not looked at: %s", type(trouble).__name__)
            except Exception as fault:  # noqa: BLE001 - a bug here must not end the looking
                _log.error("emergency copies were not looked at: %s", type(fault).__name__, exc_info=fault)
