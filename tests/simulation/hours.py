"""The virtual time of one world: what happens at which moment, and the timeline that tells of it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from tests.simulation.trace import Trace


class Hours:
    """`now` is virtual ms since the beginning; what is to happen at one moment happens in the order it was asked."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.now = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def say(self, who: str, what: str, *figures: object) -> None:
        """A line of the timeline."""
        self.trace.say(self.now, who, what, *figures)

    def meet(self, what: str) -> None:
        """Something that a run should sometimes meet was met."""
        self.trace.met[what] += 1

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Do something at a virtual time (ms)."""
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), what))

    def pass_time(self, end: int) -> None:
        """Everything up to `end` happens."""
        while self._queue and self._queue[0][0] <= end:
            self.now, _, what = heapq.heappop(self._queue)
            what()
        self.now = max(self.now, end)
