"""Sticks of a simulated world: written at a desk, carried, lost, torn or mixed up, read, and answered."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.operations import courier as desks
from desktop.operations.courier import CourierDesk
from server.operations import courier as centres
from sync.courier.volumes import ENDING
from sync.troubles import Trouble
from tests.simulation.machine import Machine
from tests.simulation.place import Reset

if TYPE_CHECKING:
    from tests.simulation.world import World

MOST_VOLUME = 4_000
"""Bytes of a volume: so small that a few acts need several."""
WAYS_MS = (2_000, 15_000, 70_000, 86_400_000)
"""How long (ms) a stick may be under way."""


class Couriers:
    """Who carries sticks. The bytes lie in real folders, under one that `close` takes away."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._folder = Path(tempfile.mkdtemp(prefix="sticks-"))
        self._count = 0

    def close(self) -> None:
        """Burn all sticks."""
        shutil.rmtree(self._folder)

    # ------------------------------------------------------------ there

    def write(self, machine: Machine) -> None:
        """Somebody writes a stick at this desk and gives it to a courier."""
        world, stick = self._world, self._new()
        written: list[str] = []
        world.guarded(machine, lambda: written.extend(self._export(machine, stick)))
        if not written or not machine.on:
            return
        world.say(machine.seat, "writes a stick", stick.name, len(written))
        world.meet("sticks written")
        self._carry(stick, partial(self._come_to_the_centre, stick))

    def _export(self, machine: Machine, stick: Path) -> Iterable[str]:
        try:
            done = desks.export(self._desk(machine), stick, MOST_VOLUME)
        except Trouble as trouble:
            self._world.say(machine.seat, "cannot write a stick", type(trouble).__name__)
            return ()
        if done.files_out:
            self._world.say(machine.seat, "with files", done.files_out)
            self._world.meet("files written on a stick")
        return done.volumes

    def _desk(self, machine: Machine) -> CourierDesk:
        parcels = self._world.parcels
        desk = machine.courier()
        return desk if parcels is None else replace(desk, shelf=parcels.shelf(machine))

    def _come_to_the_centre(self, stick: Path) -> None:
        world = self._world
        try:
            found = centres.import_stick(world.place.centre, stick)
        except Reset:
            world.restart(world.place)
            return
        except Trouble as trouble:
            world.say("centre", "cannot read a stick", stick.name, type(trouble).__name__)
            return
        world.say("centre", "reads a stick", stick.name, found.taken, found.missing, found.damaged, len(found.kept))
        world.meet("sticks read")
        if found.taken:
            world.meet("sticks that brought something")
        if found.missing or found.damaged:
            world.meet("sticks not whole")
        if found.kept:
            world.meet("sticks out of order")
        if found.files:
            world.meet("files whole by stick")
        if found.files_wait:
            world.meet("files of sticks that wait")
        if self._dice.random() < 0.8:
            world.at(world.now + 1_000, self._answer)

    # ------------------------------------------------------------ and back

    def _answer(self) -> None:
        world, stick = self._world, self._new()
        try:
            told = centres.reply(world.place.centre, stick, most=MOST_VOLUME)
        except Reset:
            world.restart(world.place)
            return
        except Trouble as trouble:
            world.say("centre", "does not answer by stick", type(trouble).__name__)
            return
        world.say("centre", "answers by stick", stick.name, *((one.acked, one.operations, one.fork) for one in told))
        for one in told:
            for machine in world.machines:
                if machine.device == one.device:
                    self._carry(stick, partial(self._come_to_a_desk, machine, stick, world.now))

    def _come_to_a_desk(self, machine: Machine, stick: Path, written: int) -> None:
        self._world.guarded(machine, partial(self._take, machine, stick, written))

    def _take(self, machine: Machine, stick: Path, written: int) -> None:
        world, parcels = self._world, self._world.parcels
        before = parcels.unsent(machine) if parcels is not None else set()
        try:
            took = desks.take_reply(self._desk(machine), stick)
        except Trouble as trouble:
            world.say(machine.seat, "cannot use a stick", stick.name, type(trouble).__name__)
            return
        world.say(machine.seat, "takes a stick", stick.name, took.acked, took.waiting, took.came, took.again)
        world.meet("answers taken from a stick")
        if parcels is not None and took.files:
            world.meet("files acknowledged by stick")
            parcels.told(machine, before - parcels.unsent(machine), written)
        if took.acked > took.acked_before:
            world.meet("words acknowledged by stick")
        if took.came:
            world.meet("news by stick")
        if took.again:
            world.meet("forks told by stick")

    # ------------------------------------------------------------ under way

    def _new(self) -> Path:
        self._count += 1
        stick = self._folder / str(self._count)
        stick.mkdir()
        return stick

    def _carry(self, stick: Path, comes: partial[None]) -> None:
        """It comes once, or twice, or not at all; some volumes are lost on the way, some are torn."""
        world, dice = self._world, self._dice
        if dice.random() < 0.1:
            world.meet("sticks lost")
            return
        for path in sorted(stick.glob(f"*{ENDING}")):
            chance = dice.random()
            if chance < 0.12:
                path.unlink()
            elif chance < 0.24:
                self._tear(path)
        for _ in range(2 if dice.random() < 0.25 else 1):
            world.at(world.now + dice.choice(WAYS_MS), comes)

    def _tear(self, path: Path) -> None:
        data = bytearray(path.read_bytes())
        if self._dice.random() < 0.5:
            del data[self._dice.randrange(len(data)) :]
        else:
            data[self._dice.randrange(len(data))] ^= 0x55
        path.write_bytes(data)
