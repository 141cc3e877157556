"""One case whole, and the list of open cases with the next deadline of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store.case_keys import name_in
from desktop.store.emergency import until_of
from desktop.store.reads_call import siblings_of
from desktop.store.reads_file import (
    PersonRow,
    TimelineEntry,
    answers_of,
    form_values,
    is_shown,
    notes_of,
    people_of,
    siblings_in,
    unmask_of,
    veil_over,
    veiled,
    veiled_timeline,
    verified_callers,
)
from desktop.store.reads_readers import Closed, closed_to
from desktop.store.reads_road import not_at_centre
from desktop.store.sight import sight_of
from domain.records.case import Case, Stay
from domain.records.clock_record import ClockRecord
from domain.records.contact import Contact
from domain.records.referral import Attempt, Referral
from domain.rules.privacy import Decision, masks
from domain.rules.privacy.veil import Veil
from domain.rules.triage import urgency_rank
from sync.replica import read
from sync.replica.read import Stored


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral with its tries, oldest first."""

    referral: Referral
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case. `siblings`, `opened`, `unmask`, `shown` and `veil` as in `ContactView`; `saved_at_centre` speaks of all
    its records. `emergency_until`: until when (UTC ms) the file is here for an emergency read, or None. `closed`: who
    reads a restricted case, None for one that is not."""

    case: Case
    contact: Contact
    persons: tuple[PersonRow, ...]
    stays: tuple[Stay, ...]
    clocks: tuple[ClockRecord, ...]
    referrals: tuple[ReferralRow, ...]
    timeline: tuple[TimelineEntry, ...]
    siblings: Mapping[str, list[Any]]
    opened: Mapping[str, Stored]
    form: Mapping[str, Any]
    saved_at_centre: bool
    emergency_until: int | None = None
    unmask: Decision = Decision.ALLOWED
    shown: bool = True
    veil: Veil | None = None
    closed: Closed | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One open case of the list. `next_due_ms` is the earliest deadline still running (UTC ms)."""

    id: str
    code: str | None
    contact_id: str | None
    contact_code: str | None
    opened_at: int | None
    status: str | None
    urgency: str | None
    abuse_types: tuple[str, ...]
    centre: str | None
    child_name: str | None
    next_due_ms: int | None
    siblings: int
    saved_at_centre: bool
    withheld: bool = False
    """Whether the person has to give a reason before it opens: its code, level and deadline are all that is told."""


def case_view(connection: Connection, case_id: str) -> CaseView | None:
    """The case with this id, or None where this desk does not have it and its file, and where the person for whom
    it is read may not open it."""
    stored = read.one(connection, "case", case_id)
    contact = read.one(connection, "contact", stored.record.contact_id) if stored is not None else None
    if stored is None or contact is None:
        return None
    sight = sight_of(connection)
    if sight is not None and not sight.opens([contact.id]):
        return None
    opened = {case_id: stored, contact.id: contact}
    persons, number = people_of(connection, contact.id, opened)
    of_case = {
        kind: read.where(connection, kind, "case_id", case_id) for kind in ("stay", "clock", "referral", "attempt")
    }
    for held in of_case.values():
        opened |= {one.id: one for one in held}
    attempts: dict[str, list[Attempt]] = {}
    for attempt in sorted((s.record for s in of_case["attempt"]), key=lambda a: (a.at or 0, a.id)):
        attempts.setdefault(attempt.referral_id, []).append(attempt)
    referrals = sorted((s.record for s in of_case["referral"]), key=lambda r: (r.made_at or 0, r.id))
    record: Case = stored.record
    form = form_values(contact.record, persons, number) | answers_of(connection, contact.id, opened)
    form |= {n: v for n in ("urgency", "status", "centre") if (v := getattr(record, n)) is not None}
    if record.abuse_types:
        form["abuse_types"] = list(record.abuse_types)
    status = record.status or ""
    timeline = [
        TimelineEntry(record.opened_at or 0, "opened", record.opened_by or "", "", record.id, code=status),
        *notes_of(connection, contact.id),
        *verified_callers(connection, contact.id),
        *(
            TimelineEntry(r.made_at or 0, "referral", r.made_by or "", r.to_name or "", r.id, code=r.to_kind or "")
            for r in referrals
        ),
        *(
            TimelineEntry(a.at or 0, "attempt", a.by or "", a.remark or "", a.id, code=a.result or "")
            for listed in attempts.values()
            for a in listed
        ),
    ]
    timeline.sort(key=lambda entry: (entry.at_ms, entry.id))
    shown = is_shown(sight, contact.id)
    veil = None if shown else veil_over(connection, opened)
    return CaseView(
        case=veiled(record, veil),
        contact=veiled(contact.record, veil),
        persons=persons,
        stays=tuple(veiled(s.record, veil) for s in of_case["stay"]),
        clocks=tuple(sorted((s.record for s in of_case["clock"]), key=lambda c: (c.due_at or 0, c.id))),
        referrals=tuple(
            ReferralRow(veiled(r, veil), tuple(veiled(a, veil) for a in attempts.get(r.id, ()))) for r in referrals
        ),
        timeline=veiled_timeline(timeline, veil),
        siblings=siblings_in(opened),
        opened=opened,
        form=form,
        saved_at_centre=not not_at_centre(connection, [*opened, *(e.id for e in timeline)]),
        emergency_until=until_of(connection, contact.id),
        unmask=unmask_of(sight, contact.id),
        shown=shown,
        veil=veil,
        closed=closed_to(connection, contact.id) if record.restricted else None,
    )


def cases_open(connection: Connection, limit: int = 200) -> list[CaseRow]:
    """Cases that are not closed and that the person may open, at once or after a reason (those without a name), the
    most urgent first, then the newest."""
    rows = connection.exec_driver_sql(
        "SELECT k.id, k.code, k.contact_id, t.code AS contact_code, k.opened_at, k.status, k.urgency, k.abuse_types,"
        " k.centre, k.child_id, p.full_name AS child_name, (SELECT min(c.due_at) FROM r_clock c"
        " WHERE c.case_id = k.id AND c.stopped_at IS NULL) AS next_due_ms FROM r_case k"
        " LEFT JOIN r_contact t ON t.id = k.contact_id"
        " LEFT JOIN r_person p ON p.id = k.child_id WHERE k.closed_at IS NULL AND coalesce(k.status, '') <> 'closed'"
        " AND k.retracted IS NULL ORDER BY k.opened_at DESC, k.id LIMIT 5000"
    ).mappings()
    every = rows.all()
    sight, owed = sight_of(connection), frozenset[str]()
    if sight is not None:
        files = [row["contact_id"] for row in every]
        open_to, owed = sight.may_open(files), sight.owe_reason(files)
        every = [row for row in every if row["contact_id"] in open_to | owed]
    found = sorted(every, key=lambda row: -urgency_rank(row["urgency"]))[:limit]
    ids = [row["id"] for row in found]
    disputed, unsent = siblings_of(connection, ids), not_at_centre(connection, ids)
    beside_a_call = sight is not None and sight.at_ear
    names = {row["id"]: name_in(connection, row["child_id"], row["child_name"]) for row in found}
    if beside_a_call:
        names = {one: masks.name(name) for one, name in names.items()}
    return [
        CaseRow(
            **{name: value for name, value in row.items() if name not in _SEALED}
            | ({"child_name": None, "abuse_types": ()} if row["contact_id"] in owed else _words(dict(row), names)),
            siblings=disputed.get(row["id"], 0),
            saved_at_centre=row["id"] not in unsent,
            withheld=row["contact_id"] in owed,
        )
        for row in found
    ]


_SEALED: Final = frozenset({"child_id", "child_name", "abuse_types"})


def _words(row: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    types = row["abuse_types"]
    return {"child_name": names[row["id"]], "abuse_types": tuple(msgspec.json.decode(types)) if types else ()}
