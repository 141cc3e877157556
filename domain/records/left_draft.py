"""A form that was begun and never saved on a desk that was then taken out of service: its last words, for review."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P1 = DataClass.P1
_P4 = DataClass.P4


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftDraft:
    """Written by the desk into its own control stream, where nobody but the centre may write: so it stays held at the
    centre for ever and is shown to nobody but whoever reviews the device (`python -m server left`).

    `content` is the draft's whole row as JSON; where it was sealed to its owner and to recovery it still is.
    """

    id: str
    staff: str | None = declare(Merge.APPEND, _P1)
    form: str | None = declare(Merge.APPEND, _P1)
    content: str | None = declare(Merge.APPEND, _P4)
    saved_at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
