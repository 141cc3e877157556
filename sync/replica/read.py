"""Reading records back: the frozen record, its scope and heads; siblings; held operations; history is the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection, select

from domain.records.fields import Merge
from domain.records.kinds import KINDS, RETRACTED, Registry
from domain.records.sealed import SEALED_FIELDS
from sync.merge import State, siblings
from sync.replica import sql, tables
from sync.replica.rows import state_of, values_of

OPENER: Final = "tram111_opener"
"""Under this name a connection carries what opens sealed values while somebody is signed in; others read them as they
are."""


class Opener(Protocol):
    """Opens what is sealed to whoever reads."""

    def open_record(
        self, connection: Connection, kind: str, record: str, values: dict[str, Any], state: State
    ) -> None:
        """Put words in the place of sealed values, in both."""
        ...


def opener_of(connection: Connection) -> Opener | None:
    """What opens sealed values for whoever this connection reads for; None at servers and before sign-in."""
    found: Opener | None = connection.get_execution_options().get(OPENER)
    return found


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as this node holds it. `state` is what an edit must be based on."""

    kind: str
    id: str
    scope: str
    record: Any
    state: State
    retracted: str | None

    def siblings(self, registry: Registry = KINDS) -> dict[str, list[Any]]:
        """Values beside the present one, by field."""
        found: dict[str, list[Any]] = {}
        for name, held in self.state.items():
            spec = registry[self.kind].fields.get(name)
            if spec is not None and spec.merge is not Merge.SET:
                others = [head.value for _, head in siblings(spec.merge, held.heads)]
                if others:
                    found[name] = others
        return found


@dataclass(frozen=True, slots=True)
class Sibling:
    """One value that waits for a person's decision."""

    kind: str
    record: str
    scope: str
    field: str
    version: str
    value: Any


@dataclass(frozen=True, slots=True)
class Waiting:
    """One held operation: whose, which number, why, and of what record."""

    device: str
    incarnation: int
    n: int
    why: str
    kind: str
    record: str


def stored(
    row: Any, kind_name: str, registry: Registry = KINDS, connection: Connection | None = None
) -> Stored:
    """The record of a row mapping of its table; read for whoever is signed in where their connection is given."""
    kind = registry[kind_name]
    values, state = values_of(kind, row), state_of(kind, row)
    opener = opener_of(connection) if connection is not None else None
    if opener is not None and connection is not None and kind_name in SEALED_FIELDS:
        opener.open_record(connection, kind_name, row["id"], values, state)
    return Stored(
        kind_name,
        row["id"],
        row["scope"],
        kind.make(row["id"], values),
        state,
        values.get(RETRACTED),
    )


def one(connection: Connection, kind: str, record_id: str) -> Stored | None:
    """The record with this id, or None."""
    row = sql.select_one(connection, tables.records[kind], "id", record_id)
    return None if row is None else stored(row, kind, connection=connection)


def many(connection: Connection, kind: str, ids: Iterable[str]) -> dict[str, Stored]:
    """Records by id; ids that are not held are left out."""
    rows = sql.select_in(connection, tables.records[kind], "id", ids)
    return {row["id"]: stored(row, kind, connection=connection) for row in rows}


def where(connection: Connection, kind: str, field: str, value: Any) -> list[Stored]:
    """Records whose present value of one field is this one (the field should be indexed), by id."""
    table = tables.records[kind]
    rows = connection.execute(select(table).where(table.c[field] == value).order_by(table.c.id)).mappings()
    return [stored(row, kind, connection=connection) for row in rows]


def codes_borne_twice(connection: Connection, codes: Iterable[str]) -> list[str]:
    """Those of these codes that more than one contact bears, in order: one question for a whole push."""
    found: set[str] = set()
    members = sql.members(connection)
    for part in sql.parts(codes):
        rows = sql.fetch(
            connection,
            f"SELECT code FROM r_contact WHERE code IN {members} GROUP BY code HAVING count(*) > 1",
            part,
        )
        found.update(str(row[0]) for row in rows)
    return sorted(found)


def every(connection: Connection, kind: str) -> list[Stored]:
    """All records of a kind, by id (ids made here rise with time)."""
    table = tables.records[kind]
    rows = connection.execute(select(table).order_by(table.c.id)).mappings()
    return [stored(row, kind, connection=connection) for row in rows]


def conflicts(connection: Connection, limit: int = 1_000) -> list[Sibling]:
    """Values that wait for a decision, by record and field."""
    s = tables.sibling.c
    rows = connection.execute(select(tables.sibling).order_by(s.record, s.field, s.version).limit(limit))
    return [Sibling(r.kind, r.record, r.scope, r.field, r.version, msgspec.json.decode(r.value)) for r in rows]


def held(connection: Connection, limit: int = 1_000) -> list[Waiting]:
    """Operations held here, by device and number."""
    w = tables.waiting.c
    rows = connection.execute(select(tables.waiting).order_by(w.device, w.incarnation, w.n).limit(limit))
    return [Waiting(r.device, r.incarnation, r.n, r.why, r.kind, r.record) for r in rows]
