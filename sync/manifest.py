"""The manifest of a bootstrap: the segments that make a device's whole state at one feed number, signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync import wire
from sync.wire import BadMessage

BOOTSTRAP: Final = "/v1/bootstrap"
SEGMENT: Final = "/v1/segment"

MOST_SEGMENT: Final = 8 << 20
"""Largest segment (bytes) that a node reads."""

_CONTEXT: Final = b"tram111/bootstrap/1\x00"

Shape = dict[str, list[tuple[str, str, str]]]
"""Kind → its fields as the server has them: (name, column, merge class)."""


class Segment(msgspec.Struct, frozen=True):
    """One segment: SHA-256 of its bytes (64 hexadecimal digits), how many bytes, how many records."""

    hash: str
    bytes: int
    rows: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Segments of one group of scopes, read from one snapshot at feed number `seq`. `key` (64 hexadecimal
    digits) opens each of them, `digest` (`count:hex`) is that of all their records."""

    seq: int
    key: str
    digest: str
    segments: list[Segment]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one device is to hold at feed number `seq` (the least of its parts): rows from the segments, then
    the feed after `seq`. `digest` is that of all rows of all parts together.

    Own operations are left out of pulls, so `own` names those (ranges of n of the asking incarnation, both ends
    included) that the rows may not show although the server has them; `acked` is the last one it has.
    """

    device: str
    incarnation: int
    lineage: str
    seq: int
    digest: str
    acked: int
    own: list[tuple[int, int]]
    shape: Shape
    parts: list[Part]
    time: int

    @property
    def rows(self) -> int:
        """Records in all segments."""
        return sum(one.rows for part in self.parts for one in part.segments)


_decoder = msgspec.json.Decoder(Manifest)


def seal(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """The body of the answer: signature (base64), line feed, the manifest's JSON; zstd around both."""
    said = msgspec.json.encode(manifest)
    return wire.pack(wire.text64(key.sign(_CONTEXT + said)).encode() + b"\n" + said)


def unseal(data: bytes, key: Ed25519PublicKey) -> Manifest:
    """The manifest in a body. Raises BadMessage where it is no manifest, is not signed by this key, or says
    what cannot be."""
    signature, _, said = wire.unpack(data).partition(b"\n")
    try:
        key.verify(wire.raw64(signature.decode("ascii", "replace")), _CONTEXT + said)
        manifest = _decoder.decode(said)
    except InvalidSignature as fault:
        raise BadMessage("signature") from fault
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadMessage("manifest") from fault
    names = [part.key for part in manifest.parts]
    names += [one.hash for part in manifest.parts for one in part.segments]
    if any(not _is_hex(name) for name in names):
        raise BadMessage("names")
    if any(not 0 < one.bytes <= MOST_SEGMENT for part in manifest.parts for one in part.segments):
        raise BadMessage("sizes")
    if manifest.seq != min((part.seq for part in manifest.parts), default=-1):
        raise BadMessage("seq")
    return manifest


def _is_hex(text: str) -> bool:
    """What becomes a file name or a key is nothing but 64 hexadecimal digits."""
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as ranges, both ends included."""
    found: list[tuple[int, int]] = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
    return found
