"""Meeting a server for the first time with a full store: what is equal already is not read again (settled 11)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from sync.operation import Placed
from sync.proof import BUCKET, BUCKETS, DEEPEST, RECORD, RECORDS, Answer, Ask, Told
from sync.stays import NOTHING, Figure

LEAST: Final = 2_000
"""A feed with fewer numbers is read: that takes two or three pages."""
EACH: Final = 200
"""One question may be asked for so many feed numbers: beyond, reading them is cheaper and surer."""
FEWEST: Final = 24

_DOSSIER: Final = "dossier:"


@dataclass(frozen=True, slots=True)
class Whole:
    """Fetch the whole history of a small scope, all pages; answered like a question, with its operations."""

    scope: str


class Book(Protocol):
    """What a guest knows of its own rows; each call is one transaction of its own."""

    def answer(self, ask: Ask, *, leaf: bool | None = None) -> Told:
        """The figures of its own rows, as the server gives them."""

    def take(self, placed: Sequence[Placed]) -> None:
        """Fold operations that the server has; folding again changes nothing."""


Meeting = Generator[Ask | Whole, Answer, bool]


class _Dear(Exception):
    """So much differs that reading the feed is cheaper."""


def meet(book: Book, control: str, feed: int) -> Meeting:
    """Compare by scopes with a server whose feed stands at `feed`, and take what differs: dossiers whole, of larger
    scopes the records that differ. A generator without I/O: yields what is to be asked, is sent the answers, returns
    whether everything up to `feed` is here now. False: the feed is to be read from its beginning, nothing is lost.

    `control` is the asker's own device scope: grants and withdrawals are acted on in the feed's order only.
    """
    if feed < LEAST:
        return False
    try:
        yield from _Visit(book, control, max(FEWEST, feed // EACH)).all()
    except _Dear:
        return False
    return True


class _Visit:
    def __init__(self, book: Book, control: str, questions: int) -> None:
        self._book = book
        self._control = control
        self._left = questions

    def _asks(self, asked: Ask | Whole) -> Generator[Ask | Whole, Answer, Answer]:
        self._left -= 1
        if self._left < 0:
            raise _Dear
        return (yield asked)

    def _compared(self, asked: Ask) -> Generator[Ask | Whole, Answer, list[tuple[str, str]]]:
        theirs = (yield from self._asks(asked)).told.figures()
        mine = self._book.answer(asked).figures()
        if asked.step == BUCKETS and 2 * _count(mine) < _count(theirs):
            raise _Dear
        return _differing(theirs, mine)

    def all(self) -> Generator[Ask | Whole, Answer, None]:
        kinds: dict[str, list[str]] = {}
        for bucket, _ in (yield from self._compared(Ask(BUCKETS))):
            for scope, kind in (yield from self._compared(Ask(BUCKET, bucket=bucket))):
                kinds.setdefault(scope, []).append(kind)
        if self._control in kinds:
            raise _Dear
        for scope, differing in kinds.items():
            if scope.startswith(_DOSSIER):
                self._book.take((yield from self._asks(Whole(scope))).placed)
                continue
            for kind in differing:
                yield from self._records(Ask(RECORDS, scope=scope, kind=kind))

    def _records(self, asked: Ask) -> Generator[Ask | Whole, Answer, None]:
        theirs = (yield from self._asks(asked)).told
        leaf = theirs.leaf or not theirs.lines
        mine = self._book.answer(asked, leaf=leaf)
        for name, _ in _differing(theirs.figures(), mine.figures()):
            if leaf:
                # Also what only this end has: it may have been erased there.
                one = msgspec.structs.replace(asked, step=RECORD, id=name, prefix="")
                self._book.take((yield from self._asks(one)).placed)
            elif len(asked.prefix) < DEEPEST:
                yield from self._records(msgspec.structs.replace(asked, prefix=name))


def _count(figures: Mapping[tuple[str, str], Figure]) -> int:
    return sum(count for count, _ in figures.values())


def _differing(
    one: Mapping[tuple[str, str], Figure], other: Mapping[tuple[str, str], Figure]
) -> list[tuple[str, str]]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key, NOTHING) != other.get(key, NOTHING))
