"""Grants seen from the centre: only its own count, and a running digest of what each device was granted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Table, Text, and_, not_, or_, select

from server.store import accounts
from server.store.engine import Connection
from sync.digest import NOTHING, Digest
from sync.replica import scopes, sql, sums, tables
from sync.replica.changes import RowChange
from sync.replica.scopes import scope_grant, scope_home

granted_digest = Table(
    "granted_digest",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Text, nullable=False),
)
"""Running digest of the scopes granted to a device whose home is another audience than its own: comparing a
desk that holds ten thousand grants costs one read."""


narrowed_desk = Table("narrowed_desk", accounts.metadata, Column("device", Text, primary_key=True))
"""Desks from which their centre's files were withdrawn: they hold of them what they were granted one by one."""


class Narrowed:
    """Keeps `narrowed_desk` in step with grants of all files of a centre (a projection of centre and hub alike)."""

    def create(self, connection: Connection) -> None:
        """The table is made with those of the accounts."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """A desk from which all files of its centre were withdrawn is a narrowed one until they are granted again."""
        for change in changes:
            row = change.after
            if row is None or not scopes.stands_rightly(change):
                continue
            device, scope = str(row["device"]), str(row["granted_scope"])
            if scopes.is_all_files(scope):
                sql.delete_in(connection, narrowed_desk, "device", [device])
                if not scopes.grant_stands(connection, device, scope):
                    sql.insert_many(connection, narrowed_desk, [(device,)])


_CHUNK = 5_000


def is_narrowed(connection: Connection, device: str) -> bool:
    """Whether nobody at this desk may see its centre's files as such."""
    return sql.first(connection, "SELECT device FROM narrowed_desk WHERE device = ?", device) is not None


def audiences_of(connection: Connection, device: str, centre: str) -> tuple[str, ...]:
    """What a device sees without any grant: its centre (unless nobody at it may), the reference data, its own control
    stream."""
    shared = () if is_narrowed(connection, device) else (centre,)
    return *shared, scopes.REFERENCE, scopes.device_scope(device)


def _parts(members: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(set(members))
    for start in range(0, len(wanted), _CHUNK):
        yield wanted[start : start + _CHUNK]


def granted_among(connection: Connection, device: str, wanted: Iterable[str]) -> frozenset[str]:
    """Which of these scopes the device was granted."""
    return scopes.granted_among(connection, device, wanted)


def _foreign(connection: Connection, part: Collection[str]) -> list[Any]:
    """Pairs (device, scope) of grants on these scopes where the scope's home is not the device's own."""
    d, g, h = accounts.device.c, scope_grant.c, scope_home.c
    own = or_(
        and_(h.audience == d.centre, d.id.not_in(select(narrowed_desk.c.device))),
        h.audience == scopes.REFERENCE,
        and_(h.audience.startswith(scopes.DEVICE), h.audience == scopes.DEVICE + d.id),
    )
    rows = connection.execute(
        select(g.device, g.scope)
        .select_from(
            scope_grant.join(accounts.device, d.id == g.device).join(scope_home, h.scope == g.scope)
        )
        .where(g.scope.in_(part), not_(own))
    )
    return list(rows)


def holders(connection: Connection, touched: Iterable[str]) -> frozenset[str]:
    """Devices that were granted one of these scopes."""
    return scopes.holders(connection, touched)


def follow(connection: Connection, deltas: Mapping[tuple[str, str], Digest]) -> None:
    """Add what a fold changed to the digests of all devices that were granted the scopes before it."""
    if not holders(connection, {scope for scope, _ in deltas}):
        return  # nearly always: most dossiers are their own centre's alone
    moved: dict[str, Digest] = {}
    for (scope, _), delta in deltas.items():
        moved[scope] = moved.get(scope, NOTHING).plus(delta)
    differences: dict[str, Digest] = {}
    for part in _parts(moved):
        for row in _foreign(connection, part):
            differences[row.device] = differences.get(row.device, NOTHING).plus(moved[row.scope])
    _add(connection, differences)


def widen(connection: Connection, device: str, given: Collection[str]) -> None:
    """Add whole scopes that were granted to the device just now."""
    total = NOTHING
    for part in _parts(given):
        foreign = [row.scope for row in _foreign(connection, part) if row.device == device]
        total = total.plus(sums.of_scopes(connection, foreign))
    _add(connection, {device: total})


def _add(connection: Connection, differences: Mapping[str, Digest]) -> None:
    moved = {device: delta for device, delta in differences.items() if delta != NOTHING}
    if moved:
        held = {device: running(connection, device) for device in moved}
        lines: list[tuple[object, ...]] = []
        for device, delta in moved.items():
            new = held[device].plus(delta)
            lines.append((device, new.count, f"{new.total:064x}"))
        sql.upsert_many(connection, granted_digest, lines)


def running(connection: Connection, device: str) -> Digest:
    """The digest kept for one device."""
    row = sql.first(connection, "SELECT count, total FROM granted_digest WHERE device = ?", device)
    return NOTHING if row is None else Digest(int(row[0]), int(row[1], 16))


def recount(connection: Connection, device: str) -> Digest:
    """The same figure counted anew from the running digests of the scopes."""
    given = scopes.granted(connection, device)
    foreign: list[str] = []
    for part in _parts(given):
        foreign += [row.scope for row in _foreign(connection, part) if row.device == device]
    return sums.of_scopes(connection, foreign)


def count_anew(connection: Connection, device: str) -> None:
    """Set the running digest of a device to what its grants hold now: a scope has changed hands."""
    now = recount(connection, device)
    sql.upsert_many(connection, granted_digest, [(device, now.count, f"{now.total:064x}")])


def digest_of(connection: Connection, device: str, centre: str) -> Digest:
    """The digest of all that the device may hold: its audiences and what it was granted besides."""
    return sums.of_audiences(connection, audiences_of(connection, device, centre)).plus(running(connection, device))


def dossiers_with_cases(connection: Connection, other_than: str) -> list[str]:
    """Scopes that hold a case and whose home is another centre, oldest id first; those without one are left out."""
    case = tables.records["case"].c
    rows = connection.execute(
        select(case.scope)
        .select_from(tables.records["case"].join(scope_home, scope_home.c.scope == case.scope))
        .where(scope_home.c.audience.not_in([other_than, case.scope]))
        .distinct()
        .order_by(case.scope)
    )
    return [row.scope for row in rows]
