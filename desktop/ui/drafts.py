"""Keeps what is being written outside the intake forms (a note, an edit) as a draft on this desk."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.lanes import Closed
from desktop.operations import drafts as operations
from desktop.store.drafts import Draft
from domain.ids import derived_id

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

Words = tuple[dict[str, Any], Mapping[str, Any]]
"""What is written, and what it was opened on."""

KEEP_MS: Final = 1_000
"""Words are kept so long after the first unkept change; settled 24 allows two seconds."""
AGAIN_MS: Final = 10_000
"""Words that could not be kept (a full disk) are tried again so soon, without another key."""


class Keeper(QObject):
    """One place of writing about one record. Kept within a second after the first change; dropped when saved. `was`:
    the record that it was before (a file that became a case): words begun about that one are looked for too."""

    kept = Signal(object)
    found = Signal(object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, staff: str, form: str, about: str, was: str = "") -> None:
        super().__init__()
        self._lane, self._staff = lane, staff
        self._form, self._about = form, about
        self.draft_id = derived_id("draft", form, staff, about)
        self._was = [derived_id("draft", form, staff, was)] if was else []
        self._instead_of = ""
        self._data: Words | None = None
        self._under_way: deque[Words] = deque()
        self._tells = True
        self._timer = QTimer(self)
        self._again = QTimer(self)
        for timer, ms in ((self._timer, KEEP_MS), (self._again, AGAIN_MS)):
            timer.setSingleShot(True)
            timer.setInterval(ms)
            timer.timeout.connect(self.keep_now)

    def look(self) -> None:
        """Ask for what was written before; it comes as `found`, if there is anything."""
        looked = operations.look(self.draft_id, *self._was)
        self._lane.submit(looked, self._looked, self._failed, initiator="draft")

    def _looked(self, draft: Draft | None) -> None:
        if draft is not None and self._tells:
            self.found.emit(draft)

    def follow(self, about: str, data: dict[str, Any] | None, bases: Mapping[str, Any] | None = None) -> None:
        """The record in front became this one (a file a case): what is written (None: nothing) is its from now on."""
        before, self.draft_id = self.draft_id, derived_id("draft", self._form, self._staff, about)
        self._about, self._instead_of = about, before
        if data is None:
            self.drop()
        else:
            self.changed(data, bases)
            self.keep_now()

    def take_over(self, draft: Draft) -> None:
        """Words that were found under what the record was before are of this record from now on."""
        if draft.id != self.draft_id:
            self._instead_of = draft.id
            self.changed(dict(draft.data), draft.bases)
            self.keep_now()

    def changed(self, data: dict[str, Any], bases: Mapping[str, Any] | None = None) -> None:
        """It reads so now; `bases` is what it was opened on."""
        self._data = (data, bases or {})
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def keep_now(self) -> None:
        """Keep it at once."""
        self._timer.stop()
        self._again.stop()
        if self._data is None:
            return
        words, self._data = self._data, None
        before = self._instead_of
        operation = operations.keep(self.draft_id, self._form, self._about, *words, instead_of=before)
        try:
            self._lane.submit(operation, self._was_kept, self._not_kept, initiator="draft")
        except Closed:  # the desk ended while a former try was under way; its trouble was told
            return
        self._under_way.append(words)

    def _was_kept(self, at_ms: int) -> None:
        if self._under_way:
            self._under_way.popleft()
        if self._tells:
            self.kept.emit(at_ms)

    def _not_kept(self, fault: Exception) -> None:
        words = self._under_way.popleft() if self._under_way else None
        if self._data is None and not self._under_way:  # else newer words are on their way already
            self._data = words
        if self._data is not None:
            self._again.start()
        self._failed(fault)

    def leave(self) -> None:
        """Another record comes in front: what is written is kept now, and only trouble is told of it any more."""
        self.keep_now()
        self._tells = False

    def drop(self) -> None:
        """It was saved or emptied."""
        self._timer.stop()
        self._again.stop()
        self._data = None
        self._under_way.clear()
        ids = [self.draft_id, *filter(None, [self._instead_of])]
        self._lane.submit(operations.discard(*ids), None, self._failed, initiator="draft")

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)
