"""One deterministic world: a virtual clock, lines that lose and double, desks, a centre, people and misfortunes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from desktop.store.blobs import BlobCopies
from domain.numbering import CENTRES
from domain.records.audit import OPEN
from server.http.waiters import Waiter
from server.store.troubles import StoreUnavailable
from sync import engine as core
from sync.audit import Said
from sync.operation import Placed
from sync.replica.changes import Folded
from sync.transport.line import Answer
from sync.troubles import Offline, ServerTrouble, Trouble
from tests.simulation.courier import Couriers
from tests.simulation.errands import weather_of
from tests.simulation.hours import Hours
from tests.simulation.hub import Hub
from tests.simulation.ledger import Ledger
from tests.simulation.machine import OLD_KINDS, Crash, Machine
from tests.simulation.memory import Disk
from tests.simulation.parcels import Parcels
from tests.simulation.people import People
from tests.simulation.place import Place, Pulling, Reset, VirtualClock
from tests.simulation.seldom import Seldom
from tests.simulation.trip import Trip, asked
from tests.simulation.weather import START, Weather
from tests.simulation.witness import Witness

Request = core.Request


class World(Hours):
    """Everything of one seed. `run` lives it to the end; broken promises are raised as `trace.Broken`."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weather: Weather = weather_of(seed)
        self.ledger = Ledger()
        self.dice = random.Random(f"{seed} line")
        self.people_dice = random.Random(f"{seed} people")
        centres = sorted({CENTRES[seat[:2]] for seat in self.weather.seats}) if self.weather.passes else []
        self.people = People(self.people_dice, centres)
        self.lab = random.Random(f"{seed} salts")
        self.seldom = Seldom(seed, lambda: self.calm)
        self.place = Place(VirtualClock(lambda: self.now, START), self.lab)
        self.place.told = self._news
        self.machines: list[Machine] = []
        self.hub: Hub | None = None
        self.couriers = Couriers(self, random.Random(f"{seed} couriers")) if self.weather.sticks else None
        self.parcels = Parcels(self, random.Random(f"{seed} files")) if self.weather.files else None
        if self.parcels is not None:
            self.place.shelf = self.parcels.shelf
            self.place.centre.blobs = self.parcels.shelf(self.place)
        self.blind: list[tuple[Machine, str]] = []
        self.calm = False
        self.copies: dict[int, Any] = {}
        self.cut_until: dict[str, int] = {}
        self._trips: list[Trip] = []
        self._held: list[tuple[Trip, Pulling, Waiter]] = []
        self.witness = Witness(self)
        if self.weather.hub:
            self._found_hub()
        for index, seat in enumerate(self.weather.seats):
            self._enrol(index, seat)

    def _found_hub(self) -> None:
        key = Ed25519PrivateKey.from_private_bytes(self.lab.randbytes(32))
        self.hub = Hub(key, VirtualClock(lambda: self.now, START), self.lab, self, self.weather.pace, self.place)
        self.hub.place.told = self._news
        if self.parcels is not None:
            self.hub.place.shelf = self.parcels.shelf

    def _enrol(self, index: int, seat: str) -> None:
        key = Ed25519PrivateKey.from_private_bytes(self.lab.randbytes(32))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        centre = CENTRES[seat[:2]]
        receipts = self.weather.audited or self.weather.files
        told = self.place.enrol(centre, seat, public, all_cases=seat.startswith("HN"), receipts=receipts)
        clock = VirtualClock(lambda: self.now, START)
        servers = [self.place]
        if self.hub is not None and centre == self.hub.told.centre:
            servers.insert(0, self.hub.place)
        machine = Machine(seat, told, key, clock, self.lab, self, self.weather.pace, servers)
        if index in self.weather.old:
            machine.registry = OLD_KINDS
        self.fit_out(machine)
        self.machines.append(machine)

    def fit_out(self, machine: Machine) -> None:
        """This desk keeps copies of files, in a world that has any; it may die where few lives come to."""
        machine.gate.seldom = self.seldom
        if self.parcels is not None:
            machine.projections = (BlobCopies(),)

    def programs(self) -> list[Machine | Hub]:
        """Whatever has a program of its own and asks for something: the hub and the desks."""
        return [*([self.hub] if self.hub is not None else []), *self.machines]

    def disks(self) -> list[Disk]:
        """Every disk in use."""
        served = [self.place, *([self.hub.place] if self.hub is not None else [])]
        return [*(disk for one in served for disk in one.disks()), *(one.disk for one in self.machines)]

    # ------------------------------------------------------------ machines

    def guarded(self, machine: Machine | Hub, work: Callable[[], None]) -> None:
        """Let the machine's program do something; it may die in it and is started again a while later."""
        if not machine.on:
            return
        try:
            work()
        except (Crash, Reset):
            self.died(machine)
        except StoreUnavailable:
            self.died(machine)  # a hub without room for a word does not start

    def died(self, machine: Machine | Hub) -> None:
        """The program has died; a person starts it again."""
        self.say(machine.seat, "dies", machine.died_at)
        self.meet(f"crash: {machine.died_at}")
        self.switch_off(machine)
        self.at(self.now + 1_000 + self.dice.randrange(20_000), partial(self.switch_on, machine, machine.life))

    def switch_off(self, machine: Machine | Hub) -> None:
        """No power."""
        machine.on = False
        machine.wake_at = -1
        if self.parcels is not None:
            self.parcels.off(machine)
        self._trips = [trip for trip in self._trips if trip.machine is not machine]
        machine.gate.fuse = 0
        if isinstance(machine, Hub):
            self.reset_held(machine.place)

    def switch_on(self, machine: Machine | Hub, life: int) -> None:
        """The program starts, unless something else has started it meanwhile."""
        if machine.on or machine.life != life or (isinstance(machine, Hub) and machine.for_good):
            return
        self.say(machine.seat, "starts")
        if isinstance(machine, Machine):
            self.witness.starting(machine)
        self.boot(machine)

    def boot(self, machine: Machine | Hub) -> None:
        """The program starts; it may die at once."""
        machine.on = True
        if self.parcels is not None and isinstance(machine, Machine):
            self.parcels.boot(machine)
        self.guarded(machine, machine.boot)

    def laid(self, machine: Hub) -> None:
        """A hub's program is put together and has not begun yet."""
        if self.parcels is not None:
            self.parcels.boot(machine)

    def reported(self, machine: Machine, road: core.Road) -> None:
        """The engine says how the road stands."""
        if self.parcels is not None:
            self.parcels.road_said(machine, road)

    def tell(self, machine: Machine | Hub, event: core.Event) -> None:
        """One event to the machine's engine."""
        self.guarded(machine, lambda: machine.step(event))

    def wake(self, machine: Machine | Hub, mono: int) -> None:
        """Send Woke then; only the last asked counts."""
        machine.wake_at = mono
        self.witness.rests(machine, mono - self.now)
        self.at(mono, partial(self._wake, machine, mono))

    def _wake(self, machine: Machine | Hub, mono: int) -> None:
        if machine.on and machine.wake_at == mono:
            machine.wake_at = -1
            self.tell(machine, core.Woke())

    def arriving(self, machine: Machine, placed: Sequence[Placed]) -> None:
        """Foreign operations are being folded."""
        self.witness.arriving(machine, placed)

    def folded(self, machine: Machine, folded: Folded) -> None:
        """Foreign operations were folded and committed."""
        self.witness.folded(machine, folded)
        if self.parcels is not None:
            self.parcels.folded(machine, folded)

    def heard(self, machine: Machine, event: core.Event) -> None:
        """The engine was given an event, and met a trouble in it."""
        self.witness.heard(machine, event)

    def stepped(self, machine: Machine, event: core.Event, steps: Sequence[str]) -> None:
        """The engine took an event."""
        self.say(machine.seat, type(event).__name__, *steps)
        self.witness.stepped(machine, event, steps)

    def renamed(self, machine: Machine) -> None:
        """The old transport is closed: what was under way on it is answered by a trouble at once."""
        self.meet("forks")
        self._hang_up(machine)

    def moved(self, machine: Machine) -> None:
        """The desk speaks to another server from now on."""
        self.meet("moves to the hub" if machine.way.at == 0 else "moves to the centre")
        self.say(machine.seat, "moves", machine.way.at)
        self._hang_up(machine)

    def looks(self, machine: Machine, mono: int) -> None:
        """Then the desk looks whether its first server answers again; while that cannot be, it is not asked."""
        opens = self.weather.opens(mono)
        self.at(max(mono, opens), partial(self._look, machine, machine.life, mono))

    def _look(self, machine: Machine, life: int, mono: int) -> None:
        if not machine.on or machine.life != life or machine.look_at != mono:
            return
        first = machine.servers[0]
        alive = first.up and not self._down(machine, first) and not self._chance(self.weather.lose_answer)
        self.guarded(machine, partial(machine.probed, alive))

    def saved(self, machine: Hub) -> None:
        """A desk's push was taken at the hub."""
        self.at(self.now + 1, partial(self._tell_life, machine, machine.life, core.Saved()))

    def _hang_up(self, machine: Machine) -> None:
        for trip in [one for one in self._trips if one.machine is machine]:
            self._trips.remove(trip)
            failed = core.Failed(trip.effect.request, Offline())
            life = machine.life
            self.at(self.now + 1, partial(self._tell_life, machine, life, failed))

    def _tell_life(self, machine: Machine | Hub, life: int, event: core.Event) -> None:
        if machine.life == life:
            self.tell(machine, event)

    # ------------------------------------------------------------ the line

    def _down(self, machine: Machine | Hub, place: Place) -> bool:
        if self.calm:
            return False
        if self.hub is not None and place is self.hub.place:
            # Desks and their hub stand in one house: the lines out of it may be down for long.
            return self.weather.cut_inside(self.now) or self.now < self.cut_until.get(f"{machine.seat} inside", 0)
        return self.weather.cut_all(self.now) or self.now < self.cut_until.get(machine.seat, 0)

    def _chance(self, chance: float) -> bool:
        return not self.calm and self.dice.random() < chance

    def _delay(self) -> int:
        return 1 + self.dice.randrange(20 if self.calm else self.weather.slow_ms)

    def send(self, machine: Machine | Hub, effect: Request) -> None:
        """Carry a request out."""
        trip = Trip(machine, machine.transport, effect, machine.server)
        self._trips.append(trip)
        self.witness.asks(machine, effect)
        self.say(machine.seat, f"> {type(effect).__name__}", effect.request)
        if self._down(machine, trip.place) or not trip.place.up:
            self.at(self.now + 1 + self.dice.randrange(5), partial(self._end, trip, Offline()))
            return
        self.at(self.now + effect.timeout_ms, partial(self._end, trip, Offline(timed_out=True)))
        if self._chance(self.weather.lose_request):
            self.meet("requests lost")
            return
        times = 1
        if self._chance(self.weather.twice):
            self.meet("requests doubled")
            times = 2
        for _ in range(times):
            self.at(self.now + self._delay(), partial(self._arrive, trip))

    def ask(self, machine: Machine | Hub, place: Place, path: str, token: str, body: bytes) -> Answer:
        """One request at a server's door, and the answer as the line leaves it."""
        if not place.up or (place is not self.place and self._down(machine, place)):
            raise Offline
        if path.startswith(("/v1/p", "/v1/scope")):
            if self._chance(self.weather.unwell):
                return self._unwell()
            if body and self._chance(self.weather.torn):
                self.meet("bodies torn")
                body = body[: self.dice.randrange(len(body))]
        try:
            answer = place.answer(path, token, body)
        except Reset:
            self.restart(place)
            raise Offline from None
        return self._torn(answer)

    def _unwell(self) -> Answer:
        if self.dice.random() < 0.6:
            self.meet("503 with Retry-After")
            return Answer(503, "application/json", b'{"code":"busy"}', str(self.dice.randrange(1, 9)))
        self.meet("5xx pages")
        return Answer(self.dice.choice([500, 502, 504]), "text/html", b"<html>", "")

    def _torn(self, answer: Answer) -> Answer:
        if not answer.body or not self._chance(self.weather.torn):
            return answer
        self.meet("bodies torn")
        if self.dice.random() < 0.5:
            raise Offline  # the client counts the bytes that were promised
        return Answer(answer.status, answer.kind, answer.body[: self.dice.randrange(len(answer.body))], "")

    def _arrive(self, trip: Trip) -> None:
        """The request is at the centre: asked there by the production client of the desk that sent it."""
        try:
            if isinstance(trip.machine, Hub) and isinstance(trip.effect, core.Pull):
                trip.machine.uplink.keep_fresh()
            event = asked(trip)
        except Reset:
            self.died(trip.machine)  # the hub, in what it learns of its desks
            return
        except Pulling as pulling:
            waiter = trip.place.waiter(pulling)
            if Place.registers_first:
                waiter.__enter__()
            gap = 1 + self.dice.randrange(8)
            self.at(self.now + gap, partial(self._read, trip, pulling, waiter, False, trip.place.room))
            return
        except Trouble as trouble:
            event = core.Failed(trip.effect.request, trouble)
        self._back(trip, event)

    def _read(self, trip: Trip, pulling: Pulling, waiter: Waiter, woken: bool, room: object) -> None:
        if room is not trip.place.room or not trip.place.up:
            self._end(trip, Offline())  # the server died meanwhile
            return
        answer = trip.place.page(pulling, woken=woken)
        if answer is not None:
            self._answered(trip, answer, waiter)
            return
        gap = 1 + self.dice.randrange(8)
        self.at(self.now + gap, partial(self._hold, trip, pulling, waiter))

    def _hold(self, trip: Trip, pulling: Pulling, waiter: Waiter) -> None:
        if not Place.registers_first:
            waiter.__enter__()
        held = (trip, pulling, waiter)
        self._held.append(held)
        self.at(self.now + pulling.wait_ms, partial(self._let_go, held))
        self._news()

    def _news(self) -> None:
        for held in [one for one in self._held if one[2].called.is_set()]:
            self._held.remove(held)
            trip, pulling, waiter = held
            self.meet("held pulls woken")
            gap = 1 + self.dice.randrange(8)
            self.at(self.now + gap, partial(self._read, trip, pulling, waiter, True, trip.place.room))

    def _let_go(self, held: tuple[Trip, Pulling, Waiter]) -> None:
        if held in self._held:
            self._held.remove(held)
            trip, pulling, waiter = held
            answer = trip.place.page(pulling, woken=False)
            self._answered(trip, answer or Answer(204, "", b"", ""), waiter)

    def _answered(self, trip: Trip, answer: Answer, waiter: Waiter) -> None:
        waiter.__exit__(None, None, None)
        try:
            trip.transport.wire.primed = self._torn(answer)
            event = asked(trip)
        except Trouble as trouble:
            event = core.Failed(trip.effect.request, trouble)
        self._back(trip, event)

    def _back(self, trip: Trip, event: core.Event) -> None:
        if self._down(trip.machine, trip.place) or self._chance(self.weather.lose_answer):
            self.meet("answers lost")
            return
        self.at(self.now + self._delay(), partial(self._deliver, trip, event))

    def _deliver(self, trip: Trip, event: core.Event) -> None:
        if trip in self._trips:
            self._trips.remove(trip)
            if isinstance(event, core.Failed) and isinstance(event.trouble, ServerTrouble):
                self.meet("server troubles")
            self.tell(trip.machine, event)
            if self.couriers is not None and isinstance(trip.machine, Machine):
                self.guarded(trip.machine, partial(trip.machine.learn_receivers, trip.transport.couriers))

    def _end(self, trip: Trip, trouble: Trouble) -> None:
        self._deliver(trip, core.Failed(trip.effect.request, trouble))

    def restart(self, place: Place) -> None:
        """The server's program dies and starts again: held pulls and sessions are gone."""
        if self.hub is not None and place is self.hub.place:
            self.died(self.hub)
            return
        self.say("centre", "restarts")
        self.meet("crash: centre")
        place.boot()
        self.reset_held(place)

    def reset_held(self, place: Place) -> None:
        """Connections of the held pulls of a server are cut."""
        cut = [one for one in self._held if one[0].place is place]
        self._held = [one for one in self._held if one[0].place is not place]
        for trip, _, _ in cut:
            self.at(self.now + 1, partial(self._end, trip, Offline()))

    # ------------------------------------------------------------ people

    def person_acts(self, machine: Machine) -> None:
        """Somebody does something at this desk."""
        if not machine.on:
            return
        act, name = self.people.something(machine)
        if act.bodies:
            self.save(machine, act, name)

    def save(self, machine: Machine, act: Any, name: str, *, blind: bool = False) -> None:
        """Save an act: in the book once the commit returned, perhaps when the machine died in it."""
        bodies = list(act.bodies)
        audited = None
        tells = self.weather.audited and not blind and "audit_entry" in machine.registry
        if tells and self.people_dice.random() < 0.5:
            audited = Said("tvv-1", OPEN, bodies[0].kind, bodies[0].id, bodies[0].data_class)
        try:
            machine.save(bodies, audited)
        except Trouble:
            self.say(machine.seat, "cannot save", name)
            self.meet("disk full: a person told")
            return
        except Crash:
            self.ledger.add(machine.device, bodies, sure=False, blind=blind)
            self.died(machine)
            return
        self.say(machine.seat, "saved", name, len(bodies), bodies[0].stamp)
        self.ledger.add(machine.device, bodies, sure=True, blind=blind)
        self.tell(machine, core.Saved())

    def grant(self, machine: Machine, scope: str) -> None:
        """The centre grants a dossier."""
        try:
            self.place.grant(machine.device, scope)
        except Reset:
            self.restart(self.place)
        except StoreUnavailable:
            self.say("centre", "cannot grant: disk full")
        else:
            self.say("centre", "grants", machine.seat, scope)
            self.meet("grants")
