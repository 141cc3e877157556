"""Moments to come as people write and say them are read as meant; what names none is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import DAY, MINUTE, vn_text, vn_to_ms
from domain.said_time import said_time

NOW = vn_to_ms("2026-11-27 16:10:00")
"""A Friday."""


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("17:30", "27/11/2026 17:30"),
        ("17h30", "27/11/2026 17:30"),
        ("17h", "27/11/2026 17:00"),
        ("17 giờ", "27/11/2026 17:00"),
        ("17 giờ 30 phút", "27/11/2026 17:30"),
        ("17g15", "27/11/2026 17:15"),
        ("17h5", "27/11/2026 17:05"),
        ("sau 17h", "27/11/2026 17:00"),
        ("từ 17h trở đi", "27/11/2026 17:00"),
        ("lúc 5h chiều", "27/11/2026 17:00"),
        ("5 rưỡi chiều", None),
        ("5h rưỡi chiều", "27/11/2026 17:30"),
        ("8h tối", "27/11/2026 20:00"),
        ("8h kém 15 tối", "27/11/2026 19:45"),
        ("tối nay 8h30", "27/11/2026 20:30"),
        ("20h tối nay", "27/11/2026 20:00"),
        ("12h đêm nay", "28/11/2026 00:00"),
        ("1h đêm nay", "28/11/2026 01:00"),
        ("mai 8h", "28/11/2026 08:00"),
        ("8h mai", "28/11/2026 08:00"),
        ("8h sáng mai", "28/11/2026 08:00"),
        ("Sáng mai, 8h", "28/11/2026 08:00"),
        ("8H SANG MAI", "28/11/2026 08:00"),
        ("trưa mai 12h", "28/11/2026 12:00"),
        ("1h trưa mai", "28/11/2026 13:00"),
        ("ngày mốt 9h", "29/11/2026 09:00"),
        ("mai sau 17h", "28/11/2026 17:00"),
        ("28/11 9h", "28/11/2026 09:00"),
        ("9h ngày 28/11", "28/11/2026 09:00"),
        ("9h 28/11/2026", "28/11/2026 09:00"),
        ("9:00 28/11/2026", "28/11/2026 09:00"),
        ("thứ hai 8h", "30/11/2026 08:00"),
        ("thứ 2 tới 8h", "30/11/2026 08:00"),
        ("tối thứ 2, 8h", "30/11/2026 20:00"),
        ("thứ sáu 8h", "04/12/2026 08:00"),
        ("thứ sáu 18h", "27/11/2026 18:00"),
        ("chủ nhật 15h", "29/11/2026 15:00"),
        ("30 phút nữa", "27/11/2026 16:40"),
        ("30p nữa", "27/11/2026 16:40"),
        ("sau 30 phút", "27/11/2026 16:40"),
        ("2 tiếng nữa", "27/11/2026 18:10"),
        ("2 giờ nữa", "27/11/2026 18:10"),
        ("2h nữa", "27/11/2026 18:10"),
        ("nửa tiếng nữa", "27/11/2026 16:40"),
        ("1 tiếng rưỡi nữa", "27/11/2026 17:40"),
        ("1 tiếng 15 phút nữa", "27/11/2026 17:25"),
        ("8h", "27/11/2026 08:00"),
        ("8h sáng nay", "27/11/2026 08:00"),
        ("26/11 9h", "26/11/2027 09:00"),
        ("", None),
        ("17", None),
        ("17:3", None),
        ("17:75", None),
        ("25h", None),
        ("mai", None),
        ("8h chiều", None),
        ("15h sáng", None),
        ("hôm qua 8h", None),
        ("30/2 9h", None),
        ("17h hoặc 18h", None),
        ("17h-19h", None),
        ("khi nào mẹ đi làm", None),
        ("30 phút", None),
        ("2 tiếng", None),
    ],
)
def test_words_are_read_as_meant(words: str, moment: str | None) -> None:
    at = said_time(words, NOW)
    assert (vn_text(at) if at is not None else None) == moment


def test_the_small_hours_of_a_night_that_has_begun_are_today() -> None:
    at = said_time("1h đêm nay", vn_to_ms("2026-11-27 00:30:00"))
    assert at == vn_to_ms("2026-11-27 01:00:00")


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 60))
def test_a_moment_written_out_is_read_back(hour: int, minute: int, days: int) -> None:
    at = vn_to_ms("2026-11-27 00:00:00") + days * DAY + (hour * 60 + minute) * MINUTE
    day, _, clock = vn_text(at).partition(" ")
    assert said_time(f"{day} {clock}", NOW) == at
    assert said_time(f"{clock} {day}", NOW) == at


@given(st.text(max_size=30))
def test_no_words_break_the_reader(words: str) -> None:
    at = said_time(words, NOW)
    assert at is None or isinstance(at, int)
