"""Reading the audit log is itself an act that is written into it, before the first line is shown."""

from __future__ import annotations

from desktop.operations import audit
from desktop.store.reads_audit_entries import may_read_audit
from desktop.store.sight import Sight, Viewer
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import OPEN
from sync.audit import Said
from sync.troubles import Trouble

KIND = "audit_entry"


class NotForYourRole(Trouble):
    """No role of this person reads audit entries."""

    advice = "Vai trò của chị/anh không xem nhật ký kiểm toán. Chị/anh nhờ trưởng ca hoặc phụ trách vùng."


def open_log() -> Operation[None]:
    """The entry of who opened the audit log. Raises NotForYourRole."""

    def operation(uow: UnitOfWork) -> None:
        if not may_read_audit(Sight(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy))):
            raise NotForYourRole
        act = uow.act()
        audit.note(uow, act, Said(uow.staff, OPEN, KIND, level="P1"))
        uow.write(act)

    return operation
