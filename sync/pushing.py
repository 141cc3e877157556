"""The way up: batches are made and sent in order, the next one while the one before is still under way."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync import wire
from sync.operation import Placed
from sync.signals import Now, Pace, Push, RoadStore, View
from sync.troubles import Behind, Forked, Offline, ServerTrouble, TooLarge, Trouble
from sync.wire import PushHead


@dataclass(frozen=True, slots=True)
class Sent:
    """A push under way: of which chain, up to which number, whether more waited behind it, and whether it was sent
    behind another that was not answered yet."""

    request: int
    incarnation: int
    last: int
    count: int
    full: bool
    piped: bool


@dataclass(slots=True)
class Pushing:
    """Pushes under way, oldest first. `limit` is how many operations the next one may hold: it halves when the
    line is too slow for the last one, and doubles again."""

    store: RoadStore
    schema: int
    pace: Pace
    under_way: list[Sent] = field(default_factory=list)
    limit: int = 0
    _alone: bool = False
    resting_until: int = 0
    _ahead: int = 0
    _ahead_upto: int = 0
    _no_ahead: bool = False

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self.under_way)

    def ends(self, request: int) -> Sent | None:
        """The push that this answers; None where nobody waits for it any more. What went ahead of its turn proves
        nothing of the chain: as if no number had been sent."""
        if request and request == self._ahead:
            self._ahead = 0
            return Sent(request, 0, 0, 0, full=False, piped=True)
        for index, sent in enumerate(self.under_way):
            if sent.request == request:
                del self.under_way[index]
                return sent
        return None

    def succeeded(self, sent: Sent, took: int) -> None:
        """A push was taken: the next may be larger, unless it kept the server from others for long."""
        if took > self.pace.share and sent.count:
            self.limit = max(self.pace.fresh, sent.count * self.pace.share // took)
        elif sent.count and took * 2 < self.pace.share:
            self.limit = min(self.pace.batch, max(1, self.limit) * 2)

    def failed(self, sent: Sent, trouble: Trouble, now: Now) -> bool:
        """Note that it failed; True where the server is well. Either it came before its turn: what stands before it
        was not taken or is not yet, and everything is sent again, one after the other, once nothing is under way. Or
        the server has its hands full with backlogs: this one rests a while, and only this one."""
        if not sent.count:
            # A server that knows nothing of turns, or a twin: the chain itself will come to it.
            self._no_ahead = isinstance(trouble, Behind | Forked | TooLarge)
            if not self._no_ahead:
                self._ahead_upto = 0
            return self._no_ahead or isinstance(trouble, ServerTrouble)
        self._alone = True
        if isinstance(trouble, ServerTrouble) and trouble.retry_after_ms is not None:
            self.resting_until = now.mono + trouble.retry_after_ms
            return True
        if sent.piped and isinstance(trouble, Behind | Forked):
            return True
        timed_out = isinstance(trouble, Offline) and trouble.timed_out
        if timed_out or isinstance(trouble, TooLarge):
            self.limit = max(1, (self.limit or self.pace.batch) // 2)
        return False

    def moved(self) -> None:
        """Another server is spoken to: nothing is under way there."""
        self.forget()
        self.limit = 0

    def forget(self) -> None:
        """What is under way will not be answered to anybody who knows of it."""
        self.under_way.clear()
        self._ahead = self._ahead_upto = 0
        self._no_ahead = False
        self.resting_until = 0

    def next(self, view: View, request: int, now: Now) -> Push | None:
        """The next push, if one is to be sent now: as soon as nothing is under way, or behind a full batch."""
        before = self.under_way[-1] if self.under_way else None
        if now.mono < self.resting_until and view.waiting > self.pace.fresh:
            return None
        if before is None:
            self._alone = False
        elif (
            self._alone
            or not before.full
            or len(self.under_way) >= self.pace.in_flight
            or before.incarnation != view.incarnation
        ):
            return None
        limit = self.limit = self.limit or self.pace.batch
        placed = self.store.pending(limit, self.pace.batch_bytes, before.last if before else 0)
        if not placed or (before and placed[0].incarnation != before.incarnation):
            return None
        data = self._packed(placed, view)
        timeout = max(self.pace.timeout, int(len(data) * 1.5 / self.pace.bytes_per_ms))
        counted = len(placed) + sum(sent.count for sent in self.under_way)
        # A call just taken, or an emergency: small and all there is. What is left of a backlog is neither.
        urgent = len(placed) == view.waiting and len(data) <= self.pace.urgent_bytes
        last, full = placed[-1], counted < view.waiting
        self.under_way.append(Sent(request, last.incarnation, last.n, len(placed), full, before is not None))
        return Push(request, data, timeout * len(self.under_way), urgent)

    def next_ahead(self, view: View, request: int, now: Now) -> Push | None:
        """What was just written, where a backlog would be sent before it: an emergency does not wait for thirty days
        of notes. It is sent once more in its turn."""
        last = self.under_way[-1] if self.under_way else Sent(0, view.incarnation, 0, 0, full=True, piped=False)
        resting = now.mono < self.resting_until
        if self._ahead or self._no_ahead or not last.full or last.incarnation != view.incarnation:
            return None
        if not self.under_way and not resting:
            return None
        placed = self.store.fresh(max(last.last, self._ahead_upto), self.pace.fresh, self.pace.urgent_bytes)
        if not placed or placed[0].n == last.last + 1 or len(placed) >= view.waiting:
            return None
        self._ahead, self._ahead_upto = request, placed[-1].n
        return Push(request, self._packed(placed, view, ahead=True), self.pace.timeout, urgent=True)

    def _packed(self, placed: list[Placed], view: View, *, ahead: bool = False) -> bytes:
        previous, signature = self.store.sign(placed)
        head = PushHead(
            p=wire.PROTOCOL,
            device=placed[0].device,
            incarnation=placed[0].incarnation,
            lineage=view.lineage,
            first=placed[0].n,
            count=len(placed),
            previous=previous.hex(),
            signature=wire.text64(signature),
            schema=self.schema,
            cursor=view.cursor,
            ahead=ahead,
        )
        return wire.encode_push(head, placed)
