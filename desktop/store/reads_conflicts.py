"""What waits for a person: fields with several values (whose, where, when, over what); operations held, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store.case_keys import opened_values
from desktop.store.reads_file import contact_view, is_shown
from desktop.store.sight import SHOWN, Sight, sight_of
from domain.records.kinds import KINDS
from domain.records.staff import record_of
from domain.rules.privacy.veil import Veil
from domain.rules.subject_requests import thing_of
from sync.merge import present, siblings
from sync.operation import Undecodable, decode_body
from sync.replica import node, read, sql, tables
from sync.replica.read import Stored
from sync.stamp import Stamp

MOST: Final = 500
_DOSSIER: Final = "dossier:"


@dataclass(frozen=True, slots=True)
class Version:
    """One value with its author as far as this desk knows: `staff` and `place` (a seat, or a code of list `centres`)
    are empty where it does not. `at_ms` (UTC) is the time in its stamp; `here`: written at this desk."""

    value: Any
    at_ms: int
    staff: str
    place: str
    here: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field with several values. `versions` begins with the one shown now; `base` is what all of them replaced,
    known only where `base_known`. `code` is that of its file or case, empty for a record outside files. `masked`: the
    values are not shown whole to whom this is read for, and none can be chosen before they are. `seen`: all versions
    that stood when it was read, for a decision is about those and no others."""

    kind: str
    record: str
    field: str
    contact_id: str
    code: str
    question: str
    versions: tuple[Version, ...]
    base: Any
    base_known: bool
    masked: bool = False
    seen: frozenset[str] = frozenset()

    @property
    def newest_ms(self) -> int:
        """When the last of the values was written (UTC ms)."""
        return max(version.at_ms for version in self.versions)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """An operation that is kept and not applied. `at_ms` is None and `staff` empty where it cannot be read."""

    why: str
    kind: str
    device: str
    here: bool
    n: int
    staff: str
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Waits:
    """All of it, the newest first."""

    conflicts: tuple[Conflict, ...]
    held: tuple[HeldRow, ...]


def what_waits(connection: Connection) -> Waits:
    """What waits for a decision of the person for whom this is read, and every held operation (without words)."""
    device = node.get(connection, "device")
    pairs: dict[tuple[str, str], set[str]] = {}
    for one in read.conflicts(connection, MOST):
        if one.kind in KINDS:
            pairs.setdefault((one.kind, one.record), set()).add(one.field)
    found: dict[tuple[str, str], Stored] = {}
    for kind in sorted({kind for kind, _ in pairs}):
        ids = [record for other, record in pairs if other == kind]
        found |= {(kind, record): stored for record, stored in read.many(connection, kind, ids).items()}
    found = _seen(connection, found)
    said = _said(connection, (record for _, record in found))
    codes = _codes(connection, {contact_of(stored.scope) for stored in found.values()} - {""})
    conflicts = [
        _conflict(connection, stored, field, said, codes, device)
        for key, stored in found.items()
        for field in sorted(pairs[key])
    ]
    conflicts = _veiled(connection, conflicts)
    conflicts.sort(key=lambda one: (-one.newest_ms, one.kind, one.record, one.field))
    return Waits(tuple(conflicts), tuple(_held(connection, device)))


def contact_of(scope: str) -> str:
    """The file a scope belongs to, or an empty text."""
    return scope.removeprefix(_DOSSIER) if scope.startswith(_DOSSIER) else ""


def _seen(connection: Connection, found: Mapping[tuple[str, str], Stored]) -> dict[tuple[str, str], Stored]:
    sight = sight_of(connection)
    if sight is None:
        return dict(found)
    contacts = {contact_of(stored.scope) for stored in found.values()} - {""}
    opens = sight.opens(contacts)
    return {key: stored for key, stored in found.items() if _may(sight, stored, opens)}


def _may(sight: Sight, stored: Stored, opens: frozenset[str]) -> bool:
    contact = contact_of(stored.scope)
    if contact:
        return contact in opens
    if stored.kind == "subject_request":
        one = stored.record
        asked = thing_of(stored.id, one.centre or "", one.received_by or "")
        return sight.may("see_subject_request", asked) in SHOWN
    if stored.kind == "call":
        names = ("centre", "receiver", "contact_id")
        return sight.of_call({name: getattr(stored.record, name) for name in names}) in SHOWN
    return True


def _veiled(connection: Connection, conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Values of files whose names are masked, under the veil of each file."""
    sight = sight_of(connection)
    veils: dict[str, Veil] = {}
    found = []
    for one in conflicts:
        contact = one.contact_id
        if sight is None or not contact or is_shown(sight, contact):
            found.append(one)
            continue
        if contact not in veils:
            view = contact_view(connection, contact)
            veils[contact] = view.veil if view is not None and view.veil is not None else Veil((), ())
        found.append(under(veils[contact], one))
    return found


def under(veil: Veil, conflict: Conflict) -> Conflict:
    """The conflict as it may be shown; `masked` where any of its values changed."""
    kind, field = conflict.kind, conflict.field
    versions = tuple(replace(one, value=veil.field(kind, field, one.value)) for one in conflict.versions)
    base = veil.field(kind, field, conflict.base)
    said = any(before.value != after.value for before, after in zip(conflict.versions, versions, strict=True))
    return replace(conflict, versions=versions, base=base, masked=said or base != conflict.base)


@dataclass(frozen=True, slots=True)
class _Said:
    device: str
    staff: str
    bases: Mapping[str, Iterable[str]]
    values: Mapping[str, Any]


def _said(connection: Connection, records: Iterable[str]) -> dict[tuple[str, str], list[_Said]]:
    """What is known of versions, by record and version: from this desk's log, and from what met another value."""
    wanted = list(records)
    found: dict[tuple[str, str], list[_Said]] = {}
    for row in sql.select_in(connection, tables.log, "record", wanted):
        if row["body"] is None:
            continue
        try:
            body = decode_body(bytes(row["body"]))
        except Undecodable:  # kept and held, in the second list
            continue
        known = _Said(row["device"], body.staff, body.bases, opened_values(connection, body))
        found.setdefault((body.id, body.stamp), []).append(known)
    for row in sql.select_in(connection, tables.said_by, "record", wanted):
        known = _Said(row["device"], row["staff"], msgspec.json.decode(row["bases"]), {})
        found.setdefault((row["record"], row["version"]), []).append(known)
    return found


def _conflict(
    connection: Connection,
    stored: Stored,
    field: str,
    said: Mapping[tuple[str, str], list[_Said]],
    codes: Mapping[str, str],
    device: str,
) -> Conflict:
    merge = KINDS[stored.kind].fields[field].merge
    heads = stored.state[field].heads
    shown = present(merge, heads)
    assert shown is not None, "a conflict has values"
    lines = [shown, *siblings(merge, heads)]
    versions = tuple(_version(connection, stored, version, head.value, said, device) for version, head in lines)
    based: set[str] = set()
    for version, _ in lines:
        for one in said.get((stored.id, version), ()):
            based |= set(one.bases.get(field, ()))
    values = [
        one.values[field]
        for version in sorted(based)
        for one in said.get((stored.id, version), ())
        if field in one.values
    ]
    contact = contact_of(stored.scope)
    return Conflict(
        stored.kind,
        stored.id,
        field,
        contact,
        codes.get(contact, ""),
        getattr(stored.record, "question", "") or "",
        versions,
        values[-1] if values else None,
        bool(values),
        seen=frozenset(heads),
    )


def _version(
    connection: Connection,
    stored: Stored,
    version: str,
    value: Any,
    said: Mapping[tuple[str, str], list[_Said]],
    device: str,
) -> Version:
    at_ms = Stamp.parse(version).ms if len(version) == 29 else 0
    known = next(iter(said.get((stored.id, version), ())), None)
    if known is None:
        return Version(value, at_ms, "", "", here=False)
    return Version(value, at_ms, known.staff, place_of(connection, known.staff, at_ms), here=known.device == device)


_SEAT: Final = (
    "SELECT seat FROM r_shift WHERE staff = ? AND started_at <= ? AND (ended_at IS NULL OR ended_at >= ?)"
    " ORDER BY started_at DESC LIMIT 1"
)


def place_of(connection: Connection, staff: str, at_ms: int) -> str:
    """The seat at which this person was on shift then, else the centre they belong to."""
    seat = connection.exec_driver_sql(_SEAT, (staff, at_ms, at_ms)).scalar()
    if seat:
        return str(seat)
    person = read.one(connection, "staff", record_of(staff))
    return (person.record.centre or "") if person is not None else ""


def _codes(connection: Connection, contacts: Iterable[str]) -> dict[str, str]:
    """The code of each file's case, or of the file."""
    rows = connection.exec_driver_sql(
        "SELECT t.id, coalesce(k.code, t.code, '') FROM r_contact t LEFT JOIN r_case k ON k.contact_id = t.id"
        " WHERE t.id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(sorted(contacts)).decode(),),
    )
    return {row[0]: row[1] for row in rows}


def _held(connection: Connection, device: str) -> list[HeldRow]:
    w = tables.waiting.c
    rows = connection.execute(tables.waiting.select().order_by(w.seq.desc()).limit(MOST)).mappings()
    found: list[HeldRow] = []
    for row in rows:
        staff, at_ms = "", None
        try:
            body = decode_body(bytes(row["body"]))
            staff, at_ms = body.staff, Stamp.parse(body.stamp).ms
        except (Undecodable, ValueError):  # what cannot be read is held for that very reason
            pass
        here = row["device"] == device
        found.append(HeldRow(row["why"], row["kind"], row["device"], here, row["n"], staff, at_ms))
    return found
