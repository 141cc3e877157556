"""A hub's road to the centre: drives the sync engine over the hub's store, and keeps the list of desks fresh."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.records.kinds import SCHEMA
from server.operations.blob_uplink import BlobUplink
from server.operations.centre import Centre, News, log
from server.operations.hub_aside import ASIDE_MS, NotTaken, PatientRoad
from server.store import accounts, courier, granted, hubs, revoked
from server.store.accounts import Device
from server.store.attachments import KIND as ATTACHMENT
from server.store.engine import Connection
from server.store.revoked import Order
from server.store.troubles import StoreUnavailable
from sync import engine as core
from sync import wire
from sync.door import Again, Devices, Enrolled, KnownDevice, Receipt, wipe_claim
from sync.engine import Effect, Engine, Event, Now, Road
from sync.replica import scopes
from sync.replica.changes import Folded
from sync.replica.relay import RelayReplica
from sync.signals import AskProof
from sync.transport import HttpTransport, enrol
from sync.troubles import Forked, Offline, Revoked, SignedOut, Trouble
from sync.trust import SYSTEM, Trust
from sync.wire import BadMessage

R = TypeVar("R")

RECEIPT_S: Final = 10.0
"""How long (seconds) the centre is waited for while a desk waits here."""
REFRESH_MS: Final = 60_000
"""How often (ms) the list of desks is asked for anew while the line stands."""
ASK_S: Final = 10.0
"""How long (seconds) asking for the list may take: a desk may be waiting at the door for it."""
AFTER_TROUBLE_MS: Final = 5_000
LISTENERS: Final = 2
_JOIN_S: Final = 10.0
_PACE: Final = core.Pace(in_flight=1)
"""A hub sends the chains of many desks in turn: one push at a time, so that each answer is of what it thinks."""


@dataclass(frozen=True, slots=True)
class HubIdentity:
    """Who a hub is at the centre: its device, centre, own key, and the centre's public key."""

    device: str
    centre: str
    key: Ed25519PrivateKey
    centre_key: Ed25519PublicKey


def _mono() -> int:
    return time.monotonic_ns() // 1_000_000


class _Run:
    """One transaction of the hub's write lane for each call."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre

    def __call__(self, work: Callable[[Connection], R]) -> R:
        return self._centre.lane.do(work)


class Uplink:
    """Threads: the engine's own, one that talks, two that listen (a pull in an old name may still be held).

    `refresh` may be called from any thread; `close` ends everything, and what is not sent stays in the log. `draw`
    gives numbers in [0, 1) for jitter, `mono` monotonic ms.
    """

    def __init__(
        self,
        centre: Centre,
        me: HubIdentity,
        url: str,
        pace: core.Pace | None = None,
        trust: Trust = SYSTEM,
        draw: Callable[[], float] = random.random,
        mono: Callable[[], int] = _mono,
    ) -> None:
        assert isinstance(centre.replica, RelayReplica), "only a hub has a centre above it"
        self.url = url
        self._trust = trust
        self._centre = centre
        self._me = me
        self._road = PatientRoad(
            _Run(centre), centre.replica, me.device, me.centre, me.key, me.centre_key,
            self._follow, self._folded, self._reached,
        )  # fmt: skip
        self._incarnation = self._road.begin(centre.lineage)
        self.blobs = BlobUplink(centre, me.device, me.key, url, trust)
        self._engine = Engine(self._road, me.device, draw, SCHEMA, pace or _PACE, narrows=False)
        self._transport = self._connected()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._talk: queue.SimpleQueue[Effect | None] = queue.SimpleQueue()
        self._listen: queue.SimpleQueue[Effect | None] = queue.SimpleQueue()
        self._news = News()
        self._couriers: dict[str, str] = {}
        self._wake_at: int | None = None
        self._met = 0
        self._refreshing = threading.Lock()
        self._mono = mono
        self._refreshed = mono() - REFRESH_MS
        self._changed = threading.Condition()
        self._closing = False
        self.road = Road()
        works = [("hub-engine", self._drive), ("hub-talk", self._speak)]
        works += [(f"hub-listen-{i}", self._hear) for i in range(LISTENERS)]
        self._threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works]

    def start(self) -> None:
        """Begin; everything the hub holds and the centre lacks is sent now."""
        self._centre.accepted = self.saved
        for thread in self._threads:
            thread.start()
        self.blobs.start()

    def saved(self) -> None:
        """A desk's push was taken."""
        self._events.put(core.Saved())

    def nudge(self) -> None:
        """Try again now."""
        self._events.put(core.Nudged())

    def close(self) -> None:
        """Abort what is in flight and end the threads."""
        if self._closing:
            return
        self._closing = True
        self.blobs.close()
        self._centre.accepted = None
        self._transport.close()
        self._events.put(None)
        self._talk.put(None)
        for _ in range(LISTENERS):
            self._listen.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_JOIN_S)

    def wait_for(self, fact: Callable[[Road], bool], timeout_s: float) -> bool:
        """Block another thread until the road is so; False where the time ran out first."""
        with self._changed:
            return self._changed.wait_for(lambda: fact(self.road), timeout_s)

    # ------------------------------------------------------------ desks

    def refresh(self) -> bool:
        """Ask for the list of desks now; answers whether it came."""
        with self._refreshing:
            try:
                found = self._transport.devices(ASK_S)
            except Trouble:
                return False
            self._refreshed = self._mono()
        self._learn(found)
        self._learn_couriers()
        return True

    def keep_fresh(self) -> None:
        """Ask for the list of desks where it is older than a minute."""
        if self._mono() - self._refreshed > REFRESH_MS:
            self.refresh()

    def enrol(self, code: str, key: bytes, name: str, again: Again | None = None) -> Enrolled:
        """Hand a desk's enrolment on to the centre. Raises sync.troubles."""
        made = enrol(self.url, code, key, name, self._trust, again)
        self.refresh()
        return made

    def receipt(self, device: str, digest: str) -> Receipt | None:
        """The centre's signed word for one of this hub's desks, or None where it counts something else. Asked only
        while the line stands, since a desk waits for the answer. Raises sync.troubles."""
        if self.road.up is not True:
            raise Offline
        return self._transport.receipt(digest, RECEIPT_S, device)

    def _learn(self, found: Devices) -> None:
        lines = [_device_of(one) for one in found.devices if one.centre == self._me.centre]

        orders = [Order(one.device, one.revoked, "", one.order) for one in found.devices if one.revoked and one.order]

        def job(connection: Connection) -> None:
            known = accounts.device_centres(connection)
            accounts.put_devices(connection, lines)
            revoked.put(connection, orders)
            for one in lines:
                if one.id not in known:
                    # Its grants may have come down before it was known.
                    granted.count_anew(connection, one.id)

        self._centre.lane.do(job)
        self._road.learn(found)

    def _learn_couriers(self) -> None:
        known = self._transport.couriers
        if known != self._couriers:
            for lineage, key in known.items():
                self._centre.lane.do(partial(courier.learn, lineage=lineage, key=key))
            self._couriers = known

    # ------------------------------------------------------------ inside and after the fold

    def _follow(self, connection: Connection, folded: Folded, regranted: frozenset[str]) -> None:
        hubs.follow(connection, folded.deltas, regranted)
        touched = {change.scope for change in folded.changes}
        audiences = frozenset(scopes.homes(connection, touched).values())
        devices = granted.holders(connection, touched) | regranted
        self._news = News(self._news.audiences | audiences, self._news.devices | devices)

    def _folded(self, folded: Folded) -> None:
        news, self._news = self._news, News()
        self._publish(news)
        if any(change.kind == ATTACHMENT and change.after is None for change in folded.changes):
            self.blobs.attachments_went()

    def _reached(self, devices: frozenset[str]) -> None:
        self._publish(News(devices=devices))

    def _publish(self, news: News) -> None:
        if self._centre.publish is not None:
            self._centre.publish(news)

    # ------------------------------------------------------------ the engine's thread

    def _connected(self) -> HttpTransport:
        return HttpTransport(self.url, self._me.device, self._incarnation, self._me.key.sign, self._trust)

    def _drive(self) -> None:
        self._step(core.Started())
        while not self._closing:
            now = self._mono()
            wakes = [at for at in (self._wake_at, self._road.next_try(now)) if at is not None]
            timeout = max(0.0, (min(wakes) - now) / 1000) if wakes else None
            try:
                event = self._events.get(timeout=timeout)
            except queue.Empty:
                self._wake_at = None
                event = core.Woke()
            if event is None:
                return
            self._step(event)

    def _step(self, event: Event) -> None:
        self._rest(event)
        try:
            effects = self._engine.step(event, Now(self._mono(), self._centre.now_ms()))
        except StoreUnavailable:
            if not self._closing:
                log.warning("hub: the own store could not take it, again in %d ms", AFTER_TROUBLE_MS)
            self._wake_at = self._mono() + AFTER_TROUBLE_MS
            return
        except Exception as fault:  # noqa: BLE001  # a bug must not end the road without a word (sync.md F12)
            log.error("hub: the engine failed: %s", type(fault).__name__, exc_info=fault)
            self._wake_at = self._mono() + AFTER_TROUBLE_MS
            return
        if isinstance(event, core.Failed) and isinstance(event.trouble, Forked):
            self._renew()
        if self._road.met != self._met:
            self._met = self._road.met
            self.blobs.centre_met()
        for effect in effects:
            if isinstance(effect, core.WakeAt):
                self._wake_at = effect.mono
            elif isinstance(effect, core.Report):
                if effect.road.signed_out and not self.road.signed_out:
                    log.warning("hub: the centre does not know this hub: enrol it again (docs/hubs.md)")
                with self._changed:
                    self.road = effect.road
                    self._changed.notify_all()
                self.blobs.road_said(effect.road)
            else:
                (self._listen if isinstance(effect, core.Pull) else self._talk).put(effect)

    def _rest(self, event: Event) -> None:
        """A chain that the centre does not take rests, and the others go on."""
        now = self._mono()
        self._road.passed(now)
        if isinstance(event, core.PushAnswered):
            self._road.taken()
        elif isinstance(event, core.Failed) and isinstance(event.trouble, NotTaken):
            device = self._road.put_aside(now + ASIDE_MS)
            if device:
                log.warning("hub: the centre does not take the words of device=%s, they wait here", device)

    def _renew(self) -> None:
        """The hub's own name may have changed with the fork: its session is another then."""
        incarnation = self._road.view().incarnation
        if incarnation != self._incarnation:
            self._incarnation = incarnation
            self._transport.continue_as(incarnation)

    # ------------------------------------------------------------ the threads that wait for the centre

    def _speak(self) -> None:
        while (effect := self._talk.get()) is not None:
            self._carry_out(effect)

    def _hear(self) -> None:
        while (effect := self._listen.get()) is not None:
            self.keep_fresh()
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, core.WakeAt | core.Report | AskProof | core.AskReceipt) or self._closing:
            return
        try:
            self._events.put(self._asked(effect))
        except Trouble as trouble:
            if isinstance(trouble, Revoked):
                self._retire(trouble)
            self._events.put(core.Failed(effect.request, trouble))
        except Exception as fault:  # noqa: BLE001  # a bug in the road must not end the road
            log.error("hub: the transport failed: %s", type(fault).__name__, exc_info=fault)
            self._events.put(core.Failed(effect.request, Offline()))

    def _retire(self, order: Revoked) -> None:
        """The centre takes this hub out of service: what it holds still goes up, its desks go to the centre."""
        try:
            self._me.centre_key.verify(wire.raw64(order.order), wipe_claim(self._me.device, order.since))
        except (InvalidSignature, BadMessage):
            return
        if not self._centre.retired:
            log.warning("hub: the centre has taken this hub out of service")
            self._centre.retired = True

    def _asked(self, effect: core.Push | core.Pull | core.FetchScope) -> Event:
        timeout_s = effect.timeout_ms / 1000
        if isinstance(effect, core.Push):
            try:
                return core.PushAnswered(effect.request, self._transport.push(effect.data, timeout_s))
            except SignedOut as refused:
                if self.refresh():  # this hub is known there: it is the chain that is not
                    raise NotTaken from refused
                raise
        if isinstance(effect, core.Pull):
            wait_s = effect.wait_ms / 1000
            news = self._transport.pull(effect.lineage, effect.cursor, effect.limit, wait_s, timeout_s)
            return core.PullAnswered(effect.request, *(news or (None, ())))
        head, placed = self._transport.scope(effect.scope, effect.upto, effect.past, timeout_s)
        return core.ScopeAnswered(effect.request, effect.scope, head, placed)


def _device_of(one: KnownDevice) -> Device:
    return Device(
        id=one.device,
        centre=one.centre,
        seat=one.seat,
        centre_digit=one.centre_digit,
        name="",
        public_key=wire.raw64(one.key),
        all_cases=one.all_cases,
        enrolled_at=0,
        revoked_at=one.revoked,
    )
