"""Who holds the key of a restricted case, who ought to, and under which key its next words are written."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection

from desktop.store.case_keys import CaseKeys, Share, case_keys_of, custodian_pairs, new_key, shares_for, shares_of
from desktop.store.sight import things_of
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.case_key import key_at, person_key_of
from domain.records.staff import Staff, record_of
from domain.rules.privacy import Decision, Policy, Thing, may, person_of
from sync.replica import read

_OPENS: Final = frozenset({Decision.ALLOWED, Decision.LOGGED, Decision.REASON})
"""A reason is given on the screen: the key must lie there for whoever may give one."""

Holders = Mapping[str, frozenset[bytes]]
"""Public keys by staff id."""


@dataclass(frozen=True, slots=True)
class Given:
    """Shares to be written into a file: (number, staff, opens_with, sealed)."""

    number: str
    share: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """The key that is written under now, and what has to travel with it."""

    number: str
    key: bytes
    given: list[Given] = field(default_factory=list)


class CaseLock:
    """One restricted file as it stands in a transaction, for whoever is signed in. `centre` is the desk's."""

    def __init__(
        self,
        connection: Connection,
        policy: Policy,
        centre: str,
        keys: CaseKeys,
        contact: str,
        staff: Mapping[str, Staff] | None = None,
    ) -> None:
        self._connection, self._policy, self._centre, self._keys = connection, policy, centre, keys
        self.contact = contact
        self.shares: list[Share] = shares_of(connection, contact)
        self._staff = staff_of(connection) if staff is None else staff
        self._lost = frozenset(one for record in self._staff.values() for one in record.lost_keys)
        found = things_of(connection, policy, [contact]).get(contact)
        me = keys.keys.staff
        self.thing = replace(found or Thing(centre, frozenset({me}), contact), restricted=True)

    @property
    def numbers(self) -> list[str]:
        """Numbers of the file's keys, the newest last."""
        return sorted({share.number for share in self.shares})

    def key(self, number: str) -> bytes | None:
        """The key of this number, or None where it does not open for whoever is signed in."""
        return self._keys.key(self._connection, number)

    def may_open(self, staff: str, thing: Thing | None = None) -> bool:
        """Whether the table of roles lets this person open the file, also where they have to give a reason."""
        person = person_of(self._policy, staff, self._centre, self._staff.get(staff))
        return may(self._policy, person, "open", thing or self.thing) in _OPENS

    def wanted(self) -> Holders:
        """Who is to hold the key: readers by office as the centre's records say, those to whom somebody of the case
        gave a key already, and whoever writes; each only while they may open the file."""
        bare = replace(self.thing, workers=frozenset())
        me = self._keys.keys.staff
        named = {share.staff for share in self.shares if share.staff} | {me}
        found = {staff: self.vouched(staff) for staff in self._staff if self.may_open(staff, bare)}
        found |= {staff: self.vouched(staff) for staff in named if self.may_open(staff)}
        if not any(found.values()):
            found[me] = frozenset({self._keys.public})  # words that nobody could open would be lost
        return {staff: keys for staff, keys in found.items() if keys}

    def vouched(self, staff: str) -> frozenset[bytes]:
        """Keys of this person that may be sealed to without asking anybody: those of the centre's record; for one
        on no list those that were sealed to already. A key that merely appeared at this desk is not among them:
        whoever can make a one-time code could have made it."""
        record = self._staff.get(staff)
        found = set(keys_in(record) if record is not None else ())
        before = {share.opens_with for share in self.shares if share.staff == staff}
        here = self._keys.keys.public_of(staff)
        if here is not None and here.hex() in before:
            found.add(here)
        if staff == self._keys.keys.staff:
            found.add(self._keys.public)
        elif record is None and here is None:
            found |= {bytes.fromhex(one) for one in before}
        return self._still(found)

    def known(self, staff: str) -> frozenset[bytes]:
        """Keys of this person that somebody who knows them may seal to: also one that only this desk knows."""
        here = self._keys.keys.public_of(staff)
        return self.vouched(staff) | self._still(() if here is None else (here,))

    def _still(self, keys: Iterable[bytes]) -> frozenset[bytes]:
        """Those that the centre has not called lost."""
        return frozenset(one for one in keys if one.hex() not in self._lost)

    def to_write(self, new_number: str) -> Key:
        """The key for what is written now: the newest, or a new one where there is none, the newest does not open
        here, somebody holds it who may open the file no more, or it lies under a key that was lost."""
        wanted, numbers = self.wanted(), self.numbers
        newest = numbers[-1] if numbers else ""
        key = self.key(newest) if newest else None
        holders = {share.staff for share in self.shares if share.number == newest and share.staff}
        lost = any(share.opens_with in self._lost for share in self.shares if share.number == newest)
        if key is not None and not lost and holders <= wanted.keys():
            return Key(newest, key, self.missing(wanted))
        number, made = later_than(newest, new_number), new_key()
        if self._keys.public in {one for keys in wanted.values() for one in keys}:
            self._keys.keep(number, made)
        shares = shares_for(number, made, self.contact, wanted, self._keys.keys.custodians)
        return Key(number, made, [*self.missing(wanted), *(Given(number, one) for one in shares)])

    def missing(self, wanted: Holders | None = None) -> list[Given]:
        """Shares of keys that open here and that somebody who is to hold them (or two custodians) lacks."""
        wanted = self.wanted() if wanted is None else wanted
        found: list[Given] = []
        for number in self.numbers:
            there = {share.opens_with for share in self.shares if share.number == number}
            lacking = {
                staff: frozenset(one for one in keys if one.hex() not in there) for staff, keys in wanted.items()
            }
            custodians = self._keys.keys.custodians
            pairs = {f"{one.hex()}+{other.hex()}" for one, other in custodian_pairs(custodians)}
            if not any(lacking.values()) and pairs <= there:
                continue
            key = self.key(number)
            if key is None:
                continue
            made = shares_for(number, key, self.contact, lacking, custodians)
            found += [Given(number, one) for one in made if one[1] not in there]
        return found


def lacking(connection: Connection, policy: Policy, centre: str) -> list[str]:
    """Restricted files (contact ids) a key of which opens for whoever is signed in and lacks a holder it ought to
    have. Reads only, so that no save waits for it. Nothing where nobody is signed in."""
    keys = case_keys_of(connection)
    if keys is None:
        return []
    staff = staff_of(connection)
    rows = connection.exec_driver_sql(_MINE, (keys.public.hex(),))
    files = [str(row[0]) for row in rows if row[0]]
    return [one for one in files if CaseLock(connection, policy, centre, keys, one, staff).missing()]


def is_unannounced(connection: Connection, seat: str, device: str) -> bool:
    """Whether the centre's record of whoever is signed in names this seat, but not the key they have here, and they
    have not said so yet."""
    keys = case_keys_of(connection)
    record = None if keys is None else read.one(connection, "staff", record_of(keys.keys.staff))
    if keys is None or record is None or record.retracted is not None or seat not in record.record.desks:
        return False
    public = keys.public.hex()
    said = read.one(connection, "person_key", person_key_of(keys.keys.staff, device))
    told = said is not None and said.record.public == public
    return not told and key_at(seat, public) not in record.record.public_keys


_MINE: Final = "SELECT DISTINCT contact_id FROM r_case_key WHERE opens_with = ? ORDER BY contact_id"


def staff_of(connection: Connection) -> dict[str, Staff]:
    """Everybody of the centre's list, by staff id."""
    return {
        one.record.staff: one.record
        for one in read.every(connection, "staff")
        if one.retracted is None and one.record.staff
    }


def later_than(newest: str, number: str) -> str:
    """A number (UUID 7) that sorts behind the newest key's, whatever the clock says: a key made after a clock was set
    back, or in the same millisecond, would else lie before the one it replaces and seal nothing."""
    if number > newest:
        return number
    try:
        return uuid7(int(newest.replace("-", "")[:12], 16) + 1, secrets.token_bytes(RANDOM_BYTES))
    except ValueError:
        return number  # no number of ours


def keys_in(record: Staff) -> list[bytes]:
    """Public keys that the centre wrote into a staff record; what is no key is left out."""
    found: list[bytes] = []
    for one in record.public_keys:
        _, _, text = str(one).partition("=")
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            continue
        if len(raw) == 32:
            found.append(raw)
    return found
