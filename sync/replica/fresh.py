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

_encoder = msgspec.json.Encoder(order="deterministic")
_encode, _lines = _encoder.encode, _encoder.encode_lines
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
    told: bytes
    """The JSON that the digest hashes, with places for the stamp, each value and each set; without its end."""
    plain: tuple[str, ...]
    """Fields with a value in the order of the digest's keys."""
    sets: tuple[tuple[int, str], ...]
    """Which place a set has among the values in `told`, and its name; first to last."""
    numbers: tuple[str, ...]
    json: tuple[str, ...]


_STAMP: Final = b"\x01"
_UNSEEN: Final = _Shape((), b"", (), (), (), ())


class FreshPlan:
    """Makes new records of one kind. Nearly every operation of a bulk is the first and only one of its record,
    so this path decides how fast the road is (sync.md §4.2); everything else takes the long way.

    It answers exactly what `sync.merge`, `sync.replica.rows` and `sync.digest` would, or None where they must be
    asked: other versions, ranks, unknown fields, values that do not fit their column.
    """

    def __init__(self, kind: Kind, table: Table) -> None:
        self._blank: dict[str, Any] = dict.fromkeys(column.name for column in table.columns)
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
        if not (stamp.isalnum() or stamp.replace(".", "0", 1).isalnum()):
            return None  # a stamp that JSON must escape is none of ours
        for name in shape.numbers:
            if not -_INT64 <= values[name] < _INT64:
                return None
        row: dict[str, Any] = {**self._blank, **values}
        for name in shape.json:
            row[name] = _encode(values[name]).decode()
        parts = _lines([values[name] for name in shape.plain]).split(b"\n")
        parts.pop()
        for place, name in shape.sets:
            there = sorted(set(adds[name]))
            row[name] = _encode(there).decode() if there else None
            keys = [_encode(element_key(name, element)) for element in there]
            parts.insert(place, b"".join([b'[%b,[["%b",0,true]]],' % (key, stamp.encode()) for key in keys]))
        filled: bytes = shape.told.replace(_STAMP, stamp.encode()) % tuple(parts)
        told = filled[:-1] + b"]" if len(filled) > 1 else b"[]"
        if b"\\" in told and b"\\u0000" in told:
            return None  # a zero character stands escaped in JSON
        row["id"], row["scope"], row["versions"], row["parked"] = body.id, body.scope, '{"b":"' + stamp + '"}', None
        named = _encode((self._kind, body.id, body.scope))
        total = int.from_bytes(sha256(named + sha256(told).digest()).digest(), "big")
        return Fresh(row, tuple(row.values()), total)

    def _learn(self, said: tuple[Any, ...], values: Mapping[str, Any], adds: Mapping[str, Any]) -> _Shape | None:
        """What to look at in operations that fill the same fields with values of the same types."""
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        order = sorted([(name, name, False) for name in values] + [(f"{name}/", name, True) for name in adds])
        shape: _Shape | None = _Shape(
            tuple(map(type, values.values())),
            b"[" + b"".join(b"%b" if is_set else _slot(name) for _, name, is_set in order),
            tuple(name for _, name, is_set in order if not is_set),
            tuple((place, name) for place, (_, name, is_set) in enumerate(order) if is_set),
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


def _slot(name: str) -> bytes:
    """Where a field's only head stands in what the digest hashes."""
    return _encode(name).replace(b"%", b"%%").join([b"[", b',[["%b",0,%%b]]],' % _STAMP])


def plans(kinds: Mapping[str, Kind], tables: Mapping[str, Table]) -> Mapping[str, Callable[[Body], Fresh | None]]:
    """The way to make a new record, by kind."""
    return {name: FreshPlan(kind, tables[name]).make for name, kind in kinds.items()}
