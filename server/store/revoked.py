"""Devices that may not enter any more: since when, why, and the centre's signed order that they wipe themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Table, Text, select

from server.store import accounts, hubs
from server.store.engine import Connection
from sync.replica import sql

revocation = Table(
    "revocation",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
"""`signature` (base64) is the centre's over `sync.door.wipe_claim`: a hub hands it on and cannot make one."""


class Order(NamedTuple):
    """One row. `since` is UTC ms, `reason` what the shift leader wrote (no name of a person)."""

    device: str
    since: int
    reason: str
    signature: str


def put(connection: Connection, orders: Iterable[Order]) -> None:
    """Write orders down; the first one of a device stays."""
    for one in orders:
        if of(connection, one.device) is None:
            sql.insert_many(connection, revocation, [tuple(one)])


def of(connection: Connection, device: str) -> Order | None:
    """The order for this device, or None where it was never given one."""
    row = sql.first(connection, "SELECT device, since, reason, signature FROM revocation WHERE device = ?", device)
    return None if row is None else Order(str(row[0]), int(row[1]), str(row[2]), str(row[3]))


def is_revoked(connection: Connection, device: str) -> bool:
    """Whether the device may not enter any more, asked anew in the transaction that answers it."""
    row = sql.first(connection, "SELECT revoked_at FROM device WHERE id = ?", device)
    return row is not None and row[0] is not None


def mark(connection: Connection, device: str, now_ms: int) -> None:
    """From now on the device may not enter."""
    table = accounts.device
    stands = (table.c.id == device, table.c.revoked_at.is_(None))
    connection.execute(table.update().where(*stands).values(revoked_at=now_ms))


class Known(NamedTuple):
    """One device for those who look after them; times in UTC ms."""

    device: str
    centre: str
    seat: str
    hub: bool
    enrolled_at: int
    revoked_at: int | None
    reason: str | None


def devices(connection: Connection) -> list[Known]:
    """Every device ever enrolled, by seat and then by id."""
    d, r = accounts.device.c, revocation.c
    rows = connection.execute(
        select(d.id, d.centre, d.seat, d.enrolled_at, d.revoked_at, r.reason)
        .select_from(accounts.device.outerjoin(revocation, r.device == d.id))
        .order_by(d.seat, d.id)
    ).all()
    return [
        Known(
            row.id, row.centre, row.seat, hubs.is_hub(connection, row.id), row.enrolled_at, row.revoked_at, row.reason
        )
        for row in rows
    ]
