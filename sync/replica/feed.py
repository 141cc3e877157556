"""Reading the log in order: what a device may see after its cursor, and one scope from the beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, or_, select, true, type_coerce
from sqlalchemy.types import NullType

from sync.operation import Placed
from sync.replica import node, tables
from sync.replica.scopes import scope_grant, scope_home


class Page(NamedTuple):
    """Operations in order, the cursor behind them, and whether more are there already."""

    placed: list[Placed]
    next: int
    more: bool


_log = tables.log.c

_COLUMNS = (
    _log.device,
    _log.incarnation,
    _log.n,
    _log.grp,
    # Both drivers give bytes already: SQLAlchemy's own pass over every value would cost more than the read.
    type_coerce(_log.salt, NullType()),
    type_coerce(_log.body, NullType()),
    _log.seq,
)


def _cut(placed: Sequence[Placed], limit: int, max_bytes: int) -> int:
    """How many of the operations go: up to the limits, never ending inside a group; at least the first group.

    They were read with limit + 1: where that many came, the last one only shows whether its group goes on.
    Answers 0 where even the first group does not end among them.
    """
    ends = size = 0
    last = len(placed)
    for index, one in enumerate(placed, start=1):
        size += len(one.body) + 80
        if index == last:
            if last > limit:
                continue
        else:
            after = placed[index]
            if (after.group, after.incarnation, after.device) == (one.group, one.incarnation, one.device):
                continue
        if ends and (index > limit or size > max_bytes):
            break
        ends = index
        if index >= limit or size >= max_bytes:
            break
    return ends


def _read(connection: Connection, wanted: Select[Any], limit: int, max_bytes: int) -> tuple[list[Placed], bool]:
    """Whole groups within the limits, and whether there is more; an act larger than the limits goes whole."""
    while True:
        rows = connection.execute(wanted.limit(limit + 1))
        # An erased body is NULL in the log and empty on the road.
        placed = [Placed(d, i, n, grp, salt, body or b"", seq) for d, i, n, grp, salt, body, seq in rows]
        ends = _cut(placed, limit, max_bytes)
        if ends or not placed:
            return placed[:ends], ends < len(placed)
        limit *= 2


def after(
    connection: Connection,
    cursor: int,
    *,
    device: str,
    incarnation: int,
    audiences: Collection[str],
    limit: int = 1_000,
    max_bytes: int = 1 << 20,
    grantees: Collection[str] = (),
    besides: ColumnElement[bool] | None = None,
) -> Page:
    """What this device may see after its cursor, its own operations left out (by device and incarnation).

    A hub sees what was granted to any of its desks (`grantees`), and of that only what fulfils `besides`.

    Runs in one read transaction; commit numbers above the counter read first are left for the next page.
    """
    top = node.feed(connection)
    log = tables.log.c
    visible = or_(
        scope_home.c.audience.in_(list(audiences)),
        log.scope.in_(select(scope_grant.c.scope).where(scope_grant.c.device.in_([device, *grantees]))),
    )
    wanted = (
        select(*_COLUMNS)
        .select_from(tables.log.join(scope_home, scope_home.c.scope == log.scope))
        .where(
            log.seq > cursor,
            log.seq <= top,
            log.held.is_(None),
            log.body.is_not(None),
            not_(and_(log.device == device, log.incarnation == incarnation)),
            visible,
            true() if besides is None else besides,
        )
        .order_by(log.seq)
    )
    placed, more = _read(connection, wanted, limit, max_bytes)
    return Page(placed, placed[-1].seq if more else top, more)


def of_scope(
    connection: Connection, scope: str, *, upto: int, past: int, limit: int = 1_000, max_bytes: int = 1 << 20
) -> Page:
    """One scope's operations with past < seq ≤ upto: the back-fill of a grant."""
    log = tables.log.c
    wanted = (
        select(*_COLUMNS)
        .where(log.scope == scope, log.seq > past, log.seq <= upto, log.held.is_(None), log.body.is_not(None))
        .order_by(log.seq)
    )
    placed, more = _read(connection, wanted, limit, max_bytes)
    return Page(placed, placed[-1].seq if more else upto, more)


def own_after(
    connection: Connection, device: str, incarnation: int, n: int, *, limit: int = 1_000, max_bytes: int = 1 << 20
) -> list[Placed]:
    """This node's own operations after n, whole groups, within the limits: what is still to be pushed."""
    log = tables.log.c
    wanted = (
        select(*_COLUMNS)
        .where(log.device == device, log.incarnation == incarnation, log.n > n)
        .order_by(log.n)
    )
    return _read(connection, wanted, limit, max_bytes)[0]


def last_seq(connection: Connection, device: str, incarnation: int) -> int:
    """The highest feed number that an operation of this chain has here; 0 for none."""
    log = tables.log.c
    found = select(func.max(log.seq)).where(log.device == device, log.incarnation == incarnation)
    return int(connection.execute(found).scalar_one() or 0)
