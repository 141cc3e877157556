"""Steps before something is seen: a caller verified, a key that is logged, a reason for what is restricted."""

from __future__ import annotations

from desktop.operations.audit import note
from desktop.store.sight import Sight, Viewer
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import OPEN, UNMASK, VERIFY
from domain.records.verification import Verification
from sync.audit import Said
from sync.operation import APPEND

METHODS = "verification_method"
REASONS = "unmask_reason"
WHY_OPENED = "restricted_reason"


def verify_caller(contact_id: str, call_id: str, how: str) -> Operation[str]:
    """Record that, and how (code of `verification_method`), the caller of this call was verified for this file, with
    its entry in the audit chain. Answers the record's id. Raises NotFound, UnknownCode."""

    def operation(uow: UnitOfWork) -> str:
        if how not in uow.reference.catalogue[METHODS]:
            raise UnknownCode(METHODS, how)
        contact = uow.read("contact", contact_id)
        if contact is None:
            raise NotFound
        step = Verification(
            id=uow.new_id(), contact_id=contact_id, call_id=call_id, how=how, by=uow.staff, at=uow.now_ms
        )
        act = uow.act()
        act.create(contact.scope, step, action=APPEND)
        note(uow, act, Said(uow.staff, VERIFY, "contact", contact_id, "P3"))
        uow.write(act)
        return step.id

    return operation


def unmask(kind: str, record_id: str, why: str = "") -> Operation[str]:
    """The entry that somebody has the masked values of this call or file shown; `why` is a code of `unmask_reason`
    where the table of roles asks for one. Answers the record's id. Raises UnknownCode."""

    def operation(uow: UnitOfWork) -> str:
        if why and why not in uow.reference.catalogue[REASONS]:
            raise UnknownCode(REASONS, why)
        act = uow.act()
        note(uow, act, Said(uow.staff, UNMASK, kind, record_id, "P2", why))
        uow.write(act)
        return record_id

    return operation


def open_restricted(contact_id: str, why: str) -> Operation[str]:
    """The entry that somebody opens a restricted file whose key they hold by office, and why (code of
    `restricted_reason`). Answers the file's id. Raises UnknownCode, and NotFound where no reason opens it."""

    def operation(uow: UnitOfWork) -> str:
        if why not in uow.reference.catalogue[WHY_OPENED]:
            raise UnknownCode(WHY_OPENED, why)
        sight = Sight(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy))
        if contact_id not in sight.owe_reason([contact_id]):
            raise NotFound
        act = uow.act()
        note(uow, act, Said(uow.staff, OPEN, "contact", contact_id, "P3", why))
        uow.write(act)
        return contact_id

    return operation
