"""Keeps what is being written outside the intake forms (a note, an edit) as a draft on this desk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.operations import drafts as operations
from desktop.store import drafts
from desktop.store.drafts import Draft
from domain.ids import derived_id

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class Keeper(QObject):
    """One place of writing about one record. Kept within a second after the first change; dropped when saved."""

    kept = Signal(object)
    found = Signal(object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, staff: str, form: str, about: str) -> None:
        super().__init__()
        self._lane = lane
        self._form, self._about = form, about
        self._id = derived_id("draft", form, staff, about)
        self._data: dict[str, Any] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(1_000)
        self._timer.timeout.connect(self.keep_now)

    def look(self) -> None:
        """Ask for what was written before; it comes as `found`, if there is anything."""
        self._lane.query(partial(drafts.one, draft_id=self._id), self._looked, self._failed)

    def _looked(self, draft: Draft | None) -> None:
        if draft is not None:
            self.found.emit(draft)

    def changed(self, data: dict[str, Any]) -> None:
        """It reads so now."""
        self._data = data
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def keep_now(self) -> None:
        """Keep it at once."""
        self._timer.stop()
        if self._data is None:
            return
        data, self._data = self._data, None
        self._lane.submit(
            operations.keep(self._id, self._form, self._about, data), self._was_kept, self._failed, initiator="draft"
        )

    def _was_kept(self, at_ms: int) -> None:
        self.kept.emit(at_ms)

    def drop(self) -> None:
        """It was saved or emptied."""
        self._timer.stop()
        self._data = None
        self._lane.submit(operations.discard(self._id), None, self._failed, initiator="draft")

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)
