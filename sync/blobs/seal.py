"""How a file is named and sealed: a name only its scope can compute, and chunks that cannot be cut or moved.

The composition is that of STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: the nonce of a
chunk is its number and a mark on the last one. Name and key are HMAC-SHA-256 of the whole file under two keys
derived from the scope's secret: the same file in the same scope gives the same name, key and chunks at every
desk, and a key never seals two different files, so a counter is a safe nonce.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

SECRET_BYTES: Final = 32
CHUNK: Final = 1 << 20
"""Bytes of a file in one chunk; the last chunk holds the rest (an empty file has one empty chunk)."""
TAG: Final = 16
MOST: Final = 256 << 20
"""Largest file (bytes) that is attached."""

_NAME: Final = b"tram111/blob/name/1"
_KEY: Final = b"tram111/blob/key/1"
_CHUNK_CONTEXT: Final = b"tram111/blob/chunk/1\x00"
_HASH: Final = 32


class Broken(ValueError):
    """Bytes that are not the chunk they should be: flipped, cut, moved, or of another file."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A file's name (43 letters, base64url of the HMAC) and its key (32 bytes)."""

    blob: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a blob is public on the road: its size as a file (bytes) and the names of its sealed chunks, in
    order. A chunk's name is the SHA-256 of its sealed bytes (64 hexadecimal digits)."""

    size: int
    chunks: tuple[str, ...]

    @property
    def sealed(self) -> int:
        """Bytes of all sealed chunks together: what travels."""
        return sealed_size(self.size)

    def length(self, index: int) -> int:
        """Sealed bytes of one chunk."""
        return min(CHUNK, self.size - index * CHUNK) + TAG if self.size else TAG

    def start(self, index: int) -> int:
        """Where a chunk begins in the sealed whole."""
        return index * (CHUNK + TAG)

    def at(self, offset: int) -> int:
        """The number of the chunk that holds this byte of the sealed whole."""
        return min(offset // (CHUNK + TAG), len(self.chunks) - 1)


def chunk_count(size: int) -> int:
    """Chunks of a file of this size (bytes)."""
    return max(1, -(-size // CHUNK))


def sealed_size(size: int) -> int:
    """Bytes of a file of this size once sealed."""
    return size + TAG * chunk_count(size)


def pack(chunks: Iterable[str]) -> str:
    """Chunk names as one short text (base64), as an attachment's record carries them."""
    return base64.b64encode(b"".join(bytes.fromhex(one) for one in chunks)).decode()


def plan_of(size: int | None, packed: str | None, count: int | None) -> Plan | None:
    """The plan in an attachment's record, or None where size, count and names do not belong together."""
    if size is None or not 0 <= size <= MOST or not packed or count != chunk_count(size):
        return None
    try:
        raw = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != count * _HASH:
        return None
    return Plan(size, tuple(raw[at : at + _HASH].hex() for at in range(0, len(raw), _HASH)))


def _mac(key: bytes) -> HMAC:
    return HMAC(key, SHA256())


def _derived(secret: bytes, purpose: bytes) -> bytes:
    mac = _mac(secret)
    mac.update(purpose)
    return mac.finalize()


class Namer:
    """Names a file that is fed to it part by part."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError("a scope's secret has 32 bytes")
        self._name = _mac(_derived(secret, _NAME))
        self._key = _mac(_derived(secret, _KEY))

    def feed(self, part: bytes) -> None:
        """The next bytes of the file."""
        self._name.update(part)
        self._key.update(part)

    def done(self) -> Naming:
        """Name and key of all that was fed."""
        name = base64.urlsafe_b64encode(self._name.finalize()).decode().rstrip("=")
        return Naming(name, self._key.finalize())


def _nonce(index: int, *, last: bool) -> bytes:
    return bytes(7) + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def seal_chunk(naming: Naming, index: int, plain: bytes, *, last: bool) -> bytes:
    """One chunk sealed. `plain` has CHUNK bytes, the last one 0 to CHUNK."""
    aad = _CHUNK_CONTEXT + naming.blob.encode()
    return AESGCM(naming.key).encrypt(_nonce(index, last=last), plain, aad)


def open_chunk(naming: Naming, index: int, sealed: bytes, *, last: bool) -> bytes:
    """The file's bytes in one chunk. Raises Broken for anything that is not this chunk in this place."""
    try:
        aad = _CHUNK_CONTEXT + naming.blob.encode()
        return AESGCM(naming.key).decrypt(_nonce(index, last=last), sealed, aad)
    except (InvalidTag, ValueError) as fault:
        raise Broken("not this chunk") from fault


def chunk_name(sealed: bytes) -> str:
    """The name of a sealed chunk."""
    return sha256(sealed).hexdigest()
