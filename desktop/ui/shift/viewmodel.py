"""What the shift screen knows and does: the own shift, what was signed, who takes over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.change_bus import ChangeBus, Changes
from desktop.operations import shift
from desktop.store.reads_shift import ShiftView, shift_view
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

_SOON_MS: Final = 400
_KINDS: Final = ("call", "case", "contact", "clock", "shift", "handover", "queue_item", "claim")


class ShiftModel(QObject):
    """`changed` after every reading; `handed_over` carries who took over (or an empty name)."""

    changed = Signal()
    handed_over = Signal(str)
    saved_at = Signal(object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock, centre: str, seat: str) -> None:
        super().__init__()
        self._lane, self._bus, self._clock, self._centre, self._seat = lane, bus, clock, centre, seat
        self.view = ShiftView()
        self.signed: set[str] = set()
        self._pages = 1
        self._taken_by = ""
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

    @Slot(object)
    def _records_changed(self, changes: Changes) -> None:
        if any(changes.ids.get(kind) for kind in _KINDS) and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def refresh(self) -> None:
        """Read everything again on a reader's thread."""
        if self._closed:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        read = partial(
            shift_view,
            staff=self._lane.staff,
            seat=self._seat,
            centre=self._centre,
            now_ms=self._clock.now_ms(),
            pages=self._pages,
            signed=frozenset(self.signed),
        )
        self._lane.query(read, self._read, self._failed)

    def _read(self, view: ShiftView) -> None:
        self._reading = False
        self.view = view
        self.changed.emit()
        if self._again:
            self._again = False
            self._soon.start()

    def start(self) -> None:
        """Begin the shift."""
        self._lane.submit(shift.start(), self._started, self._failed, initiator="shift")

    def _started(self, _shift_id: str) -> None:
        self.saved_at.emit(self._clock.now_ms())
        self.refresh()

    def sign(self, case_id: str) -> None:
        """This case or overdue call-back was read; again takes the sign back. After the last case of a page the next
        page comes."""
        self.signed ^= {case_id}
        if self.view.beyond and all(case.id in self.signed for case in self.view.cases):
            self._pages += 1
            self.refresh()
        self.changed.emit()

    @property
    def unsigned(self) -> int:
        """How many red and orange cases are to be signed, those of pages to come among them."""
        return self.view.beyond + sum(case.id not in self.signed for case in self.view.cases)

    @property
    def owed(self) -> int:
        """How many overdue call-backs are neither called nor signed."""
        return sum(one.id not in self.signed for one in self.view.promises)

    def hand_over(self, taken_by: str) -> None:
        """End the shift; what is missing comes as trouble, with nothing changed."""
        self._taken_by = taken_by
        operation = shift.hand_over(taken_by, frozenset(self.signed))
        self._lane.submit(operation, self._done, self._refused, initiator="shift")

    def _refused(self, fault: Exception) -> None:
        """Not yet: the page shows what is left now (a call-back may have become overdue since it was read)."""
        self.trouble.emit(fault)
        self.refresh()

    def _done(self, _handover_id: str) -> None:
        self.signed, self._pages = set(), 1
        self.saved_at.emit(self._clock.now_ms())
        self.handed_over.emit(self._taken_by)
        self.refresh()

    def _failed(self, fault: Exception) -> None:
        self._reading = False
        self.trouble.emit(fault)
