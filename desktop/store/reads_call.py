"""Calls for the screens: today's list, today's counts, and what is known of a caller before anyone speaks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from desktop.store.reads_road import not_at_centre
from desktop.store.sight import SHOWN, UNMASKS, sight_of
from domain.clock import DAY
from domain.phones import normalise
from domain.rules.outcomes import SILENT
from domain.rules.privacy import Decision, Thing, masks
from sync.replica import read, scopes
from sync.replica.read import Stored

_TODAY = """
SELECT id, number, ring_at, answer_at, end_at, outcome, outcome_by, outcome_at, seat, contact_id, disposition,
  by_hand, direction, centre, receiver
FROM r_call WHERE ring_at >= ? AND ring_at < ? AND +scope = ? AND same_as IS NULL AND retracted IS NULL
ORDER BY ring_at DESC, id DESC LIMIT ?"""
"""`+scope` keeps the planner on the index of `ring_at`: a centre's scope holds nearly every row."""

_OPEN = """
SELECT id, number, ring_at, answer_at, end_at, outcome, outcome_by, outcome_at, seat, contact_id, disposition,
 by_hand, direction, centre, receiver
FROM r_call WHERE outcome = 'unclassified' AND ring_at >= ? AND +scope = ? AND same_as IS NULL
 AND retracted IS NULL ORDER BY ring_at DESC, id DESC LIMIT ?"""

_MISSED = """
SELECT id, number, ring_at, answer_at, end_at, outcome, outcome_by, outcome_at, seat, contact_id, disposition,
 by_hand, direction, centre, receiver
FROM r_call c WHERE +outcome = 'missed' AND ring_at >= ? AND +scope = ? AND same_as IS NULL
 AND retracted IS NULL AND number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM r_call later WHERE later.number = c.number
 AND later.ring_at > c.ring_at AND (+later.direction = 'outbound' OR +later.answer_at IS NOT NULL))
 ORDER BY ring_at DESC, id DESC LIMIT ?"""

_ONE = """
SELECT id, number, ring_at, answer_at, end_at, outcome, outcome_by, outcome_at, seat, contact_id, disposition,
  by_hand, direction, centre, receiver
FROM r_call WHERE id = ?"""


_SHOWN_OF_CALL = (
    "id", "number", "ring_at", "answer_at", "end_at", "outcome", "outcome_by", "outcome_at", "seat", "contact_id",
    "disposition", "by_hand", "direction",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call of the list. Times are UTC ms. `saved_at_centre` says that all that was written here of it has
    been acknowledged; `siblings` counts values that wait for a decision. `masked`: the number is not given whole;
    `unmasked`: the person had it shown by a logged key, and it still is."""

    id: str
    number: str | None
    ring_at: int | None
    answer_at: int | None
    end_at: int | None
    outcome: str | None
    outcome_by: str | None
    outcome_at: int | None
    seat: str | None
    contact_id: str | None
    disposition: str | None
    by_hand: bool
    direction: str | None
    saved_at_centre: bool
    siblings: int
    masked: bool = False
    unmasked: bool = False


@dataclass(frozen=True, slots=True)
class CallerHistory:
    """What may be shown while it rings: counts, last outcome, language, an open case, coded alerts; no name
    (settled 20). Calls that the hotline made itself are not counted.

    Counts hold the calls of this number before now, the ringing one included once it has a row.
    """

    calls_24h: int = 0
    calls_30d: int = 0
    silent_24h: int = 0
    last_outcome: str | None = None
    last_at: int | None = None
    open_case: bool = False
    language: str | None = None
    alerts: tuple[str, ...] = ()


def calls_today(
    connection: Connection, centre: str, day_start_ms: int, limit: int = 200, before: int | None = None
) -> list[CallRow]:
    """A centre's calls from a day's first moment on, newest first; `before` is the `ring_at` of the last row
    of the page before. A row by hand that was matched with the exchange's own is left out."""
    rows = connection.exec_driver_sql(
        _TODAY,
        (day_start_ms, before if before is not None else 1 << 62, scopes.centre(centre), limit),
    ).mappings()
    return _rows(connection, rows.all())


def call_row(connection: Connection, call_id: str) -> CallRow | None:
    """One row of the list, or None."""
    rows = connection.exec_driver_sql(_ONE, (call_id,)).mappings()
    return next(iter(_rows(connection, rows.all())), None)


def _rows(connection: Connection, rows: Iterable[Any]) -> list[CallRow]:
    found = list(rows)
    sight = sight_of(connection)
    said = {row["id"]: Decision.ALLOWED if sight is None else sight.of_call(row) for row in found}
    ids = [record for record, decision in said.items() if decision is not Decision.NONE]
    unsent = not_at_centre(connection, ids)
    disputed = siblings_of(connection, ids)
    shown: list[CallRow] = []
    for row in found:
        decision = said[row["id"]]
        if decision is Decision.NONE:
            continue
        asked = sight is not None and sight.is_unmasked(row["id"])
        open_now = asked and sight is not None and sight.unmask_of_call(row) in UNMASKS
        hidden = decision not in SHOWN and not open_now
        made = _row(row, row["id"] not in unsent, disputed.get(row["id"], 0), hidden=hidden)
        shown.append(replace(made, unmasked=True) if open_now else made)
    return shown


def _row(row: Mapping[str, Any], saved_at_centre: bool, siblings: int, *, hidden: bool) -> CallRow:
    values = {name: row[name] for name in _SHOWN_OF_CALL}
    values["by_hand"] = bool(values["by_hand"])
    if hidden and values["number"]:
        values["number"] = masks.phone(values["number"])
    return CallRow(**values, saved_at_centre=saved_at_centre, siblings=siblings, masked=hidden)


def siblings_of(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """How many values wait for a decision, by record."""
    found = connection.exec_driver_sql(
        "SELECT record, count(*) FROM sibling WHERE record IN (SELECT value FROM json_each(?)) GROUP BY record",
        (msgspec.json.encode(list(ids)).decode(),),
    )
    return {row[0]: row[1] for row in found}


def counts_today(connection: Connection, centre: str, day_start_ms: int) -> dict[str, int]:
    """How many calls of a centre have which outcome since a day's first moment: of a queue that the person may see,
    else none."""
    sight = sight_of(connection)
    if sight is not None and sight.may("see_queue", Thing(centre)) is Decision.NONE:
        return {}
    rows = connection.exec_driver_sql(
        "SELECT coalesce(outcome, 'unclassified'), count(*) FROM r_call WHERE ring_at >= ? AND ring_at < ?"
        " AND +scope = ? AND same_as IS NULL AND retracted IS NULL AND direction IS NOT 'outbound'"
        " GROUP BY 1 ORDER BY 1",
        (day_start_ms, day_start_ms + DAY, scopes.centre(centre)),
    )
    return {row[0]: row[1] for row in rows}


def silent_calls(connection: Connection, number: str, since_ms: int) -> int:
    """How many calls of a number since then were silent. (A plus takes a column's index out of the planner's
    choice: a number has few calls of a day, an outcome has half of all.)"""
    found = connection.exec_driver_sql(
        "SELECT count(*) FROM r_call WHERE number = ? AND +outcome = ? AND ring_at >= ? AND same_as IS NULL",
        (number, SILENT, since_ms),
    )
    return int(found.scalar_one())


def caller_history(connection: Connection, number: str, now_ms: int) -> CallerHistory:
    """What is known of a number, however it is written; nothing for a withheld one (≤ 0.1 s)."""
    key = normalise(number)
    sight = sight_of(connection)
    if not key or (sight is not None and sight.may("log_call", Thing(sight.person.centre)) is Decision.NONE):
        return CallerHistory()
    counts = connection.exec_driver_sql(
        "SELECT count(*) FILTER (WHERE ring_at >= :day), count(*),"
        " count(*) FILTER (WHERE ring_at >= :day AND outcome = :silent)"
        " FROM r_call WHERE number = :number AND ring_at >= :month AND ring_at <= :now AND same_as IS NULL"
        " AND +direction IS NOT 'outbound'",
        {"day": now_ms - DAY, "month": now_ms - 30 * DAY, "now": now_ms, "number": key, "silent": SILENT},
    ).one()
    last = connection.exec_driver_sql(
        "SELECT outcome, ring_at FROM r_call WHERE number = ? AND ring_at <= ? AND same_as IS NULL"
        " AND +direction IS NOT 'outbound' AND +outcome IS NOT NULL AND +outcome <> 'unclassified'"
        " ORDER BY ring_at DESC LIMIT 1",
        (key, now_ms),
    ).first()
    files = connection.exec_driver_sql(
        "SELECT t.language, t.scope, EXISTS (SELECT 1 FROM r_case k WHERE k.contact_id = t.id AND k.closed_at IS NULL"
        " AND coalesce(k.status, '') <> 'closed') FROM r_contact t WHERE t.id IN"
        " (SELECT contact_id FROM r_call WHERE number = :n AND contact_id IS NOT NULL"
        " UNION SELECT substr(scope, instr(scope, ':') + 1) FROM r_phone WHERE number = :n)"
        " ORDER BY t.received_at DESC LIMIT 100",
        {"n": key},
    ).all()
    shown = [row for row in files if sight is None or sight.rings_show(row[1])]
    return CallerHistory(
        calls_24h=counts[0],
        calls_30d=counts[1],
        silent_24h=counts[2],
        last_outcome=last[0] if last else None,
        last_at=last[1] if last else None,
        open_case=any(row[2] for row in shown),
        language=next((row[0] for row in shown if row[0]), None),
        alerts=alerts_of(connection, key, now_ms),
    )


def alerts_of(connection: Connection, number: str, now_ms: int) -> tuple[str, ...]:
    """Codes of the alerts that stand on a number now; each once."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT alert FROM r_number_alert WHERE number = ? AND retracted IS NULL AND alert IS NOT NULL"
        " AND (until IS NULL OR until > ?) ORDER BY alert",
        (number, now_ms),
    )
    return tuple(row[0] for row in rows)


def calls_unclassified(connection: Connection, centre: str, since_ms: int, limit: int = 200) -> list[CallRow]:
    """A centre's calls that nobody gave an outcome since then, newest first."""
    rows = connection.exec_driver_sql(_OPEN, (since_ms, scopes.centre(centre), limit)).mappings()
    return _rows(connection, rows.all())


def calls_missed(connection: Connection, centre: str, since_ms: int, limit: int = 200) -> list[CallRow]:
    """Calls nobody answered since then whose number has neither called again nor been called, newest first."""
    rows = connection.exec_driver_sql(_MISSED, (since_ms, scopes.centre(centre), limit)).mappings()
    return _rows(connection, rows.all())


def calls_by_hand(connection: Connection, scope: str, first_ms: int, last_ms: int) -> list[Stored]:
    """Rows logged by hand in a span that no row of the exchange has been matched with."""
    ids = connection.exec_driver_sql(
        "SELECT id FROM r_call WHERE ring_at >= ? AND ring_at <= ? AND +scope = ? AND by_hand = 1"
        " AND same_as IS NULL AND retracted IS NULL ORDER BY ring_at, id",
        (first_ms, last_ms, scope),
    )
    found = read.many(connection, "call", [row[0] for row in ids])
    return [found[call_id] for call_id in sorted(found)]


def other_exchange(
    connection: Connection, scope: str, span: tuple[int, int], pbx: str, uniqueids: Collection[str]
) -> str | None:
    """Another name of the exchange under which one of these calls has a row in this span (UTC ms), or None."""
    rows = connection.exec_driver_sql(
        "SELECT uniqueid, pbx FROM r_call WHERE ring_at >= ? AND ring_at <= ? AND +scope = ? AND pbx IS NOT NULL"
        " AND pbx <> ? AND retracted IS NULL ORDER BY ring_at, id",
        (*span, scope, pbx),
    )
    return next((str(row[1]) for row in rows if row[0] in uniqueids), None)
