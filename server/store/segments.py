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
from sync.replica.changes import RowChange
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
_PURGED = 4
_EPOCH = "segments_epoch"


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


def groups_of(connection: Connection, device: Device) -> tuple[Group, ...]:
    """The groups of everything that a device may see, together exactly `feed.after`'s (settled 8)."""
    *shared, _ = granted.audiences_of(connection, device.id, device.centre)
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
    if granted.is_narrowed(connection, group.device.id):
        given += "\n"  # the same grants hold more where the centre's own files are not seen as such
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


def _visible(connection: Connection, group: Group, scope: Any) -> Any:
    if group.device is None:
        return scope_home.c.audience == group.audience
    device = group.device
    given = select(scope_grant.c.scope).where(scope_grant.c.device == device.id)
    own = granted.audiences_of(connection, device.id, device.centre)
    return or_(
        scope_home.c.audience == scopes.device_scope(device.id),
        and_(scope.in_(given), scope_home.c.audience.not_in(own)),
    )


def _of_group(connection: Connection, table: Table, group: Group) -> Select[Any]:
    source = table.join(scope_home, scope_home.c.scope == table.c.scope)
    key = table.c.id if "id" in table.c else table.c.kind
    return select(*table.columns).select_from(source).where(_visible(connection, group, table.c.scope)).order_by(key)


def rows_of(connection: Connection, group: Group) -> Iterator[tuple[Table, Sequence[tuple[Any, ...]]]]:
    """Every row of the group with its siblings and parked records, a few thousand at a time, by table."""
    for table in (*tables.records.values(), tables.parked_record, tables.sibling):
        found = connection.execute(_of_group(connection, table, group).execution_options(yield_per=_STREAM))
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
        .where(log.seq > seq, _visible(connection, group, log.scope))
        .limit(most)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def begin(connection: Connection, name: str, kept_ms: int) -> tuple[int, int]:
    """The number of the generation to be built now, and the epoch in which it is begun. Groups of single devices
    built before `kept_ms` are given up."""
    connection.execute(
        _group.delete().where(
            _group.c.name.startswith("device:"), _group.c.built_at < kept_ms, _group.c.name != name
        )
    )
    last = built(connection, name)
    return (0 if last is None else last.generation) + 1, _epoch(connection)


def purge(connection: Connection, name: str) -> bool:
    """Delete a few segments that nobody can ask for any more: what an interrupted build of the group left, what lies
    two generations back, and segments of groups given up. Answers whether there may be more."""
    d = _data.c
    last = built(connection, name)
    kept = 0 if last is None else last.generation
    orphan = and_(d.grp != name, d.grp.not_in(select(_group.c.name)))
    rows = connection.execute(
        select(d.grp, d.generation, d.place)
        .where(or_(and_(d.grp == name, d.generation != kept), orphan))
        .limit(_PURGED)
    ).all()
    for row in rows:
        connection.execute(
            _data.delete().where(d.grp == row.grp, d.generation == row.generation, d.place == row.place)
        )
    return len(rows) == _PURGED


def _epoch(connection: Connection) -> int:
    return int(node.get(connection, _EPOCH, "0"))


class Outdated:
    """Gives up every segment when a record was erased or a dossier changed hands (a projection of a serving node).

    Their keys are deleted in the same transaction, so that what was erased can be read from no segment from then on;
    the bytes without a key go with the next build. A build that was under way ends for nothing.
    """

    def create(self, connection: Connection) -> None:
        """The tables are made when the store is opened."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """Rows that were taken out, and custody that was given."""
        if any(one.kind == "custody" or (one.before is not None and one.after is None) for one in changes):
            connection.execute(_group.delete())
            node.put_key(connection, _EPOCH, str(_epoch(connection) + 1))


def keep(connection: Connection, name: str, generation: int, place: int, one: Stored, data: bytes) -> None:
    """Store one segment of a generation that is being built."""
    connection.execute(
        _data.insert().values(
            grp=name, generation=generation, place=place, hash=one.hash, bytes=one.bytes, rows=one.rows, data=data
        )
    )


def finish(connection: Connection, one: Built, epoch: int) -> bool:
    """The generation is whole: from now on it is the group's. The one before stays for those who are reading it.
    Answers False, and nothing is kept, where another epoch has begun since the build did."""
    if epoch != _epoch(connection):
        return False
    connection.execute(_group.delete().where(_group.c.name == one.name))
    connection.execute(
        _group.insert().values({name: getattr(one, name) for name in Built.__dataclass_fields__})
    )
    return True


def piece(connection: Connection, device: Device, hash_: str, start: int, length: int) -> tuple[bytes, int] | None:
    """Bytes of a segment from `start` on, and how many it has in all; None where it is of no manifest made for
    this device, or where the device was granted something else since."""
    for group in groups_of(connection, device):
        last = built(connection, group.name)
        if last is None or last.grants != grants_of(connection, group):
            continue
        # What one device alone may see changes with its grants: of that, the last generation only.
        oldest = last.generation - (1 if group.device is None else 0)
        row = connection.execute(
            select(_data.c.bytes, func.substr(_data.c.data, start + 1, length).label("part"))
            .where(
                _data.c.hash == hash_,
                _data.c.grp == group.name,
                _data.c.generation.between(oldest, last.generation),
            )
            .limit(1)
        ).first()
        if row is not None:
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
        scope_home.c.audience.in_(granted.audiences_of(connection, device.id, device.centre)),
        log.scope.in_(select(scope_grant.c.scope).where(scope_grant.c.device == device.id)),
    )
    rows = connection.execute(
        select(log.n)
        .select_from(tables.log.join(scope_home, scope_home.c.scope == log.scope))
        .where(own, or_(log.seq > seq, log.held.is_not(None)), visible)
        .order_by(log.n)
    )
    return int(last or 0), [int(row.n) for row in rows]
