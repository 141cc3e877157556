"""Crashes in the steps that few lives come to: five thousand of them met none there by chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

SELDOM: Final = frozenset({"fork", "behind"})
"""A desk gets another incarnation; a desk finds that its centre is behind what it knew."""
CHANCE: Final = 0.1
"""That a desk dies at one of the three boundaries of such a step."""


class Seldom:
    """Draws apart from everything else, so that a life without such a step stays as it was."""

    def __init__(self, seed: int, is_calm: Callable[[], bool]) -> None:
        self._dice = random.Random(f"{seed} aimed")
        self._is_calm = is_calm

    def fells(self, where: str) -> bool:
        """Whether the program dies at this boundary, named `step moment`."""
        return where.partition(" ")[0] in SELDOM and not self._is_calm() and self._dice.random() < CHANCE
