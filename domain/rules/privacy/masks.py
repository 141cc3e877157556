"""How a personal value is shown to somebody who may know that it is there, not what it says.

One set of masks for screens, print, exports and search.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.phones import masked as phone
from domain.text import clusters, nfc

__all__ = ["HIDDEN", "address", "age", "name", "phone", "text"]

HIDDEN: Final = "•••"
"""What stands for words that are there and are not shown."""


def name(full: str | None) -> str:
    """Initials: "Nguyễn Thị Bé" → "N. T. B."; empty for no name. A letter keeps its marks, never its neighbours."""
    return " ".join(f"{clusters(word)[0].upper()}." for word in nfc(full or "").split() if word[0].isalnum())


def age(birth: str | None, on: date) -> int | None:
    """Whole years on that day of somebody born on `birth` (ISO date), or None for no date and for a date to come."""
    try:
        born = date.fromisoformat(birth or "")
    except ValueError:
        return None
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return years if years >= 0 else None


def address(commune: str | None, province: str | None) -> str:
    """Commune and province are what is left of an address: names, the smaller place first."""
    return ", ".join(part for part in (commune, province) if part)


def text(said: str | None) -> str:
    """Free text is hidden whole; only whether there is any stays."""
    return HIDDEN if said else ""
