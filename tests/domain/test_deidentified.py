"""S-38: nobody works out a withheld figure, and no published one is of one to four people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.reports.deidentified import LEAST, TOTAL, Cell, Protected, gathered, protect

ROWS, COLUMNS = ("An Giang", "Đà Nẵng", "Hà Nội"), ("0-5", "6-10", "11-15")
counts_of = st.lists(
    st.one_of(st.integers(0, 6), st.sampled_from([0, 0, 1, 4, 5, 9, 60])), min_size=9, max_size=9
)


def table(values: list[int], rows: int = 3, columns: int = 3) -> dict[Cell, int]:
    return {(ROWS[at // columns], COLUMNS[at % columns]): values[at] for at in range(rows * columns)}


def solutions(made: Protected, most: int) -> Iterator[Mapping[Cell, int]]:
    """Every table of whole numbers up to `most` in a withheld cell that agrees with all that was published: the work
    of somebody with much patience, who knows nothing of how cells were chosen."""
    inner = [(row, column) for row in made.rows for column in made.columns]
    choices = [range(most + 1) if made.cells[cell] is None else [made.cells[cell] or 0] for cell in inner]
    for amounts in product(*choices):
        whole = dict(zip(inner, amounts, strict=True))
        for row in made.rows:
            whole[row, TOTAL] = sum(whole[row, column] for column in made.columns)
        for column in (*made.columns, TOTAL):
            whole[TOTAL, column] = sum(whole[row, column] for row in made.rows)
        if all(said is None or said == whole[cell] for cell, said in made.cells.items()):
            yield whole


@given(counts_of)
@example([1, 0, 0, 0, 0, 0, 0, 0, 0])
@example([3, 9, 0, 9, 9, 0, 0, 0, 0])
@example([0, 0, 0, 0, 0, 0, 0, 0, 0])
@settings(max_examples=300)
def test_no_published_figure_is_of_one_to_four_people_and_every_published_one_is_true(values: list[int]) -> None:
    counts = table(values)
    made = protect(ROWS, COLUMNS, counts)
    for cell, said in made.cells.items():
        assert said is None or said == 0 or said >= LEAST
        if said is not None and TOTAL not in cell:
            assert said == counts[cell]
    assert made.withheld == 0 or any(0 < one < LEAST for one in values) or made.cells[TOTAL, TOTAL] is None


@given(st.lists(st.integers(0, 6), min_size=4, max_size=4))
@example([1, 5, 5, 5])
@example([4, 0, 0, 6])
@example([2, 2, 5, 0])
@settings(max_examples=40)
def test_whoever_tries_every_table_that_agrees_learns_no_withheld_figure(values: list[int]) -> None:
    made = protect(ROWS[:2], COLUMNS[:2], table(values, 2, 2))
    hidden = [cell for cell, said in made.cells.items() if said is None]
    if not hidden:
        return
    possible_in: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for way in solutions(made, LEAST + 4):
        for cell in hidden:
            possible_in[cell].add(way[cell])
    for cell, possible in possible_in.items():
        assert len(possible) > 1, (cell, made)
        assert max(possible) >= LEAST, (cell, made)


def test_the_patient_reader_finds_what_a_table_without_partners_gives_away() -> None:
    """The check above can fail: withholding only the small cell is not enough, and it sees so."""
    whole = {("a", "x"): None, ("a", "y"): 7, ("b", "x"): 6, ("b", "y"): 9, ("a", TOTAL): 10, ("b", TOTAL): 15,
             (TOTAL, "x"): 9, (TOTAL, "y"): 16, (TOTAL, TOTAL): 25}  # fmt: skip
    naive = Protected(("a", "b"), ("x", "y"), whole)
    assert {way["a", "x"] for way in solutions(naive, 12)} == {3}
    better = protect(("a", "b"), ("x", "y"), {("a", "x"): 3, ("a", "y"): 7, ("b", "x"): 6, ("b", "y"): 9})
    assert better.withheld >= 4
    assert better.cells[TOTAL, TOTAL] == 25


@given(counts_of)
def test_small_places_are_gathered_and_nobody_is_lost(values: list[int]) -> None:
    counts = table(values)
    found = gathered(counts, "Nơi khác")
    assert sum(found.values()) == sum(values)
    for row in {row for row, _ in found} - {"Nơi khác"}:
        assert sum(count for (place, _), count in found.items() if place == row) >= LEAST


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: protect((TOTAL,), ("x",), {}),
        lambda: protect(("a",), ("x",), {("a", "x"): -1}),
        lambda: protect(("a",), ("x",), {("b", "x"): 5}),
    ],
)
def test_what_is_no_table_of_counts_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"count|cell"):
        wrong()


def test_a_country_of_sixty_three_provinces_is_protected_at_once() -> None:
    rows, columns = [f"tỉnh {n}" for n in range(63)], [f"nhóm {n}" for n in range(8)]
    counts = {(r, c): (i * 7 + j * 11) % 23 for i, r in enumerate(rows) for j, c in enumerate(columns)}
    made = protect(rows, columns, counts)
    assert 0 < made.withheld < len(made.cells) // 2
    assert made.cells[TOTAL, TOTAL] == sum(counts.values())
