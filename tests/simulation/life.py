"""One seed lived to its end: bursts of work, misfortunes, calm, fresh news, and the laws."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from domain.clock import HOUR, MINUTE, SECOND
from sync import engine as core
from sync.act import Act
from sync.replica import scopes, tables
from tests.simulation import custody, laws
from tests.simulation.calm import settled
from tests.simulation.hub import Hub
from tests.simulation.machine import Machine
from tests.simulation.memory import Disk
from tests.simulation.place import Place
from tests.simulation.trace import Broken, Trace
from tests.simulation.weather import CENTRE, HUB, Misfortune
from tests.simulation.world import World

CALM_MS = 20 * MINUTE
"""How long (virtual) the road may take to bring everything everywhere once lines and machines are well."""
FRESH_MS = 10 * SECOND
"""How long (virtual) news may take to a desk that listens on a good line: far less than a pull is held."""


@dataclass
class Lived:
    """What one seed was: its timeline, what it met, and which law broke (none: all held)."""

    seed: int
    trace: Trace
    broken: Broken | None = None
    virtual_ms: int = 0
    acts: int = 0
    met: Counter[str] = field(default_factory=Counter)


def live(seed: int) -> Lived:
    """Live one seed. What breaks a law is in the answer, not raised."""
    world = World(seed)
    lived = Lived(seed, world.trace)
    try:
        _Life(world).to_the_end()
    except Broken as broken:
        world.say("LAW", str(broken))
        lived.broken = broken
    finally:
        lived.virtual_ms = world.now
        lived.acts = len(world.ledger.acts)
        lived.met = world.trace.met
        if world.couriers is not None:
            world.couriers.close()
        for disk in [*world.disks(), *world.copies.values()]:
            disk.close()
    return lived


class _Life:
    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = random.Random(world.lab.random())

    def to_the_end(self) -> None:
        world, weather = self._world, self._world.weather
        if world.hub is not None:
            world.hub.boot()
        for machine in world.machines:
            machine.boot()
        for when, whom in weather.acts:
            world.at(when, partial(self._act, whom))
        for one in weather.misfortunes:
            world.at(one.when, partial(self._befall, one))
        world.pass_time(weather.calm)
        self._calm()
        self._until_settled(CALM_MS)
        laws.everything_is_sent(world)
        laws.nothing_is_lost(world)  # before anybody writes again: a later act would show the gap and heal it
        self._fresh()
        self._until_settled(CALM_MS)
        laws.after_calm(world)
        self._count()

    # ------------------------------------------------------------ a day

    def _act(self, whom: int) -> None:
        self._world.person_acts(self._world.machines[whom])

    def _calm(self) -> None:
        """Lines, disks and machines are well again, clocks stay as they are."""
        world = self._world
        world.say("world", "calm")
        world.calm = True
        world.place.gate.fuse, world.place.gate.full = 0, False
        for machine in world.programs():
            machine.gate.fuse, machine.gate.full = 0, False
            world.switch_on(machine, machine.life)
        if not world.weather.leaves_ungranted:
            for machine, scope in world.blind:
                world.grant(machine, scope)
        for machine in world.programs():
            if world.weather.pace.cap > HOUR:
                world.tell(machine, core.Nudged())  # the machine's network came back

    def _until_settled(self, longest: int) -> None:
        end = self._world.now + longest
        while self._world.now < end and not settled(self._world):
            self._world.pass_time(min(end, self._world.now + SECOND))

    def _fresh(self) -> None:
        """With everybody listening, what is written now is everywhere at once."""
        world = self._world
        # The last comparisons are over and pulls are held: one that was lost on its way before the calm has been
        # given up by then and asked again.
        pace = world.weather.pace
        world.pass_time(world.now + pace.hold + pace.timeout + min(pace.cap, 60 * SECOND) + 2 * SECOND)
        before = len(world.ledger.acts)
        for machine in world.machines:
            if not machine.revoked:
                for _ in range(2):
                    world.at(world.now + self._dice.randrange(150), partial(world.person_acts, machine))
        world.pass_time(world.now + FRESH_MS)
        fresh = list(world.ledger.acts)[before:]
        if not fresh:
            raise Broken("people can work", "nobody could save anything after calm")
        for machine in world.machines:
            if not machine.revoked and not world.witness.holds_words_of(machine):
                self._has_heard(machine, fresh)

    def _has_heard(self, machine: Machine, fresh: list[str]) -> None:
        """The desk knows every fresh act of its own centre."""
        world = self._world
        near = {one.device for one in world.machines if one.told.centre == machine.told.centre}
        for stamp in fresh:
            act = world.ledger.acts[stamp]
            if act.device not in near:
                continue
            mine = world.place.may_hold(machine.device, machine.told.centre, {body.scope for body in act.bodies})
            for body in act.bodies:
                if body.scope not in mine or (body.kind, body.id) in world.ledger.erased:
                    continue  # passed on to another centre meanwhile, or erased before
                versions = machine.look(partial(_versions, kind=body.kind, record=body.id))
                known = body.kind in machine.registry
                if known and (body.values or body.adds) and stamp not in versions:
                    raise Broken("news comes at once", f"{machine.seat} has not heard of {body.kind} {body.id}")

    def _count(self) -> None:
        world = self._world
        gaps = zip(world.weather.bursts, world.weather.bursts[1:], strict=False)
        if any(after[0] - before[1] >= 30 * 24 * HOUR for before, after in gaps):
            world.meet("outages of 30 days")
        if any(one.revoked for one in world.machines):
            world.meet("revoked devices")
        if any(one.engine.road.signed_out for one in world.machines if one.revoked):
            world.meet("revoked devices told so")

    # ------------------------------------------------------------ misfortunes

    def _befall(self, one: Misfortune) -> None:
        world = self._world
        if world.calm:
            return
        if one.whom == CENTRE:
            world.say("centre", one.what, one.figure)
            self._to_the_centre(one)
            return
        if one.whom == HUB:
            assert world.hub is not None
            if not world.hub.for_good:
                world.say(world.hub.seat, one.what, one.figure)
                self._to_the_hub(world.hub, one)
            return
        machine = world.machines[one.whom]
        world.say(machine.seat, one.what, one.figure)
        self._to_a_desk(machine, one)

    def _to_a_desk(self, machine: Machine, one: Misfortune) -> None:
        world = self._world
        match one.what:
            case "crash":
                machine.gate.fuse = one.figure
            case "disk full":
                machine.gate.full = True
            case "disk has room":
                machine.gate.full = False
            case "clock steps":
                machine.clock.offset = one.figure
                world.meet("clock steps of a desk")
            case "copied":
                world.copies[one.whom] = machine.disk.copy()
            case "restored":
                self._restore(machine, world.copies[one.whom])
            case "cloned":
                self._clone(machine, world.copies[one.whom])
            case "line cut" | "line cut inside":
                inside = one.what.removeprefix("line cut")
                world.cut_until[machine.seat + inside] = world.now + one.figure
            case "switched off":
                world.switch_off(machine)
            case "writes a stick":
                assert world.couriers is not None
                world.couriers.write(machine)
            case "switched on" | "upgraded":
                self._start_anew(machine, one.what)
            case _:
                self._by_people(machine, one.what)

    def _start_anew(self, machine: Machine, what: str) -> None:
        world = self._world
        if what == "upgraded":
            world.switch_off(machine)
            machine.upgrade()
            world.meet("upgrades")
        world.switch_on(machine, machine.life)

    def _by_people(self, machine: Machine, what: str) -> None:
        people = self._world.people
        match what:
            case "revoked":
                self._revoke(machine)
            case "told by telephone":
                self._blind(machine)
            case "granted":
                self._grant(machine)
            case "passes on":
                self._person(machine, people.passes_on, "pass on")
            case "writes on":
                self._person(machine, people.writes_on, "write on")

    def _to_the_centre(self, one: Misfortune) -> None:
        world = self._world
        match one.what:
            case "crash":
                world.place.gate.fuse = one.figure
            case "disk full":
                world.place.gate.full = True
                world.meet("disk full at the centre")
            case "disk has room":
                world.place.gate.full = False
            case "clock steps":
                world.place.clock.offset = one.figure
                world.meet("clock steps of the centre")
            case "copied":
                world.copies[-1] = world.place.disk.copy()
            case "restored":
                self._restore_centre(world.copies[-1])
            case "erases":
                custody.erase(world)

    def _to_the_hub(self, hub: Hub, one: Misfortune) -> None:
        world = self._world
        match one.what:
            case "crash":
                hub.gate.fuse = one.figure
            case "disk full" | "disk has room":
                hub.gate.full = one.what == "disk full"
            case "clock steps":
                hub.clock.offset = one.figure
            case "copied":
                world.copies[HUB] = hub.place.disk.copy()
            case "line cut":
                world.cut_until[hub.seat] = world.now + one.figure
                world.meet("hubs cut off from the centre")
            case "switched off":
                world.switch_off(hub)
                world.meet("hub deaths")
            case "switched on":
                world.switch_on(hub, hub.life)
            case "restored" if self._may_lose(hub, world.copies[HUB]):
                world.ledger.reached |= _stamps(world, [hub.place.disk])
                world.switch_off(hub)
                hub.restore(world.copies[HUB])
                world.switch_on(hub, hub.life)
                world.meet("restores of the hub")
            case "dies for good" if self._may_lose(hub):
                world.ledger.reached |= _stamps(world, [hub.place.disk])
                world.switch_off(hub)
                hub.for_good = True
                world.meet("hubs dead for good")

    def _may_lose(self, hub: Hub, *left: Disk) -> bool:
        """Whether all that the hub has stands elsewhere too: a word that was only there would be lost with it, and
        no program can help that."""
        world = self._world
        desks = [one.disk for one in world.machines if not one.revoked]
        kept = _stamps(world, [world.place.disk]) | _stamps(world, [*desks, *left])
        return _stamps(world, [hub.place.disk]) <= kept

    def _restore(self, machine: Machine, copy: Disk) -> None:
        """An older copy of the disk. What only the newer disk had is gone with it: no program can help that.

        It does not happen where others already know what would be gone from everywhere."""
        world = self._world
        twins = [one for one in world.machines if one.device == machine.device and one is not machine]
        kept = _stamps(world, [copy, *(one.disk for one in twins)]) | _stamps(world, [world.place.disk])
        gone = {stamp for stamp, act in world.ledger.acts.items() if act.device == machine.device} - kept
        if world.hub is not None:
            gone_at_hub = gone & _stamps(world, [world.hub.place.disk])
            world.ledger.reached |= gone_at_hub
        if gone & world.ledger.reached:
            world.say(machine.seat, "not restored")
            return
        for stamp in gone:
            world.ledger.acts[stamp].sure = False
        world.switch_off(machine)
        machine.put_disk(copy.copy())
        if "note" in machine.registry:
            machine.upgrade()  # the copy may be of an older program
        world.meet("restores of a desk")
        world.switch_on(machine, machine.life)

    def _clone(self, machine: Machine, copy: Disk) -> None:
        world = self._world
        twin = Machine(
            f"{machine.seat}b", machine.told, machine.key, machine.clock, world.lab, world, world.weather.pace,
            machine.servers,
        )  # fmt: skip
        twin.revoked = machine.revoked
        twin.put_disk(copy.copy())
        twin.upgrade()
        world.machines.append(twin)
        world.meet("clones of a desk")
        world.switch_on(twin, twin.life)
        for _ in range(2):
            world.at(world.now + self._dice.randrange(60_000), partial(world.person_acts, twin))

    def _revoke(self, machine: Machine) -> None:
        world = self._world
        world.place.revoke(machine.device)
        for one in world.machines:
            one.revoked = one.revoked or one.device == machine.device

    def _restore_centre(self, backup: Disk) -> None:
        """The centre comes back older, under a new lineage. It does not happen where what the backup lacks stands in
        no desk that could send it again (a dead desk's words; grants and number blocks that the centre wrote)."""
        world = self._world
        now = _stamps(world, [world.place.disk])
        desks = [one.disk for one in world.machines if not one.revoked]
        kept = _stamps(world, [backup]) | _stamps(world, desks)
        if now - kept or _of_the_centre(world.place.disk) != _of_the_centre(backup):
            world.say("centre", "not restored")
            return
        world.ledger.reached |= now
        world.place.restore(backup)
        world.place.boot()
        world.reset_held(world.place)
        for machine in world.machines:
            if machine.revoked:
                world.place.revoke(machine.device)
        world.meet("restores of the centre")

    def _person(self, machine: Machine, made: Callable[[Machine], Act], name: str) -> None:
        """Somebody does this at a desk that is on."""
        if machine.on:
            act = made(machine)
            if act.bodies:
                self._world.save(machine, act, name)

    # ------------------------------------------------------------ grants

    def _dossiers(self, machine: Machine) -> list[str]:
        """Contacts of other centres that the desk may not hold yet."""
        home = scopes.scope_home.c
        place: Place = self._world.place
        wanted = select(home.scope).where(home.audience != machine.told.centre, home.scope.startswith("dossier:"))
        known = place.read(lambda c: [row.scope for row in c.execute(wanted.order_by(home.scope))])
        mine = place.may_hold(machine.device, machine.told.centre, set(known))
        return [one for one in known if one not in mine]

    def _blind(self, machine: Machine) -> None:
        world = self._world
        found = self._dossiers(machine)
        if found and machine.on and "note" in machine.registry:
            scope = self._dice.choice(found)
            act = world.people.blind_note(machine, scope.removeprefix(scopes.DOSSIER))
            world.blind.append((machine, scope))
            world.meet("written before granted")
            world.save(machine, act, "blind note", blind=True)

    def _grant(self, machine: Machine) -> None:
        found = self._dossiers(machine)
        if found:
            self._world.grant(machine, self._dice.choice(found))


def _stamps(world: World, disks: list[Disk]) -> set[str]:
    """Acts whose every operation stands in one of the logs."""
    lines: set[bytes] = set()
    for disk in disks:
        with disk.engine.begin() as connection:
            written = select(tables.log.c.body).where(tables.log.c.body.is_not(None))
            lines.update(bytes(row.body) for row in connection.execute(written))
    return world.ledger.of(lines)


def _versions(connection: Connection, kind: str, record: str) -> str:
    table = tables.records[kind].c
    row = connection.execute(select(table.versions, table.parked).where(table.id == record)).first()
    return "" if row is None else f"{row.versions}{row.parked or ''}"


def _of_the_centre(disk: Disk) -> list[Any]:
    log = tables.log.c
    with disk.engine.begin() as connection:
        return [row.n for row in connection.execute(select(log.n).where(log.device == "centre").order_by(log.n))]
