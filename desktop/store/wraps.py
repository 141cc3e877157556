"""How keys are closed: each wrap is one composition of library primitives (Argon2id, HKDF, AES-GCM, HPKE)."""

from __future__ import annotations

import hmac
import os
import unicodedata
from dataclasses import dataclass
from typing import Final

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
"""HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: Argon2id memory (KiB), passes, lanes. The default is the floor of the product."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 2


class DoesNotOpen(Exception):
    """The key is not the one this was closed with, or the bytes were changed."""


def stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """32 bytes from a passphrase, whatever normal form it was typed in (NFC is what counts)."""
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def both(stretched: bytes, device_secret: bytes, bound: bytes) -> bytes:
    """The key that needs the passphrase **and** the device's secret: HKDF over one behind the other."""
    return HKDF(SHA256(), KEY_BYTES, None, b"tram111/person/2\x00" + bound).derive(stretched + device_secret)


def under(key: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose, out of a key."""
    return HKDF(SHA256(), KEY_BYTES, None, b"tram111/under/2\x00" + purpose.encode()).derive(key)


def close(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """AES-256-GCM with a fresh random nonce before it; `bound` must be the same at opening."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def opened(key: bytes, closed: bytes, bound: bytes) -> bytes:
    """What `close` closed. Raises DoesNotOpen."""
    try:
        return AESGCM(key).decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise DoesNotOpen from None


def seal(public: bytes, plain: bytes, info: bytes) -> bytes:
    """Seal to a public key (X25519, raw): nobody needs to be there for it."""
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info)


def unseal(private: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """What was sealed to this key. Raises DoesNotOpen."""
    try:
        return _SUITE.decrypt(sealed, private, info)
    except (InvalidTag, ValueError):
        raise DoesNotOpen from None


def nest(first: bytes, second: bytes, plain: bytes, info: bytes) -> bytes:
    """Seal so that the owners of both keys must come together: the second opens, then the first."""
    return seal(second, seal(first, plain, info + b"\x001"), info + b"\x002")


def unnest(first: X25519PrivateKey, second: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """What was nested to these two. Raises DoesNotOpen."""
    return unseal(first, unseal(second, sealed, info + b"\x002"), info + b"\x001")


def mark(key: bytes, purpose: str, data: bytes) -> bytes:
    """HMAC-SHA-256 under a key of its own for the purpose (32 bytes)."""
    return hmac.digest(under(key, purpose), data, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one, other)


def bound_to(*parts: object) -> bytes:
    """What a wrap is bound to, written so that no two different lists read alike."""
    return msgspec.json.encode(parts)
