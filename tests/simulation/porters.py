"""Who carries files' bytes in a simulated world: the production drivers of desks and hubs, without their threads."""

from __future__ import annotations

import errno
import queue
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from desktop.background.blob_driver import BlobDriver
from desktop.background.blob_lane import BlobLane
from desktop.background.errand import Errand
from desktop.background.road_status import status_of
from desktop.store import blobs
from desktop.store.reads_road import road_view
from domain.clock import SECOND
from server.operations.blob_uplink import BlobUplink, Swept
from sync.blobs import shelf as shelves
from sync.blobs import signals
from sync.blobs.carrier import Carrier
from sync.blobs.shelf import Shelf
from sync.blobs.signals import (
    Event,
    Fetch,
    Fetched,
    LetGo,
    Offer,
    Offered,
    Progress,
    Queue,
    Send,
    Transfer,
    WakeAt,
    Want,
)
from sync.signals import Now, Road
from sync.troubles import SignedOut, Trouble
from tests.simulation.file_door import FileLine, FileRoad
from tests.simulation.place import Gate
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.hub import Hub
    from tests.simulation.machine import Machine
    from tests.simulation.parcels import Parcels

R = TypeVar("R")
Request = Offer | Send | Fetch | LetGo

STAY_MS = 90 * SECOND
"""How long a copy stays after the centre verified it: longer than a backup of the centre may be old."""


class WorldShelf(Shelf):
    """A shelf whose machine may die at every write, with half of the bytes written, or have no room."""

    def __init__(self, root: Path, gate: Gate, dies: Callable[[], BaseException]) -> None:
        super().__init__(root)
        self._gate, self._dies = gate, dies

    def put(self, name: str, sealed: bytes) -> None:
        self._pass()
        super().put(name, sealed)
        self._pass()

    def append(self, name: str, offset: int, data: bytes, length: int) -> int:
        if self._gate.blows():
            super().append(name, offset, data[: len(data) // 2], length)
            raise self._dies()
        if self._gate.full:
            raise OSError(errno.ENOSPC, "no room")
        here = super().append(name, offset, data, length)
        self._pass()
        return here

    def _pass(self) -> None:
        if self._gate.full:
            raise OSError(errno.ENOSPC, "no room")
        if self._gate.blows():
            raise self._dies()


class Porter(ABC):
    """Steps one carrier in virtual time; one life of one program."""

    def __init__(self, parcels: Parcels, machine: Machine | Hub) -> None:
        self.parcels = parcels
        self.machine = machine
        self.life = machine.life
        self.flying: Request | None = None
        self.fault: BaseException | None = None
        self.asked_at = 0
        """When its last request reached the other side (virtual ms)."""
        self._met: set[str] = set()
        self._woken_for: int | None = None

    def step(self, event: Event | Swept) -> None:
        """One event, and whatever follows from it at once."""
        if isinstance(event, signals.Woke):
            self.driver._wake_at = self._woken_for = None
        self.drive(event)
        self.drain()

    def drain(self) -> None:
        """Every event that waits."""
        driver = self.driver
        while not driver._events.empty():
            more = driver._events.get()
            if more is not None:
                self.drive(more)
        if isinstance(self.fault, Broken):
            raise self.fault
        if self.fault is not None:
            raise Broken("no fault of our own", f"{self.machine.seat} files: {self.fault!r}") from self.fault
        when = driver._wake_at
        if when is not None and when != self._woken_for:
            self._woken_for = when
            self.parcels.later(self, when, partial(self._wake, when))

    def _wake(self, when: int) -> None:
        if self._woken_for == when:
            self.step(signals.Woke())

    @property
    @abstractmethod
    def driver(self) -> Any:
        """The production driver."""

    @abstractmethod
    def drive(self, event: Any) -> None:
        """One event to the driver."""

    @abstractmethod
    def transfers(self) -> list[Transfer]:
        """What is wanted."""

    @abstractmethod
    def asked(self, effect: Request) -> Event:
        """Carry a request out now, as the driver does; the answer."""

    def carry(self, effect: Request) -> None:
        """The request reaches the other side a while later."""
        self.flying = effect
        self.parcels.later(self, self.parcels.moment(), partial(self._arrive, effect))

    def _arrive(self, effect: Request) -> None:
        self.asked_at = self.parcels.now
        event = self.asked(effect)
        then = self.parcels.moment()
        took = then - self.parcels.now
        if isinstance(event, signals.Offered | signals.Sent | signals.Fetched):
            event = replace(event, took_ms=2 * took)
        self.parcels.later(self, then, partial(self._deliver, effect, event))

    def _deliver(self, effect: Request, event: Event) -> None:
        self.flying = None
        self.parcels.say(self, effect, event)
        self._tell(effect, event)
        self.step(event)

    def _tell(self, effect: Request, event: Event) -> None:
        """What the world should sometimes meet."""
        one, meet = effect.transfer, self.parcels.meet
        began = one.blob not in self._met
        self._met.add(one.blob)
        if isinstance(event, signals.Failed):
            self._met.discard(one.blob)
            if isinstance(effect, Send | Fetch):
                meet("chunks interrupted")
        elif isinstance(event, Offered) and one.want is Want.UP and 0 < event.offset < one.sealed and began:
            meet("chunks resumed on the way up")
        elif isinstance(event, Fetched) and began and 0 < event.count < event.offset:
            meet("chunks resumed on the way down")

    def road(self, place_at: int) -> FileRoad:
        """A road to one of the machine's servers, through the world."""
        machine, parcels = self.machine, self.parcels
        place = machine.servers[place_at]
        line = FileLine(partial(parcels.ask, self, place))
        incarnation = getattr(machine.transport, "_incarnation", 1)
        return FileRoad(line, machine.device, incarnation, machine.key.sign)

    def strict(self, work: Callable[[], R]) -> R:
        """What fails otherwise than by a trouble or the disk is a fault of our own, which drivers only log."""
        try:
            return work()
        except (Trouble, OSError):
            raise
        except Exception as fault:
            self.fault = fault
            raise


class _Told:
    """A carrier's queue; what it takes for arrived must have arrived."""

    def __init__(self, porter: Porter, queue: Queue) -> None:
        self._porter, self._queue = porter, queue

    def at_centre(self, blob: str, wall: int) -> None:
        """The centre verified every chunk, the carrier believes."""
        self._porter.strict(lambda: self._porter.parcels.believed(self._porter, blob))
        self._queue.at_centre(blob, wall)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


class _Lane:
    """A desk's store lane as its driver of blobs sees it."""

    def __init__(self, porter: Porter, machine: Machine) -> None:
        self._porter, self._machine = porter, machine
        self.clock = machine.clock

    def run(self, work: Callable[[Connection], R]) -> R:
        """One transaction; the machine may die in it."""

        def files(connection: Connection) -> R:
            return self._porter.strict(lambda: work(connection))

        files.__qualname__ = "porter.files.<locals>.work"
        return self._machine._run(files)

    def read(self, work: Callable[[Connection], R]) -> R:
        """A look."""
        return self._machine.look(work)


class _Bus:
    """Nobody looks at the screen."""

    class _Mute:
        def emit(self, _said: object) -> None:
            """Nothing."""

    blobs = _Mute()
    failed = _Mute()


class _Blobs(BlobLane):
    """The blob lane; what is asked of it is done at once."""

    def _put(self, errand: Errand) -> None:
        errand.carry_out()


class _Driver(BlobDriver):
    """The driver; what it asks goes through the world."""

    porter: DeskPorter

    def _carry_out(self, effect: Request) -> None:
        self.porter.carry(effect)

    def _answer(self, effect: Request) -> Event:
        return self.porter.strict(lambda: super(_Driver, self)._answer(effect))

    def _let_go(self, effect: LetGo) -> Event:
        self.porter.parcels.lets_go(self.porter, effect.transfer)
        return super()._let_go(effect)


class DeskPorter(Porter):
    """A desk's."""

    machine: Machine

    def __init__(self, parcels: Parcels, machine: Machine, shelf: Shelf, dice: random.Random) -> None:
        super().__init__(parcels, machine)
        lane: Any = _Lane(self, machine)
        bus: Any = _Bus()
        unused: Any = None
        self.lane = _Blobs(shelf, lane, bus, unused, policy=dice.choice(["opened", "opened", "all"]))
        space = dice.choice([0, 60_000, 1 << 30])
        self._driver = _Driver(
            self.lane, lane, bus, lambda: str(machine.way.at), machine.key, self._made, space
        )
        self._driver.porter = self
        self._driver._carrier.random = dice.random
        self._driver._carrier.queue = _Told(self, self._driver._carrier.queue)
        self.lane.queue_changed = self._driver.changed

    def _made(self, url: str, _device: str, _incarnation: int, _sign: object) -> FileRoad:
        return self.road(int(url))

    @property
    def driver(self) -> BlobDriver:
        """The production driver."""
        return self._driver

    def drive(self, event: Any) -> None:
        """As `BlobDriver._drive`."""
        self._driver._drive_one(event)

    def transfers(self) -> list[Transfer]:
        """What is wanted."""
        return self.machine.look(blobs.transfers)

    def asked(self, effect: Request) -> Event:
        """As `BlobDriver._carry_out`."""
        BlobDriver._carry_out(self._driver, effect)
        event = self._driver._events.get()
        assert event is not None
        return event

    def said(self, road: Road) -> None:
        """The road of text has another status; as `SyncDriver._tell`."""
        status = status_of(road, self.machine.look(road_view), self.machine.key)
        self._driver.road_said(replace(status, server=str(self.machine.way.at)))
        self.step(signals.Woke())


class _Above(BlobUplink):
    """The hub's road for bytes; what it asks goes through the world."""

    porter: HubPorter

    def _step(self, event: Event) -> None:
        for effect in self._carrier.step(event, Now(self.porter.parcels.now, self._centre.now_ms())):
            if isinstance(effect, WakeAt):
                self._wake_at = effect.mono
            elif not isinstance(effect, Progress):
                self.porter.carry(effect)

    def _opened(self) -> FileRoad:
        road = self.porter.road(0)
        self._roads.append(road)
        return road


class _Bell(queue.SimpleQueue[Any]):
    """A hub's events: its thread wakes for each, whoever put it."""

    def __init__(self, porter: HubPorter) -> None:
        super().__init__()
        self._porter = porter

    def put(self, event: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(event, block, timeout)
        self._porter.rings()


class HubPorter(Porter):
    """A hub's."""

    machine: Hub

    def __init__(self, parcels: Parcels, hub: Hub, dice: random.Random) -> None:
        super().__init__(parcels, hub)
        self._above = _Above(hub.place.centre, hub.device, hub.key, "http://localhost")
        self._above.porter = self
        self._above._carrier.random = dice.random
        self._above._carrier.queue = _Told(self, self._above._carrier.queue)
        self._above._events = _Bell(self)

    def rings(self) -> None:
        """There is an event."""
        self.parcels.later(self, self.parcels.now, self.drain)

    @property
    def driver(self) -> BlobUplink:
        """The production driver."""
        return self._above

    def drive(self, event: Any) -> None:
        """As `BlobUplink._drive`."""
        if isinstance(event, Swept):
            self._above._sweep()
        else:
            self._above._step(event)

    def transfers(self) -> list[Transfer]:
        """What is wanted."""
        return list(self._above._carrier.queue.transfers())

    def asked(self, effect: Request) -> Event:
        """As `BlobUplink._carried_out`."""
        try:
            return self.strict(lambda: self._above._answer(effect))
        except Trouble as trouble:
            if isinstance(trouble, SignedOut):
                self._above._hang_up(self._above._carrying)
                self._above._carrying = None
            return signals.Failed(effect.request, trouble)
        except OSError:
            return signals.Failed(effect.request, Trouble())


def whole(shelf: Shelf, plan: Any) -> bool:
    """Whether every chunk is on a shelf."""
    return shelves.offset_of(shelf, plan) >= int(plan.sealed)


def carrier_of(porter: Porter) -> Carrier:
    """The production carrier."""
    found: Carrier = porter.driver._carrier
    return found
