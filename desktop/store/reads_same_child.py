"""Is the child of this file known already: likely ones and why, linked ones, this caller's earlier files.

Only files that the person may open are compared and named (settled 22). Nothing is ever merged by machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import Connection

from desktop.store.reads_file import PersonRow, is_shown, people_of
from desktop.store.search_query import find
from desktop.store.sight import sight_of
from domain.clock import vn_date
from domain.records.contact import Contact
from domain.rules.duplicates import ChildLook, suggest
from domain.rules.privacy import masks
from sync.replica import read

MOST_COMPARED: Final = 60
MOST_BEFORE: Final = 20
CHILD: Final = "child"


@dataclass(frozen=True, slots=True)
class KnownChild:
    """A child of another file. `reasons` say why it may be the same (empty for a link set by hand); `linked`: a
    person said that it is. `age` is in whole years on the day asked, where anything is known of it."""

    person: str
    contact_id: str
    code: str
    name: str
    age: int | None
    score: int
    reasons: tuple[str, ...]
    linked: bool


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier file of this caller's number. `received_at` is UTC ms."""

    contact_id: str
    code: str
    received_at: int
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SameChild:
    """What is known beside one file. `person` is its child, None where it has none yet."""

    contact_id: str
    person: str | None
    children: tuple[KnownChild, ...]
    before: tuple[Before, ...]


def same_child(connection: Connection, contact_id: str, today: date) -> SameChild | None:
    """Likely same children, best first, linked ones in front; None where the file may not be opened."""
    stored = read.one(connection, "contact", contact_id)
    if stored is None or contact_id not in _opens(connection, [contact_id]):
        return None
    persons, number = people_of(connection, contact_id, {})
    earlier = _opens(connection, _by_number(connection, number, contact_id)) if number else frozenset()
    child = next((row for row in persons if CHILD in row.roles), None)
    found: tuple[KnownChild, ...] = ()
    if child is not None:
        found = _children(connection, contact_id, child, _look(child, stored.record, persons), earlier, today)
    return SameChild(contact_id, child.person.id if child else None, found, _before(connection, earlier))


def children_named(connection: Connection, words: str, but: str, today: date) -> tuple[KnownChild, ...]:
    """Children of other files by a name without tones, for a person who knows better than the comparison."""
    contacts = [hit.contact_id for hit in find(connection, f"ten: {words}", 20)]
    found: list[KnownChild] = []
    for contact in _opens(connection, [one for one in contacts if one and one != but]):
        children = [row for row in people_of(connection, contact, {})[0] if CHILD in row.roles]
        found += [_known(connection, row, contact, 0, (), today, linked=False) for row in children]
    return tuple(sorted(found, key=lambda one: (one.name, one.code)))


def _children(
    connection: Connection,
    contact_id: str,
    child: PersonRow,
    look: ChildLook,
    earlier: Iterable[str],
    today: date,
) -> tuple[KnownChild, ...]:
    wanted: list[str] = list(earlier)
    for name in look.names:
        wanted += [hit.contact_id for hit in find(connection, f"ten: {name}", MOST_COMPARED) if hit.contact_id]
    linked = _linked(connection, child.person.id)
    for person in linked:
        parties = read.where(connection, "party", "person_id", person)
        wanted += [party.record.contact_id for party in parties if party.record.contact_id]
    unique = [one for one in dict.fromkeys(wanted) if one != contact_id][:MOST_COMPARED]
    rows: dict[str, tuple[PersonRow, str]] = {}
    looks: list[ChildLook] = []
    opens = _opens(connection, unique)
    for contact in unique:
        other = read.one(connection, "contact", contact) if contact in opens else None
        if other is None:
            continue
        people, _ = people_of(connection, contact, {})
        for row in people:
            if CHILD in row.roles:
                rows[row.person.id] = (row, contact)
                looks.append(_look(row, other.record, people))
    found = [
        _known(connection, *rows[one.id], one.score, one.reasons, today, linked=one.id in linked)
        for one in suggest(look, looks)
    ]
    told = {one.person for one in found}
    by_hand = [person for person in linked if person in rows and person not in told]
    found += [_known(connection, *rows[person], 0, (), today, linked=True) for person in by_hand]
    return tuple(sorted(found, key=lambda one: (not one.linked, -one.score, one.person)))


def _known(
    connection: Connection,
    row: PersonRow,
    contact: str,
    score: int,
    reasons: tuple[str, ...],
    today: date,
    *,
    linked: bool,
) -> KnownChild:
    code = connection.exec_driver_sql(
        "SELECT coalesce(k.code, t.code, '') FROM r_contact t LEFT JOIN r_case k ON k.contact_id = t.id"
        " WHERE t.id = ?",
        (contact,),
    ).scalar()
    name = row.person.full_name or ""
    if not is_shown(sight_of(connection), contact):
        name = masks.name(name)
    year = _year(row)
    age = today.year - year if year is not None else None
    return KnownChild(
        row.person.id, contact, str(code or ""), name, age, score, reasons, linked
    )


def _look(child: PersonRow, contact: Contact, persons: Iterable[PersonRow]) -> ChildLook:
    person = child.person
    names = (person.full_name, *(alias.name for alias in child.aliases))
    phones = {phone.number for row in persons for phone in row.phones if phone.number}
    return ChildLook(
        id=person.id,
        names=tuple(name for name in names if name),
        birth_date=_date(person.birth_date),
        birth_year=_year(child),
        sex=person.sex,
        phones=tuple(sorted(phones)),
        commune=(contact.commune_set or "", contact.commune) if contact.commune else None,
        province=(contact.province_set or "", contact.province) if contact.province else None,
        parents=tuple(
            row.person.full_name
            for row in persons
            if row.relationship in ("father", "mother", "parent") and row.person.full_name and CHILD not in row.roles
        ),
    )


def _year(row: PersonRow) -> int | None:
    person = row.person
    born = _date(person.birth_date)
    if born is not None:
        return born.year
    if person.birth_year is not None or person.age_years is None or person.age_said_at is None:
        return person.birth_year
    return vn_date(person.age_said_at).year - person.age_years


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _linked(connection: Connection, person: str) -> set[str]:
    """Persons that somebody said are this one, over any number of links."""
    known, fresh = {person}, [person]
    while fresh:
        one = fresh.pop()
        for field in ("one", "other"):
            for link in read.where(connection, "link", field, one):
                if link.record.undone_at is None and link.retracted is None:
                    for other in (link.record.one, link.record.other):
                        if other and other not in known:
                            known.add(other)
                            fresh.append(other)
    return known - {person}


def _opens(connection: Connection, contacts: Iterable[str]) -> frozenset[str]:
    sight = sight_of(connection)
    return frozenset(contacts) if sight is None else sight.opens(contacts)


def _by_number(connection: Connection, number: str, but: str) -> list[str]:
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT y.contact_id FROM r_phone h JOIN r_party y ON y.person_id = h.person_id"
        " WHERE h.number = ? AND h.retracted IS NULL AND y.contact_id IS NOT NULL AND y.contact_id <> ? LIMIT ?",
        (number, but, MOST_COMPARED),
    )
    return [row[0] for row in rows]


def _before(connection: Connection, contacts: Iterable[str]) -> tuple[Before, ...]:
    rows = connection.exec_driver_sql(
        "SELECT t.id, coalesce(k.code, t.code, ''), coalesce(t.received_at, 0), t.topics FROM r_contact t"
        " LEFT JOIN r_case k ON k.contact_id = t.id WHERE t.id IN (SELECT value FROM json_each(?))"
        " ORDER BY t.received_at DESC LIMIT ?",
        (msgspec.json.encode(sorted(contacts)).decode(), MOST_BEFORE),
    )
    return tuple(Before(row[0], row[1], row[2], tuple(msgspec.json.decode(row[3])) if row[3] else ()) for row in rows)
