"""What a child is told to do with its life, and where it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import msgspec

from tests.crash.script import SHORT
from tests.crash.touches import Deed, Touch


class Kill(msgspec.Struct, frozen=True):
    """SIGKILL at the `touch`-th touch of a file whose name ends with `name` (1 is the first): `before` it, after
    `half` of a write, or `after` it. With `commit` it is between the last insert and COMMIT of that act instead."""

    touch: int = 0
    name: str = ""
    how: str = "before"
    commit: int = 0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`life` names a function of tests.crash.lives. Acts are those of `seed` from `first` on, `acts` of them.
    `planted` names a fault that the checks have to find."""

    life: str
    home: str
    seed: int = 0
    first: int = 0
    acts: int = 0
    longest: int = SHORT
    every: int = 0
    kill: Kill | None = None
    planted: str = ""
    now_ms: int = 0


def die() -> None:
    """As `kill -9` does it: nothing of ours runs after this."""
    os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """Counts touches and kills the own process at the drawn one."""

    def __init__(self, kill: Kill | None) -> None:
        self._kill = kill or Kill()
        self.seen = 0

    def before(self, touch: Touch, part: Callable[[int], None]) -> None:
        """Count; the drawn one may end here, or half-way through what is written."""
        if touch.deed is Deed.OPEN or not touch.path.endswith(self._kill.name):
            return
        self.seen += 1
        if self.seen != self._kill.touch or self._kill.how == "after":
            return
        if self._kill.how == "half" and touch.deed is Deed.WRITE:
            part(len(touch.data) // 2)
        die()

    def after(self, touch: Touch) -> None:
        """The drawn one may end when it is done, before SQLite hears of it."""
        if self.seen == self._kill.touch and self._kill.how == "after" and touch.path.endswith(self._kill.name):
            die()
