"""Verification: that, and how, somebody made sure who the caller is before a file was shown beside the call."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One step: the caller of `call_id` may be spoken to about the file `contact_id`.

    `how` is a code of `verification_method`, `by` a staff id, `at` UTC ms. Written once, in the scope of the file; a
    second caller, or the same one another day, is another step.
    """

    id: str
    contact_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    call_id: str | None = declare(Merge.APPEND, _P2)
    how: str | None = declare(Merge.APPEND, _P2)
    by: str | None = declare(Merge.APPEND, _P2)
    at: int | None = declare(Merge.APPEND, _P2, Column.INTEGER)
