"""The index behind the commune box: every typed word's beginning, today's names and old ones, in
milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from domain.text import fold, match_query

_ABBREVIATIONS: Final = {
    "tt": ("thi", "tran"),
    "tx": ("thi", "xa"),
    "tp": ("thanh", "pho"),
    "hcm": ("ho", "chi", "minh"),
    "tphcm": ("ho", "chi", "minh"),
    "sg": ("ho", "chi", "minh"),
}
_TYPES: Final = ("xa", "phuong", "thi tran", "dac khu")


class IndexRow(NamedTuple):
    """One name under which a commune of today is found. `reason` is empty for its own name of today."""

    code: str
    name: str
    full_names: str
    around: str
    reason: str


@dataclass(frozen=True, slots=True)
class CommuneHit:
    """A commune of today that fits what was typed, and why when it is not by its own name."""

    code: str
    reason: str


@lru_cache(maxsize=2048)
def _words_around(text: str) -> tuple[str, ...]:
    return tuple(match_query(text))


class _Asked:
    """What was typed, ready to be compared with thousands of names."""

    def __init__(self, words: list[str]) -> None:
        whole = " ".join(words)
        bare = whole
        for kind in _TYPES:
            # "xa tan phu" asks for the name Tân Phú; "phuong 4" for the name "Phường 4".
            if whole.startswith(kind + " "):
                bare = whole[len(kind) + 1 :]
        self._forms = (whole, bare)
        self._words = [" " + word for word in match_query(bare)]

    def rank(self, name: str, row: IndexRow) -> int:
        """Smaller is better; even numbers are names of today, the odd ones after them old names."""
        old = 1 if row.reason else 0
        if name in self._forms:
            return old
        if any(form.startswith(name + " ") for form in self._forms):
            # The name stands whole before words that narrow by district or province: "cong vi ba dinh".
            return 2 + old
        if name.startswith(self._forms):
            return 4 + old
        # With a space before each word, "a word begins so" is one look into the text.
        spaced = " " + name
        if all(word in spaced for word in self._words):
            return 6 + old
        return 8 + old


class CommuneIndex:
    """Built once from about 14,000 rows; a query intersects the rows of each typed word."""

    def __init__(self, rows: Iterable[IndexRow]) -> None:
        entries = sorted(
            ((fold(row.name), bool(row.reason), row.code, row) for row in rows), key=lambda entry: entry[:3]
        )
        self._names = [entry[0] for entry in entries]
        self._rows = [entry[3] for entry in entries]
        postings: dict[str, list[int]] = {}
        for place, row in enumerate(self._rows):
            for word in {*match_query(row.full_names), *_words_around(row.around)}:
                postings.setdefault(word, []).append(place)
        self._words = sorted(postings)
        self._postings = [postings[word] for word in self._words]

    def find(self, query: str, limit: int, within: frozenset[str] | None = None) -> tuple[CommuneHit, ...]:
        """The best hits, at most `limit`, one for each commune of today (codes in `within` only, when given).

        Order: the whole name, names that begin so, names that hold the words, then matches that needed
        district or province; within each, today's name before an old one. No words, no hits.
        """
        words: list[str] = []
        for word in match_query(query):
            words.extend(_ABBREVIATIONS.get(word, (word,)))
        if not words or limit < 1:
            return ()
        asked = _Asked(words)
        if len(words) == 1 and within is None:
            # One short word fits thousands of rows; names that begin so fill the box already.
            start = bisect_left(self._names, words[0])
            end = bisect_left(self._names, words[0] + "\uffff")
            hits = self._best(range(start, end), asked, limit)
            if len(hits) == limit or words[0] in _TYPES:
                return hits
        rows: set[int] | None = None
        # Longest word first: it leaves the fewest rows to intersect.
        for word in sorted(set(words), key=len, reverse=True):
            own = self._having(word, rows)
            rows = own if rows is None else rows & own
            if not rows:
                return ()
        if within is not None:
            rows = {place for place in rows or () if self._rows[place].code in within}
        return self._best(rows or (), asked, limit)

    def _best(self, places: Iterable[int], asked: _Asked, limit: int) -> tuple[CommuneHit, ...]:
        hits: dict[str, CommuneHit] = {}
        for _, place in sorted((asked.rank(self._names[one], self._rows[one]), one) for one in places):
            row = self._rows[place]
            hits.setdefault(row.code, CommuneHit(row.code, row.reason))
            if len(hits) == limit:
                break
        return tuple(hits.values())

    def _having(self, beginning: str, among: set[int] | None) -> set[int]:
        found: set[int] = set()
        place = bisect_left(self._words, beginning)
        while place < len(self._words) and self._words[place].startswith(beginning):
            found.update(self._postings[place])
            place += 1
        return found if among is None else found & among
