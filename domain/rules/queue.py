"""Who works on an item of the queue: a claim for ten minutes, and one winner wherever two took it without a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from domain.clock import MINUTE
from domain.records.queue import Claim

LEASE_MS: Final = 10 * MINUTE
"""How long a claim holds unless it is renewed; who walks away blocks nobody for longer."""


def holder(claims: Iterable[Claim], now_ms: int) -> Claim | None:
    """The claim that holds now: of those not run out the earliest, then the smaller id, at every desk the same."""
    live = [one for one in claims if one.until is not None and one.until > now_ms]
    return min(live, key=lambda one: (one.at or 0, one.id), default=None)
