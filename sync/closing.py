"""Own words of a withdrawn scope, closed to the centre: the desk can send them again and cannot read them."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync import chain
from sync.courier import seal
from sync.operation import CLOSED, Placed

_BOUND: Final = b"tram111/closed/1\x00"
"""What is bound into every closed operation."""

_MOST_SALT: Final = 255


def close(receiver: X25519PublicKey, salt: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Salt and body as they are kept and carried from now on: H(salt ‖ body), so that the chain still verifies, and
    both sealed to the receiver. What is erased or closed already stays as it is. Raises ValueError (salt > 255 B).
    """
    if not body or (body.startswith(CLOSED) and len(salt) == len(chain.GENESIS)):
        return salt, body
    if len(salt) > _MOST_SALT:
        raise ValueError("a salt is short")
    plain = bytes([len(salt)]) + salt + body
    return chain.sealed_hash(salt, body), CLOSED + base64.b64encode(seal.seal(_BOUND, receiver, plain))


def opened(key: X25519PrivateKey, one: Placed) -> Placed:
    """The operation as its author wrote it. One that is not closed, is closed to somebody else, or does not hold
    what its hash says is given back as it came."""
    if not one.closed:
        return one
    try:
        sealed = base64.b64decode(one.body[len(CLOSED) :], validate=True)
        if base64.b64encode(sealed) != one.body[len(CLOSED) :]:
            return one  # base64 has other spellings of the last letters: only ours is
        plain = seal.unseal(_BOUND, key, sealed)
    except (binascii.Error, ValueError):
        return one
    if not plain:
        return one
    end = 1 + plain[0]
    salt, body = plain[1:end], plain[end:]
    if chain.sealed_hash(salt, body) != one.salt:
        return one
    return Placed(one.device, one.incarnation, one.n, one.group, salt, body, one.seq)
