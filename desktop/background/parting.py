"""Watches the road for the centre's order to end this desk, and says when its last words have left."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from desktop.background.change_bus import ChangeBus
from desktop.background.lanes import StoreLane
from desktop.store.parting import obey
from desktop.store.unit_of_work import Operation
from sync.troubles import Revoked

_log = logging.getLogger(__name__)

PATIENCE_MS: Final = 60_000
"""How long (ms) the last words are sent by the line before they are sealed for the centre instead."""


class Parting:
    """Its facts go out on the bus: `revoked` (since when, UTC ms) once the order proved to be the centre's, `parted`
    when nothing waits to be sent any more or the time for that is over. `heard` and `look` belong to the engine's
    thread, `begin` to the GUI's."""

    def __init__(self, lane: StoreLane, bus: ChangeBus) -> None:
        self._lane, self._bus = lane, bus
        self._ordered = False
        self._left = False
        self._until: int | None = None

    def heard(self, order: Revoked) -> None:
        """The server says that this desk is revoked."""
        if self._ordered or not order.order:
            return
        if not self._lane.run(partial(obey, since=order.since, signature=order.order)):
            _log.error("an order to wipe was not signed by the centre: nothing is done")
            return
        self._ordered = True
        _log.warning("this desk was revoked by the centre")
        self._bus.revoked.emit(order.since)

    def begin(self, leave_drafts: Operation[int]) -> None:
        """No window writes any more: forms that were begun become words of their own, behind what was saved."""
        self._lane.submit(leave_drafts, self._drafts_left)

    def _drafts_left(self, count: int) -> None:
        _log.info("drafts left for the centre: %d", count)
        self._left = True

    def look(self, waiting: int, mono: int) -> None:
        """After a step of the engine: have the last words left?"""
        if not self._left:
            return
        if self._until is None:
            self._until = mono + PATIENCE_MS
        if not waiting or mono >= self._until:
            self._left, self._until = False, None
            self._bus.parted.emit()

    def wait_on(self) -> None:
        """The last words could not be sealed either: go on sending."""
        self._left = True
