"""Figures that name nobody: a table of counts in which no cell, read or worked out, is of one to four people.

Cells of 1 to 4 are withheld, and further cells with them, until nobody can compute a withheld one from the rest. The
table's totals are cells like the others: the whole is a circulation (all → rows → columns → all), and a withheld cell
is known exactly when no withheld amount can be moved around it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEAST: Final = 5
"""Fewest people that a published figure may be of (0 is published: it is of nobody)."""

TOTAL: Final = ""
"""The name of the totals' row and of the totals' column."""

Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Protected:
    """A table that may leave: rows and columns in their order, without the totals; None stands for what is
    withheld. Totals are at (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Cell, int | None]

    @property
    def withheld(self) -> int:
        """How many cells are withheld."""
        return sum(value is None for value in self.cells.values())


def gathered(counts: Mapping[Cell, int], other: str) -> dict[Cell, int]:
    """Rows of fewer than LEAST people go into one row `other`: few withheld cells instead of many everywhere."""
    sums: dict[str, int] = {}
    for (row, _), count in counts.items():
        sums[row] = sums.get(row, 0) + count
    found: dict[Cell, int] = {}
    for (row, column), count in counts.items():
        place = (row if sums[row] >= LEAST else other, column)
        found[place] = found.get(place, 0) + count
    return found


def protect(rows: Sequence[str], columns: Sequence[str], counts: Mapping[Cell, int]) -> Protected:
    """Add the totals and withhold what must be. Missing cells are 0. Raises ValueError for a negative count, a cell
    outside the table, or a row or column named like the totals."""
    if TOTAL in rows or TOTAL in columns or not set(counts) <= {(r, c) for r in rows for c in columns}:
        raise ValueError("a cell outside the table, or a line named like the totals")
    if any(count < 0 for count in counts.values()):
        raise ValueError("a count below zero")
    whole = _with_totals(rows, columns, counts)
    hidden = {cell for cell, count in whole.items() if 0 < count < LEAST}
    waiting = deque(sorted(hidden))
    while waiting:  # what is safe stays so: each further cell withheld leaves more open
        if _is_safe(whole, hidden, waiting[0]):
            waiting.popleft()
        else:
            partner = _partner(whole, hidden, waiting[0])
            hidden.add(partner)
            waiting.append(partner)
    return Protected(
        tuple(rows), tuple(columns), {cell: None if cell in hidden else count for cell, count in whole.items()}
    )


def _with_totals(rows: Sequence[str], columns: Sequence[str], counts: Mapping[Cell, int]) -> dict[Cell, int]:
    whole = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    whole |= {(row, TOTAL): sum(whole[row, column] for column in columns) for row in rows}
    whole |= {(TOTAL, column): sum(whole[row, column] for row in rows) for column in (*columns, TOTAL)}
    return whole


def _ends(cell: Cell) -> tuple[str, str]:
    """The arc of a cell: rows are r…, columns c…, and everything comes from S and goes to T."""
    row, column = cell
    if row == TOTAL:
        return ("T", "S") if column == TOTAL else (f"c{column}", "T")
    return ("S", f"r{row}") if column == TOTAL else (f"r{row}", f"c{column}")


def _is_safe(whole: Mapping[Cell, int], hidden: set[Cell], cell: Cell) -> bool:
    """Whether the rest leaves it open what this cell is, and that it may be LEAST or more."""
    tail, head = _ends(cell)
    amounts = {other: whole[other] for other in hidden if other != cell}
    arcs = _arcs(amounts)
    up = 0
    while up < max(1, LEAST - whole[cell]) and _move(amounts, arcs, head, tail):
        up += 1
    if whole[cell] + up >= LEAST and up:
        return True
    amounts = {other: whole[other] for other in hidden if other != cell}
    return whole[cell] >= LEAST and _move(amounts, arcs, tail, head)


def _arcs(cells: Iterable[Cell]) -> dict[str, list[tuple[str, Cell, int]]]:
    """From each end the ways on: where to, through which cell, and whether one more (along) or one less (against)."""
    found: dict[str, list[tuple[str, Cell, int]]] = {}
    for cell in sorted(cells):
        tail, head = _ends(cell)
        found.setdefault(tail, []).append((head, cell, 1))
        found.setdefault(head, []).append((tail, cell, -1))
    return found


def _move(amounts: dict[Cell, int], arcs: Mapping[str, list[tuple[str, Cell, int]]], start: str, end: str) -> bool:
    """Move one person from `start` to `end` along withheld cells, if there is a way."""
    came: dict[str, tuple[str, Cell, int] | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in came:
        here = waiting.popleft()
        for there, cell, step in arcs.get(here, ()):
            if there not in came and (step > 0 or amounts[cell] > 0):
                came[there] = (here, cell, step)
                waiting.append(there)
    if end not in came:
        return False
    at = end
    while (taken := came[at]) is not None:
        at, cell, step = taken
        amounts[cell] += step
    return True


def _partner(whole: Mapping[Cell, int], hidden: set[Cell], known: Cell) -> Cell:
    """The next cell to withhold: in the line of the one that is known, first where somebody is counted, the smallest
    first, totals last; else any."""
    row, column = known
    shown = [cell for cell in whole if cell not in hidden]
    near = [cell for cell in shown if cell[0] == row or cell[1] == column]
    return min(near or shown, key=lambda cell: (whole[cell] == 0, TOTAL in cell, whole[cell], cell))
