"""The sync core without I/O: events in, effects out; the simulator and the desk drive the same object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sync import wire
from sync.operation import Placed
from sync.troubles import Behind, Forked, Offline, ServerTrouble, SignedOut, TooLarge, Trouble
from sync.wire import PullHead, PushAnswer, PushHead


@dataclass(frozen=True, slots=True)
class Now:
    """Both clocks at one moment, in ms: `mono` never jumps and drives every delay, `wall` is only shown."""

    mono: int
    wall: int


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Started:
    """The driver is ready to carry out effects."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A person's act was committed here."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The time of the last WakeAt has come."""


@dataclass(frozen=True, slots=True)
class Nudged:
    """A person pressed "try again", or the machine's network came back: do not wait for the delay."""


@dataclass(frozen=True, slots=True)
class PushAnswered:
    """The answer to the push `request`."""

    request: int
    answer: PushAnswer


@dataclass(frozen=True, slots=True)
class PullAnswered:
    """The answer to the pull `request`; None where the held pull ended without news."""

    request: int
    head: PullHead | None
    placed: Sequence[Placed] = ()


@dataclass(frozen=True, slots=True)
class ScopeAnswered:
    """One page of a granted scope's history."""

    request: int
    scope: str
    head: PullHead
    placed: Sequence[Placed]


@dataclass(frozen=True, slots=True)
class Failed:
    """The request met a trouble of the world."""

    request: int
    trouble: Trouble


Event = Started | Saved | Woke | Nudged | PushAnswered | PullAnswered | ScopeAnswered | Failed


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Push:
    """Send these bytes; answer with PushAnswered or Failed."""

    request: int
    data: bytes
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Pull:
    """Ask for what is new; the server may hold the request for `wait_ms`."""

    request: int
    lineage: str
    cursor: int
    limit: int
    wait_ms: int
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class FetchScope:
    """Ask for a granted scope's operations with past < seq ≤ upto."""

    request: int
    scope: str
    upto: int
    past: int
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send Woke at this monotonic time (ms); a later WakeAt replaces an earlier one."""

    mono: int


@dataclass(frozen=True, slots=True)
class Report:
    """The road as it stands now, for the screens."""

    road: Road


Effect = Push | Pull | FetchScope | WakeAt | Report


@dataclass(frozen=True, slots=True)
class Road:
    """What a person may know of the road. Wall times in ms, None where it has not happened.

    `equal` is None until digests could be compared at one feed number with nothing waiting to be sent.
    """

    up: bool | None = None
    down_since: int | None = None
    last_contact: int | None = None
    waiting: int = 0
    sending: bool = False
    equal: bool | None = None
    equal_at: int | None = None
    signed_out: bool = False
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Backfill:
    """A granted scope whose history is still to be fetched."""

    scope: str
    upto: int
    past: int


@dataclass(frozen=True, slots=True)
class View:
    """Where a store stands: incarnation, lineage of the server last met (empty: none yet), the feed number up to
    which that lineage is folded here, own operations not acknowledged, granted scopes still to be fetched."""

    incarnation: int
    lineage: str
    cursor: int
    waiting: int
    backfills: Sequence[Backfill] = ()


class RoadStore(Protocol):
    """What the engine needs of a replica; each call is one transaction of its own."""

    def view(self) -> View:
        """Where this store stands on the road, read in one transaction."""

    def pending(self, limit: int, max_bytes: int) -> list[Placed]:
        """Own operations the server has not acknowledged, whole groups, in order."""

    def sign(self, placed: Sequence[Placed]) -> tuple[bytes, bytes]:
        """The chain's hash before these operations, and the signature of the head behind them."""

    def settle(self, answer: PushAnswer) -> None:
        """Remember what the server has."""

    def behind(self, acked: int) -> None:
        """The server has only this many: send again from there."""

    def fork(self, n: int) -> None:
        """The server has other operations from n on: continue under a new incarnation, nothing lost."""

    def meet(self, lineage: str) -> None:
        """Another server, or a restored one: its own cursor and acknowledgements hold from now."""

    def receive(self, placed: Sequence[Placed], cursor: int) -> None:
        """Fold a chunk and move the cursor, in one transaction."""

    def receive_scope(self, scope: str, placed: Sequence[Placed], past: int, done: bool) -> None:
        """Fold a page of a scope's history and remember how far it came, in one transaction."""

    def digest_at(self, seq: int) -> str | None:
        """The digest of all that is held here, or None where own operations lie beyond that feed number."""

    def compared(self, equal: bool, wall_ms: int) -> None:
        """Remember the outcome of the last comparison."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Sizes and delays. Times in ms.

    A batch is at most `batch` operations or `batch_bytes`; a page is folded `chunk` operations at a time, so
    that a save slips in between; `hold` is how long a pull is held; retries wait rand(0, min(cap, base·2ⁿ)).
    """

    batch: int = 1_000
    batch_bytes: int = 1 << 20
    page: int = 1_000
    chunk: int = 200
    hold: int = 25_000
    base: int = 1_000
    cap: int = 60_000
    timeout: int = 25_000
    bytes_per_ms: int = 50


@dataclass(slots=True)
class _Lane:
    request: int = 0
    busy: bool = False


@dataclass(slots=True)
class Engine:
    """Pushes what is saved, keeps one pull held, back-fills grants, compares digests; never blocks, never drops.

    `random` gives numbers in [0, 1) for jitter. All state that must survive lies in the store.
    """

    store: RoadStore
    device: str
    random: Callable[[], float]
    schema: int
    pace: Pace = field(default_factory=Pace)
    road: Road = field(default_factory=Road)
    _push: _Lane = field(default_factory=_Lane)
    _pull: _Lane = field(default_factory=_Lane)
    _scope: _Lane = field(default_factory=_Lane)
    _counter: int = 0
    _failures: int = 0
    _retry_at: int = 0
    _limit: int = 0
    _wake_at: int = -1
    _hold_next: bool = False
    _uncompared: PullHead | None = None

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Take one event; answer what is to be done. Answers of requests no longer in flight are ignored."""
        before = self.road
        match event:
            case PushAnswered(request, answer) if self._ends(self._push, request):
                self._contact(now)
                if answer.lineage != self.store.view().lineage:
                    self._meet(answer.lineage)
                self.store.settle(answer)
                self._limit = min(self.pace.batch, max(1, self._limit) * 2)
            case PullAnswered(request, head, placed) if self._ends(self._pull, request):
                self._contact(now)
                if head is not None:
                    self._pulled(head, placed)
                else:
                    self._hold_next = True
            case ScopeAnswered(request, scope, head, placed) if self._ends(self._scope, request):
                self._contact(now)
                for chunk, last in self._chunks(placed):
                    past = head.next if last else chunk[-1].seq
                    self.store.receive_scope(scope, chunk, past, last and not head.more)
                self._hold_next = False
            case Failed(request, trouble) if self._fails(request):
                self._failed(trouble, now)
            case Nudged():
                self._retry_at = now.mono
            case Woke():
                self._wake_at = -1
            case _:
                pass
        view = self.store.view()
        self._compare(view, now)
        effects = self._work(view, now)
        self.road = replace(self.road, waiting=view.waiting, sending=self._push.busy)
        if view.waiting and self.road.equal:
            # What was proven equal stays true of its moment; the mark on the screen must not claim more.
            self.road = replace(self.road, equal=None)
        if self.road != before or isinstance(event, Started):
            effects.append(Report(self.road))
        return effects

    def _ends(self, lane: _Lane, request: int) -> bool:
        if not lane.busy or lane.request != request:
            return False
        lane.busy = False
        return True

    def _fails(self, request: int) -> bool:
        return any(self._ends(lane, request) for lane in (self._push, self._pull, self._scope))

    def _begin(self, lane: _Lane) -> int:
        self._counter += 1
        lane.request, lane.busy = self._counter, True
        return self._counter

    def _contact(self, now: Now) -> None:
        self._failures = 0
        self._retry_at = now.mono
        self.road = replace(
            self.road, up=True, down_since=None, last_contact=now.wall, signed_out=False, advice=""
        )

    def _failed(self, trouble: Trouble, now: Now) -> None:
        if isinstance(trouble, Behind):
            self.store.behind(trouble.acked)
            return
        if isinstance(trouble, Forked):
            self.store.fork(trouble.n)
            # A pull in flight was asked in the old name: its answer leaves out what the twin wrote.
            self._forget_pull()
            return
        timed_out = isinstance(trouble, Offline) and trouble.timed_out
        if timed_out or isinstance(trouble, TooLarge):
            self._limit = max(1, (self._limit or self.pace.batch) // 2)
        self._failures += 1
        ceiling = min(self.pace.cap, self.pace.base * 2 ** min(self._failures - 1, 20))
        delay = int(self.random() * ceiling)
        if isinstance(trouble, ServerTrouble) and trouble.retry_after_ms is not None:
            delay = max(delay, trouble.retry_after_ms)
        self._retry_at = now.mono + delay
        self._hold_next = False
        self.road = replace(
            self.road,
            up=False,
            down_since=self.road.down_since or now.wall,
            signed_out=isinstance(trouble, SignedOut),
            advice=trouble.advice,
        )

    def _forget_pull(self) -> None:
        self._pull.busy = False
        self._hold_next = False
        self._uncompared = None

    def _meet(self, lineage: str) -> None:
        self.store.meet(lineage)
        self._forget_pull()

    def _pulled(self, head: PullHead, placed: Sequence[Placed]) -> None:
        known = self.store.view().lineage
        if head.lineage != known:
            self._meet(head.lineage)
            if known:
                # The answer was read for another server's cursor: ask again with this one's own.
                return
        for chunk, last in self._chunks(placed):
            self.store.receive(chunk, head.next if last else chunk[-1].seq)
        self._hold_next = not head.more
        self._uncompared = head if head.digest and not head.more else None

    def _compare(self, view: View, now: Now) -> None:
        """Compare digests as soon as both ends stand at one feed number. The answer to a pull may overtake the
        answer to the push it tells of, so its digest is kept until that has come."""
        head = self._uncompared
        if head is None or view.waiting or view.backfills or self._push.busy or view.cursor != head.next:
            return
        self._uncompared = None
        own = self.store.digest_at(head.next)
        if own is not None:
            equal = own == head.digest
            self.store.compared(equal, now.wall)
            self.road = replace(self.road, equal=equal, equal_at=now.wall if equal else self.road.equal_at)

    def _chunks(self, placed: Sequence[Placed]) -> list[tuple[Sequence[Placed], bool]]:
        """Chunks that split no group; the last one is marked, and there is always one."""
        found: list[Sequence[Placed]] = []
        start = 0
        for index, one in enumerate(placed):
            after = placed[index + 1] if index + 1 < len(placed) else None
            if after is None:
                found.append(placed[start:])
            elif index + 1 - start >= self.pace.chunk and (
                (after.device, after.incarnation, after.group) != (one.device, one.incarnation, one.group)
            ):
                found.append(placed[start : index + 1])
                start = index + 1
        if not found:
            found.append(())
        return [(chunk, index == len(found) - 1) for index, chunk in enumerate(found)]

    def _work(self, view: View, now: Now) -> list[Effect]:
        if now.mono < self._retry_at:
            if self._wake_at == self._retry_at:
                return []
            self._wake_at = self._retry_at
            return [WakeAt(self._retry_at)]
        effects: list[Effect] = []
        if view.waiting and not self._push.busy:
            effects += self._next_push(view)
        if view.backfills and not self._scope.busy:
            want = view.backfills[0]
            request = self._begin(self._scope)
            effects.append(FetchScope(request, want.scope, want.upto, want.past, self.pace.timeout))
        if not self._pull.busy:
            hold = self.pace.hold if self._hold_next else 0
            request = self._begin(self._pull)
            timeout = hold + self.pace.timeout
            effects.append(Pull(request, view.lineage, view.cursor, self.pace.page, hold, timeout))
        return effects

    def _next_push(self, view: View) -> list[Effect]:
        limit = self._limit = self._limit or self.pace.batch
        placed = self.store.pending(limit, self.pace.batch_bytes)
        if not placed:
            return []
        previous, signature = self.store.sign(placed)
        head = PushHead(
            p=wire.PROTOCOL,
            device=self.device,
            incarnation=placed[0].incarnation,
            lineage=view.lineage,
            first=placed[0].n,
            count=len(placed),
            previous=previous.hex(),
            signature=wire.text64(signature),
            schema=self.schema,
            cursor=view.cursor,
        )
        data = wire.encode_push(head, placed)
        timeout = max(self.pace.timeout, int(len(data) * 1.5 / self.pace.bytes_per_ms))
        return [Push(self._begin(self._push), data, timeout)]
