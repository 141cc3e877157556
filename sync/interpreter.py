"""How the threads of a node share one interpreter, at both ends of the road."""

from __future__ import annotations

import ctypes
import gc
import linecache
import sys
from typing import Final

SWITCH_S: Final = 0.0005
"""Python lets a busy thread run for 5 ms before another that waits gets its turn; and SQLite's module gives up its
turn at every step. A store lane beside a thread that decodes waited 1.6 ms a row so, against 0.3 ms with this, and a
window waits as much less for its next key."""

GARBAGE: Final = (20_000, 20, 50)
"""A batch makes some 60,000 small tuples that live for a moment; looking for cycles among them after every 700 took a
third of the time that making a record takes."""

_M_ARENA_MAX: Final = -8
"""glibc's name (malloc.h) of the number of heaps that threads share."""


def share() -> None:
    """Make turns between threads short, look for garbage seldom, and let all threads use one heap. Once in a process,
    by whoever joins its wires; what was made until then is looked at no more."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    _use_one_heap()


def forget_sources() -> None:
    """Let go of the texts of modules: PySide reads the source of every module imported after it, and Python keeps
    what was read, 20 MB in a desk. Where all are imported; a traceback reads anew what it shows."""
    linecache.clearcache()


def _use_one_heap() -> None:
    """A heap for each thread keeps what that thread once used: a page that one thread decodes, another folds and a
    third packs was held three times over (166 -> 158 MB in a desk that pulls 50,000). Before the threads begin."""
    if sys.platform == "linux":
        # Another C library than glibc has no such function, and no such heaps.
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, 1)
