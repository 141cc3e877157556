"""One consulted file whole: the contact, its people, its notes, and what still waits for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from desktop.store.case_keys import opened_values
from desktop.store.emergency import until_of
from desktop.store.sight import UNMASKS, Sight, sight_of
from domain.records.contact import Contact
from domain.records.kinds import KINDS
from domain.records.person import Address, Alias, Person, Phone
from domain.records.sealed import SEALED_FIELDS, is_sealed
from domain.rules.privacy import Decision
from domain.rules.privacy.veil import Veil
from sync.operation import Body, Undecodable, decode_body
from sync.replica import read, sql, tables
from sync.replica.read import Stored


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person with every role they have in the file, and what hangs on them."""

    person: Person
    roles: tuple[str, ...]
    relationship: str | None
    phones: tuple[Phone, ...]
    aliases: tuple[Alias, ...]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: opened, note, referral, attempt, call. `code` is its coded part (kind of
    agency, result, outcome), `corrects` the note it corrects. Time in UTC ms."""

    at_ms: int
    kind: str
    author: str
    text: str
    id: str
    code: str = ""
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class ContactView:
    """A file. `siblings`: values beside the present one by `kind.field`; `opened` holds every record as it
    stands, by id: what an edit must be based on. `form` holds the values as the intake form names them.
    `emergency_until`: until when (UTC ms) the file is here for an emergency read, or None. `unmask`: on which
    condition names and numbers are shown whole, `shown`: whether they are now (an edit's bases are always whole).
    `veil`: where they are not, what everything that is shown of the file goes through (free text and notes did)."""

    contact: Contact
    persons: tuple[PersonRow, ...]
    case_id: str | None
    timeline: tuple[TimelineEntry, ...]
    siblings: Mapping[str, list[Any]]
    opened: Mapping[str, Stored]
    form: Mapping[str, Any]
    number: str | None
    emergency_until: int | None = None
    unmask: Decision = Decision.ALLOWED
    shown: bool = True
    veil: Veil | None = None


def contact_view(connection: Connection, contact_id: str) -> ContactView | None:
    """The file with this id, or None where this desk does not have it or the person may not open it."""
    stored = read.one(connection, "contact", contact_id)
    if stored is None:
        return None
    sight = sight_of(connection)
    if sight is not None and not sight.opens([contact_id]):
        return None
    opened = {contact_id: stored}
    persons, number = people_of(connection, contact_id, opened)
    cases = read.where(connection, "case", "contact_id", contact_id)
    for case in cases:
        opened[case.id] = case
    form = form_values(stored.record, persons, number) | answers_of(connection, contact_id, opened)
    for case in cases[:1]:
        form |= _given(case.record, ("abuse_types", "urgency", "status"))
    shown = is_shown(sight, contact_id)
    veil = None if shown else veil_over(connection, opened)
    timeline = _by_time((*notes_of(connection, contact_id), *verified_callers(connection, contact_id)))
    return ContactView(
        contact=veiled(stored.record, veil),
        persons=persons,
        case_id=cases[0].id if cases else None,
        timeline=veiled_timeline(timeline, veil),
        siblings=siblings_in(opened),
        opened=opened,
        form=form,
        number=number,
        emergency_until=until_of(connection, contact_id),
        unmask=unmask_of(sight, contact_id),
        shown=shown,
        veil=veil,
    )


R = TypeVar("R")


_TELLS = {("person", "full_name"): 0, ("alias", "name"): 0, ("phone", "number"): 1}
"""Fields by which a person is known anywhere in the file: names (0) and numbers (1)."""


def veil_over(connection: Connection, opened: Mapping[str, Stored], told: Iterable[Body] = ()) -> Veil:
    """The veil over a file: every name and number that its records hold, or held as this desk's log knows, and as
    these operations of elsewhere (`told`, in words) say."""
    found: tuple[set[str], set[str]] = (set(), set())

    def take(kind: str, field: str, value: object) -> None:
        if (kind, field) in _TELLS and isinstance(value, str) and not is_sealed(value):
            found[_TELLS[kind, field]].add(value)

    people = {one: stored for one, stored in opened.items() if stored.kind in ("person", "alias", "phone")}
    for stored in people.values():
        for field, state in stored.state.items():
            for head in state.heads.values():
                take(stored.kind, field, head.value)
    for row in sql.select_in(connection, tables.log, "record", people):
        try:
            body = decode_body(bytes(row["body"] or b""))
        except Undecodable:  # erased, or kept and held: it names nobody here
            continue
        for field, value in opened_values(connection, body).items():
            take(body.kind, field, value)
    for one in told:
        for field, value in one.values.items():
            take(one.kind, field, value)
    return Veil(*found)


def veiled(record: R, veil: Veil | None) -> R:
    """The record as it may be shown: its free text and whatever else tells of a person."""
    if veil is None:
        return record
    kind = KINDS.kind_of(record).name
    said = {name: getattr(record, name) for name in SEALED_FIELDS.get(kind, ())}
    whole: Any = record
    made: R = replace(whole, **{name: veil.field(kind, name, one) for name, one in said.items() if one is not None})
    return made


def veiled_timeline(timeline: Sequence[TimelineEntry], veil: Veil | None) -> tuple[TimelineEntry, ...]:
    """What happened, as it may be shown."""
    if veil is None:
        return tuple(timeline)
    return tuple(replace(entry, text=veil.text(entry.text)) for entry in timeline)


def unmask_of(sight: Sight | None, contact_id: str) -> Decision:
    """On which condition names and numbers of this file are shown whole to whom it is read for."""
    return Decision.ALLOWED if sight is None else sight.unmask_of_file(contact_id)


def is_shown(sight: Sight | None, contact_id: str) -> bool:
    """Whether they are shown now: to whom the table of roles gives them, and for a while after a logged key."""
    decision = unmask_of(sight, contact_id)
    asked = sight is not None and sight.is_unmasked(contact_id)
    return decision is Decision.ALLOWED or (asked and decision in UNMASKS)


def verified_callers(connection: Connection, contact_id: str) -> list[TimelineEntry]:
    """Who was verified before this file was shown beside a call, and how (code of `verification_method`)."""
    steps = [one.record for one in read.where(connection, "verification", "contact_id", contact_id)]
    return [TimelineEntry(s.at or 0, "verified", s.by or "", "", s.id, code=s.how or "") for s in steps]


def _by_time(entries: Iterable[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.at_ms, entry.id)))


def people_of(
    connection: Connection, contact_id: str, opened: dict[str, Stored]
) -> tuple[tuple[PersonRow, ...], str | None]:
    """The people of a file, the child first, and the caller's number; adds what it reads to `opened`."""
    roles: dict[str, list[str]] = {}
    relationship: dict[str, str | None] = {}
    for party in read.where(connection, "party", "contact_id", contact_id):
        opened[party.id] = party
        if party.retracted is None and party.record.person_id is not None:
            roles.setdefault(party.record.person_id, []).append(party.record.role or "")
            if party.record.relationship:
                relationship[party.record.person_id] = party.record.relationship
    found: list[PersonRow] = []
    number = None
    for person_id, named in roles.items():
        person = read.one(connection, "person", person_id)
        if person is None:
            continue
        opened[person_id] = person
        hung: dict[str, list[Any]] = {}
        for kind in ("phone", "alias", "address"):
            held = [s for s in read.where(connection, kind, "person_id", person_id) if s.retracted is None]
            opened |= {one.id: one for one in held}
            hung[kind] = [one.record for one in held]
        if "caller" in named and hung["phone"]:
            number = hung["phone"][0].number
        found.append(
            PersonRow(
                person.record,
                tuple(sorted(named)),
                relationship.get(person_id),
                tuple(hung["phone"]),
                tuple(hung["alias"]),
                tuple(hung["address"]),
            )
        )
    found.sort(key=lambda row: ("child" not in row.roles, row.person.id))
    return tuple(found), number


def answers_of(connection: Connection, contact_id: str, opened: dict[str, Stored]) -> dict[str, str]:
    """Answers to a region's own questions by question; adds what it reads to `opened`."""
    found: dict[str, str] = {}
    for answer in read.where(connection, "answer", "contact_id", contact_id):
        opened[answer.id] = answer
        if answer.retracted is None and answer.record.value is not None:
            found[answer.record.question or ""] = answer.record.value
    return found


def notes_of(connection: Connection, contact_id: str) -> list[TimelineEntry]:
    """The notes of a file and its case, oldest first."""
    notes = [note.record for note in read.where(connection, "note", "contact_id", contact_id)]
    entries = [
        TimelineEntry(n.written_at or 0, "note", n.author or "", n.text or "", n.id, corrects=n.corrects)
        for n in notes
    ]
    return sorted(entries, key=lambda entry: (entry.at_ms, entry.id))


def siblings_in(opened: Mapping[str, Stored]) -> dict[str, list[Any]]:
    """Values that wait for a decision, by `kind.field`."""
    found: dict[str, list[Any]] = {}
    for stored in opened.values():
        for name, values in stored.siblings().items():
            found.setdefault(f"{stored.kind}.{name}", []).extend(values)
    return found


_CONTACT_FIELDS = (
    "primary_channel", "caller_kind", "topics", "in_depth", "province_set", "province", "commune_set", "commune",
    "language", "needs_interpreter", "summary", "child_safe_now", "child_whereabouts", "happened_when", "urgency",
    "received_at", "may_call_back", "safe_time",
)  # fmt: skip
_CHILD_FIELDS = {
    "child_name": "full_name",
    "child_age": "age_years",
    "child_birth_year": "birth_year",
    "child_birth_date": "birth_date",
    "child_age_estimated": "age_estimated",
    "child_sex": "sex",
    "age_group": "age_group",
    "ethnic_group": "ethnic_group",
}


def form_values(contact: Contact, persons: tuple[PersonRow, ...], number: str | None) -> dict[str, Any]:
    """A file as the values of the intake form, for opening it again without retyping."""
    form = _given(contact, _CONTACT_FIELDS)
    for row in persons:
        if "child" in row.roles:
            for name, field in _CHILD_FIELDS.items():
                value = getattr(row.person, field)
                if value not in (None, ()):
                    form[name] = value
        if "caller" in row.roles:
            if row.person.full_name:
                form["caller_name"] = row.person.full_name
            if row.relationship:
                form["child_relationship"] = row.relationship
    if number:
        form["number"] = number
    return form


def _given(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in names}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items() if v not in (None, ())}
