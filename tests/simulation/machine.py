"""A desk of a simulated world: production engine, road store, replica and client over a disk that can fail."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from desktop.background.sync_driver import AFTER_TROUBLE_MS
from desktop.operations import audit
from desktop.operations.courier import CourierDesk
from desktop.store import identity
from desktop.store.courier import learn_receiver
from desktop.store.receipts import Receipts
from desktop.store.road_marks import follow
from desktop.store.schema import secret
from desktop.store.troubles import DiskFull
from desktop.store.unit_of_work import Seat
from domain.ids import RANDOM_BYTES, uuid7
from domain.numbering import CENTRE_DIGITS
from domain.records.kinds import KINDS, SCHEMA, Kind, Registry
from sync import door
from sync import engine as core
from sync.act import Act
from sync.audit import Said
from sync.engine import Effect, Engine, Event, Now, Pace
from sync.operation import Body, Placed
from sync.replica import node, read, refold, sql, tables
from sync.replica.changes import Folded, Projection
from sync.replica.desk_road import DeskRoad
from sync.replica.fold import Fold
from sync.replica.own_chains import INCARNATION
from sync.replica.read import Stored
from sync.replica.replica import Identity, Replica
from sync.stamp import HybridClock
from sync.transport.client import HttpTransport
from sync.transport.line import Answer, Line
from sync.troubles import Trouble
from sync.wayfinder import Wayfinder
from tests.simulation import mending
from tests.simulation.memory import Disk, fresh
from tests.simulation.place import Gate, Place, Told, VirtualClock
from tests.simulation.trace import Broken

R = TypeVar("R")



def _older() -> Registry:
    """What an older program knows: it has never heard of notes, of links, nor of a contact's language."""
    older = Registry((name, kind.record) for name, kind in KINDS.items() if name not in {"note", "link"})
    contact = older["contact"]
    fields = {name: spec for name, spec in contact.fields.items() if name != "language"}
    older._kinds = MappingProxyType({**older, "contact": Kind("contact", contact.record, fields)})
    return older


OLD_KINDS = _older()


class Crash(BaseException):
    """The program dies here: nothing of it goes on, only what was committed stays."""


class Wire(Line):
    """The client's line, laid through the world."""

    def __init__(self, ask: Callable[[str, str, bytes], Answer]) -> None:
        self._ask = ask
        self.primed: Answer | None = None
        """The answer of a request that was held until now."""

    def ask(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        token: str = "",
        kind: str = "",
        body: bytes = b"",
        further: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, or a trouble."""
        if self.primed is not None and path.startswith(door.PULL):
            answer, self.primed = self.primed, None
            return answer
        return self._ask(path, token, body)

    def close(self) -> None:
        """Whoever closes it takes the requests back."""


class Transport(HttpTransport):
    """The production client over a line of the world."""

    def __init__(self, wire: Wire, device: str, incarnation: int, sign: Callable[[bytes], bytes]) -> None:
        super().__init__("http://localhost", device, incarnation, sign)
        self._line.close()
        self.wire = wire
        self._line = wire


class Unit:
    """As much of a `UnitOfWork` as an audited act needs."""

    def __init__(self, connection: Connection, me: Identity, seat: Seat, now_ms: int, dice: random.Random) -> None:
        self.connection = connection
        self.seat = seat
        self.now_ms = now_ms
        self._me = me
        self._dice = dice

    def identity(self) -> Identity:
        """Device and incarnation that this transaction writes under."""
        return self._me

    def new_id(self) -> str:
        """A new id."""
        return uuid7(self.now_ms, self._dice.randbytes(RANDOM_BYTES))


class Watcher(Protocol):
    """Who looks at what desks do: carries requests, keeps the book, holds the laws."""

    def send(self, machine: Machine, effect: core.Request) -> None:
        """Carry a request out."""

    def wake(self, machine: Machine, mono: int) -> None:
        """Send Woke then; only the last asked counts."""

    def folded(self, machine: Machine, folded: Folded) -> None:
        """Foreign operations were folded and committed."""

    def arriving(self, machine: Machine, placed: Sequence[Placed]) -> None:
        """Foreign operations are being folded, in the transaction that moves the cursor."""

    def renamed(self, machine: Machine) -> None:
        """The old transport is closed: what is under way on it comes back."""

    def heard(self, machine: Machine, event: Event) -> None:
        """The engine was given an event; perhaps the disk was full in the middle of it."""

    def stepped(self, machine: Machine, event: Event, steps: Sequence[str]) -> None:
        """The engine took an event; these transactions it made."""

    def ask(self, machine: Machine, place: Place, path: str, token: str, body: bytes) -> Answer:
        """Ask a server."""

    def moved(self, machine: Machine) -> None:
        """The desk speaks to another server: what is under way to the former one comes back."""

    def looks(self, machine: Machine, mono: int) -> None:
        """Then the desk looks whether its first server answers again."""

    def reported(self, machine: Machine, road: core.Road) -> None:
        """The engine says how the road stands."""

    def say(self, who: str, what: str, *figures: object) -> None:
        """A line of the timeline."""


def _make(disk: Disk) -> None:
    with disk.engine.begin() as connection:
        Replica(Fold(), random.Random(0).randbytes).create(connection)
        tables.metadata.create_all(connection)


class Machine:
    """One computer. Its disk outlives its program; `gate` says where either fails."""

    def __init__(
        self,
        seat: str,
        told: Told,
        key: Ed25519PrivateKey,
        clock: VirtualClock,
        dice: random.Random,
        watcher: Watcher,
        pace: Pace,
        servers: Sequence[Place],
    ) -> None:
        self.seat = seat
        self.told = told
        self.device = told.device
        self.key = key
        self.clock = clock
        self.dice = dice
        self.pace = pace
        self.servers = tuple(servers)
        """Best first: the hub of the own centre where there is one, then the centre."""
        self.way = Wayfinder(len(self.servers))
        self.look_at = -1
        self._last_request = self._asked_before = 0
        self.gate = Gate()
        self.registry: Registry = KINDS
        self.projections: Sequence[Projection] = ()
        self.disk = fresh(_make)
        with self.disk.engine.begin() as connection:
            identity.enrol(connection, self._sits(), "http://localhost", centre_key=told.centre_key)
            sql.insert_many(connection, secret, [(identity.SIGNING_KEY, key.private_bytes_raw())])
        self.on = False
        self.revoked = False
        self.life = 0
        self.died_at = ""
        self.wake_at = -1
        self.before_mending: mending.Records = {}
        """Every record as it was before the last one was made anew."""
        self._watcher = watcher
        self.steps: list[str] = []

    # ------------------------------------------------------------ the program's life

    def boot(self) -> None:
        """Start the program on what the disk holds."""
        self.life += 1
        self.on = True
        self.gate.fuse = 0
        self.replica = Replica(Fold(self.registry, self.projections), self.dice.randbytes)
        self.stamps = HybridClock(self.dice.randbytes(4).hex(), self.look(lambda c: node.get(c, node.STAMP)))
        self.road = DeskRoad(
            self._run,
            self.replica,
            self.device,
            self.key,
            self._learned,
            self._folded,
            Receipts(self.stamps, self._sits(), self.clock),
            closes_to=lambda _connection: self.servers[-1].centre.courier_key.public_key(),
        )
        self.engine = Engine(self.road, self.device, self.dice.random, SCHEMA, self.pace)
        self.way = Wayfinder(len(self.servers))
        self.look_at = -1
        self._last_request = self._asked_before = 0
        self._receivers: dict[str, str] = {}
        self.connect()
        if len(self.servers) > 1:
            self.step(core.Moved())
        self.step(core.Started())

    @property
    def server(self) -> Place:
        """Whom the desk speaks to now."""
        return self.servers[self.way.at]

    def _sits(self) -> Seat:
        return Seat(self.told.centre, self.seat[:4], CENTRE_DIGITS[self.seat[:2]], self.device)

    def connect(self) -> None:
        """A transport of the present incarnation; the old one's requests are taken back by whoever carries them."""
        self._renamed = self.road.renamed
        incarnation = int(self.look(lambda c: node.get(c, INCARNATION, "1")))
        place = self.server
        self.transport = Transport(
            Wire(lambda path, token, body: self._watcher.ask(self, place, path, token, body)),
            self.device,
            incarnation,
            self.key.sign,
        )

    def upgrade(self) -> None:
        """Install the new program (the machine is off): what the old one parked moves into its columns."""
        self.registry = KINDS
        with self.disk.engine.begin() as connection:
            moved = refold.parked(connection)
        self._watcher.say(self.seat, "upgraded", moved)

    def put_disk(self, disk: Disk) -> None:
        """Another disk is put in (the machine is off)."""
        self.disk.close()
        self.disk = disk

    # ------------------------------------------------------------ what desktop.background.sync_driver does

    def step(self, event: Event) -> None:
        """One event to the engine, its effects into the world, and which server is spoken to from now on; as
        `SyncDriver._drive`."""
        if isinstance(event, core.Nudged):
            self.way.look_now(self.clock.monotonic_ms())
        self._step(event)
        self._find_way(event)
        self._look_again()

    def _find_way(self, event: Event) -> None:
        if isinstance(event, core.PushAnswered | core.PullAnswered | core.ScopeAnswered):
            self.way.answered()
        elif isinstance(event, core.Failed) and event.request > self._asked_before:
            at_once = self.way.failed(event.trouble, self.clock.monotonic_ms())
            if at_once is not None:
                self._move(at_once=at_once)

    def _move(self, *, at_once: bool) -> None:
        self._asked_before = self._last_request
        self.connect()
        self._watcher.moved(self)
        self._step(core.Moved(at_once))

    def _look_again(self) -> None:
        when = self.way.probe_at()
        if when is not None and self.look_at < 0:
            self.look_at = when
            self._watcher.looks(self, when)

    def probed(self, alive: bool) -> None:
        """The first server was looked at."""
        self.look_at = -1
        if self.way.probed(alive, self.clock.monotonic_ms()):
            self._move(at_once=True)
        self._look_again()

    def _step(self, event: Event) -> None:
        self.steps = []
        mono = self.clock.monotonic_ms()
        try:
            effects = self.engine.step(event, Now(mono, self.clock.now_ms()))
        except Trouble:
            self._watcher.heard(self, event)
            self._watcher.wake(self, mono + AFTER_TROUBLE_MS)
            return
        except (Broken, AssertionError):
            raise
        except Exception as fault:
            raise Broken("no fault of our own", f"{self.seat} {type(fault).__name__}: {fault}") from fault
        if self.road.renamed != self._renamed:
            self.connect()
            self._watcher.renamed(self)
        self._watcher.stepped(self, event, self.steps)
        for effect in effects:
            self._pass(type(effect).__name__)
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, core.WakeAt):
            self._watcher.wake(self, effect.mono)
        elif isinstance(effect, core.Report):
            self._watcher.reported(self, effect.road)
        else:
            self._last_request = effect.request
            self._watcher.send(self, effect)

    def _pass(self, where: str) -> None:
        if self.gate.blows(where):
            self.died_at = where
            raise Crash

    # ------------------------------------------------------------ transactions

    def _run(self, work: Callable[[Connection], R]) -> R:
        """One transaction of the store lane; the machine may die before it, inside it or after it."""
        step = _step_of(work)
        self.steps.append(step)
        if step == "rebuild":
            self.before_mending = self.look(mending.records)
        self._pass(f"{step} before")
        with self.disk.engine.connect() as connection, connection.begin():
            before = self.disk.raw.total_changes
            answer = work(connection)
            wrote = self.disk.raw.total_changes != before
            if wrote and self.gate.full:
                raise DiskFull
            self._pass(f"{step} inside")
        self._pass(f"{step} after")
        return answer

    def look(self, work: Callable[[Connection], R]) -> R:
        """Read the disk, whatever the program does."""
        with self.disk.engine.begin() as connection:
            return work(connection)

    def _learned(self, connection: Connection, placed: Sequence[Placed]) -> None:
        self._watcher.arriving(self, placed)
        follow(connection, self.stamps, placed, self.clock.now_ms())

    def _folded(self, folded: Folded) -> None:
        self._watcher.folded(self, folded)

    # ------------------------------------------------------------ sticks

    def courier(self) -> CourierDesk:
        """The desk as its courier needs it; as `desktop.app` makes it."""
        return CourierDesk(self.replica, self.look, self._run, self.clock, "tvv-1", self.step, self.dice.randbytes)

    def learn_receivers(self, told: Mapping[str, str]) -> None:
        """Whom a stick would be sealed for; as `SyncDriver._learn_receivers`."""
        if told == self._receivers:
            return
        for lineage, key in told.items():

            def learn(connection: Connection, lineage: str = lineage, key: str = key) -> None:
                learn_receiver(connection, lineage, key)

            learn.__qualname__ = "courier.learn.<locals>.learn"
            with suppress(Trouble):
                self._run(learn)
        self._receivers = dict(told)

    # ------------------------------------------------------------ a person's acts

    def act(self, staff: str) -> Act:
        """A new act, its stamp taken; as `UnitOfWork.act`."""
        return Act(staff, self.stamps.next(self.clock.now_ms()), self.registry)

    def save(self, bodies: list[Body], audited: Said | None = None) -> None:
        """One act in one transaction; as `UnitOfWork.write` and `commit`. What is `audited` with it is put to the
        bodies. Raises DiskFull, Crash."""

        def author(connection: Connection) -> None:
            me = Identity(self.device, int(node.get(connection, INCARNATION, "1")))
            if audited is not None:
                act = Act(bodies[0].staff, bodies[0].stamp, self.registry)
                unit: Any = Unit(connection, me, self._sits(), self.clock.now_ms(), self.dice)
                audit.note(unit, act, audited)
                bodies.extend(act.bodies)
            self.replica.author(connection, me, bodies)
            node.put_key(connection, node.STAMP, self.stamps.last)

        author.__qualname__ = "person.save.<locals>.author"
        self._run(author)

    def stored(self, kind: str) -> list[Stored]:
        """Every record of a kind that the program shows, by id."""
        table = tables.records[kind]

        def work(connection: Connection) -> list[Stored]:
            rows = connection.execute(select(table).order_by(table.c.id)).mappings().all()
            return [read.stored(dict(row), kind, self.registry) for row in rows]

        return self.look(work)

    def conflicts(self) -> list[read.Sibling]:
        """What waits for a person's decision here."""
        return self.look(read.conflicts)

    def log(self) -> list[Any]:
        """Own operations on the disk: (incarnation, n, body), in order."""
        log = tables.log.c
        wanted = select(log.incarnation, log.n, log.body).where(log.body.is_not(None))
        wanted = wanted.order_by(log.incarnation, log.n)
        return self.look(lambda c: list(c.execute(wanted)))


def _step_of(work: Callable[[Connection], object]) -> str:
    """Which step of the road this transaction is: `DeskRoad.settle.<locals>.work` is `settle`."""
    parts = work.__qualname__.split(".")
    return parts[-3] if len(parts) > 2 else parts[-1]
