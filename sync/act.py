"""One act of a person, built into operations: one stamp, one group, split by data class, based on what was seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from domain.records.fields import Merge
from domain.records.kinds import KINDS, RETRACTED, SCHEMA, Registry
from sync.merge import FieldState, State, element_key, present, seen_versions
from sync.operation import CREATE, PATCH, RESOLVE, RETRACT, Body


def _is_empty(value: object) -> bool:
    return value is None or value in ((), [])


class Act:
    """Collects what one press of a person changes (settled 2). `staff` is a staff id, `stamp` from the clock."""

    def __init__(self, staff: str, stamp: str, registry: Registry = KINDS) -> None:
        self._staff = staff
        self._stamp = stamp
        self._registry = registry
        self.bodies: list[Body] = []

    @property
    def stamp(self) -> str:
        """The one stamp of the act."""
        return self._stamp

    def create(
        self, scope: str, record: Any, *, action: str = CREATE, ranks: Mapping[str, int] | None = None
    ) -> None:
        """A new record: one operation for each data class that has a value (at least one in all)."""
        kind = self._registry.kind_of(record)
        values = {f.name: getattr(record, f.name) for f in dataclasses.fields(record) if f.name != "id"}
        given = {name: value for name, value in values.items() if not _is_empty(value)}
        classes = sorted({str(kind.fields[name].data_class) for name in given}) or ["P1"]
        for data_class in classes:
            part = {n: v for n, v in given.items() if kind.fields[n].data_class == data_class}
            sets = {n: sorted(set(v)) for n, v in part.items() if kind.fields[n].merge is Merge.SET}
            self.bodies.append(
                Body(
                    kind=kind.name,
                    id=record.id,
                    scope=scope,
                    data_class=str(data_class),
                    action=action,
                    staff=self._staff,
                    schema=SCHEMA,
                    stamp=self._stamp,
                    values={n: _plain(v) for n, v in part.items() if n not in sets},
                    adds=sets,
                    ranks={n: r for n, r in (ranks or {}).items() if n in part and r},
                )
            )

    def change(
        self,
        kind_name: str,
        record_id: str,
        scope: str,
        state: State,
        values: Mapping[str, Any],
        *,
        ranks: Mapping[str, int] | None = None,
        action: str = PATCH,
        why: str = "",
    ) -> None:
        """Changed fields of a known record, each with the versions that were seen of it.

        A value equal to the present one makes no operation. For a set field the value is the whole set wanted.
        """
        kind = self._registry[kind_name]
        parts: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            spec = kind.fields[name]
            part = parts.setdefault(
                str(spec.data_class), {"values": {}, "bases": {}, "adds": {}, "drops": {}, "ranks": {}}
            )
            if spec.merge is Merge.SET:
                self._change_set(name, set(value or ()), state, part)
                continue
            held = state.get(name, FieldState())
            shown = present(spec.merge, held.heads)
            plain = _plain(value)
            if action != RESOLVE and (shown[1].value if shown else None) == plain:
                continue
            bases = sorted(held.heads) if action == RESOLVE else seen_versions(spec.merge, held.heads)
            part["values"][name] = plain
            if bases:
                part["bases"][name] = bases
            rank = (ranks or {}).get(name, 0)
            if rank:
                part["ranks"][name] = rank
        for data_class, part in sorted(parts.items()):
            if part["values"] or part["adds"] or part["drops"]:
                self.bodies.append(
                    Body(
                        kind=kind_name,
                        id=record_id,
                        scope=scope,
                        data_class=data_class,
                        action=action,
                        staff=self._staff,
                        schema=SCHEMA,
                        stamp=self._stamp,
                        why=why,
                        **part,
                    )
                )

    def resolve(
        self, kind_name: str, record_id: str, scope: str, state: State, field: str, value: Any, rank: int = 0
    ) -> None:
        """A person's decision between versions: it supersedes every one of them."""
        self.change(
            kind_name, record_id, scope, state, {field: value}, ranks={field: rank}, action=RESOLVE
        )

    def retract(self, kind_name: str, record_id: str, scope: str, state: State, why: str) -> None:
        """Take a record back, with the reason; it stays, and says so."""
        self.change(kind_name, record_id, scope, state, {RETRACTED: why}, action=RETRACT, why=why)

    def _change_set(self, name: str, wanted: set[str], state: State, part: dict[str, Any]) -> None:
        prefix = element_key(name, "")
        there = {k.removeprefix(prefix): f for k, f in state.items() if k.startswith(prefix) and f.heads}
        added = sorted(wanted - there.keys())
        dropped = {e: sorted(there[e].heads) for e in sorted(there.keys() - wanted)}
        if added:
            part["adds"][name] = added
        if dropped:
            part["drops"][name] = dropped


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
