"""One seed lived to its end: bursts of work, misfortunes, calm, fresh news, and the laws."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, select

from domain.clock import HOUR, MINUTE, SECOND
from sync import engine as core
from sync.replica import tables
from tests.simulation import laws
from tests.simulation.calm import settled
from tests.simulation.fate import Fate
from tests.simulation.machine import Machine
from tests.simulation.trace import Broken, Trace
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
        if world.parcels is not None:
            world.parcels.close()
        for disk in [*world.disks(), *world.copies.values()]:
            disk.close()
    return lived


class _Life:
    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = random.Random(world.lab.random())
        self._fate = Fate(world, self._dice)

    def to_the_end(self) -> None:
        world, weather = self._world, self._world.weather
        if world.hub is not None:
            world.hub.boot()
        for machine in world.machines:
            world.boot(machine)
        for when, whom in weather.acts:
            world.at(when, partial(self._act, whom))
        for one in weather.misfortunes:
            world.at(one.when, partial(self._fate.befall, one))
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


def _versions(connection: Connection, kind: str, record: str) -> str:
    table = tables.records[kind].c
    row = connection.execute(select(table.versions, table.parked).where(table.id == record)).first()
    return "" if row is None else f"{row.versions}{row.parked or ''}"
