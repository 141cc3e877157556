"""A clock: one legal or promised deadline that runs on a case, counted from `received_at`."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P1 = DataClass.P1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecord:
    """One running deadline. `rule` names a rule of `domain.rules.clocks`; times are UTC ms; `warnings` are the
    times at which it warns. Recomputed only by rule; a change needs a reason and stays visible."""

    id: str
    case_id: str | None = declare(Merge.APPEND, _P1, indexed=True)
    rule: str | None = declare(Merge.APPEND, _P1)
    start_at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    due_at: int | None = declare(Merge.FACT, _P1, Column.INTEGER, indexed=True)
    warnings: tuple[int, ...] = declare(Merge.FACT, _P1, Column.JSON, default=())
    stopped_at: int | None = declare(Merge.FACT, _P1, Column.INTEGER)
    reason: str | None = declare(Merge.FACT, _P1)
