"""Making what was written last: a file's content, the names in a folder."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Flush a file's content to the disk."""
    door = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(door)
    finally:
        os.close(door)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk; Windows does so by itself."""
    if os.name != "posix":
        return
    door = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(door)
    finally:
        os.close(door)


def replace_whole(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all, for its owner only: a new one, flushed, takes the old one's place."""
    aside = path.with_suffix(".new")
    door = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(door, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    flush_folder(path.parent)
