"""Takes the key of everybody who left the hotline off this desk, at sign-in and whenever the line brings the news."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from desktop.background.change_bus import Changes, Origin
from desktop.background.lanes import Closed, StoreLane
from desktop.store.unit_of_work import Operation

_log = logging.getLogger(__name__)


class Leavers(QObject):
    """On the GUI thread; shows nothing. One person at a time, until nobody who left is there. What fails is tried
    again at the next sign-in or news of people. `let_go` makes the operation (`desktop.operations.people`)."""

    def __init__(self, lane: StoreLane, let_go: Callable[[], Operation[bool]]) -> None:
        super().__init__()
        self._lane, self._let_go = lane, let_go
        lane.bus.changed.connect(self._changed)

    @Slot()
    def look(self) -> None:
        """See who left."""
        with contextlib.suppress(Closed):
            self._lane.submit(self._let_go(), self._went, self._failed, initiator="people")

    @Slot(object)
    def _changed(self, changes: Changes) -> None:
        if changes.origin is Origin.CENTRE and "staff" in changes.ids:
            self.look()

    def _went(self, somebody: bool) -> None:
        if somebody:
            _log.info("somebody who left opens this desk no more")
            self.look()

    def _failed(self, fault: Exception) -> None:
        _log.warning("somebody who left was not taken off: %s", type(fault).__name__)
