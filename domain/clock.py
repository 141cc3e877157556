"""Time as the domain sees it: a clock handed in by the caller, and the passage between UTC and Vietnam time.

Records hold times as whole UTC milliseconds since 1970. Vietnam is UTC+7 all year since 1975, so a fixed
offset is right for everything the hotline has recorded and needs no time zone data on Windows.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Protocol

VIETNAM: Final = timezone(timedelta(hours=7), "UTC+07:00")

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?")
_DATE_VI: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


class Clock(Protocol):
    """Where the time comes from; the real one, a compressed one, or a simulated one."""

    def now_ms(self) -> int:
        """UTC milliseconds since 1970; may jump when someone sets the computer's clock."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that only ever grow; the zero has no meaning."""
        ...


def vn_datetime(ms: int) -> datetime:
    """The moment in Vietnam time. Raises OverflowError outside the years 1 to 9999."""
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(VIETNAM)


def vn_date(ms: int) -> date:
    """The Vietnam date of the moment: the day a count, a code or a working day belongs to."""
    return vn_datetime(ms).date()


def vn_to_ms(text: str) -> int:
    """UTC milliseconds of a Vietnam local time like "2026-11-20 00:02:06"; seconds may be left out.

    Raises ValueError for any other form and for dates and times that do not exist.
    """
    match = _LOCAL.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError("not a time like 2026-11-20 00:02:06")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return to_ms(datetime(year, month, day, hour, minute, second, tzinfo=VIETNAM))


def to_ms(moment: datetime) -> int:
    """UTC milliseconds of an aware datetime. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def vn_midnight_ms(day: date) -> int:
    """UTC milliseconds of the first moment of that day in Vietnam."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=VIETNAM))


def utc_iso(ms: int) -> str:
    """The moment as "2026-11-19T17:02:06.000Z", for the wire, logs and files."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def iso_to_ms(text: str) -> int:
    """The inverse of `utc_iso`; any ISO 8601 time with a zone is read. Raises ValueError for others."""
    return to_ms(datetime.fromisoformat(text))


def vn_text(ms: int, *, seconds: bool = False) -> str:
    """The moment for a reader, dd/MM/yyyy HH:mm in Vietnam time, with seconds on request."""
    return vn_datetime(ms).strftime("%d/%m/%Y %H:%M:%S" if seconds else "%d/%m/%Y %H:%M")


def date_text(day: date) -> str:
    """The day for a reader: dd/MM/yyyy."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def read_date(text: str) -> date | None:
    """The day a person typed as d/M/yyyy (also with dots or dashes), or None. Two-digit years are not
    guessed: Qt's Vietnamese short date reads 5/1/26 as 1926, so this parser is our own."""
    match = _DATE_VI.fullmatch(text.strip())
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
