"""Differences that were looked into in vain, with the figures of both ends then.

An operation that the other end holds makes a difference that no comparison can mend. It is looked into once. As long
as the figures of both ends stand, nothing else can have happened at that place: they are sums of what lies there. So
it is not asked about again. Whatever moves at either end, a lost row as well as a new one, moves a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

Figure = tuple[int, str]
"""How many records, and their sum as 64 hexadecimal digits."""

NOTHING: Final[Figure] = (0, "0" * 64)

LASTS_MS: Final = 86_400_000
"""After so long a difference is looked into again though nothing moved, or moved and came back: a program at the
other end may have learned to mend it, and figures are all that is known of that end."""


class Place(NamedTuple):
    """Where a difference lies: a bucket (prefix alone), a scope and kind, those of its records whose place begins so,
    or one record."""

    scope: str = ""
    kind: str = ""
    prefix: str = ""
    id: str = ""


class Pair(NamedTuple):
    """The figures of one place at both ends."""

    here: Figure
    there: Figure


@dataclass(slots=True)
class Stays:
    """What is known to stay as it is, of one server. Times in ms, of any one clock that does not run back.

    Lives in memory only, some 250 bytes a place: a program that starts anew looks into everything once more.
    """

    _known: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)
    _now: int = 0

    def begin(self, now: int) -> None:
        """A round begins at this time: what was looked into too long ago is known no more."""
        self._now = now
        self._known = {place: one for place, one in self._known.items() if 0 <= now - one[1] < LASTS_MS}

    def knows(self, place: Place, pair: Pair) -> bool:
        """Whether this place was looked into in vain when its figures were these."""
        known = self._known.get(_mark(place))
        return known is not None and known[0] == _mark(pair)

    def keep(self, place: Place, pair: Pair) -> None:
        """It was, in this round: a day from here it is looked into again."""
        self._known[_mark(place)] = _mark(pair), self._now

    def keep_whole(self, place: Place, pair: Pair, parts: Sequence[Place]) -> None:
        """It stays because these parts of it, all known, do: it is looked into again when the first of them is."""
        self._known[_mark(place)] = _mark(pair), min(self._known[_mark(part)][1] for part in parts)

    def forget(self) -> None:
        """The other end is another one now, or all is to be looked into."""
        self._known.clear()


def _mark(what: Place | Pair) -> bytes:
    return blake2b(repr(tuple(what)).encode(), digest_size=16).digest()
