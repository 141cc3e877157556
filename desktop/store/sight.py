"""The read boundary: what the person at this desk may see of its rows, asked on the connection that reads them.

A shared desk holds the union of its people's rights (settled 22). The lane reads for one of them, and every read of
the screens asks here what it may give: rows are masked or left out, counts and search included. A connection that
reads for nobody (the road, projections, backups) is not restricted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store import lease
from desktop.store.emergency import copies
from domain.records.staff import record_of
from domain.rules.lease import RunTime
from domain.rules.privacy import Decision, Person, Policy, Thing, may, person_of
from sync.replica import read

_OPTION: Final = "tram111_viewer"

_READING: Final = frozenset({"open", "unmask", "search"})
"""What an emergency read opens."""

SHOWN: Final = frozenset({Decision.ALLOWED, Decision.LOGGED})
"""Decisions under which a read gives what it found: the others need a step of the person first."""


UNMASKS: Final = frozenset({Decision.ALLOWED, Decision.LOGGED, Decision.REASON})
"""Decisions under which masked values are shown after a key that is logged (with its reason, where one is owed)."""


@dataclass(frozen=True, slots=True)
class AtEar:
    """A call that came in and is still spoken: nothing about a child known from earlier calls is shown beside it
    before its caller is verified (settled 20). `verified`: files for which that was done."""

    call: str
    verified: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Regard:
    """What the person's own steps change in what they see now: the call at the ear, records (calls, files) whose
    masked values are shown for a while after one key, and files that are open for a while after a reason. Frozen: the
    screens put another one in its place."""

    ear: AtEar | None = None
    unmasked: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom a connection reads: staff id, the desk's centre, the table of roles, and files that were opened by a
    step of the person (a reason, break-glass) and still stand open."""

    staff: str
    centre: str
    policy: Policy
    opened: frozenset[str] = frozenset()
    wall_ms: int = 0
    run: RunTime | None = None
    """What the clocks said when it reads: without them no lease is looked at."""
    regard: Regard = Regard()


class Sight:
    """What one person may see, by the staff records as they stand in this transaction."""

    def __init__(self, connection: Connection, viewer: Viewer) -> None:
        self._connection = connection
        self._viewer = viewer
        self._policy = viewer.policy
        run = viewer.run
        self.closed_before = lease.closed_before(connection, viewer.wall_ms, run) if run is not None else None
        stored = read.one(connection, "staff", record_of(viewer.staff))
        record = stored.record if stored is not None and stored.retracted is None else None
        self.person: Person = person_of(viewer.policy, viewer.staff, viewer.centre, record)

    def may(self, action: str, thing: Thing) -> Decision:
        """The engine's answer for this person. A file that is here for an emergency read is open to who asked for it
        and counts for everybody else as the other centre's: it came for one person, not to the desk."""
        if thing.dossier and thing.dossier in self._emergencies:
            if self.person.staff in self._emergencies[thing.dossier] and action in _READING:
                own = replace(thing, workers=thing.workers | {self.person.staff})
                return max(may(self._policy, self.person, action, one) for one in (thing, own))
            return may(self._policy, replace(self.person, listed=True), action, thing)
        return may(self._policy, self.person, action, thing)

    @property
    def policy(self) -> Policy:
        """The table of roles it is asked by."""
        return self._policy

    @property
    def centre(self) -> str:
        """The desk's centre."""
        return self._viewer.centre

    @cached_property
    def _emergencies(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for one in copies(self._connection):
            found[one.contact] = found.get(one.contact, frozenset()) | ({one.staff} - {""})
        return found

    def things(self, contacts: Iterable[str | None]) -> dict[str, Thing]:
        """What the engine has to know of these files: whose they are, who works on them, book, restricted."""
        return things_of(self._connection, self._policy, contacts)

    def of_file(self, action: str, thing: Thing) -> Decision:
        """As `may`; a file that the person opened by a step of theirs is open."""
        said = self.may(action, thing)
        if action == "open" and said in (Decision.NONE, Decision.REASON) and thing.dossier in self._viewer.opened:
            return Decision.LOGGED if thing.dossier not in self.person.conflicts else Decision.NONE
        return said

    def opens(self, contacts: Iterable[str | None]) -> frozenset[str]:
        """Which of these files the person may open without a further step, such as verifying a caller at the ear."""
        return frozenset(one for one in self.may_open(contacts) if not self.waits_for_caller(one))

    def may_open(self, contacts: Iterable[str | None]) -> frozenset[str]:
        """Which of these files the person may open, whoever is at the ear: enough to list them by code."""
        things = self.things(contacts)
        open_to = (one for one, thing in things.items() if self.of_file("open", thing) in SHOWN)
        return frozenset(one for one in open_to if not self.is_closed(one))

    def owe_reason(self, contacts: Iterable[str | None]) -> frozenset[str]:
        """Which of these files the person may open once a reason is given and logged; until then only codes."""
        things = self.things(contacts)
        owed = (one for one, thing in things.items() if self.of_file("open", thing) is Decision.REASON)
        return frozenset(one for one in owed if not self.is_closed(one))

    def waits_for_caller(self, contact: str) -> bool:
        """Whether a call is at the ear whose caller was not verified for this file; one the call founded is new."""
        ear = self._viewer.regard.ear
        return ear is not None and contact not in ear.verified and contact not in self._founded_now

    @cached_property
    def _founded_now(self) -> frozenset[str]:
        ear = self._viewer.regard.ear
        asked = (ear.call if ear is not None else "",)
        found = self._connection.exec_driver_sql("SELECT id FROM r_contact WHERE call_id = ?", asked)
        return frozenset(row[0] for row in found)

    @property
    def at_ear(self) -> bool:
        """Whether a call is at the ear whose caller has to be verified."""
        return self._viewer.regard.ear is not None

    def is_unmasked(self, record: str) -> bool:
        """Whether the person had this record's masked values shown and they still are."""
        return record in self._viewer.regard.unmasked

    def unmask_of_call(self, row: Mapping[str, Any]) -> Decision:
        """On which condition the number of this call is shown: whoever sees the row whole presses one logged key."""
        if self.of_call(row) in SHOWN:
            return Decision.LOGGED
        contact = row["contact_id"] or ""
        thing = self.things([contact]).get(contact) if contact else None
        workers = frozenset({row["receiver"]} - {None})
        return self.may("unmask", thing or Thing(row["centre"] or "", workers, contact))

    def unmask_of_file(self, contact: str) -> Decision:
        """On which condition names and numbers in this file are shown whole to somebody who may open it."""
        thing = self.things([contact]).get(contact)
        return Decision.NONE if thing is None else self.may("unmask", thing)

    def is_closed(self, contact: str) -> bool:
        """Whether no server was met for so long that existing files are closed (settled 13); a new one never is."""
        return self.closed_before is not None and not lease.is_new(contact, self.closed_before)

    def of_call(self, row: Mapping[str, Any]) -> Decision:
        """Of one row of the call log: whole to whoever took the call, else as the queue is shown. A call that
        nobody took is whole to all who answer for that centre: one of them calls back."""
        workers = frozenset({row["receiver"]} - {None})
        here = row["centre"] == self._viewer.centre
        if not workers and here and self.may("log_call", Thing(row["centre"] or "")) in SHOWN:
            return Decision.ALLOWED
        dossier = row["contact_id"] or ""
        own = self.may("open", Thing(workers=workers, dossier=dossier))
        return max(own, self.may("see_queue", Thing(row["centre"] or "", workers, dossier)))

    def rings_show(self, scope: str) -> bool:
        """Whether a file of this scope may set a mark at a ringing number: one behind a wall may not."""
        book = self._policy.books[self._policy.book_of(scope)]
        return book.rows is None and (not book.named or book.name in self.person.books)


def looking(connection: Connection, viewer: Viewer) -> Connection:
    """The connection reads for this person from now on."""
    return connection.execution_options(**{_OPTION: viewer})


def sight_of(connection: Connection) -> Sight | None:
    """What the person for whom this connection reads may see; None where it reads for nobody."""
    viewer = connection.get_execution_options().get(_OPTION)
    return None if viewer is None else Sight(connection, viewer)


def things_of(connection: Connection, policy: Policy, contacts: Iterable[str | None]) -> dict[str, Thing]:
    """What the engine has to know of these files: whose they are, who works on them (who was let in by name among
    them), book, restricted."""
    wanted = msgspec.json.encode(sorted({one for one in contacts if one})).decode()
    let_in: dict[str, set[str]] = {}
    for contact, staff in connection.exec_driver_sql(_LET_IN, (wanted,)):
        let_in.setdefault(contact, set()).add(staff)
    found: dict[str, Thing] = {}
    rows = connection.exec_driver_sql(_FACTS, (wanted,))
    for contact, scope, centre, receiver, case_centre, opened_by, assigned_to, restricted in rows:
        known = found.get(contact)
        workers = {one for one in (receiver, opened_by, assigned_to) if one} | let_in.get(contact, set())
        found[contact] = Thing(
            centre=case_centre or centre or "",
            workers=frozenset(workers) | (known.workers if known else frozenset()),
            dossier=contact,
            book=policy.book_of(scope),
            restricted=bool(restricted) or bool(known and known.restricted),
        )
    return found


_FACTS: Final = """
SELECT t.id, t.scope, t.centre, t.receiver, k.centre, k.opened_by, k.assigned_to, k.restricted
FROM r_contact t LEFT JOIN r_case k ON k.contact_id = t.id
WHERE t.id IN (SELECT value FROM json_each(?))"""

_LET_IN: Final = """
SELECT contact_id, staff FROM r_case_reader
WHERE contact_id IN (SELECT value FROM json_each(?)) AND ended_at IS NULL AND retracted IS NULL
  AND staff IS NOT NULL"""
