"""A case: one intervention ("ca can thiệp"), grown from a contact."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One intervention case, in the dossier scope of its first contact.

    Codes: status `case_status`, abuse types `abuse_type`, urgency `urgency`, closure `closure_reason`. With no
    leased case number left `code` is empty and the case lives under its contact's code (hotline.md §7). What is
    `restricted` (class P4: a victim in hiding, staff or their kin) only those who work on it open and find.
    """

    id: str
    code: str | None = declare(Merge.FACT, _P3, indexed=True)
    contact_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    child_id: str | None = declare(Merge.FACT, _P3)
    opened_at: int | None = declare(Merge.APPEND, _P3, Column.INTEGER, indexed=True)
    opened_by: str | None = declare(Merge.APPEND, _P3)
    status: str | None = declare(Merge.RESPONSIBILITY, _P3, indexed=True)
    assigned_to: str | None = declare(Merge.RESPONSIBILITY, _P3)
    centre: str | None = declare(Merge.RESPONSIBILITY, _P3)
    abuse_types: tuple[str, ...] = declare(Merge.SET, _P3, Column.JSON, default=())
    urgency: str | None = declare(Merge.SAFETY, _P3, indexed=True)
    risk: str | None = declare(Merge.SAFETY, _P3)
    restricted: bool | None = declare(Merge.SAFETY, _P3, Column.BOOLEAN)
    incident: str | None = declare(Merge.LONG_TEXT, _P3)
    incident_when: str | None = declare(Merge.FACT, _P3)
    closed_at: int | None = declare(Merge.RESPONSIBILITY, _P3, Column.INTEGER)
    closure_reason: str | None = declare(Merge.RESPONSIBILITY, _P3)
    closure_result: str | None = declare(Merge.LONG_TEXT, _P3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Where the child is now, as a chain of places: each stay names the time from which it holds."""

    id: str
    case_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    place: str | None = declare(Merge.APPEND, _P3)
    since: int | None = declare(Merge.APPEND, _P3, Column.INTEGER)
    safe: str | None = declare(Merge.SAFETY, _P3)
