"""A note: words written into a dossier, append-only; a correction is a new note that points at the old one."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note with author (staff id) and time (UTC ms)."""

    id: str
    case_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    contact_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    text: str | None = declare(Merge.APPEND, _P3)
    author: str | None = declare(Merge.APPEND, _P3)
    written_at: int | None = declare(Merge.APPEND, _P3, Column.INTEGER)
    corrects: str | None = declare(Merge.APPEND, _P3)
