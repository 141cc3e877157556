"""The core that decides which blob travels when: events in, effects out, no clock or line of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sync.blobs.pace import Bucket
from sync.blobs.signals import (
    Effect,
    Erased,
    Event,
    Failed,
    Fetch,
    Fetched,
    Gone,
    LetGo,
    LetGone,
    NotThere,
    Nudged,
    Offer,
    Offered,
    Progress,
    Queue,
    Send,
    Sent,
    Spoilt,
    Text,
    Transfer,
    WakeAt,
    Want,
    Woke,
)
from sync.signals import Now
from sync.troubles import ServerTrouble, Trouble

BASE_MS: Final = 1_000
CAP_MS: Final = 5 * 60_000
ABSENT_CAP_MS: Final = 15 * 60_000
"""Longest time between two askings for a blob that nobody has sent yet (ms)."""


@dataclass(slots=True)
class _Later:
    """A transfer that stands back: how often it failed, and until when (monotonic ms)."""

    failures: int = 0
    until: int = 0


@dataclass(slots=True)
class Carrier:
    """One request in flight at most. A person's wish first, then what only this desk has, then the rest.

    Nothing begins while text waits or is under way. `random` gives numbers in [0, 1) for jitter. All that must
    survive lies in the queue: a new carrier over the same queue goes on where the last one ended, since every
    transfer begins by asking what the other side has.
    """

    queue: Queue
    random: Callable[[], float]
    up: Bucket = field(default_factory=Bucket)
    down: Bucket = field(default_factory=Bucket)
    text_first: bool = False
    _request: int = 0
    _busy: Effect | None = None
    _offset: int | None = None
    _current: str = ""
    _failures: int = 0
    _retry_at: int = 0
    _later: dict[str, _Later] = field(default_factory=dict)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Take one event; answer what is to be done. Answers of requests no longer in flight are ignored."""
        effects: list[Effect] = []
        match event:
            case Offered() if (busy := self._ends(event.request)) is not None:
                self._went_well(busy)
                self._offered(busy, event, now, effects)
            case Sent() if (busy := self._ends(event.request)) is not None:
                self._went_well(busy)
                self._sent(busy, event, effects)
            case Fetched() if (busy := self._ends(event.request)) is not None:
                self._went_well(busy)
                self._fetched(busy, event, effects)
            case LetGone() if self._ends(event.request) is not None:
                self._current = ""
            case Failed() if (busy := self._ends(event.request)) is not None:
                self._failed(busy, event.trouble, now, effects)
            case Nudged():  # the line is there again: one lost answer now is not the last of many
                self._retry_at, self._failures = now.mono, 0
                self._later.clear()
            case Text():
                self.text_first = event.busy
            case Woke():
                pass
            case _:
                pass
        self._work(now, effects)
        return effects

    # ------------------------------------------------------------ answers

    def _ends(self, request: int) -> Offer | Send | Fetch | LetGo | None:
        busy = self._busy
        if not isinstance(busy, Offer | Send | Fetch | LetGo) or busy.request != request:
            return None
        self._busy = None
        return busy

    def _went_well(self, busy: Offer | Send | Fetch | LetGo) -> None:
        self._failures = 0
        self._later.pop(busy.transfer.blob, None)

    def _offered(self, busy: Effect, event: Offered, now: Now, effects: list[Effect]) -> None:
        assert isinstance(busy, Offer)
        transfer = busy.transfer
        self.up.answered(event.took_ms)
        whole = event.offset >= transfer.sealed
        if transfer.want is Want.LET_GO:
            if whole and event.centre:
                self.queue.at_centre(transfer.blob, now.wall)
                self._request += 1
                self._busy = LetGo(self._request, transfer)
                effects.append(self._busy)
            else:
                # Never the last copy: what the centre lacks is sent, and only a hub's word is not enough.
                self.queue.send_again(transfer.blob)
                self._current = ""
            return
        if whole:
            self._arrived_there(transfer, now, effects, centre=event.centre)
            return
        self._offset = event.offset
        effects.append(Progress(transfer, event.offset))

    def _arrived_there(self, transfer: Transfer, now: Now, effects: list[Effect], *, centre: bool) -> None:
        if centre:
            self.queue.at_centre(transfer.blob, now.wall)
        else:
            # A hub has it all: it stays in the queue until the centre itself says so, and is asked after rarely.
            self._later[transfer.blob] = _Later(0, now.mono + ABSENT_CAP_MS)
        self._current, self._offset = "", None
        effects.append(Progress(transfer, transfer.sealed))

    def _sent(self, busy: Effect, event: Sent, effects: list[Effect]) -> None:
        assert isinstance(busy, Send)
        self.up.carried(busy.count, event.took_ms)
        # At the end it is offered once more: only then the other side has checked every chunk.
        self._offset = event.offset if event.offset < busy.transfer.sealed else None
        effects.append(Progress(busy.transfer, event.offset))

    def _fetched(self, busy: Effect, event: Fetched, effects: list[Effect]) -> None:
        assert isinstance(busy, Fetch)
        self.down.carried(event.count, event.took_ms)
        if event.offset >= busy.transfer.sealed:
            self.queue.is_here(busy.transfer.blob)
            self._current = ""
        effects.append(Progress(busy.transfer, event.offset))

    def _failed(self, busy: Effect, trouble: Trouble, now: Now, effects: list[Effect]) -> None:
        assert isinstance(busy, Offer | Send | Fetch | LetGo)
        self._current, self._offset = "", None
        if isinstance(trouble, Gone):
            self.queue.not_to_send(busy.transfer.blob)
        elif isinstance(trouble, NotThere | Spoilt):
            if isinstance(trouble, Erased):
                self.queue.erased(busy.transfer)
            later = self._later.setdefault(busy.transfer.blob, _Later())
            later.until = now.mono + self._delay(later.failures, ABSENT_CAP_MS)
            later.failures += 1
        else:
            wait = self._delay(self._failures, CAP_MS)
            if isinstance(trouble, ServerTrouble) and trouble.retry_after_ms:
                wait = max(wait, min(trouble.retry_after_ms, CAP_MS))
            self._retry_at = now.mono + wait
            self._failures += 1
        effects.append(Progress(busy.transfer, 0, trouble.advice))

    def _delay(self, failures: int, cap: int) -> int:
        """Full jitter: anywhere up to a bound that doubles."""
        return 50 + int(self.random() * min(cap, BASE_MS * 2 ** min(failures, 20)))

    # ------------------------------------------------------------ work

    def _work(self, now: Now, effects: list[Effect]) -> None:
        if self._busy is not None or self.text_first:
            return
        if self._retry_at > now.mono:
            effects.append(WakeAt(self._retry_at))
            return
        transfer, soonest = self._next(now.mono)
        if transfer is None:
            if soonest:
                effects.append(WakeAt(soonest))
            return
        if transfer.blob != self._current:
            self._current, self._offset = transfer.blob, None
        self._begin(transfer, now, effects)

    def _begin(self, transfer: Transfer, now: Now, effects: list[Effect]) -> None:
        if transfer.want is Want.DOWN:
            if wait := self.down.wait_ms(now.mono):
                effects.append(WakeAt(now.mono + wait))
                return
            count = self.down.part()
            self.down.take(count, now.mono)
            self._request += 1
            self._busy = Fetch(self._request, transfer, count)
        elif self._offset is None or transfer.want is Want.LET_GO:
            self._request += 1
            self._busy = Offer(self._request, transfer)
        else:
            if wait := self.up.wait_ms(now.mono):
                effects.append(WakeAt(now.mono + wait))
                return
            count = min(self.up.part(), transfer.sealed - self._offset)
            self.up.take(count, now.mono)
            self._request += 1
            self._busy = Send(self._request, transfer, self._offset, count)
        effects.append(self._busy)

    def _next(self, mono: int) -> tuple[Transfer | None, int]:
        """What goes now; else when (monotonic ms) the first of those that stand back may, 0 for never."""
        ready: list[Transfer] = []
        soonest = 0
        for one in self.queue.transfers():
            later = self._later.get(one.blob)
            if later is not None and later.until > mono:
                soonest = min(soonest or later.until, later.until)
            else:
                ready.append(one)
        return min(ready, key=self._rank, default=None), soonest

    def _rank(self, one: Transfer) -> tuple[int, bool, int, str]:
        if one.urgent and one.want is Want.DOWN:
            order = 0
        else:
            order = {Want.UP: 1, Want.DOWN: 2, Want.LET_GO: 3}[one.want]
        # What has begun is finished before another of its kind begins.
        return order, one.blob != self._current, one.asked_at, one.blob


@dataclass(frozen=True, slots=True)
class Kept:
    """A local copy as the choice of what to let go of sees it: sealed bytes, when the centre verified it and when
    it was last opened here (UTC ms; None for never)."""

    blob: str
    sealed: int
    centre_at: int | None
    used_at: int | None


def to_let_go(kept: list[Kept], limit: int, now: int, stay_ms: int) -> list[str]:
    """Which local copies to let go of so that all fit into `limit` bytes: the longest unused first, and only such
    as the centre verified at least `stay_ms` ago and nobody opened since then. Never what only this desk has."""
    over = sum(one.sealed for one in kept) - limit
    found: list[str] = []
    for one in sorted(kept, key=lambda k: (k.used_at or 0, k.blob)):
        if over <= 0:
            break
        if one.centre_at is None or now - one.centre_at < stay_ms or now - (one.used_at or 0) < stay_ms:
            continue
        found.append(one.blob)
        over -= one.sealed
    return found
