"""Words of the screens: translation, times of day, durations and ages in plain Vietnamese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Final

from desktop.reference import RESOURCES
from domain.clock import DAY, HOUR, MINUTE, SECOND, vn_datetime, vn_text

VIETNAMESE: Final = "vi"
ENGLISH: Final = "en"
FILES: Final = ("screens.toml", "sentences.toml", "lists.toml", "commands.toml")
"""What the screens say, what other rooms say, what forms and the directory say, what commands say on a terminal:
`resources/i18n/en`."""

_HOLE: Final = re.compile(r"\{[^{}]*\}")


class _Spoken:
    """The desk's language and, for English, its sentences: of the screens, and of everything else."""

    def __init__(self) -> None:
        self.language = VIETNAMESE
        self.screens: dict[str, str] = {}
        self.others: dict[str, str] = {}
        self.shapes: list[tuple[re.Pattern[str], str]] = []

    def learn(self, language: str) -> None:
        self.__init__()  # type: ignore[misc]  # back to the source's own language, then what is asked for
        if language != ENGLISH:
            return
        screens, *others = (tomllib.loads((RESOURCES / "i18n" / "en" / name).read_text("utf-8")) for name in FILES)
        self.language, self.screens = ENGLISH, screens
        for words in others:
            self.others |= words
        self.shapes = [(_shape(text), told) for text, told in self.others.items() if "{" in text]


_spoken = _Spoken()


def speak(language: str) -> None:
    """Say everything from now on in `vi` or `en`; what is on the screen already stays as it is.

    Raises OSError or ValueError where the sentences cannot be read.
    """
    if language != _spoken.language:
        _spoken.learn(language)


def language() -> str:
    """The language everything is said in now."""
    return _spoken.language


def tr(text: str) -> str:
    """The sentence in the language of the desk; the source is Vietnamese."""
    return _spoken.screens.get(text, text)


def spoken(text: str) -> str:
    """A whole sentence of another room (a trouble's advice, a rule's finding, a label of a form) in the language of
    the desk. Sentences with values in them are known by their shape; a value that is itself known is told too."""
    if _spoken.language == VIETNAMESE or not text:
        return text
    told = _spoken.others.get(text) or _spoken.screens.get(text)
    if told is not None:
        return told
    for shape, words in _spoken.shapes:
        found = shape.fullmatch(text)
        if found is not None:
            return words.format(**{name: spoken(value) for name, value in found.groupdict().items()})
    return text


def _shape(text: str) -> re.Pattern[str]:
    """What a sentence with {names} for its values looks like once they stand in it."""
    parts: Iterable[str] = _HOLE.split(text)
    names = [hole[1:-1] for hole in _HOLE.findall(text)]
    first, *rest = map(re.escape, parts)
    holes = (f"(?P<{name}>.*){part}" for name, part in zip(names, rest, strict=True))
    return re.compile(first + "".join(holes), re.DOTALL)


def clock_text(ms: int) -> str:
    """HH:mm:ss in Vietnam time, for "đã lưu 14:05:07"."""
    return vn_datetime(ms).strftime("%H:%M:%S")


def minute_text(ms: int) -> str:
    """HH:mm in Vietnam time."""
    return vn_datetime(ms).strftime("%H:%M")


def when_text(ms: int, now_ms: int) -> str:
    """HH:mm today, dd/MM/yyyy HH:mm on another day (Vietnam time)."""
    if vn_datetime(ms).date() == vn_datetime(now_ms).date():
        return minute_text(ms)
    return vn_text(ms)


def moment_text(ms: int, now_ms: int) -> str:
    """A moment to come, with all by which a misheard one is noticed: "hôm nay, thứ sáu 27/11, 17:30"."""
    at, today = vn_datetime(ms), vn_datetime(now_ms).date()
    weekdays = (
        tr("thứ hai"), tr("thứ ba"), tr("thứ tư"), tr("thứ năm"), tr("thứ sáu"), tr("thứ bảy"), tr("chủ nhật"),
    )  # fmt: skip
    near = {0: tr("hôm nay"), 1: tr("ngày mai"), 2: tr("ngày kia")}.get((at.date() - today).days, "")
    day = f"{at.day}/{at.month}" if at.year == today.year else f"{at.day}/{at.month}/{at.year}"
    return ", ".join(filter(None, (near, f"{weekdays[at.weekday()]} {day}", minute_text(ms))))


def span_text(ms: int) -> str:
    """A length of time in words, the two largest units: "3 ngày 6 giờ", "4 phút", "dưới 1 phút"."""
    ms = abs(ms)
    days, hours, minutes = ms // DAY, ms % DAY // HOUR, ms % HOUR // MINUTE
    if days:
        return (
            tr("{days} ngày {hours} giờ").format(days=days, hours=hours)
            if hours
            else tr("{days} ngày").format(days=days)
        )
    if hours:
        return (
            tr("{hours} giờ {minutes} phút").format(hours=hours, minutes=minutes)
            if minutes
            else tr("{hours} giờ").format(hours=hours)
        )
    return tr("{minutes} phút").format(minutes=minutes) if minutes else tr("dưới 1 phút")


def remaining_text(due_ms: int, now_ms: int) -> str:
    """How long until a deadline, or how long ago it passed, in words."""
    left = due_ms - now_ms
    if left >= 0:
        return tr("còn {span}").format(span=span_text(left))
    return tr("quá hạn {span}").format(span=span_text(left))


def number_text(count: int) -> str:
    """A whole number with its thousands apart: "1.234", in English "1,234"."""
    words = f"{count:,}"
    return words if language() == ENGLISH else words.replace(",", ".")


def talk_text(ms: int) -> str:
    """Minutes and seconds of a running call: 04:12, with hours from the first hour on."""
    seconds = max(0, ms) // SECOND
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:d}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def brief(label: str) -> str:
    """The first words of a code's label, without what it explains in brackets: for a narrow column."""
    return label.partition(" (")[0]
