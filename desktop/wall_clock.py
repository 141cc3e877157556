"""The machine's own clock, for the running desk; tests and the day bring another."""

from __future__ import annotations

import time
from typing import Final

_WITH_SLEEP: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class WallClock:
    """UTC milliseconds of the operating system, and its monotonic clock."""

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow."""
        return time.monotonic_ns() // 1_000_000


def run_seconds() -> float:
    """How long this machine has run, sleep included: nobody at the desk can set it. On Windows the monotonic clock
    counts sleep by itself."""
    return time.monotonic() if _WITH_SLEEP is None else time.clock_gettime(_WITH_SLEEP)
