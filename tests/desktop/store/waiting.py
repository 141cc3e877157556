"""Much that waits in the queue, put in as one act."""

from __future__ import annotations

from desktop.operations.call_backs import CALL_BACK, OUTBOUND_CHANNEL, promise_of
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.call import Call
from domain.records.queue import QueueItem
from sync.replica import scopes


def letters_arrive(count: int, urgency: str | None = None) -> Operation[list[str]]:
    """So many headers of letters, seven at a time within a second; answers their ids."""

    def operation(uow: UnitOfWork) -> list[str]:
        act, centre = uow.act(), uow.seat.centre
        ids = [uow.new_id() for _ in range(count)]
        for place, one in enumerate(ids):
            at = uow.now_ms - 1_000 + place // 7 % 1_000
            item = QueueItem(id=one, channel="letter", centre=centre, arrived_at=at, urgency=urgency)
            act.create(scopes.centre(centre), item)
        uow.write(act)
        return ids

    return operation


def call_backs_are_promised(times: list[int | None]) -> Operation[list[str]]:
    """A promised call-back for each of these times (UTC ms; None: without one); answers the ids of their items."""

    def operation(uow: UnitOfWork) -> list[str]:
        act, centre = uow.act(), uow.seat.centre
        made = []
        for due_at in times:
            call = Call(id=uow.new_id(), centre=centre, outcome=CALL_BACK, ring_at=uow.now_ms)
            item = QueueItem(
                id=promise_of(call.id),
                channel=OUTBOUND_CHANNEL,
                centre=centre,
                arrived_at=uow.now_ms,
                due_at=due_at,
                call_id=call.id,
            )
            act.create(scopes.centre(centre), call)
            act.create(scopes.centre(centre), item)
            made.append(item.id)
        uow.write(act)
        return made

    return operation
