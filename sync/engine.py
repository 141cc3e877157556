"""The sync core without I/O: events in, effects out; the simulator and the desk drive the same object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sync.lane import Lane, Page
from sync.operation import Placed, in_chunks
from sync.proof import Answer, Ask, Asking, narrow
from sync.pushing import Pushing
from sync.signals import (
    AskProof,
    AskReceipt,
    Backfill,
    Carried,
    Effect,
    Event,
    Failed,
    FetchScope,
    Moved,
    Now,
    Nudged,
    Pace,
    ProofAnswered,
    Pull,
    PullAnswered,
    Push,
    PushAnswered,
    ReceiptGiven,
    Report,
    Request,
    Road,
    RoadStore,
    Saved,
    ScopeAnswered,
    Started,
    View,
    WakeAt,
    Woke,
)
from sync.stays import Stays
from sync.troubles import Behind, Forked, Revoked, ServerTrouble, SignedOut, Trouble
from sync.wire import PullHead

__all__ = [
    "AskProof",
    "AskReceipt",
    "Backfill",
    "Carried",
    "Effect",
    "Engine",
    "Event",
    "Failed",
    "FetchScope",
    "Moved",
    "Now",
    "Nudged",
    "Pace",
    "ProofAnswered",
    "Pull",
    "PullAnswered",
    "Push",
    "PushAnswered",
    "ReceiptGiven",
    "Report",
    "Request",
    "Road",
    "RoadStore",
    "Saved",
    "ScopeAnswered",
    "Started",
    "View",
    "WakeAt",
    "Woke",
]


@dataclass(slots=True)
class Engine:
    """Pushes what is saved, keeps one pull held, back-fills grants, compares digests; never blocks, never drops.

    `random` gives numbers in [0, 1) for jitter. `narrows`: a difference is looked for record by record (a hub
    reads its feed again instead). All state that must survive lies in the store.
    """

    store: RoadStore
    device: str
    random: Callable[[], float]
    schema: int
    pace: Pace = field(default_factory=Pace)
    road: Road = field(default_factory=Road)
    narrows: bool = True
    _pull: Lane = field(default_factory=Lane)
    _scope: Lane = field(default_factory=Lane)
    _wanted: Backfill | None = None
    _counter: int = 0
    _failures: int = 0
    _retry_at: int = 0
    _wake_at: int = -1
    _hold_next: bool = False
    _asked: int = 0
    _uncompared: PullHead | None = None
    _proof: Lane = field(default_factory=Lane)
    _stays: Stays = field(default_factory=Stays)
    _asking: Asking | None = None
    _ask: Ask | None = None
    _narrow_at: int = 0
    _meeting: bool = False
    _unsure: bool = False
    _receipt: Lane = field(default_factory=Lane)
    _proven: str = ""
    _receipt_at: int = 0
    _may_narrow: bool = True
    _page: Page | None = None
    _chunk: int = 1
    _pushing: Pushing = field(init=False)

    def __post_init__(self) -> None:
        self._pushing = Pushing(self.store, self.schema, self.pace)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Take one event; answer what is to be done. Answers of requests no longer in flight are ignored."""
        before, page = self.road, self._page
        self._chunk = self.pace.chunk if now.attended else self.pace.page
        if isinstance(event, Carried):
            self._carried(event)
        else:
            self._take(event, now)
        if page is not None and page is self._page:
            self._fold_page()
        if self._may_look_again() and now.mono >= self._narrow_at:
            # Without news a held pull brings no digest: ask for one, to see whether the difference is still there.
            self._narrow_at = now.mono + self.pace.narrow
            self._may_narrow = True
            self._forget_pull()
        view = self.store.view()
        if view.wipes and not view.waiting and not self._pushing.busy and not self._meeting:
            # Only after everything written here has left: pending edits of a withdrawn dossier go first. One a
            # step: its receipt is an operation to be sent, and a save may have slipped in between.
            self.store.wipe(view.wipes[0])
            view = self.store.view()
        self._compare(view, now)
        effects = self._work(view, now)
        mending = self._asking is not None
        self.road = replace(self.road, waiting=view.waiting, sending=self._pushing.busy, mending=mending)
        if (view.waiting or view.backfills or view.wipes) and self.road.equal:
            # What was proven equal stays true of its moment; the mark on the screen must not claim more.
            self.road = replace(self.road, equal=None)
        if self.road != before or isinstance(event, Started):
            effects.append(Report(self.road))
        return effects

    def _take(self, event: Event, now: Now) -> None:
        match event:
            case PushAnswered(request, answer) if (sent := self._pushing.ends(request)) is not None:
                self._contact(now)
                if answer.lineage != self.store.view().lineage:
                    self._meet(answer.lineage)
                self.store.settle(answer, sent.last)
                self._pushing.succeeded(sent, answer.took)
            case PullAnswered(request, head, placed) if self._pull.ends(request):
                self._contact(now)
                self._pulled(head, placed)
            case ScopeAnswered(request, scope, head, placed) if self._scope.ends(request):
                self._contact(now)
                self._scope_came(scope, head, placed)
            case Failed(request, trouble) if (sent := self._pushing.ends(request)) is not None:
                if self._pushing.failed(sent, trouble, now):
                    self._contact(now)
                else:
                    self._failed(trouble, now)
            case Failed(request, trouble) if self._fails(request):
                self._failed(trouble, now)
            case Nudged(anew):
                # What is still under way may be dying: when it fails, it is tried again soon, not after the long rest
                # that the failures before had come to.
                self._failures, self._retry_at = 0, now.mono
                if anew:
                    self._narrow_at = now.mono
                    self._stays.forget()
                self.road = replace(self.road, equal=False if anew else self.road.equal)
            case Woke():
                self._wake_at = -1
            case Moved(at_once):
                self._move(now, at_once=at_once)
            case _:
                self._take_proof(event, now)

    def _take_proof(self, event: Event, now: Now) -> None:
        """What came of comparing: a trouble there never holds up the road itself."""
        match event:
            case ReceiptGiven(request, receipt) if self._receipt.ends(request):
                if receipt is not None:
                    self._receipt_at = now.mono + self.pace.receipt
                    self.store.keep_receipt(receipt)
            case Failed(request, _) if self._receipt.ends(request):
                self._receipt_at = now.mono + self.pace.narrow
            case ProofAnswered(request, answer) if self._proof.ends(request):
                self._contact(now)
                self._go_on(answer, now)
            case Failed(request, _) if self._proof.ends(request):
                # A server that cannot answer it, or a line that broke: the comparison begins anew soon.
                self._asking = self._ask = None
                self._narrow_at = now.mono + 10 * self.pace.base
            case _:
                pass

    def _fails(self, request: int) -> bool:
        return any(lane.ends(request) for lane in (self._pull, self._scope))

    def _begin(self, lane: Lane) -> int:
        self._counter += 1
        lane.request, lane.busy = self._counter, True
        return self._counter

    def _contact(self, now: Now) -> None:
        self._failures = 0
        self._retry_at = now.mono
        self.road = replace(self.road, up=True, down_since=None, last_contact=now.wall, signed_out=False, advice="")

    def _failed(self, trouble: Trouble, now: Now) -> None:
        if isinstance(trouble, Behind):
            self.store.behind(trouble.acked)
            return
        if isinstance(trouble, Forked):
            self.store.fork(trouble.n)
            # A pull in flight was asked in the old name: its answer leaves out what the twin wrote.
            self._forget_pull()
            return
        if isinstance(trouble, Revoked) and trouble.lineage:
            # The only answer that still names the lineage: what waits here goes to it before all is wiped.
            self._meeting = self._unsure = False
            if trouble.lineage != self.store.view().lineage:
                self._meet(trouble.lineage)
        self._failures += 1
        delay = int(self.random() * min(self.pace.cap, self.pace.base * 2 ** min(self._failures - 1, 20)))
        if isinstance(trouble, ServerTrouble) and trouble.retry_after_ms is not None:
            delay = max(delay, trouble.retry_after_ms)
        self._retry_at = now.mono + delay
        self._hold_next = False
        since, out = self.road.down_since or now.wall, isinstance(trouble, SignedOut)
        self.road = replace(self.road, up=False, down_since=since, signed_out=out, advice=trouble.advice)

    def _move(self, now: Now, *, at_once: bool) -> None:
        for lane in (self._pull, self._scope, self._proof):
            lane.busy = False
        self._pushing.moved()
        self._asking = self._ask = None
        self._stays.forget()
        self._forget_pull()
        # What the server has of this chain is known by its lineage, and that only its answer tells.
        self._meeting = True
        if at_once:
            self._failures, self._retry_at = 0, now.mono

    def _forget_pull(self) -> None:
        self._pull.busy = False
        self._hold_next = False
        self._uncompared = None
        self._page = None

    def _meet(self, lineage: str) -> None:
        self.store.meet(lineage)
        self._stays.forget()
        self._forget_pull()

    def _pulled(self, head: PullHead | None, placed: Sequence[Placed]) -> None:
        if head is None:
            self._hold_next = True
            return
        self._fold_page()
        view = self.store.view()
        known = view.lineage
        if head.lineage == known and view.cursor != self._asked:
            # A courier brought more (or less) meanwhile: this answer was read for a cursor that is no longer ours.
            return
        self._meeting = self._unsure = False
        if head.lineage != known:
            self._meet(head.lineage)
            if known:
                # The answer was read for another server's cursor: ask again with this one's own.
                return
        if self.store.noted(head):
            self._forget_pull()
            return
        self._page = Page(self._asked if known else 0, head, placed)
        self._hold_next = not head.more
        self._uncompared = head if head.digest and not head.more else None
        if not head.more:
            self._fold_page()

    def _fold_page(self) -> None:
        """Fold what the last pull brought, unless the store does not stand where it was asked for: then what lies
        between would be passed over, and it is asked for again."""
        page, self._page = self._page, None
        if page is None:
            return
        if self.store.view().cursor != page.asked:
            self._forget_pull()
            return
        self.store.told(page.head)
        for chunk, last in in_chunks(page.placed, self._chunk):
            self.store.receive(chunk, page.head.next if last else chunk[-1].seq)

    def _scope_came(self, scope: str, head: PullHead, placed: Sequence[Placed]) -> None:
        # Where it was given anew meanwhile (and perhaps wiped in between) it is asked for anew, from the beginning.
        if self._wanted in self.store.view().backfills:
            self.store.told(head)
            self._take_scope(scope, head, placed)
        self._hold_next = False

    def _take_scope(self, scope: str, head: PullHead, placed: Sequence[Placed]) -> None:
        for chunk, last in in_chunks(placed, self._chunk):
            self.store.receive_scope(scope, chunk, head.next if last else chunk[-1].seq, last and not head.more)

    def _carried(self, came: Carried) -> None:
        """As if the line had been there: acknowledgements, a page that joins on to the cursor, a scope's history.
        A page that does not join on (one before it is missing, or it is known) changes nothing."""
        if came.answer is not None and came.answer.lineage != self.store.view().lineage:
            # Another server than the line's own may have answered: what is under way there counts by its marks, so
            # its answers are not taken, and nothing is pushed before a pull has told who is at the line's end.
            for lane in (self._pull, self._scope, self._proof):
                lane.busy = False
            self._pushing.forget()
            self._asking = self._ask = None
            self._meet(came.answer.lineage)
            self._unsure = True
        if came.fork or came.answer is not None:
            self.store.carried(came)
        if came.fork:
            self._forget_pull()
        head, view = came.head, self.store.view()
        if head is None or head.lineage != view.lineage:
            return
        if came.scope:
            if any(one.scope == came.scope and came.start <= one.past for one in view.backfills):
                self._take_scope(came.scope, head, came.placed)
            return
        if came.start <= view.cursor < head.next:
            new = [one for one in came.placed if one.seq > view.cursor]
            for chunk, last in in_chunks(new, self._chunk):
                self.store.receive(chunk, head.next if last else chunk[-1].seq)
            self._hold_next = False
        if came.start <= view.cursor <= head.next and head.digest and not head.more:
            self._uncompared = head

    def _compare(self, view: View, now: Now) -> None:
        """Compare digests as soon as both ends stand at one feed number. The answer to a pull may overtake the
        answer to the push it tells of, so its digest is kept until that has come."""
        head = self._uncompared
        if head is None or view.waiting or view.backfills or view.wipes:
            return
        if self._pushing.busy or view.cursor != head.next:
            return
        self._uncompared = None
        own = self.store.digest_at(head.next)
        if own is not None:
            equal = own == head.digest
            self.store.compared(equal, now.wall)
            if equal and self.narrows and now.mono >= self._receipt_at:
                self._proven = own
            if not equal and self._asking is None and self._may_narrow and self.narrows:
                # Once in a while: an operation held at the server makes a difference that stays till it is let in.
                # What was looked into in vain and has not moved since is left out.
                self._may_narrow = False
                self._narrow_at = now.mono + self.pace.narrow
                asking = narrow(self.store.ledger(), self._stays, now.mono)
                self._ask = next(asking)
                self._asking = asking
            self._may_narrow = self._may_narrow or equal
            self.road = replace(self.road, equal=equal, equal_at=now.wall if equal else self.road.equal_at)

    def _may_look_again(self) -> bool:
        return self.road.equal is False and self._asking is None

    def _go_on(self, answer: Answer, now: Now) -> None:
        # Put back only when it goes on: a store that failed within (a full disk) has ended it for good.
        asking, self._asking = self._asking, None
        if asking is None:
            return
        try:
            self._ask = asking.send(answer)
            self._asking = asking
        except StopIteration as ended:
            self.store.mended(ended.value, now.wall)
            # The next answer of a pull that is not held has a digest: it will tell whether it helped.
            self._forget_pull()

    def _work(self, view: View, now: Now) -> list[Effect]:
        if now.mono < self._retry_at:
            self._fold_page()
            if self._wake_at == self._retry_at:
                return []
            self._wake_at = self._retry_at
            return [WakeAt(self._retry_at)]
        effects: list[Effect] = []
        meeting = self._meeting or self._unsure
        if view.waiting and not meeting:
            effects += self._pushes(view, now)
        if view.backfills and not self._scope.busy and not meeting:
            self._wanted = want = view.backfills[0]
            request = self._begin(self._scope)
            effects.append(FetchScope(request, want.scope, want.upto, want.past, self.pace.timeout))
        if self._proven and not self._receipt.busy:
            effects.append(AskReceipt(self._begin(self._receipt), self._proven, self.pace.timeout))
            self._proven = ""
        if self._ask is not None and not self._proof.busy:
            asked, self._ask = self._ask, None
            effects.append(AskProof(self._begin(self._proof), asked, self.pace.timeout))
        if not self._pull.busy:
            hold = self.pace.hold if self._hold_next else 0
            request = self._begin(self._pull)
            timeout = hold + self.pace.timeout
            self._asked = view.cursor if self._page is None else self._page.head.next
            effects.append(Pull(request, view.lineage, self._asked, self.pace.page, hold, timeout))
        rest = self._pushing.resting_until
        if now.mono < rest and view.waiting and self._wake_at != rest:
            self._wake_at = rest
            effects.append(WakeAt(rest))
        if self._page is not None or any(isinstance(effect, Push) for effect in effects):
            # What is asked and sent goes out first: folding and making the next batch are done meanwhile.
            self._wake_at = now.mono
            return [*effects, WakeAt(now.mono)]
        if self._may_look_again() and self._wake_at != self._narrow_at:
            self._wake_at = self._narrow_at
            effects.append(WakeAt(self._narrow_at))
        return effects

    def _pushes(self, view: View, now: Now) -> list[Effect]:
        """The next push. Of several, each goes out before the next one is made: a step of its own for each."""
        number = self._counter + 1
        push = self._pushing.next(view, number, now) or self._pushing.next_ahead(view, number, now)
        if push is None:
            return []
        self._counter += 1
        return [push]
