"""How far a device's chain has come beyond this server: at the national centre, and in a verified backup of it."""

from __future__ import annotations

from dataclasses import dataclass

from server.operations.centre import HUB, Centre
from server.store import backed_up
from server.store.engine import Connection
from sync.replica import upstream


@dataclass(frozen=True, slots=True)
class Reach:
    """The last number of one chain at the national centre and in its backup, and the centre's lineage (empty
    where this server is the centre)."""

    centre_acked: int
    backed_up: int
    centre: str


def reach(centre: Centre, connection: Connection, device: str, incarnation: int, acked: int) -> Reach:
    """What this server may tell a desk of its chain. A hub tells what the centre told it, never what it hopes."""
    if centre.role == HUB:
        told = upstream.of(connection, upstream.lineage(connection), device, incarnation)
        return Reach(told.acked, told.backed_up, upstream.lineage(connection))
    return Reach(acked, backed_up.of(connection, device, incarnation), "")
