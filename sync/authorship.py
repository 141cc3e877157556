"""Proof that the centre itself wrote an operation: what a hub asks for before a grant counts there."""

from __future__ import annotations

from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync import chain
from sync.operation import Placed

CENTRE: Final = "centre"
"""Under which device name the centre writes its own operations (grants, number blocks)."""

_CONTEXT: Final = b"tram111/own/1\x00"


def _said(one: Placed) -> bytes:
    sealed = chain.content_hash(one).hex()
    return _CONTEXT + msgspec.json.encode((one.device, one.incarnation, one.n, one.group, sealed))


def key_of(one: Placed) -> str:
    """Under which name a pull's head tells the proof of an operation: `incarnation.n`."""
    return f"{one.incarnation}.{one.n}"


def prove(key: Ed25519PrivateKey, one: Placed) -> bytes:
    """The centre's Ed25519 signature (64 bytes) of one operation in its place.

    A chain is signed at its head; a hub gets parts of the centre's chain only, so each part is signed alone.
    """
    return key.sign(_said(one))


def is_proven(public: Ed25519PublicKey, one: Placed, signature: bytes) -> bool:
    """Whether the centre with this key says that it wrote this operation in this place."""
    try:
        public.verify(signature, _said(one))
    except InvalidSignature:
        return False
    return True
