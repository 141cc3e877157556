"""The code lists: loading, faults named by file and line, retired codes that still read, search without tones."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from domain.codes.catalogue import Catalogue, CatalogueError, UnknownCodeError, load_last_good
from domain.numbering import CENTRE_DIGITS, CENTRES

CODES = Path(__file__).resolve().parents[2] / "resources" / "codes"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(CODES)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CODES, tmp_path / "codes"))


def test_every_list_loads_with_all_its_codes(catalogue: Catalogue) -> None:
    ours = (
        "ethnic_groups", "languages", "centres", "deadlines", "attempt_result", "emergency_reason", "number_alert",
        "export_purpose", "restricted_reason", "unmask_reason", "verification_method",
        "data_request",
    )  # fmt: skip
    assert set(ours) < set(catalogue)
    given_lists = [name for name in catalogue if name not in ours]
    assert (len(given_lists), sum(len(catalogue[name]) for name in given_lists)) == (31, 476)
    assert len(catalogue["ethnic_groups"]) == 54


def test_a_code_gives_its_label_and_its_place_in_the_tree(catalogue: Catalogue) -> None:
    outcomes = catalogue["contact_outcome"]
    assert outcomes["silent"].label_vi == "Im lặng"
    assert outcomes.is_a("silent", "non_counselling")
    assert not outcomes.is_a("silent", "report_contact")
    topics = catalogue["counselling_topic"]
    assert topics.is_a("rel_parents_conflict", "relationships")
    assert [code.code for code in topics.children("rel_family")] == [
        "rel_parents_conflict",
        "rel_parents_separated",
        "rel_siblings",
    ]
    assert [code.code for code in catalogue["urgency"].children()] == ["emergency", "high", "medium", "low"]


def test_unclassified_is_a_state_and_no_code(catalogue: Catalogue, copy: Path) -> None:
    assert "unclassified" not in catalogue["contact_outcome"]
    _append(copy, "contact_outcome.csv", "unclassified,Chưa phân loại,Unclassified,,270,practice,,")
    with pytest.raises(CatalogueError, match=r"contact_outcome.csv:28: .*state"):
        Catalogue.load(copy)


def test_an_unknown_code_reads_as_itself_and_looking_it_up_names_it(catalogue: Catalogue) -> None:
    urgency = catalogue["urgency"]
    assert urgency.label("catastrophic") == "catastrophic (mã chưa có trong danh mục của máy này)"
    assert urgency.label(None) == ""
    assert urgency.get("catastrophic") is None
    with pytest.raises(UnknownCodeError) as caught:
        urgency["catastrophic"]
    assert (caught.value.list_name, caught.value.code) == ("urgency", "catastrophic")
    with pytest.raises(UnknownCodeError):
        catalogue["no_such_list"]


def test_a_retired_code_is_not_offered_but_still_reads(catalogue: Catalogue) -> None:
    lines = catalogue["hotline_line"]
    old = lines["legacy_18001567"]
    assert old.valid_on(date(2017, 12, 5))
    assert not old.valid_on(date(2017, 12, 6))
    assert old not in lines.valid(date(2026, 11, 23))
    assert "18001567" in lines.label("legacy_18001567")
    today = catalogue.find("referral_agency_kind", "cuc", on=date(2026, 11, 23))
    assert "mothers_children_department" in [code.code for code in today]
    assert "child_department_before_2025" not in [code.code for code in today]
    assert "child_department_before_2025" in [code.code for code in catalogue.find("referral_agency_kind", "cuc")]


@pytest.mark.parametrize(
    ("list_name", "typed", "first"),
    [
        ("contact_outcome", "tu van", "counselling"),
        ("contact_outcome", "im", "silent"),
        ("counselling_topic", "bao luc hoc", "abuse_school_violence"),
        ("counselling_topic", "TÂM LÝ", "psychology"),
        ("ethnic_groups", "e de", "12"),
        ("languages", "h'mong", "hmong"),
        ("abuse_type", "bo roi", "neglect_abandonment"),
    ],
)
def test_search_needs_no_tones_and_puts_beginnings_first(
    catalogue: Catalogue, list_name: str, typed: str, first: str
) -> None:
    assert catalogue.find(list_name, typed)[0].code == first


def test_search_by_nothing_gives_the_list_and_by_nonsense_nothing(catalogue: Catalogue) -> None:
    assert catalogue.find("urgency", "  ") == catalogue["urgency"].codes
    assert catalogue.find("urgency", "xyzzy") == ()


def test_deadlines_that_nobody_verified_cannot_be_used(catalogue: Catalogue) -> None:
    deadlines = catalogue["deadlines"]
    assert len(deadlines) == 14
    assert {code.code for code in deadlines.unverified} == {
        "dv_no_contact_decision",
        "trafficking_victim_verification",
    }
    assert deadlines.get("dv_no_contact_decision") is None


def test_the_centres_agree_with_the_numbers_people_read_aloud(catalogue: Catalogue) -> None:
    centres = catalogue["centres"]
    assert {code.extra["seat_prefix"]: code.code for code in centres} == CENTRES
    assert {code.extra["seat_prefix"]: int(code.extra["digit"]) for code in centres} == CENTRE_DIGITS


def _append(folder: Path, file: str, line: str) -> None:
    with (folder / file).open("a", encoding="utf-8", newline="") as out:
        out.write(line + "\n")


URGENCY_LINES = 5
FAULTS = [
    ("urgency.csv", "worse,Tệ hơn,Worse,nowhere,50,practice,,", "parent 'nowhere' is not a code"),
    ("urgency.csv", "high,Cao,High,,50,practice,,", "code 'high' stands twice"),
    ("urgency.csv", "worse,Te\u0323\u0302 h\u01a1n,Worse,,50,practice,,", "not in NFC"),
    ("urgency.csv", "worse,Tệ hơn,Worse,,50,practice,2026-02-30,", "valid_from '2026-02-30' is not a date"),
    ("urgency.csv", "worse,Tệ hơn,Worse,,50,practice,20260101,", "valid_from '20260101' is not a date"),
    ("urgency.csv", "worse,Tệ hơn,Worse,,50,practice,2026-02-02,2026-02-01", "valid_to is before"),
    ("urgency.csv", "worse,Tệ hơn,Worse,,50,practice,", "7 columns instead of 8"),
    ("urgency.csv", "worse,Tệ hơn,Worse,,first,practice,,", "sort 'first'"),
    ("urgency.csv", "Worse!,Tệ hơn,Worse,,50,practice,,", "is not made of"),
    ("urgency.csv", "worse,,Worse,,50,practice,,", "label_vi is empty"),
    ("urgency.csv", "worse,Tệ hơn,Worse,worse,50,practice,,", "leads back"),
    ("urgency.csv", 'worse,"Tệ hơn,Worse,,50,practice,,', "is not valid CSV"),
]


@pytest.mark.parametrize(("file", "line", "problem"), FAULTS)
def test_a_fault_stops_the_load_with_file_and_line(copy: Path, file: str, line: str, problem: str) -> None:
    _append(copy, file, line)
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(copy)
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == (file, URGENCY_LINES + 1)


def test_wrong_columns_name_the_first_line(copy: Path) -> None:
    path = copy / "gender.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("parent", "mother", 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"^gender.csv:1: the columns must be code,"):
        Catalogue.load(copy)


def test_bytes_that_are_no_text_name_their_line(copy: Path) -> None:
    path = copy / "gender.csv"
    path.write_bytes(path.read_bytes().replace("Nữ".encode(), b"N\xff"))
    with pytest.raises(CatalogueError, match=r"^gender.csv:3: is not UTF-8"):
        Catalogue.load(copy)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_emptied_list_is_a_fault(copy: Path, content: bytes) -> None:
    (copy / "gender.csv").write_bytes(content)
    with pytest.raises(CatalogueError, match=r"^gender.csv:1: "):
        Catalogue.load(copy)


def test_a_missing_list_is_a_fault(copy: Path) -> None:
    (copy / "gender.csv").unlink()
    with pytest.raises(CatalogueError, match=r"^gender.csv:0: the list is missing"):
        Catalogue.load(copy)


def test_a_reference_to_another_list_must_exist(copy: Path) -> None:
    path = copy / "ethnic_groups.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",hmong\n", ",klingon\n"), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"^ethnic_groups.csv:9: language_code 'klingon' is not a code of"):
        Catalogue.load(copy)


def test_a_desk_with_a_damaged_list_runs_on_the_last_good_one_and_says_so(copy: Path) -> None:
    assert load_last_good(CODES, copy)[1] is None
    _append(copy, "urgency.csv", "worse,Tệ hơn,Worse,nowhere,50,practice,,")
    kept, complaint = load_last_good(copy, CODES)
    assert kept["urgency"]["emergency"].code == "emergency"
    assert complaint is not None
    assert "urgency.csv" in complaint
    assert "dòng 6" in complaint
    with pytest.raises(CatalogueError, match="nowhere"):
        load_last_good(copy, copy)
