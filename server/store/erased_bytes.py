"""Bytes of erased attachments that are still to be removed: noted in the erasing's own transaction."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from server.store import attachments
from server.store.attachments import Described
from server.store.engine import Connection
from sync.blobs.seal import Plan, chunk_count, pack, plan_of
from sync.replica import node, sql, tables

_NOTE: Final = "erased_bytes:"
"""Node key of one blob's note: its size in bytes and its chunks' names. Without it a crash right after the erasing
would leave sealed bytes that no record names any more, and a centre sweeps nothing by itself (decision 7)."""


def note(connection: Connection, found: Described) -> None:
    """The attachment that names these bytes is being erased: they are to go."""
    node.put_key(connection, f"{_NOTE}{found.blob}", f"{found.plan.size} {pack(found.plan.chunks)}")


def due(connection: Connection) -> dict[str, frozenset[str]]:
    """By blob, the names of the chunks to be removed: those that no attachment here names."""
    noted = connection.execute(
        select(tables.node.c.key, tables.node.c.value).where(tables.node.c.key.startswith(_NOTE, autoescape=True))
    ).all()
    found: dict[str, frozenset[str]] = {}
    for key, value in noted:
        blob, plan = str(key).removeprefix(_NOTE), _plan(str(value))
        left = {name for one in attachments.naming(connection, blob) for name in one.plan.chunks}
        found[blob] = frozenset(() if plan is None else set(plan.chunks) - left)
    return found


def gone(connection: Connection, blob: str) -> None:
    """Its bytes are removed."""
    sql.delete_in(connection, tables.node, "key", [f"{_NOTE}{blob}"])


def _plan(value: str) -> Plan | None:
    size, _, chunks = value.partition(" ")
    return plan_of(int(size), chunks, chunk_count(int(size)))
