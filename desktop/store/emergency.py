"""Copies of other centres' files given for an emergency read: which lie here, for whom, how they are taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from desktop.store.closing import close_scopes
from domain.rules.emergency import GRANTED
from sync.digest import NOTHING
from sync.replica import node
from sync.replica.changes import Folded
from sync.replica.desk_road import Receipt
from sync.replica.given import backfill
from sync.replica.own_chains import INCARNATION
from sync.replica.replica import Identity, Replica

_HERE: Final = (
    "SELECT g.id, g.granted_scope, g.until, e.staff FROM r_grant g LEFT JOIN r_wiped w ON w.id = g.id"
    " LEFT JOIN r_emergency_read e ON e.id = g.id WHERE g.until IS NOT NULL AND g.reason = ?"
    " AND g.withdrawn_at IS NULL AND g.retracted IS NULL AND w.id IS NULL ORDER BY g.id"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: the grant's id, its scope, until when the centre gave it (UTC ms), who asked (empty: not known yet,
    the file is still on its way)."""

    grant: str
    scope: str
    until: int
    staff: str

    @property
    def contact(self) -> str:
        """The file's contact."""
        return self.scope.partition(":")[2]


def copies(connection: Connection) -> list[Copy]:
    """Copies that lie here or are on their way, oldest first: neither withdrawn nor closed by this desk."""
    rows = connection.exec_driver_sql(_HERE, (GRANTED,))
    return [Copy(str(one), str(scope), int(until), str(staff or "")) for one, scope, until, staff in rows]


def until_of(connection: Connection, contact: str) -> int | None:
    """Until when (UTC ms) this file may be read here in an emergency; None for a file that is here anyhow."""
    return max((one.until for one in copies(connection) if one.contact == contact), default=None)


def close(connection: Connection, replica: Replica, device: str, receipt: Receipt, copy: Copy) -> Folded:
    """Take one copy out, with everything derived from it, and tell the centre by a receipt, in one transaction. It
    does not wait for own words that are not sent yet: those are sent closed to the centre. Rows that another
    standing grant gives stay; so it may be done again."""
    other = connection.exec_driver_sql(
        "SELECT g.id FROM r_grant g LEFT JOIN r_wiped w ON w.id = g.id WHERE g.granted_scope = ? AND g.id <> ?"
        " AND g.withdrawn_at IS NULL AND g.retracted IS NULL AND w.id IS NULL LIMIT 1",
        (copy.scope, copy.grant),
    ).first()
    folded, held = Folded(), NOTHING
    if other is None:
        connection.execute(backfill.delete().where(backfill.c.scope == copy.scope))
        folded, held = replica.wipe(connection, copy.scope)
        close_scopes(connection, [copy.scope])
    me = Identity(device, int(node.get(connection, INCARNATION, "1")))
    bodies = receipt(connection, copy.grant, copy.scope, held.text())
    folded.changes += replica.author(connection, me, bodies).changes
    return folded
