"""Going on from a backup: what the damaged store still gives is carried over, and the desk gets a new incarnation."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection

from desktop.home import Home
from desktop.store import blobs
from desktop.store.copies import Copy, prove
from desktop.store.engine import connect, copy_aside, open_store
from desktop.store.identity import DEVICE
from desktop.store.rotation import rekey
from desktop.store.schema import draft
from sync import chain
from sync.blobs.shelf import Shelf
from sync.blobs.spare import Spare
from sync.disk import flush, flush_folder
from sync.operation import Placed
from sync.replica import node, own_chains, sql
from sync.replica.replica import Identity, Replica
from sync.replica.whole_file import remove


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of it: own operations that were in the backup, those the damaged store still gave beyond it, and
    whether it could be read to its end. `aside` is where the damaged file lies now. `files`: attachments put in
    after the backup that are sent from here as before; `files_lost`: chunks that are nowhere whole any more."""

    in_backup: int
    salvaged: int
    drafts: int
    read_to_the_end: bool
    aside: Path | None
    files: int = 0
    files_lost: int = 0


def recover(home: Home, copy: Copy, copy_key: bytes, now_ms: int, store_key: bytes | None = None) -> Recovered:
    """Put a backup in the store's place. The desk must be closed. Nothing is deleted. `store_key`: the key of the
    damaged store and of what is made now, where it was changed since the backup.

    Operations and drafts written after the backup are read from the damaged store as far as it can be read: an
    operation whose hash continues the chain keeps its number, one behind a gap goes under the new incarnation.
    The new incarnation makes the server send back what this desk wrote and the backup lacks (own operations are
    left out by device and incarnation), and lets what was not yet sent go out under its old number. Raises
    Damaged or WrongKey (of the backup; nothing is changed then), DiskFull, OSError.
    """
    key = store_key or copy_key
    proven = prove(copy.path, copy_key)
    shelf = Shelf(home.blobs)
    given = Spare(copy.path.parent).give_back(copy.path, shelf)
    new = home.db.with_name("restoring.db")
    remove(new)
    copy_aside(copy.path, copy_key, new)
    if key != copy_key:
        rekey(new, copy_key, key)
    store = open_store(new, key)
    try:
        with store.write() as connection:
            found = _carry_over(connection, store.replica, home.db, key)
            files = blobs.adopt(connection, shelf.has, now_ms)
            connection.commit()
    finally:
        store.close()
    flush(new)
    aside = _put_aside(home, now_ms)
    new.replace(home.db)
    remove(new)
    if copy.slots.exists() and not _readable(home.slots):
        shutil.copyfile(copy.slots, home.slots)
        flush(home.slots)
    flush_folder(home.root)
    return Recovered(proven.operations, found.operations, found.drafts, found.whole, aside, files, given.lost)


@dataclass(slots=True)
class _Found:
    operations: int = 0
    drafts: int = 0
    whole: bool = True


def _carry_over(connection: Connection, replica: Replica, damaged: Path, key: bytes) -> _Found:
    me = Identity(node.get(connection, DEVICE), int(node.get(connection, own_chains.INCARNATION, "1")))
    found = _Found()
    after = node.feed(connection)
    rows, found.whole = _rows_beyond(damaged, key, after)
    n, head = replica.head(connection, me)
    going_on: list[Placed] = []
    rest: list[Placed] = []
    for device, incarnation, number, group, salt, body, kept in rows:
        one = Placed(device, incarnation, number, group, bytes(salt), bytes(body))
        (hash_,) = chain.advance(head, [one])
        if not rest and (device, incarnation, number) == (me.device, me.incarnation, n + 1) and hash_ == bytes(kept):
            going_on.append(one)
            n, head = number, hash_
        elif device == me.device:
            rest.append(one)
    # An act that was cut off half-way goes under the new incarnation too: no batch ends inside a group.
    while going_on and going_on[-1].group > n:
        cut = going_on.pop()
        n = cut.n - 1
        rest.insert(0, cut)
    for part in (going_on, rest):
        if part:
            replica.receive(connection, part)
    replica.replace(connection, going_on)
    renamed = Identity(me.device, own_chains.rename(connection, n))
    replica.replace(connection, _anew(rest, renamed))
    found.operations = len(going_on) + len(rest)
    found.drafts = _drafts(connection, damaged, key)
    return found


def _anew(rest: list[Placed], me: Identity) -> list[Placed]:
    """The same bytes under numbers from 1; operations of one old group that follow each other stay one group."""
    ends: list[int] = []
    for index, one in enumerate(rest):
        end = index
        while end + 1 < len(rest) and _of_one_act(rest[end + 1], one):
            end += 1
        ends.append(end + 1)
    return [
        Placed(me.device, me.incarnation, index, end, one.salt, one.body)
        for index, (one, end) in enumerate(zip(rest, ends, strict=True), start=1)
    ]


def _of_one_act(one: Placed, other: Placed) -> bool:
    return (one.incarnation, one.group) == (other.incarnation, other.group)


def _rows_beyond(damaged: Path, key: bytes, after: int) -> tuple[list[Any], bool]:
    """Own operations whose commit number lies beyond the backup's, and whether the file gave all of them.

    Read one by one by their number, so that one damaged page costs what lies on it and no more.
    """
    if not damaged.exists():
        return [], False
    try:
        connection = connect(damaged, key, "query_only = ON")
    except sqlcipher.DatabaseError:
        return [], False
    try:
        last = _last(connection)
        found: list[Any] = []
        for seq in range(after + 1, last + 1):
            row = _one(
                connection, "SELECT device, incarnation, n, grp, salt, body, hash FROM log WHERE seq = ?", seq
            )
            if row is not None and row[5] is not None:
                found.append(row)
        return found, last > 0 and len(found) == last - after
    finally:
        connection.close()


def _last(connection: Any) -> int:
    counter = "SELECT CAST(value AS INTEGER) FROM node WHERE key = ?"
    for statement in (counter, "SELECT max(seq) FROM log WHERE ? <> ''"):
        row = _one(connection, statement, node.FEED)
        if row is not None and row[0] is not None:
            return int(row[0])
    return 0


def _one(connection: Any, statement: str, value: Any) -> Any:
    try:
        return connection.execute(statement, (value,)).fetchone()
    except sqlcipher.DatabaseError:
        return None


def _drafts(connection: Connection, damaged: Path, key: bytes) -> int:
    """Forms begun or gone on with after the backup: the words in them are nowhere else."""
    newest = connection.exec_driver_sql("SELECT max(saved_at) FROM draft").scalar_one() or 0
    if not damaged.exists():
        return 0
    names = [column.name for column in draft.columns]
    try:
        door = connect(damaged, key, "query_only = ON")
    except sqlcipher.DatabaseError:
        return 0
    try:
        found = door.execute("SELECT * FROM draft WHERE saved_at > ?", (newest,))
        there = [column[0] for column in found.description]
        rows = [dict(zip(there, row, strict=True)) for row in found]
    except sqlcipher.DatabaseError:
        return 0
    finally:
        door.close()
    sql.upsert_many(connection, draft, [tuple(row.get(name) for name in names) for row in rows])
    return len(rows)


def _put_aside(home: Home, now_ms: int) -> Path | None:
    if not home.db.exists():
        return None
    home.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    moment = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m%dT%H%M%S")
    aside = home.backups / f"damaged-{moment}-{secrets.token_hex(2)}.db"
    # A second name first, so that at no moment the desk looks new; the log beside it must not meet the new file.
    os.link(home.db, aside)
    for ending in ("-wal", "-shm"):
        beside = home.db.with_name(home.db.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside


def _readable(slots: Path) -> bool:
    return slots.exists() and slots.stat().st_size > 0
