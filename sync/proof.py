"""Finding what differs between two nodes and mending it record by record: questions, answers, and who asks what.

Never answered with a wipe (sync.md §3.13): scopes are narrowed by buckets of their names' hashes, records by
prefixes of their ids' hashes, and the few that differ are made anew from the operations of both ends.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

import msgspec

from sync.operation import Placed

LEAF: Final = 64
"""Up to so many records are listed one by one; more are summed by the next digit."""
DEEPEST: Final = 8
"""Digits of a prefix at most: sixteen to the eighth records are more than any node will hold."""

Figure = tuple[int, str]
"""How many records, and their sum as 64 hexadecimal digits."""

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
    """How it ended: records made equal, and records that still differ (kind, id)."""

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

NOTHING: Final[Figure] = (0, "0" * 64)


def bucket_of(scope: str) -> str:
    """Two hexadecimal digits of a scope's name."""
    return sha256(scope.encode()).hexdigest()[:2]


def place_of(record_id: str) -> str:
    """The hexadecimal digits by which records are split: ids made in order would all begin alike."""
    return sha256(record_id.encode()).hexdigest()[:DEEPEST]


def _differing(
    one: Mapping[tuple[str, str], Figure], other: Mapping[tuple[str, str], Figure]
) -> Iterable[tuple[str, str]]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key, NOTHING) != other.get(key, NOTHING))


def narrow(ledger: Ledger) -> Asking:
    """Ask the other end until the records that differ are known, and make them equal. A generator without I/O:
    yields questions, is sent answers, returns the verdict."""
    verdict = Verdict()
    ledger.recount()
    asked = Ask(BUCKETS)
    for bucket, _ in _differing((yield asked).told.figures(), ledger.answer(asked).figures()):
        asked = Ask(BUCKET, bucket=bucket)
        for scope, kind in _differing((yield asked).told.figures(), ledger.answer(asked).figures()):
            found = yield from _records(ledger, Ask(RECORDS, scope=scope, kind=kind), verdict)
            if not found:
                # Every record is equal and the sum is not: the other end's running figure has slipped.
                yield Ask(MEND, scope=scope, kind=kind)
    return verdict


def _records(ledger: Ledger, asked: Ask, verdict: Verdict) -> Generator[Ask, Answer, bool]:
    theirs = (yield asked).told
    # Where the other end has nothing (it holds back what is not granted yet) there is nothing to split.
    leaf = theirs.leaf or not theirs.lines
    mine = ledger.answer(asked, leaf=leaf)
    found = False
    for name, _ in _differing(theirs.figures(), mine.figures()):
        if leaf:
            found = True
            yield from _mend(ledger, msgspec.structs.replace(asked, id=name, prefix=""), verdict)
        elif len(asked.prefix) < DEEPEST:
            found |= yield from _records(ledger, msgspec.structs.replace(asked, prefix=name), verdict)
    return found


def _mend(ledger: Ledger, asked: Ask, verdict: Verdict) -> Generator[Ask, Answer, None]:
    placed = (yield msgspec.structs.replace(asked, step=RECORD)).placed
    mine = ledger.rebuild(asked, placed)
    # What the other end holds now, made anew from its log: its row may be the damaged one.
    told = (yield msgspec.structs.replace(asked, step=MEND)).told
    theirs = told.figures().get((asked.id, ""), NOTHING)
    (verdict.mended if mine == theirs else verdict.left).append((asked.kind, asked.id))
