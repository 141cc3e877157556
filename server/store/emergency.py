"""Emergency reads in the store: files found by a code, reads that nobody has looked at, grants whose hour is over."""

from __future__ import annotations

from sqlalchemy import or_, select

from domain.rules.emergency import GRANTED
from server.store.engine import Connection
from sync.replica import read, tables
from sync.replica.read import Stored


def scopes_of(connection: Connection, code: str) -> frozenset[str]:
    """Scopes of files with this code, their own, their second one or their case's; two are told, not chosen from."""
    contact, case = tables.records["contact"].c, tables.records["case"].c
    of_contacts = select(contact.scope).where(or_(contact.code == code, contact.second_code == code)).limit(2)
    of_cases = select(case.scope).where(case.code == code).limit(2)
    return frozenset(str(row.scope) for part in (of_contacts, of_cases) for row in connection.execute(part))


def unseen(connection: Connection) -> list[Stored]:
    """Emergency reads that nobody has looked at, oldest first."""
    table = tables.records["emergency_read"]
    rows = connection.execute(
        select(table).where(table.c.seen_at.is_(None)).order_by(table.c.asked_at, table.c.id)
    ).mappings()
    return [read.stored(row, "emergency_read") for row in rows]


def over(connection: Connection, now_ms: int) -> list[Stored]:
    """Emergency grants that were not withdrawn and end at or before this time (UTC ms)."""
    table = tables.records["grant"]
    rows = connection.execute(
        select(table).where(table.c.reason == GRANTED, table.c.withdrawn_at.is_(None), table.c.until <= now_ms)
    ).mappings()
    return [read.stored(row, "grant") for row in rows]
