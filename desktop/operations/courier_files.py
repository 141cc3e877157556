"""Files on the stick: what this desk still has to send of attachments, beside the words and never in their way."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from desktop.store import blobs
from desktop.store.engine import Connection
from sync.blobs.seal import Broken, Plan
from sync.blobs.shelf import Shelf
from sync.blobs.signals import Transfer, Want
from sync.courier.letters import Chunk, Opening
from sync.courier.troubles import StickFull
from sync.courier.volumes import VolumeWriter
from sync.replica.ledger import Runner

ROOM_LEFT: Final = 32 << 20
"""Bytes of the stick that files leave free: the centre's reply comes back on it."""
_LETTER_BYTES: Final = 1 << 10
"""What a chunk takes on the stick besides itself (bytes, at most)."""


def unsent(connection: Connection) -> list[tuple[Transfer, Plan]]:
    """Files that only this desk is known to have, in the order in which they wait."""
    found = []
    for one in blobs.transfers(connection):
        plan = blobs.plan(connection, one.blob) if one.want is Want.UP else None
        if plan is not None:
            found.append((one, plan))
    return found


def write(read: Runner, shelf: Shelf, writer: VolumeWriter, opening: Opening, folder: Path) -> int:
    """Write as many whole files as the stick has room for, in a bundle of their own: what the words need is on it
    already. Answers how many. A stick that is full after all holds none of them, and all of the words."""
    room = shutil.disk_usage(folder).free - ROOM_LEFT
    count = 0
    try:
        with writer:
            for one, plan in read(unsent):
                size = plan.sealed + _LETTER_BYTES * len(plan.chunks)
                if size <= room and _write_one(shelf, writer, opening, one, plan):
                    room -= size
                    count += 1
            if count:
                writer.finish()
    except StickFull:
        return 0
    return count


def _write_one(shelf: Shelf, writer: VolumeWriter, opening: Opening, one: Transfer, plan: Plan) -> bool:
    if not all(map(shelf.has, plan.chunks)):
        return False
    for index, name in enumerate(plan.chunks):
        try:
            sealed = shelf.verified(name)
        except (FileNotFoundError, Broken):
            return False  # the line's own sending finds that out, and asks the centre for it
        letter = Chunk(
            bundle=opening.bundle,
            device=opening.device,
            incarnation=opening.incarnation,
            record=one.record,
            index=index,
        )
        writer.add(letter, sealed)
    return True


def arrived(read: Runner, run: Runner, shelf: Shelf | None, records: Iterable[str], now_ms: int) -> int:
    """The national centre says that it has every chunk of these attachments; answers how many of them were waited
    for here. A copy that stayed only for that, since its dossier has left this desk, goes."""
    wanted = frozenset(records)

    def work(connection: Connection) -> list[Plan]:
        found = [(one, plan) for one, plan in unsent(connection) if one.record in wanted]
        for one, _ in found:
            blobs.at_centre(connection, one.blob, now_ms)
        return [plan for _, plan in found]

    came = run(work) if wanted else []
    names = {name for plan in came for name in plan.chunks}
    if names and shelf is not None:
        shelf.drop(read(lambda connection: blobs.left_over(connection, names)))
    return len(came)
