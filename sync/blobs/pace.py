"""How fast blobs may travel: a bucket of bytes that fills at a share of what the line was measured to carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FLOOR: Final = 8 << 10
"""Bytes a second that blobs may always take, however slow the line is."""
SHARE: Final = 0.5
"""Share of the measured line that blobs may take; the rest belongs to text."""
LEAST_PART: Final = 8 << 10
MOST_PART: Final = 512 << 10
"""A part of one request (bytes): about a second of what is allowed, so that text never waits behind more."""

_LEAST_SAMPLE: Final = 4 << 10
_WEIGHT: Final = 0.3


@dataclass(slots=True)
class Bucket:
    """Counts bytes on a monotonic clock (ms). A part may start while the bucket is not in debt; its bytes are
    taken whole, so over any time T no more than rate × T and one part go through."""

    floor: int = FLOOR
    share: float = SHARE
    measured: float = 0.0
    latency_ms: float = 0.0
    _level: float = 0.0
    _at: int = -1

    @property
    def rate(self) -> float:
        """Bytes a second that are allowed now."""
        return max(float(self.floor), self.measured * self.share)

    def part(self) -> int:
        """How many bytes one request should carry."""
        return int(min(MOST_PART, max(LEAST_PART, self.rate)))

    def wait_ms(self, mono: int) -> int:
        """How long until a part may start; 0 for now."""
        self._fill(mono)
        return 0 if self._level >= 0 else 1 + int(-self._level * 1_000 / self.rate)

    def take(self, count: int, mono: int) -> None:
        """A part of so many bytes starts now."""
        self._fill(mono)
        self._level -= count

    def answered(self, took_ms: int) -> None:
        """A request without bytes took this long; the shortest of late counts as the way there and back."""
        self.latency_ms = float(took_ms) if not self.latency_ms else min(self.latency_ms * 1.05, float(took_ms))

    def carried(self, count: int, took_ms: int) -> None:
        """A part of so many bytes took this long: what the line carries. Small ones tell nothing."""
        if count < _LEAST_SAMPLE:
            return
        # The way there and back is no work of the line: a far one (a satellite) must not look like a thin one.
        seen = count * 1_000 / max(1.0, took_ms / 10, took_ms - self.latency_ms)
        self.measured = seen if not self.measured else (1 - _WEIGHT) * self.measured + _WEIGHT * seen

    def _fill(self, mono: int) -> None:
        if self._at >= 0:
            self._level = min(0.0, self._level + self.rate * (mono - self._at) / 1_000)
        self._at = mono
