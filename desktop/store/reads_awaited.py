"""What somebody still has to look at: emergency reads of files, and what was done so often that one asks why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from desktop.store.reads_audit_entries import READ, alone, codes_of, words_of
from desktop.store.sight import SHOWN, Sight, sight_of
from domain.rules.emergency import REVIEW_MS
from domain.rules.privacy import Decision, Thing, may
from domain.rules.unusual import RULES
from sync.replica import scopes, tables

REVIEW: Final = "review_break_glass"
EMERGENCY: Final = "emergency"
"""`reason` of an emergency read; any other is that of a rule of `domain.rules.unusual`."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """One thing to be looked at. `due_ms` (UTC): an emergency read is overdue after it, None where no term is set.
    `code` is that of the file where the person may know it; `words` are masked as in the audit log."""

    id: str
    reason: str
    staff: str
    at_ms: int
    due_ms: int | None = None
    code: str = ""
    why: str = ""
    words: str = ""


def awaited(connection: Connection) -> tuple[Awaited, ...]:
    """What nobody has looked at and this person may, oldest first; never what they did themselves. A connection that
    reads for nobody is given everything that is here."""
    sight = sight_of(connection)
    found = [*_reads(connection, sight), *_notes(connection, sight)]
    return tuple(sorted(found, key=lambda one: (one.at_ms, one.id)))


def _reads(connection: Connection, sight: Sight | None) -> Iterable[Awaited]:
    table = tables.records["emergency_read"]
    unseen = select(table).where(table.c.seen_at.is_(None), table.c.retracted.is_(None))
    rows = [(str(row["scope"]).partition(":")[2], dict(row)) for row in connection.execute(unseen).mappings()]
    contacts = {contact for contact, _ in rows}
    things = {} if sight is None else sight.things(contacts)
    mine = [(contact, row) for contact, row in rows if _may_review(sight, things.get(contact), row)]
    opens = contacts if sight is None else sight.may_open(contacts)
    owed = frozenset[str]() if sight is None else sight.owe_reason(contacts)
    codes = codes_of(connection, opens | owed)
    for contact, row in mine:
        at = row["asked_at"] or 0
        words = words_of(connection, sight, row["words"] or "", contact, contact in opens)
        yield Awaited(
            row["id"], EMERGENCY, row["staff"] or "", at, at + REVIEW_MS, codes.get(contact, ""), row["why"] or "",
            words,
        )  # fmt: skip


def _may_review(sight: Sight | None, thing: Thing | None, row: Mapping[str, Any]) -> bool:
    """As the centre asks before it writes down that somebody has looked: whoever works on a file reviews no more."""
    if sight is None:
        return True
    if thing is None or row["staff"] == sight.person.staff:
        return False
    nobodys = replace(thing, workers=frozenset())
    return may(sight.policy, alone(sight.person), REVIEW, nobodys) is Decision.ALLOWED


def _notes(connection: Connection, sight: Sight | None) -> Iterable[Awaited]:
    table = tables.records["review"]
    known = [rule.reason for rule in RULES]
    unseen = select(table).where(
        table.c.reason.in_(known), table.c.seen_at.is_(None), table.c.retracted.is_(None)
    )
    for row in map(dict, connection.execute(unseen).mappings()):
        if _may_look(sight, row):
            yield Awaited(row["id"], row["reason"], row["about"] or "", row["noted_at"] or 0)


def _may_look(sight: Sight | None, row: Mapping[str, Any]) -> bool:
    if sight is None:
        return True
    if row["about"] == sight.person.staff:
        return False
    thing = Thing(str(row["scope"]).removeprefix(scopes.centre("")), frozenset({row["about"] or ""} - {""}))
    return may(sight.policy, alone(sight.person), READ, thing) in SHOWN
