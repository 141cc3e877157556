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
    _alone_until: int = 0

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self.under_way)

    def ends(self, request: int) -> Sent | None:
        """The push that this answers; None where nobody waits for it any more."""
        for index, sent in enumerate(self.under_way):
            if sent.request == request:
                del self.under_way[index]
                return sent
        return None

    def succeeded(self) -> None:
        """A push was taken: the next may be larger."""
        self.limit = min(self.pace.batch, max(1, self.limit) * 2)

    def failed(self, sent: Sent, trouble: Trouble, now: Now) -> bool:
        """Note that it failed; True where that only says that it came before its turn: what stands before it was
        not taken or is not yet, and everything is sent again, one after the other, once nothing is under way."""
        self._alone = True
        if sent.piped and isinstance(trouble, Behind | Forked | ServerTrouble):
            if isinstance(trouble, ServerTrouble):
                self._alone_until = now.mono + self.pace.cap
            return True
        timed_out = isinstance(trouble, Offline) and trouble.timed_out
        if timed_out or isinstance(trouble, TooLarge):
            self.limit = max(1, (self.limit or self.pace.batch) // 2)
        return False

    def moved(self) -> None:
        """Another server is spoken to: nothing is under way there."""
        self.under_way.clear()
        self.limit = 0

    def next(self, view: View, request: int, now: Now) -> Push | None:
        """The next push, if one is to be sent now: as soon as nothing is under way, or behind a full batch."""
        before = self.under_way[-1] if self.under_way else None
        if before is None:
            self._alone = False
        elif (
            self._alone
            or now.mono < self._alone_until
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

    def _packed(self, placed: list[Placed], view: View) -> bytes:
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
        )
        return wire.encode_push(head, placed)
