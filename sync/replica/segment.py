"""A segment file: an encrypted SQLite file of present rows, written by a server and attached by a desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Table

from domain.records.fields import Column, DataClass, FieldSpec, Merge
from domain.records.kinds import KINDS, Kind, Registry
from sync.manifest import Shape
from sync.replica import tables

KEY_BYTES: Final = 32

DERIVED_HERE: Final = (tables.parked_record, tables.sibling)
"""Tables of a segment beside the record tables."""


def connect(path: Path, key: str) -> Any:
    """A bare connection to a segment. `key` is 64 hexadecimal digits. Raises sqlcipher3's DatabaseError where
    the file does not open with it."""
    connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher.DatabaseError:
        connection.close()
        raise
    return connection


class SegmentFile:
    """One segment being written. `rows` counts records, `size` estimates bytes."""

    def __init__(self, path: Path, key: str) -> None:
        self._connection = connect(path, key)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -16384"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")
        self._made: set[str] = set()
        self.rows = 0
        self.size = 0

    def add(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows in the table's column order."""
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        if table.name not in self._made:
            # No types and no indexes: values keep what they are, and nothing is sorted twice.
            self._connection.execute(f"CREATE TABLE {table.name} ({names})")
            self._made.add(table.name)
        marks = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
        self.size += sum(len(value) for row in rows for value in row if isinstance(value, str))
        self.size += len(rows) * (len(table.columns) + 16)
        if table is not tables.sibling:
            self.rows += len(rows)

    def close(self) -> None:
        """The file is whole."""
        self._connection.execute("COMMIT")
        self._connection.close()

    def abandon(self) -> None:
        """The file is of no use."""
        self._connection.close()


class SegmentRows:
    """One segment being read: its tables by name, each with its columns."""

    def __init__(self, path: Path, key: str) -> None:
        self._connection = connect(path, key)
        self._connection.execute("PRAGMA query_only = ON")
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self.columns: Mapping[str, tuple[str, ...]] = {str(name): self._columns(str(name)) for (name,) in found}

    def _columns(self, name: str) -> tuple[str, ...]:
        found = tuple(str(row[1]) for row in self._connection.execute(f'PRAGMA table_info("{name}")'))
        # Names with anything but letters would come from a segment that no server of ours made.
        if not all(one.isidentifier() for one in (name, *found)):
            raise ValueError("a segment's tables and columns have plain names")
        return found

    def filled(self, name: str, *wanted: str) -> tuple[str, ...]:
        """The columns of a table that have a value in any row, and those wanted, in the table's order: of a record's
        columns nearly half are empty in all of them, and an empty one costs as much to read as another."""
        columns = self.columns[name]
        counts = ", ".join(f'count("{column}")' for column in columns)
        # sql-names-only: names of the segment's own tables and columns, checked above
        found = self._connection.execute(f"SELECT {counts} FROM {name}").fetchone()
        return tuple(one for one, count in zip(columns, found, strict=True) if count or one in wanted)

    def rows(self, name: str, columns: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """Every row of a table, in the order of these of its columns, or of all."""
        names = ", ".join(f'"{column}"' for column in columns or self.columns[name])
        # sql-names-only: names of the segment's own tables and columns, checked above
        found: list[tuple[Any, ...]] = self._connection.execute(f"SELECT {names} FROM {name}").fetchall()
        return found

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Kind and table name of the record tables in it."""
        for name in self.columns:
            if name.startswith(tables.RECORD_PREFIX):
                yield name.removeprefix(tables.RECORD_PREFIX), name

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


def shape_of(registry: Registry = KINDS) -> Shape:
    """How this program's rows are to be read by another version of it."""
    return {
        name: [(spec.name, str(spec.column), str(spec.merge)) for spec in kind.fields.values()]
        for name, kind in registry.items()
    }


def foreign_kind(name: str, shape: Shape) -> Kind:
    """A kind as the server has it, good for reading its rows. Raises ValueError for a class nobody knows."""
    fields = {
        field: FieldSpec(field, Merge(merge), DataClass.P4, Column(column)) for field, column, merge in shape[name]
    }
    return Kind(name, object, MappingProxyType(fields))


def reads_alike(name: str, shape: Shape, registry: Registry = KINDS) -> bool:
    """Whether the server's plain rows of this kind are this program's rows: each of its fields is known here,
    with the same column and merge class."""
    if name not in registry:
        return False
    own = registry[name].fields
    return all(
        field in own and (str(own[field].column), str(own[field].merge)) == (column, merge)
        for field, column, merge in shape.get(name, [("", "", "")])
    )


def copy_rows(connection: Connection, source: str, table: str, columns: Sequence[str], where: str = "TRUE") -> None:
    """All rows of an attached file's table into the table of that name here: one statement, no row in Python."""
    names = ", ".join(f'"{column}"' for column in columns)
    connection.exec_driver_sql(
        # sql-names-only: names of tables and columns of ours, and a condition written in this program
        f"INSERT INTO main.{table} ({names}) SELECT {names} FROM {source}.{table} WHERE {where}"
    )


def empty(connection: Connection, table: str) -> None:
    """No row stays in the table."""
    connection.exec_driver_sql(f"DELETE FROM main.{table}")  # sql-names-only: a table of ours
