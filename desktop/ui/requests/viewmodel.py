"""What the sheet of requests knows and does: reads the register, opens one with its audit entry, does a step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from desktop.operations import requests as operations
from desktop.store.reads_requests import RequestRow, RequestView, request_rows, request_view
from desktop.store.unit_of_work import Operation
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class RequestsModel(QObject):
    """`rows` is what was read last; nothing is read while nobody looks."""

    changed = Signal()
    opened = Signal(object)
    done = Signal(str)
    saved_at = Signal(object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, clock: Clock) -> None:
        super().__init__()
        self._lane, self.clock = lane, clock
        self.rows: tuple[RequestRow, ...] = ()
        self._opening = ""
        self._doing = ""

    @Slot()
    def refresh(self) -> None:
        """Read the list again, on the reader lane, for the person who sits there."""
        self._lane.query(request_rows, self._read, self._failed)

    def _read(self, rows: tuple[RequestRow, ...]) -> None:
        self.rows = rows
        self.changed.emit()

    def forget(self) -> None:
        """The sheet went: nothing of it stays."""
        self.rows, self._opening = (), ""

    def open(self, request_id: str) -> None:
        """Show one request, once the entry that says who opened it is committed."""
        self._opening = request_id
        self._lane.submit(
            operations.open_request(request_id), self._entered, self._failed, initiator="requests"
        )

    def _entered(self, request_id: str) -> None:
        if request_id == self._opening:
            self._lane.query(partial(request_view, request_id=request_id), self._viewed, self._failed)

    def _viewed(self, view: RequestView | None) -> None:
        if view is not None and view.request.id == self._opening:
            self.opened.emit(view)

    def step(self, request_id: str, operation: Operation[None]) -> None:
        """Do the next step of one request; one at a time."""
        if not self._doing:
            self._doing = request_id
            self._lane.submit(operation, self._stepped, self._not_stepped, initiator="requests")

    def _stepped(self, _nothing: None) -> None:
        request_id, self._doing = self._doing, ""
        self.saved_at.emit(self.clock.now_ms())
        self.done.emit(request_id)
        self.refresh()

    def _not_stepped(self, fault: Exception) -> None:
        self._doing = ""
        self.trouble.emit(fault)

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)
