"""Somebody with an exported table of figures and much patience: reads only the file, and works out what it withholds.

Written without the production code. Every published total is an equation over the withheld cells, none of which is
below zero. The simplex method says of each the largest number that agrees with all of them. They are those of a flow
through a network, so a largest number is a whole one, and what is said here is exact and no estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

FEW: Final = 5
"""Whoever knows of a cell that it holds fewer people than this, and not nobody for certain, has found somebody."""
WITHHELD: Final = "…"


@dataclass(frozen=True)
class Recovered:
    """A withheld cell by the words of its line and its column, and the most people that can be in it."""

    line: str
    column: str
    most: int


def recovered(lines: Sequence[Sequence[str]]) -> list[Recovered]:
    """What a reader learns of the withheld cells of a table. `lines`: heads first, then a line a place, then the
    totals; of each its name comes first and its total last. Raises ValueError where a table does not add up."""
    heads, body = lines[0], lines[1:]
    whole = [[None if cell == WITHHELD else int(cell) for cell in line[1:]] for line in body]
    unknown = [(row, at) for row, line in enumerate(whole) for at, cell in enumerate(line) if cell is None]
    start = _start(list(_equations(whole, unknown)), len(unknown))
    found = []
    for place, (row, at) in enumerate(unknown):
        most = _most(start, place)
        if most is not None:
            found.append(Recovered(body[row][0], heads[at + 1], most))
    return found


def small(lines: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Published cells of one to four people: nothing needs to be worked out there."""
    heads = lines[0]
    return [
        (line[0], heads[at + 1])
        for line in lines[1:]
        for at, cell in enumerate(line[1:])
        if cell != WITHHELD and 0 < int(cell) < FEW
    ]


def _equations(
    whole: list[list[int | None]], unknown: list[tuple[int, int]]
) -> Iterator[tuple[list[Fraction], Fraction]]:
    """Each line and each column: what stands before its end, less the end, is nothing."""
    last_row, last_column = len(whole) - 1, len(whole[0]) - 1
    lines = [[(row, at) for at in range(last_column + 1)] for row in range(last_row + 1)]
    columns = [[(row, at) for row in range(last_row + 1)] for at in range(last_column + 1)]
    for cells in (*lines, *columns):
        left, right = [Fraction(0)] * len(unknown), Fraction(0)
        for cell in cells:
            sign = -1 if cell == cells[-1] else 1
            said = whole[cell[0]][cell[1]]
            if said is None:
                left[unknown.index(cell)] += sign
            else:
                right -= sign * said
        yield left, right


class _Tableau:
    """A simplex tableau: rows of (coefficients, right side), and the unknown that each row is solved for."""

    def __init__(self, rows: list[list[Fraction]], basis: list[int]) -> None:
        self.rows, self.basis = rows, basis

    def copy(self) -> _Tableau:
        return _Tableau([list(row) for row in self.rows], list(self.basis))

    def turn(self, row: int, column: int) -> None:
        """Solve this row for this unknown."""
        pivot = self.rows[row][column]
        self.rows[row] = [one / pivot for one in self.rows[row]]
        for other, line in enumerate(self.rows):
            factor = line[column]
            if other != row and factor:
                self.rows[other] = [a - factor * b for a, b in zip(line, self.rows[row], strict=True)]
        self.basis[row] = column

    def raise_up(self, gain: list[Fraction], enough: Fraction | None, width: int) -> Fraction | None:
        """The most that the objective can be (None: without end, or `enough` and more); by Bland's rule it ends."""
        while True:
            worth = list(gain)
            value = Fraction(0)
            for line, held in zip(self.rows, self.basis, strict=True):
                if gain[held]:
                    worth = [a - gain[held] * b for a, b in zip(worth, line[:-1], strict=True)]
                    value += gain[held] * line[-1]
            if enough is not None and value >= enough:
                return None
            column = next((at for at in range(width) if worth[at] > 0), None)
            if column is None:
                return value
            ways = [
                (line[-1] / line[column], self.basis[at], at) for at, line in enumerate(self.rows) if line[column] > 0
            ]
            if not ways:
                return None
            self.turn(min(ways)[2], column)


def _start(equations: list[tuple[list[Fraction], Fraction]], count: int) -> _Tableau:
    """A first answer to all equations. Raises ValueError where there is none."""
    rows: list[list[Fraction]] = []
    for left, right in equations:
        sign = -1 if right < 0 else 1
        helpers = [Fraction(int(one == len(rows))) for one in range(len(equations))]
        rows.append([*(sign * one for one in left), *helpers, sign * right])
    made = _Tableau(rows, [count + at for at in range(len(rows))])
    owed = [Fraction(0)] * count + [Fraction(-1)] * len(rows)
    if made.raise_up(owed, None, count) != 0:
        raise ValueError("the table does not add up")
    for at in range(len(made.rows)):
        if made.basis[at] >= count:
            column = next((one for one in range(count) if made.rows[at][one]), None)
            if column is not None:
                made.turn(at, column)
    kept = [at for at, held in enumerate(made.basis) if held < count]
    return _Tableau([[*made.rows[at][:count], made.rows[at][-1]] for at in kept], [made.basis[at] for at in kept])


def _most(start: _Tableau, place: int) -> int | None:
    """The most that this unknown can be where that is fewer than FEW, else None."""
    count = len(start.rows[0]) - 1 if start.rows else place + 1
    gain = [Fraction(int(at == place)) for at in range(count)]
    most = start.copy().raise_up(gain, Fraction(FEW), count)
    return None if most is None else int(most)
