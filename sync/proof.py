"""Finding what differs between two nodes and mending it record by record: questions, answers, and who asks what.

Never answered with a wipe (sync.md §3.13): scopes are narrowed by buckets of their names' hashes, records by
prefixes of their ids' hashes, and the few that differ are made anew from the operations of both ends.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

import msgspec

from sync import digest
from sync.digest import Digest
from sync.operation import Placed
from sync.stays import NOTHING, Figure, Pair, Place, Stays

LEAF: Final = 64
"""Up to so many records are listed one by one; more are summed by the next digit."""
DEEPEST: Final = 8
"""Digits of a prefix at most: sixteen to the eighth records are more than any node will hold."""
PATIENCE: Final = 256
"""Records that a round looks into in vain at most (some 800 questions): an operation held at the other end makes a
difference that stays, and thousands of them must keep neither end busy."""

BUCKETS: Final = "buckets"
BUCKET: Final = "bucket"
RECORDS: Final = "records"
RECORD: Final = "record"
MEND: Final = "mend"


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question. `step`: buckets (of all scopes the asker may see), bucket (its scopes and kinds), records (of
    one scope and kind below a prefix), record (its operations), mend (make it anew from your own log; without
    an id: count that scope and kind anew)."""

    step: str
    bucket: str = ""
    scope: str = ""
    kind: str = ""
    prefix: str = ""
    id: str = ""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One figure: of a bucket, of a scope and kind, of a prefix, or of one record."""

    name: str
    kind: str
    count: int
    total: str


class Told(msgspec.Struct, frozen=True):
    """The figures asked for; `leaf`: each line of `records` is one record, else one prefix."""

    lines: list[Line] = []
    leaf: bool = False

    def figures(self) -> dict[tuple[str, str], Figure]:
        """By name and kind."""
        return {(line.name, line.kind): (line.count, line.total) for line in self.lines}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: figures, or the operations of one record."""

    told: Told = field(default_factory=Told)
    placed: Sequence[Placed] = ()


@dataclass(slots=True)
class Verdict:
    """How a round ended: records made equal, and records looked into that still differ (kind, id)."""

    mended: list[tuple[str, str]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)


class Ledger(Protocol):
    """What a node knows of its own rows; each call is one transaction of its own."""

    def recount(self) -> None:
        """Bring the running figures in step with the rows themselves."""

    def answer(self, ask: Ask, *, leaf: bool | None = None) -> Told:
        """The figures of this node's own rows; `leaf` makes records be listed as the other end listed them."""

    def rebuild(self, ask: Ask, placed: Sequence[Placed]) -> Figure:
        """Make one record anew from these operations and this node's own, unless words would be lost; its figure
        afterwards."""


Asking = Generator[Ask, Answer, Verdict]


def bucket_of(scope: str) -> str:
    """Two hexadecimal digits of a scope's name."""
    return sha256(scope.encode()).hexdigest()[:2]


def place_of(record_id: str) -> str:
    """The hexadecimal digits by which records are split: ids made in order would all begin alike."""
    return sha256(record_id.encode()).hexdigest()[:DEEPEST]


def narrow(ledger: Ledger, stays: Stays | None = None, now: int = 0, patience: int = PATIENCE) -> Asking:
    """Ask the other end until the records that differ are known, and make them equal. A generator without I/O:
    yields questions, is sent answers, returns the verdict.

    What `stays` knows (a difference that was looked into in vain, and at neither end a figure has moved since) is not
    asked about again. `now`: of the same clock (ms) as that memory's last round. After `patience` records that stay
    as they are the round ends; the next one goes on behind them.
    """
    look = _Look(ledger, stays if stays is not None else Stays(), patience)
    look.stays.begin(now)
    ledger.recount()
    asked = Ask(BUCKETS)
    opened: list[tuple[Place, _Compared]] = []
    for (bucket, _), pair in _Compared((yield asked).told, ledger.answer(asked)).differing:
        if not look.stays.knows(Place(prefix=bucket), pair):
            asked = Ask(BUCKET, bucket=bucket)
            opened.append((Place(prefix=bucket), _Compared((yield asked).told, ledger.answer(asked))))
    for (scope, kind), pair in sorted((one for _, seen in opened for one in seen.differing), key=_suspicion):
        if look.spent:
            break
        if look.stays.knows(Place(scope, kind), pair):
            continue
        found, counted = yield from _records(look, Ask(RECORDS, scope=scope, kind=kind))
        if not found or counted != pair.there:
            # Every record is equal and the sum is not, or it is not the sum of what lies there: the other end's
            # running figure has slipped.
            yield Ask(MEND, scope=scope, kind=kind)
    for place, seen in opened:
        look.remember(place, seen, [Place(scope, kind) for (scope, kind), _ in seen.differing])
    return look.verdict


class _Compared:
    """What both ends told at one place: what differs there (name and kind, figures here and there), and the sums."""

    def __init__(self, theirs: Told, mine: Told) -> None:
        there, here = theirs.figures(), mine.figures()
        pairs = [(key, Pair(here.get(key, NOTHING), there.get(key, NOTHING))) for key in there.keys() | here.keys()]
        self.differing = sorted(one for one in pairs if one[1].here != one[1].there)
        self.sums = Pair(_sum(here.values()), _sum(there.values()))


def _sum(figures: Iterable[Figure]) -> Figure:
    total = digest.NOTHING
    for count, one in figures:
        total = total.plus(Digest(count, int(one, 16)))
    return total.count, f"{total.total:064x}"


def _suspicion(one: tuple[tuple[str, str], Pair]) -> tuple[int, tuple[str, str]]:
    """What cannot come of operations that only the other end holds back goes first: records that are missing here,
    then values that differ, then records that are missing there, last what is not there at all."""
    key, (here, there) = one
    if here[0] < there[0]:
        return 0, key
    return (1 if here[0] == there[0] else 2 if there != NOTHING else 3), key


@dataclass(slots=True)
class _Look:
    """One round: whose rows, what is known to stay, how many more records it may look into in vain."""

    ledger: Ledger
    stays: Stays
    patience: int
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def spent(self) -> bool:
        """Whether the rest waits for the next round."""
        return self.patience <= 0

    def remember(self, place: Place, seen: _Compared, parts: Sequence[Place]) -> None:
        """A place stays as it was seen when every part of it that differed stays as it was seen."""
        known = zip(parts, seen.differing, strict=True)
        if seen.differing and all(self.stays.knows(part, pair) for part, (_, pair) in known):
            self.stays.keep_whole(place, seen.sums, parts)


def _records(look: _Look, asked: Ask) -> Generator[Ask, Answer, tuple[bool, Figure]]:
    """Whether a record differs there, and what the other end's records come to, counted from its rows."""
    theirs = (yield asked).told
    # Where the other end has nothing (it holds back what is not granted yet) there is nothing to split.
    leaf = theirs.leaf or not theirs.lines
    seen = _Compared(theirs, look.ledger.answer(asked, leaf=leaf))
    parts: list[Place] = []
    found = False
    for (name, _), pair in seen.differing:
        part = Place(asked.scope, asked.kind, "" if leaf else name, name if leaf else "")
        parts.append(part)
        if look.spent or look.stays.knows(part, pair):
            found = True
        elif leaf:
            found = True
            yield from _mend(look, msgspec.structs.replace(asked, id=name, prefix=""), part)
        elif len(asked.prefix) < DEEPEST:
            below, _ = yield from _records(look, msgspec.structs.replace(asked, prefix=name))
            found |= below
    look.remember(Place(asked.scope, asked.kind, asked.prefix), seen, parts)
    return found, seen.sums.there


def _mend(look: _Look, asked: Ask, place: Place) -> Generator[Ask, Answer, None]:
    placed = (yield msgspec.structs.replace(asked, step=RECORD)).placed
    mine = look.ledger.rebuild(asked, placed)
    # What the other end holds now, made anew from its log: its row may be the damaged one.
    told = (yield msgspec.structs.replace(asked, step=MEND)).told
    theirs = told.figures().get((asked.id, ""), NOTHING)
    if mine == theirs:
        look.verdict.mended.append((asked.kind, asked.id))
        return
    look.verdict.left.append((asked.kind, asked.id))
    look.stays.keep(place, Pair(mine, theirs))
    look.patience -= 1
