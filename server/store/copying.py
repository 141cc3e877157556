"""Copying a whole store row by row between PostgreSQL and a file, every table, counted on both sides."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, MetaData, Table, func, inspect, select

from server.store import accounts
from server.store.engine import Connection
from server.store.troubles import BackupIncomplete
from sync.replica import sql, tables

_CHUNK: Final = 2_000


def copy_rows(source: Connection, target: Connection) -> int:
    """Make every table of the source in the empty target and fill it; answers how many rows were copied.

    Tables this program declares are made as it declares them; others (of a room this module does not know)
    after their own shape. Raises BackupIncomplete where a count differs afterwards.
    """
    declared = {**accounts.metadata.tables, **tables.metadata.tables}
    names = sorted(inspect(source).get_table_names())
    total = 0
    for name in names:
        found = Table(name, MetaData(), autoload_with=source)
        table = declared.get(name)
        if table is None or {c.name for c in found.columns} != {c.name for c in table.columns}:
            table = _generic(found)
        table.create(target)
        total += _fill(source, target, table)
    return total


def _generic(found: Table) -> Table:
    columns: list[Column[object]] = [
        Column(c.name, c.type.as_generic(), primary_key=c.primary_key, nullable=c.nullable, autoincrement=False)
        for c in found.columns
    ]
    return Table(found.name, MetaData(), *columns)


def _fill(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    rows = source.execute(select(table).execution_options(stream_results=True, yield_per=_CHUNK))
    for part in rows.partitions():
        sql.insert_many(target, table, [tuple(row) for row in part])
        count += len(part)
    there = [c.execute(select(func.count()).select_from(table)).scalar_one() for c in (source, target)]
    if there != [count, count]:
        raise BackupIncomplete
    return count
