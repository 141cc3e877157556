"""The one engine: may this person do this to that, and under which condition. Pure; asked at every node alike."""

from __future__ import annotations

from dataclasses import dataclass

from domain.rules.privacy.policy import CHILDREN, NOTHING, Cell, Decision, Policy, Reach


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `staff` is a staff id, `centre` a code of list `centres`; `assignments` and `conflicts` are ids of
    files (contacts) or of whatever else a thing names as its `dossier`; `books` those with named readers that this
    person reads. `listed` is False for somebody whom no staff record names."""

    staff: str
    roles: frozenset[str]
    centre: str
    books: frozenset[str] = frozenset()
    assignments: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    active: bool = True
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked for. `centre` is whose it is (empty: nobody's), `workers` the staff ids that work on it,
    `dossier` the file it belongs to (its contact's id)."""

    centre: str = ""
    workers: frozenset[str] = frozenset()
    dossier: str = ""
    book: str = CHILDREN
    restricted: bool = False


def may(policy: Policy, person: Person, action: str, thing: Thing) -> Decision:
    """The best that any of the person's roles is given. Raises KeyError for an action that is no row: a question that
    nobody wrote down an answer to must not be answered by chance."""
    known = policy.rows[action]
    if not person.active or (thing.dossier and thing.dossier in person.conflicts):
        return Decision.NONE
    book = policy.books.get(thing.book)
    if book is None or (book.named and thing.book not in person.books):
        return Decision.NONE
    row = known
    if book.rows is not None:
        if action not in book.rows:
            return Decision.NONE
        row = policy.rows[book.rows[action]]
    elif thing.restricted:
        if action not in policy.restricted:
            return Decision.NONE
        row = policy.rows[policy.restricted[action]]
    best = Decision.NONE
    for role in person.roles:
        cell = row.get(role, NOTHING)
        if cell.decision > best and _covers(policy, person, cell, thing):
            best = cell.decision
    return best


def furthest(policy: Policy, person: Person, action: str) -> Reach:
    """How far the person's roles reach with this action on plain things, whatever the condition."""
    if not person.active:
        return Reach.NONE
    return max((policy.rows[action].get(role, NOTHING).reach for role in person.roles), default=Reach.NONE)


def _covers(policy: Policy, person: Person, cell: Cell, thing: Thing) -> bool:
    if cell.reach is Reach.ALL:
        return True
    # Nobody's name is no name: an empty field of a record makes nobody a worker of it.
    works = bool(person.staff) and person.staff in thing.workers
    if works or (thing.dossier and thing.dossier in person.assignments):
        return cell.reach >= Reach.OWN
    if cell.reach >= Reach.OWN and not person.listed and not thing.restricted:
        return True
    if cell.reach is Reach.CENTRE:
        return bool(thing.centre) and thing.centre == person.centre
    return cell.reach is Reach.REGION and thing.centre in policy.region_of(person.centre)
