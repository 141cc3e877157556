"""Ids and time: version 7 and derived ids, and the passage between UTC and Vietnam time."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import clock, ids


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_a_version_7_uuid_that_keeps_its_millisecond(ms: int, rand: bytes) -> None:
    made = ids.uuid7(ms, rand)
    parsed = uuid.UUID(made)
    assert str(parsed) == made
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert ids.uuid7_ms(made) == ms
    assert ids.is_id(made)


def test_the_published_example_of_the_standard_is_reproduced() -> None:
    """RFC 9562 appendix A.6: 2022-02-22 19:22:22 UTC, rand_a CC3, rand_b 18C4DC0C0C07398F."""
    rand = ((0xCC3 << 68) | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert ids.uuid7(0x017F22E279B0, rand) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_a_later_id_sorts_after_an_earlier_one(ms: int, one: bytes, other: bytes) -> None:
    assert ids.uuid7(ms, one) < ids.uuid7(ms + 1, other)


def test_seventy_four_random_bits_reach_the_id() -> None:
    plain = ids.uuid7(1, bytes(10))
    different = {ids.uuid7(1, (1 << bit).to_bytes(10, "big")) for bit in range(80)}
    assert len(different - {plain}) == 74


@pytest.mark.parametrize(("ms", "size"), [(-1, 10), (2**48, 10), (0, 9), (0, 11)])
def test_an_id_from_wrong_parts_is_refused(ms: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"milliseconds|random bytes"):
        ids.uuid7(ms, bytes(size))


def test_a_call_has_the_same_id_at_the_desk_and_at_the_reconciliation() -> None:
    assert ids.call_id("pbx-hn", "1795132926.0") == ids.call_id("pbx-hn", "1795132926.0")
    assert ids.call_id("pbx-hn", "1795132926.0") != ids.call_id("pbx-ag", "1795132926.0")
    assert uuid.UUID(ids.call_id("pbx-hn", "1795132926.0")).version == 8


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_give_different_derived_ids(one: list[str], other: list[str]) -> None:
    assert (ids.derived_id("x", *one) == ids.derived_id("x", *other)) == (one == other)
    assert ids.is_id(ids.derived_id("x", *one))


@pytest.mark.parametrize("text", ["", "x" * 36, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "0" * 36, "-" * 36])
def test_other_text_is_no_id(text: str) -> None:
    assert not ids.is_id(text)


def test_vietnam_time_is_seven_hours_ahead_all_year() -> None:
    for written, utc in (
        ("2026-11-20 00:02:06", "2026-11-19T17:02:06.000Z"),
        ("2026-06-01 00:00:00", "2026-05-31T17:00:00.000Z"),
    ):
        ms = clock.vn_to_ms(written)
        assert clock.utc_iso(ms) == utc
        assert clock.iso_to_ms(utc) == ms
        assert clock.vn_datetime(ms).strftime("%Y-%m-%d %H:%M:%S") == written


@given(st.integers(0, 4_102_444_800_000))
def test_a_moment_survives_its_written_form(ms: int) -> None:
    assert clock.iso_to_ms(clock.utc_iso(ms)) == ms
    assert clock.to_ms(clock.vn_datetime(ms)) == ms


@pytest.mark.parametrize(
    "text", ["2026-13-45 99:00:00", "2026-02-30 00:00:00", "20/11/2026", "", "２026-11-20 00:00:00"]
)
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.vn_to_ms(text)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        clock.to_ms(datetime(2026, 11, 20))  # noqa: DTZ001 - the naive time is the point


def test_dates_are_written_day_first_and_read_without_guessing_the_century() -> None:
    assert clock.date_text(date(2026, 1, 5)) == "05/01/2026"
    assert clock.read_date("5/1/2026") == date(2026, 1, 5)
    assert clock.read_date(" 29.02.2028 ") == date(2028, 2, 29)
    for wrong in ("5/1/26", "31/11/2026", "2026-01-05", "1/2/3/2026", ""):
        assert clock.read_date(wrong) is None
    assert clock.vn_text(clock.vn_to_ms("2026-11-20 14:05:07"), seconds=True) == "20/11/2026 14:05:07"
    assert clock.vn_date(clock.vn_to_ms("2026-11-20 00:00:01")) == date(2026, 11, 20)
    assert clock.vn_midnight_ms(date(2026, 11, 20)) == clock.vn_to_ms("2026-11-20 00:00")
