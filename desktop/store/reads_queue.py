"""The queue as the screens see it: headers only, who holds what, in the order in which things are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import Connection

from desktop.store.sight import sight_of
from domain.records.queue import Claim
from domain.rules.privacy import Decision, Thing
from domain.rules.queue import SOON_MS, Agreed, agreed, holder
from sync.replica import scopes

MOST: Final = 500

# A call owes its call-back while its outcome says so, and on as a file: a file calls nobody back. One whose outcome
# was taken back or changed is ended itself (`operations.call_backs`): it does not come back with a later file.
_WAITING: Final = (
    "SELECT q.id, q.channel, q.arrived_at, q.due_at, q.urgency, q.call_id FROM r_queue_item q"
    " LEFT JOIN r_call c ON c.id = q.call_id"
    " WHERE q.done_at IS NULL AND q.contact_id IS NULL AND q.retracted IS NULL AND q.scope = ?"
    " AND (q.call_id IS NULL OR c.outcome = 'callback_scheduled'"
    " OR (c.contact_id IS NOT NULL AND c.outcome <> 'unclassified'))"
    " ORDER BY CASE WHEN q.urgency = 'emergency' THEN 0 WHEN q.call_id IS NOT NULL AND q.due_at <= ? THEN 1"
    " WHEN q.urgency = 'high' THEN 2 WHEN q.urgency = 'medium' THEN 3 ELSE 4 END,"
    " coalesce(q.due_at, q.arrived_at), q.arrived_at, q.id LIMIT ?"
)


_UNFINISHED: Final = (
    "SELECT q.id, q.due_at FROM draft d JOIN r_queue_item q ON q.id = d.about JOIN r_call c ON c.id = q.call_id"
    " WHERE d.staff = ? AND d.form = ? AND (c.outcome = 'callback_scheduled'"
    " OR (c.contact_id IS NOT NULL AND c.outcome <> 'unclassified')) AND q.done_at IS NULL AND q.contact_id IS NULL"
    " AND q.retracted IS NULL ORDER BY d.saved_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One header. `held_by` and `held_at_seat` say who works on it until `held_until` (UTC ms); `disputed` that
    somebody else took it too, without a line."""

    id: str
    channel: str
    arrived_at: int
    due_at: int | None
    urgency: str | None
    call_id: str | None
    held_by: str | None = None
    held_at_seat: str | None = None
    held_until: int | None = None
    disputed: bool = False

    def agreed(self, now_ms: int) -> Agreed | None:
        """How a promised call-back stands to its time; None for anything else."""
        return agreed(self.due_at, now_ms) if self.call_id is not None else None


def queue_rows(connection: Connection, centre: str, now_ms: int) -> list[QueueRow]:
    """What waits at a centre, the most urgent first, then the first due; nothing for one who may not see the queue.
    A promised call-back waits while its call's outcome says so, and on once the call became a file; one whose time is
    near or past comes right after emergencies."""
    sight = sight_of(connection)
    if sight is not None and sight.may("see_queue", Thing(centre)) is Decision.NONE:
        return []
    rows = connection.exec_driver_sql(_WAITING, (scopes.centre(centre), now_ms + SOON_MS, MOST)).all()
    claims: dict[str, list[Claim]] = {}
    live = connection.exec_driver_sql(
        "SELECT id, item_id, staff, seat, at, until FROM r_claim"
        " WHERE item_id IN (SELECT value FROM json_each(?)) AND until > ? AND retracted IS NULL",
        (msgspec.json.encode([row[0] for row in rows]).decode(), now_ms),
    )
    for one in live:
        claims.setdefault(one[1], []).append(
            Claim(id=one[0], item_id=one[1], staff=one[2], seat=one[3], at=one[4], until=one[5])
        )
    found = []
    for row in rows:
        taken = claims.get(row[0], [])
        held = holder(taken, now_ms)
        found.append(
            QueueRow(
                id=row[0],
                channel=row[1],
                arrived_at=row[2],
                due_at=row[3],
                urgency=row[4],
                call_id=row[5],
                held_by=held.staff if held else None,
                held_at_seat=held.seat if held else None,
                held_until=held.until if held else None,
                disputed=len(taken) > 1,
            )
        )
    return found


def last_unfinished(connection: Connection, staff: str, form: str) -> tuple[str, int | None] | None:
    """The promised call-back whose answer this person left unfinished last (`form` of the draft), and its time."""
    row = connection.exec_driver_sql(_UNFINISHED, (staff, form)).first()
    return (row[0], row[1]) if row is not None else None
