"""Keeps the desk's hourly backups and its weekly recount, on a thread of its own, never in a save's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from desktop.background.lanes import Closed, StoreLane
from desktop.background.recounting import Recounting
from desktop.home import Home
from desktop.store import drafts, lease
from desktop.store.closed_copies import close_in_copies
from desktop.store.closing import Wiped, centre_key, close_scopes, is_open, wiped
from desktop.store.copies import copies, is_due, make_copy
from desktop.store.engine import Connection, Store
from desktop.store.erased_copies import drop_asides, erased, forget_in_copies
from desktop.store.reads_road import COPIED_AT
from desktop.store.throttle import uptime
from domain.clock import Clock
from sync.blobs.shelf import Shelf
from sync.replica import node
from sync.replica.removal import Erased
from sync.troubles import Trouble

_log = logging.getLogger(__name__)

FIRST_S: Final = 60.0
"""How long after the start the first look is taken (seconds): a shift begins with calls, not with copying."""
LOOK_S: Final = 300.0
"""How often it is looked whether the newest backup is an hour old; also how soon a failed one is tried again."""
PAUSE_S: Final = 0.002
"""Rest between two megabytes, so that a save's own flush gets the disk."""


class Keeper:
    """Looks on a thread of its own. `made` waits for a fact of it: how many backups this run has verified."""

    def __init__(
        self,
        lane: StoreLane,
        store: Store,
        home: Home,
        clock: Clock,
        slipped: Callable[[], None],
        first_s: float = FIRST_S,
    ) -> None:
        self._lane, self._store, self._home, self._clock = lane, store, home, clock
        self._first_s = first_s
        self._shelf = Shelf(home.blobs)
        self._ending = threading.Event()
        self._counted = threading.Condition()
        self._verified = 0
        self._closed: set[str] = set()
        self._forgotten: set[Erased] = set()
        self._recounting = Recounting(lane, store.replica, clock, slipped, self._rest)
        self._thread = threading.Thread(target=self._look_on, name="backup-keeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End; a copy that is being written is given up and removed."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Block until so many backups were verified; False where the time ran out."""
        with self._counted:
            return self._counted.wait_for(lambda: self._verified >= count, timeout_s)

    def _look_on(self) -> None:
        wait = self._first_s
        while not self._ending.wait(wait):
            wait = LOOK_S
            try:
                self._look()
            except (_Ended, Closed):
                return
            except Trouble as trouble:
                _log.warning("no backup was made: %s", type(trouble).__name__)
            except Exception as fault:  # noqa: BLE001 - a bug in keeping backups must not end the keeping
                _log.error("no backup was made: %s", type(fault).__name__, exc_info=fault)

    def _look(self) -> None:
        self._lane.run(partial(lease.note, now=uptime()))
        if gone := self._lane.run(partial(drafts.let_expire, now=uptime())):
            _log.info("drafts past their term dropped=%d", gone)
        self.close_wiped()
        self.forget_erased()
        self._keep_copy()
        self._recounting.look()

    def _keep_copy(self) -> None:
        now = self._clock.now_ms()
        if not is_due(copies(self._home.backups), now):
            return
        made = make_copy(self._store, self._home.slots, self._home.backups, now, self._rest, self._shelf)
        self._lane.run(_mark(made.made_ms))
        _log.info("a backup of the desk was verified")
        with self._counted:
            self._verified += 1
            self._counted.notify_all()

    def close_wiped(self) -> None:
        """What left this desk is closed to the centre in the log and taken out of the backups. Raises Trouble."""
        found = [one for one in self._lane.read(self._wiped) if one.receipt not in self._closed]
        scopes = [one.scope for one in found]
        if not scopes:
            return
        if self._lane.read(lambda connection: is_open(connection, scopes)):
            self._lane.run(lambda connection: close_scopes(connection, scopes))
        key = self._lane.read(centre_key)
        if key is not None and close_in_copies(self._store, self._home.backups, scopes, key, self._rest):
            self._closed |= {one.receipt for one in found}

    def forget_erased(self) -> None:
        """What was erased for ever, or has left, is in no older copy of this store either. Raises Trouble."""
        gone = self._lane.read(erased)
        new = [one for one in gone if one not in self._forgotten]
        if new and forget_in_copies(self._store, self._home.backups, new, self._rest):
            self._forgotten |= set(new)
        scopes = [one.scope for one in self._lane.read(self._wiped)]
        drop_asides(self._store, self._home.backups, gone, scopes, self._clock.now_ms())

    def _wiped(self, connection: Connection) -> list[Wiped]:
        return wiped(connection, self._lane.seat.device)

    def _rest(self) -> None:
        if self._ending.wait(PAUSE_S):
            raise _Ended


class _Ended(Exception):
    """The desk closes while a copy is being written."""


def _mark(at_ms: int) -> Callable[[Connection], None]:
    return lambda connection: node.put_key(connection, COPIED_AT, str(at_ms))
