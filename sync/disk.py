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
