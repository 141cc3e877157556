"""The legal clocks on the Vietnamese working calendar: targets by urgency, twelve hours, holidays, moved days."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE, vn_date, vn_to_ms
from domain.codes.catalogue import Catalogue, CatalogueError
from domain.rules.calendar import WorkingCalendar
from domain.rules.clocks import (
    EMERGENCY,
    FORWARD,
    PLAN,
    PLAN_APPROVAL,
    REFERRAL_CHASE,
    REFERRAL_REPLY,
    SUBJECT_REQUEST,
    ClockRules,
)

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "calendar"
CALENDAR = WorkingCalendar.load(FOLDER)
RULES = ClockRules.load(FOLDER / "clock_rules.csv")
NOON = vn_to_ms("2026-11-20 12:00:00")  # a Friday


@pytest.mark.parametrize(
    ("urgency", "milliseconds"), [("emergency", 15 * MINUTE), ("high", 30 * MINUTE), ("medium", 4 * HOUR)]
)
def test_a_report_is_due_at_the_commune_by_its_urgency(urgency: str, milliseconds: int) -> None:
    forward = RULES.due_clocks(NOON, urgency, CALENDAR)[0]
    assert (forward.rule, forward.start, forward.due) == (FORWARD, NOON, NOON + milliseconds)
    assert all(NOON < at < forward.due for at in forward.warnings)


def test_an_emergency_also_starts_the_twelve_hours_with_five_warnings() -> None:
    forward, twelve = RULES.due_clocks(NOON, "emergency", CALENDAR)
    assert forward.rule == FORWARD
    assert (twelve.rule, twelve.start, twelve.due) == (EMERGENCY, NOON, NOON + 12 * HOUR)
    assert twelve.warnings == tuple(NOON + hours * HOUR for hours in (1, 3, 6, 9, 11))


@pytest.mark.parametrize("urgency", ["high", "medium", "low"])
def test_the_twelve_hours_run_only_for_an_emergency(urgency: str) -> None:
    assert [spec.rule for spec in RULES.due_clocks(NOON, urgency, CALENDAR)] == [FORWARD]


@pytest.mark.parametrize("urgency", [None, "", "catastrophic"])
def test_a_report_without_a_known_urgency_runs_on_the_shortest_target(urgency: str | None) -> None:
    (forward,) = RULES.due_clocks(NOON, urgency, CALENDAR)
    assert forward.due == NOON + 15 * MINUTE


@pytest.mark.parametrize(
    ("received", "end_of"),
    [
        ("2026-11-20 12:00:00", "2026-11-24 00:00:00"),  # Friday → Monday
        ("2026-11-23 23:59:59", "2026-11-26 00:00:00"),  # Monday → not Tuesday 24/11 (holiday) but Wednesday
        ("2026-11-23 00:00:00", "2026-11-26 00:00:00"),
        ("2027-02-03 09:00:00", "2027-02-12 00:00:00"),  # the eve of Tết → Thursday after it
        ("2026-08-21 09:00:00", "2026-08-23 00:00:00"),  # Friday → Saturday 22/8, worked for 31/8
        ("2026-12-31 09:00:00", "2027-01-05 00:00:00"),  # over New Year and a weekend, into another year
    ],
)
def test_a_low_report_is_due_by_the_end_of_the_next_working_day(received: str, end_of: str) -> None:
    (forward,) = RULES.due_clocks(vn_to_ms(received), "low", CALENDAR)
    assert forward.due == vn_to_ms(end_of)


def test_followed_duties_run_in_working_days_and_are_not_owed_by_the_hotline() -> None:
    monday = vn_to_ms("2026-11-16 10:00:00")
    plan = RULES.spec(PLAN, monday, CALENDAR)
    approval = RULES.spec(PLAN_APPROVAL, monday, CALENDAR)
    assert plan is not None
    assert approval is not None
    assert (plan.due, approval.due) == (vn_to_ms("2026-11-24 00:00:00"), vn_to_ms("2026-11-19 00:00:00"))
    assert [rule.owed_by_hotline for rule in RULES.rules if rule.rule in (PLAN, PLAN_APPROVAL, EMERGENCY)] == [
        False
    ] * 3


def test_replies_are_chased_after_a_day_and_then_every_three_working_days() -> None:
    reply, chase = RULES.spec(REFERRAL_REPLY, NOON, CALENDAR), RULES.spec(REFERRAL_CHASE, NOON, CALENDAR)
    assert reply is not None
    assert chase is not None
    assert reply.due == NOON + 24 * HOUR
    assert chase.due == vn_to_ms("2026-11-27 00:00:00")  # Mon 23, Wed 25, Thu 26
    assert RULES.spec(SUBJECT_REQUEST, NOON, CALENDAR) is not None
    assert RULES.spec("no such rule", NOON, CALENDAR) is None


def test_rules_that_quote_the_law_stand_on_verified_deadlines() -> None:
    deadlines = Catalogue.load(FOLDER.parent / "codes")["deadlines"]
    for rule in RULES.rules:
        if rule.rule in deadlines or rule.rule in {code.code for code in deadlines.unverified}:
            row = deadlines[rule.rule]
            assert row.extra["legal_basis"] == rule.legal_basis
            if rule.basis == "law":
                assert (row.extra["limit_value"], row.extra["limit_unit"]) == (str(rule.amount), rule.unit)
        else:
            assert rule.basis == "practice" or rule.rule.startswith("data_subject_")


@given(
    st.integers(1_780_000_000_000, 1_820_000_000_000), st.sampled_from(["emergency", "high", "medium", "low", None])
)
def test_the_same_report_always_starts_the_same_clocks_in_order(received: int, urgency: str | None) -> None:
    specs = RULES.due_clocks(received, urgency, CALENDAR)
    assert specs == RULES.due_clocks(received, urgency, CALENDAR)
    for spec in specs:
        assert spec.start == received < spec.due
        assert list(spec.warnings) == sorted(spec.warnings)
    if urgency == "low":
        assert CALENDAR.is_working(vn_date(specs[0].due - 1))
        assert vn_date(specs[0].due - 1) > vn_date(received)


def test_the_calendar_knows_holidays_moved_days_and_its_own_limits() -> None:
    tet = CALENDAR.special(date(2026, 2, 17))
    assert tet is not None
    assert (tet.working, tet.confirmed, "Mùng một" in tet.name_vi) == (False, True, True)
    assert not CALENDAR.is_working(date(2026, 11, 24))
    assert CALENDAR.is_working(date(2026, 1, 10))
    assert not CALENDAR.is_working(date(2026, 1, 2))
    assert CALENDAR.is_working(date(2026, 11, 23))
    assert not CALENDAR.is_working(date(2026, 11, 22))
    assert [CALENDAR.covers(date(year, 1, 1)) for year in (2025, 2026, 2027, 2028)] == [False, True, True, False]
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.add_working_days(date(2026, 1, 1), 0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2027-01-01,holiday,Sai năm,yes,x", "not one of this year"),
        ("2026-01-01,holiday,Hai lần,yes,x", "stands twice"),
        ("2026-07-01,feast,Lạ,yes,x", "kind, confirmed"),
        ("2026-07-99,holiday,Lạ,yes,x", "not a date"),
    ],
)
def test_a_damaged_calendar_is_named_by_file_and_line(tmp_path: Path, line: str, problem: str) -> None:
    shutil.copy(FOLDER / "2026.csv", tmp_path)
    rows = (FOLDER / "2026.csv").read_text(encoding="utf-8").count("\n")
    with (tmp_path / "2026.csv").open("a", encoding="utf-8", newline="") as file:
        file.write(line + "\n")
    with pytest.raises(CatalogueError, match=problem) as caught:
        WorkingCalendar.load(tmp_path)
    assert (caught.value.file, caught.value.line) == ("2026.csv", rows + 1)


def test_no_calendar_at_all_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no year"):
        WorkingCalendar.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (",15,minutes,", ",0,minutes,", "amount"),
        (",15,minutes,", ",15,moons,", "unit"),
        ("5|10", "5|ten", "warn_minutes"),
        ("forward_to_commune,high", "forward_to_commune,emergency", "stands twice"),
        ("emergency_measures", "emergency_things", "'emergency_measures' is missing"),
    ],
)
def test_damaged_clock_rules_stop_the_load(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = (FOLDER / "clock_rules.csv").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "clock_rules.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")
    with pytest.raises(CatalogueError, match=problem):
        ClockRules.load(path)
