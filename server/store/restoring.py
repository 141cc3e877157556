"""Putting a backup in a store's place: whole or not at all, and what lay there before is kept aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect

from server.store import backup_file, copying
from server.store.engine import DATABASE, Connection, as_troubles, open_postgres, store_key
from server.store.troubles import BackupUnreadable, StoreInUse, StoreIsThere
from sync.disk import flush, flush_folder

Renew = Callable[[Connection], str]
"""Names the restored history anew, in the transaction that makes it; answers the name."""


def into_folder(path: Path, key: bytes, data: Path, aside: str, *, force: bool, renew: Renew) -> str:
    """Restore into the embedded store of a data folder; an old one becomes `<aside>.db` beside it.

    Raises StoreIsThere, StoreInUse, BackupUnreadable, KeyMissing, WrongKey.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    live = data / DATABASE
    new = data / f"{aside}.new"
    there = live.exists()
    if there and not force:
        raise StoreIsThere
    try:
        own_key = store_key(data)
        if there and backup_file.is_in_use(data, own_key):
            raise StoreInUse
    except BackupUnreadable:
        # The store that lies there cannot be opened at all: that is why somebody restores.
        own_key = store_key(data)
    new.unlink(missing_ok=True)
    backup_file.new_file(new)
    try:
        backup_file.copy_pages(path, key, new, own_key)
        with backup_file.writing(new, own_key) as connection:
            name = renew(connection)
        flush(new)
        if there:
            _put_aside(data, live, aside)
        new.replace(live)
        flush_folder(data)
    finally:
        new.unlink(missing_ok=True)
    return name


def _put_aside(data: Path, live: Path, aside: str) -> None:
    # A second name for the old file, so that at no moment there is no store at all (a start would make an empty
    # one). Its log and index move: beside a new file they would be replayed into it.
    os.link(live, data / f"{aside}.db")
    for ending in ("-wal", "-shm"):
        old = live.with_name(live.name + ending)
        if old.exists():
            old.rename(data / f"{aside}.db{ending}")


def into_postgres(
    path: Path, key: bytes, url: str, data: Path, aside: str, *, force: bool, renew: Renew
) -> str:
    """Restore into a PostgreSQL database in one transaction; old tables go into a schema named `<aside>`.

    Raises StoreIsThere, StoreInUse, BackupIncomplete, BackupUnreadable, WrongAddress, StoreUnavailable.
    """
    store = open_postgres(url, data)
    try:
        with as_troubles(), backup_file.reading(path, key) as source, store.writing() as target:
            if inspect(target).get_table_names():
                if not force:
                    raise StoreIsThere
                _alone(target)
                schema = target.exec_driver_sql("SELECT current_schema()").scalar_one()
                # sql-names-only: the schema of this connection, and a name made of a date
                target.exec_driver_sql(f'ALTER SCHEMA "{schema}" RENAME TO "{aside}"')
                # sql-names-only: the name it had before
                target.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
            copying.copy_rows(source, target)
            return renew(target)
    finally:
        store.close()


def _alone(connection: Connection) -> None:
    others = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).scalar_one()
    if others:
        raise StoreInUse
