"""What the sheet of conflicts knows and does: reads what waits, opens one with its audit entry, takes a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from desktop.operations import audit
from desktop.operations import case as operations
from desktop.store.reads_conflicts import Conflict, Waits, what_waits
from domain.clock import Clock
from domain.records.audit import OPEN

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class ConflictsModel(QObject):
    """`waits` is what was read last; nothing is read while nobody looks."""

    changed = Signal()
    opened = Signal(object)
    saved_at = Signal(object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, clock: Clock) -> None:
        super().__init__()
        self._lane, self.clock = lane, clock
        self.waits = Waits((), ())
        self._opening: Conflict | None = None

    @Slot()
    def refresh(self) -> None:
        """Read again, on the reader lane, for the person who sits there."""
        self._lane.query(what_waits, self._read, self._failed)

    def _read(self, waits: Waits) -> None:
        self.waits = waits
        self.changed.emit()

    def forget(self) -> None:
        """The sheet went: nothing of it stays."""
        self.waits, self._opening = Waits((), ()), None

    def open(self, conflict: Conflict) -> None:
        """Show the values of one conflict. Of a file, once the entry that says who opened it is committed."""
        self._opening = conflict
        if not conflict.contact_id:
            self._opened(None)
            return
        entry = audit.noted(OPEN, "contact", conflict.contact_id, "P3")
        self._lane.submit(entry, self._opened, self._failed, initiator="conflicts")

    def _opened(self, _nothing: None) -> None:
        if self._opening is not None:
            conflict, self._opening = self._opening, None
            self.opened.emit(conflict)

    def choose(self, conflict: Conflict, place: int) -> None:
        """Decide for the version at this place; the place after the last is the value they all replaced.
        None is chosen of what is masked: a mask would be written in its place."""
        if conflict.masked:
            return
        if place < len(conflict.versions):
            value = conflict.versions[place].value
        elif place == len(conflict.versions) and conflict.base_known:
            value = conflict.base
        else:
            return
        operation = operations.resolve(conflict.kind, conflict.record, conflict.field, value, conflict.seen)
        self._lane.submit(operation, self._chosen, self._failed, initiator="conflicts")

    def _chosen(self, _nothing: None) -> None:
        self.saved_at.emit(self.clock.now_ms())
        self.refresh()

    def _failed(self, fault: Exception) -> None:
        self._opening = None
        self.trouble.emit(fault)
