"""What one person does so often that somebody should ask why: files opened in an hour, exports in a day. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.clock import DAY, HOUR
from domain.records.audit import EXPORT, OPEN


@dataclass(frozen=True, slots=True)
class Rule:
    """`most` acts within `window_ms` are usual, one more is not. `files`: different files count, not acts."""

    reason: str
    action: str
    most: int
    window_ms: int
    files: bool


MANY_FILES: Final = Rule("many_files", OPEN, 30, HOUR, files=True)
MANY_EXPORTS: Final = Rule("many_exports", EXPORT, 3, DAY, files=False)
RULES: Final = (MANY_FILES, MANY_EXPORTS)
"""The figures are those of the hotline's reference (§1, T4)."""


@dataclass(frozen=True, slots=True)
class Done:
    """One act of a person: when (UTC ms), the file it was done with, the id of its entry."""

    at: int
    file: str
    entry: str


def unusual(rule: Rule, done: Iterable[Done]) -> list[Done]:
    """The acts with which it became too many, oldest first; for one window's length one act stands for all that
    follow it."""
    found: list[Done] = []
    within: deque[Done] = deque()
    counted: Counter[str] = Counter()
    for one in sorted(done, key=lambda each: (each.at, each.entry)):
        within.append(one)
        counted[one.file] += 1
        while within[0].at <= one.at - rule.window_ms:
            gone = within.popleft().file
            counted[gone] -= 1
            if not counted[gone]:
                del counted[gone]
        many = len(counted) if rule.files else len(within)
        if many > rule.most and (not found or one.at - found[-1].at >= rule.window_ms):
            found.append(one)
    return found
