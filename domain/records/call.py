"""A call on line 111: what the exchange says of it, and what a person made of it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. Times are UTC milliseconds.

    What the exchange (PBX) says is written once; the outcome and the contact the call became are facts of a
    person (settled point 7). `outcome` holds a code of list `contact_outcome` (of `attempt_result` where `direction`
    is `outbound`), or the state `unclassified`,
    which loses to any person's outcome. The id derives from (pbx, uniqueid), so that a desk's row and a
    reconciliation's row are one record; a call logged by hand has an id of its own.
    """

    id: str
    line: str | None = declare(_SAID, _P2)
    direction: str | None = declare(_SAID, _P2)
    pbx: str | None = declare(_SAID, _P2)
    uniqueid: str | None = declare(_SAID, _P2)
    # One number may have called thousands of times, and each save asks for its last day: hence the two columns.
    number: str | None = declare(_SAID, _P2, indexed=True, then="ring_at", among="contact_id")
    centre: str | None = declare(_SAID, _P2)
    seat: str | None = declare(_SAID, _P2)
    ring_at: int | None = declare(_SAID, _P2, Column.INTEGER, indexed=True)
    answer_at: int | None = declare(_SAID, _P2, Column.INTEGER)
    end_at: int | None = declare(_SAID, _P2, Column.INTEGER)
    disposition: str | None = declare(_SAID, _P2)
    by_hand: bool | None = declare(_SAID, _P2, Column.BOOLEAN)
    receiver: str | None = declare(_SAID, _P2)
    outcome: str | None = declare(Merge.FACT, _P2, indexed=True)
    outcome_by: str | None = declare(Merge.FACT, _P2)
    outcome_at: int | None = declare(Merge.FACT, _P2, Column.INTEGER)
    contact_id: str | None = declare(Merge.FACT, _P2, indexed=True)
    same_as: str | None = declare(Merge.FACT, _P2)


UNCLASSIFIED = "unclassified"
"""The state of an answered call that no person has given an outcome yet."""

MISSED = "missed"
"""The outcome, set by rule, of a call that nobody answered (list `contact_outcome`)."""
