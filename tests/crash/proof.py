"""What must be true of any store after any crash, each fault as one sentence; reads rows by its own way."""

from __future__ import annotations

import functools
from pathlib import Path

from sqlalchemy import Connection, select

from desktop.store.engine import _connect
from desktop.store.identity import DEVICE
from domain.records.kinds import KINDS, Registry
from server.operations.centre import ME
from sync import chain
from sync.operation import Placed, decode_body
from sync.replica import node, sums, tables


def faults_inside(connection: Connection) -> list[str]:
    """Chains, groups, feed numbers, own stamps and digests of a node's store; empty where all is whole."""
    return [
        *_chain_faults(connection),
        *_feed_faults(connection),
        *_digest_faults(connection),
    ]


def _chain_faults(connection: Connection) -> list[str]:
    log = tables.log.c
    found: list[str] = []
    heads = {(row.device, row.incarnation): (row.n, bytes(row.head)) for row in connection.execute(_HEADS)}
    at: dict[tuple[str, int], tuple[int, bytes]] = {}
    ends: dict[tuple[str, int], int] = {}
    own, newest = {node.get(connection, DEVICE), ME}, ""
    for row in connection.execute(select(tables.log).order_by(log.device, log.incarnation, log.n)):
        whose = (row.device, row.incarnation)
        n, previous = at.get(whose, (0, chain.GENESIS))
        one = Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body))
        if row.n != n + 1 or chain.advance(previous, [one])[0] != bytes(row.hash):
            found.append(f"the chain of {whose} breaks at {row.n}")
            break
        at[whose], ends[whose] = (row.n, bytes(row.hash)), row.grp
        if row.device in own:
            newest = max(newest, decode_body(one.body).stamp)
    found += [f"the last group of {whose} is cut" for whose, end in ends.items() if at[whose][0] != end]
    if at != heads:
        found.append("the heads that are kept are not the ends of the chains")
    if newest > node.get(connection, node.STAMP):
        found.append("the clock's last stamp lies before one that was given")
    return found


_HEADS = select(tables.chain)
_ANY = {name: f"SELECT 1 FROM {table.name} LIMIT 1" for name, table in tables.records.items()}


def _feed_faults(connection: Connection) -> list[str]:
    count = connection.exec_driver_sql("SELECT count(*) FROM log").scalar_one()
    highest = connection.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM log").scalar_one()
    feed, moved = node.feed(connection), int(node.get(connection, node.MOVED, "0"))
    return [] if (count + moved, highest) == (feed, feed) else ["feed numbers have a gap or stand twice"]


@functools.cache
def _only(names: tuple[str, ...]) -> Registry:
    return Registry((name, KINDS[name].record) for name in names)


def _digest_faults(connection: Connection) -> list[str]:
    # Most kinds have no row in these stores, and asking each empty table would be most of an image's time.
    there = tuple(name for name in KINDS if connection.exec_driver_sql(_ANY[name]).first())
    counted = sums.recount(connection, _only(there))
    kept = sums.by_scope_and_kind(connection)
    return [] if counted == kept else ["the digest counted from rows is not the one that is kept"]


def faults_of_file(path: Path, key: bytes) -> list[str]:
    """Faults of the closed store's pages: the b-trees and indexes, and every page's authentication code."""
    connection = _connect(path, key)
    try:
        tree = connection.execute("PRAGMA integrity_check").fetchall()
        pages = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    finally:
        connection.close()
    return [str(line[0]) for line in [*tree, *pages] if line[0] != "ok"]
