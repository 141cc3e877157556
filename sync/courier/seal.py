"""How a courier's letters are closed: only the receiver opens one, and it is known who wrote it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SECRET_BYTES: Final = 32
"""Length of the secret by which a server proves that it could open a desk's stick."""

UP: Final = b"tram111/courier/1/up\x00"
"""What is bound into every letter of a desk to a server."""
DOWN: Final = b"tram111/courier/1/down\x00"
"""What is bound into every letter of a server to a desk."""

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
"""HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305."""

_TAG: Final = b"tram111/courier/1/to\x00"
_TAG_BYTES: Final = 16

Prove = Callable[[bytes], bytes]
"""Sealed bytes → the proof of who sealed them: a signature or a MAC."""


def seal(road: bytes, receiver: X25519PublicKey, plain: bytes) -> bytes:
    """Seal for one receiver; 48 bytes longer than the plain text. `road` is UP or DOWN."""
    return _SUITE.encrypt(plain, receiver, road)


def unseal(road: bytes, key: X25519PrivateKey, sealed: bytes) -> bytes | None:
    """The plain text, or None where the bytes are damaged or are for somebody else."""
    try:
        return _SUITE.decrypt(sealed, key, road)
    except InvalidTag:
        return None


def signed_by(key: Ed25519PrivateKey) -> Prove:
    """A desk's proof: Ed25519 over UP and the sealed bytes (64 bytes)."""
    return lambda sealed: key.sign(UP + sealed)


def is_signed_by(public: Ed25519PublicKey, sealed: bytes, proof: bytes) -> bool:
    """Whether the device with this registered key closed the letter."""
    try:
        public.verify(proof, UP + sealed)
    except InvalidSignature:
        return False
    return True


def known_by(secret: bytes) -> Prove:
    """A server's proof: HMAC-SHA-256 under the secret that the desk's sealed stick told it (32 bytes)."""
    return lambda sealed: hmac.digest(secret, DOWN + sealed, "sha256")


def is_known_by(secret: bytes, sealed: bytes, proof: bytes) -> bool:
    """Whether a server that could open this desk's stick closed the letter."""
    return hmac.compare_digest(known_by(secret)(sealed), proof)


def receiver_tag(receiver: bytes, salt: bytes) -> bytes:
    """Sixteen bytes by which the receiver knows its own volume, and which tell others nothing (salted)."""
    return hashlib.sha256(_TAG + salt + receiver).digest()[:_TAG_BYTES]
