"""The audit entries of all devices as this server holds them: heads to countersign, chains counted anew."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text, select, true

from domain.records.audit import AuditCut
from server.store import accounts, centre_key, hub_identity
from server.store.engine import Connection
from sync import audit, wire
from sync.audit import Countersigned, Findings, Head
from sync.replica import node, read, removal, sql, tables

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
    """The last entry of a device's audit chain; where every entry was cut off, the end of what was cut."""
    entry = tables.records["audit_entry"].c
    own = select(entry.n, entry.link).where(entry.device == device, entry.n.is_not(None))
    row = connection.execute(own.order_by(entry.n.desc()).limit(1)).first()
    return begins_at(connection, device) if row is None else Head(int(row.n), str(row.link))


def begins_at(connection: Connection, device: str) -> Head:
    """Behind which entry a device's chain begins: the last one that was cut off, if any was."""
    return next((Head(one.n or 0, one.link or "") for one in cuts(connection, device)), Head())


def cuts(connection: Connection, only: str = "") -> list[AuditCut]:
    """Where chains were cut; `only`: that of one device."""
    table = tables.records["audit_cut"]
    rows = connection.execute(select(table).where(table.c.device == only if only else true())).mappings()
    return [audit.cut_of(row) for row in rows]


def remember(connection: Connection, device: str, head: Head, at_ms: int, signature: str) -> None:
    """Keep for which head a receipt was given; a lower one than before takes nothing away."""
    known = connection.execute(select(countersigned.c.n).where(countersigned.c.device == device)).scalar()
    if head.n and (known is None or head.n > known):
        sql.upsert_many(connection, countersigned, [(device, head.n, head.link, at_ms, signature)])


def verify(connection: Connection, only: str = "") -> dict[str, Findings]:
    """Every chain counted anew from its rows, and against what was countersigned; `only`: that of one device."""
    table = tables.records["audit_entry"]
    asked = table.c.device == only if only else true()
    rows = connection.execute(select(table).where(asked).execution_options(yield_per=1_000)).mappings()
    entries = [audit.entry_of(row) for row in rows]
    back = [row.id for row in connection.execute(select(table.c.id).where(asked, table.c.retracted.is_not(None)))]
    words = tables.records["audit_note"]
    told = select(words) if not only else select(words).where(words.c.id.in_(select(table.c.id).where(asked)))
    notes = {row["id"]: read.stored(row, "audit_note").record for row in connection.execute(told).mappings()}
    gone = removal.known_among(connection, {one.id for one in entries if one.sealed and one.id not in notes})
    signed = [
        Countersigned(row.device, row.n, row.link, row.at)
        for row in connection.execute(
            select(countersigned).where(countersigned.c.device == only if only else true())
        )
    ]
    erased = {record for kind, record in gone if kind == "audit_note"}
    return audit.verify(entries, notes, signed, erased, back, cuts(connection, only), _signer(connection))


def _signer(connection: Connection) -> bytes:
    """The centre's raw public key: this server's own, or at a hub the one its enrolment told it."""
    told = node.get(connection, hub_identity.CENTRE_KEY)
    return wire.raw64(told) if told else centre_key.made(connection).public_key().public_bytes_raw()
