"""What a desk tells the centre after it has given up a withdrawn dossier."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from desktop.store.unit_of_work import Seat
from domain.clock import Clock
from domain.records.road import WipeReceipt
from sync.act import Act
from sync.operation import APPEND, Body
from sync.replica import node, scopes
from sync.stamp import HybridClock


class Receipts:
    """Writes receipts of wipes in the name of the desk itself: no person wipes."""

    def __init__(self, stamps: HybridClock, seat: Seat, clock: Clock) -> None:
        self._stamps, self._seat, self._clock = stamps, seat, clock

    def __call__(self, connection: Connection, grant: str, scope: str, digest: str, /) -> Sequence[Body]:
        """The act, with its stamp durable in the wipe's own transaction."""
        now = self._clock.now_ms()
        act = Act(self._seat.device, self._stamps.next(now))
        node.put_key(connection, node.STAMP, self._stamps.last)
        receipt = WipeReceipt(id=grant, device=self._seat.device, wiped_scope=scope, digest=digest, wiped_at=now)
        act.create(scopes.centre(self._seat.centre), receipt, action=APPEND)
        return act.bodies
