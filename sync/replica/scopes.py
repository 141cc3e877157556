"""Scopes as a serving node sees them: which audience a scope has, and who was granted it besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Column, Connection, Index, Table, Text, select

from sync.replica import sql, tables
from sync.replica.changes import RowChange

scope_home = Table(
    "scope_home",
    tables.metadata,
    Column("scope", Text, primary_key=True),
    Column("audience", Text, nullable=False, index=True),
)
"""Which audience holds a scope: a centre's code for its dossiers and its own scope, `ref`, or `device:<id>`."""

scope_grant = Table(
    "scope_grant",
    tables.metadata,
    Column("device", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
)
"""Scopes granted to one device beyond its audiences; follows the `grant` records."""
Index("ix_scope_grant_scope", scope_grant.c.scope)

DOSSIER = "dossier:"
CENTRE = "centre:"
DEVICE = "device:"
REFERENCE = "ref"


def dossier(contact_id: str) -> str:
    """The scope that a contact founds."""
    return DOSSIER + contact_id


def centre(code: str) -> str:
    """The scope of a centre's call log and duty."""
    return CENTRE + code


def device_scope(device: str) -> str:
    """The control stream of one device: grants, leases, settings."""
    return DEVICE + device


def audience_of(scope: str, founder_centre: str) -> str:
    """The audience of a scope that is seen for the first time."""
    if scope.startswith(CENTRE):
        return scope.removeprefix(CENTRE)
    if scope.startswith(DOSSIER):
        return founder_centre
    return scope


def homes(connection: Connection, scopes: Iterable[str]) -> Mapping[str, str]:
    """Audience by scope, for those that are known."""
    return {row["scope"]: row["audience"] for row in sql.select_in(connection, scope_home, "scope", scopes)}


def settle(connection: Connection, founded: Mapping[str, str]) -> None:
    """Remember the audience of scopes seen for the first time."""
    sql.upsert_many(connection, scope_home, list(founded.items()))


def granted(connection: Connection, device: str) -> frozenset[str]:
    """Scopes granted to a device beyond its audiences."""
    found = connection.execute(select(scope_grant.c.scope).where(scope_grant.c.device == device))
    return frozenset(str(row.scope) for row in found)


def stands_rightly(change: RowChange) -> bool:
    """Whether a change is of a whole grant in the control stream of the device it names."""
    row = change.after
    return (
        change.kind == "grant"
        and row is not None
        and bool(row.get("device"))
        and bool(row.get("granted_scope"))
        and change.scope == device_scope(str(row["device"]))
    )


class Grants:
    """Keeps `scope_grant` in step with the grant records (a projection of a serving node)."""

    def create(self, connection: Connection) -> None:
        """The table is made with the replica's own."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """A grant without a withdrawal stands; a withdrawn or retracted one does not.

        It counts only in the device's own control stream, where nobody but the centre may write: a desk that
        writes a grant into a scope of its own gives itself nothing.
        """
        given: list[tuple[str, str]] = []
        for change in changes:
            row = change.after
            if not stands_rightly(change) or row is None:
                continue
            pair = (str(row["device"]), str(row["granted_scope"]))
            if row.get("withdrawn_at") or row.get("retracted"):
                connection.execute(
                    scope_grant.delete().where(scope_grant.c.device == pair[0], scope_grant.c.scope == pair[1])
                )
            else:
                given.append(pair)
        # Two columns that are both the key: an upsert has nothing to set, so leave out what is there.
        for pair in given:
            known = select(scope_grant.c.scope).where(
                scope_grant.c.device == pair[0], scope_grant.c.scope == pair[1]
            )
            if connection.execute(known).first() is None:
                sql.insert_many(connection, scope_grant, [pair])
