"""The veil over a file: its names and numbers go wherever they stand, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.privacy.veil import Veil

VEIL = Veil(["Đặng Thị Ngọc Ẵm", "Đặng Thị Ngọc", "Na", "H'Mây"], ["0900081502", "+84900047028"])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Cháu Đặng Thị Ngọc Ẵm gọi", "Cháu Đ. T. N. Ẵ. gọi"),
        ("dang thi ngoc am, 9 tuổi", "Đ. T. N. Ẵ., 9 tuổi"),
        ("ĐẶNG THỊ NGỌC và ĐẶNG  THỊ\nNGỌC ẴM", "Đ. T. N. và Đ. T. N. Ẵ."),
        ("Bé Na khóc; nà, ná thì không", "Bé N. khóc; nà, ná thì không"),
        ("em H'Mây, em hmay", "em H., em hmay"),
        ("gọi 0900 081 502 hay +84 900.081.502", "gọi 09•• ••• •02 hay 09•• ••• •02"),
        ("số 0900081503, năm 2026", "số 0900081503, năm 2026"),
        ("", ""),
    ],
)
def test_names_and_numbers_are_masked_in_any_spelling(said: str, shown: str) -> None:
    assert VEIL.text(said) == shown


def test_a_field_is_masked_by_what_it_is() -> None:
    assert VEIL.field("person", "full_name", "Ai Đó Khác") == "A. Đ. K."
    assert VEIL.field("phone", "number", "0911222333") == "09•• ••• •33"
    assert VEIL.field("person", "birth_date", "2017-01-02") == "•••"
    assert VEIL.field("note", "text", "Na ơi") == "N. ơi"
    assert VEIL.field("case", "abuse_types", ["Na", "b"]) == ["N.", "b"]
    assert VEIL.field("person", "age_years", 9) == 9
    assert VEIL.field("person", "full_name", None) is None
    assert Veil([], []).text("Na, 0900081502") == "Na, 0900081502"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_it_and_no_whole_name_or_number_stays(before: str, after: str) -> None:
    said = f"{before} Đặng Thị Ngọc Ẵm, 0900081502 {after}"
    shown = VEIL.text(said)
    assert "Thị Ngọc Ẵm" not in shown
    assert VEIL.text(VEIL.text(before)) == VEIL.text(before)
