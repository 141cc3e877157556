"""What an action lays over the window's pages: history, conflicts, same child, entry, a rest, requests and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from desktop.ui.audit.sheet import AuditKeys
from desktop.ui.case.history import HistoryKeys
from desktop.ui.case.restricting import RestrictKeys
from desktop.ui.conflicts.sheet import ConflictsKeys
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.leaving.exports import ExportsKeys
from desktop.ui.leaving.letters import LetterKeys
from desktop.ui.queue.entry import EntryKeys
from desktop.ui.requests.sheet import RequestsKeys
from desktop.ui.rest.cover import RestKeys
from desktop.ui.same.sheet import SameChildKeys
from desktop.ui.widgets.covers import Cover

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class Sheets:
    """Each is built once and belongs to the window. A call that comes puts all of them away."""

    def __init__(self, window: MainWindow, forms: Mapping[str, FormDefinition]) -> None:
        self._promising = window.call_deeds.promising
        self.history = HistoryKeys(window, forms)
        self.conflicts = ConflictsKeys(window)
        self.same_child = SameChildKeys(window)
        self.entry = EntryKeys(window, forms["incoming"])
        window.queue_page.enter.clicked.connect(self.entry.begin)
        self.rest = RestKeys(window)
        self.exports = ExportsKeys(window)
        self.letters = LetterKeys(window)
        self.requests = RequestsKeys(window, forms["request"])
        self.restrict = RestrictKeys(window)
        self.audit = AuditKeys(window)

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What each action does."""
        return {
            "history": self.history.begin,
            "conflicts": self.conflicts.begin,
            "same_child": self.same_child.begin,
            "queue_enter": self.entry.begin,
            "rest": self.rest.begin,
            "exports": self.exports.begin,
            "letter": self.letters.begin,
            "requests": self.requests.begin,
            "restrict": self.restrict.begin,
            "audit": self.audit.begin,
        }

    def covers(self) -> tuple[Cover, ...]:
        """Everything of these that can lie over the pages."""
        found = (self.history, self.conflicts, self.same_child, self.entry, self.rest, self.requests, self.exports)
        return (*(one.sheet for one in found), self.restrict.sheet, self.audit.sheet)

    def keep_all(self) -> None:
        """Keep what is being written, now."""
        self._promising.keep_now()
        self.entry.keep_now()
        self.requests.keep_now()
        self.restrict.keep_now()
