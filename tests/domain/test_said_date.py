"""Days as people write and say them are read as meant; 5/1/26 is not 1926."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import date_text
from domain.said_date import said_date

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("5/1/26", date(2026, 1, 5)),
        ("05/01/2026", date(2026, 1, 5)),
        ("5.1.26", date(2026, 1, 5)),
        ("ngày 5-1", date(2026, 1, 5)),
        ("25/12", date(2025, 12, 25)),
        ("25/12/26", date(1926, 12, 25)),
        ("25/12/2026", date(2026, 12, 25)),
        ("29/2/24", date(2024, 2, 29)),
        ("29/2/26", None),
        ("31/4/2026", None),
        ("Hôm nay", FRIDAY),
        ("hom qua", date(2026, 11, 19)),
        ("hôm kia", date(2026, 11, 18)),
        ("thứ 2", date(2026, 11, 16)),
        ("thu sau", FRIDAY),
        ("thứ bảy", date(2026, 11, 14)),
        ("Chủ nhật", date(2026, 11, 15)),
        ("tuần trước", None),
        ("", None),
    ],
)
def test_words_are_read_as_meant(words: str, day: date | None) -> None:
    assert said_date(words, FRIDAY) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("25/12", date(2026, 12, 25)),
        ("5/1", date(2027, 1, 5)),
        ("5/1/27", date(2027, 1, 5)),
        ("20/11", FRIDAY),
        ("ngày mai", date(2026, 11, 21)),
        ("thứ 2", date(2026, 11, 23)),
        ("thứ sáu", FRIDAY),
        ("chủ nhật", date(2026, 11, 22)),
        ("hôm qua", None),
        ("29/2", None),
    ],
)
def test_a_day_that_is_due_lies_ahead(words: str, day: date | None) -> None:
    assert said_date(words, FRIDAY, ahead=True) == day


@given(st.integers(0, 36_000))
def test_every_day_written_out_is_that_day_and_its_short_form_too(ago: int) -> None:
    day = FRIDAY - timedelta(days=ago)
    assert said_date(date_text(day), FRIDAY) == day
    if ago < 36_000 and day.year > 1926:
        assert said_date(f"{day.day}/{day.month}/{day.year % 100:02d}", FRIDAY) == day


@given(st.text(max_size=30))
def test_anything_typed_is_read_or_not_and_never_breaks(words: str) -> None:
    said = said_date(words, FRIDAY)
    assert said is None or isinstance(said, date)
