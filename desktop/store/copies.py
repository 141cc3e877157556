"""The desk's rolling backups: encrypted copies of its store, verified after writing, thinned only then."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher

from desktop.store.engine import Store, connect
from desktop.store.troubles import Damaged, translate
from domain.clock import HOUR, to_ms, vn_date
from sync import chain
from sync.blobs.seal import Broken, chunk_count, plan_of
from sync.blobs.shelf import Shelf
from sync.blobs.spare import Spare
from sync.disk import flush, flush_folder
from sync.replica.whole_file import remove

_log = logging.getLogger(__name__)

HOURLY: Final = 24
DAILY: Final = 14
SLOTS: Final = ".keyslots.json"

_NAME: Final = re.compile(r"store-([0-9]{8}T[0-9]{6})\.db")


@dataclass(frozen=True, slots=True)
class Copy:
    """One verified backup: the file and when it was made (UTC ms). Its name says nothing but the moment."""

    path: Path
    made_ms: int

    @property
    def slots(self) -> Path:
        """The wrapped store key as it was then: without it the copy opens to nobody."""
        return self.path.with_suffix(SLOTS)


@dataclass(frozen=True, slots=True)
class Proven:
    """What was found in a store that was opened and counted: whose it is, and how far its own chain goes."""

    device: str
    incarnation: int
    operations: int


def copies(folder: Path) -> list[Copy]:
    """The verified backups in a folder, newest first."""
    found = []
    for path in folder.glob("store-*.db"):
        match = _NAME.fullmatch(path.name)
        try:
            moment = datetime.strptime(match[1] if match else "", "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue  # a name that no backup of ours has, or of a day that there is not
        found.append(Copy(path, to_ms(moment)))
    return sorted(found, key=lambda one: one.made_ms, reverse=True)


def make_copy(
    store: Store,
    slots: Path,
    folder: Path,
    now_ms: int,
    step: Callable[[], None] | None = None,
    shelf: Shelf | None = None,
) -> Copy:
    """Copy an open store under its own key while it is written to, verify the copy, then thin the older ones.
    Chunks of attachments that no server has verified yet go along from the `shelf`: they are nowhere else.

    The copy reads one snapshot through a connection of its own, a megabyte at a time: a save never waits for it.
    `step` is called between two such parts. It has its name only when it was verified; without that the older
    ones all stay. Raises DiskFull, Damaged (the copy is removed), OSError.
    """
    moment = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m%dT%H%M%S")
    made = Copy(folder / f"store-{moment}.db", now_ms // 1000 * 1000)
    spare = Spare(folder)
    part = folder / f"writing-{os.getpid()}.db"
    remove(part)
    try:
        store.copy_to(part, step)
        flush(part)
        store.checked(part, prove)
        if slots.exists():
            shutil.copyfile(slots, made.slots)
            flush(made.slots)
        if shelf is not None:
            spared = spare.keep(made.path, store.checked(part, _only_here), shelf, step)
            if spared.absent or spared.damaged:
                _log.error("attachments not kept: absent=%d damaged=%d", spared.absent, spared.damaged)
        part.replace(made.path)
    except (sqlcipher.DatabaseError, OSError) as fault:
        raise (translate(fault) or fault) from None
    except Broken:
        raise Damaged from None
    finally:
        remove(part)
    flush_folder(folder)
    for old in superfluous(copies(folder)):
        remove(old.path)
        old.slots.unlink(missing_ok=True)
    spare.thin([one.path for one in copies(folder)])
    return made


def _only_here(path: Path, key: bytes) -> list[str]:
    """Names of the chunks in this copy of a store whose files only this desk has."""
    connection = connect(path, key, "query_only = ON")
    try:
        wanted = "SELECT size, chunks FROM blob_copy WHERE here = 1 AND centre_at IS NULL"
        rows = connection.execute(wanted).fetchall()
    finally:
        connection.close()
    plans = [plan_of(size, chunks, chunk_count(size)) for size, chunks in rows]
    return [name for plan in plans if plan is not None for name in plan.chunks]


def superfluous(held: Sequence[Copy]) -> list[Copy]:
    """Those that need not be kept: of 24 hours the newest of each, of 14 Vietnam days the newest of each stay."""
    hours: set[int] = set()
    days: set[object] = set()
    out: list[Copy] = []
    for one in sorted(held, key=lambda copy: copy.made_ms, reverse=True):
        hour, day = one.made_ms // HOUR, vn_date(one.made_ms)
        kept = False
        if hour not in hours and len(hours) < HOURLY:
            hours.add(hour)
            kept = True
        if day not in days and len(days) < DAILY:
            days.add(day)
            kept = True
        if not kept:
            out.append(one)
    return out


def is_due(held: Iterable[Copy], now_ms: int) -> bool:
    """Whether the newest copy is an hour old; one from the future (the clock was set back) counts as old."""
    return not any(0 <= now_ms - one.made_ms < HOUR for one in held)


def prove(path: Path, key: bytes) -> Proven:
    """Open a store that nobody writes to and count it: every page's seal, the structure, the own chains.

    Raises Damaged, WrongKey. Reads only.
    """
    try:
        connection = connect(path, key, "query_only = ON")
        try:
            return _proven(connection)
        finally:
            connection.close()
    except sqlcipher.DatabaseError as fault:
        raise (translate(fault) or Damaged()) from None


def _proven(connection: Any) -> Proven:
    if connection.execute("PRAGMA cipher_integrity_check").fetchone() is not None:
        raise Damaged
    if connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
        raise Damaged
    known = dict(connection.execute("SELECT key, value FROM node"))
    chains = connection.execute("SELECT device, incarnation, n, head FROM chain")
    heads = {(device, incarnation): (n, bytes(head)) for device, incarnation, n, head in chains}
    counted: dict[tuple[str, int], tuple[int, bytes]] = {}
    operations = 0
    rows = connection.execute(
        "SELECT device, incarnation, n, grp, salt, body, hash FROM log ORDER BY device, incarnation, n"
    )
    for device, incarnation, n, group, salt, body, kept in rows:
        before, head = counted.get((device, incarnation), (0, chain.GENESIS))
        if body is not None:
            sealed = chain.content_of(bytes(salt), bytes(body))
            head = chain.link_hash(head, device, incarnation, n, group, sealed)
        else:
            head = bytes(kept)
        if n != before + 1 or head != bytes(kept):
            raise Damaged
        counted[device, incarnation] = (n, head)
        operations += 1
    if counted != heads:
        raise Damaged
    return Proven(known.get("device", ""), int(known.get("incarnation", "1")), operations)
