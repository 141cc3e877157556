"""When a desk knows more of this centre than the centre does: the history was lost, and is named anew at once."""

from __future__ import annotations

import os
from typing import Final

from domain.clock import HOUR, vn_date
from server.operations import leases
from server.operations.centre import Centre, log
from server.store import lineage
from server.store.engine import Connection

SELDOM_MS: Final = HOUR
"""Least time (monotonic ms) between two renewals that desks bring about: each makes every desk read everything
again, so that one device that tells untruths must not do it at will."""


def renew(centre: Centre) -> str:
    """Name the centre's history anew (`new-lineage`): every desk meets it anew and sends what it lost."""
    year = vn_date(centre.now_ms()).year

    def job(connection: Connection) -> str:
        return lineage.renew(connection, os.urandom, leases.SERIES, year)

    before = centre.lineage
    centre.lineage = centre.lane.do(job)
    log.warning("lineage renewed from=%s to=%s", before, centre.lineage)
    return centre.lineage


def lost(centre: Centre, device: str, lineage_known: str, told: int, here: int) -> bool:
    """A device holds proof of `told` of the present lineage where this store has only `here`; answers whether
    the history was named anew for it. Somebody put an older database in place without `new-lineage`.

    Feed numbers and acknowledgements are only told after their commit, so this cannot happen otherwise.
    """
    log.error("history lost: device=%s was told %d, here is %d; was a backup restored?", device, told, here)
    with centre.renewing:
        if lineage_known != centre.lineage:
            return True  # another desk has told of it first
        now = centre.clock.monotonic_ms()
        if centre.renewed_at is not None and now - centre.renewed_at < SELDOM_MS:
            return False
        renew(centre)
        centre.renewed_at = now
        return True
