"""What befalls the machines of a simulated world: crashes, cut lines, copies put back."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import select

from sync.act import Act
from sync.replica import scopes, tables
from tests.simulation import custody
from tests.simulation.hub import Hub
from tests.simulation.machine import Machine
from tests.simulation.memory import Disk
from tests.simulation.place import Place
from tests.simulation.weather import CENTRE, HUB, Misfortune
from tests.simulation.world import World


class Fate:
    """Brings the misfortunes of one weather."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice

    def befall(self, one: Misfortune) -> None:
        """It happens now, unless the world is calm."""
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
                self._files_copied(one.whom, machine)
            case "restored":
                self._restore(machine, world.copies[one.whom])
            case "cloned":
                self._clone(machine, world.copies[one.whom])
            case "line cut" | "line cut inside":
                inside = one.what.removeprefix("line cut")
                world.cut_until[machine.seat + inside] = world.now + one.figure
            case "switched off":
                world.switch_off(machine)
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
            case "puts a file in" | "opens a file":
                self._files(machine, what)
            case "writes a stick":
                assert self._world.couriers is not None
                self._world.couriers.write(machine)
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
                self._files_copied(-1, world.place)
            case "restored":
                self._restore_centre(world.copies[-1])
            case "erases":
                self._erase()

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
                self._files_copied(HUB, hub.place)
            case "line cut":
                world.cut_until[hub.seat] = world.now + one.figure
                world.meet("hubs cut off from the centre")
            case "switched off":
                world.switch_off(hub)
                world.meet("hub deaths")
            case "switched on":
                world.switch_on(hub, hub.life)
            case "restored" if self._may_lose(hub, world.copies[HUB]) and not self._files_only(hub.place, HUB):
                world.ledger.reached |= _stamps(world, [hub.place.disk])
                world.switch_off(hub)
                hub.restore(world.copies[HUB])
                self._files_back(HUB, hub.place)
                world.switch_on(hub, hub.life)
                world.meet("restores of the hub")
            case "dies for good" if self._may_lose(hub) and not self._files_only(hub.place):
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
        if world.parcels is not None:
            key = world.machines.index(machine)
            world.parcels.lost |= set(world.parcels.only_on(machine, key))
            world.parcels.put_back(key, machine)
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
        world.fit_out(twin)
        self._files_back(world.machines.index(machine), twin)
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
        alone = now - kept or self._files_only(world.place, -1)
        if alone or _of_the_centre(world.place.disk) != _of_the_centre(backup):
            world.say("centre", "not restored")
            return
        world.ledger.reached |= now
        world.place.restore(backup)
        had = 0 if world.parcels is None else len(world.parcels.at(world.place))
        self._files_back(-1, world.place)
        if world.parcels is not None and len(world.parcels.at(world.place)) < had:
            world.meet("files that a restored centre lacks")
        world.place.boot()
        world.reset_held(world.place)
        for machine in world.machines:
            if machine.revoked:
                world.place.revoke(machine.device)
        world.meet("restores of the centre")

    def _erase(self) -> None:
        world, parcels = self._world, self._world.parcels
        before = set(world.ledger.erased)
        coming = set() if parcels is None else parcels.coming()
        custody.erase(world)
        if any(record in coming for _, record in world.ledger.erased - before):
            world.meet("files erased on the way")

    def _person(self, machine: Machine, made: Callable[[Machine], Act], name: str) -> None:
        """Somebody does this at a desk that is on."""
        if machine.on:
            act = made(machine)
            if act.bodies:
                self._world.save(machine, act, name)

    # ------------------------------------------------------------ files

    def _files(self, machine: Machine, what: str) -> None:
        parcels = self._world.parcels
        assert parcels is not None
        if what == "puts a file in":
            parcels.put_in(machine)
        else:
            parcels.open(machine)

    def _files_copied(self, key: int, whose: Machine | Place) -> None:
        if self._world.parcels is not None:
            self._world.parcels.copied(key, whose)

    def _files_back(self, key: int, whose: Machine | Place) -> None:
        if self._world.parcels is not None:
            self._world.parcels.put_back(key, whose)

    def _files_only(self, whose: Place, key: int | None = None) -> bool:
        """Whether a file would be gone with this disk: no program can help that."""
        parcels = self._world.parcels
        return parcels is not None and bool(parcels.only_on(whose, key))

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


def _of_the_centre(disk: Disk) -> list[Any]:
    log = tables.log.c
    with disk.engine.begin() as connection:
        return [row.n for row in connection.execute(select(log.n).where(log.device == "centre").order_by(log.n))]
