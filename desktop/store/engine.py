"""The desk's encrypted store: one write connection for the store lane, `query_only` readers, nobody else."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from desktop.store import drafts
from desktop.store.blobs import BlobCopies
from desktop.store.case_keys import CaseKeys
from desktop.store.draft_seal import DraftKeys
from desktop.store.gate import Gate
from desktop.store.search import SearchIndex
from desktop.store.troubles import StillOpen, translate
from desktop.store.versions import aside_name, bring_up_to_date, refuse_newer
from sync.disk import flush_folder
from sync.replica import node
from sync.replica.changes import Projection
from sync.replica.fold import Fold
from sync.replica.read import OPENER
from sync.replica.replica import Replica
from sync.replica.whole_file import copy_pages
from sync.stamp import HybridClock

__all__ = ["Connection", "Store", "connect", "copy_aside", "open_store", "projections"]

KEY_BYTES: Final = 32
BUSY_S: Final = 5.0
R = TypeVar("R")
READERS: Final = 2
"""Threads that read for the screens."""
SNAPSHOTS: Final = READERS + 4
"""Readers' connections: the road's threads look for themselves."""


class Store:
    """One open store. The write connection belongs to the store lane; readers see the last commit.

    `stamps` is the hybrid clock, touched only by whoever holds the write connection.
    """

    def __init__(self, path: Path, key: bytes, writer: Engine, readers: Engine, replica: Replica) -> None:
        self.path = path
        self.replica = replica
        self._key = key
        self._writer = writer
        self._readers = readers
        self.case_keys: CaseKeys | None = None
        self._kept_off: set[int] = set()
        self._gate = Gate()
        with self.read() as connection:
            self.stamps = HybridClock(secrets.token_hex(4), node.get(connection, node.STAMP))

    def keep_off(self, thread: int) -> None:
        """From now on this thread (`threading.get_ident()`) may not touch the store: the GUI thread (law 1)."""
        self._kept_off.add(thread)

    def signed_in(self, keys: DraftKeys) -> None:
        """Every connection carries the keys of whoever is signed in, for what is closed to one person."""
        self.case_keys = CaseKeys(keys)
        for engine in (self._writer, self._readers):
            engine.update_execution_options(**{drafts.KEYS: keys, OPENER: self.case_keys})

    def _check_thread(self) -> None:
        if threading.get_ident() in self._kept_off:
            raise AssertionError("the GUI thread never opens the store (law 1)")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The write connection with a transaction begun; committed only by `connection.commit()`."""
        self._check_thread()
        with self._gate.inside(), self._writer.connect() as connection:
            connection.begin()
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that cannot write, on one snapshot."""
        self._check_thread()
        with self._gate.inside(), self._readers.connect() as connection:
            yield connection

    def copy_to(self, target: Path, step: Callable[[], None] | None = None) -> None:
        """A whole copy under the same key, through SQLite's backup API; other connections go on working.

        `step` is called between two megabytes.
        """
        with self._gate.inside():
            copy_aside(self.path, self._key, target, step)

    def checked(self, copy: Path, check: Callable[[Path, bytes], R]) -> R:
        """What `check` finds in a copy of this store, given the copy and the key that opens both."""
        return check(copy, self._key)

    def beside(self, name: str, make: Callable[[Path, bytes, Path], R]) -> R:
        """Begin something beside this store: `make` is given the new file's path, this store's key and path."""
        return make(self.path.with_name(name), self._key, self.path)

    def exchange(self, new: Path, aside: Path | None = None) -> None:
        """Put a whole new file, closed and flushed, in this store's place; it opens with the same key. `aside`: a
        name under which the old file is kept. Waits until nobody reads or writes. Raises StillOpen (nothing was
        changed) while somebody holds the old file open beside this store.
        """
        self._check_thread()
        with self._gate.alone():
            self._readers.dispose()
            self._writer.dispose()
            # The last connection folds the write-ahead log into the file and removes it.
            if self.path.with_name(f"{self.path.name}-wal").exists():
                raise StillOpen
            if aside is not None:
                aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.link(self.path, aside)
            new.replace(self.path)
            flush_folder(self.path.parent)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file by the last one."""
        self._readers.dispose()
        self._writer.dispose()


def _connect(path: Path, key: bytes, *pragmas: str) -> Any:
    connection = sqlcipher.connect(str(path), timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # before the key: nothing on standard error
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a wrong key shows here
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlcipher.DatabaseError:
        connection.close()
        raise
    return connection


_READING = ("query_only = ON", "cache_size = -16384")
_CHECKPOINT: Final = "wal_autocheckpoint = 4000"
"""Pages (4 KiB each) of the write-ahead log before they go into the file. SQLite's own thousand are hardly more than
one page of a pull: the same pages went into the file after nearly every commit, with two more flushes of the disk
(folding 10,000 records: 0.49 -> 0.43 s of CPU)."""
_COMMON = ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "cache_size = -20480")
"""20 MB of pages for the writer: with 32 a pull of 10,000 into 50,000 took no less CPU, and the desk 13 MB more."""


def _engine(creator: Callable[[], Any], size: int, begin: str) -> Engine:
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=creator,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,  # the same few connections are used again: each has pages of its own in memory
        hide_parameters=True,  # an error's text must never hold what a child said
    )

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", begun)
    return engine


def open_store(path: Path, key: bytes) -> Store:
    """Open the store, make it when there is none, bring an older one up to date (a copy is set aside first).

    Raises WrongKey, NewerStore (the file stays untouched), DiskFull or Damaged.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("a raw store key has 32 bytes")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _open(path, key)
    except (DBAPIError, sqlcipher.DatabaseError, OSError) as fault:
        trouble = translate(fault)
        if trouble is None:
            raise
        raise trouble from None


def _open(path: Path, key: bytes) -> Store:
    refuse_newer(lambda: _connect(path, key, "query_only = ON"))
    writer = _engine(
        lambda: _connect(path, key, "journal_mode = WAL", "synchronous = FULL", *_COMMON, _CHECKPOINT),
        1,
        "BEGIN IMMEDIATE",
    )
    readers = _engine(lambda: _connect(path, key, *_COMMON, *_READING), SNAPSHOTS, "BEGIN")
    index = SearchIndex()
    replica = Replica(Fold(projections=projections(index)), secrets.token_bytes)
    try:
        bring_up_to_date(
            writer, replica, index, lambda: copy_aside(path, key, aside_name(path))
        )
        return Store(path, key, writer, readers, replica)
    except BaseException:
        readers.dispose()
        writer.dispose()
        raise


def projections(index: SearchIndex | None = None) -> tuple[Projection, ...]:
    """Everything that a desk derives from its rows."""
    return (index or SearchIndex(), BlobCopies())


def connect(path: Path, key: bytes, *pragmas: str) -> Any:
    """A bare connection to a store's file. Raises sqlcipher3's DatabaseError where the key does not open it."""
    return _connect(path, key, *pragmas)


def copy_aside(path: Path, key: bytes, target: Path, step: Callable[[], None] | None = None) -> None:
    """Copy a store page by page to a new file under the same key (0600), durable when this returns; no writer
    waits for it. `step` is called between two megabytes. Raises FileExistsError.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source = _connect(path, key)
    try:
        copy = _connect(target, key)
        try:
            copy_pages(source, copy, step)
        finally:
            copy.close()
    finally:
        source.close()
