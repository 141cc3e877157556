"""The law's clock of data subjects' requests on the working calendar, and the order of their steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import vn_to_ms
from domain.codes.catalogue import Catalogue
from domain.records.subject_request import SubjectRequest
from domain.rules.calendar import WorkingCalendar
from domain.rules.clocks import ClockRules
from domain.rules.subject_requests import (
    ANSWERS,
    LIST,
    REFUSED,
    STOPPING,
    Stage,
    carry_due,
    due_of,
    reply_due,
    stage_of,
    thing_of,
)

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
CALENDAR = WorkingCalendar.load(RESOURCES / "calendar")
RULES = ClockRules.load(RESOURCES / "calendar" / "clock_rules.csv")
FRIDAY = vn_to_ms("2026-11-20 12:00:00")


@pytest.mark.parametrize(
    ("received", "end_of"),
    [
        ("2026-11-16 09:00:00", "2026-11-19 00:00:00"),  # Monday → Wednesday
        ("2026-11-20 23:59:59", "2026-11-26 00:00:00"),  # Friday → Monday, not Tuesday 24/11 (holiday): Wednesday
        ("2027-02-03 09:00:00", "2027-02-13 00:00:00"),  # the eve of Tết → the second working day after it
    ],
)
def test_an_answer_is_due_after_two_working_days(received: str, end_of: str) -> None:
    assert reply_due(vn_to_ms(received), RULES, CALENDAR) == vn_to_ms(end_of)


@pytest.mark.parametrize(
    ("wish", "shared", "end_of"),
    [
        ("restriction", False, "2026-12-06 00:00:00"),
        ("withdrawal", True, "2026-12-11 00:00:00"),
        ("access", False, "2026-12-01 00:00:00"),
        ("deletion", True, "2026-12-01 00:00:00"),
    ],
)
def test_carrying_it_out_is_due_in_whole_days_longer_where_others_must_stop_too(
    wish: str, shared: bool, end_of: str
) -> None:
    assert carry_due(wish, shared, FRIDAY, RULES, CALENDAR) == vn_to_ms(end_of)


def test_every_wish_that_stops_something_is_a_code_of_the_list() -> None:
    codes = {one.code for one in Catalogue.load(RESOURCES / "codes")[LIST].codes}
    assert codes > STOPPING


times = st.one_of(st.none(), st.integers(1, 10**12))


@given(times, times, times, times, st.sampled_from([None, *ANSWERS]))
def test_a_request_owes_something_until_it_is_done_or_refused_and_told(
    known: int | None, decided: int | None, answered: int | None, done: int | None, answer: str | None
) -> None:
    one = SubjectRequest(
        id="r", known_at=known, decided_at=decided, answered_at=answered, done_at=done, answer=answer, due_at=5,
        carry_due_at=9,
    )  # fmt: skip
    over = done is not None or (answered is not None and answer == REFUSED)
    assert (stage_of(one) is Stage.OVER) is over
    assert (due_of(one) is None) is over
    if not over:
        assert due_of(one) == (5 if answered is None else 9)
    assert due_of(replace(one, done_at=1)) is None


def test_a_request_is_walled_and_worked_on_by_who_took_it_down() -> None:
    thing = thing_of("r", "an_giang", "nv07")
    assert (thing.book, thing.workers, thing.restricted) == ("requests", frozenset({"nv07"}), True)
    assert thing_of("r", "an_giang", "").workers == frozenset()
