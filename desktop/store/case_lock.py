"""Who holds the key of a restricted case, who ought to, and under which key its next words are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection

from desktop.store.case_keys import CaseKeys, Share, custodian_pairs, new_key, shares_for, shares_of
from desktop.store.sight import things_of
from domain.records.staff import Staff
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
        self, connection: Connection, policy: Policy, centre: str, keys: CaseKeys, contact: str
    ) -> None:
        self._connection, self._policy, self._centre, self._keys = connection, policy, centre, keys
        self.contact = contact
        self.shares: list[Share] = shares_of(connection, contact)
        self._staff: dict[str, Staff] = {
            one.record.staff: one.record
            for one in read.every(connection, "staff")
            if one.retracted is None and one.record.staff
        }
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
        return frozenset(found)

    def known(self, staff: str) -> frozenset[bytes]:
        """Keys of this person that somebody who knows them may seal to: also one that only this desk knows."""
        here = self._keys.keys.public_of(staff)
        return self.vouched(staff) | (frozenset({here}) if here is not None else frozenset())

    def to_write(self, new_number: str) -> Key:
        """The key for what is written now: the newest, or a new one where there is none, the newest does not open
        here, or somebody holds it who may open the file no more."""
        wanted, numbers = self.wanted(), self.numbers
        newest = numbers[-1] if numbers else ""
        key = self.key(newest) if newest else None
        holders = {share.staff for share in self.shares if share.number == newest and share.staff}
        if key is not None and holders <= wanted.keys():
            return Key(newest, key, self.missing(wanted))
        number, made = new_number, new_key()
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
