"""Which devices are hubs, which codes make one, and which feed numbers a hub has brought itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import BigInteger, Column, Integer, Table, Text, exists, func, select

from server.store import accounts, granted
from server.store.backed_up import backed_up
from server.store.engine import Connection
from sync.digest import Digest
from sync.replica import feed, scopes, sql, sums, tables
from sync.replica.scopes import scope_grant, scope_home

hub = Table("hub", accounts.metadata, Column("device", Text, primary_key=True))
"""Devices that are hubs: each serves the desks of its own centre."""

hub_code = Table("hub_code", accounts.metadata, Column("sha256", Text, primary_key=True))
"""One-time codes that make a hub, not a desk."""

brought = Table(
    "brought",
    accounts.metadata,
    Column("hub", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)
"""Feed numbers given to what a hub brought: its own pulls leave them out. By incarnation, so that a hub restored
from a backup, which goes on under a new one, gets back what it had brought."""


def add_code(connection: Connection, sha256: str) -> None:
    """The code with this hash makes a hub."""
    sql.insert_many(connection, hub_code, [(sha256,)])


def code_makes_hub(connection: Connection, sha256: str) -> bool:
    """Whether the code with this hash makes a hub."""
    return connection.execute(select(hub_code).where(hub_code.c.sha256 == sha256)).first() is not None


def add(connection: Connection, device: str) -> None:
    """This device is a hub."""
    sql.insert_many(connection, hub, [(device,)])


def is_hub(connection: Connection, device: str) -> bool:
    """Whether the device is a hub."""
    return sql.first(connection, "SELECT device FROM hub WHERE device = ?", device) is not None


def desks_of(connection: Connection, centre: str) -> list[accounts.Device]:
    """Every device of a centre that is no hub, revoked ones too, by id."""
    d = accounts.device
    rows = connection.execute(
        select(d).where(d.c.centre == centre, ~exists().where(hub.c.device == d.c.id)).order_by(d.c.id)
    )
    return [accounts.device_of(row) for row in rows.mappings()]


def audiences_of(desks: Collection[str], centre: str) -> tuple[str, ...]:
    """What a hub sees without any grant: its centre, the reference data, its desks' control streams."""
    return (centre, scopes.REFERENCE, *(scopes.device_scope(one) for one in desks))


def note_brought(connection: Connection, device: str, incarnation: int, first: int, last: int) -> None:
    """A hub has brought what got these feed numbers; ranges that touch become one."""
    b = brought.c
    before = connection.execute(
        select(b.first).where(b.hub == device, b.incarnation == incarnation, b.last == first - 1)
    ).scalar_one_or_none()
    sql.upsert_many(connection, brought, [(device, incarnation, first if before is None else int(before), last)])


_NOT_BROUGHT = (
    'coalesce((SELECT b."last" FROM brought AS b WHERE b.hub = ? AND b.incarnation = ? AND b."first" <= log.seq'
    ' ORDER BY b."first" DESC LIMIT 1), 0) < log.seq'
)


def after(
    connection: Connection, cursor: int, *, device: str, incarnation: int, centre: str, limit: int
) -> feed.Page:
    """What a hub may see after its cursor: all that its desks may see, but not what it brought itself."""
    desks = [one.id for one in desks_of(connection, centre)]
    return feed.after(
        connection,
        cursor,
        device=device,
        incarnation=incarnation,
        audiences=audiences_of(desks, centre),
        limit=limit,
        grantees=desks,
        besides=(_NOT_BROUGHT, (device, incarnation)),
    )


def may_see(connection: Connection, scope: str, centre: str) -> bool:
    """Whether any desk of the centre may see the scope."""
    desks = [one.id for one in desks_of(connection, centre)]
    if scopes.homes(connection, [scope]).get(scope) in audiences_of(desks, centre):
        return True
    g = scope_grant.c
    found = connection.execute(select(g.scope).where(g.scope == scope, g.device.in_(desks)).limit(1))
    return found.first() is not None


def digest_of(connection: Connection, centre: str) -> Digest:
    """The digest of all that a hub of this centre is to hold. Counted from the grants at every call (a hub asks
    once a pull): about 100,000 scopes a second."""
    desks = [one.id for one in desks_of(connection, centre)]
    audiences = audiences_of(desks, centre)
    g, h = scope_grant.c, scope_home.c
    rows = connection.execute(
        select(g.scope)
        .select_from(scope_grant.join(scope_home, h.scope == g.scope))
        .where(g.device.in_(desks), h.audience.not_in(audiences))
        .distinct()
    )
    return sums.of_audiences(connection, audiences).plus(sums.of_scopes(connection, [row.scope for row in rows]))


def chains_of(connection: Connection, devices: Iterable[str]) -> list[tuple[str, int, int, bytes, int]]:
    """Device, incarnation, last number, head of every chain of these devices, and the last number of it that lies in
    a verified backup."""
    mine = list(devices)
    rows = sql.select_in(connection, backed_up, "device", mine)
    safe = {(row["device"], int(row["incarnation"])): int(row["n"]) for row in rows}
    return [
        (*key, int(row["n"]), bytes(row["head"]), safe.get(key, 0))
        for row in sql.select_in(connection, tables.chain, "device", mine)
        for key in [(str(row["device"]), int(row["incarnation"]))]
    ]


def grants_without_proof(connection: Connection) -> int:
    """Grants that stand at this node although the operation that gave them is held (0 in a sound hub)."""
    log, g = tables.log.c, tables.records["grant"].c
    stands = select(func.count()).select_from(tables.records["grant"]).where(
        ~exists().where(log.record == g.id, log.held.is_(None))
    )
    return int(connection.execute(stands).scalar_one())


def follow(connection: Connection, deltas: dict[tuple[str, str], Digest], regranted: Iterable[str]) -> None:
    """Keep the running digests of grants at a hub in step with what it folded; `regranted`: devices whose grants
    themselves changed."""
    granted.follow(connection, deltas)
    for device in regranted:
        granted.count_anew(connection, device)
