"""One thread for the bytes of attachments on this desk: seals, opens, exports, asks for, sweeps what is left over."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from desktop.background.change_bus import BlobMoved, ChangeBus
from desktop.background.errand import Errand
from desktop.background.lanes import Closed, StoreLane
from desktop.store import blobs
from desktop.store.engine import Connection
from desktop.store.sealing import NotHere, SealedFile, export_sealed, open_sealed, seal_file
from desktop.store.troubles import NotFound, translate
from desktop.store.unit_of_work import Operation
from sync.blobs.seal import SECRET_BYTES
from sync.blobs.shelf import Shelf
from sync.replica import read
from sync.troubles import Trouble

_log = logging.getLogger(__name__)

MOST_SHOWN: Final = 64 << 20
"""Largest attachment (bytes) that is opened into memory to be shown; larger ones are exported."""
_JOIN_S: Final = 30.0

Done = Callable[[Any], None]
Failing = Callable[[Exception], None]

Attach = Callable[[SealedFile, str, str | None], Operation[Any]]
"""(sealed file, contact id, case id or None) → the operation that attaches it."""


class TooBigToShow(Trouble):
    """The attachment is larger than what is shown inside the program."""

    advice = "Tệp lớn nên không xem trong phần mềm được. Chị/anh bấm Xuất ra để mở bằng chương trình khác."


class BlobLane:
    """Takes jobs in order. Callbacks are bound methods, called on the GUI thread; what nobody takes goes to
    `bus.failed`. `queue_changed` is called (on the blob thread) after the queue of transfers may hold something
    else: the driver sets it. `policy`: "opened", "all" or "never" (settings)."""

    def __init__(
        self, shelf: Shelf, lane: StoreLane, bus: ChangeBus, attach: Attach, *, policy: str = "opened"
    ) -> None:
        self.shelf = shelf
        self.queue_changed: Callable[[], None] | None = None
        self.policy = policy
        self._lane = lane
        self._bus = bus
        self._attach_operation = attach
        self._jobs: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._open = True
        self._thread = threading.Thread(target=self._work_on, name="blob-lane", daemon=True)

    def start(self) -> None:
        """Begin, with a sweep of what a crash left over."""
        self._thread.start()
        self.sweep()

    def close(self) -> None:
        """Finish what was asked for, then end. Close it before the store lane."""
        if not self._open:
            return
        self._open = False
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    # ------------------------------------------------------------ what a person asks for

    def attach(self, path: Path, contact_id: str, case_id: str | None, done: Done, failed: Failing) -> None:
        """Seal a file and attach it to a dossier. `done` is given `operations.attachments.Attached` after COMMIT.
        Fails with CannotRead, TooBig, NotFound, DiskFull."""
        self._put(Errand(partial(self._attach, path, contact_id, case_id), done, failed))

    def open(
        self, record_id: str, done: Done, failed: Failing, shape: Callable[[bytes], Any] | None = None
    ) -> None:
        """Open an attachment into memory; `done` is given its bytes, or what `shape` makes of them here. Where they
        are not here they are asked for and it fails with NotHere; also NoKey, TooBigToShow, NotFound."""
        self._put(Errand(partial(self._opened, record_id, shape), done, failed))

    def export(self, record_id: str, target: Path, done: Done, failed: Failing) -> None:
        """Write an attachment out of the program; `done` is given the path. Fails as `open`, and CannotWrite."""
        self._put(Errand(partial(self._exported, record_id, target), done, failed))

    def opened_dossier(self, records: Sequence[str]) -> None:
        """A person opened a dossier that has these attachments: they are fetched, unless the policy is "never"."""
        if self.policy != "never" and records:
            self._put(Errand(partial(self._wish, tuple(records))))

    def ask_for(self, record_id: str) -> None:
        """A person wants this one, whatever the policy is."""
        self._put(Errand(partial(self._wish, (record_id,))))

    def sweep(self) -> None:
        """Remove chunks that no row means any more: left over by a crash, an erasing or a wiped scope."""
        self._put(Errand(self._sweep))

    # ------------------------------------------------------------ on the blob thread

    def _attach(self, path: Path, contact_id: str, case_id: str | None) -> Any:
        secret = self._lane.read(partial(_secret, contact_id=contact_id)) or os.urandom(SECRET_BYTES)
        sealed = seal_file(path, secret, self.shelf)
        attached = self._lane.call(self._attach_operation(sealed, contact_id, case_id), "attachments")
        self._changed(sealed.naming.blob)
        return attached

    def _found(self, record_id: str) -> blobs.Readable:
        found = self._lane.read(partial(blobs.readable, record_id=record_id))
        if found is None:
            raise NotFound
        return found

    def _opened(self, record_id: str, shape: Callable[[bytes], Any] | None) -> Any:
        found = self._found(record_id)
        if found.plan.size > MOST_SHOWN:
            raise TooBigToShow
        data = bytes(self._reading(record_id, found, partial(open_sealed, found, self.shelf)))
        return data if shape is None else shape(data)

    def _exported(self, record_id: str, target: Path) -> Path:
        found = self._found(record_id)
        self._reading(record_id, found, partial(export_sealed, found, self.shelf, target))
        return target

    def _reading(self, record_id: str, found: blobs.Readable, work: Callable[[], Any]) -> Any:
        blob, now = found.naming.blob if found.naming else "", self._lane.clock.now_ms()
        try:
            result = work()
        except NotHere:
            self._lane.run(partial(_asked_again, record_id=record_id, blob=blob, now_ms=now))
            self._changed(blob)
            raise
        self._lane.run(partial(blobs.used, blob=blob, now_ms=now))
        return result

    def _wish(self, records: tuple[str, ...]) -> None:
        now = self._lane.clock.now_ms()
        if self._lane.run(partial(blobs.wish, records=records, now_ms=now, urgent=True)):
            self._changed("")

    def _sweep(self) -> None:
        there = set(self.shelf.names())
        left_over = self._lane.read(partial(blobs.left_over, there=there))
        if left_over:
            _log.info("chunks left over: %d", len(left_over))
            self.shelf.drop(left_over)

    def _changed(self, blob: str) -> None:
        self._bus.blobs.emit(BlobMoved(blob, "", 0, 0, settled=True))
        if self.queue_changed is not None:
            self.queue_changed()

    # ------------------------------------------------------------ the thread

    def _put(self, errand: Errand) -> None:
        if not self._open:
            raise Closed
        self._jobs.put(errand)

    def _work_on(self) -> None:
        while (errand := self._jobs.get()) is not None:
            try:
                errand.outcome = errand.carry_out()
            except Closed:
                errand.wasted = True
            except Exception as fault:  # noqa: BLE001 - whatever a job raises must reach its caller
                errand.fault = _told(fault)
            self._bus.delivered.emit(errand)


def _told(fault: Exception) -> Exception:
    told = translate(fault) or fault
    if isinstance(told, Trouble):
        _log.warning("attachments met a trouble: %s", type(told).__name__)
    else:
        _log.error("attachments failed: %s", type(fault).__name__)
    return told


def _secret(connection: Connection, contact_id: str) -> bytes | None:
    contact = read.one(connection, "contact", contact_id)
    if contact is None:
        raise NotFound
    return next(iter(blobs.secrets_of(connection, contact.scope)), None)


def _asked_again(connection: Connection, record_id: str, blob: str, now_ms: int) -> None:
    """The copy that was thought to be here is not whole. What was never sent is not thrown away by this: its row
    stays to be sent, and its sending finds what is missing."""
    for row in blobs.transfers(connection):
        if row.blob == blob and row.want.value == "up":
            return
    blobs.spoilt_here(connection, blob)
    blobs.wish(connection, [record_id], now_ms, urgent=True)
