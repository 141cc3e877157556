"""Backups of a centre: written to a new file, verified by opening it, only then counted as safe; and restored."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from domain.clock import DAY, VIETNAM, Clock, to_ms, vn_date, vn_datetime
from server.operations import leases
from server.operations.centre import BLOBS, Centre, log
from server.store import attachments, backed_up, backup_file, copying, lineage, restoring
from server.store.audit import Findings, audit
from server.store.engine import DATABASE, Connection, store_key
from server.store.troubles import BackupIncomplete, BackupUnreadable
from sync.blobs.shelf import Shelf
from sync.blobs.spare import GivenBack, Spare, Spared, list_of
from sync.disk import flush, flush_folder
from sync.replica import node, whole_file

SUFFIX: Final = ".t111"
_PART: Final = ".part"
_MOMENT: Final = "%Y%m%dT%H%M%S"
_NAME: Final = re.compile(r"centre-([0-9]{8}T[0-9]{6})-[0-9]+\.t111")
KEPT_MS: Final = 14 * DAY
"""How long a backup of a server is kept once a newer one was verified (term `backup` of data_classes.toml)."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup that was opened and counted anew. `chains`: last number by device and incarnation. `chunks`: what
    lies beside it of attachments."""

    path: Path
    lineage: str
    feed: int
    chains: backed_up.Chains
    found: Findings
    chunks: Spared = field(default_factory=Spared)

    @property
    def sound(self) -> bool:
        """Whether nothing differed."""
        return not self.found.differences


def make_backup(centre: Centre, data: Path, into: Path, key_file: Path, *, embedded: bool) -> Verified:
    """Write a backup of a centre that may go on serving, verify it, and remember what it holds per chain.

    The file appears under its name (`centre-<Vietnam time>-<feed>.t111`) only when it was verified, and the sealed
    chunks of attachments that it names lie beside it in `blobs/` (those that have come; copied once for all backups).
    An embedded store is copied page by page, a PostgreSQL one row by row from one snapshot: that needs neither
    pg_dump of the server's version nor a second server to verify in, and nothing of it is ever plain on a disk.
    Then backups of this centre in the folder that are older than 14 days are removed.
    Raises BackupIncomplete (the file is removed), StoreUnavailable, KeyMissing, OSError.
    """
    key = backup_file.backup_key(key_file, make=True)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    spare = Spare(into)
    part = into / f"centre-{os.getpid()}-{centre.random(4).hex()}{_PART}"
    with _removed_unless_kept(part):
        backup_file.new_file(part)
        if embedded:
            backup_file.copy_pages(data / DATABASE, store_key(data), part, key)
        else:
            _copy_rows(centre, part, key)
        flush(part)
        made = verify_backup(part, key)
        if not made.sound or made.lineage != centre.lineage:
            log.error("backup not sound: %d differences", len(made.found.differences))
            raise BackupIncomplete
        # Its list stands under the part's name until the backup has its own: a backup made beside this one, which
        # thins the chunks, sees that they are needed.
        chunks = spare.keep(part, _chunk_names(part, key), centre.blobs)
        path = into / f"centre-{_moment(centre.now_ms())}-{made.feed}{SUFFIX}"
        os.link(part, path)  # never over another backup
        if chunks.held:
            list_of(part).replace(list_of(path))
    flush_folder(into)
    _remove_old(into, path, key, centre.now_ms())
    spare.thin([one for ending in (SUFFIX, _PART) for one in into.glob(f"*{ending}")])
    if chunks.damaged:
        log.error("backup lacks chunks that are damaged here: %d", chunks.damaged)
    at = centre.now_ms()
    centre.lane.do(lambda connection: backed_up.record(connection, made.chains, made.feed, at))
    log.info("backup verified feed=%d chains=%d operations=%d", made.feed, len(made.chains), made.found.operations)
    return Verified(path, made.lineage, made.feed, made.chains, made.found, chunks)


def _remove_old(into: Path, newest: Path, key: bytes, now_ms: int) -> None:
    """Take away this centre's backups that are older than their term; called when a newer one was verified, which
    stays whatever the clock says. What does not open with this key is another centre's, or damaged, and is left."""
    removed = left = 0
    for one in sorted(into.glob(f"centre-*{SUFFIX}")):
        made_ms = _made_ms(one)
        if one == newest or made_ms is None or now_ms - made_ms <= KEPT_MS:
            continue
        try:
            backup_file.connect(one, key).close()
        except BackupUnreadable:
            left += 1
            continue
        whole_file.remove(one)
        list_of(one).unlink(missing_ok=True)
        removed += 1
    if removed:
        flush_folder(into)
        log.info("backups past their term removed=%d", removed)
    if left:
        log.warning("backups past their term that do not open with this key left=%d", left)


def _made_ms(path: Path) -> int | None:
    """When a backup was made, by its name (UTC ms); None for a name that no backup of ours has."""
    found = _NAME.fullmatch(path.name)
    try:
        return to_ms(datetime.strptime(found[1] if found else "", _MOMENT).replace(tzinfo=VIETNAM))
    except ValueError:
        return None


def _chunk_names(path: Path, key: bytes) -> set[str]:
    with backup_file.reading(path, key) as connection:
        return attachments.chunk_names(connection)


def verify_chunks(path: Path) -> list[str]:
    """Read every chunk of attachments that lies beside a backup; what is missing or damaged. Such a backup is still
    restored: words are not given up for a picture."""
    return Spare(path.parent).faults(path)


def restore_chunks(path: Path, data: Path) -> GivenBack:
    """Put the chunks beside a backup where the centre of this data folder looks for them; what is there stays."""
    given = Spare(path.parent).give_back(path, Shelf(data / BLOBS))
    log.info("chunks put back=%d lost=%d", given.put, given.lost)
    return given


def _copy_rows(centre: Centre, part: Path, key: bytes) -> None:
    with centre.store.reading() as source, backup_file.writing(part, key) as target:
        copying.copy_rows(source, target)


@contextlib.contextmanager
def _removed_unless_kept(part: Path) -> Iterator[None]:
    try:
        yield
    finally:
        whole_file.remove(part)
        list_of(part).unlink(missing_ok=True)


def _moment(ms: int) -> str:
    return vn_datetime(ms).strftime(_MOMENT)


def verify_backup(path: Path, key: bytes) -> Verified:
    """Open a backup and count everything anew: pages, structure, chains, digests, feed. Raises BackupUnreadable."""
    with backup_file.reading(path, key) as connection:
        faults = backup_file.page_faults(connection)
        if faults:
            return Verified(path, "", 0, {}, Findings(differences=faults))
        found = audit(connection)
        return Verified(
            path,
            node.get(connection, lineage.LINEAGE),
            node.feed(connection),
            backed_up.chains(connection),
            found,
        )


def restore(path: Path, key: bytes, data: Path, database: str | None, clock: Clock, *, force: bool) -> str:
    """Put a verified backup in a store's place under a new lineage; answers the lineage.

    What lies there is left alone without `force`, and put aside with it. Raises BackupUnreadable, StoreIsThere,
    StoreInUse, StoreUnavailable, WrongAddress.
    """
    verified = verify_backup(path, key)
    if not verified.sound:
        log.error("backup not sound: %d differences", len(verified.found.differences))
        raise BackupUnreadable
    now = clock.now_ms()
    aside = f"aside-{_moment(now).lower()}"

    def renew(connection: Connection) -> str:
        # What lies in this backup is, from its first moment, in a verified backup.
        backed_up.record(connection, verified.chains, verified.feed, now)
        return lineage.renew(connection, os.urandom, leases.SERIES, vn_date(now).year)

    if database:
        name = restoring.into_postgres(path, key, database, data, aside, force=force, renew=renew)
    else:
        name = restoring.into_folder(path, key, data, aside, force=force, renew=renew)
    log.warning("restored feed=%d from lineage=%s as lineage=%s", verified.feed, verified.lineage, name)
    return name
