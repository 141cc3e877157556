"""The two lists beside today's: calls nobody has labelled yet, for the sweep, and missed calls, to call back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QItemSelection, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView

from desktop.background.change_bus import ChangeBus, Changes
from desktop.store import reads
from desktop.ui.calls.table_model import KEPT, NUMBER, OUTCOME, SEAT, TIME, CallsTable
from desktop.ui.theme.look import Look
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr
from domain.clock import DAY, HOUR, Clock
from domain.codes.catalogue import Catalogue

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

TODAY: Final = "today"
UNCLASSIFIED: Final = "unclassified"
MISSED: Final = "missed"
SWEEP_DAYS: Final = 7
_SOON_MS: Final = 250


@dataclass(frozen=True, slots=True)
class Lists:
    """Both lists as they stand, newest first."""

    unclassified: tuple[reads.CallRow, ...] = ()
    missed: tuple[reads.CallRow, ...] = ()


class ListsModel(QObject):
    """Reads both lists again soon after calls changed; `changed` says so."""

    changed = Signal()
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock, centre: str, seat: str) -> None:
        super().__init__()
        self._lane, self._bus, self._clock, self._centre, self._seat = lane, bus, clock, centre, seat
        self.lists = Lists()
        self.at_ear: str | None = None
        self._closed = self._reading = self._again = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.refresh)
        bus.changed.connect(self._records_changed)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._soon.stop()
        self._bus.changed.disconnect(self._records_changed)

    def rows(self, name: str) -> list[reads.CallRow]:
        """The rows of a list by its name; a call that somebody is still speaking on is not for the sweep."""
        if name == MISSED:
            return list(self.lists.missed)
        since = self._clock.now_ms() - HOUR
        return [row for row in self.lists.unclassified if row.id != self.at_ear and not self._runs(row, since)]

    def _runs(self, row: reads.CallRow, since_ms: int) -> bool:
        return row.end_at is None and row.seat != self._seat and (row.ring_at or 0) > since_ms

    @Slot(object)
    def _records_changed(self, changes: Changes) -> None:
        if changes.ids.get("call") and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def refresh(self) -> None:
        """Read both lists on a reader's thread."""
        if self._closed:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        now = self._clock.now_ms()
        self._lane.query(partial(_both, centre=self._centre, now_ms=now), self._read, self._failed)

    def _read(self, lists: Lists) -> None:
        self._reading = False
        if lists != self.lists:
            self.lists = lists
            self.changed.emit()
        if self._again:
            self._again = False
            self._soon.start()

    def _failed(self, fault: Exception) -> None:
        self._reading = False
        self.trouble.emit(fault)


def _both(connection: Any, centre: str, now_ms: int) -> Lists:
    return Lists(
        tuple(reads.calls_unclassified(connection, centre, now_ms - SWEEP_DAYS * DAY)),
        tuple(reads.calls_missed(connection, centre, now_ms - DAY)),
    )


class ListTable(PaperTable):
    """One of the two lists; several rows can be chosen. `chosen` carries their ids, in the order shown."""

    chosen = Signal(tuple)

    def __init__(self, look: Look, catalogue: Catalogue) -> None:
        self.calls = CallsTable(catalogue["contact_outcome"], catalogue["attempt_result"])
        super().__init__(look, self.calls, {TIME: 96, NUMBER: 150, SEAT: 72, KEPT: 150}, OUTCOME)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setObjectName("table.calls.list")
        self.setAccessibleName(tr("Cuộc gọi cần xem lại"))
        self.selectionModel().selectionChanged.connect(self._selection_changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+A chooses every row; the rest as in every table."""
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.selectAll()
        else:
            super().keyPressEvent(event)

    @Slot(QItemSelection, QItemSelection)
    def _selection_changed(self, _now: QItemSelection, _before: QItemSelection) -> None:
        self.chosen.emit(self.ids())

    def ids(self) -> tuple[str, ...]:
        """The calls chosen now."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        found = [self.calls.row_at(place) for place in places]
        return tuple(row.id for row in found if row is not None)

    def show_rows(self, rows: list[reads.CallRow]) -> None:
        """Take over new rows; what was chosen and is still there stays chosen."""
        self.calls.show(rows)
        if rows and not self.currentIndex().isValid():
            self.setCurrentIndex(self.calls.index(0, 0))
        self.chosen.emit(self.ids())
