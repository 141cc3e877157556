"""Bytes of attachments at the centre: who may send and fetch them, and when they count as whole."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final

from server.operations.centre import HUB, ROLE, BlobsAbove, Centre
from server.operations.refusals import Refusal, bad_message, busy
from server.operations.sessions import Session
from server.store import attachments, erased_bytes, granted, hub_blobs, hubs
from server.store.attachments import Described
from server.store.engine import Connection
from sync import door
from sync.blobs import shelf as shelves
from sync.blobs.seal import Broken
from sync.blobs.signals import Erased, Spoilt
from sync.replica import scopes
from sync.troubles import Trouble

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


@dataclass(frozen=True, slots=True)
class Beyond:
    """A blob whose attachment a hub does not know, or no more since its dossier was passed on: the centre decides who
    may send it, and takes its bytes through the hub."""

    above: BlobsAbove


def role_of(centre: Centre) -> str:
    """In which role it serves; a server that has roles says its own. A hub's word never passes for the centre's."""
    return str(getattr(centre, "role", ROLE))


def unknown_blob() -> Refusal:
    """No such blob, or none that the asker may know of: one answer for both."""
    return Refusal(404, "unknown_blob")


def erased_blob() -> Refusal:
    """The attachment was erased; told only to one who wrote it."""
    return Refusal(404, door.ERASED)


def to_send(centre: Centre, session: Session, record: str) -> Described | Beyond:
    """The blob that the asker may send: it sees the attachment, or it wrote it itself, also where that operation is
    held; a hub for any of its desks. Raises Refusal (404)."""
    above = None if centre.uplink is None else centre.uplink.blobs

    def work(connection: Connection) -> Described | Beyond | None:
        devices = [session.device.id]
        if session.hub:
            devices = [one.id for one in hubs.desks_of(connection, session.device.centre)]
        found = attachments.described(connection, record)
        if found is None:
            held = (attachments.waiting_of(connection, record, device) for device in devices)
            mine = next((one for one in held if one is not None), None)
            return missing(connection, devices) if mine is None else mine
        return found if _sees(connection, session, found) or wrote(connection, devices) else None

    def wrote(connection: Connection, devices: list[str]) -> bool:
        return any(attachments.is_author(connection, record, device) for device in devices)

    def missing(connection: Connection, devices: list[str]) -> Described | Beyond | None:
        author = wrote(connection, devices)
        if author and attachments.is_erased(connection, record):
            raise erased_blob()
        if above is None or attachments.is_held(connection, record):
            return None
        if author and (found := hub_blobs.going_up(connection, record)) is not None:
            return found
        return Beyond(above)

    sent = centre.read(work)
    if sent is None:
        raise unknown_blob()
    return sent


def to_fetch(centre: Centre, session: Session, record: str) -> Described:
    """The blob that the asker may fetch: it sees the attachment, exactly as by `answer_scope`. Raises Refusal
    (404)."""

    def work(connection: Connection) -> Described | None:
        found = attachments.described(connection, record)
        return found if found is not None and _sees(connection, session, found) else None

    found = centre.read(work)
    if found is None:
        raise unknown_blob()
    return found


def offer(centre: Centre, record: str, found: Described | Beyond, sealed: int) -> Standing:
    """What is here of a blob, each chunk read and checked: a whole answer is this server's word. A hub gives the
    centre's only where the centre itself has just said so. `sealed`: bytes that the asker has of it. Raises Refusal
    (400 where it is of another length, 404)."""
    if isinstance(found, Beyond):
        return _above(found, record, sealed)
    plan = found.plan
    if plan.sealed != sealed:
        raise bad_message()
    here = Standing(shelves.verified_offset(centre.blobs, plan), plan.sealed, role_of(centre))
    above = centre.uplink
    if here.offset < plan.sealed or above is None:
        return here
    above.blobs.came_whole(record, found)
    return Standing(here.offset, here.length, ROLE) if above.blobs.at_centre(record, found) else here


def standing(centre: Centre, found: Described | Beyond) -> Standing:
    """What is here of a blob, by its files. Raises Refusal (404) where that is only known above."""
    if isinstance(found, Beyond):
        raise unknown_blob()
    return Standing(shelves.offset_of(centre.blobs, found.plan), found.plan.sealed, role_of(centre))


def _above(found: Beyond, record: str, sealed: int) -> Standing:
    try:
        there = found.above.offer_above(record, sealed)
    except Trouble as trouble:
        raise _refused(trouble) from trouble
    return Standing(there.offset, sealed, ROLE if there.centre else HUB)


def _sent_above(found: Beyond, record: str, offset: int, data: bytes) -> Standing:
    try:
        reached = found.above.send_above(record, offset, data)
    except Spoilt as spoilt:
        raise Refusal(460, "checksum", n=offset) from spoilt
    except Trouble as trouble:
        raise _refused(trouble) from trouble
    return Standing(reached, max(reached, offset + len(data)), HUB)


def _refused(trouble: Trouble) -> Refusal:
    """A line that is down is no reason to keep the asker's other bytes waiting: it asks after this blob later."""
    return erased_blob() if isinstance(trouble, Erased) else unknown_blob()


def take(
    centre: Centre, record: str, found: Described | Beyond, offset: int, data: bytes, checksum: bytes
) -> Standing:
    """Bytes of the sealed whole; durable when this returns. `checksum` is their SHA-256.

    Raises Refusal: 460 checksum (they were altered on their way, or a chunk is not of its name), 409 offset, 413
    too_large, 503 busy for a disk without room; `n` is the offset from which to go on. 404 where the attachment was
    erased meanwhile: nothing of it stays.
    """
    if isinstance(found, Beyond):
        if sha256(data).digest() != checksum:
            raise Refusal(460, "checksum", n=offset)
        return _sent_above(found, record, offset, data)
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
    if here >= plan.sealed and centre.uplink is not None and not _is_erased(centre, record):
        centre.uplink.blobs.came_whole(record, found)
    _goes_if_gone(centre, record, found)
    return Standing(here, plan.sealed, role_of(centre))


def put(centre: Centre, record: str, found: Described, index: int, sealed: bytes) -> None:
    """One whole chunk, brought otherwise than by a line; durable when this returns. Raises Refusal (460 where it is
    not the chunk that its attachment names there, 503 for a disk without room, 404 where it was erased meanwhile)."""
    if not 0 <= index < len(found.plan.chunks):
        raise Refusal(460, "checksum")
    if shutil.disk_usage(centre.blobs.root).free < RESERVE:
        raise busy(_FULL_MS)
    try:
        centre.blobs.put(found.plan.chunks[index], sealed)
    except Broken as broken:
        raise Refusal(460, "checksum") from broken
    _goes_if_gone(centre, record, found)


def _is_erased(centre: Centre, record: str) -> bool:
    return centre.read(partial(attachments.is_erased, record=record))


def _goes_if_gone(centre: Centre, record: str, found: Described) -> None:
    """Whoever erases or wipes drops the bytes that are there: what came in that very moment is dropped by whoever
    brought it. Raises Refusal (404) where it was erased."""

    def named(connection: Connection) -> set[str]:
        return {name for one in attachments.naming(connection, found.blob) for name in one.plan.chunks}

    if _is_erased(centre, record):
        centre.blobs.drop(set(found.plan.chunks) - centre.read(named))
        raise erased_blob()
    held = partial(attachments.is_held, record=record)
    if centre.uplink is not None and not centre.read(named) and not centre.read(held):
        centre.uplink.blobs.attachments_went()


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
