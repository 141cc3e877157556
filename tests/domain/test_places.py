"""Places on two maps: keys, mergers, names in time, and the commune box."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes.catalogue import Catalogue, CatalogueError
from domain.codes.places import NOW, OLD, Places, set_of_day, short_name

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
PLACES = Places(RESOURCES / "places")


def test_everything_is_there_and_every_reference_leads_somewhere() -> None:
    places = Places(RESOURCES / "places")
    places.check()
    assert (len(places.provinces(OLD)), len(places.provinces(NOW))) == (63, 34)
    communes = [commune for province in places.provinces() for commune in places.communes(province.code)]
    assert Counter(commune.type for commune in communes) == {"commune": 2599, "ward": 709, "special_zone": 13}


def test_a_province_code_alone_is_no_key() -> None:
    reused = {
        old.code: (old.name_vi, now.name_vi)
        for old in PLACES.provinces(OLD)
        if (now := PLACES.province(NOW, old.code)) and now.name_vi != old.name_vi
    }
    assert reused == {
        "15": ("Yên Bái", "Lào Cai"),
        "24": ("Bắc Giang", "Bắc Ninh"),
        "44": ("Quảng Bình", "Quảng Trị"),
        "52": ("Bình Định", "Gia Lai"),
        "80": ("Long An", "Tây Ninh"),
        "82": ("Tiền Giang", "Đồng Tháp"),
        "91": ("Kiên Giang", "An Giang"),
    }


def test_the_day_decides_which_map_a_code_belongs_to() -> None:
    assert (set_of_day(date(2025, 6, 30)), set_of_day(date(2025, 7, 1))) == (OLD, NOW)
    before, after = PLACES.province_of_day("80", date(2025, 6, 30)), PLACES.province_of_day("80", date(2025, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.key, before.name_vi, after.key, after.name_vi) == (
        ("63", "80"),
        "Long An",
        ("34", "80"),
        "Tây Ninh",
    )


def test_old_provinces_lead_to_new_ones_and_back_to_several() -> None:
    for old in PLACES.provinces(OLD):
        now = PLACES.new_province(old.code)
        assert now is not None
        assert old in PLACES.old_provinces(now.code)
    assert [old.name_vi for old in PLACES.old_provinces("79")] == ["Hồ Chí Minh", "Bình Dương", "Bà Rịa - Vũng Tàu"]
    assert PLACES.new_province("no") is None


def test_no_merger_crosses_the_border_of_a_centre() -> None:
    centres = Catalogue.load(RESOURCES / "codes")["centres"]
    for old in PLACES.provinces(OLD):
        now = PLACES.new_province(old.code)
        assert now is not None
        assert PLACES.centre_of(*old.key) == PLACES.centre_of(*now.key)
        assert old.centre in centres
    assert PLACES.centre_of("34", "91") == "an_giang"
    assert PLACES.centre_of("34", "00") is None


def test_a_place_keeps_the_name_it_had_on_a_day() -> None:
    assert PLACES.province_name("34", "75", date(2026, 4, 29)) == "Tỉnh Đồng Nai"
    assert PLACES.province_name("34", "75", date(2026, 4, 30)) == "Thành phố Đồng Nai"
    assert PLACES.commune_name("34", "07375", date(2026, 9, 19)) == "Xã Lạng Giang"
    assert PLACES.commune_name("34", "07375", date(2026, 9, 20)) == "Phường Lạng Giang"
    assert PLACES.commune_name("34", "no", date(2026, 9, 20)) is None


def test_a_divided_commune_has_several_places_today_with_the_default_first() -> None:
    old = PLACES.commune("63", "00019")
    assert old is not None
    assert (old.name_full_vi, old.district, old.type) == ("Phường Điện Biên", "Quận Ba Đình", "ward")
    assert [one.code for one in PLACES.new_communes("00019")] == ["00004", "00070", "00190", "00226"]
    assert PLACES.new_communes("no") == ()


def test_a_province_is_found_by_other_names_and_by_what_it_swallowed() -> None:
    assert [one.name_vi for one in PLACES.find_province("hn")] == ["Hà Nội"]
    assert [one.name_vi for one in PLACES.find_province("binh duong")] == ["Hồ Chí Minh"]
    assert PLACES.find_province("an gi")[0].name_vi == "An Giang"
    assert [one.name_vi for one in PLACES.find_province("long an", OLD)] == ["Long An"]
    assert len(PLACES.find_province("")) == 34


def names(query: str, province: tuple[str, str] | None = None) -> list[tuple[str, str]]:
    hits = PLACES.find_commune(query, province=province)
    found = [(PLACES.commune("34", hit.code), hit.reason) for hit in hits]
    return [(commune.name_full_vi, reason) for commune, reason in found if commune]


def test_a_commune_is_found_by_its_old_name_with_the_reason() -> None:
    assert names("cong vi ba dinh") == [
        ("Phường Ngọc Hà", "tên cũ: Phường Cống Vị, Quận Ba Đình, Hà Nội"),
        ("Phường Giảng Võ", "tên cũ: Phường Cống Vị, Quận Ba Đình, Hà Nội"),
    ]
    assert names("tt dong anh")[0] == ("Xã Đông Anh", "tên cũ: Thị trấn Đông Anh, Huyện Đông Anh, Hà Nội")
    assert names("phuong 4 tan an")[0] == ("Phường Tân Ninh", "tên cũ: Phường 4, Thành phố Tân An, Long An")


def test_a_commune_is_found_by_its_own_name_without_a_reason_and_before_old_names() -> None:
    assert names("ngoc ha")[0] == ("Phường Ngọc Hà", "")
    assert names("Bạch Long Vĩ") == [("Đặc khu Bạch Long Vĩ", "")]
    assert names("xã lạng giang")[0] == ("Phường Lạng Giang", "")


def test_a_province_narrows_the_search_by_its_old_or_new_key() -> None:
    everywhere = names("tan phu")
    assert len({name for name, _ in everywhere}) >= 2
    dong_nai = PLACES.find_commune("tan phu", province=("34", "75"))
    assert dong_nai
    found = [PLACES.commune("34", hit.code) for hit in dong_nai]
    assert {commune.province for commune in found if commune} == {("34", "75")}
    by_old = PLACES.find_commune("tan phu", province=("63", "75"))
    assert by_old == dong_nai


def test_every_commune_of_today_is_first_or_shares_its_name_when_its_name_and_province_are_typed() -> None:
    for province in PLACES.provinces()[::5]:
        for commune in PLACES.communes(province.code)[::7]:
            hits = PLACES.find_commune(commune.name_full_vi, province=province.key, limit=5)
            assert commune.code in [hit.code for hit in hits]


def test_searching_stays_below_twenty_milliseconds() -> None:
    PLACES.warm()
    for query in ("t", "x", "xa", "p", "tan", "tan phu", "xa tan phu", "thi tran", "a b", "cong vi ba dinh", "zzz"):
        best = 1.0
        for _ in range(5):
            start = time.thread_time()
            PLACES.find_commune(query)
            best = min(best, time.thread_time() - start)
        assert best < 0.020, (query, best)


def test_reading_the_maps_stays_below_sixty_milliseconds() -> None:
    best = 1.0
    for _ in range(3):
        places = Places(RESOURCES / "places")
        start = time.thread_time()
        assert places.commune("34", "00004")
        assert places.commune("63", "00019")
        assert places.province("34", "01")
        best = min(best, time.thread_time() - start)
    assert best < 0.060


@given(st.text(max_size=30), st.integers(-1, 30))
def test_no_text_makes_the_commune_box_fail(query: str, limit: int) -> None:
    assert len(PLACES.find_commune(query, limit=limit)) <= max(limit, 0)


def test_a_number_is_no_name_without_its_type() -> None:
    assert (short_name("Phường 4"), short_name("Thị Trấn Ái Tử"), short_name("Xã Đông Anh")) == (
        "Phường 4",
        "Ái Tử",
        "Đông Anh",
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("communes_legacy.csv", ",00097\n", ",99999\n", "'99999' is no commune of today"),
        ("communes_3321.csv", "00008,01,", "00008,99,", "province '99' is not one of the 34"),
        ("province_mergers.csv", "\n02,08,", "\n02,99,", "is no province"),
        ("provinces_34.csv", "\n04,", "\n01,", "code '01' stands twice"),
        ("regions.csv", "scheme,code", "scheme,kode", "the columns must be"),
    ],
)
def test_a_damaged_map_is_named_by_file_and_line(tmp_path: Path, file: str, old: str, new: str, problem: str) -> None:
    folder = Path(shutil.copytree(RESOURCES / "places", tmp_path / "places"))
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8", newline="")
    with pytest.raises(CatalogueError, match=problem) as caught:
        Places(folder).check()
    assert caught.value.file == file
    assert caught.value.line > 0
