"""What a node knows of itself, kept in one small table: version, identity, feed counter, stamp, cursors."""

from __future__ import annotations

from sqlalchemy import Connection

from sync.replica import sql, tables

STORE_VERSION = 1
"""Version of the tables of log and node; a store with a higher one was written by a newer program."""

FEED = "feed"
STAMP = "stamp"
MOVED = "moved"
"""How many feed numbers were given up because their operation waited and got a later one: together with the
operations in the log they are all numbers ever given."""


def get(connection: Connection, key: str, default: str = "") -> str:
    """The value of a key, or the default."""
    found = sql.first(connection, "SELECT value FROM node WHERE key = ?", key)
    return default if found is None else str(found[0])


def everything(connection: Connection) -> dict[str, str]:
    """All keys at once: the table is small, and one read is cheaper than five."""
    return {str(key): str(value) for key, value in sql.fetch(connection, "SELECT key, value FROM node")}


def put(connection: Connection, **values: str) -> None:
    """Set keys. Values are text; personal data has no place here."""
    sql.upsert_many(connection, tables.node, list(values.items()))


def put_key(connection: Connection, key: str, value: str) -> None:
    """Set one key whose name is no Python word (`cursor:<lineage>`)."""
    sql.upsert_many(connection, tables.node, [(key, value)])


def feed(connection: Connection) -> int:
    """The highest commit number this node has given."""
    return int(get(connection, FEED, "0"))


def take(connection: Connection, count: int) -> int:
    """Take `count` commit numbers and answer the first. The counter's row stays locked to the commit, so a
    reader never meets a number whose operation is still on its way (sync.md §3.5): call it last."""
    [(last,)] = sql.fetch(
        connection,
        "UPDATE node SET value = CAST(CAST(value AS BIGINT) + ? AS TEXT) WHERE key = 'feed' RETURNING value",
        count,
    )
    return int(last) - count + 1
