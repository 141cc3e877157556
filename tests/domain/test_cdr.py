"""The exchange's call records: whole days, damaged lines, repeated lines, and anything at all as input."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cdr import CdrReading, read_cdr
from domain.clock import vn_datetime, vn_to_ms

DAYS = Path(__file__).resolve().parents[1] / "data" / "cdr"
GOOD = (
    '"","0900081502","111","hotline","""0900081502"" <0900081502>","SIP/trunk-hn-00000000",'
    '"SIP/HN03-00000000","Queue","q111-hn,t","2026-11-20 00:02:06","2026-11-20 00:02:09",'
    '"2026-11-20 00:02:33","27","24","ANSWERED","DOCUMENTATION","1795132926.0",""'
)
MISSED = (
    '"","0900084454","111","hotline","""0900084454"" <0900084454>","SIP/trunk-ag-0000001c","",'
    '"Queue","q111-ag,t","2026-11-20 01:47:56","","2026-11-20 01:48:08","12","0","NO ANSWER",'
    '"DOCUMENTATION","1795139276.28",""'
)


def read_day(name: str) -> CdrReading:
    with (DAYS / name).open(encoding="utf-8", errors="replace", newline="") as file:
        return read_cdr(file)


def test_an_answered_call_carries_vietnam_times_as_utc_and_its_seat_and_centre() -> None:
    (call,) = read_cdr([GOOD]).calls
    assert (call.number, call.seat, call.centre, call.uniqueid) == (
        "+84900081502",
        "HN03",
        "hanoi",
        "1795132926.0",
    )
    assert call.answered
    assert call.ring_at == vn_to_ms("2026-11-20 00:02:06")
    assert call.answer_at == call.ring_at + 3_000
    assert call.end_at == call.ring_at + 27_000
    assert vn_datetime(call.ring_at).hour == 0


def test_a_missed_call_has_no_seat_and_the_centre_of_its_queue() -> None:
    (call,) = read_cdr([MISSED]).calls
    assert (call.answered, call.seat, call.centre, call.answer_at) == (False, "", "an_giang", None)


def test_the_smooth_day_gives_every_call_and_nothing_else() -> None:
    day = read_day("smooth.csv")
    assert (len(day.calls), day.damaged, day.repeated) == (1389, (), 0)
    assert Counter(call.centre for call in day.calls if call.answered) == {
        "an_giang": 375,
        "da_nang": 240,
        "hanoi": 733,
    }
    assert sum(not call.answered for call in day.calls) == 41


def test_the_rough_day_names_its_two_damaged_lines_and_counts_a_repeat_once() -> None:
    day = read_day("rough.csv")
    assert [line.number for line in day.damaged] == [202, 203]
    assert [line.reason for line in day.damaged] == ["có 6 cột thay vì 18", "giờ bắt đầu không có thật"]
    assert day.repeated == 1
    assert sum(call.answered for call in day.calls) == 1348
    assert len(day.calls) == 1389 == len({call.uniqueid for call in day.calls})
    hours = Counter(f"{vn_datetime(call.ring_at).hour:02d}" for call in day.calls)
    assert (hours["00"], hours["15"], hours["23"], sum(hours.values())) == (21, 89, 25, 1389)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2026-11-20 00:02:06", "2026-13-45 99:00:00", "giờ bắt đầu không có thật"),
        ("2026-11-20 00:02:33", "2026-02-30 00:02:33", "giờ kết thúc không có thật"),
        ("2026-11-20 00:02:09", "sáng nay", "giờ nhấc máy không có thật"),
        ("2026-11-20 00:02:33", "2026-11-20 00:02:07", "giờ bắt đầu, nhấc máy và kết thúc không theo thứ tự"),
        ('"27"', '"99"', "số giây không khớp với giờ bắt đầu, nhấc máy và kết thúc"),
        ('"24"', '"-1"', "số giây không khớp với giờ bắt đầu, nhấc máy và kết thúc"),
        ('"1795132926.0"', '""', "thiếu mã cuộc gọi (uniqueid)"),
        ('"ANSWERED"', '"TRẢ LỜI"', "kết quả cuộc gọi (disposition) không đúng"),
        ('"ANSWERED"', '"NO ANSWER"', "kết quả cuộc gọi không khớp với giờ nhấc máy"),
        ('"2026-11-20 00:02:09"', '""', "kết quả cuộc gọi không khớp với giờ nhấc máy"),
        ('"0900081502"', '"09000x1502"', "số gọi đến không phải là số điện thoại"),
        ("q111-hn,t", "q222", None),
        ('"DOCUMENTATION"', '"DOCUMENTATION', "dấu ngoặc kép không khép kín"),
        ('"Queue"', '"Que\ufffde"', "có ký tự không đọc được"),
    ],
)
def test_a_damaged_line_is_set_aside_with_its_number_and_reason(old: str, new: str, reason: str | None) -> None:
    assert old in GOOD
    reading = read_cdr([MISSED, GOOD.replace(old, new, 1), ""])
    assert len(reading.calls) == (1 if reason else 2)
    assert [(line.number, line.reason) for line in reading.damaged] == ([(2, reason)] if reason else [])


def test_a_call_of_no_known_centre_is_set_aside() -> None:
    elsewhere = GOOD.replace("q111-hn", "q9").replace("trunk-hn", "trunk-xx").replace("HN03", "XX03")
    assert read_cdr([elsewhere]).damaged[0].reason == "không rõ cuộc gọi thuộc trung tâm nào"


def test_an_answered_call_at_an_unknown_desk_is_kept_for_its_centre() -> None:
    (call,) = read_cdr([GOOD.replace("SIP/HN03-00000000", "Local/desk@hotline")]).calls
    assert (call.seat, call.centre, call.answered) == ("", "hanoi", True)


def test_a_withheld_number_is_no_damage() -> None:
    (call,) = read_cdr([GOOD.replace('"0900081502","111"', '"anonymous","111"')]).calls
    assert call.number == ""


def test_a_line_written_twice_counts_once_wherever_it_stands() -> None:
    reading = read_cdr([GOOD, MISSED, GOOD + "\r\n", GOOD])
    assert (len(reading.calls), reading.repeated, reading.damaged) == (2, 2, ())


def test_the_same_uniqueid_with_another_story_is_damaged_and_the_first_stands() -> None:
    other = GOOD.replace("0900081502", "0900099999")
    reading = read_cdr([GOOD, other])
    assert [line.number for line in reading.damaged] == [2]
    assert [call.number for call in reading.calls] == ["+84900081502"]


def test_a_call_that_rang_out_at_one_desk_and_was_taken_at_another_is_one_answered_call() -> None:
    first_leg = (
        GOOD.replace('"2026-11-20 00:02:09"', '""').replace('"ANSWERED"', '"NO ANSWER"').replace('"24"', '"0"')
    )
    first_leg = first_leg.replace("2026-11-20 00:02:06", "2026-11-20 00:01:56").replace('"27"', '"37"')
    for lines in ([first_leg, GOOD], [GOOD, first_leg]):
        reading = read_cdr(lines)
        assert [call.answered for call in reading.calls] == [True]
        assert [call.ring_at for call in reading.calls] == [vn_to_ms("2026-11-20 00:01:56")]
        assert (reading.damaged, reading.repeated) == ((), 0)


def test_an_open_quote_damages_its_own_line_only() -> None:
    reading = read_cdr(['"","0900', GOOD, MISSED])
    assert [line.number for line in reading.damaged] == [1]
    assert len(reading.calls) == 2


def test_a_reason_never_repeats_what_the_line_held() -> None:
    reading = read_cdr([GOOD.replace('"27"', '"0912345678"')])
    assert "0912345678" not in reading.damaged[0].reason
    assert "0900081502" not in reading.damaged[0].reason


@given(st.lists(st.text()))
def test_no_text_makes_the_reader_fail_or_lose_count(lines: list[str]) -> None:
    reading = read_cdr(lines)
    assert len(reading.calls) + len(reading.damaged) + reading.repeated == reading.lines


@given(st.integers(0, len(GOOD) - 1), st.text(max_size=3), st.integers(0, 8))
def test_any_small_damage_gives_a_call_or_a_reported_line_and_spares_the_others(at: int, put: str, cut: int) -> None:
    damaged = (GOOD[:at] + put + GOOD[at + cut :]).replace("\n", "").replace("\r", "")
    reading = read_cdr([MISSED, damaged])
    assert len(reading.calls) + len(reading.damaged) == 2
    assert reading.calls[0] == replace(read_cdr([MISSED]).calls[0])
