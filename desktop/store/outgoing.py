"""A file that leaves the program: for its owner only, whole or not there at all, and nowhere else on the way."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from sync.disk import flush_folder
from sync.troubles import Trouble

_MODE: Final = 0o600


class CannotExport(Trouble):
    """The file could not be written."""

    advice = "Không ghi được tệp ở chỗ đã chọn. Chị/anh chọn thư mục khác hoặc đóng tệp cũ đang mở rồi xuất lại."


def put(target: Path, write: Callable[[IO[bytes]], None]) -> Path:
    """Write what `write` writes: beside the target first, flushed, then in its place; a link there is replaced, never
    followed. Only the owner may read it, whatever stood there. Raises CannotExport, and what `write` raises."""
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        door = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _MODE)
        with os.fdopen(door, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
        flush_folder(target.parent)
    except OSError as fault:
        raise CannotExport from fault
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return target
