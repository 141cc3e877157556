"""Taking records out of a store: erased for ever by the centre, or wiped here because the scope was withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import BigInteger, Column, Connection, Table, Text, select

from domain.records.kinds import Registry
from sync import chain, closing
from sync import digest as digests
from sync.digest import NOTHING, Digest
from sync.operation import ERASE, Body, Placed, Undecodable, decode_body
from sync.replica import sql, tables
from sync.replica.changes import RowChange
from sync.replica.rows import parked_state, state_of

Target = tuple[str, str]
"""Kind and id of a record."""

erased = Table(
    "erased",
    tables.metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Records erased for ever. It is never emptied: what arrives later of such a record leaves only its hash."""


class Erased(NamedTuple):
    """One row of `erased`."""

    kind: str
    id: str
    scope: str
    stamp: str
    seq: int


def erased_in(connection: Connection, decoded: Sequence[tuple[Placed, Body]]) -> frozenset[Target]:
    """Records that this batch erases or that were erased before; the batch's erasures are remembered."""
    orders = [(one, body) for one, body in decoded if body.action == ERASE]
    sql.upsert_many(connection, erased, [(b.kind, b.id, b.scope, b.stamp, one.seq) for one, b in orders])
    if not orders and sql.first(connection, "SELECT id FROM erased LIMIT 1") is None:
        return frozenset()
    return known_among(connection, {body.id for _, body in decoded})


def known_among(connection: Connection, ids: Collection[str]) -> frozenset[Target]:
    """Which records with these ids were erased."""
    return frozenset((row["kind"], row["id"]) for row in sql.select_in(connection, erased, "id", ids))


def take_out(
    connection: Connection, registry: Registry, targets: Iterable[Target], *, for_ever: bool
) -> tuple[list[RowChange], dict[tuple[str, str], Digest]]:
    """Delete the rows of these records and what stands beside them; for ever: what waits for them too.

    Answers the changes for the projections, and the digest differences counted from the rows.
    """
    changes: list[RowChange] = []
    deltas: dict[tuple[str, str], Digest] = {}
    by_kind: dict[str, set[str]] = {}
    for kind, record in targets:
        by_kind.setdefault(kind, set()).add(record)
    for kind, ids in by_kind.items():
        known = kind in registry
        table = tables.records[kind] if known else tables.parked_record
        rows = [r for r in sql.select_in(connection, table, "id", ids) if known or r["kind"] == kind]
        for row in rows:
            state = state_of(registry[kind], row) if known else parked_state(row["state"])
            key = (row["scope"], kind)
            deltas[key] = deltas.get(key, NOTHING).minus(digests.of_state(kind, row["id"], row["scope"], state))
            changes.append(RowChange(kind, row["id"], row["scope"], row if known else None, None))
        here = {row["id"] for row in rows}
        if known:
            sql.delete_in(connection, table, "id", here)
        else:
            connection.execute(table.delete().where(table.c.kind == kind, table.c.id.in_(here)))
        w, s = tables.waiting.c, tables.sibling.c
        if for_ever:
            connection.execute(tables.waiting.delete().where(w.kind == kind, w.record.in_(ids)))
        connection.execute(tables.sibling.delete().where(s.kind == kind, s.record.in_(ids)))
        a = tables.said_by.c
        connection.execute(tables.said_by.delete().where(a.kind == kind, a.record.in_(ids)))
    return changes, deltas


def take_out_scope(connection: Connection, registry: Registry, scope: str) -> list[RowChange]:
    """Delete every row of a scope, what stands beside them and what waits for them, whatever their kind."""
    changes: list[RowChange] = []
    for kind in registry:
        table = tables.records[kind]
        rows = connection.execute(select(table).where(table.c.scope == scope)).mappings()
        changes += [RowChange(kind, row["id"], scope, dict(row), None) for row in rows]
        connection.execute(table.delete().where(table.c.scope == scope))
    parked = tables.parked_record
    strange = connection.execute(select(parked).where(parked.c.scope == scope)).mappings()
    changes += [RowChange(row["kind"], row["id"], scope, None, None) for row in strange]
    for table in (parked, tables.sibling, tables.said_by, tables.waiting):
        connection.execute(table.delete().where(table.c.scope == scope))
    return changes


def empty_log(connection: Connection, targets: Collection[Target]) -> int:
    """Destroy salt and body of everything logged of these records but the order to erase itself; the hash of
    what was there stays in the salt's place, so that the chain still verifies. Answers how many it were."""
    log = tables.log.c
    done = 0
    for kind, record in targets:
        rows = connection.execute(
            select(log.seq, log.salt, log.body).where(
                log.record == record, log.kind == kind, log.body.is_not(None)
            )
        ).all()
        for row in rows:
            if _is_order(bytes(row.body)):
                continue
            kept = chain.content_of(bytes(row.salt), bytes(row.body))
            connection.execute(tables.log.update().where(log.seq == row.seq).values(salt=kept, body=None))
            done += 1
    return done


def close_log(connection: Connection, scope: str, receiver: X25519PublicKey) -> int:
    """Close to the receiver everything logged of a scope that may be read here no longer (settled 10): it can still
    be sent, and the chain still verifies. Answers how many operations were open."""
    log = tables.log.c
    rows = connection.execute(
        select(log.seq, log.salt, log.body).where(log.scope == scope, log.body.is_not(None))
    ).all()
    done = 0
    for row in rows:
        before = (bytes(row.salt), bytes(row.body))
        salt, body = closing.close(receiver, *before)
        if (salt, body) != before:
            connection.execute(tables.log.update().where(log.seq == row.seq).values(salt=salt, body=body))
            done += 1
    return done


_ORDER = b'"a":"' + ERASE.encode() + b'"'


def _is_order(body: bytes) -> bool:
    try:
        return _ORDER in body and decode_body(body).action == ERASE
    except Undecodable:
        return False

