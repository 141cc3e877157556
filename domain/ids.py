"""Identities of records: time-ordered ids made by a device, and ids derived from what a record stands for."""

from __future__ import annotations

import hashlib
from typing import Final

_MAX_MS: Final = (1 << 48) - 1
_VARIANT: Final = 0b10 << 62
RANDOM_BYTES: Final = 10
"""How many random bytes `uuid7` takes; 74 of the 80 bits are used."""


def _canonical(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid7(ms: int, rand: bytes) -> str:
    """A UUID version 7 (RFC 9562 §5.7): 36 characters, lower case, sorting by its millisecond.

    `ms` is UTC milliseconds since 1970 (0 to 2⁴⁸−1), `rand` ten bytes from a cryptographic source: the
    caller brings both, so that the same event gives the same id in a simulation. Raises ValueError outside
    these ranges.
    """
    if not 0 <= ms <= _MAX_MS:
        raise ValueError("milliseconds outside 0..2^48-1")
    if len(rand) != RANDOM_BYTES:
        raise ValueError(f"uuid7 needs exactly {RANDOM_BYTES} random bytes")
    bits = int.from_bytes(rand, "big")
    high = (ms << 16) | (7 << 12) | (bits >> 68)
    low = _VARIANT | (bits & ((1 << 62) - 1))
    return _canonical((high << 64) | low)


def uuid7_ms(identity: str) -> int:
    """The UTC milliseconds a version 7 id was made at. Raises ValueError for any other text."""
    if not is_id(identity) or identity[14] != "7":
        raise ValueError("not a version 7 id")
    return int(identity[:8] + identity[9:13], 16)


def derived_id(namespace: str, *parts: str) -> str:
    """The same id for the same parts at every node: UUID version 8 (RFC 9562 §5.8) from SHA-256.

    Each part is hashed with its length, so ("a", "bc") and ("ab", "c") differ.
    """
    digest = hashlib.sha256()
    for part in (namespace, *parts):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    number = int.from_bytes(digest.digest()[:16], "big")
    number &= ~((0xF << 76) | (0b11 << 62))
    return _canonical(number | (8 << 76) | _VARIANT)


def call_id(pbx: str, uniqueid: str) -> str:
    """The id of a call that the PBX names: a desk's row and a reconciliation's row are one record (settled
    point 7).
    """
    return derived_id("call", pbx, uniqueid)


def is_id(text: str) -> bool:
    """Whether the text is an id in the one form we write: 36 characters, lower case hexadecimal, dashes in
    place.
    """
    if len(text) != 36 or not text.isascii():
        return False
    if any(text[place] != "-" for place in (8, 13, 18, 23)):
        return False
    digits = text.replace("-", "")
    return len(digits) == 32 and all(char in "0123456789abcdef" for char in digits)
