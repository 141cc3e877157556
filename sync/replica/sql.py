"""The few statements that must be driver-level for speed, spelled for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Table

_CHUNK = 5_000

_TOGETHER: Final = (200, 20, 1)
"""Rows in one statement on SQLite: few sizes, so that each is prepared once; 200 × 60 columns is below its limit of
32,766 values."""


def mark(connection: Connection) -> str:
    """The sign of a parameter."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given in the table's column order (11 × faster than ORM merge)."""
    if rows:
        _many(connection, _inserts(table), rows)


def upsert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert or overwrite rows given in the table's column order, by primary key; no two with the same one."""
    if rows:
        _many(connection, _upserts(table), rows)


def insert_lines(connection: Connection, start: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, all of one width, by a statement that begins so (`INSERT INTO name`)."""
    if rows:
        _many(connection, _Statement(start, "", len(rows[0])), rows)


class _Statement(NamedTuple):
    """An INSERT without its rows: what stands before and behind them, and how many values a row has."""

    start: str
    end: str
    width: int

    def of(self, rows: int, sign: str) -> str:
        """The statement for so many rows at once."""
        one = f"({', '.join([sign] * self.width)})"
        return f"{self.start} VALUES {', '.join([one] * rows)}{self.end}"


@cache
def _inserts(table: Table) -> _Statement:
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    return _Statement(f"INSERT INTO {table.name} ({names})", "", len(table.columns))


@cache
def _upserts(table: Table) -> _Statement:
    keys = ", ".join(f'"{c.name}"' for c in table.primary_key.columns)
    sets = ", ".join(f'"{c.name}" = excluded."{c.name}"' for c in table.columns if not c.primary_key)
    start, _, width = _inserts(table)
    return _Statement(start, f" ON CONFLICT ({keys}) DO UPDATE SET {sets}", width)


@cache
def _text(statement: _Statement, rows: int, sign: str) -> str:
    return statement.of(rows, sign)


def _many(connection: Connection, statement: _Statement, rows: Sequence[tuple[Any, ...]]) -> None:
    """SQLite's module gives up Python's lock at every step: a statement a row would wait for a busy thread at each
    of a thousand rows, up to the switch interval (measured: 1,640 µs a row instead of 10). So many rows a step."""
    sign = mark(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_text(statement, 1, sign), list(rows))
        return
    done = 0
    for size in _TOGETHER:
        while len(rows) - done >= size:
            values = tuple(chain.from_iterable(rows[done : done + size]))
            connection.exec_driver_sql(_text(statement, size, sign), values)
            done += size


def members(connection: Connection) -> str:
    """The right side of IN for one parameter that is a JSON array of texts (arrays are 4 × slower in psycopg)."""
    if connection.dialect.name == "postgresql":
        return "(SELECT jsonb_array_elements_text(CAST(%s AS jsonb)))"
    return "(SELECT value FROM json_each(?))"


def parts(wanted: Iterable[str]) -> Iterator[str]:
    """The texts as JSON arrays of at most 5,000, each one parameter of `IN` (see `members`)."""
    listed = list(wanted)
    for start in range(0, len(listed), _CHUNK):
        yield msgspec.json.encode(listed[start : start + _CHUNK]).decode()


def select_in(
    connection: Connection, table: Table, column: str, wanted: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Rows whose column is one of these."""
    keys = [c.name for c in table.columns]
    names = ", ".join(f'"{key}"' for key in keys)
    for part in parts(wanted):
        found = connection.exec_driver_sql(
            f'SELECT {names} FROM {table.name} WHERE "{column}" IN {members(connection)}', (part,)
        )
        for row in found:
            yield dict(zip(keys, row, strict=True))


def delete_in(connection: Connection, table: Table, column: str, wanted: Iterable[str]) -> None:
    """Delete rows whose column is one of these."""
    for part in parts(wanted):
        connection.exec_driver_sql(
            f'DELETE FROM {table.name} WHERE "{column}" IN {members(connection)}', (part,)
        )
