"""Which sums of a server have slipped from what they sum up, for its weekly recount."""

from __future__ import annotations

from sqlalchemy import select

from server.store import accounts, granted
from server.store.engine import Connection
from sync.digest import NOTHING, Digest
from sync.replica import proof, scopes, sums, tables


def records(connection: Connection, scope: str, kind: str) -> list[str]:
    """Ids of a scope and kind, by its rows and by the log: a row may be lost."""
    written = tables.log.c
    logged = connection.execute(
        select(written.record).where(written.scope == scope, written.kind == kind, written.record != "").distinct()
    )
    return sorted({row.record for row in logged} | proof.digests(connection, kind, scope).keys())


def of_audiences(connection: Connection) -> dict[str, Digest]:
    """By how much sums of audiences have slipped from the running digests of their scopes."""
    kept = sums.by_scope_and_kind(connection)
    homes = scopes.homes(connection, {scope for scope, _ in kept})
    counted: dict[str, Digest] = {}
    for (scope, _), one in kept.items():
        home = homes.get(scope, "")
        counted[home] = counted.get(home, NOTHING).plus(one)
    known = {row.audience for row in connection.execute(select(tables.audience_digest.c.audience))}
    differing = ((home, counted.get(home, NOTHING)) for home in counted.keys() | known)
    return {
        home: now.minus(was) for home, now in differing if now != (was := sums.of_audiences(connection, [home]))
    }


def of_devices(connection: Connection) -> list[str]:
    """Devices whose sum of grants is not that of their scopes."""
    every = sorted(accounts.device_centres(connection))
    return [one for one in every if granted.running(connection, one) != granted.recount(connection, one)]
