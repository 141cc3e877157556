"""An answer to one of a region's own questions, asked beside the form that all centres share."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import DataClass, Merge, declare

_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer in a file; its id derives from file and question, so that two desks answer in one record.

    `question` is the name of a field of `resources/forms/extra`, `asked_by` says in which form and version it was
    asked (`an_giang.1`), `value` is the code, date (ISO), number or text as it was given.
    """

    id: str
    contact_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    question: str | None = declare(Merge.APPEND, _P2)
    asked_by: str | None = declare(Merge.APPEND, _P2)
    value: str | None = declare(Merge.FACT, _P3)
