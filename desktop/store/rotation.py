"""A new key for the whole store: who signs in changes it for everybody; a change cut off is finished later."""

from __future__ import annotations

from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher

from desktop.store.engine import connect
from desktop.store.keys import KeySlots, Opened
from desktop.store.troubles import translate


def store_key(slots: KeySlots, db: Path, opened: Opened) -> bytes:
    """The key that opens the store now; changed before, where somebody was removed or a change was cut off. The
    store must be closed. Raises WrongKey, DiskFull, Damaged."""
    if opened.previous is not None:
        _bring(db, opened.previous, opened.key)
        slots.end_rotation(opened.key)
        return opened.key
    if not slots.must_rotate() or not db.exists():
        return opened.key
    new = slots.begin_rotation(opened.key)
    _bring(db, opened.key, new)
    slots.end_rotation(new)
    return new


def rekey(db: Path, old: bytes, new: bytes) -> None:
    """Encrypt a closed store anew, in one transaction: killed half-way it opens with the old key. Raises WrongKey."""
    try:
        connection = connect(db, old)
        try:
            # Not through the write-ahead log: it holds frames under the old key.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA rekey = \"x'{new.hex()}'\"")
        finally:
            connection.close()
        connect(db, new).close()
    except sqlcipher.DatabaseError as fault:
        raise (translate(fault) or fault) from None


def _bring(db: Path, old: bytes, new: bytes) -> None:
    try:
        connect(db, new).close()
    except sqlcipher.DatabaseError:
        rekey(db, old, new)
