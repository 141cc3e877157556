"""The desk's weekly recount: its running digests against its own rows, in small parts while nobody is at the desk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from desktop.background.lanes import StoreLane
from desktop.store.engine import Connection
from domain.clock import DAY, Clock
from sync.replica import recount
from sync.replica.recount import Part, State
from sync.replica.replica import Replica

_log = logging.getLogger(__name__)

OVERDUE_MS: Final = DAY
"""So long after a round was due (milliseconds) it goes on also while somebody is at the desk."""


class Recounting:
    """Looked at by the keeper's thread. `slipped` is called there after a figure was put right: both ends are then
    compared anew, and the rows that differ are made again from the operations of both."""

    def __init__(
        self, lane: StoreLane, replica: Replica, clock: Clock, slipped: Callable[[], None], rest: Callable[[], None]
    ) -> None:
        self._lane, self._replica, self._clock = lane, replica, clock
        self._slipped, self._rest = slipped, rest

    def look(self) -> None:
        """Count on where a round is due, until it ends or somebody comes. Raises what the keeper's rest raises."""
        state = self._lane.peek(recount.state)
        while state.is_due(self._clock.now_ms()) and self._may(state):
            state, found = self._one(state)
            if found:
                # Neither scope nor id: a dossier's name says whose it is.
                _log.error("running digests had slipped from their rows: %d figures put right", found)
                self._slipped()

    def _may(self, state: State) -> bool:
        if not self._lane.presence.is_there():
            return True
        return state.at_ms is not None and self._clock.now_ms() - state.at_ms > recount.EVERY_MS + OVERDUE_MS

    def _one(self, state: State) -> tuple[State, int]:
        part = self._lane.peek(lambda connection: recount.part(connection, state.after or "", rest=self._rest))
        return self._lane.run(lambda connection: self._keep(connection, state, part)), len(part.slipped)

    def _keep(self, connection: Connection, state: State, part: Part) -> State:
        self._replica.correct(connection, part.slipped)
        return recount.keep(connection, state, part, self._clock.now_ms())
