"""The one bus by which the GUI thread hears what changed; made and owned by the GUI thread (law 3)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot
from shiboken6 import isValid

from desktop.background.errand import Errand

_log = logging.getLogger(__name__)


class Origin(StrEnum):
    """Where a change was made."""

    HERE = "here"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Changes:
    """Records changed by one committed transaction: ids by kind. `initiator` is what the submitter named."""

    origin: Origin
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    initiator: str = ""


class RoadState(StrEnum):
    """The road in one word.

    settled: everything saved here is at the centre. waiting: something is still to be sent. sending: it is
    being sent. offline: the centre cannot be reached. signed_out: the centre does not know this desk.
    unapproved: it is enrolled, and no shift leader has let it in yet.
    held: everything arrived, but something lies held until what it misses arrives.
    """

    SETTLED = "settled"
    WAITING = "waiting"
    SENDING = "sending"
    OFFLINE = "offline"
    SIGNED_OUT = "signed_out"
    UNAPPROVED = "unapproved"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class RoadStatus:
    """What a person may know of the road: operations saved here, at the centre, waiting; times in UTC ms.

    `at_hub` is None where the desk speaks to the centre itself; else `waiting` and `equal` are about the hub.
    `equal` is True only while the last comparison found equal digests and nothing waits; None before any.
    `filling` is one sentence while a new desk fetches what its centre has, else empty. `servers` are the addresses
    this desk may speak to, best first, `server` is the present one, `centre` the lineage of the national centre as it
    was last met (empty: not yet).
    """

    state: RoadState = RoadState.WAITING
    saved_here: int = 0
    at_centre: int = 0
    waiting: int = 0
    line_down_since_ms: int | None = None
    equal_at_ms: int | None = None
    equal: bool | None = None
    advice: str = ""
    last_contact_ms: int | None = None
    held: int = 0
    filling: str = ""
    at_hub: int | None = None
    servers: tuple[str, ...] = ()
    server: str = ""
    centre: str = ""


@dataclass(frozen=True, slots=True)
class BlobMoved:
    """Bytes of an attachment travelled, or its copy here changed: `done` of `sealed` bytes, `want` as in the queue
    (up, down, let_go). `settled` when the queue holds something else now; `advice` where it stands still."""

    blob: str
    want: str
    done: int
    sealed: int
    settled: bool = False
    advice: str = ""


class ChangeBus(QObject):
    """Workers emit, screens connect bound methods. `failed` carries what nobody else took, `blobs` says how
    attachments' bytes travel (BlobMoved). `revoked` (since when, UTC ms) and `parted` are the end of this desk
    (`desktop.background.parting`).

    `delivered` is internal: an errand that a lane is through with, which the GUI thread empties.
    """

    changed: Final = Signal(object)
    road: Final = Signal(object)
    failed: Final = Signal(object)
    delivered: Final = Signal(object)
    blobs: Final = Signal(object)
    revoked: Final = Signal(object)
    parted: Final = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.delivered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def is_own_thread(self) -> bool:
        """Whether the caller runs on the GUI thread."""
        return bool(QThread.currentThread() == self.thread())

    @Slot(object)
    def _deliver(self, errand: Errand) -> None:
        callback, payload = errand.empty()
        if callback is None:
            if isinstance(payload, Exception):
                self.failed.emit(payload)
            return
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, QObject) and not isValid(owner):
            _log.info("an answer came after its screen was closed")
            return
        callback(payload)
