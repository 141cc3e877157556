"""A node's own rows as figures for comparison, and one record made anew from operations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.records.kinds import KINDS
from sync import proof, stays
from sync.digest import NOTHING, Digest, of_state
from sync.operation import Placed
from sync.proof import Ask, Line, Told
from sync.replica import scopes, sums, tables
from sync.replica.changes import Folded
from sync.replica.replica import Replica
from sync.replica.rows import parked_state, state_of

Sees = Callable[[Connection, Collection[str]], frozenset[str]]
"""Which of these scopes the asker may see."""


def everything(_connection: Connection, wanted: Collection[str]) -> frozenset[str]:
    """A desk compares all it holds."""
    return frozenset(wanted)


def seen_by(device: str, audiences: Callable[[Connection], Collection[str]]) -> Sees:
    """What a device sees at a serving node: its audiences' scopes, and those granted to it."""

    def sees(connection: Connection, wanted: Collection[str]) -> frozenset[str]:
        homes = scopes.homes(connection, wanted)
        mine = audiences(connection)
        given = scopes.granted(connection, device)
        return frozenset(scope for scope in wanted if homes.get(scope) in mine or scope in given)

    return sees


def _line(name: str, kind: str, one: Digest) -> Line:
    return Line(name, kind, one.count, f"{one.total:064x}")


def answer(connection: Connection, ask: Ask, sees: Sees, *, leaf: bool | None = None) -> Told:
    """The figures asked for, of what the asker may see. An unknown step has none."""
    if ask.step in (proof.BUCKETS, proof.BUCKET):
        return _of_scopes(connection, ask, sees)
    if ask.step != proof.RECORDS or not sees(connection, [ask.scope]):
        return Told()
    records = {
        record: one
        for record, one in digests(connection, ask.kind, ask.scope).items()
        if proof.place_of(record).startswith(ask.prefix)
    }
    if leaf or (leaf is None and len(records) <= proof.LEAF):
        return Told([_line(record, "", one) for record, one in sorted(records.items())], leaf=True)
    split: dict[str, Digest] = {}
    for record, one in records.items():
        place = proof.place_of(record)[: len(ask.prefix) + 1]
        split[place] = split.get(place, NOTHING).plus(one)
    return Told([_line(place, "", one) for place, one in sorted(split.items())])


def _of_scopes(connection: Connection, ask: Ask, sees: Sees) -> Told:
    # Only of one bucket is it asked whether they may be seen: there are 256, and each may be asked for.
    within = partial(_is_in, ask.bucket) if ask.step == proof.BUCKET else None
    running = sums.by_scope_and_kind(connection, within)
    visible = sees(connection, {scope for scope, _ in running})
    if ask.step == proof.BUCKET:
        return Told([_line(scope, kind, one) for (scope, kind), one in sorted(running.items()) if scope in visible])
    buckets: dict[str, Digest] = {}
    for (scope, _), one in running.items():
        if scope in visible:
            name = proof.bucket_of(scope)
            buckets[name] = buckets.get(name, NOTHING).plus(one)
    return Told([_line(name, "", one) for name, one in sorted(buckets.items())])


def _is_in(bucket: str, scope: str) -> bool:
    return proof.bucket_of(scope) == bucket


def digests(connection: Connection, kind: str, scope: str) -> dict[str, Digest]:
    """Every record of one kind in one scope by id, counted from its row."""
    if kind in KINDS:
        table = tables.records[kind]
        rows = connection.execute(select(table).where(table.c.scope == scope)).mappings()
        return {row["id"]: of_state(kind, row["id"], scope, state_of(KINDS[kind], dict(row))) for row in rows}
    held = tables.parked_record
    rows = connection.execute(select(held).where(held.c.kind == kind, held.c.scope == scope)).mappings()
    return {row["id"]: of_state(kind, row["id"], scope, parked_state(row["state"])) for row in rows}


def figure(connection: Connection, kind: str, scope: str, record: str) -> stays.Figure:
    """One record's figure, counted from its row; nothing where it is not here."""
    one = _one(connection, kind, record)
    if one is None or one["scope"] != scope:
        return stays.NOTHING
    state = state_of(KINDS[kind], one) if kind in KINDS else parked_state(one["state"])
    found = of_state(kind, record, scope, state)
    return found.count, f"{found.total:064x}"


def _one(connection: Connection, kind: str, record: str) -> Mapping[str, Any] | None:
    if kind in KINDS:
        table = tables.records[kind]
        wanted = select(table).where(table.c.id == record)
    else:
        table = tables.parked_record
        wanted = select(table).where(table.c.kind == kind, table.c.id == record)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else dict(row)


def operations(connection: Connection, ask: Ask) -> list[Placed]:
    """All that this node's log holds of one record and has applied, in the order it came."""
    log = tables.log.c
    rows = connection.execute(
        select(tables.log)
        .where(
            log.record == ask.id,
            log.kind == ask.kind,
            or_(log.scope == ask.scope, log.scope == ""),
            log.held.is_(None),
            log.body.is_not(None),
        )
        .order_by(log.seq)
    )
    found = [Placed(r.device, r.incarnation, r.n, r.grp, bytes(r.salt), bytes(r.body), r.seq) for r in rows]
    return [one for one in found if not one.closed]


def slipped(connection: Connection, only: tuple[str, str] | None = None) -> dict[tuple[str, str], Digest]:
    """By how much running figures, all or that of one scope and kind, have slipped from the rows they count."""
    if only is None:
        kept, counted = sums.by_scope_and_kind(connection), sums.recount(connection)
    else:
        total = NOTHING
        for one in digests(connection, only[1], only[0]).values():
            total = total.plus(one)
        kept, counted = {only: sums.of_kind(connection, *only)}, {only: total}
    return {
        key: counted.get(key, NOTHING).minus(kept.get(key, NOTHING))
        for key in counted.keys() | kept.keys()
        if counted.get(key, NOTHING) != kept.get(key, NOTHING)
    }


def rebuild(connection: Connection, replica: Replica, ask: Ask, placed: Sequence[Placed]) -> Folded:
    """Make one record anew from these operations and the log's own. Where a version that stands here is in none
    of them, the row stays as it is: it may hold the only copy of somebody's words."""
    known = {(one.device, one.incarnation, one.n): one for one in [*operations(connection, ask), *placed]}
    return replica.remake(connection, (ask.kind, ask.id), list(known.values()))
