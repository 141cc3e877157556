"""Reading what is held, for its sender and for those who look after the road."""

from __future__ import annotations

from sqlalchemy import func, select

from server.store.engine import Connection
from sync.replica import sql, tables


def of_sender(
    connection: Connection, device: str, incarnation: int, first: int, last: int
) -> list[tuple[int, str]]:
    """Number and reason of what is held of one chain between two numbers, in order."""
    rows = sql.fetch(
        connection,
        "SELECT n, why FROM waiting WHERE device = ? AND incarnation = ? AND n BETWEEN ? AND ? ORDER BY n",
        device, incarnation, first, last,
    )  # fmt: skip
    return [(int(n), str(why)) for n, why in rows]


def count(connection: Connection) -> int:
    """How many operations are held."""
    return int(connection.execute(select(func.count()).select_from(tables.waiting)).scalar_one())
