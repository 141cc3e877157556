"""Who works on an item of the queue: a claim for ten minutes, and one winner wherever two took it without a line."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.clock import MINUTE
from domain.records.queue import Claim

LEASE_MS: Final = 10 * MINUTE
"""How long a claim holds unless it is renewed; who walks away blocks nobody for longer."""

SOON_MS: Final = 10 * MINUTE
"""So long before the agreed time a promised call-back is next in the queue, and not before."""


class Agreed(StrEnum):
    """How a promised call-back stands to the time that the caller said is safe."""

    NO_TIME = "no_time"
    AHEAD = "ahead"
    SOON = "soon"
    OVERDUE = "overdue"


def agreed(due_at: int | None, now_ms: int) -> Agreed:
    """How it stands at this moment (UTC ms)."""
    if due_at is None:
        return Agreed.NO_TIME
    if due_at <= now_ms:
        return Agreed.OVERDUE
    return Agreed.SOON if due_at - now_ms <= SOON_MS else Agreed.AHEAD


def holder(claims: Iterable[Claim], now_ms: int) -> Claim | None:
    """The claim that holds now: of those not run out the earliest, then the smaller id, at every desk the same."""
    live = [one for one in claims if one.until is not None and one.until > now_ms]
    return min(live, key=lambda one: (one.at or 0, one.id), default=None)
