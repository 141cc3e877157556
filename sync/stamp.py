"""Hybrid logical clock: a stamp orders what really happened one after the other, and only breaks ties else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

AHEAD_MS = 5 * 60 * 1000
"""How far (ms) a foreign stamp may pull this clock ahead of its own wall clock; further is ignored, never
refused (sync.md §3.2)."""

_COUNTER_MAX = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Stamp:
    """48-bit milliseconds, 32-bit counter, 8 hex digits of the node as the last tie-break.

    The node part is drawn at random each time a store is opened, so that a cloned disk cannot make a second
    operation with the same stamp. The text form sorts like the stamp.
    """

    ms: int
    counter: int
    node: str

    def text(self) -> str:
        """29 characters: 12 hex of milliseconds, 8 hex of counter, a dot, 8 of node."""
        return f"{self.ms:012x}{self.counter:08x}.{self.node}"

    @staticmethod
    def parse(text: str) -> Stamp:
        """The stamp of a text. Raises ValueError for anything that `text()` cannot have made."""
        if len(text) != 29 or text[20] != ".":
            raise ValueError("a stamp has 20 hexadecimal digits, a dot and 8 characters of node")
        return Stamp(int(text[:12], 16), int(text[12:20], 16), text[21:])


class HybridClock:
    """Gives stamps that never go back, whatever the wall clock does.

    `last` is the last stamp known to this store (empty text for none); the owner keeps `last` durable in the
    same transaction as what was stamped.
    """

    def __init__(self, node: str, last: str = "") -> None:
        if len(node) != 8:
            raise ValueError("the node part of a stamp has 8 characters")
        self._node = node
        self._ms, self._counter = 0, 0
        if last:
            known = Stamp.parse(last)
            self._ms, self._counter = known.ms, known.counter

    @property
    def last(self) -> str:
        """The last stamp given or seen, as text."""
        return Stamp(self._ms, self._counter, self._node).text()

    def next(self, wall_ms: int) -> str:
        """A new stamp, greater than every stamp this clock gave before. `wall_ms` is UTC milliseconds."""
        if wall_ms > self._ms:
            self._ms, self._counter = wall_ms, 0
        elif self._counter < _COUNTER_MAX:
            self._counter += 1
        else:
            self._ms, self._counter = self._ms + 1, 0
        return self.last

    def seen(self, stamp: str, wall_ms: int) -> None:
        """Learn of a foreign stamp: follow it, but at most AHEAD_MS ahead of the own wall clock."""
        try:
            other = Stamp.parse(stamp)
        except ValueError:
            return
        if other.ms > max(wall_ms, self._ms) + AHEAD_MS:
            return
        self._ms, self._counter = max((self._ms, self._counter), (other.ms, other.counter))

    def seen_all(self, stamps: Iterable[str], wall_ms: int) -> None:
        """Learn of the foreign stamps of a batch: of the greatest that `seen` would follow, which stands for all."""
        limit = f"{max(wall_ms, self._ms) + AHEAD_MS:012x}"
        for stamp in sorted((one for one in stamps if one[:12] <= limit), reverse=True):
            with contextlib.suppress(ValueError):
                Stamp.parse(stamp)
                self.seen(stamp, wall_ms)
                return
