"""The queue as the screens see it: headers only, who holds what, in the order in which things are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import Connection

from desktop.store.sight import sight_of
from domain.records.queue import Claim
from domain.rules.privacy import Decision, Thing
from domain.rules.queue import SOON_MS, Agreed, agreed, holder
from sync.replica import scopes

MOST: Final = 500
"""Rows of one page."""

Place = tuple[int, int, int, str]
"""Where a row stands in the order of its list: the page after it begins behind this."""

_FIRST: Final[Place] = (-1, 0, 0, "")

_OWED: Final = "(c.outcome = 'callback_scheduled' OR (c.contact_id IS NOT NULL AND c.outcome <> 'unclassified'))"
"""A call owes its call-back while its outcome says so, and on as a file: a file calls nobody back. One whose outcome
was taken back or changed is ended itself (`operations.call_backs`): it does not come back with a later file."""

_FROM: Final = (
    " FROM r_queue_item q LEFT JOIN r_call c ON c.id = q.call_id"
    " WHERE q.done_at IS NULL AND +q.contact_id IS NULL AND q.retracted IS NULL AND +q.scope = :scope"
    f" AND (q.call_id IS NULL OR {_OWED})"
)
"""What waits at a centre. It is found by `done_at` alone (the plus signs): of all that ever came without a file there
are many."""

_WAITING: Final = (
    "WITH waiting AS (SELECT q.id, q.channel, q.arrived_at, q.due_at, q.urgency, q.call_id,"  # noqa: S608 - a part of ours
    " CASE WHEN :promises THEN q.due_at IS NULL WHEN q.urgency = 'emergency' THEN 0"
    " WHEN q.call_id IS NOT NULL AND q.due_at <= :soon THEN 1"
    " WHEN q.urgency = 'high' THEN 2 WHEN q.urgency = 'medium' THEN 3 ELSE 4 END AS rank,"
    " coalesce(q.due_at, q.arrived_at, 0) AS at, coalesce(q.arrived_at, 0) AS came"
    f"{_FROM} AND (NOT :promises OR q.call_id IS NOT NULL) AND (:item IS NULL OR q.id = :item))"
    " SELECT id, channel, arrived_at, due_at, urgency, call_id, rank, at, came FROM waiting"
    " WHERE (rank, at, came, id) > (:rank, :at, :came, :id) ORDER BY rank, at, came, id LIMIT :most"
)

_COUNTS: Final = (
    "WITH waiting AS (SELECT q.call_id, q.due_at, EXISTS (SELECT 1 FROM r_claim k WHERE k.item_id = q.id"  # noqa: S608 - a part of ours
    " AND k.until > :now AND k.retracted IS NULL) AS held"
    f"{_FROM})"
    " SELECT count(*), count(call_id), count(*) FILTER (WHERE NOT held),"
    " count(*) FILTER (WHERE call_id IS NOT NULL AND NOT held AND due_at <= :now),"
    " count(*) FILTER (WHERE call_id IS NOT NULL AND NOT held AND due_at > :now AND due_at <= :soon) FROM waiting"
)


_UNFINISHED: Final = (
    "SELECT q.id, q.due_at FROM draft d JOIN r_queue_item q ON q.id = d.about JOIN r_call c ON c.id = q.call_id"  # noqa: S608 - a part of ours
    " WHERE d.staff = ? AND d.form = ?"
    f" AND {_OWED} AND q.done_at IS NULL AND q.contact_id IS NULL AND q.retracted IS NULL"
    " ORDER BY d.saved_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One header. `held_by` and `held_at_seat` say who works on it until `held_until` (UTC ms); `disputed` that
    somebody else took it too, without a line; `place`: where it stood when it was read."""

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
    place: Place = field(default=_FIRST, compare=False)

    def agreed(self, now_ms: int) -> Agreed | None:
        """How a promised call-back stands to its time; None for anything else."""
        return agreed(self.due_at, now_ms) if self.call_id is not None else None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How much waits at a centre, however much of it is shown: in all, promised call-backs among it, what nobody
    works on; of promised call-backs that nobody works on those overdue and those near."""

    all: int = 0
    promises: int = 0
    free: int = 0
    late: int = 0
    near: int = 0


@dataclass(frozen=True, slots=True)
class QueueView:
    """What the queue's page shows: as many rows as were asked for of all and of the promised call-backs, how much
    there is in all, and the item asked for by its id, which may stand below them."""

    rows: tuple[QueueRow, ...] = ()
    promises: tuple[QueueRow, ...] = ()
    counts: QueueCounts = QueueCounts()
    item: QueueRow | None = None


def queue_rows(
    connection: Connection,
    centre: str,
    now_ms: int,
    *,
    after: Place | None = None,
    most: int = MOST,
    promises: bool = False,
    item: str | None = None,
) -> list[QueueRow]:
    """What waits at a centre, the most urgent first, then the first due; nothing for one who may not see the queue.
    A promised call-back waits while its call's outcome says so, and on once the call became a file; one whose time is
    near or past comes right after emergencies. `promises`: they alone by their time, those without one last. `after`:
    the page behind this place, at the moment (`now_ms`) for which that place was read. `item`: this one alone."""
    if not _may_see(connection, centre):
        return []
    rank, at, came, last = after or _FIRST
    asked = {"scope": scopes.centre(centre), "soon": now_ms + SOON_MS, "promises": promises, "item": item}
    asked |= {"rank": rank, "at": at, "came": came, "id": last, "most": most}
    rows = connection.exec_driver_sql(_WAITING, asked).all()
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
                place=(row[6], row[7], row[8], row[0]),
            )
        )
    return found


def every_row(connection: Connection, centre: str, now_ms: int, *, promises: bool = False) -> Iterator[QueueRow]:
    """All that `queue_rows` finds, page by page, for as long as somebody takes them."""
    after: Place | None = None
    while page := queue_rows(connection, centre, now_ms, after=after, promises=promises):
        yield from page
        after = page[-1].place


def queue_counts(connection: Connection, centre: str, now_ms: int) -> QueueCounts:
    """How much waits at a centre; nothing for one who may not see the queue."""
    if not _may_see(connection, centre):
        return QueueCounts()
    asked = {"scope": scopes.centre(centre), "now": now_ms, "soon": now_ms + SOON_MS}
    return QueueCounts(*connection.exec_driver_sql(_COUNTS, asked).one())


def queue_view(
    connection: Connection, centre: str, now_ms: int, *, rows: int, promises: int, item: str | None
) -> QueueView:
    """Everything the page shows, with so many rows of each list."""
    beside = queue_rows(connection, centre, now_ms, item=item) if item is not None else []
    return QueueView(
        rows=tuple(queue_rows(connection, centre, now_ms, most=rows)),
        promises=tuple(queue_rows(connection, centre, now_ms, most=promises, promises=True)),
        counts=queue_counts(connection, centre, now_ms),
        item=next(iter(beside), None),
    )


def _may_see(connection: Connection, centre: str) -> bool:
    sight = sight_of(connection)
    return sight is None or sight.may("see_queue", Thing(centre)) is not Decision.NONE


def last_unfinished(connection: Connection, staff: str, form: str) -> tuple[str, int | None] | None:
    """The promised call-back whose answer this person left unfinished last (`form` of the draft), and its time."""
    row = connection.exec_driver_sql(_UNFINISHED, (staff, form)).first()
    return (row[0], row[1]) if row is not None else None
