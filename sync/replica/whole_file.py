"""Whole copies of an SQLCipher file: page by page as it is at one moment, and removed with all that lies beside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

PAGES: Final = 256
"""Pages copied at a time (1 MiB): between two such steps others get the disk, or a person ends the program."""

DURABLY: Final = "PRAGMA synchronous = EXTRA"
"""A copy has no write-ahead log, and unless the folder is synced after its rollback journal was deleted, a power cut
may bring the journal back, which empties the copy when it is opened."""

_BESIDE: Final = ("", "-journal", "-wal", "-shm")


def copy_pages(source: Any, target: Any, step: Callable[[], None] | None = None) -> None:
    """Copy one open database into another, empty one, which may have another key. `step` is called between two
    megabytes.

    The reading transaction is begun first: every step reads the same snapshot, no commit in between starts the
    copy anew, and no writer waits for it. Raises sqlcipher3's DatabaseError.
    """
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    target.execute(DURABLY)
    source.backup(target, pages=PAGES, progress=None if step is None else lambda *_: step())
    target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


def remove(path: Path) -> None:
    """Remove a database file and what SQLite may have left beside it; what is not there is no fault."""
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)
