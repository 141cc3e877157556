"""S-38 from outside: whoever has the exported file, and reckons, finds no figure of one to four people in it."""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop.operations.figures import ELSEWHERE, figures
from desktop.operations.sheets import Sheet, write
from domain.reports import deidentified
from tests.conftest import Rounds
from tests.desktop.store.kit import reference
from tests.recounter import Recovered, recovered, small

PLACES = (*[one.code for one in reference().places.provinces()], ELSEWHERE)
AGES = tuple(code.code for code in reference().catalogue["age_group"].codes)
counts = st.dictionaries(
    st.tuples(st.sampled_from((*PLACES[:5], ELSEWHERE)), st.sampled_from(AGES)),
    st.one_of(st.integers(0, 7), st.sampled_from([1, 4, 5, 9, 60])),
    max_size=24,
)


def exported(counted: dict[tuple[str, str], int]) -> list[list[str]]:
    """The file as it leaves, read back as text: heads, lines, totals."""
    lines = figures(Counter(counted), reference().catalogue, reference().places)
    with tempfile.TemporaryDirectory() as folder:
        target = write(Sheet("", tuple(map(str, lines[0])), lines[1:]), Path(folder) / "so.csv")
        return list(csv.reader(target.read_text("utf-8-sig").splitlines()))[1:]


@given(counts)
@example({})
@example({("01", AGES[0]): 1})
@example({("01", AGES[0]): 3, ("01", AGES[1]): 9, (PLACES[1], AGES[0]): 6, (PLACES[1], AGES[1]): 5})
@settings(max_examples=60, deadline=None)
def test_nobody_works_a_withheld_figure_out_of_the_exported_file(counted: dict[tuple[str, str], int]) -> None:
    lines = exported(counted)
    assert small(lines) == []
    assert recovered(lines) == [], lines


@pytest.mark.soak("exports")
def test_nobody_works_one_out_of_a_country_of_provinces(rounds: Rounds) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice, tables, withheld = random.Random(seed), rounds(40), 0
    for _ in range(tables):
        places = dice.sample(PLACES, dice.randint(2, 14))
        counted = {(place, age): int(dice.expovariate(0.12)) for place in places for age in AGES}
        lines = exported(counted)
        withheld += sum(cell == "…" for line in lines for cell in line)
        assert small(lines) == []
        assert recovered(lines) == [], lines
    assert withheld
    print(f"{tables} tables, {withheld} withheld cells, none of one to four people worked out")


def test_a_table_without_further_cells_withheld_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault that the reckoning is for: only the small cells themselves are withheld."""
    monkeypatch.setattr(deidentified, "_is_safe", lambda *_given: True)
    dice, seen = random.Random(111), 0
    for _ in range(10):
        counted = {(place, age): dice.choice((0, 3, 8, 12, 20)) for place in PLACES[:3] for age in AGES[:4]}
        seen += bool(recovered(exported(counted)))
    assert seen >= 5, f"{seen} of 10 faulty tables found"


def test_the_reckoning_is_right_where_the_answer_is_known() -> None:
    lone = [["", "a", "b", "T"], ["x", "…", "7", "10"], ["y", "6", "9", "15"], ["T", "9", "16", "25"]]
    assert recovered(lone) == [Recovered("x", "a", 3)]
    square = [["", "a", "b", "T"], ["x", "…", "…", "10"], ["y", "…", "…", "15"], ["T", "9", "16", "25"]]
    assert recovered(square) == []
    tight = [["", "a", "b", "T"], ["x", "…", "…", "4"], ["y", "…", "…", "20"], ["T", "9", "15", "24"]]
    assert {(one.line, one.column, one.most) for one in recovered(tight)} == {("x", "a", 4), ("x", "b", 4)}
    open_end = [["", "a", "T"], ["x", "…", "…"], ["y", "6", "6"], ["T", "…", "…"]]
    assert recovered(open_end) == []
    assert small([["", "a", "T"], ["x", "4", "9"], ["T", "4", "9"]]) == [("x", "a"), ("T", "a")]
    with pytest.raises(ValueError, match="add up"):
        recovered([["", "a", "b", "T"], ["x", "…", "7", "5"], ["T", "0", "7", "7"]])
