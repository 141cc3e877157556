"""Reading the log in order: what a device may see after its cursor, and one scope from the beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, not_, or_, select

from sync.operation import Placed, whole_groups
from sync.replica import node, tables
from sync.replica.scopes import scope_grant, scope_home


class Page(NamedTuple):
    """Operations in order, the cursor behind them, and whether more are there already."""

    placed: list[Placed]
    next: int
    more: bool


_COLUMNS = (
    tables.log.c.device,
    tables.log.c.incarnation,
    tables.log.c.n,
    tables.log.c.grp,
    tables.log.c.salt,
    tables.log.c.body,
    tables.log.c.seq,
)


def _placed(row: Any) -> Placed:
    return Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body), row.seq)


def _cut(rows: Sequence[Any], limit: int, max_bytes: int) -> tuple[list[Placed], bool]:
    """Up to the limits, but never inside a group; the first group goes whatever its size."""
    taken: list[Placed] = []
    size = 0
    ends = 0
    for index, row in enumerate(rows):
        one = _placed(row)
        taken.append(one)
        size += len(one.body) + 80
        after = rows[index + 1] if index + 1 < len(rows) else None
        same = after is not None and (after.device, after.incarnation, after.grp) == (
            one.device,
            one.incarnation,
            one.group,
        )
        if not same and (after is not None or len(rows) <= limit or ends == 0):
            ends = index + 1
        if ends and (len(taken) >= limit or size >= max_bytes):
            break
    return taken[:ends], ends < len(rows)


def after(
    connection: Connection,
    cursor: int,
    *,
    device: str,
    incarnation: int,
    audiences: Collection[str],
    limit: int = 1_000,
    max_bytes: int = 1 << 20,
) -> Page:
    """What this device may see after its cursor, its own operations left out (by device and incarnation).

    Runs in one read transaction; commit numbers above the counter read first are left for the next page.
    """
    top = node.feed(connection)
    log = tables.log.c
    visible = or_(
        scope_home.c.audience.in_(list(audiences)),
        log.scope.in_(select(scope_grant.c.scope).where(scope_grant.c.device == device)),
    )
    rows = connection.execute(
        select(*_COLUMNS)
        .select_from(tables.log.join(scope_home, scope_home.c.scope == log.scope))
        .where(
            log.seq > cursor,
            log.seq <= top,
            log.held.is_(None),
            log.body.is_not(None),
            not_(and_(log.device == device, log.incarnation == incarnation)),
            visible,
        )
        .order_by(log.seq)
        .limit(limit + 1)
    ).all()
    placed, more = _cut(rows, limit, max_bytes)
    if more:
        return Page(placed, placed[-1].seq if placed else cursor, True)
    return Page(placed, top, False)


def of_scope(
    connection: Connection, scope: str, *, upto: int, past: int, limit: int = 1_000, max_bytes: int = 1 << 20
) -> Page:
    """One scope's operations with past < seq ≤ upto: the back-fill of a grant."""
    log = tables.log.c
    rows = connection.execute(
        select(*_COLUMNS)
        .where(log.scope == scope, log.seq > past, log.seq <= upto, log.held.is_(None), log.body.is_not(None))
        .order_by(log.seq)
        .limit(limit + 1)
    ).all()
    placed, more = _cut(rows, limit, max_bytes)
    return Page(placed, placed[-1].seq if more else upto, more)


def own_after(
    connection: Connection, device: str, incarnation: int, n: int, *, limit: int = 1_000, max_bytes: int = 1 << 20
) -> list[Placed]:
    """This node's own operations after n, whole groups, within the limits: what is still to be pushed."""
    log = tables.log.c
    rows = connection.execute(
        select(*_COLUMNS)
        .where(log.device == device, log.incarnation == incarnation, log.n > n)
        .order_by(log.n)
        .limit(limit + 1)
    ).all()
    placed, _ = _cut(rows, limit, max_bytes)
    if not placed and rows:
        # One act larger than the limits: it still travels whole.
        group = rows[0].grp
        every = connection.execute(
            select(*_COLUMNS)
            .where(log.device == device, log.incarnation == incarnation, log.n > n, log.n <= group)
            .order_by(log.n)
        )
        placed = whole_groups([_placed(row) for row in every])
    return placed
