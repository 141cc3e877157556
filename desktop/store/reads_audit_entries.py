"""The audit log as a person reads it: newest first, by person, act and day, only what the roles let them see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select, tuple_

from desktop.store.reads_file import is_shown, veil_over
from desktop.store.sight import SHOWN, Sight, sight_of
from domain.records.audit import EXPORT, SEARCH, AuditNote
from domain.rules.privacy import Person, Thing, masks, may
from domain.rules.privacy.engine import furthest
from domain.rules.privacy.policy import Reach
from sync.replica import read, removal, scopes, sql, tables

PAGE: Final = 50
READ: Final = "read_audit"
_LOOKED_AT: Final = 200
"""Entries read at once while a page is filled with those that may be seen."""

_FACTS: Final = frozenset({"hits", "letter", "purpose"})
"""What a note of codes may say on a screen; the hash of looked-for words is for comparing, not for reading."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries: whose (a staff id or its beginning), which act, from when until when (UTC ms, until not among
    them), and below which place of the list (`at`, number, id of the last entry that was shown)."""

    actor: str = ""
    action: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    below: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry as it may be shown. `code` is that of the file where the person may know it, else the end of the
    record's id; `reason` is masked where the file is not theirs to open; `erased`: its words went by order."""

    id: str
    at_ms: int
    n: int
    device: str
    actor: str
    action: str
    kind: str
    code: str
    level: str
    link: str
    reason: str = ""
    facts: Mapping[str, str] | None = None
    erased: bool = False

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands in the list."""
        return self.at_ms, self.n, self.id


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """A page of entries, whether more follow, and whether the person may read any at all."""

    rows: tuple[EntryRow, ...] = ()
    more: bool = False
    allowed: bool = True


def may_read_audit(sight: Sight) -> bool:
    """Whether any role of the person lets them read audit entries, be it their own only."""
    return furthest(sight.policy, sight.person, READ) is not Reach.NONE


def audit_entries(connection: Connection, asked: Asked) -> EntriesPage:
    """One page, newest first. A connection that reads for nobody sees every entry that is here."""
    sight = sight_of(connection)
    if sight is not None and not may_read_audit(sight):
        return EntriesPage(allowed=False)
    found: list[Mapping[str, Any]] = []
    files: dict[str, str] = {}
    below = asked.below
    while True:
        looked_at = _newest(connection, asked, below, sight)
        files |= _files_of(connection, looked_at)
        seen = _Reader(sight)
        found += [row for row in looked_at if seen.may_see(row, files.get(row["id"], ""))]
        if len(found) > PAGE or len(looked_at) < _LOOKED_AT:
            break
        last = looked_at[-1]
        below = (last["at"] or 0, last["n"] or 0, last["id"])
    page = found[:PAGE]
    return EntriesPage(tuple(_shown(connection, sight, page, files)), len(found) > PAGE)


def _newest(
    connection: Connection, asked: Asked, below: tuple[int, int, str] | None, sight: Sight | None
) -> Sequence[Mapping[str, Any]]:
    table = tables.records["audit_entry"]
    entry = table.c
    wanted = select(table).order_by(entry.at.desc(), entry.n.desc(), entry.id.desc()).limit(_LOOKED_AT)
    if sight is not None and furthest(sight.policy, sight.person, READ) is Reach.OWN:
        wanted = wanted.where(entry.actor == sight.person.staff)
    if asked.actor:
        wanted = wanted.where(entry.actor.istartswith(asked.actor, autoescape=True))
    if asked.action:
        wanted = wanted.where(entry.action == asked.action)
    if asked.from_ms is not None:
        wanted = wanted.where(entry.at >= asked.from_ms)
    if asked.until_ms is not None:
        wanted = wanted.where(entry.at < asked.until_ms)
    if below is not None:
        wanted = wanted.where(tuple_(entry.at, entry.n, entry.id) < below)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def alone(person: Person) -> Person:
    """The person as the engine is asked about acts of others: what somebody did is work of nobody else, so neither a
    file assigned to the person nor a place on no list widens what they see."""
    return replace(person, assignments=frozenset(), listed=True)


class _Reader:
    """Asks the engine for one person; a file that is none of their business narrows what they see."""

    def __init__(self, sight: Sight | None) -> None:
        self._sight = sight

    @cached_property
    def _person(self) -> Person | None:
        sight = self._sight
        return None if sight is None else alone(sight.person)

    def may_see(self, row: Mapping[str, Any], contact: str) -> bool:
        if self._sight is None or self._person is None:
            return True
        centre = str(row["scope"]).removeprefix(scopes.centre(""))
        thing = Thing(centre, frozenset({row["actor"] or ""} - {""}), contact)
        return may(self._sight.policy, self._person, READ, thing) in SHOWN


def _files_of(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Entry id → the file (contact) that its object belongs to, where it belongs to one."""
    asked: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        kind, about = row["object_kind"] or "", row["object_id"] or ""
        if kind in tables.records and about:
            asked.setdefault(kind, {}).setdefault(about, []).append(row["id"])
    found: dict[str, str] = {}
    for kind, wanted in asked.items():
        table = tables.records[kind]
        if kind == "contact":
            found |= {entry: about for about, entries in wanted.items() for entry in entries}
        elif "contact_id" in table.c:
            for one in sql.select_in(connection, table, "id", sorted(wanted)):
                found |= dict.fromkeys(wanted[one["id"]], one["contact_id"] or "")
    return found


def _shown(
    connection: Connection, sight: Sight | None, page: Sequence[Mapping[str, Any]], files: Mapping[str, str]
) -> Iterable[EntryRow]:
    contacts = {files.get(row["id"], "") for row in page} - {""}
    opens = frozenset(contacts) if sight is None else sight.may_open(contacts)
    owed = frozenset[str]() if sight is None else sight.owe_reason(contacts)
    codes = codes_of(connection, opens | owed)
    told = {row["id"] for row in page if row["sealed"]}
    notes = {row["id"]: read.stored(row, "audit_note").record for row in _rows(connection, "audit_note", told)}
    gone = {record for kind, record in removal.known_among(connection, told - notes.keys()) if kind == "audit_note"}
    for row in page:
        contact = files.get(row["id"], "")
        reason, facts = _words(connection, sight, row, notes.get(row["id"]), contact, contact in opens)
        yield EntryRow(
            id=row["id"], at_ms=row["at"] or 0, n=row["n"] or 0, device=row["device"] or "",
            actor=row["actor"] or "", action=row["action"] or "", kind=row["object_kind"] or "",
            code=codes.get(contact) or _end(row["object_kind"] or "", row["object_id"] or ""),
            level=row["level"] or "", link=row["link"] or "", reason=reason, facts=facts, erased=row["id"] in gone,
        )  # fmt: skip


def _end(kind: str, about: str) -> str:
    """Of a record the end of its id, by which two entries about one thing are told together; anything else is no
    id of a record (a staff id, a month) and says itself."""
    return f"…{about[-6:]}" if kind in tables.records and kind != "staff" and about else about


def _words(
    connection: Connection, sight: Sight | None, row: Mapping[str, Any], note: AuditNote | None, contact: str,
    opens: bool,
) -> tuple[str, Mapping[str, str] | None]:  # fmt: skip
    words = (note.words if note is not None else None) or ""
    facts = facts_in(words) if row["action"] in (SEARCH, EXPORT) else None
    if facts is not None:
        return "", facts
    if sight is not None and row["actor"] == sight.person.staff:
        return words, None
    return words_of(connection, sight, words, contact, opens), None


def words_of(connection: Connection, sight: Sight | None, words: str, contact: str, opens: bool) -> str:
    """What a person may read of words that somebody else wrote about a file; `opens`: whether they may open it."""
    if not words or sight is None:
        return words
    if not opens or sight.waits_for_caller(contact):
        return masks.text(words)
    if is_shown(sight, contact):
        return words
    people = {one["id"]: read.stored(one, kind) for kind, one in _people(connection, contact)}
    return veil_over(connection, people).text(words)


def facts_in(words: str) -> Mapping[str, str] | None:
    """What a note of codes says; None for words of a person, whatever they look like."""
    try:
        said = msgspec.json.decode(words.encode("utf-8", "replace"), type=dict[str, str | int])
    except msgspec.DecodeError:
        return None
    return {name: str(value) for name, value in said.items() if name in _FACTS}


def _people(connection: Connection, contact: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    scope = connection.exec_driver_sql("SELECT scope FROM r_contact WHERE id = ?", (contact,)).scalar()
    for kind in ("person", "alias", "phone"):
        table = tables.records[kind]
        for row in connection.execute(select(table).where(table.c.scope == scope)).mappings():
            yield kind, dict(row)


def _rows(connection: Connection, kind: str, ids: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    return sql.select_in(connection, tables.records[kind], "id", sorted(ids))


def codes_of(connection: Connection, contacts: Iterable[str]) -> dict[str, str]:
    """The code of the case that grew from a file, else the file's own."""
    wanted = sorted(contacts)
    codes = {row["id"]: row["code"] or "" for row in _rows(connection, "contact", wanted)}
    cases = sql.select_in(connection, tables.records["case"], "contact_id", wanted)
    return codes | {row["contact_id"]: row["code"] for row in cases if row["code"]}
