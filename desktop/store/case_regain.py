"""Opens keys of restricted cases with the keys of two custodians, who come together."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection

from desktop.store import case_seal, wraps
from desktop.store.case_keys import Share, shares_of
from desktop.store.wraps import DoesNotOpen


def locked_files(connection: Connection) -> list[str]:
    """Files (contact ids) of this desk that have a key of their own."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT k.contact_id FROM r_case_key k JOIN r_contact t ON t.id = k.contact_id ORDER BY 1"
    )
    return [str(row[0]) for row in rows]


def regained(
    connection: Connection, contact: str, first: X25519PrivateKey, second: X25519PrivateKey
) -> dict[str, bytes]:
    """Keys of a file by number that these two open together, in whichever order they came."""
    found: dict[str, bytes] = {}
    for share in shares_of(connection, contact):
        if not share.staff and share.number not in found:
            key = _opened(share, contact, first, second)
            if key is not None:
                found[share.number] = key
    return found


def _opened(share: Share, contact: str, first: X25519PrivateKey, second: X25519PrivateKey) -> bytes | None:
    for one, other in ((first, second), (second, first)):
        if share.opens_with != f"{_hex(one)}+{_hex(other)}":
            continue
        try:
            key = case_seal.unnest_key(one, other, share.sealed, share.number, contact)
        except DoesNotOpen:
            return None
        return key if len(key) == wraps.KEY_BYTES else None
    return None


def _hex(key: X25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
