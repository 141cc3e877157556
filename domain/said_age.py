"""An age as callers say it: "9", "khoảng 7 tuổi", "8 tháng", "năm sinh 2014", "5/1/14"; tones may be missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.text import fold

OLDEST: Final = 130
_EARLIEST: Final = 1900
_DATE: Final = re.compile(r"(?:ngay |sinh |sinh ngay |ngay sinh )?(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_YEAR: Final = re.compile(r"(?:nam sinh|sinh nam|sinh|nam|sn)?[ :]*(\d{4})")
_YEARS: Final = re.compile(r"(khoang|chung|tam|gan|hon|co le|~)?\s*(\d{1,3})\s*(?:tuoi|t)?")
_MONTHS: Final = re.compile(r"(khoang|chung|tam|gan|hon|co le|~)?\s*(\d{1,2})\s*thang(?: tuoi)?")


@dataclass(frozen=True, slots=True)
class SaidAge:
    """What was said: whole years, or the year or the day of birth. `estimated`: the caller was not sure."""

    years: int | None = None
    birth_year: int | None = None
    birth_date: date | None = None
    estimated: bool = False

    def years_on(self, day: date) -> int:
        """Whole years of age on a day; by the year of birth alone it may be one too many."""
        if self.birth_date is not None:
            before = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
            return day.year - self.birth_date.year - before
        return self.years if self.years is not None else day.year - (self.birth_year or day.year)


def said_age(text: str, today: date) -> SaidAge | None:
    """The age in these words, or None. A year of two digits is the last one that is not after today; nobody is
    born after today or more than 130 years ago."""
    plain = " ".join(fold(text).split())
    if found := _DATE.fullmatch(plain):
        day, month, year = (int(part) for part in found.groups())
        if len(found[3]) == 2:
            year += today.year // 100 * 100
            year -= 100 * ((year, month, day) > (today.year, today.month, today.day))
        return _born(year, month, day, today)
    if found := _YEAR.fullmatch(plain):
        year = int(found[1])
        return SaidAge(birth_year=year) if max(_EARLIEST, today.year - OLDEST) <= year <= today.year else None
    if found := _MONTHS.fullmatch(plain):
        return SaidAge(years=int(found[2]) // 12, estimated=bool(found[1]))
    if found := _YEARS.fullmatch(plain):
        years = int(found[2])
        return SaidAge(years=years, estimated=bool(found[1])) if years <= OLDEST else None
    return None


def _born(year: int, month: int, day: int, today: date) -> SaidAge | None:
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return SaidAge(birth_date=born) if date(today.year - OLDEST, 1, 1) <= born <= today else None
