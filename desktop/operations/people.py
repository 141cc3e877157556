"""Somebody opens this desk no more: by decision of who may, or because the centre wrote that they left."""

from __future__ import annotations

from collections.abc import Callable, Collection

from desktop.operations import audit
from desktop.store.engine import Connection
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import LET_GO
from domain.records.staff import Staff, record_of
from domain.rules.privacy import Decision, Policy, Thing, may, person_of
from sync.audit import Said
from sync.replica import read
from sync.troubles import Trouble

Remove = Callable[[str], None]
"""Takes a person's key off this desk. Raises LastPerson."""


class NotHere(Trouble):
    """Nobody of that name opens this desk."""

    advice = "Không có ai mang tên này ở máy này. Chị/anh chọn tên trong danh sách."


class MayNotLetGo(Trouble):
    """The table of roles does not let this person."""

    advice = "Vai trò của chị/anh không cho ai thôi dùng máy được: hãy nhờ trưởng ca hoặc phụ trách vùng."


def let_go(staff: str, here: Collection[str], remove: Remove) -> Operation[None]:
    """Take a colleague off this desk, where the table of roles lets who is signed in (`let_go`); while no staff
    record lets anybody (the desk is being put up), whoever is signed in may. `here`: who opens the desk. What they
    wrote, sent or not, stays in the store, and their drafts stay sealed to them and to recovery.

    Raises NotHere, MayNotLetGo, LastPerson; nothing was changed then.
    """

    def operation(uow: UnitOfWork) -> None:
        if staff not in here or staff == uow.staff:
            raise NotHere
        thing = Thing(uow.seat.centre)
        policy = uow.reference.policy
        if not _lets(policy, uow.staff, thing, uow.connection) and _somebody_may(policy, thing, uow.connection):
            raise MayNotLetGo
        _go(uow, [staff], remove)

    return operation


def let_go_who_left(here: Collection[str], remove: Remove) -> Operation[int]:
    """Take everybody off this desk of whom the centre wrote that they left; answers how many. Never who is signed in
    (to them nothing is open), and never the last one."""

    def operation(uow: UnitOfWork) -> int:
        left = [one for one in left_of(uow.connection, here) if one != uow.staff]
        if left:
            _go(uow, left, remove)
        return len(left)

    return operation


def left_of(connection: Connection, here: Collection[str]) -> list[str]:
    """Who of these people left the hotline, as far as this desk knows."""
    found = ((staff, _record(connection, staff)) for staff in here)
    return sorted(staff for staff, record in found if record is not None and record.ended_at is not None)


def _go(uow: UnitOfWork, staff: Collection[str], remove: Remove) -> None:
    act = uow.act()
    for one in staff:
        audit.note(uow, act, Said(uow.staff, LET_GO, "staff", one, "P1", ""))
    uow.write(act)
    for one in staff:
        remove(one)


def _record(connection: Connection, staff: str) -> Staff | None:
    stored = read.one(connection, "staff", record_of(staff))
    return stored.record if stored is not None and stored.retracted is None else None


def _lets(policy: Policy, staff: str, thing: Thing, connection: Connection) -> bool:
    person = person_of(policy, staff, thing.centre, _record(connection, staff))
    return may(policy, person, "let_go", thing) is Decision.ALLOWED


def _somebody_may(policy: Policy, thing: Thing, connection: Connection) -> bool:
    listed = [one.record for one in read.where(connection, "staff", "retracted", None)]
    return any(may(policy, person_of(policy, one.staff or "", "", one), "let_go", thing) for one in listed)
