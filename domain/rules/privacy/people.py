"""From a staff record to the person whom the engine knows; who is on no list is a counsellor of the desk's centre."""

from __future__ import annotations

from domain.records.staff import Staff
from domain.rules.privacy.engine import Person
from domain.rules.privacy.policy import Policy


def person_of(policy: Policy, staff: str, centre: str, record: Staff | None) -> Person:
    """Who this staff id is. `centre` is that of the desk, for somebody without a record. A role or book that this
    version does not know gives nothing."""
    if record is None or not record.centre:
        return Person(staff, frozenset({policy.unlisted}), centre, listed=False)
    return Person(
        staff,
        frozenset(record.roles) & policy.roles.keys(),
        record.centre,
        frozenset(record.books) & policy.books.keys(),
        frozenset(record.assignments),
        frozenset(record.conflicts),
        active=record.ended_at is None,
    )
