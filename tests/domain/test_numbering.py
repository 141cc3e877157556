"""Codes people read aloud: check digit, contact codes, case codes, leased blocks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import numbering
from domain.numbering import NumberBlock, NumberingError

DAY = date(2026, 11, 23)
DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=20)
SEATS = st.builds(
    lambda prefix, number: f"{prefix}{number:02d}", st.sampled_from(["HN", "DN", "AG"]), st.integers(0, 99)
)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def test_the_codes_of_the_settled_points_come_out() -> None:
    assert numbering.contact_code("AG03", DAY, 42) == "AG03-261123-0422"
    assert numbering.contact_code("HN07", DAY, 427) == "HN07-261123-4279"
    assert numbering.case_code("CT", 2026, 3, 123) == "CT26-3-00123-4"
    assert numbering.check_digit("303261123042") == "2"
    assert numbering.check_digit("26300123") == "4"


def test_the_published_example_of_the_standard_comes_out() -> None:
    """ISO 7064 MOD 11,10 as worked out in the standard's own example: 0794 → 5."""
    assert numbering.check_digit("0794") == "5"


@given(DIGITS, st.data())
def test_every_single_wrong_digit_is_caught(digits: str, data: st.DataObject) -> None:
    full = digits + numbering.check_digit(digits)
    place = data.draw(st.integers(0, len(full) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != full[place]]))
    damaged = full[:place] + wrong + full[place + 1 :]
    assert numbering.check_digit(damaged[:-1]) != damaged[-1]


def test_nearly_every_swap_of_neighbours_is_caught() -> None:
    """Known of MOD 11,10: of the 90 ordered pairs of different neighbours at most a few slip through at any place."""
    caught = missed = 0
    for number in range(100_000):
        digits = f"{number:05d}"
        full = digits + numbering.check_digit(digits)
        for place in range(len(full) - 1):
            if full[place] == full[place + 1]:
                continue
            swapped = full[:place] + full[place + 1] + full[place] + full[place + 2 :]
            if numbering.check_digit(swapped[:-1]) == swapped[-1]:
                missed += 1
            else:
                caught += 1
    assert missed / (caught + missed) < 0.025


@given(SEATS, DAYS, st.integers(1, 200_000))
def test_a_contact_code_reads_back_as_what_it_was_made_from(seat: str, day: date, sequence: int) -> None:
    code = numbering.contact_code(seat, day, sequence)
    parsed = numbering.parse_contact_code(code)
    assert (parsed.seat, parsed.day, parsed.sequence, str(parsed)) == (seat, day, sequence, code)
    assert numbering.parse_contact_code(code.lower().replace("-", " ")) == parsed


def test_past_999_files_at_a_seat_on_a_day_the_sequence_grows() -> None:
    assert len(numbering.contact_code("AG03", DAY, 999)) == len("AG03-261123-0422")
    assert numbering.contact_code("AG03", DAY, 1000).startswith("AG03-261123-1000")
    assert numbering.parse_contact_code(numbering.contact_code("AG03", DAY, 1000)).sequence == 1000


@given(SEATS, DAYS, st.integers(1, 999), st.data())
def test_one_digit_heard_wrong_in_a_contact_code_is_refused(
    seat: str, day: date, sequence: int, data: st.DataObject
) -> None:
    code = numbering.contact_code(seat, day, sequence)
    place = data.draw(st.sampled_from([at for at, char in enumerate(code) if char.isdecimal()]))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != code[place]]))
    with pytest.raises(NumberingError):
        numbering.parse_contact_code(code[:place] + wrong + code[place + 1 :])


def test_the_wrong_centre_heard_is_refused() -> None:
    with pytest.raises(NumberingError, match="đọc lại"):
        numbering.parse_contact_code("HN03-261123-0422")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "AG03-261123-0422"),
        ("0900081502", "AG03-261123-0422"),
        ("XX03-261123-0422", "HN, DN hoặc AG"),
        ("AG03-261123-0423", "chữ số sai"),
        ("AG03-261123-000" + numbering.check_digit("303261123000"), "số thứ tự"),
        ("AG03-261323-042" + numbering.check_digit("303261323042"), "ngày không có thật"),
        ("AG03-261123-0042" + numbering.check_digit("3032611230042"), "số thứ tự"),
    ],
)
def test_a_contact_code_that_cannot_be_right_says_what_to_do_and_not_what_was_typed(
    typed: str, sentence: str
) -> None:
    with pytest.raises(NumberingError, match=sentence) as caught:
        numbering.parse_contact_code(typed)
    assert not typed or typed in "AG03-261123-0422" or typed not in str(caught.value)


@given(
    st.sampled_from(sorted(numbering.SERIES)),
    st.integers(2000, 2099),
    st.integers(1, 3),
    st.integers(1, 2_000_000),
)
def test_a_case_code_reads_back_as_what_it_was_made_from(series: str, year: int, centre: int, number: int) -> None:
    code = numbering.case_code(series, year, centre, number)
    parsed = numbering.parse_case_code(code)
    assert (parsed.series, parsed.year, parsed.centre_digit, parsed.number) == (series, year, centre, number)
    assert str(parsed) == code


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("CT26-3-00123-5", "chữ số sai"),
        ("XY26-3-00123-4", "CT, MB hoặc TL"),
        ("CT26", "không đúng dạng"),
        ("CT26-9-00123-" + numbering.check_digit("26900123"), "số không đúng"),
    ],
)
def test_a_case_code_that_cannot_be_right_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(NumberingError, match=sentence):
        numbering.parse_case_code(typed)


def test_a_seat_of_no_centre_is_refused() -> None:
    assert numbering.centre_of_seat("AG03") == "an_giang"
    for seat in ("ag03", "XX01", "HN3", "HN003", "", "HN0３"):
        with pytest.raises(NumberingError):
            numbering.centre_of_seat(seat)


def test_a_block_gives_each_number_once_and_then_none() -> None:
    block = NumberBlock("CT", 2026, 3, 123, 125, incarnation=1)
    given_codes = []
    while (step := block.next(1)) is not None:
        code, block = step
        given_codes.append(code)
    assert [code[:11] for code in given_codes] == ["CT26-3-0012", "CT26-3-0012", "CT26-3-0012"]
    assert [numbering.parse_case_code(code).number for code in given_codes] == [123, 124, 125]
    assert block.left == 0


def test_a_block_leased_to_another_incarnation_gives_nothing() -> None:
    assert NumberBlock("CT", 2026, 3, 1, 50, incarnation=1).next(2) is None


@pytest.mark.parametrize(("first", "last", "used"), [(0, 5, 0), (5, 4, 0), (1, 5, 6), (1, 5, -1)])
def test_a_block_that_cannot_be_is_refused(first: int, last: int, used: int) -> None:
    with pytest.raises(ValueError, match="block"):
        NumberBlock("CT", 2026, 3, first, last, 1, used)
