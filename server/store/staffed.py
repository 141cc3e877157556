"""Who sits at which desk, and what the engine has to know of a file: read at the centre, for all files at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import exists, select

from domain.records.kinds import KINDS
from domain.records.staff import Staff
from domain.rules.privacy import Person, Policy, Thing, person_of
from server.store import accounts
from server.store.accounts import Device
from server.store.engine import Connection
from sync.replica import scopes, sql, tables
from sync.replica.rows import values_of


@dataclass(frozen=True, slots=True)
class Everybody:
    """All members of staff as they stand in one transaction. Of a desk that no record names nobody knows who sits at
    it: whoever it is counts as the person on no list does."""

    policy: Policy
    staff: tuple[Staff, ...]

    def at(self, device: Device) -> list[Person]:
        """The people of a desk by its seat; those who left are among them and may nothing."""
        here = [one for one in self.staff if device.seat in one.desks]
        if not here:
            return [person_of(self.policy, "", device.centre, None)]
        return [person_of(self.policy, one.staff or "", device.centre, one) for one in here]

    def who(self, staff: str, device: Device) -> Person | None:
        """A person who wrote at this desk; None for one whose record names other desks."""
        record = next((one for one in self.staff if one.staff == staff), None)
        if record is not None and record.desks and device.seat not in record.desks:
            return None
        return person_of(self.policy, staff, device.centre, record)

    @property
    def shunned(self) -> frozenset[str]:
        """Files that somebody must keep away from."""
        return frozenset(file for one in self.staff for file in one.conflicts)


def everybody(connection: Connection, policy: Policy) -> Everybody:
    """All members of staff under a table of roles."""
    return Everybody(policy, records(connection))


def records(connection: Connection) -> tuple[Staff, ...]:
    """All members of staff, those who left too."""
    kind, table = KINDS["staff"], tables.records["staff"]
    rows = connection.execute(select(table).where(table.c.retracted.is_(None)).order_by(table.c.id)).mappings()
    return tuple(kind.make(row["id"], values_of(kind, dict(row))) for row in rows)


def files(connection: Connection) -> dict[str, str]:
    """Every file's scope with its home."""
    home = scopes.scope_home.c
    rows = connection.execute(select(home.scope, home.audience).order_by(home.scope))
    return {row.scope: row.audience for row in rows if row.scope.startswith(scopes.FILES)}


def authors(connection: Connection, wanted: Iterable[str]) -> dict[str, dict[str, set[str]]]:
    """Who wrote into these scopes: scope → device → staff ids. What is held was not theirs to write, under whatever
    name they wrote it."""
    found: dict[str, dict[str, set[str]]] = {}
    log, held, named = tables.log.c, tables.waiting.c, sorted(wanted)
    is_held = (held.device == log.device) & (held.incarnation == log.incarnation) & (held.n == log.n)
    for start in range(0, len(named), _PART):
        part = named[start : start + _PART]
        theirs = log.scope.in_(part) & ~exists().where(is_held)
        rows = connection.execute(select(log.scope, log.device, log.body).where(theirs))
        for scope, device, body in rows:
            if body is None:
                continue
            try:
                author = _author.decode(bytes(body)).b
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue  # held words of a newer program: they say nothing of who may read
            found.setdefault(scope, {}).setdefault(device, set()).add(author)
    return found


def writers(connection: Connection, record: str) -> set[str]:
    """Devices that ever wrote this record."""
    log = tables.log.c
    return {row.device for row in connection.execute(select(log.device).where(log.record == record).distinct())}


_PART: Final = 500


class _Author(msgspec.Struct, gc=False):
    b: str = ""


_author = msgspec.json.Decoder(_Author)


def things(connection: Connection, policy: Policy, wanted: Collection[str]) -> dict[str, Thing]:
    """What the engine has to know of these files, by scope: whose they are, who works on them (who was let in by name
    among them), book, restricted."""
    homes = scopes.homes(connection, wanted)
    whose = {scope: home for scope, home in homes.items() if not scopes.is_closed(scope, home)}
    whose |= owners(connection, [scope for scope in wanted if scope not in whose])
    contacts = {row["id"]: row for row in _rows(connection, "contact", "id", map(scopes.file_of, wanted))}
    workers: dict[str, set[str]] = {}
    hidden = {scopes.file_of(scope) for scope in wanted if scope.startswith(scopes.REQUEST)}
    for row in _rows(connection, "subject_request", "id", hidden):
        workers.setdefault(row["id"], set()).update({row["received_by"]} - {None})
    for row in contacts.values():
        workers.setdefault(row["id"], set()).update({row["receiver"]} - {None})
    for row in _rows(connection, "case", "contact_id", map(scopes.file_of, wanted)):
        workers.setdefault(row["contact_id"], set()).update({row["opened_by"], row["assigned_to"]} - {None})
        if row["restricted"]:
            hidden.add(row["contact_id"])
    for row in _rows(connection, "case_reader", "contact_id", map(scopes.file_of, wanted)):
        if row["staff"] and row["ended_at"] is None and row["retracted"] is None:
            workers.setdefault(row["contact_id"], set()).add(row["staff"])
    return {
        scope: Thing(
            centre=whose.get(scope, ""),
            workers=frozenset(workers.get(file, ())),
            dossier=file,
            book=policy.book_of(scope),
            restricted=file in hidden,
        )
        for scope in wanted
        for file in [scopes.file_of(scope)]
    }


def _rows(connection: Connection, kind: str, column: str, values: Iterable[str]) -> Iterable[dict[str, Any]]:
    return sql.select_in(connection, tables.records[kind], column, sorted(set(values)))


def with_cases(connection: Connection, wanted: Iterable[str]) -> frozenset[str]:
    """Which of these files hold a case."""
    return frozenset(row["scope"] for row in _rows(connection, "case", "scope", wanted))


def meant_for(connection: Connection, centre: str, late: str) -> list[str]:
    """Scopes of files whose case names this centre and that are another's, but for cases with a review for this
    reason (`late`: what was written there decides nothing)."""
    case, review = tables.records["case"].c, tables.records["review"].c
    put_aside = select(review.about).where(review.about_kind == "case", review.reason == late)
    named = select(case.scope).where(
        case.centre == centre, case.retracted.is_(None), case.id.not_in(put_aside)
    )
    found = sorted({str(row.scope) for row in connection.execute(named)})
    homes = scopes.homes(connection, found)
    whose = {**homes, **owners(connection, [one for one in found if scopes.is_closed(one, homes.get(one))])}
    return [one for one in found if one in homes and whose[one] != centre]


def owners(connection: Connection, closed: Collection[str]) -> dict[str, str]:
    """The centre that each closed file belongs to: its custody's, else that of the desk that founded it."""
    found = {
        scope: row["centre"]
        for row in _rows(connection, "custody", "id", map(scopes.file_of, closed))
        for scope in [row["scope"]]
        if row["centre"]
    }
    centres = accounts.device_centres(connection)
    log = tables.log.c
    for scope in closed:
        if scope not in found:
            first = select(log.device).where(log.scope == scope).order_by(log.seq)
            writers = [row.device for row in connection.execute(first)]
            found[scope] = next((centres[one] for one in writers if one in centres), "")
    return found
