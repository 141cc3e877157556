"""Intake rules: findings that never block, keys and outcomes, caution ranks, children that may be known already."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes.catalogue import Catalogue
from domain.rules import triage
from domain.rules.duplicates import MAX_SUGGESTIONS, THRESHOLD, ChildLook, compare, suggest
from domain.rules.intake import F8_VALUES, Draft, Findings, age_group_of, age_on, check_file, check_report
from domain.rules.outcomes import BY_KEY, KEYS, Deed, Leaves, hints_at_silent_script, is_in_depth, leaves, selectable

CATALOGUE = Catalogue.load(Path(__file__).resolve().parents[2] / "resources" / "codes")
TODAY = date(2026, 11, 23)
FULL = Draft(
    topics=("psy_anxiety",),
    caller_kind="child",
    age_group="age_11_14",
    sex="female",
    province=("34", "91"),
    summary="Em lo lắng trước kỳ thi.",
)


def fields(found: Findings) -> list[str]:
    return [finding.field for finding in found.missing + found.warnings]


def test_six_values_complete_a_consulted_file() -> None:
    assert check_file(FULL, CATALOGUE, TODAY) == Findings((), ())
    assert list(F8_VALUES) == ["topics", "caller_kind", "age_group", "sex", "province", "summary"]


@pytest.mark.parametrize("field", list(F8_VALUES))
def test_each_missing_value_is_pointed_at_by_one_sentence(field: str) -> None:
    empty: Any = () if field == "topics" else " \u200b" if field == "summary" else None
    found = check_file(dataclasses.replace(FULL, **{field: empty}), CATALOGUE, TODAY)
    assert [one.field for one in found.missing] == [field]
    assert found.missing[0].sentence.endswith(".")
    assert not found.complete


def test_a_report_has_nothing_mandatory_but_urges_place_and_safety() -> None:
    found = check_report(Draft(), CATALOGUE, TODAY)
    assert found.complete
    assert fields(found)[:2] == ["child_whereabouts", "child_safe_now"]
    whole = Draft(
        child_whereabouts="ở nhà bà ngoại",
        child_safe_now="yes",
        urgency="high",
        abuse_types=("violence_physical",),
        province=("34", "91"),
        commune=("34", "30307"),
    )
    assert check_report(whole, CATALOGUE, TODAY) == Findings((), ())
    assert fields(check_report(dataclasses.replace(whole, child_safe_now="no"), CATALOGUE, TODAY)) == ["urgency"]
    assert fields(check_report(dataclasses.replace(whole, commune=None), CATALOGUE, TODAY)) == ["commune"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"caller_kind": "martian"}, "caller_kind"),
        ({"topics": ("psy_anxiety", "no_such")}, "topics"),
        ({"topics": ("psy_anxiety", "rel_family", "online", "education")}, "topics"),
        ({"abuse_types": ("no_such",)}, "abuse_types"),
        ({"child_age": 200}, "child_age"),
        ({"child_age": 8}, "age_group"),
        ({"child_age": 30, "age_group": "age_26_40"}, "caller_kind"),
        ({"birth_date": date(2027, 1, 1)}, "birth_date"),
        ({"birth_date": date(2014, 1, 1), "child_age": 7, "age_group": "age_0_10"}, "child_age"),
        ({"language": "khmer"}, "needs_interpreter"),
        ({"child_name": "\u00d0ặng An"}, "child_name"),
    ],
)
def test_what_does_not_fit_is_pointed_at(change: dict[str, Any], field: str) -> None:
    found = check_file(dataclasses.replace(FULL, **change), CATALOGUE, TODAY)
    assert found.complete
    assert fields(found) == [field]


@given(
    st.builds(
        Draft,
        topics=st.lists(st.text(max_size=5), max_size=5).map(tuple),
        caller_kind=st.none() | st.text(max_size=5),
        age_group=st.none() | st.text(max_size=5),
        summary=st.none() | st.text(),
        child_name=st.none() | st.text(),
        child_age=st.none() | st.integers(),
        birth_date=st.none() | st.dates(),
        urgency=st.none() | st.text(max_size=5),
        language=st.none() | st.text(max_size=5),
    )
)
def test_no_draft_makes_the_rules_fail(draft: Draft) -> None:
    check_file(draft, CATALOGUE, TODAY)
    assert check_report(draft, CATALOGUE, TODAY).complete


def test_ages_fall_into_the_published_groups_without_a_gap() -> None:
    groups = [age_group_of(age) for age in range(131)]
    assert None not in groups
    assert all(group in CATALOGUE["age_group"] for group in groups if group)
    assert [age_group_of(age) for age in (10, 11, 14, 15, 18, 19, -1, 131)] == [
        "age_0_10", "age_11_14", "age_11_14", "age_15_18", "age_15_18", "age_19_25", None, None,
    ]  # fmt: skip
    assert (age_on(date(2016, 11, 24), TODAY), age_on(date(2016, 11, 23), TODAY)) == (9, 10)
    assert age_on(date(2016, 2, 29), date(2026, 2, 28)) == 9


def test_the_default_keys_are_those_of_the_hotline() -> None:
    assert [key.key for key in KEYS] == [f"F{number}" for number in range(1, 13)]
    assert {key.key: key.outcomes[0] for key in KEYS if key.deed is Deed.OUTCOME} == {
        "F2": "silent", "F3": "hang_up", "F4": "wrong_number", "F5": "prank", "F6": "abusive_caller",
        "F7": "information",
    }  # fmt: skip
    assert BY_KEY["F8"].outcomes == ("counselling", "in_depth_counselling")
    assert BY_KEY["F9"].outcomes == ("report_of_abuse", "report_of_risk")
    assert (BY_KEY["F10"].deed, BY_KEY["F11"].deed, BY_KEY["F12"].deed, BY_KEY["F1"].deed) == (
        Deed.ADD_TO_CASE, Deed.INTERPRETER, Deed.PRIVACY, Deed.HELP,
    )  # fmt: skip


def test_every_outcome_can_be_given_except_missed_headings_and_the_unclassified_state() -> None:
    offered = selectable(CATALOGUE)
    outcomes = CATALOGUE["contact_outcome"]
    headings = {code.parent for code in outcomes if code.parent}
    assert set(offered) == {code.code for code in outcomes} - headings - {"missed"}
    assert len(offered) == len(set(offered))
    assert offered[:3] == ("silent", "hang_up", "wrong_number")
    assert "unclassified" not in offered


def test_an_outcome_leaves_a_row_a_file_or_a_report() -> None:
    assert {code: leaves(code) for code in ("silent", "information", "counselling", "report_of_risk")} == {
        "silent": Leaves.NO_FILE,
        "information": Leaves.NO_FILE,
        "counselling": Leaves.FILE,
        "report_of_risk": Leaves.REPORT,
    }
    assert leaves("of a newer list") is Leaves.NO_FILE
    assert is_in_depth("in_depth_counselling")
    assert not is_in_depth("counselling")
    for key in KEYS:
        wanted = {Deed.OUTCOME: Leaves.NO_FILE, Deed.FILE: Leaves.FILE, Deed.REPORT: Leaves.REPORT}.get(key.deed)
        assert wanted is None or {leaves(code) for code in key.outcomes} == {wanted}


def test_the_third_silent_call_hints_at_the_keypad_script() -> None:
    assert [hints_at_silent_script(calls) for calls in (0, 1, 2, 3, 9)] == [False, False, False, True, True]


def test_the_more_cautious_urgency_ranks_higher_and_every_listed_level_is_known() -> None:
    order = ["emergency", "high", "medium", "low", None]
    ranks = [triage.caution_rank("urgency", code) for code in order]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)
    assert set(triage.URGENCY) == {code.code for code in CATALOGUE["urgency"]}
    assert triage.urgency_rank("high") < triage.urgency_rank("of a newer list") < triage.urgency_rank("emergency")
    assert triage.gravest_urgency(["low", "emergency", "medium"]) == "emergency"
    assert triage.gravest_urgency([]) is None


@pytest.mark.parametrize(
    ("field", "careful", "careless"),
    [
        ("confidential", True, False),
        ("may_call_back", False, True),
        ("child_safe_now", "no", "yes"),
        ("child_safe_now", "unknown", "yes"),
        ("safe", "no", "unknown"),
        ("risk", "high", "low"),
        ("child_whereabouts", "ở nhà bà", ""),
        ("safe_time", "sau 19 giờ", None),
    ],
)
def test_the_careful_answer_outranks_the_careless_one(field: str, careful: object, careless: object) -> None:
    assert triage.caution_rank(field, careful) > triage.caution_rank(field, careless) > triage.PLACEHOLDER


LAN = ChildLook(
    "a", ("Nguyễn Thị Lan",), date(2016, 5, 12), None, "female", ("0900081502",), ("34", "30307"), ("34", "91")
)


def test_the_same_child_written_otherwise_is_suggested_with_the_reasons() -> None:
    other = ChildLook("b", ("nguyen thi lan",), date(2016, 5, 12), None, "female", ("+84900081502",))
    found = compare(LAN, other)
    assert found.score == 100
    assert found.reasons == ("cùng họ tên", "cùng ngày sinh", "cùng số điện thoại")


def test_a_common_name_alone_or_a_shared_telephone_alone_suggests_nobody() -> None:
    assert compare(LAN, ChildLook("b", ("Lan",))).score < THRESHOLD
    assert compare(LAN, ChildLook("b", ("Nguyễn Thị Lan",))).score < THRESHOLD
    assert compare(LAN, ChildLook("b", phones=("0900081502",))).score < THRESHOLD


def test_name_order_tones_and_day_month_swaps_do_not_hide_a_child() -> None:
    clan_last = ChildLook("c", ("Y Bliă Êñuôl",), date(2015, 3, 4))
    assert compare(clan_last, ChildLook("d", ("Êñuôl Y Bliă",), date(2015, 4, 3))).score >= THRESHOLD
    assert "ngày và tháng sinh đảo nhau" in compare(clan_last, ChildLook("d", (), date(2015, 4, 3))).reasons


def test_another_sex_or_age_speaks_against() -> None:
    twin = dataclasses.replace(LAN, id="b", sex="male", birth_date=date(2009, 1, 1))
    assert compare(LAN, twin).score < compare(LAN, dataclasses.replace(LAN, id="b")).score
    assert {"khác giới tính", "chênh tuổi"} <= set(compare(LAN, twin).reasons)


def test_at_most_five_are_suggested_best_first_and_never_the_child_itself() -> None:
    others = [dataclasses.replace(LAN, id=f"x{number}", phones=()) for number in range(8)]
    found = suggest(LAN, [LAN, *others, dataclasses.replace(LAN, id="best")])
    assert len(found) == MAX_SUGGESTIONS
    assert LAN.id not in [one.id for one in found]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


LOOKS = st.builds(
    ChildLook,
    id=st.just("z"),
    names=st.lists(st.sampled_from(["Lan", "Nguyễn Thị Lan", "Thị Lan", "Trần Nam", ""]), max_size=2).map(tuple),
    birth_date=st.none() | st.dates(date(2005, 1, 1), date(2026, 1, 1)),
    birth_year=st.none() | st.integers(2005, 2026),
    sex=st.sampled_from([None, "male", "female", "unknown"]),
    phones=st.lists(st.sampled_from(["0900081502", "+84900081502", "111", ""]), max_size=2).map(tuple),
    commune=st.sampled_from([None, ("34", "30307"), ("34", "00004")]),
    parents=st.lists(st.sampled_from(["Trần Văn Ba", "Ba"]), max_size=1).map(tuple),
)


@given(LOOKS, LOOKS)
def test_likeness_does_not_depend_on_who_is_compared_with_whom(one: ChildLook, other: ChildLook) -> None:
    assert compare(one, other).score == compare(other, one).score
    assert 0 <= compare(one, other).score <= 100
