"""Letters about one file: who may take one out, for what, and the entry of it; what is in it stands in
`letter_words`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from desktop.operations import audit
from desktop.operations.letter_words import DRAFT, Section, number_line, place_day, recipient, sections_of
from desktop.operations.letter_words import Said as Told
from desktop.operations.taking_out import check
from desktop.reference import Reference
from desktop.store.engine import Connection
from desktop.store.reads import CaseView, ContactView, case_view, contact_view
from desktop.store.sight import UNMASKS, Sight, Viewer, sight_of
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import vn_date
from domain.records.audit import EXPORT
from domain.text import for_paper
from sync.audit import Said

PURPOSES: Final = "export_purpose"
_SUBJECT: Final = 300
"""Characters of a line of a letter's frame."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be written: its template and every word that goes into it, already fit for paper."""

    kind: str
    title: str
    template: bytes
    superior: tuple[str, ...]
    agency: tuple[str, ...]
    number: str
    place_day: str
    to: str
    code: str
    staff: str
    sections: tuple[Section, ...]
    cut: bool

    def words(self) -> dict[str, Any]:
        """As the template names them."""
        return {
            "superior": self.superior, "agency": self.agency, "number": self.number, "place_day": self.place_day,
            "mark": DRAFT, "to": self.to, "code": self.code, "staff": self.staff, "cut": self.cut,
            "sections": [
                {"heading": one.heading, "lines": [_line(told) for told in one.lines]} for one in self.sections
            ],
        }  # fmt: skip


def _line(told: Told) -> dict[str, Any]:
    return {"label": told.label, "words": told.words, "told": told.is_long}


def drawn(
    kind: str, case_id: str | None, contact_id: str | None, now_ms: int, reference: Reference
) -> Callable[[Connection], Letter | None]:
    """A read that draws the letter for whoever the connection reads for; None where they may not open the file.

    Raises MayNotTakeOut.
    """

    def read(connection: Connection) -> Letter | None:
        sight = sight_of(connection)
        return None if sight is None else _drawn(connection, sight, kind, case_id, contact_id, now_ms, reference)

    return read


def take_out(kind: str, case_id: str | None, contact_id: str | None, purpose: str) -> Operation[Letter]:
    """The entry of who takes a letter out, for what (a code of `export_purpose`), and the letter: it is written to a
    file only after this is committed. Raises MayNotTakeOut, NotFound, UnknownCode."""

    def operation(uow: UnitOfWork) -> Letter:
        if purpose not in uow.reference.catalogue[PURPOSES]:
            raise UnknownCode(PURPOSES, purpose)
        sight = Sight(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy))
        letter = _drawn(uow.connection, sight, kind, case_id, contact_id, uow.now_ms, uow.reference)
        if letter is None:
            raise NotFound
        act = uow.act()
        about = ("case", case_id) if case_id is not None else ("contact", contact_id or "")
        words = msgspec.json.encode({"letter": kind, "purpose": purpose}).decode()
        audit.note(uow, act, Said(uow.staff, EXPORT, *about, "P3", words))
        uow.write(act)
        return letter

    return operation


def _drawn(
    connection: Connection, sight: Sight, kind: str, case_id: str | None, contact_id: str | None, now_ms: int,
    reference: Reference,
) -> Letter | None:  # fmt: skip
    found = reference.letters.kinds[kind]
    view: CaseView | ContactView | None
    view = case_view(connection, case_id) if case_id is not None else contact_view(connection, contact_id or "")
    if view is None:
        return None
    check(sight, view.contact.id)
    # The purpose is the reason, the entry the log that the table of roles asks for before values are shown whole.
    whole = sight.unmask_of_file(view.contact.id) in UNMASKS
    day = vn_date(now_ms)
    head = reference.letters.head(sight.person.centre, day)
    if head is None:
        raise NotFound
    sections, cut = sections_of(kind, view, reference, now_ms, whole=whole)
    code = view.case.code if isinstance(view, CaseView) else None
    return Letter(
        kind=kind, title=found.title, template=found.template, superior=head.superior, agency=head.agency,
        number=number_line(found.symbol, head), place_day=place_day(head, day),
        to=for_paper(recipient(view, reference), _SUBJECT), code=for_paper(code or view.contact.code or "", 40),
        staff=for_paper(sight.person.staff, 40), sections=sections, cut=cut,
    )  # fmt: skip
