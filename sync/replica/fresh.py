"""The row, its line and its digest of a record that one operation alone has made, without building a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Table

from domain.records.fields import Column, Merge
from domain.records.kinds import Kind
from sync.merge import element_key
from sync.operation import Body

_encode = msgspec.json.Encoder(order="deterministic").encode
_INT64: Final = 1 << 63

_MOST_SHAPES: Final = 1_000
"""How many combinations of fields are remembered a kind: a program of ours makes a few dozen."""
_PLAIN: Final = {Column.TEXT: str, Column.INTEGER: int, Column.BOOLEAN: bool}


class Fresh(NamedTuple):
    """What is written of one new record: the row by column, the same in the table's order, and its digest."""

    row: dict[str, Any]
    line: tuple[Any, ...]
    total: int


class _Shape(NamedTuple):
    names: tuple[str, ...]
    """Fields with a value, sorted."""
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    json: tuple[str, ...]


class FreshPlan:
    """Makes new records of one kind. Nearly every operation of a bulk is the first and only one of its record,
    so this path decides how fast the road is (sync.md §4.2); everything else takes the long way.

    It answers exactly what `sync.merge`, `sync.replica.rows` and `sync.digest` would, or None where they must be
    asked: other versions, ranks, unknown fields, values that do not fit their column.
    """

    def __init__(self, kind: Kind, table: Table) -> None:
        self._columns = [column.name for column in table.columns]
        self._types: dict[str, type] = {}
        self._json: set[str] = set()
        self._sets: set[str] = set()
        for name, spec in kind.fields.items():
            if spec.merge is Merge.SET:
                self._sets.add(name)
            elif spec.column is Column.JSON:
                self._json.add(name)
            else:
                self._types[name] = _PLAIN[spec.column]
        self._shapes: dict[tuple[Any, ...], _Shape | None] = {}
        self._kind = kind.name

    def make(self, body: Body) -> Fresh | None:
        """The record of this operation, or None where the long way is needed."""
        if body.bases or body.drops or body.ranks:
            return None
        values = body.values
        said = (*values, *map(type, values.values()))
        shape = self._shapes[said] if said in self._shapes else self._learn(said, values)
        stamp = body.stamp
        if shape is None or not _fit(shape, values) or len(_encode(stamp)) != len(stamp) + 2:
            return None  # also a stamp that JSON must escape: none of ours, and the long way knows how
        row: dict[str, Any] = {**values}
        for name in shape.json:
            row[name] = _encode(values[name]).decode()
        fields: list[Any] = [(name, ((stamp, 0, values[name]),)) for name in shape.names]
        if body.adds:
            for name, elements in body.adds.items():
                if name not in self._sets:
                    return None
                there = sorted(set(elements))
                row[name] = _encode(there).decode()
                fields += [(element_key(name, element), ((stamp, 0, True),)) for element in there]
            fields.sort(key=_key)
        row["id"], row["scope"], row["versions"], row["parked"] = body.id, body.scope, '{"b":"' + stamp + '"}', None
        named = _encode((self._kind, body.id, body.scope))
        total = int.from_bytes(sha256(named + sha256(_encode(fields)).digest()).digest(), "big")
        return Fresh(row, tuple(map(row.get, self._columns)), total)

    def _learn(self, said: tuple[Any, ...], values: Mapping[str, Any]) -> _Shape | None:
        """What to look at in operations that fill the same fields with values of the same types."""
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        shape: _Shape | None = _Shape(
            tuple(sorted(values)),
            tuple(name for name in values if self._types.get(name) is str),
            tuple(name for name in values if self._types.get(name) is int),
            tuple(name for name in values if name in self._json),
        )
        for name, value in values.items():
            if value is None or (name not in self._json and self._types.get(name) is not type(value)):
                shape = None
        self._shapes[said] = shape
        return shape


def _fit(shape: _Shape, values: Mapping[str, Any]) -> bool:
    for name in shape.texts:
        if "\x00" in values[name]:
            return False
    return all(-_INT64 <= values[name] < _INT64 for name in shape.numbers)


def _key(field: tuple[str, Any]) -> str:
    return field[0]


def plans(kinds: Mapping[str, Kind], tables: Mapping[str, Table]) -> Mapping[str, Callable[[Body], Fresh | None]]:
    """The way to make a new record, by kind."""
    return {name: FreshPlan(kind, tables[name]).make for name, kind in kinds.items()}
