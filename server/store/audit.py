"""Counting a store anew from its rows and its log: digests, chains, commit numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from server.store import accounts, granted
from server.store.engine import Connection
from sync import chain
from sync.digest import NOTHING, Digest
from sync.operation import Placed
from sync.replica import node, scopes, sums, tables


@dataclass(slots=True)
class Findings:
    """What was counted, and each difference as one line of ids and numbers (no contents)."""

    records: int = 0
    operations: int = 0
    chains: int = 0
    held: int = 0
    differences: list[str] = field(default_factory=list)


def audit(connection: Connection) -> Findings:
    """Compare what the store says of itself with what lies in it (about 50,000 records a second)."""
    found = Findings()
    _digests(connection, found)
    _chains(connection, found)
    _numbers(connection, found)
    found.held = connection.execute(select(func.count()).select_from(tables.waiting)).scalar_one()
    if connection.dialect.name == "sqlite":
        damaged = connection.exec_driver_sql("PRAGMA cipher_integrity_check").all()
        found.differences += [f"page {number}: damaged" for number, _ in enumerate(damaged, start=1)]
    return found


def _digests(connection: Connection, found: Findings) -> None:
    counted = sums.recount(connection)
    kept = sums.by_scope_and_kind(connection)
    found.records = sum(one.count for one in counted.values())
    for key in sorted(counted.keys() | kept.keys()):
        if counted.get(key, NOTHING) != kept.get(key, NOTHING):
            found.differences.append(f"digest of {key[0]} {key[1]}: {_says(counted, kept, key)}")
    homes = scopes.homes(connection, {scope for scope, _ in counted})
    audiences: dict[str, Digest] = {}
    for (scope, _), one in counted.items():
        home = homes.get(scope, "")
        audiences[home] = audiences.get(home, NOTHING).plus(one)
    known = {row.audience for row in connection.execute(select(tables.audience_digest.c.audience))}
    for home in sorted(audiences.keys() | known):
        if sums.of_audiences(connection, [home]) != audiences.get(home, NOTHING):
            found.differences.append(f"digest of audience {home}: not that of its rows")
    for device in sorted(accounts.device_centres(connection)):
        if granted.running(connection, device) != granted.recount(connection, device):
            found.differences.append(f"digest of grants of {device}: not that of its scopes")


def _says(counted: dict[tuple[str, str], Digest], kept: dict[tuple[str, str], Digest], key: tuple[str, str]) -> str:
    return f"rows {counted.get(key, NOTHING).count}, kept {kept.get(key, NOTHING).count}"


def _chains(connection: Connection, found: Findings) -> None:
    log = tables.log.c
    heads = {(r.device, r.incarnation): (int(r.n), bytes(r.head)) for r in connection.execute(select(tables.chain))}
    counted: dict[tuple[str, int], tuple[int, bytes]] = {}
    rows = connection.execute(
        select(log.device, log.incarnation, log.n, log.grp, log.salt, log.body, log.hash)
        .order_by(log.device, log.incarnation, log.n)
        .execution_options(yield_per=1_000)
    )
    for row in rows:
        if not row.hash:
            # At a hub: shown by the centre without what comes before it in its chain. A head that should be there
            # and is not still differs below.
            found.operations += 1
            continue
        key = (row.device, row.incarnation)
        n, head = counted.get(key, (0, chain.GENESIS))
        # Of an erased operation the salt's place holds what is left: H(salt ‖ body) (settled 3).
        one = Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body or b""))
        head = chain.advance(head, [one])[0]
        if row.n != n + 1 or head != bytes(row.hash):
            found.differences.append(f"chain of {row.device}.{row.incarnation}: broken at {row.n}")
        counted[key] = (row.n, bytes(row.hash))
        found.operations += 1
    found.chains = len(counted)
    for key in sorted(counted.keys() | heads.keys()):
        if counted.get(key, (0, chain.GENESIS)) != heads.get(key, (0, chain.GENESIS)):
            found.differences.append(f"chain of {key[0]}.{key[1]}: its head is not that of its log")


def _numbers(connection: Connection, found: Findings) -> None:
    seq = tables.log.c.seq
    count, last = connection.execute(select(func.count(), func.max(seq))).one()
    feed, moved = node.feed(connection), int(node.get(connection, node.MOVED, "0"))
    if (count + moved, last or 0) != (feed, feed):
        found.differences.append(f"commit numbers: {count} operations, last {last or 0}, feed {feed}")
