"""Drives the carrier of blobs on a thread and a connection of its own; gives way to text."""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.background.blob_lane import BlobLane
from desktop.background.change_bus import BlobMoved, ChangeBus, RoadState, RoadStatus
from desktop.background.lanes import Closed, StoreLane
from desktop.store import blobs
from desktop.store.identity import enrolment
from desktop.store.troubles import translate
from domain.clock import DAY
from sync.blobs import shelf as shelves
from sync.blobs import signals
from sync.blobs.carrier import Carrier
from sync.blobs.seal import Broken, Plan
from sync.blobs.signals import Event, Fetch, Gone, LetGo, Offer, Progress, Send, Spoilt, Transfer, WakeAt
from sync.signals import Now
from sync.troubles import Offline, SignedOut, Trouble

_log = logging.getLogger(__name__)

STAY_MS: Final = 7 * DAY
"""How long a copy stays after the centre verified it and after it was last opened, however full the disk is: the
centre's own backup must have had its turn before this desk lets go."""
_JOIN_S: Final = 10.0
_AGAIN_MS: Final = 5_000


class There(Protocol):
    """What the other side has of a blob."""

    @property
    def offset(self) -> int: ...
    @property
    def centre(self) -> bool: ...


class Road(Protocol):
    """What the driver needs of `sync.transport.BlobRoad`; every method raises only `sync.troubles`."""

    def offer(self, record: str, sealed: int) -> There:
        """What the other side has of it."""

    def send(self, record: str, sealed: int, offset: int, data: bytes) -> int:
        """Send sealed bytes; answers where to go on."""

    def fetch(self, record: str, sealed: int, offset: int, count: int) -> bytes:
        """Fetch sealed bytes."""

    def close(self) -> None:
        """Abort what is in flight; callable from another thread."""


MakeRoad = Callable[[str, str, int, Callable[[bytes], bytes]], Road]
"""(server's address, device, incarnation, sign) → a road for bytes."""


class BlobDriver:
    """`space` is how many bytes of copies may lie on this desk; what only it has is never counted out. `server`
    answers which server the road of text speaks to: bytes go where their words went."""

    def __init__(
        self,
        blob_lane: BlobLane,
        lane: StoreLane,
        bus: ChangeBus,
        server: Callable[[], str],
        key: Ed25519PrivateKey,
        make_road: MakeRoad,
        space: int,
    ) -> None:
        self._blobs = blob_lane
        self._shelf = blob_lane.shelf
        self._lane = lane
        self._bus = bus
        self._server = server
        self._url = ""
        self._key = key
        self._make = make_road
        self._space = space
        self._carrier = Carrier(_Queue(lane, self._sweep), random.random)
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._wake_at: int | None = None
        self._guard = threading.Lock()
        self._road: Road | None = None
        self._closing = False
        self._was_down = False
        self._at = ""
        self._centre = ""
        self._text = False
        self._unlooked = False
        self._thread = threading.Thread(target=self._drive, name="blob-net", daemon=True)

    def start(self) -> None:
        """Begin; what a crash interrupted goes on from where the other side ends."""
        self._blobs.queue_changed = self.changed
        self._thread.start()

    def changed(self) -> None:
        """The queue may hold something else now."""
        self._events.put(signals.Changed())

    def road_said(self, status: RoadStatus) -> None:
        """The road of text has another status: while anything of it waits and the line is up, blobs give way."""
        up = status.state not in (RoadState.OFFLINE, RoadState.SIGNED_OUT, RoadState.UNAPPROVED)
        text = up and status.waiting > 0
        if text != self._text:
            self._text = text
            self._events.put(signals.Text(text))
        if up and (self._was_down or status.server != self._at):
            # What another server had whole may never have come to this one.
            self._events.put(signals.Nudged())
            self._at = status.server
        self._was_down = not up
        if up and status.centre != self._centre:
            self._centre = status.centre
            self._events.put(signals.Changed())

    def road_folded(self, touched: Mapping[str, frozenset[str]]) -> None:
        """Attachments came or went: bytes of those that went are swept, policy "all" wants those that came."""
        if blobs.KIND in touched and not self._closing:
            self._sweep()
            self._events.put(signals.Changed())

    def close(self) -> None:
        """Abort what is in flight and end; it goes on next time. Close it before the lanes."""
        if self._closing:
            return
        self._closing = True
        self._blobs.queue_changed = None
        self._events.put(None)
        with self._guard:
            if self._road is not None:
                self._road.close()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def _sweep(self) -> None:
        with contextlib.suppress(Closed):
            self._blobs.sweep()

    # ------------------------------------------------------------ the thread

    def _drive(self) -> None:
        event: Event | None = signals.Started()
        try:
            while event is not None and not self._closing:
                self._drive_one(event)
                event = self._next()
        except Closed:
            return

    def _drive_one(self, event: Event) -> None:
        self._unlooked = self._unlooked or isinstance(event, signals.Started | signals.Changed)
        if self._unlooked:
            try:
                self._look_around()
                self._unlooked = False
            except Closed:
                raise
            except Exception as fault:  # noqa: BLE001 - a full disk, say: the road of bytes must not end with it
                _log.error("what is wanted here was not looked up: %s", type(fault).__name__)
        self._step(event)
        if self._unlooked:
            again = _mono() + _AGAIN_MS
            self._wake_at = again if self._wake_at is None else min(self._wake_at, again)

    def _next(self) -> Event | None:
        timeout = None if self._wake_at is None else max(0.0, (self._wake_at - _mono()) / 1_000)
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            self._wake_at = None
            return signals.Woke()

    def _look_around(self) -> None:
        now = self._lane.clock.now_ms()
        if self._blobs.policy == "all":
            self._lane.run(partial(blobs.wish_all, now_ms=now))
        if self._centre and (again := self._lane.run(partial(blobs.offer_anew, centre=self._centre))):
            _log.info("another centre: copies offered again: %d", again)
        self._lane.run(partial(blobs.make_room, limit=self._space, now_ms=now, stay_ms=STAY_MS))

    def _step(self, event: Event) -> None:
        try:
            effects = self._carrier.step(event, Now(_mono(), self._lane.clock.now_ms()))
        except Closed:
            raise
        except Exception as fault:  # noqa: BLE001 - the own store failed it, or a bug: the road must not end
            _log.error("the carrier failed: %s", type(fault).__name__)
            self._wake_at = _mono() + _AGAIN_MS
            return
        for effect in effects:
            if isinstance(effect, WakeAt):
                self._wake_at = effect.mono
            elif isinstance(effect, Progress):
                self._tell(effect)
            else:
                self._carry_out(effect)

    def _tell(self, said: Progress) -> None:
        one = said.transfer
        settled = said.done >= one.sealed or bool(said.advice)
        self._bus.blobs.emit(BlobMoved(one.blob, one.want.value, said.done, one.sealed, settled, said.advice))

    def _carry_out(self, effect: Offer | Send | Fetch | LetGo) -> None:
        try:
            self._events.put(self._answer(effect))
        except Closed:
            raise
        except Trouble as trouble:
            if isinstance(trouble, SignedOut):
                self._hang_up()
            self._events.put(signals.Failed(effect.request, trouble))
        except Exception as fault:  # noqa: BLE001 - a full disk or a bug must not end the road of blobs
            told = translate(fault)
            _log.error("a transfer failed: %s", type(fault).__name__)
            self._events.put(signals.Failed(effect.request, told if isinstance(told, Trouble) else Offline()))

    def _answer(self, effect: Offer | Send | Fetch | LetGo) -> Event:
        one = effect.transfer
        if isinstance(effect, LetGo):
            return self._let_go(effect)
        plan = self._plan(one)
        road = self._connected()
        begun = _mono()
        if isinstance(effect, Offer):
            there = road.offer(one.record, one.sealed)
            return signals.Offered(effect.request, there.offset, there.centre, _mono() - begun)
        if isinstance(effect, Send):
            try:
                data = shelves.slice_of(self._shelf, plan, effect.offset, effect.count)
            except (FileNotFoundError, Broken) as missing:
                raise Gone from missing
            offset = road.send(one.record, one.sealed, effect.offset, data)
            return signals.Sent(effect.request, offset, _mono() - begun)
        here = shelves.offset_of(self._shelf, plan)
        if here >= one.sealed:
            return signals.Fetched(effect.request, here, 0, 0)
        data = road.fetch(one.record, one.sealed, here, effect.count)
        took = _mono() - begun
        try:
            here = shelves.take(self._shelf, plan, here, data)
        except Broken as broken:
            raise Spoilt from broken
        self._plan(one)  # Gone where its dossier left meanwhile: what has just come goes with it
        return signals.Fetched(effect.request, here, len(data), took)

    def _let_go(self, effect: LetGo) -> Event:
        plan = self._plan(effect.transfer)
        if self._lane.run(partial(blobs.let_go, blob=effect.transfer.blob)):
            self._shelf.drop(plan.chunks)
            self._tell(Progress(effect.transfer, effect.transfer.sealed))
        return signals.LetGone(effect.request)

    def _plan(self, one: Transfer) -> Plan:
        plan = self._lane.read(partial(blobs.plan, blob=one.blob))
        if plan is None:
            raise Gone
        return plan

    def _connected(self) -> Road:
        url = self._server()
        if url != self._url:
            self._hang_up()
        with self._guard:
            if self._closing:
                raise Offline
            if self._road is not None:
                return self._road
        found = self._lane.read(enrolment)
        if found is None:
            raise Offline
        with self._guard:
            if self._closing:
                raise Offline
            self._url = url
            self._road = self._make(url, found.seat.device, found.seat.incarnation, self._key.sign)
            return self._road

    def _hang_up(self) -> None:
        """The session is another after a fork or a new registration, or the server is another."""
        with self._guard:
            if self._road is not None:
                self._road.close()
                self._road = None


class _Queue:
    """The carrier's queue over the store lane: each method one committed transaction. `nobody_names` is called when a
    copy has lost its last meaning here."""

    def __init__(self, lane: StoreLane, nobody_names: Callable[[], None]) -> None:
        self._lane = lane
        self._nobody_names = nobody_names

    def transfers(self) -> Sequence[Transfer]:
        """All that is wanted."""
        return self._lane.read(blobs.transfers)

    def at_centre(self, blob: str, wall: int) -> None:
        """The centre verified every chunk; a copy that stayed only for that goes now."""
        if self._lane.run(partial(blobs.at_centre, blob=blob, now_ms=wall)):
            self._nobody_names()

    def is_here(self, blob: str) -> None:
        """Every chunk is here."""
        self._lane.run(partial(blobs.is_here, blob=blob, now_ms=self._lane.clock.now_ms()))

    def send_again(self, blob: str) -> None:
        """The centre lacks it."""
        self._lane.run(partial(blobs.send_again, blob=blob))

    def not_to_send(self, blob: str) -> None:
        """The copy here is not whole."""
        self._lane.run(partial(blobs.spoilt_here, blob=blob))
        self._nobody_names()  # what is left of it may belong to a dossier that has left this desk

    def erased(self, transfer: Transfer) -> None:
        """It was erased after its dossier had left this desk."""
        work = partial(blobs.erased_elsewhere, blob=transfer.blob, record=transfer.record)
        if self._lane.run(work):
            self._nobody_names()


def _mono() -> int:
    return time.monotonic_ns() // 1_000_000
