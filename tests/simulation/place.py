"""A serving node of a simulated world: the server's own operations over a store in memory, without threads."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from sqlalchemy import Connection, select
from starlette.responses import Response

from server.http.doorway import problem
from server.http.models import PullAsk, ScopeAsk
from server.http.waiters import Waiter, WaitingRoom
from server.operations import blobs, carriage, enrolment, erasure, grants, proof
from server.operations.centre import HUB, ROLE, Centre, News
from server.operations.enrolment import Asked
from server.operations.pull import Pulled, answer_pull, answer_scope
from server.operations.push import accept_push
from server.operations.refusals import Refusal, busy
from server.operations.revocation import farewell
from server.operations.sessions import Session, Sessions
from server.store import accounts, centre_key
from server.store.engine import CentreStore
from server.store.granted import audiences_of
from server.store.lane import WriteLane
from server.store.lineage import LINEAGE
from server.store.revoked import is_revoked
from server.store.troubles import StoreUnavailable
from sync import door, wire
from sync.blobs.shelf import Shelf
from sync.proof import RECORD
from sync.replica import node, scopes, tables
from sync.replica.replica import Identity
from sync.transport.line import Answer
from tests.simulation import mending
from tests.simulation.memory import Disk, fresh
from tests.simulation.seldom import Seldom

R = TypeVar("R")
NOWHERE = Path("nowhere")
"""A folder where nothing is kept: stores and the bytes of files lie elsewhere."""


class Reset(BaseException):
    """The server died under the request: the connection ends without an answer."""


class Pulling(Exception):
    """A pull was asked for by a known device: it is read, and perhaps held, in virtual time."""

    def __init__(self, session: Session, asked: PullAsk) -> None:
        super().__init__()
        lineage, _, seq = asked.c.partition(".")
        self.session = session
        self.given = (lineage, int(seq), asked.limit)
        self.wait_ms = int(asked.wait * 1_000)


class Told(NamedTuple):
    """What a desk keeps of its enrolment."""

    device: str
    centre: str
    lineage: str
    centre_key: str


class VirtualClock:
    """The world's time as one machine shows it: `offset` (ms) is how far its wall clock is off."""

    def __init__(self, mono: Callable[[], int], start: int) -> None:
        self._mono = mono
        self._start = start
        self.offset = 0

    def now_ms(self) -> int:
        return self._start + self._mono() + self.offset

    def monotonic_ms(self) -> int:
        return self._mono()


class Gate:
    """Where a store may fail: `fuse` boundaries from now the machine dies there, or in a step that is `seldom` taken;
    `full` lets nothing be written."""

    def __init__(self) -> None:
        self.fuse = 0
        self.full = False
        self.seldom: Seldom | None = None

    def blows(self, where: str = "") -> bool:
        """Whether the machine dies at this boundary."""
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                return True
        return self.seldom is not None and self.seldom.fells(where)


class _Lane(WriteLane):
    """The accept lane on the world's one thread."""

    def __init__(self, store: CentreStore, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def do(self, job: Callable[[Connection], R], *, urgent: bool = False) -> R:
        """Run the job in one transaction, unless the machine dies before, inside or after it."""
        self._pass()
        with self._store.writing() as connection:
            answer = job(connection)
            if self._gate.full:
                raise StoreUnavailable
            self._pass()
        self._pass()
        return answer

    def close(self) -> None:
        """Nothing was begun."""

    def _pass(self) -> None:
        if self._gate.blows():
            raise Reset


def _make_centre(disk: Disk) -> None:
    """An empty store of the national centre; its lineage is given when it is first opened."""
    _make(disk, ROLE)


def _make_hub(disk: Disk) -> None:
    """An empty store of a regional hub."""
    _make(disk, HUB)


def _make(disk: Disk, role: str) -> None:
    store = CentreStore(disk.engine, disk.engine, NOWHERE)
    centre = Centre(store, VirtualClock(lambda: 0, 0), random.Random(0).randbytes, role)
    centre.lane.close()
    with disk.engine.begin() as connection:
        connection.execute(tables.node.delete().where(tables.node.c.key == LINEAGE))
        # A key of its own in every process would make other signatures, and packed answers of other lengths.
        node.put_key(connection, centre_key.NAME, random.Random(role).randbytes(32).hex())


class Place:
    """One server: asked by path and token as over HTTP, restarted, backed up and restored."""

    registers_first = True
    """A held pull stands in the waiting room before its read (server/http/road.py does the same)."""

    def __init__(self, clock: VirtualClock, dice: random.Random, role: str = ROLE) -> None:
        self.clock = clock
        self.gate = Gate()
        self.up = True
        self._dice = dice
        self._role = role
        self.disk = fresh(_make_hub if role == HUB else _make_centre)
        self.told: Callable[[], None] = _nobody
        self._former: dict[str, Disk] = {}
        """Disks that were put aside for an older copy, by the lineage they had then."""
        self.shelf: Callable[[Place], Shelf] | None = None
        """Where files' bytes lie; None in a world without files."""
        self.boot()

    def boot(self) -> None:
        """The program starts on what was committed: sessions and held pulls are gone."""
        self.gate.fuse = 0
        store = CentreStore(self.disk.engine, self.disk.engine, NOWHERE)
        self.centre = Centre(store, self.clock, self._dice.randbytes, self._role)
        self.centre.lane.close()
        self.centre.lane = _Lane(store, self.gate)
        self.centre.publish = self.publish
        if self.shelf is not None:
            self.centre.blobs = self.shelf(self)
            if self._role == ROLE:
                blobs.finish_erasing(self.centre)
        self._told_centre: dict[tuple[str, int], int] = {}
        self.sessions = Sessions(self.centre)
        self.room = WaitingRoom()

    def restore(self, backup: Disk) -> None:
        """An older copy is put in place, under a new lineage."""
        self._former[self.centre.lineage] = self.disk
        self.disk = backup.copy()
        with self.disk.engine.begin() as connection:
            node.put_key(connection, LINEAGE, self._dice.randbytes(8).hex())

    def read(self, work: Callable[[Connection], R]) -> R:
        """Look into the store."""
        with self.disk.engine.begin() as connection:
            return work(connection)

    # ------------------------------------------------------------ what people of the centre do

    def enrol(
        self,
        centre: str,
        seat: str,
        key: bytes,
        *,
        all_cases: bool = False,
        hub: bool = False,
        receipts: bool = False,
    ) -> Told:
        """Make a device (or a hub) as a shift leader and a technician do. `receipts`: it learns the centre's key, and
        so keeps what the centre signs."""
        code = enrolment.make_code(self.centre, centre, seat, all_cases=all_cases, hub=hub)
        made = enrolment.enrol(self.centre, Asked(code, key, seat))
        return Told(made.device, made.centre, made.lineage, made.centre_key if receipts else "")

    def grant(self, device: str, scope: str) -> None:
        """Grant a dossier to one device. Raises Reset, StoreUnavailable."""

        def job(connection: Connection) -> None:
            found = accounts.find_device(connection, device)
            assert found is not None
            grants.give(self.centre, connection, found, [scope])

        self.centre.lane.do(job)
        self.publish(News(audiences=frozenset({scopes.device_scope(device)})))

    def erase(self, kind: str, record: str) -> None:
        """Erase a record for ever. Raises Reset, StoreUnavailable."""
        self.publish(erasure.erase(self.centre, kind, record, "yêu cầu số 1"))

    def revoke(self, device: str) -> None:
        """The device is no longer trusted: its running session ends with its time."""
        column = accounts.device.c
        with self.disk.engine.begin() as connection:
            connection.execute(
                accounts.device.update().where(column.id == device).values(revoked_at=self.clock.now_ms())
            )

    # ------------------------------------------------------------ what desks ask

    def answer(self, path: str, token: str, body: bytes) -> Answer:
        """The whole answer, as the routes give it. Raises Reset, and Pulling for a pull."""
        try:
            return self._answered(path, token, body)
        except Refusal as refusal:
            return _as_answer(problem(refusal))
        except StoreUnavailable:
            return _as_answer(problem(busy(5_000)))

    def _answered(self, path: str, token: str, body: bytes) -> Answer:
        where = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path == door.NONCE:
            return _said(door.Nonce(self.sessions.nonce()))
        if where.path == door.SESSION:
            claim = msgspec.json.decode(body)
            signature = wire.raw64(claim["signature"])
            return _said(self.sessions.open(claim["device"], claim["incarnation"], claim["nonce"], signature))
        session = self.sessions.of(token, parting=True)
        if where.path == door.PUSH:
            pushed = accept_push(self.centre, session, body)
            self.publish(pushed.news)
            return _said(pushed.answer)
        if where.path != door.PULL and self.read(partial(is_revoked, device=session.device.id)):
            raise farewell(self.centre, session.device)
        if where.path == door.DEVICES:
            return _said(carriage.list_devices(self.centre, session))
        if where.path == door.SCOPE:
            wanted = ScopeAsk.model_validate(asked)
            return _page(answer_scope(self.centre, session, wanted.scope, wanted.upto, wanted.past))
        if where.path == door.PROOF:
            ask = proof.read_ask(body)
            kind = wire.CONTENT_TYPE if ask.step == RECORD else "application/json"
            with mending.nothing_to_mend(self, ask):
                return Answer(200, kind, proof.answer(self.centre, session, ask), "")
        if where.path == door.RECEIPT:
            given = proof.give_receipt(self.centre, session, asked["digest"])
            return Answer(204, "", b"", "") if given is None else _said(given)
        assert where.path == door.PULL, where.path
        raise Pulling(session, PullAsk.model_validate(asked))

    def waiter(self, pulling: Pulling) -> Waiter:
        """A place in the waiting room; `enter` makes it hear of news."""
        device = pulling.session.device
        if pulling.session.hub:
            return self.room.waiter(device.id, carriage.audiences_of(self.centre, pulling.session))
        return self.room.waiter(device.id, self.read(lambda c: audiences_of(c, device.id, device.centre)))

    def page(self, pulling: Pulling, *, woken: bool) -> Answer | None:
        """The pull's answer; None where there is no news and it may wait."""
        try:
            pulled = answer_pull(self.centre, pulling.session, *pulling.given)
        except StoreUnavailable:
            return _as_answer(problem(busy(5_000)))
        if pulled.revoked:
            return _as_answer(problem(farewell(self.centre, pulling.session.device)))
        further = self._further(pulling.session, pulled.centre_acked)
        return _page(pulled) if pulled.news or woken or further or not pulling.wait_ms else None

    def _further(self, asker: Session, centre_acked: int) -> bool:
        """As `server.http.counter.Counter.further`."""
        key = (asker.device.id, asker.incarnation)
        before = self._told_centre.get(key)
        self._told_centre[key] = centre_acked
        return self.centre.role == HUB and before is not None and before != centre_acked

    def publish(self, news: News) -> None:
        """Wake the pulls that a commit concerns."""
        if news:
            self.room._wake(news, "")
            self.told()

    # ------------------------------------------------------------ what the laws look at

    def head(self, device: str, incarnation: int) -> int:
        """The last number known of a chain."""
        return self.read(lambda c: self.centre.replica.head(c, Identity(device, incarnation)))[0]

    def withdrawn(self, device: str) -> set[str]:
        """Scopes that this device was told to give up, now or before."""
        grant = tables.records["grant"].c
        told = select(grant.granted_scope).where(grant.device == device, grant.withdrawn_at.is_not(None))
        return self.read(lambda c: {str(row.granted_scope) for row in c.execute(told)})

    def disks(self) -> list[Disk]:
        """The disk in use, and those that were put aside."""
        return [self.disk, *self._former.values()]

    def may_hold(self, device: str, centre: str, wanted: set[str], lineage: str = "") -> set[str]:
        """Those of the scopes that the device may hold: of its audiences, or granted to it. For a `lineage` whose
        disk was put aside: as it was then."""

        def work(connection: Connection) -> set[str]:
            home = scopes.homes(connection, wanted)
            mine = audiences_of(connection, device, centre)
            return {one for one in wanted if home.get(one) in mine} | scopes.granted(connection, device) & wanted

        with self._former.get(lineage, self.disk).engine.begin() as connection:
            return work(connection)


def _nobody() -> None:
    """Nobody holds a pull yet."""


def _said(message: object) -> Answer:
    return Answer(200, "application/json", msgspec.json.encode(message), "")


def _page(pulled: Pulled) -> Answer:
    return Answer(200, wire.CONTENT_TYPE, pulled.body, "")


def _as_answer(response: Response) -> Answer:
    again = ""
    with suppress(KeyError):
        again = response.headers["retry-after"]
    return Answer(response.status_code, "application/json", bytes(response.body), again)
