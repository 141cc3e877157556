"""What the periods of retention decide about, read from the rows of one centre: old calls, old files, their holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import select, true

from domain.clock import vn_date
from domain.records.call import UNCLASSIFIED
from domain.rules.retention import FileFacts
from domain.rules.subject_requests import REFUSED
from server.store import accounts, staffed
from server.store.engine import Connection
from sync.operation import Undecodable, decode_body
from sync.replica import scopes, sql, tables
from sync.replica.scopes import scope_home

LEFT: Final = "left_draft"
_KEPT: Final = frozenset({"custody", "legal_hold"})
"""Kinds that say whose a file was and why it stayed: numbers of papers and codes of centres, nobody's words."""


def calls(connection: Connection, centre: str, before_ms: int, most: int) -> list[str]:
    """Ids of calls of a centre that became no file, rang before this time and still have a number; oldest first."""
    c = tables.records["call"].c
    rows = connection.execute(
        select(c.id)
        .where(
            c.scope == scopes.centre(centre),
            c.ring_at < before_ms,
            c.contact_id.is_(None),
            c.number.is_not(None),
            c.outcome.is_not(None),
            c.outcome != UNCLASSIFIED,
        )
        .order_by(c.ring_at, c.id)
        .limit(most)
    )
    return [row.id for row in rows]


def files(connection: Connection, owned: str, before_ms: int) -> list[FileFacts]:
    """Files of a centre that came before this time, oldest first; closed ones (of no audience) too."""
    c, h = tables.records["contact"].c, scope_home.c
    rows = connection.execute(
        select(c.id, c.scope, c.received_at, h.audience)
        .select_from(tables.records["contact"].join(scope_home, h.scope == c.scope))
        .where(c.received_at < before_ms)
        .order_by(c.received_at, c.id)
    ).all()
    closed = [row.scope for row in rows if scopes.is_closed(row.scope, row.audience)]
    owners = staffed.owners(connection, closed)
    mine = [row for row in rows if owners.get(row.scope, row.audience) == owned]
    return list(_facts(connection, mine))


def letters(connection: Connection, centre: str, before_ms: int, most: int, only: str = "") -> list[str]:
    """Ids of items of a centre's queue that were done before this time and became no file, oldest first; `only`:
    of this one alone."""
    c = tables.records["queue_item"].c
    rows = connection.execute(
        select(c.id)
        .where(c.scope == scopes.centre(centre), c.done_at < before_ms, c.contact_id.is_(None))
        .where(c.id == only if only else true())
        .order_by(c.done_at, c.id)
        .limit(most)
    )
    return [row.id for row in rows]


def left_drafts(connection: Connection, centre: str, before_ms: int, most: int, only: str = "") -> list[str]:
    """Ids of the forms begun that a centre's desks left which were taken out of service before this time, and that
    are of no file under a legal hold; `only`: of this one alone."""
    w, d = tables.waiting.c, accounts.device.c
    rows = connection.execute(
        select(w.record)
        .select_from(tables.waiting.join(accounts.device, d.id == w.device))
        .where(w.kind == LEFT, d.centre == centre, d.revoked_at < before_ms)
        .where(w.record == only if only else true())
        .group_by(w.record)
        .order_by(w.record)
        .limit(most)
    )
    found = [row.record for row in rows]
    about = {one: _about(connection, one) for one in found}
    files = {row["id"]: row["contact_id"] for row in _cases(connection, about.values())}
    kept = _held(connection, {files.get(one, one) for one in about.values()})
    return [one for one in found if files.get(about[one], about[one]) not in kept]


def left_scope(connection: Connection, record: str) -> str | None:
    """The control stream in which a left draft is held; None where it is gone."""
    w = tables.waiting.c
    held = connection.execute(select(w.scope).where(w.kind == LEFT, w.record == record).limit(1)).scalar()
    return None if held is None else str(held)


def _about(connection: Connection, record: str) -> str:
    """The file or case that a left draft was about; empty for a new one."""
    w = tables.waiting.c
    bodies = connection.execute(select(w.body).where(w.kind == LEFT, w.record == record)).scalars()
    return next(filter(None, (about_in(bytes(body)) for body in bodies)), "")


def about_in(body: bytes) -> str:
    """What the draft in an operation's body was about; empty where it says nothing that can be understood."""
    try:
        content = decode_body(body).values.get("content")
        about = msgspec.json.decode(content, type=dict[str, Any]).get("about") if isinstance(content, str) else None
    except (Undecodable, msgspec.DecodeError, RecursionError):  # a stranger's words: about nothing that is known
        return ""
    return about if isinstance(about, str) else ""


def _cases(connection: Connection, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    return sql.select_in(connection, tables.records["case"], "id", sorted({one for one in ids if one}))


def _held(connection: Connection, files: Iterable[str]) -> set[str]:
    """Which of these a legal hold stands on."""
    holds = sql.select_in(connection, tables.records["legal_hold"], "file", sorted({one for one in files if one}))
    return {one["file"] for one in holds if one["lifted_at"] is None and one["retracted"] is None}


def letter_records(connection: Connection, item: str) -> list[tuple[str, str]]:
    """Kind and id of an item of the queue and of everything that hangs on it, the item last."""
    found: list[tuple[str, str]] = []
    for kind, column in (("incoming", "id"), ("app_report", "id"), ("claim", "item_id"), ("queue_item", "id")):
        table = tables.records[kind]
        rows = connection.execute(select(table.c.id).where(table.c[column] == item).order_by(table.c.id))
        found += [(kind, row.id) for row in rows]
    return found


def one_file(connection: Connection, scope: str) -> FileFacts | None:
    """The same of one file as it stands now; None where it is gone."""
    c = tables.records["contact"].c
    rows = connection.execute(select(c.id, c.scope, c.received_at).where(c.id == scopes.file_of(scope))).all()
    return next(_facts(connection, [row for row in rows if row.scope == scope]), None)


def requests(connection: Connection, centre: str) -> list[tuple[str, int]]:
    """Data subjects' requests of a centre with which nothing is owed any more, and without a legal hold: scope and
    when that came (UTC ms)."""
    c = tables.records["subject_request"].c
    refused = (c.answer == REFUSED) & c.answered_at.is_not(None)
    rows = connection.execute(
        select(c.id, c.scope, c.answered_at, c.done_at)
        .where(c.centre == centre, c.retracted.is_(None), refused | c.done_at.is_not(None))
        .order_by(c.received_at, c.id)
    )
    found = [(row.id, row.scope, max(row.answered_at or 0, row.done_at or 0)) for row in rows]
    kept = _held(connection, [one for one, _, _ in found])
    return [(scope, over) for one, scope, over in found if one not in kept]


def records_of(connection: Connection, scope: str) -> list[tuple[str, str]]:
    """Kind and id of every record of a file but those that only say whose it was."""
    found: list[tuple[str, str]] = []
    for kind, table in sorted(tables.records.items()):
        if kind not in _KEPT:
            rows = connection.execute(select(table.c.id).where(table.c.scope == scope).order_by(table.c.id))
            found += [(kind, row.id) for row in rows]
    return found


def _facts(connection: Connection, rows: Iterable[Any]) -> Iterator[FileFacts]:
    wanted = {row.id: row for row in rows}
    cases: dict[str, list[dict[str, Any]]] = {}
    for one in sql.select_in(connection, tables.records["case"], "contact_id", wanted):
        cases.setdefault(one["contact_id"], []).append(one)
    children = {one["child_id"] for found in cases.values() for one in found if one["child_id"]}
    people = {one["id"]: one for one in sql.select_in(connection, tables.records["person"], "id", children)}
    holds = _held(connection, wanted)
    for contact, row in wanted.items():
        of = cases.get(contact, [])
        closings = [one["closed_at"] for one in of]
        born = [day for one in of if (day := _born(people.get(one["child_id"]))) is not None]
        yield FileFacts(
            scope=row.scope,
            received_at=row.received_at,
            has_case=bool(of),
            closed_at=max(closings) if closings and None not in closings else None,
            born=max(born) if born and len(born) == len(of) else None,
            held=contact in holds,
        )


def _born(person: dict[str, Any] | None) -> date | None:
    """The latest day on which this child can have been born, or None."""
    if person is None:
        return None
    try:
        return date.fromisoformat(person["birth_date"] or "")
    except ValueError:
        pass
    if person["birth_year"]:
        return date(int(person["birth_year"]), 12, 31)
    if person["age_years"] is not None and person["age_said_at"]:
        said = vn_date(person["age_said_at"])
        return date(said.year - int(person["age_years"]), 12, 31)
    return None
