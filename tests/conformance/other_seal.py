"""HPKE (RFC 9180) as another team would write it: base mode, X25519, HKDF-SHA256, one message to one key."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

KEM = b"KEM" + (0x0020).to_bytes(2, "big")
CIPHERS: dict[int, type[AESGCM | ChaCha20Poly1305]] = {0x0002: AESGCM, 0x0003: ChaCha20Poly1305}
CHACHA, AES = 0x0003, 0x0002


def _extract(salt: bytes, suite: bytes, label: bytes, given: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + given, "sha256")


def _expand(key: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """At most 32 bytes: one turn of HKDF-Expand (RFC 5869)."""
    said = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, said + b"\x01", "sha256")[:length]


def sealed(to: bytes, info: bytes, plain: bytes, cipher: int = CHACHA) -> bytes:
    """Encapsulated key and ciphertext for the raw public key `to`, without associated data."""
    suite = b"HPKE" + b"".join(one.to_bytes(2, "big") for one in (0x0020, 0x0001, cipher))
    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(to))
    secret = _expand(_extract(b"", KEM, b"eae_prk", shared), KEM, b"shared_secret", mine + to, 32)
    context = b"\x00" + _extract(b"", suite, b"psk_id_hash", b"") + _extract(b"", suite, b"info_hash", info)
    root = _extract(secret, suite, b"secret", b"")
    key = _expand(root, suite, b"key", context, 32)
    nonce = _expand(root, suite, b"base_nonce", context, 12)
    return mine + CIPHERS[cipher](key).encrypt(nonce, plain, b"")
