"""A person's own shift: what they did since it began, and what stands between them and the handover."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from desktop.store.reads_queue import QueueRow, every_row
from desktop.store.schema import draft
from desktop.store.sight import sight_of
from domain.clock import DAY, HOUR
from domain.records.shift import Shift
from domain.rules.privacy import Decision, Thing
from domain.rules.queue import Agreed
from sync.replica import read, scopes

GRAVE: Final = ("emergency", "high")
"""Red and orange."""

PAGE: Final = 200
"""Red and orange cases in one page of the list; the next page comes once all of it are signed."""

_LOOK_BACK: Final = 7 * DAY

_GRAVE: Final = (
    "SELECT k.id FROM r_case k WHERE k.urgency IN ('emergency', 'high') AND k.closed_at IS NULL"
    " AND coalesce(k.status, '') <> 'closed' AND k.retracted IS NULL AND coalesce(k.centre, ?) = ?"
    " ORDER BY k.urgency, k.opened_at DESC, k.id"
)


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A parked form of this person: no word of it."""

    id: str
    form: str
    begun_at: int


@dataclass(frozen=True, slots=True)
class GraveCase:
    """A red or orange case of the centre, by its code."""

    id: str
    code: str
    urgency: str
    opened_at: int
    next_due: int | None


@dataclass(frozen=True, slots=True)
class LatePromise:
    """A promised call-back whose agreed time is past, and nobody else is at it: no number, no word of it."""

    id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class ShiftView:
    """`outcomes` counts this person's own calls since the shift began; nobody is compared with anybody.
    `unclassified`: those of the last days, and what came to this seat in this shift without a name beside it (it rang
    while the desk was sealed, or only the exchange's file knows of it). `cases`: as many pages as were asked for;
    `beyond`: how many more are to be signed. `promises`: call-backs of the centre that are overdue."""

    shift: Shift | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    unclassified: int = 0
    forms: tuple[OpenForm, ...] = ()
    cases: tuple[GraveCase, ...] = ()
    beyond: int = 0
    promises: tuple[LatePromise, ...] = ()


def open_shift(connection: Connection, staff: str, seat: str) -> Shift | None:
    """The shift of this person at this seat that was not handed over, the latest."""
    found = [one.record for one in read.where(connection, "shift", "staff", staff) if not one.retracted]
    running: list[Shift] = [one for one in found if one.ended_at is None and one.seat == seat]
    return max(running, key=lambda one: (one.started_at or 0, one.id), default=None)


def grave_cases(connection: Connection, centre: str) -> list[str]:
    """Ids of all open red and orange cases of a centre, red first, then the newest; of none for one who does not see
    the queue: not even their codes are theirs to read."""
    sight = sight_of(connection)
    if sight is not None and sight.may("see_queue", Thing(centre)) is Decision.NONE:
        return []
    return [row[0] for row in connection.exec_driver_sql(_GRAVE, (centre, centre))]


def late_promises(connection: Connection, centre: str, staff: str, now_ms: int) -> tuple[LatePromise, ...]:
    """Promised call-backs of a centre that are overdue, the longest first. One that a colleague has taken in the
    queue is accepted by name; what this person holds is still theirs to answer for."""
    by_time = every_row(connection, centre, now_ms, promises=True)
    late = takewhile(partial(_is_late, now_ms=now_ms), by_time)
    return tuple(LatePromise(row.id, row.due_at or 0) for row in late if row.held_by in (None, staff))


def _is_late(row: QueueRow, now_ms: int) -> bool:
    return row.agreed(now_ms) is Agreed.OVERDUE


def _told(connection: Connection, ids: Collection[str]) -> tuple[GraveCase, ...]:
    rows = connection.exec_driver_sql(
        "SELECT k.id, coalesce(k.code, t.code, ''), k.urgency, coalesce(k.opened_at, 0), (SELECT min(c.due_at)"
        " FROM r_clock c WHERE c.case_id = k.id AND c.stopped_at IS NULL) FROM json_each(?) wanted"
        " JOIN r_case k ON k.id = wanted.value LEFT JOIN r_contact t ON t.id = k.contact_id ORDER BY wanted.key",
        (msgspec.json.encode(list(ids)).decode(),),
    )
    return tuple(GraveCase(*row) for row in rows)


def shift_view(
    connection: Connection,
    staff: str,
    seat: str,
    centre: str,
    now_ms: int,
    *,
    pages: int = 1,
    signed: Collection[str] = (),
) -> ShiftView:
    """Everything the shift page shows, with so many pages of red and orange cases; `signed`: ids of those that were
    signed already."""
    shift = open_shift(connection, staff, seat)
    since = (shift.started_at if shift else None) or now_ms
    scope = scopes.centre(centre)
    counts = connection.exec_driver_sql(
        "SELECT coalesce(outcome, 'unclassified'), count(*), count(contact_id) FROM r_call"
        " WHERE ring_at >= ? AND +receiver = ? AND +scope = ? AND same_as IS NULL AND retracted IS NULL GROUP BY 1",
        (since, staff, scope),
    ).all()
    unclassified = connection.exec_driver_sql(
        "SELECT count(*) FROM r_call WHERE ring_at >= ? AND +scope = ? AND same_as IS NULL AND retracted IS NULL"
        " AND coalesce(outcome, 'unclassified') = 'unclassified'"
        " AND (+receiver = ? OR (+receiver IS NULL AND +seat = ? AND ring_at >= ?))",
        (min(since, now_ms - _LOOK_BACK), scope, staff, seat, since),
    ).scalar_one()
    forms = connection.execute(
        select(draft.c.id, draft.c.form, draft.c.begun_at)
        .where(draft.c.staff == staff, draft.c.form.in_(["file", "report"]))
        .order_by(draft.c.begun_at, draft.c.id)
    ).all()
    grave = grave_cases(connection, centre)
    shown, rest = grave[: pages * PAGE], grave[pages * PAGE :]
    return ShiftView(
        shift=shift,
        outcomes={row[0]: row[1] for row in counts} if shift else {},
        files=sum(row[2] for row in counts) if shift else 0,
        unclassified=int(unclassified),
        forms=tuple(OpenForm(*row) for row in forms),
        cases=_told(connection, shown),
        beyond=len(set(rest) - set(signed)),
        promises=late_promises(connection, centre, staff, now_ms),
    )


LONG_SHIFT_MS: Final = 14 * HOUR
"""A shift that runs longer was forgotten: the page says so."""
