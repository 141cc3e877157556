"""The sheets that an action lays over the window's pages, by action: history, conflicts, same child."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from desktop.ui.case.history import HistoryKeys
from desktop.ui.conflicts.sheet import ConflictsKeys
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.same.sheet import SameChildKeys
from desktop.ui.widgets.covers import Cover

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class Sheets:
    """Each is built once and belongs to the window. A call that comes puts all of them away."""

    def __init__(self, window: MainWindow, forms: Mapping[str, FormDefinition]) -> None:
        self.history = HistoryKeys(window, forms)
        self.conflicts = ConflictsKeys(window)
        self.same_child = SameChildKeys(window)

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What each action does."""
        return {
            "history": self.history.begin,
            "conflicts": self.conflicts.begin,
            "same_child": self.same_child.begin,
        }

    def covers(self) -> tuple[Cover, ...]:
        """Everything of these that can lie over the pages."""
        return (self.history.sheet, self.conflicts.sheet, self.same_child.sheet)
