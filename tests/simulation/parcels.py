"""Files in a simulated world: put in, opened, copied and put back by people; their bytes travel by `porters`."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from sqlalchemy import Connection, select

from desktop.operations.attachments import attach
from desktop.store import blobs, sealing
from domain.clock import SECOND
from server.store import attachments
from sync.blobs import seal, signals
from sync.blobs.seal import Plan
from sync.blobs.shelf import Shelf
from sync.blobs.signals import Event
from sync.blobs.spare import Spare
from sync.operation import Body
from sync.replica import node, read, tables
from sync.replica.changes import Folded
from sync.replica.own_chains import INCARNATION
from sync.replica.replica import Identity
from sync.transport.line import Answer
from sync.troubles import Offline, Trouble
from tests.simulation import file_door
from tests.simulation.hub import Hub
from tests.simulation.machine import Crash, Machine, Unit
from tests.simulation.place import Place, Reset
from tests.simulation.porters import STAY_MS, DeskPorter, HubPorter, Porter, Request, WorldShelf, whole
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from sync.signals import Road
    from tests.simulation.world import World

CHUNK = 24 << 10
"""Bytes of a chunk in these worlds: a file has several, and each several parts."""
SIZES = (0, 700, 9_000, CHUNK, CHUNK + 1, 60_000)
"""Bytes of the files that people put in."""
_SHM = Path("/dev/shm")
"""Flushing costs nothing there, and the power of a virtual machine is cut between two writes."""


class Parcels:
    """All files of one world, and who carries them. `close` takes the folder away and the world's sizes back."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._folder = Path(tempfile.mkdtemp(prefix="files-", dir=_SHM if _SHM.is_dir() else None))
        self._count = 0
        self._shelves: dict[int, Path] = {}
        self._copies: dict[int, Path] = {}
        self.porters: dict[str, Porter] = {}
        self.lost: set[str] = set()
        """Blobs whose only whole copy went with a disk."""
        self._restored_at = -1
        self._patched = ExitStack()
        for where in (seal, sealing):
            self._patched.enter_context(patch.object(where, "CHUNK", CHUNK))
        figures: tuple[tuple[str, object], ...] = (
            ("desktop.background.blob_driver._mono", self._mono),
            ("desktop.background.blob_driver.STAY_MS", STAY_MS),
            ("server.operations.blob_uplink._mono", self._mono),
            ("sync.blobs.carrier.CAP_MS", world.weather.pace.cap),
            ("sync.blobs.carrier.ABSENT_CAP_MS", 60 * SECOND),
        )
        for place, value in figures:
            self._patched.enter_context(patch(place, value))

    def close(self) -> None:
        """The world has ended."""
        self._patched.close()
        shutil.rmtree(self._folder)

    def _mono(self) -> int:
        return self._world.now

    @property
    def now(self) -> int:
        """Virtual ms."""
        return self._world.now

    def meet(self, what: str) -> None:
        """Something that a run should sometimes meet was met."""
        self._world.meet(what)

    def say(self, porter: Porter, effect: Request, event: Event) -> None:
        """A line of the timeline: what became of a request."""
        what = type(event.trouble) if isinstance(event, signals.Failed) else type(event)
        one = effect.transfer
        figures = [getattr(event, name) for name in ("offset", "centre") if hasattr(event, name)]
        asked = f"~ {type(effect).__name__}"
        self._world.say(porter.machine.seat, asked, one.want, one.blob[:6], what.__name__, *figures)

    def moment(self) -> int:
        """When something on its way arrives."""
        slow = 20 if self._world.calm else self._world.weather.slow_ms
        return self._world.now + 1 + self._dice.randrange(slow)

    def later(self, porter: Porter, when: int, what: Callable[[], None]) -> None:
        """Do it then, if the program still lives; it may die in it."""
        self._world.at(when, partial(self._do, porter, what))

    def _do(self, porter: Porter, what: Callable[[], None]) -> None:
        if self.porters.get(porter.machine.seat) is porter and porter.life == porter.machine.life:
            self._world.guarded(porter.machine, what)

    # ------------------------------------------------------------ shelves

    def shelf(self, whose: Machine | Place) -> Shelf:
        """The chunks on this computer's disk."""
        root = self._shelves.get(id(whose))
        if root is None:
            self._count += 1
            root = self._shelves[id(whose)] = self._folder / str(self._count)
        dies: Callable[[], BaseException] = Reset if isinstance(whose, Place) else partial(_dies, whose)
        shelf = WorldShelf(root, whose.gate, dies)
        shelf.prepare()
        return shelf

    def copied(self, key: int, whose: Machine | Place) -> None:
        """The disk is copied; of the centre a backup is made, as `server.operations.backup` does."""
        self._count += 1
        copy = self._copies[key] = self._folder / str(self._count)
        if key == -1 and isinstance(whose, Place):
            copy.mkdir()
            Spare(copy).keep(copy / "backup.t111", whose.read(attachments.chunk_names), self.shelf(whose))
        else:
            shutil.copytree(self.shelf(whose).root, copy)

    def put_back(self, key: int, whose: Machine | Place) -> None:
        """What the copy had is on the disk now, and nothing else."""
        self._count += 1
        root = self._shelves[id(whose)] = self._folder / str(self._count)
        if key == -1:
            self._restored_at = self.now
            shelf = Shelf(root)  # put back on a machine with room, by a command that is run again until it is done
            shelf.prepare()
            Spare(self._copies[key]).give_back(self._copies[key] / "backup.t111", shelf)
        else:
            shutil.copytree(self._copies[key], root)

    def _in_copy(self, key: int) -> Shelf:
        return Shelf(self._copies[key] / "blobs" if key == -1 else self._copies[key])

    def plans(self) -> dict[str, Plan]:
        """Every blob that a record at the centre names."""
        return self._world.place.read(attachments.all_named)

    def at(self, whose: Machine | Place) -> set[str]:
        """Names of the whole chunks on this disk."""
        shelf = self.shelf(whose)
        return {name for name in shelf.names() if shelf.has(name)}

    def coming(self) -> set[str]:
        """Attachments that the centre knows and whose bytes it has not whole yet."""
        shelf = self.shelf(self._world.place)
        here = self._world.place.read(_named_here)
        return {record for record, plan in here.items() if not whole(shelf, plan)}

    def _elsewhere(self, but: Machine | Place) -> list[Shelf]:
        world = self._world
        found: list[Machine | Place] = [one for one in world.machines if not one.revoked]
        found.append(world.place)
        if world.hub is not None and not world.hub.for_good:
            found.append(world.hub.place)
        return [self.shelf(one) for one in found if one is not but]

    def only_on(self, whose: Machine | Place, key: int | None) -> dict[str, Plan]:
        """Blobs that are whole on this disk and nowhere else, nor in the copy that is put in its place."""
        others = self._elsewhere(whose) + ([] if key is None else [self._in_copy(key)])
        mine = self.shelf(whose)
        known: dict[str, Plan] = {}
        for machine in self._world.machines:
            known.update(machine.look(_planned))
        known.update(self.plans())
        return {
            blob: plan
            for blob, plan in known.items()
            if whole(mine, plan) and not any(whole(one, plan) for one in others)
        }

    # ------------------------------------------------------------ programs

    def boot(self, machine: Machine | Hub) -> None:
        """The program has started."""
        if isinstance(machine, Hub):
            hub = HubPorter(self, machine, self._dice)
            machine.uplink.blobs = hub.driver
            self.porters[machine.seat] = hub
            hub.driver.attachments_went()
            hub.driver._events.put(signals.Started())
            return
        desk = DeskPorter(self, machine, self.shelf(machine), self._dice)
        desk.life = machine.life + 1  # the one that begins now
        self.porters[machine.seat] = desk
        self.later(desk, self.now + 1, partial(self._begin, desk))

    def _begin(self, desk: DeskPorter) -> None:
        desk.lane.sweep()
        desk.step(signals.Started())

    def off(self, machine: Machine | Hub) -> None:
        """The program has ended."""
        porter = self.porters.pop(machine.seat, None)
        if porter is not None and porter.flying is not None:
            self.meet("chunks interrupted")

    def road_said(self, machine: Machine, road: Road) -> None:
        """The road of text has another status."""
        porter = self.porters.get(machine.seat)
        if isinstance(porter, DeskPorter):
            self.later(porter, self.now, partial(porter.said, road))

    def folded(self, machine: Machine, folded: Folded) -> None:
        """Something was folded at a desk."""
        touched = frozenset(change.id for change in folded.changes if change.kind == blobs.KIND)
        porter = self.porters.get(machine.seat)
        if touched and isinstance(porter, DeskPorter):
            self.later(porter, self.now + 1, partial(self._followed, porter, touched))

    def _followed(self, porter: DeskPorter, touched: frozenset[str]) -> None:
        porter.driver.road_folded({blobs.KIND: touched})
        porter.step(signals.Woke())

    # ------------------------------------------------------------ the line

    def ask(
        self,
        porter: Porter,
        place: Place,
        method: str,
        path: str,
        token: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Answer:
        """One request, and the answer as the line leaves it."""
        world, weather = self._world, self._world.weather
        if not place.up or world._down(porter.machine, place) or self._chance(weather.lose_request):
            raise Offline
        if self._chance(weather.unwell):
            return world._unwell()
        if method == "PATCH" and self._chance(weather.torn):
            self.meet("chunks torn")
            body = body[: self._dice.randrange(len(body))]
        try:
            answer = file_door.answer(place, method, path, token, body, headers)
        except Reset:
            world.restart(place)
            raise Offline from None
        if self._chance(weather.lose_answer):
            raise Offline
        if method == "GET" and answer.status == 206 and self._chance(weather.torn):
            self.meet("chunks torn")
            altered = bytearray(answer.body)
            altered[self._dice.randrange(len(altered))] ^= 0x55
            return Answer(answer.status, answer.kind, bytes(altered), "", answer.headers)
        return answer

    def _chance(self, chance: float) -> bool:
        return not self._world.calm and self._dice.random() < chance

    # ------------------------------------------------------------ people

    def put_in(self, machine: Machine) -> None:
        """Somebody attaches a file to a dossier that this desk shows."""
        porter = self.porters.get(machine.seat)
        found = [one for one in machine.stored("contact") if one.retracted is None] if machine.on else []
        if not found or not isinstance(porter, DeskPorter):
            return
        contact = self._dice.choice(found)
        self._count += 1
        path = self._folder / f"lời số {machine.seat} {self._count}.txt"
        path.write_bytes(self._dice.randbytes(self._dice.choice(SIZES)))
        self._world.guarded(machine, partial(self._attach, porter, path, contact.id))

    def _attach(self, porter: DeskPorter, path: Path, contact: str) -> None:
        world, machine = self._world, porter.machine
        bodies: list[Body] = []
        try:
            secret = machine.look(partial(_secret, contact=contact)) or self._dice.randbytes(seal.SECRET_BYTES)
            sealed = sealing.seal_file(path, secret, porter.lane.shelf)
            _saved(machine, attach(sealed, contact), bodies)
        except Trouble:
            world.say(machine.seat, "cannot attach")
            return
        except Crash:
            if bodies:
                world.ledger.add(machine.device, bodies, sure=False, blind=False)
            raise
        size = path.stat().st_size
        if bodies:
            world.say(machine.seat, "attached", size, bodies[0].stamp)
            self.meet("files put in")
            world.ledger.add(machine.device, bodies, sure=True, blind=False)
            world.at(world.now, partial(world._tell_life, machine, machine.life, _saved_event()))
        else:
            world.say(machine.seat, "attached what the dossier had", size)
        porter.driver.changed()
        porter.step(signals.Woke())

    def open(self, machine: Machine) -> None:
        """Somebody opens a dossier that has files."""
        porter = self.porters.get(machine.seat)
        if not machine.on or not isinstance(porter, DeskPorter):
            return
        found = [one.id for one in machine.stored("attachment") if one.record.blob]
        if found:
            some = tuple(self._dice.sample(found, min(2, len(found))))
            self._world.guarded(machine, partial(self._open, porter, some))

    def _open(self, porter: DeskPorter, records: tuple[str, ...]) -> None:
        try:
            porter.lane.opened_dossier(records)
        except Trouble:
            return
        porter.driver.changed()
        porter.step(signals.Woke())

    # ------------------------------------------------------------ laws

    def believed(self, porter: Porter, blob: str) -> None:
        """Somebody holds a file for verified at the centre: it is, unless another centre stands there since."""
        plan = self.plans().get(blob)
        if plan is None or self._restored_at >= porter.asked_at:
            return
        if not whole(self.shelf(self._world.place), plan):
            raise Broken("at the centre is at the centre", f"{porter.machine.seat} believes it of {blob[:8]}")

    def unsent(self, machine: Machine) -> set[str]:
        """Blobs that this desk has still to send."""
        return {one.blob for one in machine.look(blobs.transfers) if one.want is signals.Want.UP}

    def told(self, machine: Machine, arrived: set[str], written: int) -> None:
        """A stick says since then that the centre has these: it has, unless another centre stands there since."""
        plans, shelf = self.plans(), self.shelf(self._world.place)
        if self._restored_at < written and any(not whole(shelf, plans[one]) for one in arrived & set(plans)):
            raise Broken("at the centre is at the centre", f"{machine.seat} believes a stick")

    def lets_go(self, porter: Porter, transfer: signals.Transfer) -> None:
        """A local copy goes: the centre must have it at this moment."""
        plan = self.plans().get(transfer.blob)
        if plan is not None and not whole(self.shelf(self._world.place), plan):
            raise Broken("never the last copy", f"{porter.machine.seat} drops a file that the centre has not")
        self.meet("files let go")

    def waits(self) -> list[str]:
        """Whose bytes are still to travel."""
        found = []
        for seat, porter in self.porters.items():
            if not porter.machine.revoked and porter.machine.on:
                found += [
                    f"{seat} {one.want}"
                    for one in porter.transfers()
                    if one.want is signals.Want.LET_GO
                    or (one.blob not in self.lost and not self._went_with_a_revoked_desk(one))
                ]
        return found

    def _went_with_a_revoked_desk(self, wanted: signals.Transfer) -> bool:
        """A file that is fetched in vain: only a desk out of service has it whole, and nobody takes it from there."""
        plan = self.plans().get(wanted.blob)
        if wanted.want is not signals.Want.DOWN or plan is None or whole(self.shelf(self._world.place), plan):
            return False
        having = [one for one in self._world.machines if whole(self.shelf(one), plan)]
        return bool(having) and all(one.revoked for one in having)


def _dies(machine: Machine) -> BaseException:
    machine.died_at = "chunk"
    return Crash()


def _saved_event() -> Any:
    from sync import engine as core

    return core.Saved()


def _planned(connection: Connection) -> dict[str, Plan]:
    wanted = [one.blob for one in blobs.transfers(connection)]
    found = {blob: blobs.plan(connection, blob) for blob in wanted}
    return {blob: plan for blob, plan in found.items() if plan is not None}


def _named_here(connection: Connection) -> dict[str, Plan]:
    a = tables.records[attachments.KIND].c
    ids = [row.id for row in connection.execute(select(a.id).order_by(a.id))]
    found = {record: attachments.described(connection, record) for record in ids}
    return {record: one.plan for record, one in found.items() if one is not None}


def _secret(connection: Connection, contact: str) -> bytes | None:
    stored = read.one(connection, "contact", contact)
    assert stored is not None
    return next(iter(blobs.secrets_of(connection, stored.scope)), None)


class _Unit(Unit):
    """As much of a `UnitOfWork` as attaching needs."""

    def __init__(self, machine: Machine, connection: Connection, bodies: list[Body]) -> None:
        me = Identity(machine.device, int(node.get(connection, INCARNATION, "1")))
        super().__init__(connection, me, machine._sits(), machine.clock.now_ms(), machine.dice)
        self.staff = "tvv-1"
        self._machine, self._bodies = machine, bodies

    def act(self) -> Any:
        return self._machine.act(self.staff)

    def read(self, kind: str, record: str) -> Any:
        return read.one(self.connection, kind, record)

    def write(self, act: Any) -> None:
        self._machine.replica.author(self.connection, self.identity(), act.bodies)
        node.put_key(self.connection, node.STAMP, self._machine.stamps.last)
        self._bodies.extend(act.bodies)


def _saved(machine: Machine, operation: Callable[[Any], Any], bodies: list[Body]) -> None:
    def attaching(connection: Connection) -> None:
        operation(_Unit(machine, connection, bodies))

    attaching.__qualname__ = "person.attach.<locals>.work"
    machine._run(attaching)
