"""Where sealed chunks lie: one file a chunk, named by its own hash, whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from sync.blobs.seal import Broken, Plan
from sync.disk import flush_folder

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_PARTS: Final = "parts"
_STRIPES: Final = 16


def is_name(text: str) -> bool:
    """Whether this can be a chunk's name: it becomes a file's name, so nothing else may."""
    return _NAME.fullmatch(text) is not None


class Shelf:
    """Chunk files of one node, readable by its owner only. Safe from several threads of one process.

    A chunk under its own name was verified and is durable. What has arrived of a chunk so far lies in
    `parts/<name>.part`; bytes of it that a power cut spoilt are found when the chunk is finished, and only that
    chunk begins again. Raises OSError when the disk fails it (a full disk: nothing was acknowledged).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._locks = [threading.Lock() for _ in range(_STRIPES)]

    def prepare(self) -> None:
        """Make the folders (0700)."""
        for folder in (self.root, self.root / _PARTS):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    def _path(self, name: str) -> Path:
        if not is_name(name):
            raise ValueError("not a chunk's name")
        return self.root / name[:2] / name

    def _part(self, name: str) -> Path:
        if not is_name(name):
            raise ValueError("not a chunk's name")
        return self.root / _PARTS / f"{name}.part"

    def _lock(self, name: str) -> threading.Lock:
        return self._locks[int(name[:1], 16)]

    def has(self, name: str) -> bool:
        """Whether the chunk is here whole."""
        return self._path(name).is_file()

    def put(self, name: str, sealed: bytes) -> None:
        """Keep a chunk; durable when this returns. Raises Broken where the bytes are not of that name."""
        if sha256(sealed).hexdigest() != name:
            raise Broken("not of that name")
        if self.has(name):
            return
        with self._lock(name):
            part = self._part(name)
            part.unlink(missing_ok=True)
            _write(part, 0, sealed)
            self._promote(name)

    def append(self, name: str, offset: int, data: bytes, length: int) -> int:
        """Bytes of a chunk of `length` from `offset` on; durable when this returns. Answers how many bytes of the
        chunk are here now.

        Where `offset` is not what is here, nothing is written. Raises Broken when the chunk is full and not of
        its name: what had come of it is thrown away.
        """
        with self._lock(name):
            here = self._arrived(name, length)
            if here == length or offset != here or not data:
                return here
            if here + len(data) > length:
                raise Broken("longer than the chunk")
            _write(self._part(name), here, data)
            here += len(data)
            if here == length:
                if sha256(self._part(name).read_bytes()).hexdigest() != name:
                    self._part(name).unlink()
                    raise Broken("not of its name")
                self._promote(name)
            return here

    def arrived(self, name: str, length: int) -> int:
        """How many bytes of a chunk of this length are here, from its beginning."""
        with self._lock(name):
            return self._arrived(name, length)

    def _arrived(self, name: str, length: int) -> int:
        if self.has(name):
            return length
        try:
            size = self._part(name).stat().st_size
        except FileNotFoundError:
            return 0
        if size >= length:  # a chunk that was never finished cannot be full: a power cut spoilt it
            self._part(name).unlink()
            return 0
        return size

    def read(self, name: str, start: int = 0, count: int = -1) -> bytes:
        """Bytes of a whole chunk. Raises FileNotFoundError."""
        with self._path(name).open("rb") as file:
            file.seek(start)
            return file.read(count)

    def verified(self, name: str) -> bytes:
        """A chunk's bytes, checked against its name. Raises FileNotFoundError, and Broken for a file that the disk
        has altered: that file is put out of the way, so that the chunk counts as missing and is fetched again."""
        sealed = self.read(name)
        if sha256(sealed).hexdigest() != name:
            with contextlib.suppress(FileNotFoundError):
                self._path(name).replace(self._path(name).with_suffix(".damaged"))
            raise Broken("altered on the disk")
        return sealed

    def drop(self, names: Collection[str]) -> None:
        """Remove chunks and what has come of them; those that are not here are no fault."""
        folders: set[Path] = set()
        for name in names:
            with self._lock(name):
                for path in (self._path(name), self._part(name), self._path(name).with_suffix(".damaged")):
                    if path.exists():
                        path.unlink()
                        folders.add(path.parent)
        for folder in folders:
            flush_folder(folder)

    def names(self) -> Iterator[str]:
        """Every chunk of which anything is here: whole, a part, or put out of the way as damaged."""
        for path in self.root.glob("*/*"):
            if _NAME.fullmatch(path.stem):
                yield path.stem

    def _promote(self, name: str) -> None:
        path = self._path(name)
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            flush_folder(self.root)
        self._part(name).replace(path)
        flush_folder(path.parent)


def offset_of(shelf: Shelf, plan: Plan) -> int:
    """How much of a blob is here without a gap, in bytes of the sealed whole."""
    for index, name in enumerate(plan.chunks):
        length = plan.length(index)
        here = shelf.arrived(name, length)
        if here < length:
            return plan.start(index) + here
    return plan.sealed


def verified_offset(shelf: Shelf, plan: Plan) -> int:
    """As `offset_of`, with every whole chunk read and checked against its name."""
    for name in plan.chunks:
        with contextlib.suppress(FileNotFoundError, Broken):
            shelf.verified(name)
    return offset_of(shelf, plan)


def take(shelf: Shelf, plan: Plan, offset: int, data: bytes) -> int:
    """Bytes of the sealed whole from `offset` on, over as many chunks as they reach. Answers the offset from
    which to go on. Raises Broken: go on from `offset_of`."""
    here = offset_of(shelf, plan)
    if offset != here or not data or here + len(data) > plan.sealed:
        return here
    at = 0
    while at < len(data):
        index = plan.at(offset + at)
        length, inside = plan.length(index), offset + at - plan.start(index)
        part = data[at : at + length - inside]
        shelf.append(plan.chunks[index], inside, part, length)
        at += len(part)
    return offset_of(shelf, plan)


def slice_of(shelf: Shelf, plan: Plan, offset: int, count: int) -> bytes:
    """Bytes of the sealed whole, at most to the end of the chunk they begin in. Raises FileNotFoundError where
    the chunk is not here, Broken where the disk has altered it."""
    index = plan.at(offset)
    inside = offset - plan.start(index)
    return shelf.verified(plan.chunks[index])[inside : inside + count]


def _write(path: Path, offset: int, data: bytes) -> None:
    door = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(door, "r+b") as file:
        file.seek(offset)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
