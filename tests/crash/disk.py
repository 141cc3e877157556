"""What a disk may hold after its power was cut: made from a recording of what was written and synced.

The model (decision 0005): a write or a truncation is durable once a sync of its file that began after it has
returned; until then any part of it may be there, in any order, in whole 512-byte sectors. Bytes that nobody wrote do
not change ("powersafe overwrite", as SQLite assumes). A file's appearance or disappearance is durable with the next
sync of the file of that name, or once its folder was synced: SQLite does that with the first sync of a journal or
write-ahead log it has opened (os_unix.c, UNIXFILE_DIRSYNC) and with a deletion that asks for it. No order between
files is relied on, as some file systems give none.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.crash.touches import Deed, Touch

SECTOR: Final = 512


@dataclass(frozen=True, slots=True)
class Word:
    """What the program said at this moment, to a person: `saved 7`."""

    text: str


@dataclass(frozen=True, slots=True)
class Synced:
    """A sync of this file has returned; it began when the recording had `begun` entries."""

    path: str
    begun: int


Entry = Touch | Word | Synced


class Recorder:
    """Watches, and keeps everything in order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._begun: dict[str, int] = {}

    def say(self, text: str) -> None:
        """The program said this now."""
        self.entries.append(Word(text))

    def before(self, touch: Touch, part: Callable[[int], None]) -> None:
        """Remember when a sync began: what is written while it runs is not promised by it."""
        if touch.deed is Deed.SYNC:
            self._begun[touch.path] = len(self.entries)

    def after(self, touch: Touch) -> None:
        """Keep what has happened."""
        if touch.deed is Deed.SYNC:
            self.entries.append(Synced(touch.path, self._begun.pop(touch.path)))
        else:
            self.entries.append(touch)


class Cut(StrEnum):
    """What the disk made of the writes that no sync had covered."""

    ALL = "all"
    NONE = "none"
    FIRST = "first"
    SOME = "some"
    TORN = "torn"


JOURNALS: Final = ("-wal", "-journal")


@dataclass(eq=False, slots=True)
class _Content:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Touch]] = field(default_factory=list)


class Disk:
    """A disk fed with a recording from its beginning."""

    def __init__(self) -> None:
        self._at = 0
        self._there: dict[str, _Content] = {}
        self._durable: dict[str, _Content] = {}
        self._names: dict[str, list[_Content | None]] = {}
        self._unsynced: set[str] = set()
        self.words: list[str] = []

    def feed(self, entry: Entry) -> None:
        """The next entry of the recording."""
        match entry:
            case Word():
                self.words.append(entry.text)
            case Synced():
                self._sync(entry)
            case Touch(deed=Deed.OPEN):
                if entry.path not in self._there:
                    self._name(entry.path, _Content())
                if entry.path.endswith(JOURNALS):
                    self._unsynced.add(entry.path)
            case Touch(deed=Deed.DELETE):
                self._name(entry.path, None)
                if entry.data:
                    self._settle_folder(entry.path)
            case Touch():
                self._there[entry.path].pending.append((self._at, entry))
        self._at += 1

    def _name(self, path: str, content: _Content | None) -> None:
        self._names.setdefault(path, []).append(content)
        self._there.pop(path, None)
        if content is not None:
            self._there[path] = content

    def _settle_name(self, path: str) -> None:
        for content in self._names.pop(path, []):
            self._durable.pop(path, None)
            if content is not None:
                self._durable[path] = content

    def _sync(self, entry: Synced) -> None:
        content = self._there.get(entry.path)
        if content is None:
            return
        for _, touch in (one for one in content.pending if one[0] < entry.begun):
            _apply(content.durable, touch)
        content.pending = [one for one in content.pending if one[0] >= entry.begun]
        self._settle_name(entry.path)
        if entry.path in self._unsynced:
            self._unsynced.remove(entry.path)
            self._settle_folder(entry.path)

    def _settle_folder(self, path: str) -> None:
        folder = Path(path).parent
        for name in [name for name in self._names if Path(name).parent == folder]:
            self._settle_name(name)

    def image(self, cut: Cut, chance: random.Random) -> dict[str, bytes]:
        """The bytes of every file after the power was cut now."""
        files: dict[str, bytes] = {}
        for path in sorted(self._durable.keys() | self._names.keys()):
            content = self._named(path, cut, chance)
            if content is not None:
                files[path] = _left(content, cut, chance)
        return files

    def _named(self, path: str, cut: Cut, chance: random.Random) -> _Content | None:
        """Of several changes of a name that were not durable, some first ones are there."""
        changes = [self._durable.get(path), *self._names.get(path, [])]
        if cut is Cut.NONE:
            return changes[0]
        return changes[-1] if cut is Cut.ALL else chance.choice(changes)


def _left(content: _Content, cut: Cut, chance: random.Random) -> bytes:
    pending = [touch for _, touch in content.pending]
    if cut is Cut.NONE or not pending:
        return bytes(content.durable)
    left = bytearray(content.durable)
    if cut is Cut.FIRST:
        pending = pending[: chance.randrange(len(pending) + 1)]
    for touch in pending:
        if cut is Cut.SOME and chance.random() < 0.5:
            continue
        if cut is Cut.TORN:
            _tear(left, touch, chance)
        else:
            _apply(left, touch)
    return bytes(left)


def _apply(file: bytearray, touch: Touch) -> None:
    length = touch.offset + len(touch.data)
    if touch.deed is Deed.TRUNCATE and len(file) > length:
        del file[length:]
    elif len(file) < length:
        file.extend(bytes(length - len(file)))
    if touch.data:
        file[touch.offset : length] = touch.data


def _tear(file: bytearray, touch: Touch, chance: random.Random) -> None:
    """Some sectors of a write are there and some are not; a truncation is there or not."""
    if touch.deed is Deed.TRUNCATE:
        if chance.random() < 0.5:
            _apply(file, touch)
        return
    at, end = touch.offset, touch.offset + len(touch.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        if chance.random() < 0.5:
            piece = touch.data[at - touch.offset : upto - touch.offset]
            _apply(file, Touch(Deed.WRITE, touch.path, at, piece))
        at = upto


def lay_out(files: dict[str, bytes], recorded_in: Path, here: Path) -> None:
    """Write an image into an empty folder, under the names it had in the recorded one."""
    for path, content in files.items():
        target = here / Path(path).relative_to(recorded_in)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
