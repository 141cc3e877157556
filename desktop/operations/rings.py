"""A number that rang while nobody was signed in becomes a row of the call log; nobody is named as its receiver."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.operations.calls import INBOUND, LINE, NOBODY
from desktop.store.inbox import Ring
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import call_id as id_of_call
from domain.phones import normalise
from domain.records.call import UNCLASSIFIED, Call
from sync.replica import scopes


def fold_rings(rings: Sequence[Ring]) -> Operation[int]:
    """Each ring one row, unclassified; one that has its row already makes none. Answers how many were made."""

    def operation(uow: UnitOfWork) -> int:
        act, made = uow.act(), 0
        for ring in rings:
            call_id = id_of_call("", f"door.{ring.id}")
            if uow.read("call", call_id) is not None:
                continue
            call = Call(
                id=call_id,
                outcome=UNCLASSIFIED,
                line=LINE,
                direction=INBOUND,
                by_hand=True,
                number=normalise(ring.number) or None,
                centre=uow.seat.centre,
                seat=uow.seat.seat_code,
                ring_at=ring.at,
            )
            act.create(scopes.centre(uow.seat.centre), call, ranks=NOBODY)
            made += 1
        if made:
            uow.write(act)
        return made

    return operation
