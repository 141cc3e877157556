"""The people of one file: who called, which child it is about, and how a form's values change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from desktop.operations.values import Parts, present, ranks_of
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import UnitOfWork
from domain.ids import derived_id
from domain.records.answer import Answer
from domain.records.party import Party
from domain.records.person import Person, Phone
from domain.text import fold
from sync.act import Act
from sync.replica import read
from sync.replica.read import Stored

CHILD: Final = "child"
CALLER: Final = "caller"
_IS_CHILD: Final = "child"
"""Code of `caller_kind` for a child who calls for itself."""


class Dossier:
    """A file and its people within one unit of work. `received_at` is the legal zero (UTC ms)."""

    def __init__(self, uow: UnitOfWork, contact_id: str, scope: str, code: str, received_at: int) -> None:
        self._uow = uow
        self.contact_id = contact_id
        self.scope = scope
        self.code = code
        self.received_at = received_at
        self._contact: Stored | None = None
        self._persons: dict[str, Stored] = {}
        self._parties: dict[str, Stored] = {}
        self._opened: Mapping[str, Stored] = {}
        self.child_id: str | None = None

    @classmethod
    def of_contact(
        cls, uow: UnitOfWork, contact_id: str, opened: Mapping[str, Stored] | None = None
    ) -> Self:
        """The file as it stands, or as `opened` has it. Raises NotFound."""
        seen = opened or {}
        contact = seen.get(contact_id) or uow.read("contact", contact_id)
        if contact is None:
            raise NotFound
        made = cls(
            uow, contact_id, contact.scope, contact.record.code or "", contact.record.received_at or uow.now_ms
        )
        made._contact = contact
        made._opened = seen
        for party in read.where(uow.connection, "party", "contact_id", contact_id):
            person = seen.get(party.record.person_id) or uow.read("person", party.record.person_id)
            role = party.record.role
            if person is not None and role is not None and role not in made._persons:
                made._persons[role] = person
                made._parties[role] = seen.get(party.id, party)
        child = made._persons.get(CHILD)
        made.child_id = child.id if child is not None else None
        return made

    def people(self, act: Act, parts: Parts) -> None:
        """Make the persons, their parties and the caller's number for a new file."""
        child, caller = present(parts.child), present(parts.caller)
        kind = parts.contact.get("caller_kind")
        self._answers(act, parts)
        if kind == _IS_CHILD and not _another(child.get("full_name"), caller.get("full_name")):
            both = caller | child
            person = self._make(act, both, (CHILD, CALLER), parts) if both or parts.number else None
            self.child_id = person
            self._phone(act, person, parts.number)
            return
        if child or parts.case:
            self.child_id = self._make(act, child, (CHILD,), parts)
        if caller or parts.number or parts.relationship:
            self._phone(act, self._make(act, caller, (CALLER,), parts), parts.number)

    def change(self, act: Act, parts: Parts) -> None:
        """Write what differs from the file and its people as they were seen; make people who were missing."""
        contact = self._contact
        if contact is None:
            raise NotFound
        act.change(
            "contact",
            contact.id,
            self.scope,
            contact.state,
            parts.contact,
            ranks=ranks_of("contact", parts.contact),
        )
        self._answers(act, parts)
        self._change_person(act, CHILD, parts.child, parts)
        self._change_person(act, CALLER, parts.caller, parts)
        party = self._parties.get(CALLER)
        if parts.relationship is not None and party is not None:
            act.change("party", party.id, self.scope, party.state, {"relationship": parts.relationship})
        caller = self._persons.get(CALLER)
        if caller is not None and parts.number is not None:
            held = read.where(self._uow.connection, "phone", "person_id", caller.id)
            if all(phone.record.number != parts.number for phone in held):
                self._phone(act, caller.id, parts.number)

    def _answers(self, act: Act, parts: Parts) -> None:
        """A region's own questions: one record an answer, so that two desks that answer one question meet in it."""
        for question, value in parts.answers.items():
            record_id = derived_id("answer", self.contact_id, question)
            known = self._opened.get(record_id) or self._uow.read("answer", record_id)
            if known is not None:
                act.change("answer", record_id, self.scope, known.state, {"value": value})
            elif value is not None:
                asked = {"contact_id": self.contact_id, "question": question, "asked_by": parts.asked_by}
                act.create(self.scope, Answer(id=record_id, value=value, **asked))

    def _change_person(self, act: Act, role: str, values: dict[str, Any], parts: Parts) -> None:
        person = self._persons.get(role)
        if person is not None:
            dated = self._dated(values) if person.record.age_said_at is None else values
            act.change("person", person.id, self.scope, person.state, dated)
        elif present(values):
            made = self._make(act, present(values), (role,), parts)
            if role == CHILD:
                self.child_id = made

    def _make(self, act: Act, values: dict[str, Any], roles: tuple[str, ...], parts: Parts) -> str:
        uow = self._uow
        person = Person(id=uow.new_id(), **self._dated(values))
        act.create(self.scope, person)
        for role in roles:
            party = Party(
                id=uow.new_id(),
                person_id=person.id,
                contact_id=self.contact_id,
                role=role,
                relationship=parts.relationship if role == CALLER else None,
            )
            act.create(self.scope, party)
        return person.id

    def _dated(self, values: dict[str, Any]) -> dict[str, Any]:
        """An age is an age as of the file's receipt: two desks that correct it to one value then agree."""
        return values | {"age_said_at": self.received_at} if values.get("age_years") is not None else values

    def _phone(self, act: Act, person_id: str | None, number: str | None) -> None:
        if person_id is not None and number:
            act.create(self.scope, Phone(id=self._uow.new_id(), person_id=person_id, number=number))


def _another(child: str | None, caller: str | None) -> bool:
    return bool(child and caller and fold(child) != fold(caller))
