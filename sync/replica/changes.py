"""What a fold touched, and what a projection of it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from sync.digest import Digest
from sync.operation import Placed


class RowChange(msgspec.Struct, frozen=True, gc=False):
    """One record before and after a fold: rows of the record table, or None. `kind` may be unknown (no rows)."""

    kind: str
    id: str
    scope: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class HeldOperation:
    """An operation that could not be applied, and why: one of undecodable, missing_target, wrong_scope,
    ungranted_scope, unknown_action, centre_only."""

    placed: Placed
    why: str
    kind: str = ""
    record: str = ""
    scope: str = ""


@dataclass(slots=True)
class Folded:
    """What one fold did: changed records, digest differences, operations held, held ones applied now, and the
    records (kind, id) that it met and that are erased."""

    changes: list[RowChange] = field(default_factory=list)
    deltas: dict[tuple[str, str], Digest] = field(default_factory=dict)
    held: list[HeldOperation] = field(default_factory=list)
    released: list[Placed] = field(default_factory=list)
    erased: frozenset[tuple[str, str]] = frozenset()

    def touched(self) -> dict[str, frozenset[str]]:
        """Ids of changed records by kind."""
        found: dict[str, set[str]] = {}
        for change in self.changes:
            found.setdefault(change.kind, set()).add(change.id)
        return {kind: frozenset(ids) for kind, ids in found.items()}


class Projection(Protocol):
    """Something derived from records (search, phone index, repeat rank): never synced, rebuilt from rows.

    It runs in the fold's own transaction and must depend on nothing but the rows it is given and its own
    tables (settled 6).
    """

    def create(self, connection: Connection) -> None:
        """Make its tables where they are missing."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """Bring itself up to date with these changes."""
