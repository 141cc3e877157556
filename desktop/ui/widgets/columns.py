"""How wide each column of a table is: as wide as wished where all words fit, else long columns give way to short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """Pixels of one column: what is wished for it, what its words need in one line, its longest word or its head."""

    wished: int
    line: int
    least: int


def shares(needs: Mapping[int, Need], stretch: int, room: int) -> dict[int, int]:
    """Width of every column, together `room` pixels where that is enough for their longest words; `stretch` takes
    what is left. Nothing here is cut: what does not get its line goes on in the next."""
    others = {column: max(need.wished, need.line) for column, need in needs.items() if column != stretch}
    rest = room - sum(others.values())
    if rest >= needs[stretch].line:
        return {**others, stretch: rest}
    lines = {column: need.line for column, need in needs.items()}
    spare = room - sum(lines.values())
    if spare >= 0:
        more = {column: wide - lines[column] for column, wide in others.items()}
        whole = max(1, sum(more.values()))
        others = {column: lines[column] + wide * spare // whole for column, wide in more.items()}
    else:
        level = _level(needs, room)
        others = {column: max(needs[column].least, min(needs[column].line, level)) for column in others}
    return {**others, stretch: max(needs[stretch].least, room - sum(others.values()))}


def _level(needs: Mapping[int, Need], room: int) -> int:
    """The width above which columns give way, so that all of them together take the room: short ones keep theirs."""
    low, high = 0, max(need.line for need in needs.values())
    while low < high:
        middle = (low + high + 1) // 2
        if sum(max(need.least, min(need.line, middle)) for need in needs.values()) <= room:
            low = middle
        else:
            high = middle - 1
    return low
