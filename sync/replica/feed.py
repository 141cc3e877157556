"""Reading the log in order: what a device may see after its cursor, and one scope from the beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from sync.operation import Placed
from sync.replica import node, sql


class Page(NamedTuple):
    """Operations in order, the cursor behind them, and whether more are there already."""

    placed: list[Placed]
    next: int
    more: bool


_COLUMNS: Final = (
    "SELECT log.device, log.incarnation, log.n, log.grp, log.salt, log.body, log.seq"
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


class _Asked(NamedTuple):
    """A question to the log: what stands behind `FROM`, and its values; without order and limit."""

    where: str
    values: tuple[Any, ...]
    order: str = "log.seq"


def _read(connection: Connection, asked: _Asked, limit: int, max_bytes: int) -> tuple[list[Placed], bool]:
    """Whole groups within the limits, and whether there is more; an act larger than the limits goes whole."""
    while True:
        rows = sql.fetch(
            connection, f"{_COLUMNS} FROM {asked.where} ORDER BY {asked.order} LIMIT ?", *asked.values, limit + 1
        )
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
    besides: tuple[str, tuple[Any, ...]] = ("", ()),
) -> Page:
    """What this device may see after its cursor, its own operations left out (by device and incarnation).

    A hub sees what was granted to any of its desks (`grantees`), and of that only what fulfils `besides`, a
    condition on `log` and `scope_home`, and its values.

    Runs in one read transaction; commit numbers above the counter read first are left for the next page.
    """
    top = node.feed(connection)
    if cursor < top and _all_own(connection, device, incarnation, cursor, top):
        return Page([], top, more=False)
    among = sql.members(connection)
    visible = (
        f"(scope_home.audience IN {among} OR log.scope IN"
        f" (SELECT scope_grant.scope FROM scope_grant WHERE scope_grant.device IN {among}))"
    )
    where = (
        "log JOIN scope_home ON scope_home.scope = log.scope WHERE log.seq > ? AND log.seq <= ? AND log.held IS NULL"
        " AND log.body IS NOT NULL AND NOT (log.device = ? AND log.incarnation = ?)"
        f" AND {visible}{f' AND {besides[0]}' if besides[0] else ''}"
    )
    [seen], [given] = sql.parts(audiences), sql.parts([device, *grantees])
    values = (cursor, top, device, incarnation, seen, given, *besides[1])
    placed, more = _read(connection, _Asked(where, values), limit, max_bytes)
    return Page(placed, placed[-1].seq if more else top, more)


_OWN_AMONG: Final = (
    "SELECT count(*) FROM log WHERE device = ? AND incarnation = ? AND n > ? AND seq > ? AND seq <= ?"
)
_ENDS_OWN: Final = "SELECT count(*) FROM log WHERE seq IN (?, ?) AND device = ? AND incarnation = ?"
_HEAD_N: Final = "SELECT n FROM chain WHERE device = ? AND incarnation = ?"


def _all_own(connection: Connection, device: str, incarnation: int, cursor: int, top: int) -> bool:
    """Whether every feed number between is of one of this chain's newest operations (those that came ahead of their
    turn among them): so it is after each batch of a backlog. Counted in the index by place alone, where the page
    itself would read every body to leave it out."""
    ends = sql.first(connection, _ENDS_OWN, cursor + 1, top, device, incarnation)
    head = sql.first(connection, _HEAD_N, device, incarnation)
    if head is None or int(ends[0]) != min(2, top - cursor):
        return False
    found = sql.first(connection, _OWN_AMONG, device, incarnation, int(head[0]) - (top - cursor), cursor, top)
    return int(found[0]) == top - cursor


def of_scope(
    connection: Connection, scope: str, *, upto: int, past: int, limit: int = 1_000, max_bytes: int = 1 << 20
) -> Page:
    """One scope's operations with past < seq ≤ upto: the back-fill of a grant."""
    where = "log WHERE scope = ? AND seq > ? AND seq <= ? AND held IS NULL AND body IS NOT NULL"
    placed, more = _read(connection, _Asked(where, (scope, past, upto)), limit, max_bytes)
    return Page(placed, placed[-1].seq if more else upto, more)


def own_after(
    connection: Connection, device: str, incarnation: int, n: int, *, limit: int = 1_000, max_bytes: int = 1 << 20
) -> list[Placed]:
    """This node's own operations after n, whole groups, within the limits: what is still to be pushed."""
    where = "log WHERE device = ? AND incarnation = ? AND n > ?"
    return _read(connection, _Asked(where, (device, incarnation, n), "log.n"), limit, max_bytes)[0]


def last_seq(connection: Connection, device: str, incarnation: int) -> int:
    """The highest feed number that an operation of this chain has here; 0 for none."""
    row = sql.first(connection, "SELECT max(seq) FROM log WHERE device = ? AND incarnation = ?", device, incarnation)
    return int(row[0] or 0)
