"""The few statements that must be driver-level for speed, spelled for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

_CHUNK = 5_000

_TOGETHER: Final = (200, 20, 1)
"""Rows in one statement on SQLite: few sizes, so that each is prepared once; 200 × 60 columns is below its limit of
32,766 values."""


def mark(connection: Connection) -> str:
    """The sign of a parameter."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def run(connection: Connection, statement: str, *values: Any) -> Any:
    """Run a statement with `?` for its values in the transaction of this connection, past SQLAlchemy's own work on
    each (70-150 µs, where SQLite needs 20). Answers the cursor. Raises what SQLAlchemy would: DBAPIError."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_percent(statement), values)
    if not connection.in_transaction():
        connection.begin()
    try:
        return connection.connection.dbapi_connection.execute(statement, values)  # type: ignore[union-attr]  # a checked-out connection is there
    except connection.dialect.loaded_dbapi.Error as fault:
        base = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            statement, None, fault, base, hide_parameters=True, dialect=connection.dialect
        ) from fault


def fetch(connection: Connection, statement: str, *values: Any) -> list[Any]:
    """The rows that a statement answers, as tuples (see `run`)."""
    found: list[Any] = run(connection, statement, *values).fetchall()
    return found


def first(connection: Connection, statement: str, *values: Any) -> Any:
    """The first row that a statement answers, or None (see `run`)."""
    return run(connection, statement, *values).fetchone()


@cache
def _percent(statement: str) -> str:
    return statement.replace("?", "%s")


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
            run(connection, _text(statement, size, sign), *chain.from_iterable(rows[done : done + size]))
            done += size


def members(connection: Connection) -> str:
    """The right side of IN for one parameter that is a JSON array of texts (arrays are 4 × slower in psycopg)."""
    if connection.dialect.name == "postgresql":
        return "(SELECT jsonb_array_elements_text(CAST(? AS jsonb)))"
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
    keys, start = _selects(table)
    for part in parts(wanted):
        for row in fetch(connection, f'{start} "{column}" IN {members(connection)}', part):
            yield dict(zip(keys, row, strict=True))


@cache
def _selects(table: Table) -> tuple[list[str], str]:
    keys = [c.name for c in table.columns]
    names = ", ".join(f'"{key}"' for key in keys)
    return keys, f"SELECT {names} FROM {table.name} WHERE"


def delete_in(
    connection: Connection, table: Table, column: str, wanted: Iterable[str], *, kind: str | None = None
) -> None:
    """Delete rows whose column is one of these; of one kind only where that is given."""
    further, values = ("", ()) if kind is None else (" AND kind = ?", (kind,))
    for part in parts(wanted):
        run(connection, f'DELETE FROM {table.name} WHERE "{column}" IN {members(connection)}{further}', part, *values)
