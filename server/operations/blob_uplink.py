"""A hub's road for attachments' bytes: what its desks brought goes up, what they ask for comes down, text first."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.operations.centre import Centre
from server.store import attachments, hub_blobs
from server.store.attachments import Described
from server.store.engine import Connection
from sync.blobs import shelf as shelves
from sync.blobs import signals
from sync.blobs.carrier import Carrier
from sync.blobs.seal import MOST, Broken, Plan, sealed_size
from sync.blobs.signals import Event, Fetch, Gone, LetGo, Offer, Progress, Send, Spoilt, Transfer, WakeAt, Want
from sync.signals import Now, Road
from sync.transport import BlobRoad
from sync.transport.blobs import There
from sync.troubles import Offline, SignedOut, Trouble
from sync.trust import SYSTEM, Trust

R = TypeVar("R")

_log = logging.getLogger("tram111.centre")

AFTER_TROUBLE_MS: Final = 5_000
_JOIN_S: Final = 10.0


class Swept:
    """An attachment went: bytes that nothing names any more are to go with it."""


class BlobUplink:
    """Drives the same carrier as a desk, on a thread and a connection of its own. What a crash interrupts goes on
    from where the other side ends. Every public method may be called from any thread."""

    def __init__(
        self, centre: Centre, device: str, key: Ed25519PrivateKey, url: str, trust: Trust = SYSTEM
    ) -> None:
        self._centre = centre
        self._device, self._key, self._url, self._trust = device, key, url, trust
        self._carrier = Carrier(_Queue(centre, self.attachments_went), random.random)
        self._events: queue.SimpleQueue[Event | Swept | None] = queue.SimpleQueue()
        self._wake_at: int | None = None
        self._guard = threading.Lock()
        self._roads: list[BlobRoad] = []
        self._carrying: BlobRoad | None = None
        self._idle: list[BlobRoad] = []
        """Roads on which nothing is asked at this moment."""
        self._up = False
        self._text = False
        self._closing = False
        self._thread = threading.Thread(target=self._drive, name="hub-blobs", daemon=True)

    def start(self) -> None:
        """Begin; bytes whose attachment went in the moment of a crash go now."""
        self._events.put(Swept())
        self._thread.start()

    def close(self) -> None:
        """Abort what is in flight and end; it goes on next time."""
        with self._guard:
            self._closing = True
            for road in self._roads:
                road.close()
        self._events.put(None)
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    # ------------------------------------------------------------ told

    def came_whole(self, record: str, found: Described) -> None:
        """A desk has brought every byte of a blob: it is to go up. Durable when this returns."""
        if self._do(partial(hub_blobs.came_whole, record=record, found=found, now=self._centre.now_ms())):
            self._events.put(signals.Changed())

    def wanted(self, record: str, found: Described) -> None:
        """A desk asked for bytes that are not here: they are to be fetched."""
        if self._do(partial(hub_blobs.wanted, record=record, found=found, now=self._centre.now_ms())):
            self._events.put(signals.Changed())

    def at_centre(self, record: str, found: Described) -> bool:
        """Whether the centre says at this moment that it has every chunk. It is asked only where it once said so, and
        while the line stands: a desk is waiting for the answer."""
        if not self._centre.read(partial(hub_blobs.is_at_centre, blob=found.blob)):
            return False
        try:
            there = self.offer_above(record, found.plan.sealed)
        except Trouble:
            return False
        if there.centre and there.offset < found.plan.sealed:
            # It has lost a chunk since: it gets it again from here.
            self._do(partial(hub_blobs.settle, blob=found.blob, want=Want.UP))
            self._events.put(signals.Changed())
        return there.centre and there.offset >= found.plan.sealed

    def offer_above(self, record: str, sealed: int) -> There:
        """What the centre has of a blob, asked for a desk that waits for the answer. Raises Trouble."""
        return self._beside(lambda road: road.offer(record, sealed))

    def send_above(self, record: str, offset: int, data: bytes) -> int:
        """Send a desk's bytes on of which nothing stays here; answers from which byte to go on. Raises Trouble."""
        return self._beside(lambda road: road.send(record, sealed_size(MOST), offset, data))

    def _beside(self, work: Callable[[BlobRoad], R]) -> R:
        """On a connection beside the carrier's, while the line stands."""
        if not self._up:
            raise Offline
        with self._guard:
            road = self._idle.pop() if self._idle else None
        road = road or self._opened()
        try:
            found = work(road)
        except Trouble:
            self._hang_up(road)
            raise
        with self._guard:
            self._idle.append(road)
        return found

    def road_said(self, road: Road) -> None:
        """The road of text has another status: while anything of it waits and the line is up, blobs give way."""
        up = road.up is True
        text = up and road.waiting > 0
        if text != self._text:
            self._text = text
            self._events.put(signals.Text(text))
        if up and not self._up:
            self._events.put(signals.Nudged())
        self._up = up

    def centre_met(self) -> None:
        """Another centre answers above, or one that was restored: what is here is offered to it."""
        self._events.put(signals.Changed())

    def attachments_went(self) -> None:
        """An attachment was erased here, or wiped with its scope."""
        self._events.put(Swept())

    # ------------------------------------------------------------ the thread

    def _do(self, job: Callable[[Connection], R]) -> R:
        return self._centre.lane.do(job)

    def _drive(self) -> None:
        event: Event | Swept | None = signals.Started()
        while event is not None and not self._closing:
            try:
                if isinstance(event, Swept):
                    self._sweep()
                else:
                    self._step(event)
            except Exception as fault:  # noqa: BLE001  # the own store failed it, or a bug: the road must not end
                _log.error("hub: the carrier of blobs failed: %s", type(fault).__name__)
                self._wake_at = _mono() + AFTER_TROUBLE_MS
            event = self._next()

    def _next(self) -> Event | Swept | None:
        timeout = None if self._wake_at is None else max(0.0, (self._wake_at - _mono()) / 1_000)
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            self._wake_at = None
            return signals.Woke()

    def _sweep(self) -> None:
        stay = self._do(hub_blobs.drop_unnamed)
        self._centre.blobs.drop([name for name in self._centre.blobs.names() if name not in stay])

    def _step(self, event: Event) -> None:
        if isinstance(event, signals.Started | signals.Changed) and self._centre.read(hub_blobs.meets_another):
            _log.info("hub: another centre: copies offered again: %d", self._do(hub_blobs.offer_anew))
        for effect in self._carrier.step(event, Now(_mono(), self._centre.now_ms())):
            if isinstance(effect, WakeAt):
                self._wake_at = effect.mono
            elif not isinstance(effect, Progress):
                self._events.put(self._carried_out(effect))

    def _carried_out(self, effect: Offer | Send | Fetch | LetGo) -> Event:
        try:
            return self._answer(effect)
        except Trouble as trouble:
            if isinstance(trouble, SignedOut):
                self._hang_up(self._carrying)
                self._carrying = None
            return signals.Failed(effect.request, trouble)
        except OSError as fault:
            _log.error("hub: a transfer failed: %s", type(fault).__name__)
            return signals.Failed(effect.request, Offline())

    def _answer(self, effect: Offer | Send | Fetch | LetGo) -> Event:
        one, shelf = effect.transfer, self._centre.blobs
        plan = self._centre.read(partial(hub_blobs.plan, blob=one.blob))
        if plan is None:
            raise Gone
        if self._carrying is None:
            self._carrying = self._opened()
        road, begun = self._carrying, _mono()
        if isinstance(effect, Offer):
            there = road.offer(one.record, one.sealed)
            return signals.Offered(effect.request, there.offset, there.centre, _mono() - begun)
        if isinstance(effect, Send):
            return self._send(effect, plan, road, begun)
        if isinstance(effect, LetGo):
            return signals.LetGone(effect.request)  # a hub lets go of nothing: its desks fetch from it
        here = shelves.offset_of(shelf, plan)
        if here >= one.sealed:
            return signals.Fetched(effect.request, here, 0, 0)
        data = road.fetch(one.record, one.sealed, here, effect.count)
        took = _mono() - begun
        try:
            here = shelves.take(shelf, plan, here, data)
        except Broken as broken:
            raise Spoilt from broken
        return signals.Fetched(effect.request, here, len(data), took)

    def _send(self, effect: Send, plan: Plan, road: BlobRoad, begun: int) -> Event:
        one = effect.transfer
        try:
            data = shelves.slice_of(self._centre.blobs, plan, effect.offset, effect.count)
        except (FileNotFoundError, Broken) as missing:
            raise Gone from missing
        offset = road.send(one.record, one.sealed, effect.offset, data)
        return signals.Sent(effect.request, offset, _mono() - begun)

    def _opened(self) -> BlobRoad:
        with self._guard:
            if self._closing:
                raise Offline
            road = BlobRoad(self._url, self._device, 1, self._key.sign, self._trust)
            self._roads.append(road)
            return road

    def _hang_up(self, road: BlobRoad | None) -> None:
        if road is not None:
            with self._guard:
                self._roads.remove(road)
            road.close()


class _Queue:
    """The carrier's queue over the hub's store: each method one committed transaction."""

    def __init__(self, centre: Centre, nobody_names: Callable[[], None]) -> None:
        self._centre = centre
        self._nobody_names = nobody_names

    def _settle(self, blob: str, want: str, centre_at: int | None = None) -> None:
        self._centre.lane.do(partial(hub_blobs.settle, blob=blob, want=want, centre_at=centre_at))

    def transfers(self) -> Sequence[Transfer]:
        """All that is wanted."""
        return self._centre.read(hub_blobs.transfers)

    def at_centre(self, blob: str, wall: int) -> None:
        """The centre verified every chunk; a copy that stayed only for that may go now."""
        self._settle(blob, hub_blobs.KEPT, wall)
        if not self._centre.read(partial(attachments.naming, blob=blob)):
            self._nobody_names()

    def is_here(self, blob: str) -> None:
        """Every chunk came from the centre."""
        self._settle(blob, hub_blobs.KEPT, self._centre.now_ms())

    def send_again(self, blob: str) -> None:
        """The centre lacks it."""
        self._settle(blob, Want.UP)

    def not_to_send(self, blob: str) -> None:
        """The copy here is not whole: the desk that has it is asked for it when it offers it again."""
        self._centre.lane.do(partial(hub_blobs.forget, blob=blob))

    def erased(self, transfer: Transfer) -> None:
        """It was erased after its dossier had left this hub."""
        self._centre.lane.do(partial(hub_blobs.erased_above, blob=transfer.blob, record=transfer.record))
        self._nobody_names()


def _mono() -> int:
    return time.monotonic_ns() // 1_000_000
