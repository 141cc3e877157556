"""The few statements that must be driver-level for speed, spelled for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

_CHUNK = 5_000

_TOGETHER: Final = tuple(1 << at for at in range(9, -1, -1))
"""Rows in one statement on SQLite: few sizes, so that each is prepared once, and any number is the sum of a few."""
_MOST_VALUES: Final = 32_766
"""How many values SQLite takes in one statement."""


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
        _many(connection, _Statement(start, (), "", len(rows[0])), rows)


class _Statement(NamedTuple):
    """An INSERT without its rows: its table, the names of its columns (none where they are not told), what stands
    behind the rows, and how many values a row has."""

    start: str
    names: tuple[str, ...]
    end: str
    width: int

    def of(self, rows: int, sign: str, filled: tuple[int, ...]) -> str:
        """The statement for so many rows at once, of the columns at these places: the others stay NULL."""
        told = f" ({', '.join(self.names[at] for at in filled)})" if self.names else ""
        one = f"({', '.join([sign] * len(filled))})"
        return f"{self.start}{told} VALUES {', '.join([one] * rows)}{self.end}"


@cache
def _inserts(table: Table) -> _Statement:
    names = tuple(f'"{c.name}"' for c in table.columns)
    return _Statement(f"INSERT INTO {table.name}", names, "", len(names))


@cache
def _upserts(table: Table) -> _Statement:
    keys = ", ".join(f'"{c.name}"' for c in table.primary_key.columns)
    sets = ", ".join(f'"{c.name}" = excluded."{c.name}"' for c in table.columns if not c.primary_key)
    return _inserts(table)._replace(end=f" ON CONFLICT ({keys}) DO UPDATE SET {sets}")


@lru_cache(maxsize=500)
def _text(statement: _Statement, rows: int, sign: str, filled: tuple[int, ...]) -> str:
    return statement.of(rows, sign, filled)


_CHEAP: Final = frozenset({str, int, float, bytearray})
"""What the driver binds as it is (15-100 ns a value). Of all else, None, bytes and bool among it, it first asks
whether somebody adapts it: 1 µs a value, and half of a record's columns are empty."""


def _bindable(value: Any) -> Any:
    if type(value) is bytes:
        return bytearray(value)
    return int(value) if type(value) is bool else value


def _filled(statement: _Statement, rows: Sequence[tuple[Any, ...]]) -> tuple[tuple[int, ...], list[tuple[Any, ...]]]:
    """Which columns any of the rows fills, and the rows with these only, in what the driver binds quickly."""
    filled: list[int] = []
    columns: list[Sequence[Any]] = []
    for at, column in enumerate(zip(*rows, strict=True)):
        types = set(map(type, column))
        if types == _EMPTY and statement.names:
            continue
        filled.append(at)
        columns.append(column if types <= _CHEAP else [_bindable(value) for value in column])
    return tuple(filled), list(zip(*columns, strict=True))


_EMPTY: Final = {type(None)}


def _many(connection: Connection, statement: _Statement, rows: Sequence[tuple[Any, ...]]) -> None:
    """SQLite's module gives up Python's lock at every step: a statement a row would wait for a busy thread at each
    of a thousand rows, up to the switch interval (measured: 1,640 µs a row instead of 10). So many rows a step."""
    sign = mark(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_text(statement, 1, sign, tuple(range(statement.width))), list(rows))
        return
    filled, lines = _filled(statement, rows)
    done = 0
    for size in _TOGETHER:
        while len(lines) - done >= size and (size == 1 or size * len(filled) <= _MOST_VALUES):
            text = _text(statement, size, sign, filled)
            run(connection, text, *chain.from_iterable(lines[done : done + size]))
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


def select_one(connection: Connection, table: Table, column: str, wanted: str) -> dict[str, Any] | None:
    """The first row whose column is this."""
    keys, start = _selects(table)
    row = first(connection, f'{start} "{column}" = ?', wanted)
    return None if row is None else dict(zip(keys, row, strict=True))


def those_in(connection: Connection, table: Table, column: str, wanted: Iterable[str]) -> Iterator[str]:
    """Which of these a row has in this column; one of several rows is told for each."""
    among = f'SELECT "{column}" FROM {table.name} WHERE "{column}" IN {members(connection)}'
    return (row[0] for part in parts(wanted) for row in fetch(connection, among, part))


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
