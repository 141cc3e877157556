"""Devices that enrolled and wait until a shift leader has heard their words: who, since when, who let them in."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Table, Text, select

from server.store import accounts
from server.store.accounts import Device
from server.store.engine import Connection
from sync.replica import sql

newcomer = Table(
    "newcomer",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("approved_at", BigInteger, nullable=True),
    Column("approved_by", Text, nullable=True),
)
"""Devices whose code asked for an approval; the row stays, so that it can be seen who let a device in."""

newcomer_code = Table("newcomer_code", accounts.metadata, Column("sha256", Text, primary_key=True))
"""One-time codes whose device waits for an approval."""


class Approval(NamedTuple):
    """One row. Times are UTC ms; `by` is a staff id."""

    device: str
    since: int
    approved_at: int | None
    by: str | None


def add_code(connection: Connection, sha256: str) -> None:
    """The device of the code with this hash will wait."""
    sql.insert_many(connection, newcomer_code, [(sha256,)])


def code_waits(connection: Connection, sha256: str) -> bool:
    """Whether the device of this code waits for an approval."""
    return connection.execute(select(newcomer_code).where(newcomer_code.c.sha256 == sha256)).first() is not None


def add(connection: Connection, device: str, now_ms: int) -> None:
    """This device waits from now on."""
    sql.insert_many(connection, newcomer, [(device, now_ms, None, None)])


def waits(connection: Connection, device: str) -> bool:
    """Whether the device was not let in yet."""
    row = sql.first(connection, "SELECT approved_at FROM newcomer WHERE device = ?", device)
    return row is not None and row[0] is None


def waiting(connection: Connection) -> list[Device]:
    """Devices that wait and were not revoked meanwhile, by id."""
    d = accounts.device
    rows = connection.execute(
        select(d)
        .join(newcomer, newcomer.c.device == d.c.id)
        .where(newcomer.c.approved_at.is_(None), d.c.revoked_at.is_(None))
        .order_by(d.c.id)
    )
    return [accounts.device_of(row) for row in rows.mappings()]


def approve(connection: Connection, device: str, staff: str, now_ms: int) -> None:
    """The device may enter from now on."""
    one = newcomer.c
    stands = (one.device == device, one.approved_at.is_(None))
    connection.execute(newcomer.update().where(*stands).values(approved_at=now_ms, approved_by=staff))


def approvals(connection: Connection) -> dict[str, Approval]:
    """Every device that had to wait, by id."""
    return {str(row.device): Approval(*row) for row in connection.execute(select(newcomer))}
