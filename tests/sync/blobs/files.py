"""Files for tests of attachments: sealed as a desk seals them, small chunks of chance."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sync.blobs import seal
from sync.blobs.seal import CHUNK, Namer, Naming, Plan

SECRET = bytes(range(32))


@dataclass(frozen=True)
class SealedFile:
    """A file with everything that sealing makes of it."""

    plain: bytes
    naming: Naming
    plan: Plan
    chunks: tuple[bytes, ...]

    @property
    def whole(self) -> bytes:
        return b"".join(self.chunks)


def sealed(plain: bytes, secret: bytes = SECRET) -> SealedFile:
    """Name and seal a file."""
    namer = Namer(secret)
    namer.feed(plain)
    naming = namer.done()
    count = seal.chunk_count(len(plain))
    chunks = tuple(
        seal.seal_chunk(naming, i, plain[i * CHUNK : (i + 1) * CHUNK], last=i == count - 1) for i in range(count)
    )
    return SealedFile(plain, naming, Plan(len(plain), tuple(map(seal.chunk_name, chunks))), chunks)


def made_up(size: int, seed: int = 1) -> bytes:
    """So many bytes of chance."""
    return random.Random(seed).randbytes(size)
