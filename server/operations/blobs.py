"""Bytes of attachments at the centre: who may send and fetch them, and when they count as whole."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final

from server.operations.centre import ROLE, Centre
from server.operations.refusals import Refusal, busy
from server.operations.sessions import Session
from server.store import attachments, erased_bytes, granted, hubs
from server.store.attachments import Described
from server.store.engine import Connection
from sync.blobs import shelf as shelves
from sync.blobs.seal import Broken, Plan
from sync.replica import scopes

RESERVE: Final = 512 << 20
"""Free bytes that stay on the disk for text: below, no more of any blob is taken."""
_FULL_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a blob is here without a gap, of how much (bytes of the sealed whole), and in which role this
    server says so."""

    offset: int
    length: int
    held_by: str


def role_of(centre: Centre) -> str:
    """In which role it serves; a server that has roles says its own. A hub's word never passes for the centre's."""
    return str(getattr(centre, "role", ROLE))


def unknown_blob() -> Refusal:
    """No such blob, or none that the asker may know of: one answer for both."""
    return Refusal(404, "unknown_blob")


def to_send(centre: Centre, session: Session, record: str) -> Described:
    """The blob that the asker may send: it sees the attachment, or it wrote it itself, also where that operation is
    held; a hub for any of its desks. Raises Refusal (404)."""

    def work(connection: Connection) -> Described | None:
        devices = [session.device.id]
        if session.hub:
            devices = [one.id for one in hubs.desks_of(connection, session.device.centre)]
        found = attachments.described(connection, record)
        if found is None:
            held = (attachments.waiting_of(connection, record, device) for device in devices)
            return next((one for one in held if one is not None), None)
        if _sees(connection, session, found) or any(
            attachments.is_author(connection, record, device) for device in devices
        ):
            return found
        return None

    return _known(centre.read(work))


def to_fetch(centre: Centre, session: Session, record: str) -> Described:
    """The blob that the asker may fetch: it sees the attachment, exactly as by `answer_scope`. Raises Refusal
    (404)."""

    def work(connection: Connection) -> Described | None:
        found = attachments.described(connection, record)
        return found if found is not None and _sees(connection, session, found) else None

    return _known(centre.read(work))


def offer(centre: Centre, record: str, found: Described) -> Standing:
    """What is here of a blob, each chunk read and checked: a whole answer is this server's word. A hub gives the
    centre's only where the centre itself has just said so."""
    plan = found.plan
    here = Standing(shelves.verified_offset(centre.blobs, plan), plan.sealed, role_of(centre))
    above = centre.uplink
    if here.offset < plan.sealed or above is None:
        return here
    above.blobs.came_whole(record, found)
    return Standing(here.offset, here.length, ROLE) if above.blobs.at_centre(record, found) else here


def standing(centre: Centre, plan: Plan) -> Standing:
    """What is here of a blob, by its files."""
    return Standing(shelves.offset_of(centre.blobs, plan), plan.sealed, role_of(centre))


def take(
    centre: Centre, record: str, found: Described, offset: int, data: bytes, checksum: bytes
) -> Standing:
    """Bytes of the sealed whole; durable when this returns. `checksum` is their SHA-256.

    Raises Refusal: 460 checksum (they were altered on their way, or a chunk is not of its name), 409 offset, 413
    too_large, 503 busy for a disk without room; `n` is the offset from which to go on.
    """
    plan = found.plan
    here = shelves.offset_of(centre.blobs, plan)
    if sha256(data).digest() != checksum:
        raise Refusal(460, "checksum", n=here)
    if offset != here:
        raise Refusal(409, "offset", n=here)
    if offset + len(data) > plan.sealed:
        raise Refusal(413, "too_large", n=here)
    if shutil.disk_usage(centre.blobs.root).free < RESERVE:
        raise busy(_FULL_MS)
    try:
        here = shelves.take(centre.blobs, plan, offset, data)
    except Broken as broken:
        raise Refusal(460, "checksum", n=shelves.offset_of(centre.blobs, plan)) from broken
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise busy(_FULL_MS) from fault
        raise
    if here >= plan.sealed and centre.uplink is not None:
        centre.uplink.blobs.came_whole(record, found)
    return Standing(here, plan.sealed, role_of(centre))


def give(centre: Centre, record: str, found: Described, start: int, count: int) -> bytes:
    """Bytes of the sealed whole, at most to the end of the chunk they begin in. Raises Refusal (404) where they
    are not here (yet, or no more whole); a hub fetches them then, and the asker finds them when it asks again."""
    try:
        return shelves.slice_of(centre.blobs, found.plan, start, count)
    except (FileNotFoundError, Broken) as missing:
        if centre.uplink is not None:
            centre.uplink.blobs.wanted(record, found)
        raise unknown_blob() from missing


def finish_erasing(centre: Centre) -> None:
    """Remove the bytes of erased attachments, unless another attachment names the same blob. Call it after the
    erasing is committed and whenever the centre begins to serve: asking again is harmless."""
    for blob, chunks in centre.read(erased_bytes.due).items():
        centre.blobs.drop(chunks)
        centre.lane.do(partial(erased_bytes.gone, blob=blob))


def _sees(connection: Connection, session: Session, found: Described) -> bool:
    device = session.device
    if session.hub:
        return hubs.may_see(connection, found.scope, device.centre)
    home = scopes.homes(connection, [found.scope]).get(found.scope)
    return home in granted.audiences_of(connection, device.id, device.centre) or bool(
        granted.granted_among(connection, device.id, [found.scope])
    )


def _known(found: Described | None) -> Described:
    if found is None:
        raise unknown_blob()
    return found
