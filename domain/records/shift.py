"""A work shift ("ca trực") at one seat, and its handover: what was open, who took it, what was read and signed."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person at one seat from sign-in for work until handover. Times are UTC ms."""

    id: str
    staff: str | None = declare(_SAID, _P2, indexed=True)
    centre: str | None = declare(_SAID, _P2)
    seat: str | None = declare(_SAID, _P2)
    started_at: int | None = declare(_SAID, _P2, Column.INTEGER, indexed=True)
    ended_at: int | None = declare(Merge.FACT, _P2, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The end of a shift: unclassified calls (none, by rule), parked forms with the name of who accepted them, and
    the red and orange cases and overdue call-backs that this person read and signed. `cases` and `forms` hold ids,
    of a call-back the id of its queue item."""

    id: str
    shift_id: str | None = declare(_SAID, _P2, indexed=True)
    centre: str | None = declare(_SAID, _P2)
    seat: str | None = declare(_SAID, _P2)
    given_by: str | None = declare(_SAID, _P2)
    taken_by: str | None = declare(_SAID, _P2)
    at: int | None = declare(_SAID, _P2, Column.INTEGER)
    calls: int | None = declare(_SAID, _P2, Column.INTEGER)
    unclassified: int | None = declare(_SAID, _P2, Column.INTEGER)
    forms: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
    cases: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
