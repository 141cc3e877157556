"""A party: the role of one person in one contact or case."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import DataClass, Merge, declare

_P2 = DataClass.P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who a person is in a dossier. `role` is a code of `person_role`, `relationship` of
    `relationship_to_child`."""

    id: str
    person_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    contact_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    case_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    role: str | None = declare(Merge.FACT, _P2)
    relationship: str | None = declare(Merge.FACT, _P2)
