"""Backups of the desk that hold what was erased for ever, and copies set aside that nobody may need any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, select

from desktop.store.closed_copies import drop, is_of_today, rewrite
from desktop.store.closing import listed
from desktop.store.copies import copies
from desktop.store.engine import Store, connect
from domain.clock import DAY
from domain.records.kinds import KINDS
from sync.disk import flush_folder
from sync.replica import removal, tables
from sync.replica.removal import Erased
from sync.replica.whole_file import remove

_log = logging.getLogger(__name__)

ASIDE: Final = "before-*.db"
"""Copies set aside before an upgrade or a rebuild: of an older program's tables, so they cannot be written anew."""
ASIDE_MS: Final = 14 * DAY
"""How long such a copy is kept (milliseconds): as long as the oldest daily backup."""


def erased(connection: Connection) -> list[Erased]:
    """Everything that was ever erased for ever, as this desk remembers it."""
    return [Erased(*row) for row in connection.execute(select(removal.erased))]


def forget_in_copies(store: Store, folder: Path, gone: Sequence[Erased], step: Callable[[], None]) -> bool:
    """Take erased records out of every backup; each is written anew beside and verified before it takes the old one's
    place. Answers whether none is left that holds them. Raises DiskFull, Damaged, OSError."""
    held, clean = copies(folder), True
    for place, copy in enumerate(held):
        step()
        holds = _asked(store, copy.path, gone)
        if holds is None:
            # As in `closed_copies`: where a newer one is there, one of another key or of older tables goes.
            clean = clean and place > 0
            if place > 0:
                drop(copy)
        elif holds:
            rewrite(store, copy, lambda connection, replica: replica.forget(connection, gone), step)
    if held:
        flush_folder(folder)
    return clean


def drop_asides(store: Store, folder: Path, gone: Sequence[Erased], wiped: Collection[str], now_ms: int) -> int:
    """Remove copies set aside before an upgrade or a rebuild that hold what was erased or has left this desk, and
    those that are two weeks old; none before a backup made after it was verified. Answers how many went."""
    newest, went = max((one.made_ms for one in copies(folder)), default=0), 0
    for path in sorted(folder.glob(ASIDE)):
        made_ms = path.stat().st_mtime_ns // 1_000_000
        if newest < made_ms:
            continue
        old = not 0 <= now_ms - made_ms < ASIDE_MS
        if old or _asked(store, path, gone) is not False or _has_left(store, path, wiped):
            remove(path)
            went += 1
    if went:
        flush_folder(folder)
        _log.info("copies set aside before an upgrade were removed: %d", went)
    return went


def _asked(store: Store, path: Path, gone: Sequence[Erased]) -> bool | None:
    """Whether a copy holds words of these records; None where its tables are an older program's or it does not
    open."""
    try:
        return store.checked(path, lambda found, secret: _holds(found, secret, gone))
    except sqlcipher.DatabaseError:
        return None


def _holds(path: Path, secret: bytes, gone: Sequence[Erased]) -> bool | None:
    by_kind: dict[str, list[str]] = {}
    for one in gone:
        by_kind.setdefault(one.kind, []).append(one.id)
    connection = connect(path, secret, "query_only = ON")
    try:
        for kind, ids in by_kind.items():
            asked = listed(ids)
            rows = tables.records[kind].name if kind in KINDS else "parked_record"
            stands = f"SELECT 1 FROM {rows} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608  # a name of the registry
            found = connection.execute(stands, (asked,)).fetchone()
            if found or any(connection.execute(one, (asked, kind)).fetchone() for one in (_LOGGED, _WAITING)):
                return True if is_of_today(connection) else None
    finally:
        connection.close()
    return False


_LOGGED: Final = (
    "SELECT 1 FROM log WHERE record IN (SELECT value FROM json_each(?)) AND kind = ? AND body IS NOT NULL LIMIT 1"
)
_WAITING: Final = "SELECT 1 FROM waiting WHERE record IN (SELECT value FROM json_each(?)) AND kind = ? LIMIT 1"


def _has_left(store: Store, path: Path, wiped: Collection[str]) -> bool:
    def found(copy: Path, secret: bytes) -> bool:
        connection = connect(copy, secret, "query_only = ON")
        try:
            asked = (listed(sorted(wiped)),)
            one = "SELECT 1 FROM digest WHERE scope IN (SELECT value FROM json_each(?)) AND count > 0 LIMIT 1"
            return connection.execute(one, asked).fetchone() is not None
        finally:
            connection.close()

    return bool(wiped) and store.checked(path, found)
