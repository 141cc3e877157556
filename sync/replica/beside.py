"""Operations that stand in the log beside their chain: known before what comes before them in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from sync import chain
from sync.operation import Placed
from sync.replica import node, sql, tables
from sync.replica.fold import forget

UNCHAINED: Final = b""
"""Stands for the hash of such an operation: a hub is shown parts of chains, and a desk sends what was just written
past a backlog. When its author brings the chain itself, the operation takes its place in it."""


def found(connection: Connection, placed: Sequence[Placed]) -> list[tuple[Placed, Any]]:
    """Those operations whose place is taken in the log already, each with what stands there."""
    chains: dict[tuple[str, int], dict[int, Placed]] = {}
    for one in placed:
        chains.setdefault((one.device, one.incarnation), {})[one.n] = one
    log = tables.log.c
    there: list[tuple[Placed, Any]] = []
    for (device, incarnation), wanted in chains.items():
        rows = connection.execute(
            select(log.seq, log.n, log.grp, log.salt, log.body, log.hash, log.held)
            .where(log.device == device, log.incarnation == incarnation, log.n.between(min(wanted), max(wanted)))
            .order_by(log.n)
        )
        there += [(wanted[row.n], row) for row in rows if row.n in wanted]
    return there


def is_any(connection: Connection, device: str, incarnation: int, n: int) -> bool:
    """Whether the log holds anything of this chain beyond number n, its head: then it stands beside it."""
    further = "SELECT n FROM log WHERE device = ? AND incarnation = ? AND n > ? LIMIT 1"
    return sql.first(connection, further, device, incarnation, n) is not None


def take_out(connection: Connection, placed: Sequence[Placed]) -> int | None:
    """Take what stands beside the chain of these operations out of the log: they are written again in their chain,
    under new feed numbers, and folding them once more changes nothing. Answers the first number under which other
    bytes stand, and then has changed what it must not keep; None where there are none."""
    gone = 0
    for one, row in found(connection, placed):
        if not is_same(one, row):
            return one.n
        connection.execute(tables.log.delete().where(tables.log.c.seq == row.seq))
        forget(connection, [one])
        gone += 1
    if gone:
        moved = int(node.get(connection, node.MOVED, "0")) + gone
        node.put(connection, **{node.MOVED: str(moved)})
    return None


def is_same(one: Placed, row: Any) -> bool:
    """Whether the log holds these very bytes; of an erased operation nothing but its place is left to compare."""
    if row.grp != one.group:
        return False
    if row.body is None:
        return True
    if bytes(row.body) == one.body and bytes(row.salt) == one.salt:
        return True
    return chain.content_of(bytes(row.salt), bytes(row.body)) == chain.content_hash(one)
