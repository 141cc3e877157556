"""The hub of a simulated world: the server's own hub program over a store that can fail, without its threads."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.operations.centre import HUB
from server.operations.uplink import HubIdentity, Uplink
from server.store import hub_identity
from server.store.troubles import StoreUnavailable
from sync import engine as core
from sync import wire
from sync.engine import Effect, Engine, Event, Pace
from sync.signals import View
from sync.transport.client import HttpTransport
from sync.transport.line import Answer
from tests.simulation.machine import Transport, Wire
from tests.simulation.memory import Disk
from tests.simulation.place import Gate, Place, Told, VirtualClock
from tests.simulation.trace import Broken

SEAT = "AG00"


class World(Protocol):
    """What a hub needs of the world around it."""

    def send(self, machine: Hub, effect: core.Request) -> None:
        """Carry a request out."""

    def wake(self, machine: Hub, mono: int) -> None:
        """Send Woke then; only the last asked counts."""

    def ask(self, machine: Hub, place: Place, path: str, token: str, body: bytes) -> Answer:
        """Ask a server."""

    def laid(self, machine: Hub) -> None:
        """Its program is put together and has not begun yet."""

    def saved(self, machine: Hub) -> None:
        """A desk's push was taken."""

    def say(self, who: str, what: str, *figures: object) -> None:
        """A line of the timeline."""


def _laid(wire_of: Callable[[], Wire]) -> type[Uplink]:
    """The production uplink with its line laid through the world; its owner says when it steps."""

    class Laid(Uplink):
        def _connected(self) -> HttpTransport:
            return Transport(wire_of(), self._me.device, self._incarnation, self._me.key.sign)

    return Laid


class _Strict:
    """The hub's engine; remembers a fault of our own, which the uplink only logs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.fault: Exception | None = None

    def step(self, event: Event, now: core.Now) -> list[Effect]:
        try:
            return self._engine.step(event, now)
        except StoreUnavailable:
            raise
        except Exception as fault:
            self.fault = fault
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class Hub:
    """One hub. Its disk outlives its program."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        clock: VirtualClock,
        dice: random.Random,
        world: World,
        pace: Pace,
        centre: Place,
    ) -> None:
        self.seat = SEAT
        self.key = key
        self.clock = clock
        self.dice = dice
        self.pace = replace(pace, in_flight=1)
        self.servers = (centre,)
        self.place = Place(clock, dice, HUB)
        self.life = 0
        self.wake_at = -1
        self.died_at = "Hub"
        self.revoked = False
        self.for_good = False
        """Whether it never comes back."""
        self._world = world
        public = key.public_key().public_bytes_raw()
        self.told: Told = centre.enrol("an_giang", SEAT, public, hub=True)
        centre_key = wire.text64(centre.centre.key.public_key().public_bytes_raw())
        with self.place.disk.engine.begin() as connection:
            hub_identity.write(connection, self.told.device, self.told.centre, centre_key)

    @property
    def on(self) -> bool:
        """Whether the program runs."""
        return self.place.up

    @on.setter
    def on(self, now: bool) -> None:
        self.place.up = now

    @property
    def server(self) -> Place:
        """The centre."""
        return self.servers[0]

    @property
    def gate(self) -> Gate:
        """Where it may fail."""
        return self.place.gate

    @property
    def device(self) -> str:
        """Its name at the centre."""
        return self.told.device

    @property
    def engine(self) -> Engine:
        """Its engine."""
        return self.uplink._engine

    @property
    def transport(self) -> Transport:
        """Its line to the centre."""
        found = self.uplink._transport
        assert isinstance(found, Transport)
        return found

    def boot(self) -> None:
        """The program starts on what was committed; as `python -m server serve --role hub`."""
        self.life += 1
        self.on = True
        self.place.boot()
        centre = self.place.centre
        device, home, known = self.place.read(hub_identity.read)
        me = HubIdentity(device, home, self.key, Ed25519PublicKey.from_public_bytes(wire.raw64(known)))
        laid = _laid(lambda: Wire(lambda path, token, body: self._world.ask(self, self.server, path, token, body)))
        self.uplink = laid(
            centre, me, "http://localhost", self.pace, draw=self.dice.random, mono=self.clock.monotonic_ms
        )
        self._strict = _Strict(self.uplink._engine)
        self.uplink._engine = self._strict  # type: ignore[assignment]  # it is the engine, looked at
        centre.uplink = self.uplink
        centre.accepted = partial(self._world.saved, self)
        self._woken_for: int | None = None
        self._world.laid(self)
        self.step(core.Started())

    def restore(self, backup: Disk) -> None:
        """An older copy of its disk is put in place, under a new lineage (the program is off)."""
        self.place.restore(backup)

    def step(self, event: Event) -> None:
        """One event to the engine; its effects go into the world instead of to the uplink's threads."""
        uplink = self.uplink
        if isinstance(event, core.Woke):
            uplink._wake_at = self._woken_for = None
        uplink._step(event)
        self._world.say(self.seat, type(event).__name__)
        if self._strict.fault is not None:
            fault = self._strict.fault
            raise Broken("no fault of our own", f"the hub {type(fault).__name__}: {fault}") from fault
        for lane in (uplink._talk, uplink._listen):
            while not lane.empty():
                effect = lane.get()
                if isinstance(effect, core.Push | core.Pull | core.FetchScope):
                    self._world.send(self, effect)
        if uplink._wake_at is not None and uplink._wake_at != self._woken_for:
            self._woken_for = uplink._wake_at
            self._world.wake(self, uplink._wake_at)

    def probed(self, alive: bool) -> None:
        """A hub has one server only."""

    def view(self) -> View:
        """Where it stands at the centre."""
        return self.uplink._road.view()

