"""The centre's store: one writing connection and readers that never wait for it, on SQLCipher or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from server.store.troubles import KeyMissing, StoreUnavailable, WrongAddress, WrongKey

# Connection too: the operations name it and import no SQLAlchemy.
__all__ = ["DATABASE", "KEY", "READERS", "CentreStore", "Connection", "as_troubles", "open_store", "store_key"]

DATABASE: Final = "centre.db"
KEY: Final = "server.key"
READERS: Final = 4
"""How many reads run at the same time; a fifth waits for a connection."""

BUSY_S: Final = 10.0
CHECKPOINT_PAGES: Final = 4_000
"""Pages (4 KiB each) of the write-ahead log before they go into the file: one push of a thousand records fills what
SQLite's own thousand allows, and two more flushes of the disk followed nearly every commit."""
_KEY_BYTES: Final = 32
_WRITER_LOCK: Final = 111
"""Key of PostgreSQL's advisory lock that keeps one writer also between programs."""


class CentreStore:
    """One writer and several readers of one database; `close` gives every connection back. `folder` is the data
    folder: what is no row (attachments' chunks) lies there whichever the database is."""

    def __init__(self, writer: Engine, reader: Engine, folder: Path) -> None:
        self._writer = writer
        self._reader = reader
        self.folder = folder

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: commits at the end, rolls back when the body raises. Raises StoreUnavailable."""
        with as_troubles(), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_WRITER_LOCK,))
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read transaction over one snapshot; never waits for a writer. Raises StoreUnavailable."""
        with as_troubles(), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """End every connection."""
        self._reader.dispose()
        self._writer.dispose()


@contextlib.contextmanager
def as_troubles() -> Iterator[None]:
    """Faults of disk, lock and network become one trouble; a fault of ours stays what it is."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as fault:
        raise StoreUnavailable from fault
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise StoreUnavailable from fault
        raise


def open_embedded(folder: Path) -> CentreStore:
    """The SQLCipher store of a data folder (made 0700 with a new key at the first start).

    The key lies in `server.key`, mode 0600, beside the database: it protects a copied database, not a stolen
    disk. Issue 3 moves it to the machine's key store. Raises KeyMissing, WrongKey, StoreUnavailable.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = store_key(folder)
    path = folder / DATABASE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the mode of this one
    writer = _cipher_engine(path, key, 1, "BEGIN IMMEDIATE", ())
    reader = _cipher_engine(path, key, READERS, "BEGIN", ("query_only = ON",))
    return CentreStore(writer, reader, folder)


def open_postgres(url: str, folder: Path) -> CentreStore:
    """The store of a PostgreSQL database (`postgresql+psycopg://…`). Readers see one snapshot each
    (REPEATABLE READ); writers commit one after the other. Raises WrongAddress."""
    try:
        engine = create_engine(
            url, pool_size=READERS + 2, max_overflow=0, hide_parameters=True, pool_pre_ping=True
        )
    except (ArgumentError, ImportError) as fault:
        raise WrongAddress from fault
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return CentreStore(engine, reader, folder)


def open_store(folder: Path, database: str | None) -> CentreStore:
    """The store that the command line names: a PostgreSQL URL, or the embedded one in the folder."""
    return open_postgres(database, folder) if database else open_embedded(folder)


def store_key(folder: Path) -> bytes:
    """The embedded store's key, made where neither key nor store is there. Raises KeyMissing, WrongKey."""
    path = folder / KEY
    with contextlib.suppress(FileNotFoundError):
        key = bytes.fromhex(path.read_text("ascii").strip())
        if len(key) != _KEY_BYTES:
            raise WrongKey
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        return key
    if (folder / DATABASE).exists():
        raise KeyMissing
    key = os.urandom(_KEY_BYTES)
    # Whole or not at all: a half-written key beside a full database would lock everybody out.
    draft = folder / f"{KEY}.{os.getpid()}"
    door = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(door, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return store_key(folder)
    finally:
        draft.unlink()
    return key


def _cipher_engine(path: Path, key: bytes, connections: int, begin: str, further: tuple[str, ...]) -> Engine:
    def connect() -> Any:
        connection = sqlcipher.connect(str(path), timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlcipher.DatabaseError as fault:
            connection.close()
            if "not a database" in str(fault):
                raise WrongKey from fault
            raise
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "cache_size = -32768",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            *further,
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
