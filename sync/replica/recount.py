"""The weekly recount: running digests compared with the rows themselves, a few scopes at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from domain.clock import DAY
from domain.records.kinds import KINDS
from sync.digest import NOTHING, Digest, of_state
from sync.replica import node, sql, tables
from sync.replica.row_sums import RowSums
from sync.replica.rows import parked_state

EVERY_MS: Final = 7 * DAY
"""How long after the end of one round the next is due (milliseconds)."""
SCOPES: Final = 100
"""How many scopes are counted in one read: a few hundred rows on a desk."""
ROWS: Final = 200
"""How many rows are counted between two rests (2 ms of work)."""

AT: Final = "recount_at"
AFTER: Final = "recount_after"
FOUND: Final = "recount_found"
LAST: Final = "recount_last"


@dataclass(frozen=True, slots=True)
class State:
    """How far the recount is: the end of the last whole round (UTC ms; None: none yet), how many figures had slipped
    in it, the scope after which this round goes on (None: none is under way), what it has found so far."""

    at_ms: int | None = None
    last: int = 0
    after: str | None = None
    found: int = 0

    def is_due(self, now_ms: int) -> bool:
        """Whether there is something to count. A round from the future (the clock was set back) counts as old."""
        return self.after is not None or self.at_ms is None or not 0 <= now_ms - self.at_ms < EVERY_MS


@dataclass(frozen=True, slots=True)
class Part:
    """Some scopes counted: the last one (None: there were no more), how many records, which figures have slipped
    from their rows by how much."""

    last: str | None
    records: int
    slipped: Mapping[tuple[str, str], Digest]


def state(connection: Connection) -> State:
    """How far this node is."""
    return state_in(node.everything(connection))


def state_in(known: Mapping[str, str]) -> State:
    """The same, of what a node knows of itself."""
    at = known.get(AT)
    after = known.get(AFTER, "")
    return State(
        at_ms=int(at) if at else None,
        last=int(known.get(LAST) or 0),
        after=after[1:] if after else None,
        found=int(known.get(FOUND) or 0),
    )


def keep(connection: Connection, before: State, part: Part, now_ms: int) -> State:
    """Remember that a part was counted; the last one ends the round."""
    found = before.found + len(part.slipped)
    if part.last is None:
        node.put(connection, **{AT: str(now_ms), LAST: str(found), FOUND: "0", AFTER: ""})
        return State(now_ms, found)
    # A mark before the name: "" says that no round is under way.
    node.put(connection, **{AFTER: f">{part.last}", FOUND: str(found)})
    return State(before.at_ms, before.last, part.last, found)


def part(connection: Connection, after: str, most: int = SCOPES, rest: Callable[[], None] | None = None) -> Part:
    """Count the next scopes after one, on this connection's one snapshot. A save beside it moves rows and figures
    alike, so a difference found here is still one when it is put right. `rest` is called between two hundred rows."""
    found = _next(connection, after, most)
    if not found:
        return Part(None, 0, {})
    counted = RowSums()
    for name, kind in KINDS.items():
        table = tables.records[name]
        columns = [column.name for column in table.columns]
        rows = connection.execute(select(table).where(table.c.scope.in_(found)).execution_options(yield_per=ROWS))
        for some in rows.partitions():
            counted.add_rows(kind, columns, [tuple(row) for row in some])
            if rest is not None:
                rest()
    for row in sql.select_in(connection, tables.parked_record, "scope", found):
        counted.add(
            row["scope"], row["kind"], of_state(row["kind"], row["id"], row["scope"], parked_state(row["state"]))
        )
    kept = {
        (row["scope"], row["kind"]): Digest(row["count"], int(row["total"], 16))
        for row in sql.select_in(connection, tables.digest, "scope", found)
    }
    return Part(found[-1], counted.whole().count, differences(counted.by_scope_and_kind(), kept))


def differences(
    counted: Mapping[tuple[str, str], Digest], kept: Mapping[tuple[str, str], Digest]
) -> dict[tuple[str, str], Digest]:
    """What must be added to the figures kept to make them those counted."""
    return {
        key: counted.get(key, NOTHING).minus(kept.get(key, NOTHING))
        for key in counted.keys() | kept.keys()
        if counted.get(key, NOTHING) != kept.get(key, NOTHING)
    }


def _next(connection: Connection, after: str, most: int) -> list[str]:
    """The next scopes by name, in the database's own order, whichever table names them."""
    named: Iterable[str] = ("digest", "parked_record", *(table.name for table in tables.records.values()))
    some = "SELECT scope FROM (SELECT DISTINCT scope FROM {} WHERE scope > ? ORDER BY scope LIMIT ?) AS {}"
    parts = [some.format(name, f"s{at}") for at, name in enumerate(named)]  # sql-names-only: tables of the registry
    question = " UNION ".join(parts) + " ORDER BY 1 LIMIT ?"
    values = [value for _ in parts for value in (after, most)]
    return [str(row[0]) for row in sql.fetch(connection, question, *values, most)]
