"""The audit entries of all devices as this server holds them: heads to countersign, chains counted anew."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text, select

from server.store import accounts
from server.store.engine import Connection
from sync import audit
from sync.audit import Countersigned, Findings, Head
from sync.replica import read, removal, sql, tables

countersigned = Table(
    "countersigned",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("link", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", Text, nullable=False),
)
"""The highest head of each device's audit chain for which a receipt was given: it must stand here for ever."""


def head_of(connection: Connection, device: str) -> Head:
    """The last entry of a device's audit chain."""
    entry = tables.records["audit_entry"].c
    own = select(entry.n, entry.link).where(entry.device == device, entry.n.is_not(None))
    row = connection.execute(own.order_by(entry.n.desc()).limit(1)).first()
    return Head() if row is None else Head(int(row.n), str(row.link))


def remember(connection: Connection, device: str, head: Head, at_ms: int, signature: str) -> None:
    """Keep for which head a receipt was given; a lower one than before takes nothing away."""
    known = connection.execute(select(countersigned.c.n).where(countersigned.c.device == device)).scalar()
    if head.n and (known is None or head.n > known):
        sql.upsert_many(connection, countersigned, [(device, head.n, head.link, at_ms, signature)])


def verify(connection: Connection) -> dict[str, Findings]:
    """Every chain counted anew from its rows, and against what was countersigned."""
    table = tables.records["audit_entry"]
    rows = connection.execute(select(table).execution_options(yield_per=1_000)).mappings()
    entries = [audit.entry_of(row) for row in rows]
    back = [row.id for row in connection.execute(select(table.c.id).where(table.c.retracted.is_not(None)))]
    words = tables.records["audit_note"]
    notes = {row["id"]: read.stored(row, "audit_note").record for row in connection.execute(select(words)).mappings()}
    gone = removal.known_among(connection, {one.id for one in entries if one.sealed and one.id not in notes})
    signed = [
        Countersigned(row.device, row.n, row.link, row.at) for row in connection.execute(select(countersigned))
    ]
    return audit.verify(entries, notes, signed, {record for kind, record in gone if kind == "audit_note"}, back)
