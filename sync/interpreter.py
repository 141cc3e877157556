"""How the threads of a node share one interpreter, at both ends of the road."""

from __future__ import annotations

import gc
import sys
from typing import Final

SWITCH_S: Final = 0.0005
"""Python lets a busy thread run for 5 ms before another that waits gets its turn; and SQLite's module gives up its
turn at every step. A store lane beside a thread that decodes waited 1.6 ms a row so, against 0.3 ms with this, and a
window waits as much less for its next key."""

GARBAGE: Final = (20_000, 20, 50)
"""A batch makes some 60,000 small tuples that live for a moment; looking for cycles among them after every 700 took a
third of the time that making a record takes."""


def share() -> None:
    """Make turns between threads short, and look for garbage seldom. Once in a process, by whoever joins its wires;
    what was made until then is looked at no more."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
