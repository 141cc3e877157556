"""Scopes as a serving node sees them: which audience a scope has, and who was granted it besides."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Column, Connection, Index, Table, Text, select

from sync.operation import FOUNDING, Body
from sync.replica import sql, tables
from sync.replica.changes import RowChange

scope_home = Table(
    "scope_home",
    tables.metadata,
    Column("scope", Text, primary_key=True),
    Column("audience", Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""Which audience holds a scope: a centre's code for its dossiers and its own scope, `ref`, or `device:<id>`."""

scope_grant = Table(
    "scope_grant",
    tables.metadata,
    Column("device", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    sqlite_with_rowid=False,
)
"""Scopes granted to one device beyond its audiences; follows the `grant` records."""
Index("ix_scope_grant_scope", scope_grant.c.scope)

DOSSIER = "dossier:"
CENTRE = "centre:"
DEVICE = "device:"
REFERENCE = "ref"

TRAFFICKING = "trafficking:"
THERAPY = "therapy:"
REQUEST = "request:"
"""Beginning of the scope of one data subject's request."""
_ALL_FILES = "files:"
WALLED = (TRAFFICKING, THERAPY, REQUEST)
FILES = (DOSSIER, *WALLED)
"""Beginnings of scopes that hold one file (or one request) each."""

CENTRE_ONLY = frozenset({"custody", "staff", "emergency_read", "legal_hold", "retention_run", "audit_cut", "review"})
"""Kinds that only the centre may write, beside those of the control streams, where nobody else writes at all."""


def dossier(contact_id: str) -> str:
    """The scope that a contact founds."""
    return DOSSIER + contact_id


def files_of(centre_code: str) -> str:
    """What stands in grants for all files of a centre together; withdrawn from a desk, they are its own no more."""
    return _ALL_FILES + centre_code


def is_all_files(scope: str) -> bool:
    """Whether a grant is of all files of a centre together."""
    return scope.startswith(_ALL_FILES)


def is_closed(scope: str, home: str | None) -> bool:
    """Whether a file belongs to no centre's desks as such: its home is its own name, so that only grants give it."""
    return home == scope and scope.startswith(FILES)


def file_of(scope: str) -> str:
    """The contact that founded a scope of a file, in whichever book it lies."""
    return scope.partition(":")[2]


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


FOUNDERS: Final = frozenset({"contact", "incoming", "app_report"})
"""Kinds whose record gives a dossier its name and founds it."""


def founded_by(bodies: Iterable[Body], known: Container[str], founder_centre: str) -> dict[str, str]:
    """Audience by scope, of those that these operations found. Only the record that a dossier is named after founds
    it (settled 8): its contact, or the letter or App 111 report that is no file yet. A server may not know whose a
    dossier is that it hears of for the first time (it was put back, or is a hub), and must not give it to whoever
    speaks first."""
    named: set[str] = set()
    for body in bodies:
        founds = body.kind in FOUNDERS and body.action in FOUNDING and body.scope == dossier(body.id)
        if founds or not body.scope.startswith(DOSSIER):
            named.add(body.scope)
    return {scope: audience_of(scope, founder_centre) for scope in named if scope not in known}


def is_unfounded(connection: Connection, scope: str) -> bool:
    """Whether this is a dossier of which a serving node does not know whose it is."""
    return scope.startswith(DOSSIER) and not homes(connection, [scope])


def homes(connection: Connection, scopes: Iterable[str]) -> Mapping[str, str]:
    """Audience by scope, for those that are known."""
    return {row["scope"]: row["audience"] for row in sql.select_in(connection, scope_home, "scope", scopes)}


def settle(connection: Connection, founded: Mapping[str, str]) -> None:
    """Remember the audience of scopes seen for the first time; one that was passed on already keeps its own."""
    if founded:
        known = homes(connection, founded)
        sql.insert_many(connection, scope_home, [one for one in founded.items() if one[0] not in known])


def granted_among(connection: Connection, device: str, wanted: Iterable[str]) -> frozenset[str]:
    """Which of these scopes the device was granted."""
    found: set[str] = set()
    members = sql.members(connection)
    for part in sql.parts(wanted):
        rows = sql.fetch(
            connection, f"SELECT scope FROM scope_grant WHERE scope IN {members} AND device = ?", part, device
        )
        found.update(row[0] for row in rows)
    return frozenset(found)


def holders(connection: Connection, touched: Iterable[str]) -> frozenset[str]:
    """Devices that were granted one of these scopes."""
    found: set[str] = set()
    members = sql.members(connection)
    for part in sql.parts(touched):
        rows = sql.fetch(connection, f"SELECT DISTINCT device FROM scope_grant WHERE scope IN {members}", part)
        found.update(row[0] for row in rows)
    return frozenset(found)


def withdrawn_among(connection: Connection, device: str, wanted: Iterable[str]) -> frozenset[str]:
    """Which of these scopes the device could see once and was told to give up."""
    grant = tables.records["grant"]
    found = (row for row in sql.select_in(connection, grant, "granted_scope", wanted) if row["device"] == device)
    return frozenset(
        row["granted_scope"] for row in found if row["withdrawn_at"] and row["scope"] == device_scope(device)
    )


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


def was_given(change: RowChange, device: str = "") -> bool:
    """Whether a change took a standing grant (of this device, where one is named) out of its control stream."""
    before = change.before
    return (
        change.kind == "grant"
        and change.after is None
        and before is not None
        and bool(before.get("granted_scope"))
        and not before.get("withdrawn_at")
        and change.scope == device_scope(str(before.get("device")))
        and device in ("", before.get("device"))
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
        touched: dict[tuple[str, str], bool] = {}
        for change in changes:
            row = change.after
            if was_given(change) and change.before is not None:
                gone = (str(change.before["device"]), str(change.before["granted_scope"]))
                touched[gone] = grant_stands(connection, *gone)
            if not stands_rightly(change) or row is None:
                continue
            pair = (str(row["device"]), str(row["granted_scope"]))
            if row.get("withdrawn_at") or row.get("retracted"):
                touched[pair] = grant_stands(connection, *pair)
            else:
                touched[pair] = True
        # Two columns that are both the key: an upsert has nothing to set, so leave out what is there.
        for (device, scope), stands in touched.items():
            here = (scope_grant.c.device == device, scope_grant.c.scope == scope)
            if not stands:
                connection.execute(scope_grant.delete().where(*here))
            elif connection.execute(select(scope_grant.c.scope).where(*here)).first() is None:
                sql.insert_many(connection, scope_grant, [(device, scope)])


def closed_here(connection: Connection, grant_id: str) -> bool:
    """Whether this desk has already wiped what the grant gave and said so, before the centre withdrew it."""
    wiped = tables.records["wiped"].c
    return connection.execute(select(wiped.id).where(wiped.id == grant_id)).first() is not None


def awaits_withdrawal(connection: Connection) -> bool:
    """Whether a grant that ends by itself was closed here and not withdrawn yet: until the centre has heard the
    receipt, both ends count different things and are right."""
    grant, wiped = tables.records["grant"].c, tables.records["wiped"].c
    found = select(grant.id).where(
        grant.until.is_not(None), grant.withdrawn_at.is_(None), grant.retracted.is_(None), grant.id == wiped.id
    )
    return connection.execute(found.limit(1)).first() is not None


_GIVEN_UP: Final = """
SELECT granted_scope FROM r_grant GROUP BY granted_scope
HAVING max(withdrawn_at) IS NOT NULL AND sum(withdrawn_at IS NULL AND retracted IS NULL) = 0"""


def given_up(connection: Connection) -> frozenset[str]:
    """At a desk: scopes of which a grant was withdrawn and none stands. A server that was away, or a stick that was
    long under way, may not have heard of that and shows them as before."""
    return frozenset(str(row[0]) for row in sql.fetch(connection, _GIVEN_UP))


def grant_stands(connection: Connection, device: str, scope: str) -> bool:
    """Whether any grant of the scope to the device stands: it may have been given again, or twice."""
    grant = tables.records["grant"].c
    standing = select(grant.id).where(
        grant.device == device,
        grant.granted_scope == scope,
        grant.withdrawn_at.is_(None),
        grant.retracted.is_(None),
        grant.scope == device_scope(device),
    )
    return connection.execute(standing.limit(1)).first() is not None


class Homes:
    """Moves a dossier to another centre's audience when its `custody` says so (a projection of a serving node).

    `moved` carries the running digests of the two audiences along.
    """

    def __init__(self, moved: Callable[[Connection, str, str, str], None]) -> None:
        self._moved = moved

    def create(self, connection: Connection) -> None:
        """The table is made with the replica's own."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """The centre's code in the present custody is the audience of the dossier."""
        for change in changes:
            row = change.after
            if change.kind != "custody" or row is None or not row.get("centre"):
                continue
            scope, centre_code = change.scope, str(row["centre"])
            if scope != dossier(change.id):
                continue
            before = homes(connection, [scope]).get(scope)
            if before != centre_code and not is_closed(scope, before):
                sql.upsert_many(connection, scope_home, [(scope, centre_code)])
                if before is not None:
                    self._moved(connection, scope, before, centre_code)
