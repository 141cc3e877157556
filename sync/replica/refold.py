"""After an upgrade: what an older program parked because it did not know it moves into its columns."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sqlalchemy import Connection, Table, inspect

from domain.records.kinds import KINDS
from sync.replica import sql, tables
from sync.replica.rows import base_of, parked_state, row_of, state_of

_CHUNK: Final = 1_000


def shape_of_records() -> str:
    """A short name of the record tables as this program derives them: where a store says another, its columns
    and what it parked are to be looked at."""
    text = ";".join(described(table) for table in tables.records.values())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def described(table: Table) -> str:
    """A table's columns and the names of its indexes, in one line that is the same at every start."""
    columns = ",".join(f"{column.name} {column.type}" for column in table.columns)
    return f"{table.name}({columns}|{','.join(sorted(str(index.name) for index in table.indexes))})"


def missing_columns(connection: Connection) -> None:
    """A field the registry has gained gets its column, an index it has gained is made, and one of ours that no
    field asks for any more falls away: each costs every write. Nothing else of a table is touched."""
    tables.partial_on_postgresql(connection)
    inspector = inspect(connection)
    for table in tables.records.values():
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                # sql-names-only: table, column and type come from the registry of kinds
                connection.exec_driver_sql(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}')
        _missing_indexes(connection, table, {str(ix["name"]) for ix in inspector.get_indexes(table.name)})


def _missing_indexes(connection: Connection, table: Table, there: set[str]) -> None:
    wanted = {str(index.name): index for index in table.indexes}
    for name in sorted(wanted.keys() - there):
        wanted[name].create(connection)
    for name in sorted(there - wanted.keys()):
        if name.startswith(tables.INDEX_PREFIX):
            # sql-names-only: a name that this program once gave an index of this very table
            connection.exec_driver_sql(f'DROP INDEX "{name}"')


def parked(connection: Connection) -> int:
    """Put parked fields and records of kinds now known into their tables; answers how many rows moved.

    States stay what they were, so digests do not change. The search index is the caller's to rebuild.
    """
    moved = 0
    for name, kind in KINDS.items():
        table = tables.records[name]
        lines: list[tuple[Any, ...]] = []
        for row in connection.execute(table.select().where(table.c.parked.is_not(None))).mappings().all():
            before = dict(row)
            new = row_of(kind, row["id"], row["scope"], state_of(kind, before), base_of(before))
            if new["parked"] != row["parked"]:
                lines.append(tuple(new.get(column.name) for column in table.columns))
        for start in range(0, len(lines), _CHUNK):
            sql.upsert_many(connection, table, lines[start : start + _CHUNK])
        moved += len(lines)
    return moved + _records(connection)


def _records(connection: Connection) -> int:
    held = tables.parked_record
    moved = 0
    for row in connection.execute(held.select().where(held.c.kind.in_(list(KINDS)))).mappings().all():
        kind, table = KINDS[row["kind"]], tables.records[row["kind"]]
        state = parked_state(row["state"])
        # Any version may be the one that is not written out field by field: the earliest, as when it was made.
        base = min((version for held_field in state.values() for version in held_field.heads), default="")
        new = row_of(kind, row["id"], row["scope"], state, base)
        sql.insert_many(connection, table, [tuple(new.get(column.name) for column in table.columns)])
        connection.execute(held.delete().where(held.c.kind == row["kind"], held.c.id == row["id"]))
        moved += 1
    return moved
