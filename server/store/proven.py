"""When each device was last proven to hold exactly what it may: for the screen of whoever looks after the road."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Table, Text, select

from server.store import accounts
from server.store.engine import Connection
from sync.door import Receipt
from sync.replica import sql

proven = Table(
    "proven",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", Text, nullable=False),
)
"""The last receipt of each device, with the centre's signature: whoever alters it is found out."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One device: its centre and seat, and when it was last proven equal (UTC ms; None: never)."""

    device: str
    centre: str
    seat: str
    at: int | None
    seq: int | None


def remember(connection: Connection, receipt: Receipt) -> None:
    """Keep the last receipt given to a device."""
    row = (receipt.device, receipt.seq, receipt.digest, receipt.time, receipt.signature)
    sql.upsert_many(connection, proven, [row])


def all_devices(connection: Connection) -> list[Proven]:
    """Every device that stands, those never proven first, then the longest ago."""
    d, p = accounts.device.c, proven.c
    rows = connection.execute(
        select(d.id, d.centre, d.seat, p.at, p.seq)
        .select_from(accounts.device.outerjoin(proven, p.device == d.id))
        .where(d.revoked_at.is_(None))
    )
    return sorted((Proven(*row) for row in rows), key=lambda one: (one.at is not None, one.at or 0, one.seat))
