"""Numbers that rang while nobody was signed in: each line sealed to the store's inbox key and durable."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store import wraps
from desktop.store.wraps import DoesNotOpen
from sync.decoding import known
from sync.disk import flush_folder

_HEAD: Final = b"tram111/ring/1"


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring: an id of its own, so that it makes one row however often it is read; `at` in UTC ms."""

    id: str
    number: str
    at: int


def put(path: Path, public: bytes, ring: Ring) -> None:
    """Append one ring, sealed and flushed to the disk. Raises OSError."""
    made = not path.exists()
    line = base64.b64encode(wraps.seal(public, msgspec.json.encode(ring), _HEAD)) + b"\n"
    door = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(door, "ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if made:
        flush_folder(path.parent)


def read(path: Path, private: X25519PrivateKey) -> tuple[Ring, ...]:
    """All rings in the order they came; a line that was torn by a power cut, or is not ours, is passed over."""
    if not path.exists():
        return ()
    found = (_ring(line, private) for line in path.read_bytes().split(b"\n") if line)
    return tuple(ring for ring in found if ring is not None)


def clear(path: Path) -> None:
    """Every ring has its row."""
    path.unlink(missing_ok=True)
    flush_folder(path.parent)


def _ring(line: bytes, private: X25519PrivateKey) -> Ring | None:
    try:
        words = wraps.unseal(private, base64.b64decode(line, validate=True), _HEAD)
        return msgspec.json.decode(words, type=known(Ring))
    except (DoesNotOpen, ValueError, msgspec.MsgspecError):
        return None
