"""A line of App 111 is taken whole or set aside with one sentence that repeats nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain
from domain.app_reports import LONGEST_LINE, BadLine, Reader, Report
from domain.clock import DAY, HOUR, MINUTE, vn_to_ms
from domain.codes.places import Places
from domain.records.queue import AppReport

NOW = vn_to_ms("2026-11-20 14:05:00")
PLACES = Places(Path(domain.__file__).parents[1] / "resources" / "places")
GOOD = {
    "id": "A-1",
    "received_at": "2026-11-20T14:00:00+07:00",
    "sender_kind": "public",
    "sender_name": "Bà hàng xóm",
    "number": "0900 081 502",
    "province": "91",
    "place": "ấp 3",
    "body": "Cháu khóc cả đêm",
    "urgency": "high",
    "token": "xem-9f3",
    "files": 2,
}


def reader(now: int = NOW) -> Reader:
    return Reader(PLACES, {"public", "child"}, {"emergency", "high"}, now)


def read(*lines: bytes) -> list[Report | BadLine]:
    return list(reader().read(lines))


def line(**changes: Any) -> bytes:
    said = {name: one for name, one in {**GOOD, **changes}.items() if one is not ...}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def why(*lines: bytes) -> str:
    (one,) = read(*lines)
    assert isinstance(one, BadLine)
    return one.reason


def test_a_whole_line_becomes_words_and_a_header_of_the_centre_that_answers_for_its_province() -> None:
    (one,) = read(line())
    assert isinstance(one, Report)
    assert one.words == AppReport(
        id=one.words.id,
        sender_kind="public",
        sender_name="Bà hàng xóm",
        number="+84900081502",
        place="ấp 3",
        body="Cháu khóc cả đêm\n\n(Gửi kèm 2 tệp, còn ở ứng dụng 111.)",
        token="xem-9f3",
    )
    assert (one.line, one.centre, one.province_set, one.province) == (1, "an_giang", "34", "91")
    assert (one.arrived_at, one.urgency) == (vn_to_ms("2026-11-20 14:00:00"), "high")


def test_the_least_line_goes_to_the_national_centre_and_one_id_is_one_record() -> None:
    least = {"id": "A-1", "received_at": "2026-11-20T07:00:00Z", "body": "Xin giúp"}
    (one,) = read(json.dumps(least).encode())
    (whole,) = read(line())
    assert isinstance(one, Report)
    assert isinstance(whole, Report)
    assert (one.centre, one.words.number, one.urgency, one.words.body) == ("hanoi", None, None, "Xin giúp")
    assert one.words.id == whole.words.id
    assert one.arrived_at == vn_to_ms("2026-11-20 14:00:00")


def test_an_old_province_is_read_on_its_own_map() -> None:
    (one,) = read(line(province="89", province_set="63"))
    assert isinstance(one, Report)
    assert (one.centre, one.province_set, one.province) == ("an_giang", "63", "89")


@pytest.mark.parametrize(
    ("bent", "said"),
    [
        (line(id=...), "thiếu id"),
        (line(body=" \u200b "), "thiếu body"),
        (line(received_at=...), "thiếu received_at"),
        (line(received_at="20/11/2026"), "received_at không phải giờ"),
        (line(received_at="2026-11-20T14:00:00"), "received_at không phải giờ"),
        (line(received_at="2026-11-20T14:11:00+07:00"), "tương lai"),
        (line(received_at="2025-11-01T14:11:00+07:00"), "quá một năm"),
        (line(sender_kind="ke_xau"), "sender_kind không có trong danh mục"),
        (line(urgency="very"), "urgency không có trong danh mục"),
        (line(province="xx"), "province không có"),
        (line(province="91", province_set="12"), "province không có"),
        (line(number="không cho biết"), "number không phải"),
        (line(body=7), "body phải là chữ"),
        (line(body="x" * 20_001), "body dài quá"),
        (line(body="a\u0000b"), "ký tự không đọc được"),
        (line(place="ấp 3\nấp 4"), "place phải nằm trên một dòng"),
        (line(files="hai"), "files phải là số"),
        (line(files=True), "files phải là số"),
        (line(media=["x.jpg"]), "mục không nằm trong định dạng"),
        (b'{"id": "A-1", "id": "A-2"}', "ghi hai lần"),
        (b"[1, 2]", "không phải một đối tượng"),
        (line()[:-5], "không phải JSON"),
        (b"[" * 50_000, "không phải JSON"),
        (b'{"id": "\xff"}', "UTF-8"),
        (b" " * 10 + b"x" * LONGEST_LINE, "dòng quá dài"),
    ],
)
def test_a_line_that_cannot_be_taken_whole_says_what_is_wrong(bent: bytes, said: str) -> None:
    assert said in why(bent)


def test_a_bad_line_takes_no_other_with_it_and_is_named_by_its_number() -> None:
    found = read(b"\xef\xbb\xbf" + line(), b"\n", b"{", line(id="A-2"))
    assert [type(one) for one in found] == [Report, BadLine, Report]
    assert isinstance(found[1], BadLine)
    assert found[1].number == 3


def test_a_sentence_repeats_nothing_of_what_the_line_says() -> None:
    secret = "Nguyễn Thị Bí Mật"
    for name in GOOD:
        for one in read(line(**{name: [secret]}), line(**{name: f"{secret}\n{secret}" * 400, secret: 1})):
            assert isinstance(one, BadLine)
            assert secret not in one.reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(st.binary() | st.builds(lambda name, value: line(**{name: value}), st.sampled_from([*GOOD]), VALUES))
def test_any_line_is_a_report_or_a_bad_line(bent: bytes) -> None:
    assert all(isinstance(one, Report | BadLine) for one in read(bent))


def test_a_clock_that_is_a_little_fast_keeps_nobody_waiting() -> None:
    soon = vn_to_ms("2026-11-20 14:00:00") - 4 * MINUTE
    (one,) = reader(soon).read([line()])
    assert isinstance(one, Report)
    (late,) = reader(soon + 300 * DAY + HOUR).read([line()])
    assert isinstance(late, Report)
