"""A backup as a file: one SQLCipher database under a key of its own, whatever database the centre runs on."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.store.engine import DATABASE, Connection
from server.store.troubles import BackupUnreadable, KeyMissing
from sync.disk import flush_folder
from sync.replica import whole_file

KEY: Final = "backup.key"
KEY_BYTES: Final = 32


def backup_key(path: Path, *, make: bool) -> bytes:
    """The key of backups: 32 bytes as hexadecimal text, mode 0600. With `make` a missing one is made.

    It lies apart from `server.key`, so that it can be kept in another place than the store: without it no
    backup opens. Raises KeyMissing, BackupUnreadable (no key in the file).
    """
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        if not make:
            raise KeyMissing(KeyMissing.backup) from None
        return _make_key(path)
    except ValueError:
        raise BackupUnreadable from None
    if len(key) != KEY_BYTES:
        raise BackupUnreadable
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    return key


def _make_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = os.urandom(KEY_BYTES)
    door = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(door, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)
    return key


def connect(path: Path, key: bytes) -> Any:
    """An SQLCipher connection to a file that is there. Raises BackupUnreadable where the key does not fit."""
    connection = sqlcipher.connect(str(path), timeout=10.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlcipher.DatabaseError as fault:
        connection.close()
        raise BackupUnreadable from fault
    return connection


def new_file(path: Path) -> None:
    """An empty file that only its owner may read. Raises FileExistsError."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def copy_pages(source: Path, source_key: bytes, target: Path, target_key: bytes) -> None:
    """Copy a database under another key, as it is at one moment; its writers are not held up. Raises
    BackupUnreadable where a key does not fit."""
    reading = connect(source, source_key)
    try:
        writing = connect(target, target_key)
        try:
            whole_file.copy_pages(reading, writing)
        finally:
            writing.close()
    finally:
        reading.close()


@contextlib.contextmanager
def writing(path: Path, key: bytes) -> Iterator[Connection]:
    """One transaction on a file of ours, committed at the end."""
    engine = _engine(lambda: connect(path, key))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def reading(path: Path, key: bytes) -> Iterator[Connection]:
    """One connection to a backup that cannot write. Raises BackupUnreadable also for pages that cannot be read."""

    def door() -> Any:
        connection = connect(path, key)
        connection.execute("PRAGMA query_only = ON")
        return connection

    if not path.is_file():
        raise BackupUnreadable
    engine = _engine(door)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as fault:
        raise BackupUnreadable from fault
    finally:
        engine.dispose()


def _engine(creator: Callable[[], Any]) -> Engine:
    engine = create_engine(
        "sqlite://", module=sqlcipher, creator=creator, poolclass=StaticPool, hide_parameters=True
    )

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "begin", begun)
    return engine


def page_faults(connection: Connection) -> list[str]:
    """What the database itself finds wrong: authenticity of every page, then its structure."""
    seals = [f"page {number}: damaged" for number, _ in enumerate(_rows(connection, "cipher_integrity_check"), 1)]
    structure = [row for row in _rows(connection, "integrity_check") if row != "ok"]
    return seals + [f"structure: {len(structure)} faults"] * bool(structure)


def _rows(connection: Connection, pragma: str) -> list[str]:
    return [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA {pragma}")]


def is_in_use(folder: Path, key: bytes) -> bool:
    """Whether another program has the embedded store open: leaving the write-ahead log needs to be alone.

    On the way the log is folded into the file, so that the file alone is the whole store.
    """
    door = connect(folder / DATABASE, key)
    try:
        door.execute("PRAGMA busy_timeout = 200")
        door.execute("PRAGMA journal_mode = DELETE")
    except sqlcipher.OperationalError:
        return True
    finally:
        door.close()
    return False
