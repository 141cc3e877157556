"""The machine's own clock, for the running desk; tests and the day bring another."""

from __future__ import annotations

import time


class WallClock:
    """UTC milliseconds of the operating system, and its monotonic clock."""

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow."""
        return time.monotonic_ns() // 1_000_000
