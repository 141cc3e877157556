"""Volumes of a bundle in a folder: written aside, flushed, renamed; read as far as they can be read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.courier import letters
from sync.courier.letters import Closing, Letter, Part, VolumeNote
from sync.courier.seal import Prove, receiver_tag, seal
from sync.courier.troubles import NothingOnStick, of_stick
from sync.disk import flush_folder

ENDING: Final = ".t111"
UNFINISHED: Final = ".part"
MOST_VOLUME: Final = 64 << 20
"""Largest volume (bytes): every file system of a stick takes it, and a copy of one takes seconds."""

_MAGIC: Final = b"T111USB\x01"
_SALT_BYTES: Final = 16
_HEAD_BYTES: Final = len(_MAGIC) + _SALT_BYTES + 16
_MARK: Final = b"\x89T1F\r\n\x1a\n"
_FRAME: Final = struct.Struct(">IB")
_BLOCK: Final = 1 << 20
_MOST_READ: Final = MOST_VOLUME + (32 << 20)
"""A file longer than this (bytes) is none of ours: one act may make a volume longer than asked for."""


@dataclass(slots=True)
class _Volume:
    number: int
    aside: Path
    file: BinaryIO
    hash: hashlib._Hash
    size: int = 0
    parts: int = 0
    incarnation: int = 0
    first: int = 0
    last: int = 0
    previous: str = ""
    signature: str = ""

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.hash.update(data)
        self.size += len(data)

    def note(self) -> VolumeNote:
        return VolumeNote(
            sha256=self.hash.hexdigest(),
            size=self.size,
            incarnation=self.incarnation,
            first=self.first,
            last=self.last,
            previous=self.previous,
            signature=self.signature,
        )


class VolumeWriter:
    """Writes one bundle into a folder, as a context: whole when `finish` returned, else nothing is left. A volume
    holds numbers of one incarnation.

    `opening` is the first letter of every volume, `road` and `prove` as in `sync.courier.seal`, `random` gives
    that many random bytes, `most` is how many bytes a volume may have (a larger act still goes whole). File
    names hold the bundle's random name and the volume's number. Raises StickFull, StickGone.
    """

    def __init__(
        self,
        folder: Path,
        opening: Letter,
        road: bytes,
        receiver: bytes,
        prove: Prove,
        random: Callable[[int], bytes],
        most: int = MOST_VOLUME,
    ) -> None:
        self._folder = folder
        self._opening = opening
        self._road = road
        self._receiver = receiver
        self._key = X25519PublicKey.from_public_bytes(receiver)
        self._prove = prove
        self._random = random
        self._room = most - min(64 << 10, most // 4)
        self._volumes: list[_Volume] = []
        self._done: list[Path] = []
        self._whole = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        for volume in self._volumes:
            with contextlib.suppress(OSError):
                volume.file.close()
            if not self._whole:
                with contextlib.suppress(OSError):
                    volume.aside.unlink(missing_ok=True)
        if not self._whole:
            for path in self._done:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    @property
    def number(self) -> int:
        """The volume that is written now: 1, 2, …; 0 before the first letter."""
        return len(self._volumes)

    def add(self, letter: Letter, body: bytes = b"", *, previous: str = "", signature: str = "") -> None:
        """One more letter; a new volume is begun where this one would grow too large. The volume of a Part is
        set here; `previous` and `signature` are those of its push head."""
        try:
            self._add(letter, body, previous, signature)
        except OSError as fault:
            raise of_stick(fault) from None

    def _add(self, letter: Letter, body: bytes, previous: str, signature: str) -> None:
        volume = self._volumes[-1] if self._volumes else self._begin()
        frame = self._frame(self._numbered(letter, volume.number), body)
        other = isinstance(letter, Part) and volume.incarnation not in {0, letter.incarnation}
        if volume.parts and (other or volume.size + len(frame) > self._room):
            volume = self._begin()
            frame = self._frame(self._numbered(letter, volume.number), body)
        volume.write(frame)
        volume.parts += 1
        if isinstance(letter, Part):
            if not volume.first:
                volume.incarnation, volume.first, volume.previous = letter.incarnation, letter.first, previous
            volume.last, volume.signature = letter.last, signature

    def _numbered(self, letter: Letter, number: int) -> Letter:
        if not isinstance(letter, Part):
            return letter
        return Part(
            bundle=letter.bundle,
            device=letter.device,
            incarnation=letter.incarnation,
            volume=number,
            first=letter.first,
            last=letter.last,
        )

    def _frame(self, letter: Letter, body: bytes) -> bytes:
        sealed = seal(self._road, self._key, letters.write(letter, body))
        proof = self._prove(sealed)
        return _MARK + _FRAME.pack(len(sealed), len(proof)) + sealed + proof

    def _begin(self) -> _Volume:
        number = len(self._volumes) + 1
        aside = self._folder / f"{self._opening.bundle}-{number:03d}{ENDING}{UNFINISHED}"
        door = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        volume = _Volume(number, aside, os.fdopen(door, "wb"), hashlib.sha256())
        self._volumes.append(volume)
        salt = self._random(_SALT_BYTES)
        volume.write(_MAGIC + salt + receiver_tag(self._receiver, salt))
        volume.write(self._frame(self._opening, b""))
        return volume

    def finish(self) -> list[str]:
        """Close every volume, flush it to the stick and give it its name; answers the names in order."""
        try:
            return self._finish()
        except OSError as fault:
            raise of_stick(fault) from None

    def _finish(self) -> list[str]:
        if not self._volumes:
            self._begin()
        notes = [volume.note() for volume in self._volumes]
        for volume in self._volumes:
            said = Closing(
                bundle=self._opening.bundle,
                device=self._opening.device,
                incarnation=self._opening.incarnation,
                volume=volume.number,
                volumes=notes,
            )
            volume.file.write(self._frame(said, b""))
            volume.file.flush()
            os.fsync(volume.file.fileno())
            volume.file.close()
        for volume in self._volumes:
            whole = volume.aside.with_name(volume.aside.name.removesuffix(UNFINISHED))
            volume.aside.rename(whole)
            self._done.append(whole)
        with contextlib.suppress(OSError):  # a stick's file system may not know how; the files are flushed
            flush_folder(self._folder)
        self._whole = True
        return [path.name for path in self._done]


def volumes_in(folder: Path) -> list[Path]:
    """Finished volumes of the folder by name. Raises StickGone, NothingOnStick."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ENDING and path.is_file())
    except OSError as fault:
        raise of_stick(fault) from None
    if not found:
        raise NothingOnStick
    return found


@dataclass(slots=True)
class VolumeRead:
    """How far one volume could be read. `ours`: it is sealed for the reader. `letters`: how many opened, `newer`
    of them written by a newer program. `damaged`: stretches that cannot be read. `whole`: its last letter is
    there and names exactly these bytes."""

    name: str
    ours: bool = True
    letters: int = 0
    newer: int = 0
    damaged: int = 0
    closed: Closing | None = None
    whole: bool = False


Unseal = Callable[[bytes], bytes | None]
"""Sealed bytes → plain text, or None where they do not open."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One letter that opened, what stands behind it, and the bytes by which its writer is known."""

    letter: Letter
    body: bytes
    sealed: bytes
    proof: bytes


def read_volume(path: Path, receiver: bytes, unseal: Unseal, report: VolumeRead) -> Iterator[Opened]:
    """Every letter that opens, in order; `report` is filled on the way. What cannot be read is left out and
    counted, and the reading goes on behind it. Raises StickGone where the file cannot be opened at all."""
    data = _content(path, report)
    salt = data[len(_MAGIC) : len(_MAGIC) + _SALT_BYTES]
    mine = data[len(_MAGIC) + _SALT_BYTES : _HEAD_BYTES] == receiver_tag(receiver, salt)
    place, end = 0, _HEAD_BYTES
    while (place := data.find(_MARK, place)) >= 0:
        sealed, proof = _framed(data, place + len(_MARK))
        plain = unseal(sealed) if sealed else None
        if plain is None:
            place += 1  # a damaged letter, or a damaged length: the next mark is looked for from here
            continue
        report.letters += 1
        report.damaged += place != end
        before, place = place, place + len(_MARK) + _FRAME.size + len(sealed) + len(proof)
        end = place
        said = letters.read(plain)
        if said is None:
            report.newer += 1
            continue
        if isinstance(said[0], Closing):
            report.closed = said[0]
            report.whole = _is_whole(data[:before], said[0])
        yield Opened(said[0], said[1], sealed, proof)
    report.ours = mine or report.letters > 0
    if report.ours and (end != len(data) or report.closed is None):
        report.damaged += 1
    report.damaged += bool(report.letters) and (not mine or not data.startswith(_MAGIC))


def _framed(data: bytes, place: int) -> tuple[bytes, bytes]:
    if place + _FRAME.size > len(data):
        return b"", b""
    length, proof_length = _FRAME.unpack_from(data, place)
    begin = place + _FRAME.size
    middle = begin + length
    if middle + proof_length > len(data):
        return b"", b""
    return data[begin:middle], data[middle : middle + proof_length]


def _is_whole(before: bytes, said: Closing) -> bool:
    if not 1 <= said.volume <= len(said.volumes):
        return False
    note = said.volumes[said.volume - 1]
    return len(before) == note.size and hashlib.sha256(before).hexdigest() == note.sha256


def _content(path: Path, report: VolumeRead) -> bytes:
    """The file block by block; a block the stick cannot read any more is left as zeros."""
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size > _MOST_READ:
                return b""
            data = bytearray(size)
            for start in range(0, size, _BLOCK):
                try:
                    file.seek(start)
                    block = file.read(min(_BLOCK, size - start)) or b""
                except OSError:
                    report.damaged += 1
                    continue
                data[start : start + len(block)] = block
            return bytes(data)
    except OSError as fault:
        raise of_stick(fault) from None
