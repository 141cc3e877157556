"""Hands keys of restricted cases on at sign-in and whenever people of the hotline or readers of a case change."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.background.change_bus import Changes, Origin
from desktop.background.lanes import Closed, StoreLane
from desktop.store.case_lock import is_unannounced, lacking
from desktop.store.engine import Connection
from desktop.store.unit_of_work import Operation, Seat
from domain.rules.privacy import Policy

_log = logging.getLogger(__name__)

WHOSE: Final = frozenset({"staff", "case_key", "case_reader"})
"""Kinds that say who is to hold a key: when one of them comes from elsewhere it is looked anew."""

AT_ONCE: Final = 5
"""Files handed on in one transaction: a save waits for no more than these."""

REST_MS: Final = 500
"""How long (ms) it is waited for what comes together (a page of the road) before it is looked."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done: the own key told, and files (contact ids) that lack a holder."""

    announce: bool
    files: list[str]


class HandingOn(QObject):
    """On the GUI thread; reads on a reader, writes a few files at a time, shows nothing: a case is simply open.
    What fails is tried again at the next sign-in or change. `announce` tells the own key, `hand_on` gives keys of
    files (`desktop.operations.restricting`)."""

    def __init__(
        self,
        lane: StoreLane,
        policy: Policy,
        announce: Operation[bool],
        hand_on: Callable[[Sequence[str]], Operation[int]],
    ) -> None:
        super().__init__()
        self._lane, self._policy, self._announce, self._hand_on = lane, policy, announce, hand_on
        self._waiting: list[str] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST_MS)
        self._soon.timeout.connect(self.look)
        lane.bus.changed.connect(self._changed)

    @Slot()
    def look(self) -> None:
        """See whether the centre's list lacks the own key, and which files lack a holder."""
        seat = self._lane.seat
        with contextlib.suppress(Closed):
            self._lane.query(partial(_due, policy=self._policy, seat=seat), self._found, self._failed)

    def close(self) -> None:
        """Look no more: the desk ends."""
        self._soon.stop()
        self._waiting.clear()

    @Slot(object)
    def _changed(self, changes: Changes) -> None:
        if changes.origin is Origin.CENTRE and WHOSE & changes.ids.keys():
            self._soon.start()

    def _found(self, due: Due) -> None:
        self._waiting = due.files
        if due.announce:
            with contextlib.suppress(Closed):
                self._lane.submit(self._announce, self._announced, self._failed, initiator="keys")
        self._next()

    def _announced(self, _told: bool) -> None:
        """The road sends it."""

    def _handed(self, _done: int) -> None:
        self._next()

    def _next(self) -> None:
        part, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        if part:
            with contextlib.suppress(Closed):
                self._lane.submit(self._hand_on(part), self._handed, self._failed, initiator="keys")

    def _failed(self, fault: Exception) -> None:
        self._waiting = []
        _log.warning("keys were not handed on: %s", type(fault).__name__)


def _due(connection: Connection, *, policy: Policy, seat: Seat) -> Due:
    return Due(is_unannounced(connection, seat.seat_code, seat.device), lacking(connection, policy, seat.centre))
