"""The few statements that must be driver-level for speed, spelled for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table

_CHUNK = 5_000


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given in the table's column order (executemany; 11 × faster than ORM merge)."""
    if rows:
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        marks = ", ".join([_mark(connection)] * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))


def upsert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert or overwrite rows given in the table's column order, by primary key."""
    if not rows:
        return
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    marks = ", ".join([_mark(connection)] * len(table.columns))
    keys = ", ".join(f'"{c.name}"' for c in table.primary_key.columns)
    sets = ", ".join(f'"{c.name}" = excluded."{c.name}"' for c in table.columns if not c.primary_key)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({keys}) DO UPDATE SET {sets}",
        list(rows),
    )


def _members(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        return "(SELECT jsonb_array_elements_text(CAST(%s AS jsonb)))"
    return "(SELECT value FROM json_each(?))"


def select_in(
    connection: Connection, table: Table, column: str, members: Iterable[str]
) -> Iterable[dict[str, Any]]:
    """Rows whose column is one of the members: one JSON parameter (arrays are 4 × slower in psycopg)."""
    wanted = list(members)
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    keys = [c.name for c in table.columns]
    for start in range(0, len(wanted), _CHUNK):
        text = msgspec.json.encode(wanted[start : start + _CHUNK]).decode()
        found = connection.exec_driver_sql(
            f'SELECT {names} FROM {table.name} WHERE "{column}" IN {_members(connection)}', (text,)
        )
        for row in found:
            yield dict(zip(keys, row, strict=True))


def delete_in(connection: Connection, table: Table, column: str, members: Iterable[str]) -> None:
    """Delete rows whose column is one of the members."""
    wanted = list(members)
    for start in range(0, len(wanted), _CHUNK):
        text = msgspec.json.encode(wanted[start : start + _CHUNK]).decode()
        connection.exec_driver_sql(
            f'DELETE FROM {table.name} WHERE "{column}" IN {_members(connection)}', (text,)
        )
