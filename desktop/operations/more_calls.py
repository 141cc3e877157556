"""Calls besides the one at the ear: many labelled at once, calls made and missed, alerts on a number."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.operations.calls import INBOUND, LINE, NOBODY, Labelled, known_call, label, undo
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import call_id as id_of_call
from domain.phones import normalise
from domain.records.call import MISSED, UNCLASSIFIED, Call
from domain.records.queue import NumberAlert
from domain.rules.outcomes import OUTBOUND
from domain.rules.triage import PLACEHOLDER
from sync.replica import read, scopes

SWEEP = "sweep"
"""How an outcome was set: one key for several calls of the list."""


def sweep(call_ids: Sequence[str], code: str) -> Operation[tuple[Labelled, ...]]:
    """One outcome for several calls, in one transaction; calls that somebody labelled meanwhile are left alone.

    Raises UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> tuple[Labelled, ...]:
        done: list[Labelled] = []
        act = uow.act()
        for call_id in call_ids:
            known = known_call(uow, call_id)
            if known.record.outcome in (None, UNCLASSIFIED):
                version = label(act, uow, known, code, SWEEP)
                done.append(Labelled(call_id, code, known.record.outcome, version))
        uow.write(act)
        return tuple(done)

    return operation


def undo_sweep(labelled: Sequence[Labelled]) -> Operation[bool]:
    """Take exactly these outcomes back; answers whether there was still something to take back."""

    def operation(uow: UnitOfWork) -> bool:
        taken = [undo(one)(uow) for one in labelled]
        return any(taken)

    return operation


def dialled(number: str, pbx: str = "", uniqueid: str = "") -> Operation[str]:
    """The row of a call that this desk makes, unclassified; answers its id. Without the exchange's own name for it
    the row counts as made by hand. A second event of one call adds nothing."""

    def operation(uow: UnitOfWork) -> str:
        call_id = id_of_call(pbx, uniqueid) if uniqueid else uow.new_id()
        if uow.read("call", call_id) is None:
            call = Call(
                id=call_id,
                line=LINE,
                direction=OUTBOUND,
                pbx=pbx or None,
                uniqueid=uniqueid if pbx else None,
                number=normalise(number) or None,
                centre=uow.seat.centre,
                seat=uow.seat.seat_code,
                ring_at=uow.now_ms,
                by_hand=None if pbx else True,
                receiver=uow.staff,
                outcome=UNCLASSIFIED,
            )
            act = uow.act()
            act.create(scopes.centre(uow.seat.centre), call, ranks=NOBODY)
            uow.write(act)
        return call_id

    return operation


def missed(pbx: str, uniqueid: str, number: str, ring_at: int, end_at: int) -> Operation[str]:
    """The row of a call that gave up before anybody answered (UTC ms), `missed` by rule; answers its id.

    Every desk that hears the exchange writes it: the id derives from the exchange's name, so it is one record, and
    what a reconciliation says of it later is the same record again.
    """

    def operation(uow: UnitOfWork) -> str:
        call_id = id_of_call(pbx, uniqueid)
        if uow.read("call", call_id) is None:
            call = Call(
                id=call_id,
                line=LINE,
                direction=INBOUND,
                pbx=pbx,
                uniqueid=uniqueid,
                number=normalise(number) or None,
                centre=uow.seat.centre,
                ring_at=ring_at,
                end_at=end_at,
                outcome=MISSED,
                outcome_by="rule",
            )
            act = uow.act()
            act.create(scopes.centre(uow.seat.centre), call, ranks=NOBODY | {"outcome_by": PLACEHOLDER})
            uow.write(act)
        return call_id

    return operation


def set_alert(number: str, alert: str) -> Operation[str]:
    """Put a coded alert on a number of this centre; one that stands already is left. Raises UnknownCode, NotFound for
    no number."""

    def operation(uow: UnitOfWork) -> str:
        key = normalise(number)
        if not key:
            raise NotFound
        if alert not in uow.reference.catalogue["number_alert"]:
            raise UnknownCode("alert", "Đánh dấu số máy")
        for known in read.where(uow.connection, "number_alert", "number", key):
            if known.record.alert == alert and not known.retracted:
                return known.id
        record = NumberAlert(id=uow.new_id(), number=key, alert=alert, set_by=uow.staff, set_at=uow.now_ms)
        act = uow.act()
        act.create(scopes.centre(uow.seat.centre), record)
        uow.write(act)
        return record.id

    return operation


def lift_alerts(number: str, why: str) -> Operation[int]:
    """Take every alert on a number back, with the reason; answers how many."""

    def operation(uow: UnitOfWork) -> int:
        act, count = uow.act(), 0
        for known in read.where(uow.connection, "number_alert", "number", normalise(number)):
            if not known.retracted:
                act.retract("number_alert", known.id, known.scope, known.state, why)
                count += 1
        uow.write(act)
        return count

    return operation
