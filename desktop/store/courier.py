"""What the desk keeps for couriers: whom it seals for, how it may be answered, and who carried what."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection, select

from desktop.store.schema import courier_log, secret
from sync.courier.seal import SECRET_BYTES
from sync.replica import node, sql
from sync.replica.own_chains import LINEAGE

REPLY_KEY: Final = "courier_reply_key"
REPLY_PROOF: Final = "courier_reply_proof"
_RECEIVER: Final = "courier_key:"
_KEY_BYTES: Final = 32


def learn_receiver(connection: Connection, lineage: str, key: str) -> None:
    """Keep the X25519 public key (base64) of the server with this lineage; what is no key is not kept."""
    try:
        whole = len(b64decode(key, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        whole = False
    if lineage and whole and node.get(connection, _RECEIVER + lineage) != key:
        node.put_key(connection, _RECEIVER + lineage, key)


class Receiver(NamedTuple):
    """For whom sticks are sealed: lineage, raw X25519 key, whether it is a hub."""

    lineage: str
    key: bytes
    is_hub: bool


def receiver(connection: Connection) -> Receiver | None:
    """The national centre; where its key was never learned the hub that was met last; None where neither was. Who
    writes a stick has no line to the hub either, and its machine may be gone for good."""
    met = node.get(connection, LINEAGE)
    centre = node.get(connection, f"centre_of:{met}")
    for lineage in filter(None, (centre, met)):
        key = node.get(connection, _RECEIVER + lineage)
        if key:
            return Receiver(lineage, b64decode(key), bool(centre) and lineage == met)
    return None


class ReplyKeys(NamedTuple):
    """The desk's own X25519 key, and the secret that proves a reply to be written by who could read the stick."""

    key: X25519PrivateKey
    secret: bytes


def reply_keys(connection: Connection) -> ReplyKeys | None:
    """Both, or None before the first export."""
    rows = connection.execute(select(secret).where(secret.c.name.in_([REPLY_KEY, REPLY_PROOF])))
    known = {row.name: bytes(row.value) for row in rows}
    if len(known) < 2:
        return None
    return ReplyKeys(X25519PrivateKey.from_private_bytes(known[REPLY_KEY]), known[REPLY_PROOF])


def make_reply_keys(connection: Connection, random: Callable[[int], bytes]) -> ReplyKeys:
    """Both, made when there are none; they never leave the encrypted store but sealed to the server."""
    known = reply_keys(connection)
    if known is not None:
        return known
    key = X25519PrivateKey.generate()
    given = random(SECRET_BYTES)
    sql.upsert_many(connection, secret, [(REPLY_KEY, key.private_bytes_raw()), (REPLY_PROOF, given)])
    return ReplyKeys(key, given)


class Entry(NamedTuple):
    """One line of the audit: `what` is export or reply, `at` UTC ms, counts of volumes and operations."""

    id: str
    at: int
    what: str
    staff: str
    lineage: str
    bundles: str
    volumes: int
    operations: int
    first: int
    last: int


def write_entry(connection: Connection, entry: Entry) -> None:
    """Add a line."""
    sql.insert_many(connection, courier_log, [tuple(entry)])


def entries(connection: Connection) -> list[Entry]:
    """Every line, oldest first."""
    rows = connection.execute(select(courier_log).order_by(courier_log.c.at, courier_log.c.id))
    return [Entry(*row) for row in rows]
