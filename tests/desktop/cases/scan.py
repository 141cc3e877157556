"""A store seen by somebody who has its key and nothing else: its tables, and every page of its file and its log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from desktop.store.engine import connect

_PAGE, _RESERVED, _SALT, _IV = 4096, 80, 16, 16
_WAL_HEADER, _FRAME_HEADER = 32, 24


def tables_with(store: Path, key: bytes, *words: str) -> set[str]:
    """Tables in which one of these words stands, virtual ones and their shadows too."""
    found: set[str] = set()
    connection = connect(store, key, "query_only = ON")
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            rows = connection.execute(f'SELECT * FROM "{name}"')  # sql-names-only: names from sqlite_master
            if any(word in _text(row) for row in rows for word in words):
                found.add(name)
    finally:
        connection.close()
    return found


def _text(row: tuple[object, ...]) -> str:
    return "\n".join(cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row)


def pages_with(store: Path, key: bytes, *words: str) -> int:
    """How many pages, free ones and those of the write-ahead log among them, hold one of these words."""
    wanted = [word.encode() for word in words]
    return sum(any(word in page for word in wanted) for page in pages(store, key))


def pages(store: Path, key: bytes) -> Iterator[bytes]:
    """Every page of the file and of the write-ahead log beside it in the clear (SQLCipher 4: AES-256-CBC, the page's
    initialisation vector in its reserved end, a salt before the first)."""
    raw = store.read_bytes()
    for start in range(0, len(raw), _PAGE):
        yield _clear(raw[start : start + _PAGE], key, _SALT if start == 0 else 0)
    beside = store.with_name(store.name + "-wal")
    log = beside.read_bytes() if beside.exists() else b""
    for start in range(_WAL_HEADER, len(log) - _PAGE, _FRAME_HEADER + _PAGE):
        first = int.from_bytes(log[start : start + 4], "big") == 1
        yield _clear(log[start + _FRAME_HEADER : start + _FRAME_HEADER + _PAGE], key, _SALT if first else 0)


def _clear(page: bytes, key: bytes, salt: int) -> bytes:
    end = len(page) - _RESERVED
    opener = Cipher(algorithms.AES(key), modes.CBC(page[end : end + _IV])).decryptor()
    return opener.update(page[salt:end]) + opener.finalize()
