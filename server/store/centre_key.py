"""The centre's own signing key: Ed25519, made at the first start, kept in the store; desks learn its public half."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.store.engine import Connection
from sync.replica import node

NAME: Final = "centre_key"
"""Under which name the node table keeps the private half (64 hexadecimal digits)."""


def made(connection: Connection) -> Ed25519PrivateKey:
    """The key of this store, made when there is none. Runs in a write transaction.

    It lies in the store like everything else there: encrypted with it, backed up and restored with it, so desks
    that know the public half go on believing a restored centre.
    """
    known = node.get(connection, NAME)
    if known:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(known))
    key = Ed25519PrivateKey.generate()
    node.put_key(connection, NAME, key.private_bytes_raw().hex())
    return key
