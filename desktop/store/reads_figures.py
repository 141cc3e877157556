"""What the figures of a month are counted from, and what was published of it before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from domain.records.audit import EXPORT
from sync.replica import read

FIGURES = "figures"
"""The object kind of an audit entry of exported figures; the object's id is the month."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One file for counting: where (set and code, empty where nobody said) and the child's age as it was said."""

    province_set: str
    province: str
    age_group: str
    age_years: int | None


def counted(connection: Connection, centre: str, since_ms: int, until_ms: int) -> list[Counted]:
    """Files that a centre received within a time (UTC ms, the end not in it), each with its first child."""
    rows = connection.exec_driver_sql(
        "SELECT coalesce(t.province_set, ''), coalesce(t.province, ''), coalesce(p.age_group, ''), p.age_years"
        " FROM r_contact t LEFT JOIN r_person p ON p.id = (SELECT y.person_id FROM r_party y"
        "  WHERE y.contact_id = t.id AND y.role = 'child' AND y.retracted IS NULL ORDER BY y.id LIMIT 1)"
        " WHERE t.received_at >= ? AND t.received_at < ? AND coalesce(t.centre, ?) = ? AND t.retracted IS NULL",
        (since_ms, until_ms, centre, centre),
    )
    return [Counted(*row) for row in rows]


def published(connection: Connection, month: str) -> str | None:
    """What was published first of this month (`YYYY-MM`), as the entry of its export keeps it, or None."""
    entries = [one for one in read.where(connection, "audit_entry", "object_id", month) if _is_ours(one)]
    for entry in sorted(entries, key=lambda one: (one.record.at or 0, one.id)):
        note = read.one(connection, "audit_note", entry.id)
        if note is not None and note.record.words:
            return str(note.record.words)
    return None


def _is_ours(entry: read.Stored) -> bool:
    return bool(entry.record.action == EXPORT and entry.record.object_kind == FIGURES)
