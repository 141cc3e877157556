"""Where settings are kept: name and value of a person (or of the desk), only where they differ from declared."""

from __future__ import annotations

from sqlalchemy import Connection, select

from desktop.store.schema import setting
from sync.replica import sql


def put(connection: Connection, staff: str, name: str, value: str) -> None:
    """Keep a value; an empty staff is the desk itself."""
    sql.upsert_many(connection, setting, [(staff, name, value)])


def of(connection: Connection, staff: str) -> dict[str, str]:
    """Values of a person over those of the desk, by name."""
    rows = connection.execute(select(setting).where(setting.c.staff.in_(["", staff])).order_by(setting.c.staff))
    return {row.name: row.value for row in rows}
