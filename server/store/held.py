"""Reading what is held, for its sender and for those who look after the road."""

from __future__ import annotations

from sqlalchemy import func, select

from server.store.engine import Connection
from sync.replica import tables


def of_sender(
    connection: Connection, device: str, incarnation: int, first: int, last: int
) -> list[tuple[int, str]]:
    """Number and reason of what is held of one chain between two numbers, in order."""
    w = tables.waiting.c
    rows = connection.execute(
        select(w.n, w.why)
        .where(w.device == device, w.incarnation == incarnation, w.n.between(first, last))
        .order_by(w.n)
    )
    return [(row.n, row.why) for row in rows]


def count(connection: Connection) -> int:
    """How many operations are held."""
    return int(connection.execute(select(func.count()).select_from(tables.waiting)).scalar_one())
