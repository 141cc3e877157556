"""A person who works at the hotline: roles, centre, what is assigned to them and what they must keep away from."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ids import derived_id
from domain.records.fields import Column, DataClass, Merge, declare

_P1 = DataClass.P1


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One member of staff, written by the centre only, in the reference scope: a desk knows everybody who may sit
    down at it (settled 23).

    `staff` is the staff id that stands in operations, `roles` and `books` are words of resources/policy/roles.toml,
    `centre` a code of list `centres`, `desks` the seats (AG03) this person is enrolled at. `assignments` and
    `conflicts` hold ids of files (contacts): more to work on, and such as concern the person's own kin. `public_keys`
    (`AG03=<hex>`, X25519, one for each seat) are what restricted cases are sealed to; `lost_keys` (hex) are public
    halves that nobody seals to any more: of a desk taken out of service, or of a key that another replaced.
    `ended_at` (UTC ms): gone since.
    """

    id: str
    staff: str | None = declare(Merge.APPEND, _P1, indexed=True)
    name: str | None = declare(Merge.FACT, _P1)
    roles: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    centre: str | None = declare(Merge.RESPONSIBILITY, _P1)
    desks: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    books: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    assignments: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    conflicts: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    public_keys: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    lost_keys: tuple[str, ...] = declare(Merge.SET, _P1, Column.JSON, default=())
    ended_at: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)


def record_of(staff: str) -> str:
    """The id of the record of a staff id: the same at every node."""
    return derived_id("staff", staff)
