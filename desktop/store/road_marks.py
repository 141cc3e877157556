"""What the store remembers of the road between two runs: since when the line is down, the last contact."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from desktop.store.reads_road import DOWN_SINCE, LAST_CONTACT
from sync.operation import Placed
from sync.replica import node
from sync.replica.batch import stamps_of
from sync.stamp import HybridClock


def mark_line(last_contact: int | None, down_since: int | None) -> Callable[[Connection], None]:
    """Remember both moments (UTC ms; None: it is up, or never was)."""

    def work(connection: Connection) -> None:
        node.put_key(connection, DOWN_SINCE, "" if down_since is None else str(down_since))
        if last_contact is not None:
            node.put_key(connection, LAST_CONTACT, str(last_contact))

    return work


def follow(connection: Connection, stamps: HybridClock, placed: Sequence[Placed], wall_ms: int) -> None:
    """Let this store's clock follow what others wrote, durable with the fold itself."""
    before = stamps.last
    stamps.seen_all(stamps_of(placed), wall_ms)
    if stamps.last != before:
        node.put_key(connection, node.STAMP, stamps.last)
