"""Sixty desks after thirty days without a line, in virtual time: the real engine, the centre's own admission."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from server.http.counter import BACK_SOON_MS, PUSHES_IN_FLIGHT, URGENT_IN_FLIGHT
from server.store.lane import MOST_TOGETHER, TOGETHER_S
from sync import engine, wire
from sync.engine import Engine, Now
from sync.operation import Placed
from sync.signals import View
from sync.troubles import Behind, Offline, ServerTrouble
from sync.wire import PullHead, PushAnswer

DESKS: Final = 60
BACKLOG: Final = 2_500
"""Operations a desk wrote in thirty days without a line."""
SAVES: Final = 2_400
"""Acts saved at all desks in the half hour after the line came back."""
HALF_HOUR_MS: Final = 1_800_000
DOWN_MS: Final = 600_000
"""How long the engines have been failing when the line comes back: long enough for the longest delay."""
LINE_MS: Final = 30
"""One way over the WAN."""
COMMIT_MS: Final = 5
"""What a commit takes besides its operations: the disk."""
SLOWER: Final = 10
"""The centre's cost of an operation is taken this many times what was measured here."""


@dataclass
class Store:
    """What an engine sees of a desk: only numbers; an operation is 300 bytes."""

    device: str
    n: int = BACKLOG
    acked: int = 0
    lineage: str = "L"

    def view(self) -> View:
        return View(1, self.lineage, 0, self.n - self.acked)

    def pending(self, limit: int, max_bytes: int, past: int) -> list[Placed]:
        first = max(self.acked, past) + 1
        last = min(self.n, first + min(limit, max_bytes // 380) - 1)
        return [Placed(self.device, 1, n, n, b"0123456789abcdef", _BODY) for n in range(first, last + 1)]

    def fresh(self, past: int, most: int, max_bytes: int) -> list[Placed]:
        first = max(past, self.n - min(most, max_bytes // 380)) + 1
        return [Placed(self.device, 1, n, n, b"0123456789abcdef", _BODY) for n in range(first, self.n + 1)]

    def sign(self, placed: Sequence[Placed]) -> tuple[bytes, bytes]:
        return bytes(32), bytes(64)

    def settle(self, answer: PushAnswer, upto: int) -> None:
        self.acked = max(self.acked, answer.acked)

    def behind(self, acked: int) -> None:
        self.acked = acked

    def told(self, head: PullHead) -> None:
        """No hub in this world."""

    def noted(self, head: PullHead) -> bool:
        """Neither end loses its history here."""
        return False

    def receive(self, placed: Sequence[Placed], cursor: int) -> None:
        """Nothing comes down in this world: it is the way up that is crowded."""

    def digest_at(self, seq: int) -> str | None:
        return "equal"

    def compared(self, equal: bool, wall_ms: int) -> None:
        """Nothing is kept here."""


_BODY: Final = b'{"k":"note","i":"' + b"0" * 270 + b'"}'


@dataclass
class Desk:
    """One desk: its engine, its next waking, how much of its chain the centre has, and acts that it does not have."""

    store: Store
    engine: Engine
    due: int = -1
    taken: int = 0
    open: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """A push that waits for the accept lane: whose, which, from which number, how many operations, and whether it
    came ahead of its turn."""

    desk: Desk
    request: int
    first: int
    count: int
    ahead: bool


class World:
    """Virtual time, a line that is down until 0, and one accept lane of known speed behind the admission caps: the
    lane commits up to sixteen jobs together, urgent ones before all that wait, as `server.store.lane` does."""

    def __init__(self, op_ms: float, seed: int = 111) -> None:
        self.now = -DOWN_MS
        self.op_ms = op_ms
        self.dice = random.Random(seed)
        self.queue: list[tuple[int, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.in_flight = {False: 0, True: 0}
        self.waiting: dict[bool, list[Job]] = {False: [], True: []}
        self.committing = False
        self.late = self.refused = 0
        self.waits: list[int] = []
        self.drained = 0
        self.desks = [self._desk(number) for number in range(DESKS)]

    def _desk(self, number: int) -> Desk:
        store = Store(f"d{number:02d}")
        made: Any = store  # only what an engine without grants and differences asks
        return Desk(store, Engine(made, store.device, self.dice.random, 1))

    def run(self) -> None:
        """Ten minutes of failing, then half an hour with the line up."""
        for desk in self.desks:
            self.at(self.now + self.dice.randrange(60_000), partial(self.tell, desk, engine.Started()))
        for _ in range(SAVES):
            self.at(self.dice.randrange(HALF_HOUR_MS), partial(self._save, self.dice.choice(self.desks)))
        while self.queue and self.queue[0][0] <= 2 * HALF_HOUR_MS:
            self.now, _, what = heapq.heappop(self.queue)
            what()

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Do something at a virtual time (ms)."""
        heapq.heappush(self.queue, (max(when, self.now), next(self.order), what))

    def tell(self, desk: Desk, event: engine.Event) -> None:
        """One event to an engine, its effects into the world."""
        for effect in desk.engine.step(event, Now(self.now, self.now)):
            match effect:
                case engine.WakeAt(mono):
                    desk.due = mono
                    self.at(mono, partial(self._wake, desk, mono))
                case engine.Push(request, data, timeout, urgent):
                    self._send(desk, request, timeout, partial(self._arrive, desk, request, data, urgent))
                case engine.Pull(request, lineage, cursor, _, hold, timeout):
                    head = PullHead(lineage=lineage, next=cursor, more=False, count=0, acked=0, centre_acked=0)
                    said = engine.PullAnswered(request, head if not hold else None)
                    self._send(desk, request, timeout, partial(self._later, desk, hold, said))
                case _:
                    pass

    def _wake(self, desk: Desk, mono: int) -> None:
        if desk.due == mono:
            self.tell(desk, engine.Woke())

    def _save(self, desk: Desk) -> None:
        desk.store.n += 1
        desk.open.append((desk.store.n, self.now))
        self.tell(desk, engine.Saved())

    def _send(self, desk: Desk, request: int, timeout: int, arrive: Callable[[], None]) -> None:
        if self.now < 0:
            self.at(self.now + 1, partial(self.tell, desk, engine.Failed(request, Offline())))
            return
        self.at(self.now + LINE_MS, arrive)
        self.at(self.now + timeout, partial(self._too_late, desk, request))

    def _too_late(self, desk: Desk, request: int) -> None:
        pushes = [*(sent.request for sent in desk.engine._pushing.under_way), desk.engine._pushing._ahead]
        pull = desk.engine._pull
        if request in pushes or (pull.busy and pull.request == request):
            self.late += 1
            self.tell(desk, engine.Failed(request, Offline(timed_out=True)))

    def _later(self, desk: Desk, hold: int, said: engine.Event) -> None:
        self.at(self.now + hold + LINE_MS, partial(self.tell, desk, said))

    def _arrive(self, desk: Desk, request: int, data: bytes, urgent: bool) -> None:
        if self.in_flight[urgent] >= (URGENT_IN_FLIGHT if urgent else PUSHES_IN_FLIGHT):
            self.refused += 1
            refused = engine.Failed(request, ServerTrouble(retry_after_ms=self.dice.randrange(*BACK_SOON_MS)))
            self.at(self.now + LINE_MS, partial(self.tell, desk, refused))
            return
        self.in_flight[urgent] += 1
        head, placed = wire.decode_push(data)
        self.waiting[urgent].append(Job(desk, request, head.first, len(placed), head.ahead))
        self._commit()

    def _commit(self) -> None:
        urgent = bool(self.waiting[True])
        lane = self.waiting[urgent]
        if self.committing or not lane:
            return
        self.committing = True
        jobs = [lane.pop(0)]
        takes = jobs[0].count * self.op_ms
        while lane and len(jobs) < MOST_TOGETHER and takes < TOGETHER_S * 1_000:
            jobs.append(lane.pop(0))
            takes += jobs[-1].count * self.op_ms
        takes += COMMIT_MS
        self.at(self.now + math.ceil(takes), partial(self._done, jobs, urgent))

    def _done(self, jobs: Sequence[Job], urgent: bool) -> None:
        self.committing = False
        self.in_flight[urgent] -= len(jobs)
        for job in jobs:
            desk, last = job.desk, job.first + job.count - 1
            if job.first <= desk.taken + 1:
                desk.taken = max(desk.taken, last)
            elif not job.ahead:
                refused = engine.Failed(job.request, Behind(acked=desk.taken))
                self.at(self.now + LINE_MS, partial(self.tell, desk, refused))
                continue
            self._seen(desk, job.first, last)
            took = int(job.count * self.op_ms)
            answer = PushAnswer(lineage="L", acked=desk.taken, centre_acked=desk.taken, took=took)
            said = engine.PushAnswered(job.request, answer)
            self.at(self.now + LINE_MS, partial(self._answered, desk, said))
        self._commit()

    def _seen(self, desk: Desk, first: int, last: int) -> None:
        """The centre has these acts now, whatever of the chain before them is still to come."""
        for n, saved in [one for one in desk.open if first <= one[0] <= last]:
            desk.open.remove((n, saved))
            self.waits.append(self.now - saved)

    def _answered(self, desk: Desk, event: engine.PushAnswered) -> None:
        self.tell(desk, event)
        if desk.store.acked >= BACKLOG and not any(one.store.acked < BACKLOG for one in self.desks):
            self.drained = self.drained or self.now


def measure(cpu_s: float) -> dict[str, float]:
    """`sync.reconnect_min`: virtual minutes until the last desk's backlog is at the centre; `sync.fresh_p95_s`:
    from the save of a new act until the centre has it; `sync.timeouts`. `cpu_s`: seconds an operation costs."""
    world = World(cpu_s * 1_000 * SLOWER)
    world.run()
    if not world.drained or any(desk.store.acked < desk.store.n for desk in world.desks) or len(world.waits) != SAVES:
        raise AssertionError("the backlog did not drain")
    return {
        "sync.reconnect_min": world.drained / 60_000,
        "sync.fresh_p50_s": statistics.median(world.waits) / 1_000,
        "sync.fresh_p95_s": sorted(world.waits)[int(len(world.waits) * 0.95)] / 1_000,
        "sync.timeouts": float(world.late),
        "sync.reconnect_refused": float(world.refused),
        "sync.reconnect_op_ms": world.op_ms,
    }
