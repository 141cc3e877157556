"""Keys of restricted cases on this desk: opening what the person signed in may read, sealing whatever is written."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store import case_seal, wraps
from desktop.store.draft_seal import DraftKeys
from desktop.store.wraps import DoesNotOpen
from domain.records.case_key import CaseKey
from domain.records.sealed import SEALED_FIELDS, is_sealed, sealed_parts
from domain.rules.privacy import masks
from sync.merge import FieldState, Head, State
from sync.operation import Body
from sync.replica import read

UNREAD: Final = masks.HIDDEN
"""What stands for a sealed value that does not open here."""


@dataclass(frozen=True, slots=True)
class Share:
    """One key of a case sealed to one holder; `staff` is empty for two custodians."""

    number: str
    staff: str
    opens_with: str
    sealed: str


class CaseKeys:
    """What whoever is signed in opens restricted cases with. Keys once opened stay for as long as the process: a seal
    of the desk is a new process. Implements `sync.replica.read.Opener`. Safe from any thread."""

    def __init__(self, keys: DraftKeys) -> None:
        self.keys = keys
        self.public = keys.private.public_key().public_bytes_raw()
        self._found: dict[str, bytes] = {}

    def __repr__(self) -> str:  # a key must not stand in a message
        return f"CaseKeys(staff={self.keys.staff!r})"

    def key(self, connection: Connection, number: str) -> bytes | None:
        """The key of this number, or None where nothing here opens it."""
        known = self._found.get(number)
        if known is not None:
            return known
        mine = self.public.hex()
        for contact, share in _shares(connection, "number", number):
            if share.opens_with != mine:
                continue
            try:
                found = case_seal.open_key(self.keys.private, share.sealed, number, contact)
            except DoesNotOpen:
                continue
            if len(found) == wraps.KEY_BYTES:
                self._found[number] = found
                return found
        return None

    def keep(self, number: str, key: bytes) -> None:
        """A key made here."""
        self._found[number] = key

    def words(self, connection: Connection, kind: str, record: str, field: str, value: Any) -> Any:
        """The words of a value; the value itself where it is not sealed, `UNREAD` where it does not open."""
        parts = sealed_parts(value)
        if parts is None or field not in SEALED_FIELDS.get(kind, ()):
            return value
        key = self.key(connection, parts[0])
        if key is None:
            return UNREAD
        try:
            return case_seal.open_value(key, (kind, record, field), value)
        except DoesNotOpen:
            return UNREAD

    def open_record(
        self, connection: Connection, kind: str, record: str, values: dict[str, Any], state: State
    ) -> None:
        """Open what is sealed in a record's present values and in its heads, in place. A head that does not open
        stays as it is, so that an edit never takes it for words."""
        for field in SEALED_FIELDS.get(kind, ()):
            if is_sealed(values.get(field)):
                values[field] = self.words(connection, kind, record, field, values[field])
            held = state.get(field)
            if held is not None and any(is_sealed(head.value) for head in held.heads.values()):
                state[field] = FieldState(self._heads(connection, (kind, record, field), held), held.gone)

    def _heads(
        self, connection: Connection, place: tuple[str, str, str], held: FieldState
    ) -> dict[str, Head]:
        found: dict[str, Head] = {}
        for version, head in held.heads.items():
            words = self.words(connection, *place, head.value)
            found[version] = Head(head.value if words == UNREAD else words, head.rank)
        return found

    def opened(self, connection: Connection, body: Body) -> Mapping[str, Any]:
        """An operation's values as words, for whoever reads a log."""
        if body.kind not in SEALED_FIELDS:
            return body.values
        return {
            field: self.words(connection, body.kind, body.id, field, value) for field, value in body.values.items()
        }


def case_keys_of(connection: Connection) -> CaseKeys | None:
    """The keys that a connection carries; None where nobody is signed in."""
    found = read.opener_of(connection)
    return found if isinstance(found, CaseKeys) else None


def opened_values(connection: Connection, body: Body) -> Mapping[str, Any]:
    """The values of an operation as whoever is signed in may read them."""
    keys = case_keys_of(connection)
    return body.values if keys is None else keys.opened(connection, body)


def name_in(connection: Connection, person: str | None, name: str | None) -> str | None:
    """A person's name as a statement found it, in words where it is sealed to whoever reads."""
    if not is_sealed(name):
        return name
    keys = case_keys_of(connection)
    return UNREAD if keys is None else str(keys.words(connection, "person", person or "", "full_name", name))


def shares_of(connection: Connection, contact: str) -> list[Share]:
    """Every key of a file with every holder, the oldest key first."""
    return sorted((share for _, share in _shares(connection, "contact_id", contact)), key=lambda one: one.number)


def _shares(connection: Connection, column: str, value: str) -> list[tuple[str, Share]]:
    found = (one.record for one in read.where(connection, "case_key", column, value) if one.retracted is None)
    return [
        (one.contact_id or "", Share(one.number or "", one.staff or "", one.opens_with or "", one.sealed or ""))
        for one in found
        if one.number
    ]


def is_locked(connection: Connection, contact: str) -> bool:
    """Whether words of this file are sealed from now on: a case in it is restricted, or it has a key already."""
    asked = (
        "SELECT 1 FROM r_case WHERE contact_id = ? AND restricted"
        " UNION ALL SELECT 1 FROM r_case_key WHERE contact_id = ?"
    )
    return connection.exec_driver_sql(asked, (contact, contact)).first() is not None


def new_key() -> bytes:
    """A random key of a case."""
    return secrets.token_bytes(wraps.KEY_BYTES)


def sealed_bodies(
    connection: Connection, bodies: Sequence[Body], scope: str, number: str, key: bytes
) -> list[Body]:
    """The same operations with every word of this scope sealed under the key. A version that its author could not
    read is not named as a base: what one could not read one cannot replace."""
    found: list[Body] = []
    for body in bodies:
        fields = SEALED_FIELDS.get(body.kind, frozenset()) & {*body.values, *body.bases}
        if body.scope != scope or not fields:
            found.append(body)
            continue
        values, bases = dict(body.values), dict(body.bases)
        for field in fields:
            value = values.get(field)
            if isinstance(value, str) and not is_sealed(value):
                values[field] = case_seal.seal_value(key, number, (body.kind, body.id, field), value)
        unread = _unread(connection, body, [field for field in fields if field in bases])
        for field, versions in unread.items():
            bases[field] = [one for one in bases[field] if one not in versions]
            if not bases[field]:
                del bases[field]
        found.append(msgspec.structs.replace(body, values=values, bases=bases))
    return found


def _unread(connection: Connection, body: Body, fields: Sequence[str]) -> dict[str, set[str]]:
    stored = read.one(connection, body.kind, body.id) if fields else None
    if stored is None:
        return {}
    found = {
        field: {version for version, head in stored.state[field].heads.items() if is_sealed(head.value)}
        for field in fields
        if field in stored.state
    }
    return {field: versions for field, versions in found.items() if versions}


def custodian_pairs(custodians: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Every two of them, in the order of the list."""
    return list(itertools.combinations(custodians, 2))


def shares_for(
    number: str, key: bytes, contact: str, holders: Mapping[str, Iterable[bytes]], custodians: Sequence[bytes]
) -> list[tuple[str, str, str]]:
    """(staff, opens_with, sealed) for each public key of each holder, and for each two custodians."""
    found = [
        (staff, public.hex(), case_seal.seal_key(public, key, number, contact))
        for staff, publics in sorted(holders.items())
        for public in sorted(set(publics))
    ]
    found += [
        ("", f"{one.hex()}+{other.hex()}", case_seal.nest_key(one, other, key, number, contact))
        for one, other in custodian_pairs(custodians)
    ]
    return found


def share_record(new_id: str, contact: str, number: str, share: tuple[str, str, str], by: str, at: int) -> CaseKey:
    """One share as the record that travels with the file."""
    staff, opens_with, sealed = share
    return CaseKey(
        id=new_id, contact_id=contact, number=number, staff=staff or None, opens_with=opens_with, sealed=sealed,
        given_by=by, given_at=at,
    )  # fmt: skip
