"""How much of each device's chain lies in a verified backup: only that may ever leave a desk's log (settled 10)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text, select

from server.store import accounts
from server.store.engine import Connection
from sync.replica import node, sql, tables

BACKED_UP_AT = "backed_up_at"
"""When (UTC ms) the last backup was verified; empty: never."""
BACKED_UP_FEED = "backed_up_feed"
"""Up to which feed number the last verified backup reaches."""

backed_up = Table(
    "backed_up",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""Per chain the last number that the newest verified backup holds."""

Chains = dict[tuple[str, int], int]
"""Last number by device and incarnation."""


def chains(connection: Connection) -> Chains:
    """How far each chain goes in this store."""
    c = tables.chain.c
    rows = connection.execute(select(c.device, c.incarnation, c.n))
    return {(row.device, row.incarnation): int(row.n) for row in rows}


def record(connection: Connection, held: Chains, feed: int, at_ms: int) -> None:
    """A backup that holds these chains was verified; what an earlier one held more of stays told."""
    known = connection.execute(select(backed_up.c.device, backed_up.c.incarnation, backed_up.c.n))
    before = {(row.device, row.incarnation): int(row.n) for row in known}
    lines = [(device, inc, n) for (device, inc), n in sorted(held.items()) if n > before.get((device, inc), 0)]
    sql.upsert_many(connection, backed_up, lines)
    node.put(connection, **{BACKED_UP_AT: str(at_ms), BACKED_UP_FEED: str(feed)})


def of(connection: Connection, device: str, incarnation: int) -> int:
    """The last number of this chain in a verified backup; 0 for none."""
    row = sql.first(connection, "SELECT n FROM backed_up WHERE device = ? AND incarnation = ?", device, incarnation)
    return 0 if row is None else int(row[0])
