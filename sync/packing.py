"""Bodies packed by zstd; small ones with a dictionary that both ends know, where both have said so."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import zstandard

FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "wire"
FIRST_DICTIONARY: Final = 111_000
"""Dictionary N has this number and N in its frames: outside what zstd keeps for registered ones."""
DICTIONARY: Final = 1
"""The newest one that this program has. Those of before are never changed and never taken out: what was packed with
one must open for ever."""
SMALL: Final = 8 << 10
"""A body packed to less (bytes) gains by the dictionary; a larger one teaches the packer itself."""
LEVEL: Final = 3
"""zstd: 10 × cheaper than gzip and smaller (sync.md §4.2)."""
LEVEL_UP: Final = 6
"""What a desk sends is packed harder: 6 % fewer bytes for 12 µs a record at the end that has time to spare."""
_LEVEL_SMALL: Final = 12


class Unpackable(ValueError):
    """The bytes are none that this program can unpack; the text says why and never what they hold."""


def pack(raw: bytes, level: int = LEVEL) -> bytes:
    """Compress a body."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(raw)


def unpack(data: bytes, most: int) -> bytes:
    """Decompress a body of at most `most` bytes. Raises Unpackable."""
    try:
        size = zstandard.frame_content_size(data)
        if size < 0 or size > most:
            raise Unpackable("size")
        known = zstandard.get_frame_parameters(data).dict_id
        with_it = _dictionary(known - FIRST_DICTIONARY) if known else None
        return zstandard.ZstdDecompressor(dict_data=with_it).decompress(data, max_output_size=most)
    except (zstandard.ZstdError, OSError) as fault:
        raise Unpackable("compression") from fault


def repacked(data: bytes, dictionary: int, most: int) -> bytes:
    """A small body packed anew with the dictionary that the other end said it has (0: none); the same body where it
    would not gain."""
    if not 0 < dictionary <= DICTIONARY or len(data) > SMALL:
        return data
    packer = zstandard.ZstdCompressor(level=_LEVEL_SMALL, write_checksum=True, dict_data=_dictionary(dictionary))
    try:
        anew = packer.compress(unpack(data, most))
    except Unpackable:
        return data  # whoever gets it says so
    return anew if len(anew) < len(data) else data


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    if not 0 < number <= DICTIONARY:
        raise Unpackable("dictionary")
    read = zstandard.ZstdCompressionDict((FOLDER / f"dictionary-{number}.zdict").read_bytes())
    read.precompute_compress(level=_LEVEL_SMALL)  # once: 0.8 ms that every small body paid before
    return read
