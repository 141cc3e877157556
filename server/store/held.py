"""Reading what is held, for its sender and for those who look after the road."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from server.store.engine import Connection
from sync.operation import decode_body
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


def drafts_left(connection: Connection, device: str) -> list[dict[str, Any]]:
    """Values of the drafts that a revoked device left, as its operations hold them, in order."""
    wanted = "SELECT body FROM waiting WHERE device = ? AND kind = 'left_draft' ORDER BY incarnation, n"
    rows = sql.fetch(connection, wanted, device)
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        body = decode_body(bytes(row[0]))  # one operation for each data class
        found.setdefault(body.id, {}).update(body.values)
    return list(found.values())


def count(connection: Connection) -> int:
    """How many operations are held."""
    return int(connection.execute(select(func.count()).select_from(tables.waiting)).scalar_one())
