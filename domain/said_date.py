"""A day as people write and say it: "5/1/26", "5/1", "hôm qua", "thứ 2"; tones may be missing."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from domain.text import fold

_DATE: Final = re.compile(r"(?:ngay )?(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?")
_WEEKDAY: Final = re.compile(r"thu ([2-7]|hai|ba|tu|nam|sau|bay)")
_NUMBERS: Final = {"hai": 2, "ba": 3, "tu": 4, "nam": 5, "sau": 6, "bay": 7}
_AGO: Final = {"hom nay": 0, "nay": 0, "hom qua": 1, "qua": 1, "hom kia": 2, "hom truoc": 2}
_AHEAD: Final = {"hom nay": 0, "nay": 0, "ngay mai": 1, "mai": 1, "ngay kia": 2, "ngay mot": 2, "mot": 2}
_SUNDAY: Final = ("chu nhat", "cn")


def said_date(text: str, today: date, *, ahead: bool = False) -> date | None:
    """The day these words mean, or None. Two digits of a year are the last such year that is not after today, so
    5/1/26 is 2026 and never 1926 while 2026 has begun; a day without a year is the last such day. A weekday is the
    last one, today among them. A year of four digits is taken as it is written, also ahead of today.

    `ahead`: a day by which something is due: each of these is the next such day instead, and a year of two digits is
    of this century.
    """
    plain = " ".join(fold(text).split())
    if ahead:
        return _next_day(plain, today)
    if plain in _AGO:
        return today - timedelta(days=_AGO[plain])
    if plain in _SUNDAY:
        return today - timedelta(days=(today.weekday() - 6) % 7)
    if found := _WEEKDAY.fullmatch(plain):
        number = _NUMBERS.get(found[1]) or int(found[1])
        return today - timedelta(days=(today.weekday() - (number - 2)) % 7)
    found = _DATE.fullmatch(plain)
    if found is None:
        return None
    day, month, year = int(found[1]), int(found[2]), found[3]
    if year is not None and len(year) == 4:
        return _day(int(year), month, day)
    newest = today.year if year is None else today.year // 100 * 100 + int(year)
    step = 1 if year is None else 100
    made = _day(newest, month, day)
    if made is None or made > today:
        made = _day(newest - step, month, day)
    return made


def _next_day(plain: str, today: date) -> date | None:
    if plain in _AHEAD:
        return today + timedelta(days=_AHEAD[plain])
    if plain in _SUNDAY:
        return today + timedelta(days=(6 - today.weekday()) % 7)
    if found := _WEEKDAY.fullmatch(plain):
        number = _NUMBERS.get(found[1]) or int(found[1])
        return today + timedelta(days=(number - 2 - today.weekday()) % 7)
    found = _DATE.fullmatch(plain)
    if found is None:
        return None
    day, month, year = int(found[1]), int(found[2]), found[3]
    if year is not None:
        return _day(int(year) + (today.year // 100 * 100 if len(year) == 2 else 0), month, day)
    made = _day(today.year, month, day)
    return made if made is not None and made >= today else _day(today.year + 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
