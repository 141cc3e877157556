"""How cautious a value is, as a number: what the fold shows while two people disagree on a safety field.

Ranks travel inside the operation (settled point 5), so a rank once given to a code must never change its
order. Higher is more cautious. 0 says nothing; a placeholder that loses to any person's value is -1 (settled
point 7).
"""

from __future__ import annotations

from typing import Final

PLACEHOLDER: Final = -1
"""Rank of a value no person chose, such as `unclassified`."""

NOTHING_SAID: Final = 0

URGENCY: Final = {"emergency": 40, "high": 30, "medium": 20, "low": 10}
"""Codes of list `urgency`. Only `emergency` has a legal basis (NĐ 56/2017 Đ.26.3: twelve hours)."""

SAFE_NOW: Final = {"no": 40, "unsafe": 40, "unknown": 30, "unsure": 30, "partly": 20, "yes": 10, "safe": 10}
"""Is the child or the number safe: "we do not know" is more cautious than "yes"."""

RISK: Final = {"high": 30, "medium": 20, "low": 10}
"""Assessment levels of Mẫu 02, 03 and 06: cao, trung bình, thấp."""

_UNKNOWN_CODE: Final = 35
"""A level this version does not know comes from a newer list: treated as grave, but never above emergency."""


def urgency_rank(code: str | None) -> int:
    """Caution of an urgency: emergency > a level unknown here > high > medium > low > none."""
    return _rank(URGENCY, code)


def safety_rank(code: str | None) -> int:
    """Caution of an answer to "safe now?"."""
    return _rank(SAFE_NOW, code)


def risk_rank(code: str | None) -> int:
    """Caution of an assessed risk level."""
    return _rank(RISK, code)


def flag_rank(value: bool | None, *, cautious: bool) -> int:
    """Caution of a yes/no whose careful side is `cautious` (confidential: True; may call back: False)."""
    if value is None:
        return NOTHING_SAID
    return 20 if value is cautious else 10


def _rank(table: dict[str, int], code: str | None) -> int:
    return NOTHING_SAID if not code else table.get(code, _UNKNOWN_CODE)


def caution_rank(field: str, value: object) -> int:
    """The rank to write into an operation for a safety field of contact, case, person's phone or stay.

    Fields without a rule of their own (free text such as `child_whereabouts`, `safe_time`) rank 1 when
    anything is said and 0 when emptied, so that saying something is more cautious than saying nothing.
    """
    if field in ("confidential", "restricted"):
        return flag_rank(value if isinstance(value, bool) else None, cautious=True)
    if field == "may_call_back":
        return flag_rank(value if isinstance(value, bool) else None, cautious=False)
    text = value if isinstance(value, str) else None
    if field == "urgency":
        return urgency_rank(text)
    if field == "risk":
        return risk_rank(text)
    if field in ("child_safe_now", "safe"):
        return safety_rank(text)
    return 1 if value not in (None, "", (), []) else NOTHING_SAID


def gravest_urgency(codes: list[str]) -> str | None:
    """The most cautious of several urgencies, or None for none."""
    return max(codes, key=urgency_rank, default=None)
