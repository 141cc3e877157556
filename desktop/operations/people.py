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
Stays = Callable[[str], bool]
"""Whether a person cannot be taken off this desk, because nobody else could come in."""


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
        _go(uow, staff, remove)

    return operation


def let_go_who_left(here: Collection[str], stays: Stays, remove: Remove) -> Operation[bool]:
    """Take one person off this desk of whom the centre wrote that they left; whether there was one, so that the
    caller repeats it: each goes with an entry of their own, durable before the next one is looked at. Never who is
    signed in (to them nothing is open), and never the last one who could come in."""

    def operation(uow: UnitOfWork) -> bool:
        left = [one for one in left_of(uow.connection, here) if one != uow.staff]
        gone = next((one for one in left if not stays(one)), None)
        if gone is not None:
            _go(uow, gone, remove)
        return gone is not None

    return operation


def left_of(connection: Connection, here: Collection[str]) -> list[str]:
    """Who of these people left the hotline, as far as this desk knows."""
    found = ((staff, _record(connection, staff)) for staff in here)
    return sorted(staff for staff, record in found if record is not None and record.ended_at is not None)


def _go(uow: UnitOfWork, staff: str, remove: Remove) -> None:
    act = uow.act()
    audit.note(uow, act, Said(uow.staff, LET_GO, "staff", staff, "P1", ""))
    uow.write(act)
    remove(staff)  # last: the key file is outside the transaction, and nothing after it may fail but COMMIT


def _record(connection: Connection, staff: str) -> Staff | None:
    stored = read.one(connection, "staff", record_of(staff))
    return stored.record if stored is not None and stored.retracted is None else None


def _lets(policy: Policy, staff: str, thing: Thing, connection: Connection) -> bool:
    person = person_of(policy, staff, thing.centre, _record(connection, staff))
    return may(policy, person, "let_go", thing) is Decision.ALLOWED


def _somebody_may(policy: Policy, thing: Thing, connection: Connection) -> bool:
    listed = [one.record for one in read.where(connection, "staff", "retracted", None)]
    return any(may(policy, person_of(policy, one.staff or "", "", one), "let_go", thing) for one in listed)
