"""Masks: something stays to recognise by, nothing stays to read."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.privacy import masks

TODAY = date(2026, 11, 25)


def test_each_mask_shows_what_the_hotline_asked_for() -> None:
    assert masks.phone("+84901234547") == "09•• ••• •47"
    assert masks.name("Nguyễn Thị Bé") == "N. T. B."
    assert masks.name("Ðặng  (mẹ) Ánh") == "Ð. Á."
    assert masks.name("  ") == masks.name(None) == ""
    assert masks.age("2014-11-26", TODAY) == 11
    assert masks.age("2014-11-25", TODAY) == 12
    assert masks.age("soon", TODAY) is masks.age(None, TODAY) is masks.age("2027-01-01", TODAY) is None
    assert masks.address("Xã An Phú", "An Giang") == "Xã An Phú, An Giang"
    assert masks.address(None, "An Giang") == "An Giang"
    assert (masks.text("Cháu bị đánh"), masks.text("")) == (masks.HIDDEN, "")


@given(st.text(max_size=60))
def test_no_mask_lets_a_word_or_a_number_through(said: str) -> None:
    assert all(len(word) <= 12 and word.endswith(".") for word in masks.name(said).split())
    assert masks.text(said) in ("", masks.HIDDEN)


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True))
def test_a_masked_number_keeps_four_digits(number: str) -> None:
    shown = masks.phone(number)
    assert sum(char.isdigit() for char in shown) == 4
    assert shown[:2] == number[:2]
    assert shown[-2:] == number[-2:]
