"""A record's state to a table row and back: present values in columns, heads in `versions`, the rest parked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.records.fields import Column, FieldSpec, Merge
from domain.records.kinds import Kind
from sync.merge import FieldState, Head, State, element_key, present

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.decode

_INT64 = 1 << 63


def fits(spec: FieldSpec, value: Any) -> bool:
    """Whether a value can stand in the field's column; one that cannot is parked, never refused."""
    if value is None:
        return True
    if spec.column is Column.TEXT:
        return isinstance(value, str) and "\x00" not in value
    if spec.column is Column.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
    if spec.column is Column.BOOLEAN:
        return isinstance(value, bool)
    return True


def _stored(spec: FieldSpec, value: Any) -> Any:
    if value is None:
        return None
    return _encode(value).decode() if spec.column is Column.JSON else value


def _loaded(spec: FieldSpec, value: Any) -> Any:
    if value is None:
        return None
    if spec.column is Column.JSON:
        return _decode(value)
    return bool(value) if spec.column is Column.BOOLEAN else value


def state_of(kind: Kind, row: Mapping[str, Any]) -> State:
    """The state a row holds: heads and superseded versions of every field."""
    marks = _decode(row["versions"])
    base: str = marks.get("b", "")
    heads: dict[str, list[Any]] = marks.get("h", {})
    state: State = {}
    for name, spec in kind.fields.items():
        stored = row.get(name)
        if spec.merge is Merge.SET:
            for element in _loaded(spec, stored) or ():
                key = element_key(name, element)
                versions = [str(h[0]) for h in heads[key]] if key in heads else [base]
                state[key] = FieldState({v: Head(True) for v in versions})
        elif name in heads:
            if len(heads[name]) == 1 and len(heads[name][0]) == 2:
                version, rank = heads[name][0]
                state[name] = FieldState({version: Head(_loaded(spec, stored), rank)})
            else:
                state[name] = FieldState({v: Head(value, rank) for v, rank, value in heads[name]})
        elif stored is not None:
            state[name] = FieldState({base: Head(_loaded(spec, stored))})
    if row["parked"]:
        for key, listed in _decode(row["parked"]).items():
            state[key] = FieldState({v: Head(value, rank) for v, rank, value in listed})
    for key, versions in marks.get("g", {}).items():
        state.setdefault(key, FieldState()).gone.update(versions)
    return state


def parked_state(text: str) -> State:
    """The state of a record of an unknown kind."""
    held = _decode(text)
    state: State = {k: FieldState({v: Head(x, r) for v, r, x in listed}) for k, listed in held["h"].items()}
    for key, versions in held["g"].items():
        state.setdefault(key, FieldState()).gone.update(versions)
    return state


def _listed(held: FieldState) -> list[Any]:
    return [[v, h.rank, h.value] for v, h in sorted(held.heads.items())]


def parked_text(state: State) -> str:
    """The text that holds the state of a record of an unknown kind."""
    heads = {key: _listed(held) for key, held in state.items() if held.heads}
    gone = {key: sorted(held.gone) for key, held in state.items() if held.gone}
    return _encode({"h": heads, "g": gone}).decode()


def row_of(kind: Kind, record_id: str, scope: str, state: State, base: str) -> dict[str, Any]:
    """The row that holds a state. `base` is the version that need not be written out field by field."""
    row: dict[str, Any] = {"id": record_id, "scope": scope}
    heads: dict[str, Any] = {}
    parked: dict[str, Any] = {}
    gone: dict[str, list[str]] = {}
    sets: dict[str, list[str]] = {}
    for key, held in state.items():
        if held.gone:
            gone[key] = sorted(held.gone)
        if not held.heads:
            continue
        name, slash, element = key.partition("/")
        spec = kind.fields.get(name)
        if slash and spec is not None and spec.merge is Merge.SET:
            sets.setdefault(name, []).append(element)
            if list(held.heads) != [base]:
                heads[key] = [[v, 0] for v in sorted(held.heads)]
        elif (
            slash
            or spec is None
            or spec.merge is Merge.SET
            or not all(fits(spec, head.value) for head in held.heads.values())
        ):
            parked[key] = _listed(held)
        else:
            shown = present(spec.merge, held.heads)
            assert shown is not None
            version, head = shown
            row[name] = _stored(spec, head.value)
            if len(held.heads) > 1:
                heads[name] = _listed(held)
            elif version != base or head.rank or head.value is None:
                heads[name] = [[version, head.rank]]
    for name, elements in sets.items():
        row[name] = _encode(sorted(elements)).decode()
    marks: dict[str, Any] = {"b": base}
    if heads:
        marks["h"] = heads
    if gone:
        marks["g"] = gone
    row["versions"] = _encode(marks).decode()
    row["parked"] = _encode(parked).decode() if parked else None
    return row


def base_of(row: Mapping[str, Any]) -> str:
    """The version a row need not write out field by field."""
    return str(_decode(row["versions"]).get("b", ""))


def values_of(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Present values of a row by field, JSON decoded, as the record class takes them."""
    return {name: _loaded(spec, row.get(name)) for name, spec in kind.fields.items()}
