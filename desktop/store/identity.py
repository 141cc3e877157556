"""Who this desk is: device, centre, seat and server as enrolment set them, and its signing key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, select

from desktop.store.schema import secret
from desktop.store.unit_of_work import Seat
from sync.replica import node, sql
from sync.replica.own_chains import INCARNATION, LINEAGE

DEVICE = "device"
CENTRE = "centre"
SEAT = "seat"
DIGIT = "digit"
SERVER = "server"
SERVERS = "servers"
SIGNING_KEY = "device_signing_key"
CODE = "enrolment_code"
"""The one-time code with which this desk is being enrolled; taken out once it is."""
CENTRE_KEY = "centre_key"
"""The centre's Ed25519 public key, base64: what it signs (manifests, grants carried by a hub) is checked with it."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolment gave this desk: its seat (with device) and the address of the server it enrolled at; all
    servers it may speak to, best first (the hub of its centre, then the centre)."""

    seat: Seat
    server_url: str
    servers: tuple[str, ...] = ()


def enrolment(connection: Connection) -> Enrolment | None:
    """The desk's enrolment, or None before it."""
    device = node.get(connection, DEVICE)
    if not device:
        return None
    seat = Seat(
        node.get(connection, CENTRE),
        node.get(connection, SEAT),
        int(node.get(connection, DIGIT)),
        device,
        int(node.get(connection, INCARNATION, "1")),
    )
    url = node.get(connection, SERVER)
    return Enrolment(seat, url, tuple(node.get(connection, SERVERS).split()) or ((url,) if url else ()))


def set_servers(connection: Connection, urls: Sequence[str]) -> None:
    """Write down all servers this desk may speak to, best first. They lie in the encrypted store, because whoever
    could change them would be sent what is written here."""
    node.put(connection, **{SERVERS: "\n".join(urls)})


def enrol(
    connection: Connection, seat: Seat, server_url: str, lineage: str = "", centre_key: str = ""
) -> None:
    """Write down who this desk is. `centre_key`: the centre's Ed25519 public key (base64), where it gave one."""
    values = {
        DEVICE: seat.device,
        CENTRE: seat.centre,
        SEAT: seat.seat_code,
        DIGIT: str(seat.digit),
        SERVER: server_url,
        INCARNATION: str(seat.incarnation),
    }
    node.put(connection, **values)
    connection.execute(delete(secret).where(secret.c.name == CODE))
    if lineage:
        node.put(connection, **{LINEAGE: lineage})
    if centre_key:
        node.put(connection, **{CENTRE_KEY: centre_key})


def keep_code(connection: Connection, code: str) -> None:
    """Keep the one-time code until the desk is enrolled: an enrolment cut off goes on with it."""
    sql.upsert_many(connection, secret, [(CODE, code.encode())])


def kept_code(connection: Connection) -> str:
    """The one-time code of an enrolment that was cut off, or nothing."""
    return (_secret(connection, CODE) or b"").decode()


def _secret(connection: Connection, name: str) -> bytes | None:
    found = connection.execute(select(secret.c.value).where(secret.c.name == name)).scalar_one_or_none()
    return None if found is None else bytes(found)


def signing_key(connection: Connection) -> Ed25519PrivateKey | None:
    """The device's key, or None before it was made."""
    found = _secret(connection, SIGNING_KEY)
    return None if found is None else Ed25519PrivateKey.from_private_bytes(found)


def make_signing_key(connection: Connection) -> Ed25519PrivateKey:
    """The device's key, made when there is none; it never leaves the encrypted store."""
    known = signing_key(connection)
    if known is not None:
        return known
    made = Ed25519PrivateKey.generate()
    sql.insert_many(connection, secret, [(SIGNING_KEY, made.private_bytes_raw())])
    return made
