"""Which fields of a restricted case are sealed, and how a sealed value is told from words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

SEALED_FIELDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "contact": frozenset(
            {"summary", "annex", "child_whereabouts", "happened_when", "safe_time", "on_behalf_of", "commune"}
        ),
        "case": frozenset({"incident", "incident_when", "closure_result"}),
        "stay": frozenset({"place"}),
        "note": frozenset({"text"}),
        "person": frozenset({"full_name", "birth_date"}),
        "alias": frozenset({"name", "sort"}),
        "phone": frozenset({"number"}),
        "address": frozenset({"commune", "line"}),
        "referral": frozenset({"to_name", "legal_basis"}),
        "attempt": frozenset({"remark"}),
        "answer": frozenset({"value"}),
        "attachment": frozenset({"title", "key"}),
        "blob_secret": frozenset({"secret"}),
    }
)
"""Kind → fields with words that tell who a person is, where they are or what happened (class P4 where a case is
restricted). All of them are texts. What is not here the centre needs to ship, merge, time and count a case."""

_SEALED: Final = re.compile(r"sealed/1:([0-9a-f-]{36}):([A-Za-z0-9+/]+={0,2})")


def sealed_text(number: str, box: str) -> str:
    """A sealed value as it stands in the value's place: the key's number and the box (base64)."""
    return f"sealed/1:{number}:{box}"


def sealed_parts(value: Any) -> tuple[str, str] | None:
    """Key number and box (base64) of a sealed value; None for words."""
    found = _SEALED.fullmatch(value) if isinstance(value, str) and value.startswith("sealed/1:") else None
    return (found[1], found[2]) if found is not None else None


def is_sealed(value: Any) -> bool:
    """Whether this value is sealed."""
    return sealed_parts(value) is not None
