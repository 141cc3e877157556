"""Backups of the desk that hold what has left it: each is written anew without it, verified, and put in its place."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from desktop.store.closing import OPEN, listed
from desktop.store.copies import Copy, copies, prove
from desktop.store.engine import Connection, Store, connect, copy_aside, open_store
from desktop.store.troubles import translate
from desktop.store.versions import VERSION_KEY
from sync.disk import flush, flush_folder
from sync.operation import CLOSED
from sync.replica import removal
from sync.replica.node import STORE_VERSION
from sync.replica.replica import Replica
from sync.replica.whole_file import remove

_log = logging.getLogger(__name__)

_ROWS: Final = "SELECT 1 FROM digest WHERE scope IN (SELECT value FROM json_each(?)) AND count > 0 LIMIT 1"


def close_in_copies(
    store: Store, folder: Path, scopes: Sequence[str], key: X25519PublicKey, step: Callable[[], None]
) -> bool:
    """Take these scopes out of every backup, own words of them closed; each is written anew beside and verified
    before it takes the old one's place. Answers whether none is left that holds them. One that this key or this
    program's tables do not fit goes where a newer one is there.

    Raises DiskFull, Damaged, OSError.
    """
    held, clean = copies(folder), True
    for place, copy in enumerate(held):
        step()
        try:
            holds = store.checked(copy.path, lambda path, secret: _holds(path, secret, scopes))
        except sqlcipher.DatabaseError:
            holds = None
        if holds is None:
            clean = clean and place > 0
            if place > 0:
                drop(copy)
        elif holds:
            rewrite(store, copy, lambda connection, replica: _close(connection, replica, scopes, key), step)
    if held:
        flush_folder(folder)
    return clean


def _holds(path: Path, secret: bytes, scopes: Sequence[str]) -> bool | None:
    """Whether a copy holds rows or open words of these scopes; None where its tables are an older program's."""
    connection = connect(path, secret, "query_only = ON")
    try:
        asked = listed(scopes)
        rows = connection.execute(_ROWS, (asked,)).fetchone()
        found = rows or connection.execute(OPEN, (asked, CLOSED, CLOSED)).fetchone()
        today = is_of_today(connection)
    finally:
        connection.close()
    if found is None:
        return False
    return True if today else None


def is_of_today(connection: Any) -> bool:
    """Whether a bare connection's tables are those of this program."""
    row = connection.execute("SELECT value FROM node WHERE key = ?", (VERSION_KEY,)).fetchone()
    return row is not None and int(row[0]) == STORE_VERSION


def rewrite(
    store: Store, copy: Copy, change: Callable[[Connection, Replica], None], step: Callable[[], None]
) -> None:
    """Write a backup anew with this change in it, verify it, and put it in its place. Raises DiskFull, Damaged,
    OSError."""
    part = copy.path.with_name(f"closing-{os.getpid()}.db")
    remove(part)
    try:
        store.checked(copy.path, lambda path, secret: _changed(path, secret, part, change, step))
        flush(part)
        store.checked(part, prove)
        part.replace(copy.path)
    except (sqlcipher.DatabaseError, OSError) as fault:
        raise (translate(fault) or fault) from None
    finally:
        remove(part)
    _log.info("a backup was written anew without what was withdrawn")


def _changed(
    path: Path, secret: bytes, part: Path, change: Callable[[Connection, Replica], None], step: Callable[[], None]
) -> None:
    copy_aside(path, secret, part, step)
    opened = open_store(part, secret)  # secure_delete: what is taken out is overwritten
    try:
        with opened.write() as connection:
            change(connection, opened.replica)
            connection.commit()
    finally:
        opened.close()


def _close(connection: Connection, replica: Replica, scopes: Sequence[str], key: X25519PublicKey) -> None:
    for scope in scopes:
        replica.wipe(connection, scope)
        removal.close_log(connection, scope, key)


def drop(copy: Copy) -> None:
    """Remove a backup that cannot be written anew."""
    remove(copy.path)
    copy.slots.unlink(missing_ok=True)
    _log.warning("an older backup that could not be written anew was removed")
