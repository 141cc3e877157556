"""A moment to come as people write and say it: "17h30", "8h sáng mai", "30 phút nữa", "28/11 9h", also without tones.

Nothing is guessed about the half of the day: "5h" is five in the morning, "5h chiều" is not. What was understood is
shown before it counts for anything.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from domain.clock import DAY, HOUR, MINUTE, vn_date, vn_midnight_ms
from domain.said_date import said_date
from domain.text import fold

FARTHEST_MS: Final = 90 * DAY
"""Nobody agrees on a call further ahead; a day without a year that has just gone by is read as one of next year."""

_COMING: Final = re.compile(r"\bt\u1edbi\b")  # "coming"; without its tone it is the evening
_PREFIX: Final = re.compile(r"^(?:(?:goi lai|goi|hen|luc|vao|khoang|tam|tu|sau|trong|gio) )+(?=\d|nua )")
_SPAN: Final = re.compile(
    r"(?P<many>\d{1,3}|nua|mot|hai|ba) ?(?P<unit>phut|ph|p|tieng|gio|h)"
    r"(?: ?(?P<half>ruoi)| ?(?P<more>\d{1,2})(?: ?(?:phut|ph|p))?)?(?P<from_now> nua)?"
)
_CLOCK: Final = re.compile(
    r"(?<![\d/.-])(?P<hour>\d{1,2}) ?(?:(?:h|g|gio)\b|(?:h|g|gio)(?= ?\d)|:(?=\d\d))"
    r"(?: ?(?P<minute>\d{1,2}(?![\d/.-])))?(?: ?(?P<half>ruoi)| kem (?P<less>\d{1,2})(?: phut)?)?(?: phut)?\b"
)
_FILLER: Final = re.compile(r"(?<!thu )\b(?:luc|vao|khoang|tam|sau|tu|tro di|goi lai|goi|hen)\b|[,;]")
_PART: Final = re.compile(r"\b(sang som|sang|trua|chieu|toi|dem|khuya)\b")
_WEEKDAY: Final = re.compile(r"thu \w+|chu nhat|cn")
_MANY: Final = {"mot": 1, "hai": 2, "ba": 3}
_WHOLE_DAY: Final = 24


def said_time(text: str, now_ms: int) -> int | None:
    """The moment these words mean (UTC ms, Vietnam time is meant), or None where they name none. It may lie before
    now, or further ahead than anybody agrees on: the caller says so instead of taking it."""
    words = _COMING.sub(" ", unicodedata.normalize("NFC", text).lower())
    plain = " ".join(fold(words).replace(",", " ").split())
    span = _span_ms(plain)
    return now_ms + span if span is not None else _clock_ms(plain, now_ms)


def _span_ms(plain: str) -> int | None:
    """How long from now; "sau 2h" is a time of the clock, "sau 2 tiếng" and "2h nữa" are not."""
    begins = _PREFIX.match(plain)
    found = _SPAN.fullmatch(plain[begins.end() :] if begins is not None else plain)
    if found is None:
        return None
    hours = found["unit"] in ("tieng", "gio", "h")
    ahead = found["from_now"] or (begins is not None and found["unit"] not in ("gio", "h"))
    if not ahead or (found["more"] and not hours):
        return None
    unit = HOUR if hours else MINUTE
    span = unit // 2 if found["many"] == "nua" else (_MANY.get(found["many"]) or int(found["many"])) * unit
    return span + (unit // 2 if found["half"] else 0) + int(found["more"] or 0) * MINUTE


def _clock_ms(plain: str, now_ms: int) -> int | None:
    found = list(_CLOCK.finditer(plain))
    if len(found) != 1:
        return None
    said, rest = found[0], plain[: found[0].start()] + " " + plain[found[0].end() :]
    minutes = _minutes(said)
    parts = _PART.findall(rest)
    if minutes is None or len(parts) > 1:
        return None
    part = parts[0] if parts else ""
    hour = _hour(int(said["hour"]), part)
    day_words = " ".join(_FILLER.sub(" ", _PART.sub(" ", rest)).split())
    today = vn_date(now_ms)
    day = said_date(day_words, today, ahead=True) if day_words else today
    if hour is None or day is None:
        return None
    at = vn_midnight_ms(day) + hour * HOUR + minutes * MINUTE
    if at < now_ms:
        if part in ("dem", "khuya") and day == today:
            at += DAY
        elif _WEEKDAY.fullmatch(day_words):
            at += 7 * DAY
    return at


def _minutes(said: re.Match[str]) -> int | None:
    if said["half"]:
        return 30 if said["minute"] is None else None
    if said["less"]:
        less = int(said["less"])
        return -less if said["minute"] is None and 0 < less < 60 else None
    minute = int(said["minute"] or 0)
    return minute if minute < 60 else None


def _hour(hour: int, part: str) -> int | None:
    """The hour of the day (24 is its end), or None for one that this part of the day has not."""
    late = hour + 12
    spans = {
        "": range(_WHOLE_DAY),
        "sang": range(12),
        "sang som": range(9),
        "trua": range(10, 15),
        "chieu": range(12, 19),
        "toi": range(17, _WHOLE_DAY + 1),
        "dem": (*range(5), *range(21, _WHOLE_DAY + 1)),
        "khuya": (*range(5), *range(21, _WHOLE_DAY + 1)),
    }
    known = spans[part]
    if part in ("toi", "dem", "khuya", "trua", "chieu") and hour <= 12 and late in known and hour not in known:
        return late
    return hour if hour in known else None
