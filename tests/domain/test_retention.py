"""Periods of retention: counted to the day, from the right day, stopped by an open case and by a legal hold."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import DAY, vn_midnight_ms
from domain.records.kinds import KINDS
from domain.rules.retention import CALL, FILE, BadRetention, FileFacts, Retention, read

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "policy"
SAID = tomllib.loads((FOLDER / FILE).read_text("utf-8"))
TABLE = Retention.load(FOLDER)
ONE = FileFacts("dossier:k", vn_midnight_ms(date(2020, 3, 5)) + 7)


def test_a_counselling_file_goes_after_five_years_to_the_day_and_not_a_moment_before() -> None:
    over = vn_midnight_ms(date(2025, 3, 5))
    assert TABLE.file_over_at(ONE) == over
    assert not TABLE.is_due(ONE, over - 1)
    assert TABLE.is_due(ONE, over)
    leap = replace(ONE, received_at=vn_midnight_ms(date(2020, 2, 29)))
    assert TABLE.file_over_at(leap) == vn_midnight_ms(date(2025, 3, 1))


@pytest.mark.parametrize(
    ("born", "closed", "over"),
    [
        (date(2010, 5, 1), date(2021, 1, 1), date(2038, 5, 1)),
        (date(2003, 5, 1), date(2024, 7, 9), date(2034, 7, 9)),
        (None, date(2021, 1, 1), date(2048, 3, 5)),
    ],
)
def test_a_case_stays_until_adulthood_or_closing_and_ten_years(born: date | None, closed: date, over: date) -> None:
    one = replace(ONE, has_case=True, closed_at=vn_midnight_ms(closed), born=born)
    assert TABLE.file_over_at(one) == vn_midnight_ms(over)


def test_an_open_case_and_a_legal_hold_stop_it() -> None:
    assert TABLE.file_over_at(replace(ONE, has_case=True)) is None
    assert TABLE.file_over_at(replace(ONE, held=True)) is None
    assert not TABLE.is_due(replace(ONE, held=True), vn_midnight_ms(date(2100, 1, 1)))


def test_a_callers_number_stays_ninety_days() -> None:
    assert TABLE.over_at(CALL, 5) == 5 + 90 * DAY


def test_every_period_says_where_it_is_said_and_none_claims_to_be_confirmed() -> None:
    assert all(one.basis and one.says and not one.confirmed for one in TABLE.periods.values())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"call": SAID["call"] | {"amount": 0}},
        {"call": SAID["call"] | {"unit": "moons"}},
        {"call": SAID["call"] | {"erases": "file"}},
        {"call": SAID["call"] | {"basis": ""}},
        {"call": SAID["call"] | {"confirmed": "yes"}},
        {"call": {}},
        {"other": SAID["call"]},
    ],
)
def test_a_table_that_says_something_unreadable_stops_the_run(change: dict[str, Any]) -> None:
    with pytest.raises(BadRetention):
        read(SAID | change)


@given(st.sampled_from(sorted(TABLE.periods)), st.integers(0, 4_000_000_000_000), st.integers(0, 30 * 366))
def test_what_is_asked_for_as_over_is_over_and_a_day_later_it_is_asked_for(name: str, start: int, days: int) -> None:
    now = start + days * DAY
    if start < TABLE.began_before(name, now):
        assert TABLE.over_at(name, start) <= now
    if TABLE.over_at(name, start) + 2 * DAY <= now:
        assert start < TABLE.began_before(name, now)


def test_every_kind_of_record_goes_with_a_class_or_says_why_it_stands() -> None:
    """A kind that somebody adds without a thought of when it ends fails here."""
    goes = {"call", "queue_item", "incoming", "app_report", "claim", "subject_request", "left_draft"}
    goes |= {"audit_entry", "audit_note"}
    of_a_file = {
        "contact", "person", "alias", "phone", "address", "party", "case", "stay", "note", "referral", "attempt",
        "clock", "link", "attachment", "blob_secret", "answer", "verification", "case_key",
        "case_reader",
    }  # fmt: skip
    assert set(KINDS) == goes | of_a_file | TABLE.stands.keys()
    assert not (goes | of_a_file) & TABLE.stands.keys()


def test_a_kind_that_stands_without_a_reason_stops_the_run() -> None:
    for wrong in ({"audit_entry": ""}, {"audit_entry": 5}, "all", None):
        with pytest.raises(BadRetention):
            read(SAID | {"stands": wrong})
