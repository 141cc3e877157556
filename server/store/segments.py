"""Segments as the store keeps them: which groups of scopes there are, what of them is built, who may read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
)

from server.store import granted
from server.store.accounts import Device
from server.store.engine import Connection
from sync.digest import Digest
from sync.replica import node, scopes, sums, tables
from sync.replica.scopes import scope_grant, scope_home

_metadata = MetaData()

_group = Table(
    "segment_group",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("grants", Text, nullable=False),
    Column("built_at", BigInteger, nullable=False),
)

_data = Table(
    "segment",
    _metadata,
    Column("grp", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_segment_hash", _data.c.hash)

_STREAM = 2_000


@dataclass(frozen=True, slots=True)
class Group:
    """Scopes that are shipped together: one audience (shared by all who are of it), or (with `device`) what one
    device may see beyond the audiences it shares with others."""

    name: str
    audience: str = ""
    device: Device | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A group's last whole generation. `grants` names what the device was granted when it was read."""

    name: str
    generation: int
    seq: int
    rows: int
    digest: str
    key: str
    grants: str
    built_at: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored segment without its bytes."""

    hash: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one read transaction says of a group: feed number, digest, grants."""

    seq: int
    digest: Digest
    grants: str


def create(connection: Connection) -> None:
    """Make the tables where they are missing."""
    _metadata.create_all(connection)


def groups_of(device: Device) -> tuple[Group, ...]:
    """The groups of everything that a device may see, together exactly `feed.after`'s (settled 8)."""
    shared = (device.centre, scopes.REFERENCE)
    return (
        *(Group(f"audience:{audience}", audience=audience) for audience in shared),
        Group(f"device:{device.id}", device=device),
    )


def grants_of(connection: Connection, group: Group) -> str:
    """A short name of the set of scopes granted to the group's device; empty for a shared group. While it is the
    same, no scope was withdrawn from the device since."""
    if group.device is None:
        return ""
    given = "\n".join(sorted(scopes.granted(connection, group.device.id)))
    return hashlib.sha256(given.encode()).hexdigest()


def snapshot(connection: Connection, group: Group) -> Snapshot:
    """Read first in the transaction that then reads the rows."""
    if group.device is None:
        digest = sums.of_audiences(connection, [group.audience])
    else:
        digest = sums.of_audiences(connection, [scopes.device_scope(group.device.id)])
        digest = digest.plus(granted.running(connection, group.device.id))
    return Snapshot(node.feed(connection), digest, grants_of(connection, group))


def rows_held(connection: Connection, device: Device) -> int:
    """How many records the device may see."""
    return granted.digest_of(connection, device.id, device.centre).count


def _visible(group: Group, scope: Any) -> Any:
    if group.device is None:
        return scope_home.c.audience == group.audience
    device = group.device
    given = select(scope_grant.c.scope).where(scope_grant.c.device == device.id)
    own = granted.audiences_of(device.id, device.centre)
    return or_(
        scope_home.c.audience == scopes.device_scope(device.id),
        and_(scope.in_(given), scope_home.c.audience.not_in(own)),
    )


def _of_group(table: Table, group: Group) -> Select[Any]:
    source = table.join(scope_home, scope_home.c.scope == table.c.scope)
    key = table.c.id if "id" in table.c else table.c.kind
    return select(*table.columns).select_from(source).where(_visible(group, table.c.scope)).order_by(key)


def rows_of(connection: Connection, group: Group) -> Iterator[tuple[Table, Sequence[tuple[Any, ...]]]]:
    """Every row of the group with its siblings and parked records, a few thousand at a time, by table."""
    for table in (*tables.records.values(), tables.parked_record, tables.sibling):
        found = connection.execute(_of_group(table, group).execution_options(yield_per=_STREAM))
        for part in found.partitions(_STREAM):
            yield table, [tuple(row) for row in part]


def built(connection: Connection, name: str) -> Built | None:
    """The last whole generation of a group, or None."""
    row = connection.execute(select(_group).where(_group.c.name == name)).mappings().first()
    return None if row is None else Built(**row)


def segments_of(connection: Connection, one: Built) -> list[Stored]:
    """Its segments in order."""
    d = _data.c
    rows = connection.execute(
        select(d.hash, d.bytes, d.rows)
        .where(d.grp == one.name, d.generation == one.generation)
        .order_by(d.place)
    )
    return [Stored(row.hash, row.bytes, row.rows) for row in rows]


def newer(connection: Connection, group: Group, seq: int, most: int) -> int:
    """How many operations of the group have a later feed number, counted up to `most`."""
    log = tables.log.c
    found = (
        select(log.seq)
        .select_from(tables.log.join(scope_home, scope_home.c.scope == log.scope))
        .where(log.seq > seq, _visible(group, log.scope))
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def begin(connection: Connection, name: str, kept_ms: int) -> int:
    """The number of the generation to be built now; whatever nobody can ask for any more is deleted: what an
    interrupted build left, what lies two generations back, groups of single devices built before `kept_ms`."""
    old = select(_group.c.name).where(_group.c.name.startswith("device:"), _group.c.built_at < kept_ms)
    connection.execute(_data.delete().where(_data.c.grp.in_(old), _data.c.grp != name))
    connection.execute(
        _group.delete().where(
            _group.c.name.startswith("device:"), _group.c.built_at < kept_ms, _group.c.name != name
        )
    )
    last = built(connection, name)
    generation = 0 if last is None else last.generation
    kept = (generation,)
    connection.execute(_data.delete().where(_data.c.grp == name, _data.c.generation.not_in(kept)))
    return generation + 1


def keep(connection: Connection, name: str, generation: int, place: int, one: Stored, data: bytes) -> None:
    """Store one segment of a generation that is being built."""
    connection.execute(
        _data.insert().values(
            grp=name, generation=generation, place=place, hash=one.hash, bytes=one.bytes, rows=one.rows, data=data
        )
    )


def finish(connection: Connection, one: Built) -> None:
    """The generation is whole: from now on it is the group's. The one before stays for those who are reading it."""
    connection.execute(_group.delete().where(_group.c.name == one.name))
    connection.execute(
        _group.insert().values({name: getattr(one, name) for name in Built.__dataclass_fields__})
    )


def piece(connection: Connection, device: Device, hash_: str, start: int, length: int) -> tuple[bytes, int] | None:
    """Bytes of a segment from `start` on, and how many it has in all; None where it is of no manifest made for
    this device, or where the device was granted something else since."""
    for group in groups_of(device):
        row = connection.execute(
            select(_data.c.bytes, func.substr(_data.c.data, start + 1, length).label("part"))
            .where(_data.c.hash == hash_, _data.c.grp == group.name)
            .limit(1)
        ).first()
        if row is None:
            continue
        if group.device is not None:
            last = built(connection, group.name)
            if last is None or last.grants != grants_of(connection, group):
                return None
        return bytes(row.part), int(row.bytes)
    return None


def acked_and_missing(
    connection: Connection, device: Device, incarnation: int, seq: int
) -> tuple[int, list[int]]:
    """The last number known of a chain, and the rising numbers of its operations that rows read at `seq` may not
    show: given a later feed number, or held (but not those held because their scope is not the device's)."""
    log = tables.log.c
    own = and_(log.device == device.id, log.incarnation == incarnation)
    last = connection.execute(select(func.max(log.n)).where(own)).scalar_one()
    visible = or_(
        scope_home.c.audience.in_(granted.audiences_of(device.id, device.centre)),
        log.scope.in_(select(scope_grant.c.scope).where(scope_grant.c.device == device.id)),
    )
    rows = connection.execute(
        select(log.n)
        .select_from(tables.log.join(scope_home, scope_home.c.scope == log.scope))
        .where(own, or_(log.seq > seq, log.held.is_not(None)), visible)
        .order_by(log.n)
    )
    return int(last or 0), [int(row.n) for row in rows]
