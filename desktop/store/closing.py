"""After a dossier has left this desk: own words of it are closed to the centre in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Connection

from desktop.store.courier import receiver
from sync.operation import CLOSED
from sync.replica import removal

_WIPED: Final = (
    "SELECT w.id, w.wiped_scope FROM r_wiped w WHERE w.device = ? AND NOT EXISTS (SELECT 1 FROM r_grant g"
    " LEFT JOIN r_wiped x ON x.id = g.id WHERE g.granted_scope = w.wiped_scope AND g.device = w.device"
    " AND g.withdrawn_at IS NULL AND g.retracted IS NULL AND x.id IS NULL) ORDER BY w.id"
)
OPEN: Final = (
    "SELECT 1 FROM log WHERE scope IN (SELECT value FROM json_each(?)) AND body IS NOT NULL"
    " AND substr(body, 1, length(?)) <> ? LIMIT 1"
)
"""Whether own words of these scopes (JSON) are open; then twice how a closed body begins."""


class Wiped(NamedTuple):
    """A scope that was wiped here and not given again; `receipt` is the id of the wipe's receipt."""

    receipt: str
    scope: str


def centre_key(connection: Connection) -> X25519PublicKey | None:
    """The key that words are closed to: the national centre's, never a hub's (its machine may be gone for good)."""
    known = receiver(connection)
    return None if known is None or known.is_hub else X25519PublicKey.from_public_bytes(known.key)


def wiped(connection: Connection, device: str) -> list[Wiped]:
    """What this device gave up and may not read now."""
    return [Wiped(str(one), str(scope)) for one, scope in connection.exec_driver_sql(_WIPED, (device,))]


def is_open(connection: Connection, scopes: Sequence[str]) -> bool:
    """Whether own words of one of these scopes can still be read in the log."""
    return connection.exec_driver_sql(OPEN, (listed(scopes), CLOSED, CLOSED)).first() is not None


def close_scopes(connection: Connection, scopes: Sequence[str]) -> int:
    """Close what is open of these scopes; answers how many operations that were. Nothing happens before the centre's
    key is known."""
    key = centre_key(connection)
    return 0 if key is None else sum(removal.close_log(connection, scope, key) for scope in scopes)


def listed(scopes: Sequence[str]) -> str:
    """Names as the statements here take them."""
    return msgspec.json.encode(list(scopes)).decode()
