"""Chunks of attached files that came by stick: taken by the rules of the line, and told of in the reply."""

from __future__ import annotations

from enum import Enum, auto

from server.operations import blobs
from server.operations.centre import HUB, Centre
from server.operations.refusals import Refusal
from server.operations.sessions import Session
from server.store import attachments, courier, hub_blobs, newcomers
from server.store.accounts import Device
from server.store.attachments import Described
from server.store.engine import Connection
from sync import door
from sync.blobs import shelf as shelves
from sync.courier.letters import Chunk


class Became(Enum):
    """What became of a chunk: taken, while others of its file are missing or with which it is whole; not taken yet,
    since its record has not come, its desk is shut out or the disk is full; not what its record names; erased."""

    PART = auto()
    WHOLE = auto()
    WAITS = auto()
    REFUSED = auto()
    GONE = auto()


def put(centre: Centre, device: Device, letter: Chunk, sealed: bytes) -> Became:
    """A chunk from a device that signed it: only where it may send this file, and only what its record names. Raises
    StoreUnavailable."""
    if device.revoked_at is not None or centre.read(lambda c: newcomers.waits(c, device.id)):
        return Became.WAITS
    try:
        of = blobs.to_send(centre, Session(device, letter.incarnation, 0), letter.record)
        if not isinstance(of, Described):
            return Became.WAITS
        blobs.put(centre, letter.record, of, letter.index, sealed)
    except Refusal as refused:
        if refused.code == door.ERASED:
            return Became.GONE
        return Became.REFUSED if refused.status == 460 else Became.WAITS
    if shelves.offset_of(centre.blobs, of.plan) < of.plan.sealed:
        return Became.PART
    centre.lane.do(lambda c: _came_whole(c, centre, device.id, letter.record, of))
    return Became.WHOLE


def _came_whole(connection: Connection, centre: Centre, device: str, record: str, of: Described) -> None:
    courier.file_came(connection, device, record)
    if centre.role == HUB:
        hub_blobs.came_whole(connection, record, of, centre.now_ms())


def whole(centre: Centre, connection: Connection, device: str) -> list[str]:
    """Attachments that sticks of this device brought bytes of and that are here chunk for chunk, each verified. A hub
    says nothing of files: its word never passes for the centre's."""
    found = []
    for record in courier.files_of(connection, device) if centre.role != HUB else ():
        of = attachments.described(connection, record)
        if of is not None and shelves.verified_offset(centre.blobs, of.plan) >= of.plan.sealed:
            found.append(record)
    return found
