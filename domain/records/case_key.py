"""The key of a restricted case: one record for each person it is sealed to, who is let in by name, persons' keys."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ids import derived_id
from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_P1 = DataClass.P1
_P3 = DataClass.P3
_P4 = DataClass.P4


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKey:
    """One key of a restricted case, sealed (HPKE, X25519; base64) so that one person alone opens it (settled 21).

    `number` names the key (a UUID 7: later keys sort later), `staff` the person, empty for two custodians together,
    `opens_with` the public key (hex) it is sealed to (or both, `first+second`). Written once by `given_by`, who
    held the key.
    """

    id: str
    contact_id: str | None = declare(_SAID, _P4, indexed=True)
    number: str | None = declare(_SAID, _P4, indexed=True)
    staff: str | None = declare(_SAID, _P4)
    opens_with: str | None = declare(_SAID, _P4)
    sealed: str | None = declare(_SAID, _P4)
    given_by: str | None = declare(_SAID, _P4)
    given_at: int | None = declare(_SAID, _P4, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReader:
    """A colleague whom somebody of the case let in by name (staff ids, UTC ms): works on it until `ended_at`."""

    id: str
    contact_id: str | None = declare(_SAID, _P3, indexed=True)
    staff: str | None = declare(_SAID, _P3)
    given_by: str | None = declare(_SAID, _P3)
    given_at: int | None = declare(_SAID, _P3, Column.INTEGER)
    ended_by: str | None = declare(Merge.RESPONSIBILITY, _P3)
    ended_at: int | None = declare(Merge.RESPONSIBILITY, _P3, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKey:
    """What a desk says of its person: the public half (hex, X25519) of their key there. Its id derives from device
    and person. Nobody is believed for it: the centre writes what counts into the staff record."""

    id: str
    staff: str | None = declare(_SAID, _P1, indexed=True)
    device: str | None = declare(_SAID, _P1)
    public: str | None = declare(Merge.FACT, _P1)


def person_key_of(staff: str, device: str) -> str:
    """The id of what a device says of a person's key there: the same at every node."""
    return derived_id("person_key", staff, device)


def key_at(seat: str, public: str) -> str:
    """A public key (hex) as a staff record names it: with the seat it is used at."""
    return f"{seat}={public}"
