"""Whether something of a file may leave the program with this person: one answer for letters and for attachments."""

from __future__ import annotations

from typing import Final

from desktop.operations import audit
from desktop.store.sight import SHOWN, Sight, Viewer
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import EXPORT
from sync.audit import Said
from sync.troubles import Trouble

PRINT: Final = "print_case"
"""The row of roles.toml that decides about a letter, and about a file that leaves one dossier."""


class MayNotTakeOut(Trouble):
    """This person's roles do not take anything of this file out of the program."""

    advice = (
        "Vai trò của chị/anh không xuất được hồ sơ này. Chị/anh nhờ người đang phụ trách hồ sơ hoặc trưởng ca."
    )


def check(sight: Sight, contact_id: str) -> None:
    """Raises MayNotTakeOut."""
    thing = sight.things([contact_id]).get(contact_id)
    if thing is None or sight.may(PRINT, thing) not in SHOWN:
        raise MayNotTakeOut


def attachment(record_id: str) -> Operation[None]:
    """The entry of who takes an attachment out: it is written to a file only after this is committed.

    Raises MayNotTakeOut, NotFound.
    """

    def operation(uow: UnitOfWork) -> None:
        stored = uow.read("attachment", record_id)
        if stored is None or stored.retracted is not None:
            raise NotFound
        sight = Sight(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy))
        check(sight, stored.record.contact_id or "")
        act = uow.act()
        audit.note(uow, act, Said(uow.staff, EXPORT, "attachment", record_id, "P3"))
        uow.write(act)

    return operation
