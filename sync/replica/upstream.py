"""What a hub knows of the centre above it: how far each chain has come there, and where chains have parted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, select

from sync.replica import node, sql
from sync.replica.signed import metadata

LINEAGE = "up_lineage"
"""The centre's lineage as last met; the hub's own stands under `lineage`."""

upstream_chain = Table(
    "upstream_chain",
    metadata,
    Column("lineage", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("acked", BigInteger, nullable=False),
    Column("backed_up", BigInteger, nullable=False),
)
"""Up to which number the centre of this lineage is known to hold the same chain as this hub (never more than was
proven: sent and taken, or compared by hash), and what of it lies in a verified backup."""

parted = Table(
    "parted",
    metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""Chains of which the centre holds other operations from n on: a cloned desk went to both."""


@dataclass(frozen=True, slots=True)
class Known:
    """How far one chain has come at the centre."""

    acked: int = 0
    backed_up: int = 0


def lineage(connection: Connection) -> str:
    """The centre's lineage; empty before the first meeting."""
    return node.get(connection, LINEAGE)


def of(connection: Connection, known: str, device: str, incarnation: int) -> Known:
    """How far this chain has come at the centre of that lineage."""
    u = upstream_chain.c
    row = connection.execute(
        select(u.acked, u.backed_up).where(u.lineage == known, u.device == device, u.incarnation == incarnation)
    ).first()
    return Known() if row is None else Known(int(row.acked), int(row.backed_up))


def put(connection: Connection, known: str, device: str, incarnation: int, reached: Known) -> None:
    """Remember how far this chain has come at the centre of that lineage."""
    line = (known, device, incarnation, reached.acked, reached.backed_up)
    sql.upsert_many(connection, upstream_chain, [line])


def every(connection: Connection, known: str) -> dict[tuple[str, int], Known]:
    """How far every chain has come at the centre of that lineage."""
    rows = connection.execute(select(upstream_chain).where(upstream_chain.c.lineage == known))
    return {(row.device, int(row.incarnation)): Known(int(row.acked), int(row.backed_up)) for row in rows}


def part(connection: Connection, device: str, incarnation: int, n: int) -> None:
    """The centre's chain is another from n on."""
    sql.upsert_many(connection, parted, [(device, incarnation, n)])


def parted_at(connection: Connection, device: str, incarnation: int) -> int | None:
    """From which number on the centre's chain is another, or None."""
    p = parted.c
    found = connection.execute(
        select(p.n).where(p.device == device, p.incarnation == incarnation)
    ).scalar_one_or_none()
    return None if found is None else int(found)
