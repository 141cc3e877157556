"""Ages as callers say them are read as meant; nobody is born tomorrow, and 5/1/26 is not 1926."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import date_text
from domain.said_age import OLDEST, SaidAge, said_age

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("9", SaidAge(years=9)),
        (" 9 tuổi ", SaidAge(years=9)),
        ("khoảng 7 tuổi", SaidAge(years=7, estimated=True)),
        ("khoang 7", SaidAge(years=7, estimated=True)),
        ("~7", SaidAge(years=7, estimated=True)),
        ("Hơn 10 tuổi", SaidAge(years=10, estimated=True)),
        ("8 tháng", SaidAge(years=0)),
        ("khoảng 18 tháng tuổi", SaidAge(years=1, estimated=True)),
        ("năm sinh 2014", SaidAge(birth_year=2014)),
        ("sinh năm 2014", SaidAge(birth_year=2014)),
        ("SN 2014", SaidAge(birth_year=2014)),
        ("2014", SaidAge(birth_year=2014)),
        ("5/1/26", SaidAge(birth_date=date(2026, 1, 5))),
        ("5/12/26", SaidAge(birth_date=date(1926, 12, 5))),
        ("ngày sinh 5-1-2014", SaidAge(birth_date=date(2014, 1, 5))),
        ("31.2.2014", None),
        ("2027", None),
        ("7 hoặc 8", None),
        ("131", None),
        ("bé lắm", None),
        ("", None),
    ],
)
def test_words_are_read_as_meant(words: str, said: SaidAge | None) -> None:
    assert said_age(words, TODAY) == said


@given(st.integers(0, 36_000))
def test_every_day_of_birth_written_out_is_that_day(days: int) -> None:
    born = TODAY - timedelta(days=days)
    said = said_age(date_text(born), TODAY)
    assert said == SaidAge(birth_date=born)
    assert said is not None
    assert 0 <= said.years_on(TODAY) <= OLDEST
    birthday = said.years_on(date(TODAY.year, 12, 31))
    assert birthday == TODAY.year - born.year


@given(st.text(max_size=30))
def test_anything_typed_is_read_or_not_and_never_breaks(words: str) -> None:
    said = said_age(words, TODAY)
    assert said is None or 0 <= said.years_on(TODAY) <= OLDEST
