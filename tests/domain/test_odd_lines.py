"""Long texts are pointed at by line: the quick look and the slow one agree on every text, and emoji stay at home."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.text import odd_line, oddities

SEEN_AS_LETTERS = "\u00d0\u00f0\u0189\u0256\u0430\u0421\uff21\uff5e"
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u200e\u200f\u061c"
texts = st.text(st.one_of(st.sampled_from(SEEN_AS_LETTERS + UNSEEN + "abĐđ \n👩❤"), st.characters()), max_size=40)


@given(texts)
@example("a\n\u202eb")
@example("👩\u200d👩 và \u0430")
def test_the_first_odd_line_is_the_one_that_a_look_at_each_letter_finds(text: str) -> None:
    slow = next((at for at, line in enumerate(text.split("\n"), 1) if oddities(line)), 0)
    assert odd_line(text) == slow


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Cháu kể.\nNguyễn Văn \u0410", 2), ("Ðà Nẵng", 1),
        ("một\nhai\nba\u200b", 3),
        ("cả nhà 👨\u200d👩\u200d👧 khóc", 0), ("", 0),
    ],
)
def test_what_a_counsellor_would_not_see_is_named_by_its_line(text: str, line: int) -> None:
    assert odd_line(text) == line
