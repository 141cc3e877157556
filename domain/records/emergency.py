"""An emergency read: who opened a file of another centre, why, until when, and who has looked at it since."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRead:
    """Written by the centre into the file's own scope, so that those who answer for the file see it at their next
    sync; its id is that of the grant. `why` is a code of list `emergency_reason`, `words` at least twenty characters
    of the person's own. `until` and `seen_at` are UTC ms; `seen_at` empty: nobody has looked yet."""

    id: str
    staff: str | None = declare(_SAID, _P2, indexed=True)
    device: str | None = declare(_SAID, _P2, indexed=True)
    why: str | None = declare(_SAID, _P2)
    words: str | None = declare(_SAID, DataClass.P3)
    asked_at: int | None = declare(_SAID, _P2, Column.INTEGER, indexed=True)
    until: int | None = declare(_SAID, _P2, Column.INTEGER)
    seen_by: str | None = declare(Merge.RESPONSIBILITY, _P2)
    seen_at: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)
