"""Vietnamese text: commit cleaning, search folding, sorting, and every row of the awkward-strings table."""

from __future__ import annotations

import csv
import functools
import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import text as vn

DATA = Path(__file__).resolve().parents[1] / "data"


def _awkward() -> dict[str, tuple[str, str]]:
    with (DATA / "awkward_strings.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["id"]: (
                json.loads(row["text_json"]),
                json.loads(row["nfc_json"]) if row["nfc_json"] else "",
            )
            for row in csv.DictReader(file)
        }


AWKWARD = _awkward()


def raw(key: str) -> str:
    return AWKWARD[key][0]


def same_search(left: str, right: str) -> bool:
    return vn.match_query(left) == vn.match_query(right) and vn.match_query(left) != []


# What each row's `expectation` asks of this module; a row that is missing here fails the test below.
EXPECTED: dict[str, Callable[[str], bool]] = {
    "A01": lambda s: vn.nfc(s) == AWKWARD["A01"][1] and same_search(s, AWKWARD["A01"][1]),
    "A02": lambda s: len(vn.nfc(s)) == len(AWKWARD["A02"][1]) and same_search(s, AWKWARD["A02"][1]),
    "A03": lambda s: vn.nfc(s) == AWKWARD["A03"][1] and vn.sort_key(s) == vn.sort_key(AWKWARD["A03"][1]),
    "A04": lambda s: vn.nfc(s) == "Việt Nam",
    "A05": lambda s: same_search(s, raw("A06")),
    "A06": lambda s: vn.nfc(s) != vn.nfc(raw("A05")) and vn.fold(s) == "hoa binh, thuy, khoe",
    "A07": lambda s: vn.fold(s) == "duong dang dinh dong, da nang",
    "A08": lambda s: vn.fold(s) == "da nang" and "d_lookalike" in vn.oddities(s),
    "A09": lambda s: vn.fold(s) == "da nang" and "d_lookalike" in vn.oddities(s),
    "A10": lambda s: vn.fold(s) == "nguyen van a" and "cyrillic_lookalike" in vn.oddities(s),
    "A11": lambda s: vn.fold(s) == "tong dai 111" and vn.nfc(s) == s and "fullwidth" in vn.oddities(s),
    "A12": lambda s: same_search(s, raw("A13")),
    "A13": lambda s: "'" not in vn.fts_expression(s) and vn.nfc(s) == s,
    "A14": lambda s: same_search(s, "H'Mông"),
    "A15": lambda s: vn.fold(s) == "y blia enuol, cu jut, buon ma thuot, kpa ho diep" and vn.nfc(s) == s,
    "A16": lambda s: vn.nfc(s) == s and vn.match_query(s)[0] == "y",
    "A17": lambda s: vn.nfc(s) == s and vn.clusters(s)[-1] == "💬",
    "A18": lambda s: all(
        vn.shorten(s, n)[:-1].rstrip() == "".join(vn.clusters(s)[: n - 1]).rstrip() for n in range(2, 16)
    ) and {"👨‍👩‍👧‍👦", "🇻🇳"} <= set(vn.clusters(s)) and vn.nfc(s) == s and "zero_width" not in vn.oddities(s),
    "A19": lambda s: vn.clusters(s) == [s] and vn.nfc(s) == s and not vn.is_blank(s),
    "A20": lambda s: vn.for_spreadsheet(s) == "'" + s,
    "A21": lambda s: vn.nfc(s) == s and vn.for_spreadsheet(s) == "'" + s,
    "A22": lambda s: vn.for_spreadsheet(s) == "'" + s,
    "A23": lambda s: vn.for_spreadsheet(s) == "'" + s,
    "A24": lambda s: vn.nfc(s) == s and vn.for_spreadsheet(s) == "'" + s,
    "A25": lambda s: vn.nfc(s) == s and '""' not in vn.fts_expression(s),
    "A26": lambda s: vn.nfc(s) == "Dòng một\nDòng hai\nDòng ba" and vn.fold(s) == "dong mot dong hai dong ba",
    "A27": lambda s: vn.fts_expression(s) == '"robert" AND "drop" AND "table" AND "cases"*' and vn.nfc(s) ==
    s, "A28": lambda s: vn.nfc(s) == s,
    "A29": lambda s: vn.nfc(s) == s,
    "A30": lambda s: vn.nfc(s) == "Tệp gpj.exe ảnh" and "direction" in vn.oddities(s),
    "A31": lambda s: vn.nfc(s) == s and vn.match_query("مريم")[0] in vn.match_query(s),
    "A32": lambda s: vn.fold(s) == "nguyen van a" and "zero_width" in vn.oddities(s),
    "A33": lambda s: vn.fold(s) == vn.fold("Trần Thị Mai") and vn.sort_key(s) == vn.sort_key("Trần Thị Mai"),
    "A34": lambda s: vn.nfc(s) == s and vn.match_query("阿明")[0] in vn.match_query(s),
    "A35": lambda s: len(vn.shorten(s, 40)) == 40 and len(vn.match_query(s)) == 1,
    "A36": lambda s: vn.nfc(s) == s and len(s) == 6239,
    "A37": lambda s: vn.nfc(s) == s and len(vn.match_query(s)) == 15,
    "A38": lambda s: vn.match_query(s) == ["y"] and vn.sort_key("Y") < vn.sort_key(s, given_first=True),
    "A39": lambda s: vn.is_blank(s) and vn.match_query(s) == [] and vn.fts_expression(s) == "",
    "A40": lambda s: vn.nfc(s) == "Ca ghi chú đỏ",
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(AWKWARD))
def test_every_awkward_string_behaves_as_its_row_expects(key: str) -> None:
    assert EXPECTED[key](raw(key)), key


def test_the_awkward_table_is_the_one_that_was_given() -> None:
    assert len(AWKWARD) == 40
    assert set(EXPECTED) == set(AWKWARD)


def test_dang_finds_dang_with_stroke_and_tones() -> None:
    assert vn.match_query("dang") == vn.match_query("Đặng") == ["dang"]
    assert vn.fold("Đường Nguyễn Huệ") == "duong nguyen hue"


def test_an_apostrophe_may_also_be_left_out_in_search() -> None:
    assert vn.fold("H\u2019Mông") == vn.fold("H'Mông") == vn.fold("Hmông") == "hmong"


def test_the_last_word_of_a_query_is_a_beginning() -> None:
    assert vn.fts_expression("Nguyễn Đ") == '"nguyen" AND "d"*'
    assert vn.fts_expression("lan", column="names") == 'names : ("lan"*)'


def test_folding_twice_changes_nothing_for_every_unicode_character() -> None:
    for code in range(0x110000):
        folded = vn.fold("x" + chr(code) + "x")
        assert vn.fold(folded) == folded, hex(code)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert vn.fold(vn.fold(text)) == vn.fold(text)


@given(st.text(alphabet="aăâeêoôơuưyđĐ ÁÀẢÃẠếềểễệ'’\u0301\u0323n\u0302"))
def test_search_does_not_care_in_which_unicode_form_a_name_arrived(text: str) -> None:
    assert vn.fold(unicodedata.normalize("NFD", text)) == vn.fold(unicodedata.normalize("NFC", text))


@given(st.text(alphabet=st.characters()))
def test_cleaned_text_is_nfc_storable_and_stays_as_it_is(text: str) -> None:
    clean = vn.nfc(text)
    assert unicodedata.is_normalized("NFC", clean)
    assert "\x00" not in clean
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert vn.nfc(clean) == clean


def test_a_lone_surrogate_does_not_lose_the_text_around_it() -> None:
    assert vn.nfc("bé\ud83d An") == "bé\ufffd An"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_shortened_text_never_shows_more_than_asked(text: str, limit: int) -> None:
    assert len(vn.clusters(vn.shorten(text, limit))) <= limit
    assert "".join(vn.clusters(text)) == text


def test_names_sort_as_icu_sorts_them_in_vietnamese() -> None:
    """The list was sorted by ICU 73 (QCollator, vi_VN) and frozen; 214 names and words with every letter and
    tone.
    """
    ordered = (DATA / "names_in_icu_vi_order.txt").read_text(encoding="utf-8").splitlines()
    assert len(ordered) >= 200
    shuffled = list(ordered)
    random.Random(111).shuffle(shuffled)
    assert sorted(shuffled, key=vn.sort_key) == ordered


def test_tones_and_letters_sort_in_dictionary_order() -> None:
    tones = ["ma", "má", "mà", "mả", "mạ", "mã"]
    assert sorted(tones, key=vn.sort_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert "".join(sorted("đăaưodâôơueê", key=vn.sort_key)) == "aăâdđeêoôơuư"


def test_given_name_first_puts_an_before_binh_whatever_the_family_name() -> None:
    names = ["Trần Văn Bình", "Vũ Thị An", "Nguyễn Văn An", "Đỗ Ân"]
    by_given = functools.partial(vn.sort_key, given_first=True)
    assert sorted(names, key=by_given) == ["Nguyễn Văn An", "Vũ Thị An", "Đỗ Ân", "Trần Văn Bình"]


@pytest.mark.parametrize("text", [None, "", " ", "\u3000\n\t", "\u200b\ufeff", "\x00"])
def test_text_without_anything_visible_counts_as_empty(text: str | None) -> None:
    assert vn.is_blank(text)


def test_one_letter_is_not_empty() -> None:
    assert not vn.is_blank("Ý")
