"""From a file on a disk to sealed chunks on the desk's shelf and back: nothing is ever plain on our own disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from desktop.store.blobs import Readable
from desktop.store.outgoing import CannotExport, put
from desktop.store.troubles import translate
from domain.media import HEAD_BYTES, media_type
from domain.text import nfc
from sync.blobs import seal
from sync.blobs.seal import CHUNK, MOST, Broken, Namer, Naming, Plan
from sync.blobs.shelf import Shelf
from sync.troubles import Trouble


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file whose sealed chunks are durable on this desk's shelf: what it is called, its kind, name, key, plan,
    and the secret it was named under."""

    title: str
    media_type: str
    naming: Naming
    plan: Plan
    secret: bytes
    source: str = "file"


class CannotRead(Trouble):
    """The chosen file cannot be read, or it changed while it was."""

    advice = (
        "Không đọc được tệp đã chọn (có thể đang mở ở chương trình khác). "
        "Chị/anh đóng chương trình đó rồi chọn lại."
    )


class TooBig(Trouble):
    """The chosen file is larger than what is attached."""

    advice = "Tệp lớn hơn 256 MB nên chưa đính kèm được. Chị/anh cắt nhỏ hoặc nén lại rồi chọn lại."


class NotHere(Trouble):
    """The bytes are not (whole) on this desk; they were asked for."""

    advice = "Tệp chưa có trên máy này. Phần mềm đang lấy từ trung tâm; chị/anh mở lại khi lấy xong."


class NoKey(Trouble):
    """The key of the attachment did not come to this desk."""

    advice = "Máy này chưa được quyền mở tệp này. Chị/anh hỏi trưởng ca nếu cần xem."


class CannotWrite(Trouble):
    """The place chosen for an exported file cannot be written."""

    advice = "Không ghi được tệp vào chỗ đã chọn. Chị/anh chọn thư mục khác rồi xuất lại."


def seal_file(path: Path, secret: bytes, shelf: Shelf) -> SealedFile:
    """Name a file, seal it chunk by chunk onto the shelf. Everything is durable when this returns.

    Raises CannotRead, TooBig, DiskFull.
    """
    with _opened(path) as file:
        size, head = 0, b""
        namer = Namer(secret)
        for part in _parts(file):
            size += len(part)
            head = head or part[:HEAD_BYTES]
            if size > MOST:
                raise TooBig
            namer.feed(part)
        naming = namer.done()
        count = seal.chunk_count(size)
        again = Namer(secret)
        names: list[str] = []
        _rewind(file)
        for index in range(count):
            plain = _read(file)
            again.feed(plain)
            sealed = seal.seal_chunk(naming, index, plain, last=index == count - 1)
            names.append(seal.chunk_name(sealed))
            _put(shelf, names[-1], sealed)
        # One key seals one file only: a file that changed between the two readings is not attached.
        if again.done() != naming or _read(file):
            shelf.drop(names)
            raise CannotRead
    return SealedFile(nfc(path.name), media_type(head), naming, Plan(size, tuple(names)), secret)


def open_sealed(found: Readable, shelf: Shelf) -> bytes:
    """An attachment's bytes, in memory. Raises NoKey, NotHere (also where the disk altered a chunk)."""
    return b"".join(_opened_chunks(found, shelf))


def export_sealed(found: Readable, shelf: Shelf, target: Path) -> None:
    """Write an attachment out of the program, to where a person said, for its owner only.

    Raises NoKey, NotHere, CannotWrite.
    """
    chunks = _opened_chunks(found, shelf)
    first = next(chunks)  # nothing is written where nothing can be read

    def write(stream: IO[bytes]) -> None:
        stream.write(first)
        for plain in chunks:
            stream.write(plain)

    try:
        put(target, write)
    except CannotExport as fault:
        raise CannotWrite from fault


def _opened_chunks(found: Readable, shelf: Shelf) -> Iterator[bytes]:
    if found.naming is None:
        raise NoKey
    last = len(found.plan.chunks) - 1
    for index, name in enumerate(found.plan.chunks):
        try:
            yield seal.open_chunk(found.naming, index, shelf.verified(name), last=index == last)
        except (FileNotFoundError, Broken) as missing:
            raise NotHere from missing


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as fault:
        raise CannotRead from fault
    with file:
        yield file


def _parts(file: BinaryIO) -> Iterator[bytes]:
    while part := _read(file):
        yield part


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK)
    except OSError as fault:
        raise CannotRead from fault


def _rewind(file: BinaryIO) -> None:
    try:
        file.seek(0)
    except OSError as fault:
        raise CannotRead from fault


def _put(shelf: Shelf, name: str, sealed: bytes) -> None:
    try:
        shelf.put(name, sealed)
    except OSError as fault:
        raise translate(fault) or fault from fault
