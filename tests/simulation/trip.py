"""One request of the simulated world on its way to a server, and what the production client makes of its answer."""

from __future__ import annotations

from dataclasses import dataclass

from sync import engine as core
from tests.simulation.hub import Hub
from tests.simulation.machine import Machine, Transport
from tests.simulation.place import Place


@dataclass(eq=False)
class Trip:
    """One request under way, and whose life it belongs to."""

    machine: Machine | Hub
    transport: Transport
    effect: core.Request
    place: Place
    """Whom it was sent to."""


def asked(trip: Trip) -> core.Event:
    """What the production client makes of it; as `desktop.background.sync_driver._asked`."""
    transport, effect = trip.transport, trip.effect
    timeout_s = effect.timeout_ms / 1_000
    if isinstance(effect, core.Push):
        return core.PushAnswered(effect.request, transport.push(effect.data, timeout_s, urgent=effect.urgent))
    if isinstance(effect, core.Pull):
        news = transport.pull(effect.lineage, effect.cursor, effect.limit, effect.wait_ms / 1_000, timeout_s)
        if news is None:
            return core.PullAnswered(effect.request, None)
        return core.PullAnswered(effect.request, news[0], news[1])
    if isinstance(effect, core.AskReceipt):
        return core.ReceiptGiven(effect.request, transport.receipt(effect.digest, timeout_s))
    if isinstance(effect, core.AskProof):
        return core.ProofAnswered(effect.request, transport.proof(effect.ask, timeout_s))
    head, placed = transport.scope(effect.scope, effect.upto, effect.past, timeout_s)
    return core.ScopeAnswered(effect.request, effect.scope, head, placed)
