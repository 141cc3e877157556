"""Phone numbers: one key however written, shown, hidden, found by the last digits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import phones

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "written",
    [
        "0900081502", "+84900081502", "84900081502", "0900 081 502", "(+84) 900-081-502", "0900.081.502",
        "0084900081502", "+84 0900 081 502", "０９０００８１５０２", "+84\u00a0900\u202f081502",
    ],
)  # fmt: skip
def test_one_number_has_one_key_however_it_is_written(written: str) -> None:
    assert phones.normalise(written) == "+84900081502"


@pytest.mark.parametrize(
    ("written", "key", "shown", "hidden"),
    [
        ("0900081502", "+84900081502", "0900 081 502", "09•• ••• •02"),
        ("02438123456", "+842438123456", "024 3812 3456", "02• •••• ••56"),
        ("18001567", "+8418001567", "1800 1567", "18•• ••67"),
        ("0168 123 4567", "+841681234567", "01681234567", "01•••••••67"),
        ("+1 202 555 0143", "+12025550143", "+1 202-555-0143", "+1 2••-•••-••43"),
        ("113", "113", "113", "113"),
        ("9092", "9092", "9092", "••••"),
        ("anonymous", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_number_is_keyed_shown_and_hidden(written: str, key: str, shown: str, hidden: str) -> None:
    assert (phones.normalise(written), phones.display(written), phones.masked(written)) == (key, shown, hidden)


@pytest.mark.parametrize("short", sorted(phones.SHORT_NUMBERS))
def test_emergency_numbers_are_numbers_though_the_library_calls_them_invalid(short: str) -> None:
    assert phones.normalise(short) == phones.display(short) == phones.masked(short) == short


@given(st.text(alphabet="0123456789+() -.x", max_size=16))
def test_a_key_is_its_own_key(text: str) -> None:
    key = phones.normalise(text)
    assert phones.normalise(key) == key
    assert phones.normalise(phones.display(key)) == key


@given(st.integers(0, 99_999))
def test_every_invented_number_of_the_day_is_one_number_in_both_forms(tail: int) -> None:
    assert phones.normalise(f"09000{tail:05d}") == phones.normalise(f"+849000{tail:05d}") == f"+849000{tail:05d}"


@given(st.text())
def test_no_text_makes_a_phone_function_fail(text: str) -> None:
    key = phones.normalise(text)
    assert key == "" or key.lstrip("+").isdecimal()
    phones.display(text)
    phones.masked(text)
    assert phones.tail_query(text) == "" or phones.tail_query(text).isdecimal()


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True))
def test_a_hidden_number_keeps_two_digits_at_each_end(number: str) -> None:
    hidden = phones.masked(number)
    assert [char for char in hidden if char.isdecimal()] == [*number[:2], *number[-2:]]
    assert hidden.count("•") == 6


@pytest.mark.parametrize("typed", ["2", "502", "081 502", "0900081502", "+84900081502"])
def test_a_number_is_found_by_its_last_digits(typed: str) -> None:
    assert phones.tail_key("+84900081502").startswith(phones.tail_query(typed))


def test_other_last_digits_do_not_find_it() -> None:
    assert not phones.tail_key("+84900081502").startswith(phones.tail_query("503"))
    assert phones.last_digits("0900081502") == "502"
    assert phones.last_digits("+84900081502", 4) == "1502"


def test_start_up_and_mobile_numbers_do_not_load_the_library() -> None:
    script = (
        "import sys; from domain import phones; phones.display('0900081502'); print('phonenumbers' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
