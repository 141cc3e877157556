"""The Vietnamese working calendar, one checked CSV a year: holidays, days moved, weekends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from domain.codes.catalogue import CatalogueError, read_date, read_rows

COLUMNS: Final = ("date", "kind", "name_vi", "confirmed", "source")
_KINDS: Final = ("holiday", "workday")


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that differs from its weekday: off (`holiday`), or a weekend day worked instead of another
    (`workday`).

    `confirmed` is False while the year's schedule has not been announced.
    """

    day: date
    working: bool
    name_vi: str
    confirmed: bool


class WorkingCalendar:
    """Which days are worked: Monday to Friday, corrected by the special days of the years it holds."""

    def __init__(self, days: Mapping[date, SpecialDay]) -> None:
        self._days = dict(days)
        self.years = frozenset(day.year for day in self._days)

    @classmethod
    def load(cls, folder: Path) -> WorkingCalendar:
        """Read every `<year>.csv`. Raises `CatalogueError` with file and line for a fault or an empty
        folder.
        """
        days: dict[date, SpecialDay] = {}
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9].csv")):
            for line, (written, kind, name, confirmed, _) in read_rows(path, COLUMNS):
                day = read_date(path.name, line, "date", written)
                if day is None or str(day.year) != path.stem:
                    raise CatalogueError(path.name, line, "the date is not one of this year")
                if day in days:
                    raise CatalogueError(path.name, line, f"{written} stands twice")
                if kind not in _KINDS or confirmed not in ("yes", "no") or not name:
                    raise CatalogueError(path.name, line, "kind, confirmed or name_vi is not right")
                days[day] = SpecialDay(day, kind == "workday", name, confirmed == "yes")
        if not days:
            raise CatalogueError("calendar", 0, "no year is there")
        return cls(days)

    def covers(self, day: date) -> bool:
        """Whether the year's special days are known; for another year only weekends count, and a screen
        should say so.
        """
        return day.year in self.years

    def special(self, day: date) -> SpecialDay | None:
        """The special day, or None for an ordinary one."""
        return self._days.get(day)

    def is_working(self, day: date) -> bool:
        """Whether offices work on that Vietnam date."""
        special = self._days.get(day)
        return special.working if special else day.weekday() < 5

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, not counting `day` itself (count ≥ 1)."""
        if count < 1:
            raise ValueError("count at least one working day")
        while count:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day
