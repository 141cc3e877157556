"""A virtual line between desks' engines and a centre: one thread, its own clock, faults drawn from a seed."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from domain.records.road import WipeReceipt
from sync import chain, engine, wire
from sync.door import Receipt, receipt_claim
from sync.engine import Engine, Now, Pace, Road
from sync.operation import APPEND, Body, Placed, decode_body
from sync.proof import Answer, Ask, Told
from sync.proof import Line as ProofLine
from sync.replica import feed, node, proof, scopes, sums
from sync.replica.batch import stamps_of
from sync.replica.changes import Folded
from sync.replica.desk_road import DeskRoad
from sync.replica.replica import Fork, Gap
from sync.troubles import Behind, Forked, Offline, ServerTrouble, Trouble
from tests.sync.nodes import Node

PACE = Pace(batch=7, page=9, chunk=4, hold=25_000, base=1_000, cap=30_000, timeout=25_000)


@dataclass
class Faults:
    """How bad the line is, each from 0 to 1; `cut` answers whether it is down at a virtual time (ms)."""

    lose_request: float = 0.0
    lose_answer: float = 0.0
    twice: float = 0.0
    busy: float = 0.0
    delay_ms: int = 20
    cut: Callable[[int], bool] = field(default=lambda _ms: False)


@dataclass
class Desk:
    """A desk on the line: its replica, its road, and the engine that a crash throws away."""

    at: Node
    road: DeskRoad
    engine: Engine
    due: int = 0
    reports: list[Road] = field(default_factory=list)


class Centre:
    """Answers pushes and pulls as the server's operations do, without HTTP."""

    def __init__(self, at: Node, lineage: str = "L1") -> None:
        self.at = at
        self.lineage = lineage
        self.peers: dict[str, Node] = {}
        self.key = Ed25519PrivateKey.generate()

    def push(self, data: bytes) -> wire.PushAnswer:
        head, placed = wire.decode_push(data)
        peer = self.peers[head.device]
        previous, signature = bytes.fromhex(head.previous), wire.raw64(head.signature)

        def work(c: Connection) -> Any:
            granted = scopes.granted(c, head.device)
            lost = scopes.withdrawn_among(c, head.device, {decode_body(one.body).scope for one in placed if one.body})
            return self.at.replica.accept(
                c, peer.peer(), placed, previous, signature, granted, lost - granted, ahead=head.ahead
            )

        try:
            accepted = self.at.run(work)
        except Gap as gap:
            raise Behind(acked=gap.acked) from gap
        except Fork as fork:
            raise Forked(n=fork.n) from fork
        return wire.PushAnswer(
            lineage=self.lineage, acked=accepted.acked, centre_acked=accepted.acked, last_seq=accepted.last_seq
        )

    def pull(self, device: str, incarnation: int, lineage: str, cursor: int) -> tuple[wire.PullHead, list[Placed]]:
        peer = self.peers[device]
        audiences = [peer.centre, "ref", f"device:{device}"]
        start = cursor if lineage == self.lineage else 0

        def work(c: Connection) -> tuple[wire.PullHead, list[Placed]]:
            page = feed.after(c, start, device=device, incarnation=incarnation, audiences=audiences, limit=PACE.page)
            foreign = [s for s in scopes.granted(c, device) if scopes.homes(c, [s]).get(s) not in audiences]
            total = sums.of_audiences(c, audiences).plus(sums.of_scopes(c, foreign))
            return (
                wire.PullHead(
                    lineage=self.lineage, next=page.next, more=page.more, count=len(page.placed), acked=0,
                    centre_acked=0, digest="" if page.more else total.text(),
                ),
                page.placed,
            )  # fmt: skip

        return self.at.run(work)

    def scope(self, scope: str, upto: int, past: int) -> tuple[wire.PullHead, list[Placed]]:
        page = self.at.run(lambda c: feed.of_scope(c, scope, upto=upto, past=past, limit=PACE.page))
        head = wire.PullHead(
            lineage=self.lineage, next=page.next, more=page.more, count=len(page.placed), acked=0, centre_acked=0
        )
        return head, page.placed

    def receipt(self, device: str, digest: str) -> Receipt | None:
        head, _ = self.pull(device, 0, self.lineage, self.at.run(node.feed))
        if head.digest != digest:
            return None
        plain = Receipt(device=device, lineage=self.lineage, seq=head.next, digest=digest, time=1)
        return msgspec.structs.replace(plain, signature=wire.text64(self.key.sign(receipt_claim(plain))))

    def prove(self, device: str, ask: Ask) -> Answer:
        peer = self.peers[device]
        sees = proof.seen_by(device, lambda _: [peer.centre, "ref", f"device:{device}"])

        def work(c: Connection) -> Answer:
            if ask.step == "record":
                return Answer(placed=proof.operations(c, ask) if sees(c, [ask.scope]) else [])
            if ask.step != "mend":
                return Answer(proof.answer(c, ask, sees))
            if not sees(c, [ask.scope]):
                return Answer()
            self.at.replica.correct(c, proof.slipped(c, (ask.scope, ask.kind)))
            if ask.id:
                proof.rebuild(c, self.at.replica, ask, [])
            count, total = proof.figure(c, ask.kind, ask.scope, ask.id)
            return Answer(Told([ProofLine(ask.id, "", count, total)] if count else [], leaf=True))

        return self.at.run(work)


class Line:
    """Carries effects to the centre and answers back, in virtual time."""

    def __init__(self, centre: Centre, seed: int = 0, faults: Faults | None = None) -> None:
        self.centre = centre
        self.dice = random.Random(seed)
        self.faults = faults or Faults()
        self.now = 1_000
        self.attended = True
        self.requests = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.desks: list[Desk] = []
        self._held: list[tuple[Desk, Engine, engine.Pull]] = []

    def join(self, at: Node) -> Desk:
        """A desk comes to the line."""
        self.centre.peers[at.device] = at

        def learned(_connection: Connection, placed: Sequence[Placed]) -> None:
            for stamp in stamps_of(placed):
                at.clock.seen(stamp, self.now)

        def receipt(_connection: Connection, grant: str, scope: str, held: str) -> Sequence[Body]:
            act = at.act()
            record = WipeReceipt(id=grant, device=at.device, wiped_scope=scope, digest=held, wiped_at=self.now)
            act.create(scopes.centre(at.centre), record, action=APPEND)
            return act.bodies

        public = wire.text64(self.centre.key.public_key().public_bytes_raw())
        at.run(lambda c: node.put_key(c, "centre_key", public))
        road = DeskRoad(at.run, at.replica, at.device, at.key, learned, _ignored, receipt)
        desk = Desk(at, road, self._engine(at, road))
        self.desks.append(desk)
        self.tell(desk, engine.Started())
        return desk

    def _engine(self, at: Node, road: DeskRoad) -> Engine:
        return Engine(road, at.device, self.dice.random, 1, PACE)

    def crash(self, desk: Desk) -> None:
        """The desk's program dies and starts again on what was committed."""
        desk.engine = self._engine(desk.at, desk.road)
        self.tell(desk, engine.Started())

    def tell(self, desk: Desk, event: engine.Event) -> None:
        """One event to a desk's engine, its effects onto the line."""
        current = desk.engine
        for effect in current.step(event, Now(self.now, self.now, self.attended)):
            match effect:
                case engine.WakeAt(mono):
                    desk.due = mono
                    self.at(mono, partial(self._wake, desk, mono))
                case engine.Report(seen):
                    desk.reports.append(seen)
                case _:
                    self._send(desk, current, effect)

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Do something at a virtual time (ms)."""
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), what))

    def run_until(self, end: int, quiet: Callable[[], bool] = lambda: False) -> None:
        """Let virtual time pass to `end`, or until `quiet` says so."""
        while self._queue and self._queue[0][0] <= end and not quiet():
            self.now, _, what = heapq.heappop(self._queue)
            what()
        if not quiet():
            self.now = end

    def _wake(self, desk: Desk, mono: int) -> None:
        if desk.due == mono:
            self.tell(desk, engine.Woke())

    def _send(self, desk: Desk, current: Engine, effect: engine.Request) -> None:
        self.requests += 1
        faults, dice = self.faults, self.dice
        timeout = self.now + effect.timeout_ms
        if faults.cut(self.now) or dice.random() < faults.lose_request:
            refused = faults.cut(self.now)
            when = self.now + (1 if refused else effect.timeout_ms)
            self._answer(desk, current, when, engine.Failed(effect.request, Offline(timed_out=not refused)))
            return
        times = 2 if dice.random() < faults.twice else 1
        for _ in range(times):
            arrives = self.now + 1 + dice.randrange(faults.delay_ms)
            self.at(arrives, lambda: self._arrive(desk, current, effect))
        self._answer(desk, current, timeout, engine.Failed(effect.request, Offline(timed_out=True)))

    def _arrive(self, desk: Desk, current: Engine, effect: engine.Request) -> None:
        back = self.now + 1 + self.dice.randrange(self.faults.delay_ms)
        event: engine.Event
        try:
            if self.dice.random() < self.faults.busy:
                raise ServerTrouble(retry_after_ms=self.dice.randrange(3_000))  # a fault drawn here
            match effect:
                case engine.Push():
                    event = engine.PushAnswered(effect.request, self.centre.push(effect.data))
                    self._wake_held()
                case engine.Pull():
                    me = desk.at
                    incarnation = desk.road.view().incarnation
                    head, placed = self.centre.pull(me.device, incarnation, effect.lineage, effect.cursor)
                    if not placed and effect.wait_ms and head.next == effect.cursor:
                        self._hold(desk, current, effect)
                        return
                    event = engine.PullAnswered(effect.request, head, placed)
                case engine.AskReceipt():
                    event = engine.ReceiptGiven(effect.request, self.centre.receipt(desk.at.device, effect.digest))
                case engine.AskProof():
                    answer = self.centre.prove(desk.at.device, effect.ask)
                    event = engine.ProofAnswered(effect.request, answer)
                case engine.FetchScope():
                    head, placed = self.centre.scope(effect.scope, effect.upto, effect.past)
                    event = engine.ScopeAnswered(effect.request, effect.scope, head, placed)
        except Trouble as trouble:
            event = engine.Failed(effect.request, trouble)
        if self.faults.cut(self.now) or self.dice.random() < self.faults.lose_answer:
            return
        self._answer(desk, current, back, event)

    def _hold(self, desk: Desk, current: Engine, effect: engine.Pull) -> None:
        held = (desk, current, effect)
        self._held.append(held)

        def ends() -> None:
            if held in self._held:
                self._held.remove(held)
                self._answer(desk, current, self.now, engine.PullAnswered(effect.request, None))

        self.at(self.now + effect.wait_ms, ends)

    def _wake_held(self) -> None:
        held, self._held = self._held, []
        for desk, current, effect in held:
            self._arrive(desk, current, effect)

    def _answer(self, desk: Desk, current: Engine, when: int, event: engine.Event) -> None:
        def deliver() -> None:
            if desk.engine is current:
                self.tell(desk, event)

        self.at(when, deliver)


def _ignored(_folded: Folded) -> None:
    """Screens are not part of this."""


def proven_equal(desks: Sequence[Desk], centre: Centre) -> bool:
    """Every desk has compared equal, with nothing waiting, at the centre's last feed number."""
    feed_now = centre.at.run(node.feed)
    return all(
        d.engine.road.equal is True and d.engine.road.waiting == 0 and d.road.view().cursor == feed_now
        and not d.road.view().backfills and not d.road.view().wipes
        for d in desks
    )


def chains_are_whole(centre: Centre) -> bool:
    """Every device's chain at the centre, recomputed from its log."""
    from sync.replica import tables

    rows = centre.at.run(lambda c: c.execute(tables.log.select().order_by(tables.log.c.n)).all())
    heads: dict[tuple[str, int], bytes] = {}
    for row in rows:
        key = (row.device, row.incarnation)
        one = Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body))
        heads[key] = chain.advance(heads.get(key, chain.GENESIS), [one])[0]
        if heads[key] != bytes(row.hash):
            return False
    return True
