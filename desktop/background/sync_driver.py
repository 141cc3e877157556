"""Drives the sync engine on the net lane: carries its effects out over a transport and publishes the road."""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.background.change_bus import ChangeBus, Changes, Origin, RoadStatus
from desktop.background.first_fill import LEAST, FirstFill
from desktop.background.first_meeting import FirstMeeting
from desktop.background.history_told import Wanted, history_told
from desktop.background.lanes import Closed, StoreLane
from desktop.background.parting import Parting
from desktop.background.road_parts import (
    AskHealth,
    Handed,
    MakeTransport,
    Probed,
    ReadRun,
    Transport,
    WriteRun,
    answers,
    asked,
    health_of,
)
from desktop.background.road_status import status_of
from desktop.store.closing import centre_key
from desktop.store.courier import learn_receiver
from desktop.store.engine import Connection, Store
from desktop.store.reads import RoadView, road_view
from desktop.store.receipts import Receipts
from desktop.store.road_marks import follow, mark_line
from desktop.store.unit_of_work import Operation
from domain.clock import Clock
from domain.records.kinds import SCHEMA
from sync import engine as core
from sync.door import Approved, EmergencyGiven
from sync.engine import Effect, Engine, Event, Now, Road
from sync.operation import Placed
from sync.replica.changes import Folded
from sync.replica.desk_road import DeskRoad
from sync.replica.guest import DeskGuest
from sync.replica.scopes import device_scope
from sync.troubles import Offline, Revoked, Trouble
from sync.wayfinder import Wayfinder

R = TypeVar("R")

_log = logging.getLogger(__name__)

AFTER_TROUBLE_MS: Final = 5_000
"""How long (ms) the engine rests after the own store failed it (a full disk)."""

LISTENERS: Final = 2
"""A pull asked in an old name or of an old lineage may still be held when the next one is asked."""

TALKERS: Final = 3
"""A push may follow one that is still under way, and a call just taken may pass both."""

ASK_S: Final = 20.0
"""How long (seconds) asking for an emergency read may take."""

_JOIN_S: Final = 10.0


class SyncDriver:
    """Threads: the engine's own, one that talks (push, back-fill), and those that listen (the held pull).

    `servers` are addresses, best first: the hub of the own centre, then the centre.
    `on_numbers` is run when a leased block of numbers arrived. A new desk that may see `fill_from` records or
    more is filled by segments. Every delay runs on the machine's monotonic
    clock; `clock` only says what time is shown.
    """

    def __init__(
        self,
        lane: StoreLane,
        store: Store,
        bus: ChangeBus,
        clock: Clock,
        servers: Sequence[str],
        key: Ed25519PrivateKey,
        make_transport: MakeTransport,
        pace: core.Pace | None = None,
        on_numbers: Operation[int] | None = None,
        fill_from: int = LEAST,
        ask_health: AskHealth = health_of,
    ) -> None:
        self._lane = lane
        self._store = store
        self._bus = bus
        self._clock = clock
        self._servers = tuple(servers)
        self._way = Wayfinder(len(self._servers))
        self._probing = False
        self._key = key
        self._make = make_transport
        self._ask_health = ask_health
        self._on_numbers = on_numbers
        self._device = lane.seat.device
        self._road = DeskRoad(
            WriteRun(lane),
            store.replica,
            self._device,
            key,
            self._learned,
            self._folded,
            Receipts(store.stamps, lane.seat, clock),
            ReadRun(lane),
            centre_key,
        )
        self._engine = Engine(self._road, self._device, random.random, SCHEMA, pace or core.Pace())
        self._events: queue.SimpleQueue[Event | Probed | Handed | None] = queue.SimpleQueue()
        self._talk: queue.SimpleQueue[Effect | None] = queue.SimpleQueue()
        self._listen: queue.SimpleQueue[Effect | None] = queue.SimpleQueue()
        self._saved_queued = threading.Event()
        self._wake_at: int | None = None
        self._last_request = self._asked_before = 0
        self._transport: Transport | None = None
        self._guard = threading.Lock()
        self._closing = False
        self._ended = False
        self._couriers: dict[str, str] = {}
        self._renamed = 0
        self._threads: list[threading.Thread] = []
        self.fill = FirstFill(lane, store, bus, clock, self._filling, fill_from)
        self._meet = FirstMeeting(
            DeskGuest(WriteRun(lane), ReadRun(lane), store.replica, self._learned, self._folded),
            lambda: ask_health(self.server()),
            device_scope(self._device),
        )
        self.parting = Parting(lane, bus)
        self.status = RoadStatus()
        self.on_status: Callable[[RoadStatus], None] | None = None
        """Told every new status, on a thread of the road: whoever gives way to text listens here."""
        self.on_folded: Callable[[Mapping[str, frozenset[str]]], None] | None = None
        """Told what a fold from the road touched, ids by kind, on the engine's thread."""

    def start(self) -> None:
        """Begin; everything saved before is sent now."""
        self._lane.committed = self.saved
        lanes = [("net-lane", self._drive)]
        lanes += [(f"net-talk-{i}", self._speak) for i in range(TALKERS)]
        lanes += [(f"net-listen-{i}", self._hear) for i in range(LISTENERS)]
        for name, work in lanes:
            thread = threading.Thread(target=work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def saved(self) -> None:
        """An act was committed here; called on the store lane."""
        if not self._saved_queued.is_set():
            self._saved_queued.set()
            self._events.put(core.Saved())

    def nudge(self) -> None:
        """Try again now."""
        self._events.put(core.Nudged())

    def compare_anew(self) -> None:
        """Running figures were put right here: both ends are compared now."""
        self._events.put(core.Nudged(anew=True))

    def carry(self, event: core.Carried) -> None:
        """Hand one letter of a courier's reply to the engine and wait until it is taken: never on the GUI thread.

        Raises Closed, and what the own store raised."""
        handed = Handed(event)
        with self._guard:
            if self._ended or not self._threads:
                raise Closed
            self._events.put(handed)
        handed.wait()

    def emergency(self, code: str, staff: str, why: str, words: str) -> EmergencyGiven:
        """Ask the centre for one file of another centre for an hour, off the GUI thread. Raises sync.troubles."""
        with self._guard:
            ask = getattr(self._transport, "emergency", None)
        if ask is None or self._closing:
            raise Offline
        given: EmergencyGiven = ask(code, staff, why, words, ASK_S)
        return given

    def approve(self, staff: str, seat: str, words: str) -> Approved:
        """Let in the new desk at this seat by the words of its key, off the GUI thread. Raises sync.troubles."""
        with self._guard:
            ask = getattr(self._transport, "approve", None)
        if ask is None or self._closing:
            raise Offline
        given: Approved = ask(staff, seat, words, ASK_S)
        return given

    def history(self, wanted: Collection[Wanted]) -> list[Placed]:
        """Every operation of these that the server here has and this desk may see, off the GUI thread. Nothing of it
        is folded or kept. Raises sync.troubles."""
        with self._guard:
            transport = self._transport
        if transport is None or self._closing:
            raise Offline
        return history_told(transport, wanted)

    def server(self) -> str:
        """The address of the server that is spoken to now."""
        return self._servers[self._way.at]

    def close(self) -> None:
        """Abort what is in flight and end the threads; what is not sent stays in the log and goes next time."""
        if self._closing:
            return
        self._closing = True
        self.fill.stop()
        self._lane.committed = None
        with self._guard:
            if self._transport is not None:
                self._transport.close()
        self._events.put(None)
        for _ in range(TALKERS):
            self._talk.put(None)
        for _ in range(LISTENERS):
            self._listen.put(None)
        for thread in self._threads:
            thread.join(_JOIN_S)

    # ------------------------------------------------------------ the engine's thread

    def _drive(self) -> None:
        try:
            self._engine.road = _road_of(self._lane.read(road_view))
            self._connect()
            if len(self._servers) > 1:
                # The last run may have ended at another of them.
                self._step(core.Moved())
            self._step(core.Started())
            while not self._closing:
                event = self._next()
                if event is None:
                    return
                if isinstance(event, Handed):
                    try:
                        fault = self._step(event.event)
                    except Closed as closed:
                        event.took(closed)
                        raise
                    event.took(fault)
                    continue
                if isinstance(event, core.Saved):
                    self._saved_queued.clear()
                if isinstance(event, core.Nudged):
                    self._way.look_now(_mono())
                if isinstance(event, Probed):
                    self._probing = False
                    if self._way.probed(event.alive, _mono()):
                        self._move(at_once=True)
                    continue
                self._step(event)
                self._find_way(event)
                self.parting.look(self._engine.road.waiting, _mono())
        except Closed:
            return
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Nobody takes events any more: whoever waits for one hears so."""
        with self._guard:
            self._ended = True
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, Handed):
                event.took(Closed())

    def _next(self) -> Event | Probed | Handed | None:
        while True:
            probe_at = None if self._probing else self._way.probe_at()
            due = [when for when in (self._wake_at, probe_at) if when is not None]
            timeout = max(0.0, (min(due) - _mono()) / 1000) if due else None
            try:
                return self._events.get(timeout=timeout)
            except queue.Empty:
                if probe_at is not None and probe_at <= _mono():
                    self._probing = True
                    self._look_for_first()
                if self._wake_at is not None and self._wake_at <= _mono():
                    self._wake_at = None
                    return core.Woke()

    def _find_way(self, event: Event) -> None:
        if isinstance(event, core.PushAnswered | core.PullAnswered | core.ScopeAnswered):
            self._way.answered()
        elif isinstance(event, core.Failed) and event.request > self._asked_before:
            if isinstance(event.trouble, Revoked):
                self.parting.heard(event.trouble)
            at_once = self._way.failed(event.trouble, _mono())
            if at_once is not None:
                self._move(at_once=at_once)

    def _move(self, *, at_once: bool) -> None:
        # Requests under way were the former server's: their failing says nothing about this one.
        self._asked_before = self._last_request
        self._connect()
        self._step(core.Moved(at_once))

    def _step(self, event: Event) -> Exception | None:
        """One step and its effects; answers what went wrong with the own store, which is tried again later."""
        try:
            effects = self._engine.step(event, Now(_mono(), self._clock.now_ms(), self._lane.presence.is_there()))
        except Closed:
            raise
        except Trouble as trouble:
            # The own store could not take it; what the server sent will be sent again.
            _log.warning("the engine met a trouble: %s", type(trouble).__name__)
            self._try_later(trouble.advice)
            return trouble
        except Exception as fault:  # noqa: BLE001 - a bug must not end the road without a word (sync.md F12)
            _log.error("the engine failed: %s", type(fault).__name__, exc_info=fault)
            self._try_later(Trouble.advice)
            return fault
        if self._road.renamed != self._renamed:
            self._connect()
        for effect in effects:
            if isinstance(effect, core.WakeAt):
                self._wake_at = effect.mono
            elif isinstance(effect, core.Report):
                self._publish(effect.road)
            else:
                self._last_request = effect.request
                (self._listen if isinstance(effect, core.Pull) else self._talk).put(effect)
        return None

    def _try_later(self, advice: str) -> None:
        self._wake_at = _mono() + AFTER_TROUBLE_MS
        self._publish(replace(self._engine.road, advice=advice))

    def _connect(self) -> None:
        """Make the transport anew: it belongs to one incarnation, and after a fork the session is another."""
        self._renamed = self._road.renamed
        incarnation = self._road.view().incarnation
        with self._guard:
            if self._closing:
                return
            if self._transport is not None:
                self._transport.close()
            self._transport = self._make(self.server(), self._device, incarnation, self._key.sign)

    def _publish(self, road: Road) -> None:
        view = self._lane.peek(road_view)
        if (road.up is False) != (view.line_down_since_ms is not None) or _stale(view, road):
            self._lane.run(mark_line(road.last_contact, road.down_since))
        status = status_of(road, view, self._key)
        self._say(replace(status, filling=self.fill.words, servers=self._servers, server=self.server()))

    def _filling(self) -> None:
        self._say(replace(self.status, filling=self.fill.words))

    def _say(self, status: RoadStatus) -> None:
        self.status = status
        self._bus.road.emit(status)
        if self.on_status is not None:
            self.on_status(status)

    # ------------------------------------------------------------ inside and after the fold

    def _learned(self, connection: Connection, placed: Sequence[Placed]) -> None:
        follow(connection, self._store.stamps, placed, self._clock.now_ms())

    def _folded(self, folded: Folded) -> None:
        touched = folded.touched()
        if touched:
            self._bus.changed.emit(Changes(Origin.CENTRE, touched, "road"))
            if self.on_folded is not None:
                self.on_folded(touched)
        if "number_block" in touched and self._on_numbers is not None:
            self._lane.call(self._on_numbers, "road")

    # ------------------------------------------------------------ the threads that wait for the server

    def _speak(self) -> None:
        while (effect := self._talk.get()) is not None:
            self._carry_out(effect)

    def _look_for_first(self) -> None:
        """Ask the first server on a thread of its own: nothing that is said now may wait for it."""

        def look() -> None:
            self._events.put(Probed(answers(self._servers[0], self._ask_health)))

        threading.Thread(target=look, name="net-probe", daemon=True).start()

    def _hear(self) -> None:
        while (effect := self._listen.get()) is not None:
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, core.WakeAt | core.Report) or self._closing:
            return
        with self._guard:
            transport = self._transport
        try:
            if transport is None:
                raise Offline
            if isinstance(effect, core.Pull):
                effect = self._meet(transport, self._filled(transport, effect))
            self._events.put(asked(transport, effect, self._store.replica))
            self._learn_receivers(getattr(transport, "couriers", {}))
        except Trouble as trouble:
            self._events.put(core.Failed(effect.request, trouble))
        except Exception as fault:  # noqa: BLE001 - a bug in the road must not end the road
            _log.error("the transport failed: %s", type(fault).__name__, exc_info=fault)
            self._events.put(core.Failed(effect.request, Offline()))

    def _filled(self, transport: Transport, pull: core.Pull) -> core.Pull:
        filled = self.fill(transport, pull)
        if filled is not pull and self._on_numbers is not None:
            self._lane.call(self._on_numbers, "road")  # the block of numbers came with the rows
        return filled

    def _learn_receivers(self, told: dict[str, str]) -> None:
        """Whom a stick would be sealed for, learned while there still is a line."""
        if told == self._couriers:
            return
        with contextlib.suppress(Closed, Trouble):  # the next answer brings it again
            for lineage, key in told.items():
                self._lane.run(partial(learn_receiver, lineage=lineage, key=key))
            self._couriers = told


def _road_of(view: RoadView) -> Road:
    return Road(down_since=view.line_down_since_ms, last_contact=view.last_contact_ms, equal_at=view.equal_at_ms)


def _stale(view: RoadView, road: Road) -> bool:
    """Whether the moment of the last contact should be written down again (once a minute at most)."""
    return road.last_contact is not None and road.last_contact - (view.last_contact_ms or 0) > 60_000


def _mono() -> int:
    return time.monotonic_ns() // 1_000_000
