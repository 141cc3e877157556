"""Records of the road itself: grants of scopes, leased number blocks, links of persons, reconciliations."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P1 = DataClass.P1
_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A device may hold a scope: written by the centre into the device's own scope (settled 8, 11)."""

    id: str
    device: str | None = declare(Merge.APPEND, _P1, indexed=True)
    granted_scope: str | None = declare(Merge.APPEND, _P1, indexed=True)
    reason: str | None = declare(Merge.APPEND, _P1)
    until: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER, indexed=True)
    withdrawn_at: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """Which centre a dossier belongs to since it was passed on; its id is the dossier's contact id, and only the
    centre writes it, in the dossier's own scope. `centre` and `previous` are codes of list `centres`."""

    id: str
    centre: str | None = declare(Merge.RESPONSIBILITY, _P1)
    previous: str | None = declare(Merge.RESPONSIBILITY, _P1)
    moved_at: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeReceipt:
    """A device says that it holds nothing more of a withdrawn scope; its id is that of the withdrawn grant.

    `digest` is what it held before (`count:hex`). Written in the centre's scope of the device.
    """

    id: str
    device: str | None = declare(Merge.APPEND, _P1, indexed=True)
    wiped_scope: str | None = declare(Merge.APPEND, _P1, indexed=True)
    digest: str | None = declare(Merge.APPEND, _P1)
    wiped_at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something in a dossier that a person should look at: written by the centre beside the words themselves.

    `reason` is `after_withdrawal`: another centre's desk wrote, without a line, after the dossier had been
    passed on. `seen_at` empty: nobody has looked yet.
    """

    id: str
    about_kind: str | None = declare(Merge.APPEND, _P1)
    about: str | None = declare(Merge.APPEND, _P1, indexed=True)
    reason: str | None = declare(Merge.APPEND, _P1)
    device: str | None = declare(Merge.APPEND, _P1)
    noted_at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER, indexed=True)
    seen_by: str | None = declare(Merge.RESPONSIBILITY, _P1)
    seen_at: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBlockRecord:
    """A block of case numbers leased to one seat's device and bound to one incarnation (settled 15)."""

    id: str
    device: str | None = declare(Merge.APPEND, _P1, indexed=True)
    incarnation: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    series: str | None = declare(Merge.APPEND, _P1)
    year: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    centre_digit: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    first: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    last: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two person records are one human being; reversible, and fields never merge (settled 8)."""

    id: str
    one: str | None = declare(Merge.APPEND, _P2, indexed=True)
    other: str | None = declare(Merge.APPEND, _P2, indexed=True)
    reason: str | None = declare(Merge.APPEND, _P2)
    undone_at: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What one reading of the exchange's call records found at one centre (settled 16).

    `damaged` holds pairs (line number, reason): the lines were set aside, never guessed at.
    """

    id: str
    centre: str | None = declare(Merge.APPEND, _P1)
    file_sha256: str | None = declare(Merge.APPEND, _P1)
    read_at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    lines: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    answered: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    missed: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    repeated: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    made: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    damaged: tuple[object, ...] = declare(Merge.APPEND, _P1, Column.JSON, default=())
