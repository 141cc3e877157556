"""How far the chain of a desk's audit entries is over: in order, by a time no clock can set forward, up to a hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from server.store import accounts, audit_log
from server.store.engine import Connection
from sync.audit import Head
from sync.replica import scopes, sql, tables

_PART = 1_000


def chains(connection: Connection, centre: str) -> list[str]:
    """Devices that wrote audit entries of this centre (code of list `centres`)."""
    entry = tables.records["audit_entry"].c
    found = select(entry.device).where(entry.scope == scopes.centre(centre), entry.device.is_not(None)).distinct()
    return sorted(str(row.device) for row in connection.execute(found))


def over(connection: Connection, centre: str, device: str, before_ms: int, most: int) -> Head:
    """The last entry of a device's chain up to which all may go, `most` of them at once: each was written before this
    time, and none is about a file under a legal hold. Where none may: behind what the chain begins now.

    An entry was written no earlier than the device was enrolled, and no earlier than any entry before it: a clock
    that was set back makes nothing older than that.
    """
    found = audit_log.begins_at(connection, device)
    known = accounts.find_device(connection, device)
    if known is None:
        return found
    at, held, left = known.enrolled_at, holds(connection), most
    while left:
        rows = _entries(connection, centre, device, found.n, min(left, _PART))
        about = _files(connection, rows) if held else {}
        for row in rows:
            at = max(at, row["at"] or 0)
            if row["n"] != found.n + 1 or at >= before_ms or about.get(row["id"], row["object_id"]) in held:
                return found
            found = Head(int(row["n"]), str(row["link"]))
        left -= len(rows)
        if not rows:
            break
    return found


def between(connection: Connection, centre: str, device: str, after: int, upto: int) -> list[tuple[str, str]]:
    """Kind and id of the entries with these numbers and of what was said beside them; `after` is not among them."""
    entry, words = tables.records["audit_entry"].c, tables.records["audit_note"].c
    wanted = select(entry.id).where(
        entry.scope == scopes.centre(centre), entry.device == device, entry.n > after, entry.n <= upto
    )
    entries = [("audit_entry", str(row.id)) for row in connection.execute(wanted.order_by(entry.n))]
    notes = select(words.id).where(words.id.in_(wanted), words.scope == scopes.centre(centre)).order_by(words.id)
    return entries + [("audit_note", str(row.id)) for row in connection.execute(notes)]


def holds(connection: Connection) -> frozenset[str]:
    """Files and requests on which a legal hold stands."""
    hold = tables.records["legal_hold"].c
    rows = connection.execute(select(hold.file).where(hold.lifted_at.is_(None), hold.retracted.is_(None)))
    return frozenset(str(row.file) for row in rows)


def _entries(
    connection: Connection, centre: str, device: str, after: int, most: int
) -> list[dict[str, Any]]:
    table = tables.records["audit_entry"]
    entry = table.c
    wanted = select(entry.id, entry.n, entry.at, entry.link, entry.object_kind, entry.object_id).where(
        entry.scope == scopes.centre(centre), entry.device == device, entry.n > after
    )
    rows = connection.execute(wanted.order_by(entry.n, entry.id).limit(most)).mappings()
    return [dict(row) for row in rows]


def _files(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Entry → the file or request that its object belongs to, where it is a record that is here."""
    asked: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        kind, about = row["object_kind"] or "", row["object_id"] or ""
        if kind in tables.records and about:
            asked.setdefault(kind, {}).setdefault(about, []).append(row["id"])
    found: dict[str, str] = {}
    for kind, wanted in asked.items():
        for one in sql.select_in(connection, tables.records[kind], "id", sorted(wanted)):
            in_file = str(one["scope"]).startswith(scopes.FILES)
            file = scopes.file_of(str(one["scope"])) if in_file else one.get("contact_id")
            found |= dict.fromkeys(wanted[one["id"]], file or one["id"])
    return found
