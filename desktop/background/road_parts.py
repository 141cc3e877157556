"""What the road's threads hand each other: a transport's shape, what is asked of it, what an engine is given."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from desktop.background.lanes import StoreLane
from desktop.store.engine import Connection
from sync import engine as core
from sync.door import Health, Receipt
from sync.engine import Event
from sync.operation import Placed
from sync.proof import Answer, Ask
from sync.replica.replica import Replica
from sync.troubles import Trouble
from sync.trust import SYSTEM, Trust
from sync.wire import PullHead, PushAnswer

R = TypeVar("R")

PROBE_S: Final = 5.0
"""How long (seconds) looking for the first server may take."""


class Transport(Protocol):
    """What the driver needs of `sync.transport.HttpTransport`; every method raises only `sync.troubles`."""

    def push(self, data: bytes, timeout_s: float, *, urgent: bool = False) -> PushAnswer:
        """Send a push body, past those of others when it is small and urgent."""

    def pull(
        self, lineage: str, cursor: int, limit: int, wait_s: float, timeout_s: float
    ) -> tuple[PullHead, list[Placed]] | None:
        """Ask for news; None where the wait ended without."""

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        """One page of a granted scope's history."""

    def receipt(self, digest: str, timeout_s: float) -> Receipt | None:
        """The server's signed word that both ends hold the same."""

    def proof(self, ask: Ask, timeout_s: float) -> Answer:
        """One question of the comparison."""

    def close(self) -> None:
        """Abort what is in flight; callable from another thread."""


MakeTransport = Callable[[str, str, int, Callable[[bytes], bytes]], Transport]
"""(server's address, device, incarnation, sign) → a transport."""


class Handed:
    """An event that its giver waits for."""

    def __init__(self, event: core.Carried) -> None:
        self.event = event
        self._done: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def took(self, fault: Exception | None) -> None:
        """It has been taken, or this is why not."""
        self._done.put(fault)

    def wait(self) -> None:
        """Until it has been taken. Raises why not."""
        fault = self._done.get()
        if fault is not None:
            raise fault


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of looking for the first server."""

    alive: bool


class WriteRun:
    """The engine store's runner: each function one transaction on the store lane."""

    def __init__(self, lane: StoreLane) -> None:
        self._lane = lane

    def __call__(self, work: Callable[[Connection], R], /) -> R:
        """Run it and answer what it answers."""
        return self._lane.run(work)


class ReadRun:
    """What only reads: each function on a snapshot and on the engine's own thread, so that no save waits for it and
    it waits for no other thread."""

    def __init__(self, lane: StoreLane) -> None:
        self._lane = lane

    def __call__(self, work: Callable[[Connection], R], /) -> R:
        """Run it and answer what it answers."""
        return self._lane.peek(work)


def asked(transport: Transport, effect: core.Request, replica: Replica) -> Event:
    """Ask it and answer the event that came of it. Raises `sync.troubles`."""
    timeout_s = effect.timeout_ms / 1000
    if isinstance(effect, core.Push):
        return core.PushAnswered(effect.request, transport.push(effect.data, timeout_s, urgent=effect.urgent))
    if isinstance(effect, core.Pull):
        news = transport.pull(effect.lineage, effect.cursor, effect.limit, effect.wait_ms / 1000, timeout_s)
        if news is None:
            return core.PullAnswered(effect.request, None)
        return core.PullAnswered(effect.request, news[0], replica.read(news[1]))
    if isinstance(effect, core.AskReceipt):
        return core.ReceiptGiven(effect.request, transport.receipt(effect.digest, timeout_s))
    if isinstance(effect, core.AskProof):
        return core.ProofAnswered(effect.request, transport.proof(effect.ask, timeout_s))
    head, placed = transport.scope(effect.scope, effect.upto, effect.past, timeout_s)
    return core.ScopeAnswered(effect.request, effect.scope, head, replica.read(placed))


AskHealth = Callable[[str], Health]
"""(server's address) → which server answers there; raises sync.troubles."""


def health_of(url: str, trust: Trust = SYSTEM) -> Health:
    """Which server answers at this address, and how far its feed stands. Raises sync.troubles."""
    from sync.transport import health  # noqa: PLC0415 - only a desk that meets a server needs it

    return health(url, PROBE_S, trust)


def answers(url: str, ask: AskHealth = health_of) -> bool:
    """Whether a server of ours answers at this address."""
    try:
        return bool(ask(url).lineage)
    except Trouble:
        return False
