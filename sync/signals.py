"""What the engine is told, what it asks for, and the store it stands on: events, effects, view, pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.door import Receipt
from sync.operation import Placed
from sync.proof import Answer, Ask, Ledger, Verdict
from sync.troubles import Trouble
from sync.wire import PullHead, PushAnswer


@dataclass(frozen=True, slots=True)
class Now:
    """Both clocks at one moment, in ms: `mono` never jumps and drives every delay, `wall` is only shown.
    `attended`: somebody is at the desk, whose saves slip in between small folds."""

    mono: int
    wall: int
    attended: bool = True


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
    """A person pressed "try again", or the machine's network came back: do not wait for the delay. `anew`: running
    figures were put right here, so both ends are compared now."""

    anew: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """From now on another server is spoken to: what the former one was asked will not be answered. Unless
    `at_once` it is asked only when the delay after the last failure is over."""

    at_once: bool = True


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
class ProofAnswered:
    """What the server said to one question of the comparison."""

    request: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Carried:
    """One letter of a courier's reply to this desk, checked to be ours by whoever read the stick.

    `answer`: what the server has of our chain of that `incarnation`; `fork`: 0, or from where on it knows other
    bytes under its numbers; `behind`: it has less than it once acknowledged. `head` and `placed`: a page read after
    feed number `start`, or, with `scope`, of that scope's history past `start`.
    """

    incarnation: int = 0

    answer: PushAnswer | None = None
    fork: int = 0
    behind: bool = False
    start: int = 0
    scope: str = ""
    head: PullHead | None = None
    placed: Sequence[Placed] = ()


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """The server's signed word that both ends hold the same, or None where it counts something else now."""

    request: int
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The request met a trouble of the world."""

    request: int
    trouble: Trouble


Event = (
    Started
    | Saved
    | Woke
    | Nudged
    | Moved
    | PushAnswered
    | PullAnswered
    | ScopeAnswered
    | ProofAnswered
    | ReceiptGiven
    | Carried
    | Failed
)


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Push:
    """Send these bytes; answer with PushAnswered or Failed. `urgent`: small, and all that waits here."""

    request: int
    data: bytes
    timeout_ms: int
    urgent: bool = False


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
class AskProof:
    """Ask one question of the comparison; answer with ProofAnswered or Failed."""

    request: int
    ask: Ask
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class AskReceipt:
    """Ask for a signed receipt of this digest; answer with ReceiptGiven or Failed."""

    request: int
    digest: str
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send Woke at this monotonic time (ms); a later WakeAt replaces an earlier one."""

    mono: int


@dataclass(frozen=True, slots=True)
class Report:
    """The road as it stands now, for the screens."""

    road: Road


Effect = Push | Pull | FetchScope | AskProof | AskReceipt | WakeAt | Report

Request = Push | Pull | FetchScope | AskProof | AskReceipt
"""Effects that a transport carries out and that are answered by an event of the same number."""


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
    mending: bool = False


@dataclass(frozen=True, slots=True)
class Backfill:
    """A granted scope whose history is still to be fetched."""

    scope: str
    upto: int
    past: int


@dataclass(frozen=True, slots=True)
class View:
    """Where a store stands: incarnation, lineage of the server last met (empty: none yet), the feed number up to
    which that lineage is folded here, own operations not acknowledged, granted scopes still to be fetched,
    withdrawn scopes still to be wiped."""

    incarnation: int
    lineage: str
    cursor: int
    waiting: int
    backfills: Sequence[Backfill] = ()
    wipes: Sequence[str] = ()


class RoadStore(Protocol):
    """What the engine needs of a replica; each call is one transaction of its own."""

    def view(self) -> View:
        """Where this store stands on the road, read in one transaction."""

    def pending(self, limit: int, max_bytes: int, past: int) -> list[Placed]:
        """Own operations the server has not acknowledged, whole groups, in order, of the first chain that has any;
        of that chain only what stands beyond number `past`."""

    def fresh(self, past: int, most: int, max_bytes: int) -> list[Placed]:
        """The newest own operations of the present incarnation beyond number `past`: whole groups, at most so many
        and so many bytes, as far as they fit from the end."""

    def sign(self, placed: Sequence[Placed]) -> tuple[bytes, bytes]:
        """The chain's hash before these operations, and the signature of the head behind them."""

    def settle(self, answer: PushAnswer, upto: int) -> None:
        """Remember what the server has; `upto` is the last number of the push that it answers."""

    def noted(self, head: PullHead) -> bool:
        """Remember what the head of a pull says of the own chain; True where it proves that one end has lost part
        of its history, so that the answer is worth nothing."""

    def behind(self, acked: int) -> None:
        """The server has only this many: send again from there."""

    def fork(self, n: int) -> None:
        """The server has other operations from n on: continue under a new incarnation, nothing lost."""

    def carried(self, came: Carried) -> None:
        """What an answer that came by stick says of one own chain: as `fork`, `behind` and `settle` of that one."""

    def meet(self, lineage: str) -> None:
        """Another server, or a restored one: its own cursor and acknowledgements hold from now."""

    def told(self, head: PullHead) -> None:
        """What the head of an answer says; called before its operations are received."""

    def receive(self, placed: Sequence[Placed], cursor: int) -> None:
        """Fold a chunk and move the cursor, in one transaction."""

    def receive_scope(self, scope: str, placed: Sequence[Placed], past: int, done: bool) -> None:
        """Fold a page of a scope's history and remember how far it came, in one transaction."""

    def wipe(self, scope: str) -> None:
        """Take a withdrawn scope out of this store and write the receipt, in one transaction; nothing happens
        while own operations wait to be sent."""

    def ledger(self) -> Ledger:
        """The rows of this store as figures, for the comparison."""

    def mended(self, verdict: Verdict, wall_ms: int) -> None:
        """Remember how a comparison ended that had found a difference."""

    def keep_receipt(self, receipt: Receipt) -> None:
        """Keep the server's signed word; one whose signature is not the centre's is put aside."""

    def digest_at(self, seq: int) -> str | None:
        """The digest of all that is held here, or None where own operations lie beyond that feed number."""

    def compared(self, equal: bool, wall_ms: int) -> None:
        """Remember the outcome of the last comparison."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Sizes and delays. Times in ms.

    A batch is at most `batch` operations or `batch_bytes`; a page is folded `chunk` operations at a time while
    somebody is at the desk, so that a save slips in between, and whole while nobody is; `hold` is how long a pull
    is held; retries wait rand(0, min(cap, base·2ⁿ)). A difference that stays is looked into again after `narrow`. A
    push of at most `urgent_bytes` that is all that waits goes by the server's urgent lane. Up to `in_flight` pushes
    are under way, where each before the last was full. Behind a backlog the `fresh` newest operations go ahead of
    their turn. A push shall keep the server from others no longer than `share`. A signed receipt is asked for once
    in `receipt`.
    """

    batch: int = 1_000
    in_flight: int = 2
    fresh: int = 50
    share: int = 300
    batch_bytes: int = 1 << 20
    page: int = 1_000
    chunk: int = 200
    hold: int = 25_000
    base: int = 1_000
    cap: int = 60_000
    timeout: int = 25_000
    narrow: int = 300_000
    urgent_bytes: int = 16 << 10
    receipt: int = 3_600_000
    bytes_per_ms: int = 50
