"""Digests of many rows at once: the same figure as `sums.recount`, without building a state for a plain row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

import msgspec

from domain.records.fields import Column, Merge
from domain.records.kinds import Kind
from sync.digest import MODULUS, Digest, of_state
from sync.merge import element_key
from sync.replica.rows import state_of

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.decode

_first = itemgetter(0)

_PLAIN = len('{"b":""}') + 29
"""Letters of `versions` of a row whose every field has one head, the same stamp and no rank."""


class RowSums:
    """Sums rows by scope and kind. `latest` is the greatest stamp met (empty text: none)."""

    def __init__(self) -> None:
        self.latest = ""
        self._found: dict[tuple[str, str], list[int]] = {}

    def add(self, scope: str, kind: str, digest: Digest) -> None:
        """One record, or several of one scope and kind."""
        held = self._found.setdefault((scope, kind), [0, 0])
        held[0] += digest.count
        held[1] += digest.total

    def seen(self, stamps: Iterable[str]) -> None:
        """Stamps met in rows that were counted by `add`."""
        self.latest = max(self.latest, max(stamps, default=""))

    def add_rows(self, kind: Kind, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of a kind's table, in this order of columns (`id`, `scope`, `versions`, `parked` among them; a column
        left out is empty in each of them).

        About 100,000 records a second for rows that one operation made; others take the way of `sums.recount`.
        """
        place = {name: at for at, name in enumerate(columns)}
        id_at, scope_at, versions_at, parked_at = (place[n] for n in ("id", "scope", "versions", "parked"))
        specs = [(spec, place[spec.name]) for spec in kind.fields.values() if spec.name in place]
        plain = sorted((spec.name, at) for spec, at in specs if spec.column in {Column.TEXT, Column.INTEGER})
        sets = [(spec.name, at) for spec, at in specs if spec.merge is Merge.SET]
        other = [(spec, at) for spec, at in specs if spec.column in {Column.BOOLEAN, Column.JSON}]
        other = [(spec, at) for spec, at in other if spec.merge is not Merge.SET]
        kind_name, latest, found = kind.name, self.latest, self._found
        for row in rows:
            versions, scope = row[versions_at], row[scope_at]
            if len(versions) == _PLAIN and row[parked_at] is None:
                stamp = versions[6:35]
                latest = max(latest, stamp)
                fields: list[Any] = [
                    (name, ((stamp, 0, row[at]),)) for name, at in plain if row[at] is not None
                ]
                unsorted = False
                for spec, at in other:
                    value = row[at]
                    if value is not None:
                        unsorted = True
                        shown = bool(value) if spec.column is Column.BOOLEAN else msgspec.Raw(value.encode())
                        fields.append((spec.name, ((stamp, 0, shown),)))
                for name, at in sets:
                    if row[at] is not None:
                        unsorted = True
                        fields += [(element_key(name, e), ((stamp, 0, True),)) for e in _decode(row[at])]
                if unsorted:
                    fields.sort(key=_first)
                name_bytes = _encode((kind_name, row[id_at], scope))
                total = int.from_bytes(sha256(name_bytes + sha256(_encode(fields)).digest()).digest(), "big")
            else:
                state = state_of(kind, dict(zip(columns, row, strict=True)))
                latest = max((v for held in state.values() for v in held.heads), default=latest)
                total = of_state(kind_name, row[id_at], scope, state).total
            held = found.get((scope, kind_name))
            if held is None:
                found[scope, kind_name] = [1, total]
            else:
                held[0] += 1
                held[1] += total
        self.latest = max(self.latest, latest)

    def join(self, other: RowSums) -> None:
        """Take in what another one counted."""
        self.seen([other.latest])
        for (scope, kind), (count, total) in other._found.items():
            self.add(scope, kind, Digest(count, total))

    def by_scope_and_kind(self) -> dict[tuple[str, str], Digest]:
        """Everything counted so far."""
        return {key: Digest(count, total % MODULUS) for key, (count, total) in self._found.items()}

    def whole(self) -> Digest:
        """All of it as one digest."""
        count = sum(held[0] for held in self._found.values())
        return Digest(count, sum(held[1] for held in self._found.values()) % MODULUS)
