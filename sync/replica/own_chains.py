"""A desk's own chains as one outbox: every incarnation it wrote under, and how far a lineage has each of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from sync.replica import node, sql

INCARNATION = "incarnation"
LINEAGE = "lineage"
CURSOR = "cursor:"


@dataclass(frozen=True, slots=True)
class OwnChain:
    """One incarnation: `last` is the last number to be sent under it, `acked` what the server last met has,
    `backed_up` what a verified backup of the centre holds."""

    incarnation: int
    last: int
    acked: int
    backed_up: int


def acked_key(lineage: str, incarnation: int) -> str:
    """Under which key the node table keeps what a lineage has acknowledged of an incarnation."""
    return f"acked:{lineage}:{incarnation}"


def backed_up_key(lineage: str, incarnation: int) -> str:
    """Under which key the node table keeps what a lineage reported in a verified backup."""
    return f"backed_up:{lineage}:{incarnation}"


def closed_key(incarnation: int) -> str:
    """Under which key the node table keeps where an incarnation ended: what it wrote after that number was placed
    anew under a later one, and the server may know other bytes there."""
    return f"closed:{incarnation}"


def of(connection: Connection, device: str, known: dict[str, str] | None = None) -> list[OwnChain]:
    """Own chains by incarnation, as the lineage last met has them. `known`: the node table where it was read.

    Earlier incarnations count as long as they are not all acknowledged: a server restored from a backup may lack
    what was written before a fork.
    """
    kept = node.everything(connection) if known is None else known
    lineage = kept.get(LINEAGE, "")
    rows = sql.fetch(connection, "SELECT incarnation, n FROM chain WHERE device = ? ORDER BY incarnation", device)
    found: list[OwnChain] = []
    for incarnation, n in rows:
        last = min(int(n), int(kept.get(closed_key(incarnation), n)))
        acked = int(kept.get(acked_key(lineage, incarnation), "0"))
        safe = int(kept.get(backed_up_key(lineage, incarnation), "0"))
        found.append(OwnChain(incarnation, last, min(last, acked), min(last, safe)))
    return found


def waiting(chains: list[OwnChain]) -> int:
    """How many own operations the server last met has not acknowledged."""
    return sum(chain.last - chain.acked for chain in chains)


def rename(connection: Connection, last: int) -> int:
    """Go on under the next incarnation; the present one ends at `last`. Answers the new one."""
    old = int(node.get(connection, INCARNATION, "1"))
    node.put(connection, **{INCARNATION: str(old + 1), closed_key(old): str(last)})
    return old + 1


def read_anew(connection: Connection) -> None:
    """Every lineage's feed is read again from the start."""
    for key in node.everything(connection):
        if key.startswith(CURSOR):
            node.put_key(connection, key, "0")
