"""Words of the screens: translation, times of day, durations and ages in plain Vietnamese."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from domain.clock import DAY, HOUR, MINUTE, SECOND, vn_datetime, vn_text


def tr(text: str) -> str:
    """The sentence in the language of the desk; the source is Vietnamese."""
    return QCoreApplication.translate("tram111", text)


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


def talk_text(ms: int) -> str:
    """Minutes and seconds of a running call: 04:12, with hours from the first hour on."""
    seconds = max(0, ms) // SECOND
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:d}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def brief(label: str) -> str:
    """The first words of a code's label, without what it explains in brackets: for a narrow column."""
    return label.partition(" (")[0]
