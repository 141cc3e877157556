"""How long a desk without a server may open existing records (settled 13): 35 days, by time that nobody can set back.

Only signed server time and the machine's own run time raise the trusted time; the wall clock closes records while it
says that it is later, and never opens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.clock import DAY

LEASE_MS: Final = 35 * DAY


@dataclass(frozen=True, slots=True)
class RunTime:
    """Which run of the machine this is, and its seconds so far (sleep included)."""

    boot: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Floor:
    """It is at least `ms` (UTC) when the machine's run `at` stood there."""

    ms: int
    at: RunTime


def trusted(floor: Floor, now: RunTime) -> int:
    """The least that the time can be now (UTC ms): what passed while the machine was off is not known."""
    ran = now.seconds - floor.at.seconds if now.boot == floor.at.boot else 0.0
    return floor.ms + round(max(0.0, ran) * 1_000)


def raised(floor: Floor | None, signed_ms: int, now: RunTime) -> Floor:
    """The floor as it stands now, with the newest time that a server signed."""
    return Floor(max(signed_ms, trusted(floor, now) if floor is not None else 0), now)


def is_over(signed_ms: int, floor: Floor | None, wall_ms: int, now: RunTime) -> bool:
    """Whether existing records are closed: by trusted time for good, by a fast wall clock while it is fast."""
    least = trusted(floor, now) if floor is not None else signed_ms
    return max(wall_ms, least) - signed_ms > LEASE_MS
