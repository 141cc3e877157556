"""Sealed chunks beside backups: each copied once and verified, listed for every backup that needs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from sync.blobs.seal import Broken
from sync.blobs.shelf import Shelf, is_name
from sync.disk import flush_folder

FOLDER: Final = "blobs"
LIST: Final = ".chunks"
"""Beside each backup that needs chunks: their names, one a line, and a last line by which a cut list is known."""

_END: Final = b"= "


@dataclass(frozen=True, slots=True)
class Spared:
    """What a backup has of the chunks it needs: `held` lie beside it, `copied` of them now; `absent` were not on
    the shelf (not yet sent), `damaged` were there and not of their name."""

    held: int = 0
    copied: int = 0
    absent: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What came back from beside a backup: `put` chunks lay on the shelf no more, `lost` are nowhere whole."""

    put: int = 0
    lost: int = 0


class Spare:
    """The chunks in `blobs/` of one folder of backups. A chunk is named by its content, so that it lies there once
    however many backups need it. Raises OSError when the disk fails it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelf = Shelf(folder / FOLDER)

    def keep(
        self, backup: Path, names: Iterable[str], source: Shelf, step: Callable[[], None] | None = None
    ) -> Spared:
        """Copy what is not here yet of these chunks, read each copy again, and write the backup's list; call it
        before the backup has its name. `step` is called between two chunks. Raises Broken where a chunk was not
        written as it was read."""
        wanted = sorted(set(names))
        held: list[str] = []
        copied = absent = damaged = 0
        if wanted:
            self._shelf.prepare()
        for name in wanted:
            if step is not None:
                step()
            if not self._shelf.has(name):
                try:
                    self._shelf.put(name, source.verified(name))
                except FileNotFoundError:
                    absent += 1
                    continue
                except Broken:
                    damaged += 1
                    continue
                self._shelf.verified(name)
                copied += 1
            held.append(name)
        if held:
            _write_list(list_of(backup), held)
        return Spared(len(held), copied, absent, damaged)

    def faults(self, backup: Path) -> list[str]:
        """Every chunk of this backup that is missing or not of its name, and a list that is cut. Reads only."""
        try:
            names = read_list(backup)
        except Broken:
            return ["list of chunks: damaged"]
        found: list[str] = []
        for name in names:
            try:
                if sha256(self._shelf.read(name)).hexdigest() != name:
                    found.append(f"chunk {name[:16]}: damaged")
            except FileNotFoundError:
                found.append(f"chunk {name[:16]}: missing")
        return found

    def give_back(self, backup: Path, target: Shelf) -> GivenBack:
        """Put every chunk of this backup on a shelf where it is not, or not whole; none is taken away. A list that
        is cut gives what lies here under any name. Raises OSError."""
        put = lost = 0
        try:
            names: Collection[str] = read_list(backup)
        except Broken:
            names = set(self._shelf.names())
        if names:
            target.prepare()
        for name in names:
            try:
                target.verified(name)
                continue
            except (FileNotFoundError, Broken):
                pass
            try:
                target.put(name, self._shelf.verified(name))
                put += 1
            except (FileNotFoundError, Broken):
                lost += 1
        return GivenBack(put, lost)

    def thin(self, backups: Collection[Path]) -> int:
        """Remove chunks that none of these backups needs, and lists of others; answers how many chunks. Where a
        list cannot be read nothing is removed."""
        standing = {list_of(one) for one in backups}
        needed: set[str] = set()
        try:
            for path in sorted(self._folder.glob(f"*{LIST}")):
                if path in standing:
                    needed.update(_read(path))
        except Broken:
            return 0
        for path in self._folder.glob(f"*{LIST}"):
            if path not in standing:
                path.unlink(missing_ok=True)
        left_over = set(self._shelf.names()) - needed
        self._shelf.drop(left_over)
        return len(left_over)


def list_of(backup: Path) -> Path:
    """Where the list of a backup's chunks lies."""
    return backup.with_suffix(LIST)


def read_list(backup: Path) -> list[str]:
    """Names of the chunks that lie beside this backup; empty where it needs none. Raises Broken for a cut list."""
    path = list_of(backup)
    return _read(path) if path.exists() else []


def _write_list(path: Path, names: list[str]) -> None:
    lines = "".join(f"{name}\n" for name in names).encode("ascii")
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    door = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(door, "wb") as file:
        file.write(lines + _END + sha256(lines).hexdigest().encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    flush_folder(path.parent)


def _read(path: Path) -> list[str]:
    raw = path.read_bytes()
    lines, end = raw[: raw.rfind(_END)], raw[raw.rfind(_END) :]
    if end != _END + sha256(lines).hexdigest().encode("ascii") + b"\n":
        raise Broken("not a whole list")
    names = lines.decode("ascii", "replace").split()
    if not all(map(is_name, names)):
        raise Broken("not names of chunks")
    return names
