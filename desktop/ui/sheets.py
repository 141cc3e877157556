"""What an action lays over the window's pages: history, conflicts, same child, entry, a rest, requests and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from desktop.ui.forms.definition import FormDefinition
from desktop.ui.queue.entry import EntryKeys
from desktop.ui.requests.sheet import RequestsKeys
from desktop.ui.rest.cover import RestKeys
from desktop.ui.same.sheet import SameChildKeys
from desktop.ui.widgets.covers import Cover

if TYPE_CHECKING:
    from desktop.ui.audit.sheet import AuditKeys
    from desktop.ui.case.history import HistoryKeys
    from desktop.ui.case.restricting import RestrictKeys
    from desktop.ui.conflicts.sheet import ConflictsKeys
    from desktop.ui.leaving.exports import ExportsKeys
    from desktop.ui.leaving.letters import LetterKeys
    from desktop.ui.main_window import MainWindow

DEEDS: Final = {
    "history": "history",
    "conflicts": "conflicts",
    "same_child": "same_child",
    "queue_enter": "entry",
    "rest": "rest",
    "exports": "exports",
    "letter": "letters",
    "requests": "requests",
    "restrict": "restrict",
    "audit": "audit",
}
"""What lays each action's sheet over the pages."""
_WRITTEN_ON: Final = ("entry", "requests", "restrict")


class Sheets(QObject):
    """Each belongs to the window and is built once: those that look after a draft or a case with the window, the
    others when they are first asked for, with the modules that only they need. A call that comes puts all away."""

    def __init__(self, window: MainWindow, forms: Mapping[str, FormDefinition]) -> None:
        super().__init__(window)
        self._window, self._forms = window, forms
        self._promising = window.call_deeds.promising
        self.same_child = SameChildKeys(window)
        self.entry = EntryKeys(window, forms["incoming"])
        window.queue_page.enter.clicked.connect(self.entry.begin)
        self.rest = RestKeys(window)
        self.requests = RequestsKeys(window, forms["request"])
        window.case_page.letter.clicked.connect(self._letter)
        window.case_page.restrict.clicked.connect(self._restrict)

    @cached_property
    def history(self) -> HistoryKeys:
        """What was changed, by whom, where and when."""
        from desktop.ui.case.history import HistoryKeys  # noqa: PLC0415 - loaded when it is first asked for

        return HistoryKeys(self._window, self._forms)

    @cached_property
    def conflicts(self) -> ConflictsKeys:
        """What waits for a decision between two writings."""
        from desktop.ui.conflicts.sheet import ConflictsKeys  # noqa: PLC0415 - loaded when it is first asked for

        return ConflictsKeys(self._window)

    @cached_property
    def exports(self) -> ExportsKeys:
        """Figures and lists that leave the desk."""
        from desktop.ui.leaving.exports import ExportsKeys  # noqa: PLC0415 - loaded when it is first asked for

        return ExportsKeys(self._window)

    @cached_property
    def letters(self) -> LetterKeys:
        """Word documents of the file in front."""
        from desktop.ui.leaving.letters import LetterKeys  # noqa: PLC0415 - loaded when it is first asked for

        return LetterKeys(self._window)

    @cached_property
    def restrict(self) -> RestrictKeys:
        """Who may read the case in front."""
        from desktop.ui.case.restricting import RestrictKeys  # noqa: PLC0415 - loaded when it is first asked for

        return RestrictKeys(self._window)

    @cached_property
    def audit(self) -> AuditKeys:
        """Who looked at what."""
        from desktop.ui.audit.sheet import AuditKeys  # noqa: PLC0415 - loaded when it is first asked for

        return AuditKeys(self._window)

    @Slot()
    def _letter(self) -> None:
        self.letters.begin()

    @Slot()
    def _restrict(self) -> None:
        self.restrict.begin()

    def _begin(self, name: str) -> None:
        getattr(self, name).begin()

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What each action does."""
        return {action: partial(self._begin, name) for action, name in DEEDS.items()}

    def covers(self) -> tuple[Cover, ...]:
        """Everything of these that can lie over the pages now: what was not built yet lies nowhere."""
        built = (vars(self)[name] for name in DEEDS.values() if name in vars(self))
        return tuple(one.sheet for one in built if hasattr(one, "sheet"))

    def build_all(self) -> tuple[Cover, ...]:
        """Build every one now, with all that only they need: for who looks whether an installed desk is whole."""
        for name in DEEDS.values():
            getattr(self, name)
        return self.covers()

    def keep_all(self) -> None:
        """Keep what is being written, now."""
        self._promising.keep_now()
        for name in _WRITTEN_ON:
            if name in vars(self):
                getattr(self, name).keep_now()
