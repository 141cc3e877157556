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
from sync.operation import FOUNDING, Body

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
    types: tuple[type, ...]
    """What the values must be, in the order of the operation."""
    order: tuple[tuple[str, bool], ...]
    """Fields with a value and sets with elements in the order of the digest's keys; whether it is a set."""
    numbers: tuple[str, ...]
    json: tuple[str, ...]


_UNSEEN: Final = _Shape((), (), (), ())


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
        """The record of this operation, or None where the long way is needed. Safe from any thread."""
        if body.bases or body.drops or body.ranks or body.action not in FOUNDING:
            return None
        values, adds, stamp = body.values, body.adds, body.stamp
        types = tuple(map(type, values.values()))
        said = (*values, None, *adds)
        shape = self._shapes.get(said, _UNSEEN)
        if shape is _UNSEEN or (shape is not None and shape.types != types):
            shape = self._learn(said, values, adds)
        if shape is None:
            return None
        row: dict[str, Any] = {**values}
        for name in shape.json:
            row[name] = _encode(values[name]).decode()
        fields: list[Any] = []
        for name, is_set in shape.order:
            if is_set:
                there = sorted(set(adds[name]))
                row[name] = _encode(there).decode() if there else None
                fields += [(element_key(name, element), ((stamp, 0, True),)) for element in there]
            else:
                fields.append((name, ((stamp, 0, values[name]),)))
        told = _encode(fields)
        if (
            # A zero character stands escaped in JSON; and a stamp that JSON must escape is none of ours.
            b"\\u0000" in told
            or not (stamp.isalnum() or stamp.replace(".", "0", 1).isalnum())
            or not all(-_INT64 <= values[name] < _INT64 for name in shape.numbers)
        ):
            return None
        row["id"], row["scope"], row["versions"], row["parked"] = body.id, body.scope, '{"b":"' + stamp + '"}', None
        named = _encode((self._kind, body.id, body.scope))
        total = int.from_bytes(sha256(named + sha256(told).digest()).digest(), "big")
        return Fresh(row, tuple(map(row.get, self._columns)), total)

    def _learn(self, said: tuple[Any, ...], values: Mapping[str, Any], adds: Mapping[str, Any]) -> _Shape | None:
        """What to look at in operations that fill the same fields with values of the same types."""
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        order = [(name, name, False) for name in values] + [(f"{name}/", name, True) for name in adds]
        shape: _Shape | None = _Shape(
            tuple(map(type, values.values())),
            tuple((name, is_set) for _, name, is_set in sorted(order)),
            tuple(name for name in values if self._types.get(name) is int),
            tuple(name for name in values if name in self._json),
        )
        for name, value in values.items():
            if value is None or (name not in self._json and self._types.get(name) is not type(value)):
                shape = None
        if not adds.keys() <= self._sets:
            shape = None
        if shape is not None:
            self._shapes[said] = shape
        return shape


def plans(kinds: Mapping[str, Kind], tables: Mapping[str, Table]) -> Mapping[str, Callable[[Body], Fresh | None]]:
    """The way to make a new record, by kind."""
    return {name: FreshPlan(kind, tables[name]).make for name, kind in kinds.items()}
