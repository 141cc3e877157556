"""Who reads a restricted file, who could be let in by name, and whose key is known: for the screen that restricts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from desktop.store.case_keys import CaseKeys, Share, case_keys_of, shares_of
from desktop.store.case_lock import CaseLock, staff_of
from desktop.store.sight import SHOWN, sight_of
from domain.records.staff import Staff
from domain.rules.privacy import Decision, may, person_of
from domain.text import sort_key
from sync.replica import read

_OPENS: Final = frozenset({Decision.ALLOWED, Decision.LOGGED, Decision.REASON})


class Why(StrEnum):
    """Why somebody reads a file, or that they do not."""

    ME = "me"
    WORKS = "works"
    OFFICE = "office"
    NAMED = "named"
    NOBODY = "nobody"


_ORDER: Final = tuple(Why)


@dataclass(frozen=True, slots=True)
class Reader:
    """One colleague: `holds` the newest key of the file, `known`: their public key is, so that one can be given."""

    staff: str
    name: str
    roles: tuple[str, ...]
    why: Why
    holds: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Readers:
    """A file as the screen of its restriction shows it. `allowed`: whoever sits here may write in it; `mine`: its
    newest key opens for them."""

    contact_id: str
    restricted: bool
    allowed: bool
    mine: bool
    custodians: bool
    rows: tuple[Reader, ...]

    @property
    def count(self) -> int:
        """How many persons hold the newest key."""
        return sum(one.holds for one in self.rows)


@dataclass(frozen=True, slots=True)
class Closed:
    """What the page of a restricted case says: how many persons read what is written now, and whether one does."""

    readers: int
    mine: bool


def closed_to(connection: Connection, contact: str) -> Closed:
    """How many hold the newest key of a restricted file."""
    shares = shares_of(connection, contact)
    newest = shares[-1].number if shares else ""
    holders = _holders(shares, newest, staff_of(connection))
    return Closed(len(holders), _opens(connection, case_keys_of(connection), newest))


def readers_of(connection: Connection, contact_id: str, here: Iterable[str]) -> Readers | None:
    """Everybody who reads this file or could be let in; `here` are the people of this desk, for a desk whose centre
    keeps no list. None where the person may not open the file, or nobody is signed in."""
    sight, keys = sight_of(connection), case_keys_of(connection)
    if sight is None or keys is None or not sight.opens([contact_id]):
        return None
    thing = sight.things([contact_id])[contact_id]
    policy, centre, me = sight.policy, sight.centre, sight.person.staff
    records = staff_of(connection)
    lock = CaseLock(connection, policy, centre, keys, contact_id, records)
    works, named = _workers(connection, contact_id), _named(connection, contact_id)
    newest = lock.numbers[-1] if lock.numbers else ""
    holders = _holders(lock.shares, newest, records)
    bare = replace(thing, workers=frozenset(), restricted=True)
    rows = []
    for staff in sorted({*records, *here, *holders, *named, *works, me} - {""}):
        record = records.get(staff)
        person = person_of(policy, staff, centre, record)
        works_here = replace(bare, workers=frozenset({staff}))
        if staff not in holders and may(policy, person, "open", works_here) not in _OPENS:
            continue
        if staff == me:
            why = Why.ME
        elif may(policy, person, "open", bare) in _OPENS:
            why = Why.OFFICE
        elif staff in works:
            why = Why.WORKS
        else:
            why = Why.NAMED if staff in named else Why.NOBODY
        name = (record.name if record is not None else None) or staff
        roles = tuple(policy.roles.get(one, one) for one in (record.roles if record is not None else ()))
        rows.append(Reader(staff, name, roles, why, staff in holders, bool(lock.known(staff))))
    rows.sort(key=lambda one: (_ORDER.index(one.why), sort_key(one.name), one.staff))
    return Readers(
        contact_id=contact_id,
        restricted=thing.restricted or bool(newest),
        allowed=sight.may("write", thing) in SHOWN,
        mine=_opens(connection, keys, newest),
        custodians=bool(keys.keys.custodians),
        rows=tuple(rows),
    )


def _opens(connection: Connection, keys: CaseKeys | None, number: str) -> bool:
    return keys is not None and bool(number) and keys.key(connection, number) is not None


def _holders(shares: Iterable[Share], newest: str, staff: Mapping[str, Staff]) -> frozenset[str]:
    """Who holds the newest key under a key of theirs that was not lost."""
    lost = {one for record in staff.values() for one in record.lost_keys}
    return frozenset(one.staff for one in shares if one.number == newest and one.staff and one.opens_with not in lost)


def _workers(connection: Connection, contact_id: str) -> frozenset[str]:
    """Who took the call, opened the case or has it: nobody who was only let in."""
    contact = read.one(connection, "contact", contact_id)
    found = {contact.record.receiver} if contact is not None else set()
    for one in read.where(connection, "case", "contact_id", contact_id):
        found |= {one.record.opened_by, one.record.assigned_to}
    return frozenset(found - {None, ""})


def _named(connection: Connection, contact_id: str) -> frozenset[str]:
    found = read.where(connection, "case_reader", "contact_id", contact_id)
    return frozenset(
        one.record.staff
        for one in found
        if one.retracted is None and one.record.ended_at is None and one.record.staff
    )
