"""Per-device hash chain and signature: what a device sent cannot be changed, dropped or reordered unseen."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.operation import CLOSED, HASH_BYTES, Placed

GENESIS = bytes(32)
"""The head of a chain before its first operation."""

_CONTEXT = b"tram111/push/1\x00"


def link_hash(previous: bytes, device: str, incarnation: int, n: int, group: int, sealed: bytes) -> bytes:
    """hₙ = H(hₙ₋₁ ‖ H(header) ‖ H(salt ‖ body)), SHA-256 (settled 3).

    `sealed` is H(salt ‖ body): erasing destroys salt and body and keeps it, so the chain still verifies.
    """
    return link(previous, msgspec.json.encode((device, incarnation, n, group)), sealed)


def link(previous: bytes, header: bytes, sealed: bytes) -> bytes:
    """H(previous ‖ H(header) ‖ sealed): a chain's next hash. What `sealed` stands for may be destroyed later."""
    return sha256(previous + sha256(header).digest() + sealed).digest()


def sealed_hash(salt: bytes, body: bytes) -> bytes:
    """H(salt ‖ body)."""
    return sha256(salt + body).digest()


def content_of(salt: bytes, body: bytes) -> bytes:
    """H(salt ‖ body) of what its author wrote: an erased or closed operation keeps it in the salt's place."""
    if len(salt) == HASH_BYTES and (not body or body.startswith(CLOSED)):
        return salt
    return sealed_hash(salt, body)


def content_hash(one: Placed) -> bytes:
    """H(salt ‖ body), also of an operation that was erased or closed and kept nothing else to count it from."""
    return content_of(one.salt, one.body)


def advance(previous: bytes, placed: Iterable[Placed]) -> list[bytes]:
    """The chain's hash after each of the operations, starting from `previous`."""
    hashes: list[bytes] = []
    for one in placed:
        previous = link_hash(previous, one.device, one.incarnation, one.n, one.group, content_hash(one))
        hashes.append(previous)
    return hashes


def _said(device: str, incarnation: int, last: int, head: bytes) -> bytes:
    return _CONTEXT + msgspec.json.encode((device, incarnation, last, head.hex()))


def sign_head(key: Ed25519PrivateKey, device: str, incarnation: int, last: int, head: bytes) -> bytes:
    """One Ed25519 signature (64 bytes) for a whole batch: of the chain's head after its last operation."""
    return key.sign(_said(device, incarnation, last, head))


def head_is_signed(
    public: Ed25519PublicKey, signature: bytes, device: str, incarnation: int, last: int, head: bytes
) -> bool:
    """Whether the device with this registered key signed this head."""
    try:
        public.verify(signature, _said(device, incarnation, last, head))
    except InvalidSignature:
        return False
    return True
