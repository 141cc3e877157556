"""A form written of an item of the queue: its claim is renewed while it is really written, and never longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from desktop.operations import queue_claims
from desktop.operations.queue_claims import RENEW_MS, Standing, State
from desktop.ui.intake.sheet import Sheet
from desktop.ui.queue.said import how_it_stands
from desktop.ui.queue.viewmodel import QueueModel
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from domain.rules.queue import LEASE_MS

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

_ASK_MS: Final = 20_000
"""Between two questions for an item that is somebody else's, or of which nothing is known."""


class ItemForm(QObject):
    """Beside one sheet, also one restored after a crash or taken over at a handover. Each draft that was kept is a
    real edit: an open form that nobody writes in holds nothing."""

    def __init__(self, sheet: Sheet, model: QueueModel, lane: StoreLane) -> None:
        super().__init__(sheet)
        self._sheet, self._model, self._lane = sheet, model, lane
        self._item_id = sheet.model.item_id or ""
        self._asked_at: int | None = None
        self._told: Standing | None = None
        sheet.model.draft_kept.connect(self._edited)
        sheet.model.saved.connect(self._saved)
        if not sheet.model.restored:
            self._ask()  # opened by a key of the person, just now

    @Slot(object)
    def _edited(self, _at_ms: int) -> None:
        clock, row = self._lane.clock, self._model.row(self._item_id)
        if row is not None and self._model.is_mine(row):
            if (row.held_until or 0) - clock.now_ms() < LEASE_MS - RENEW_MS:
                self._ask()
        elif self._asked_at is None or clock.monotonic_ms() - self._asked_at >= _ASK_MS:
            self._ask()

    def _ask(self) -> None:
        self._asked_at = self._lane.clock.monotonic_ms()
        renewed = queue_claims.renew(self._item_id)
        self._lane.submit(renewed, self._stands, self._unknown, initiator="queue")

    def _stands(self, how: Standing) -> None:
        known, self._told = self._told, how
        if self._sheet.model.gone or (known is not None and (known.state, known.staff) == (how.state, how.staff)):
            return
        if how.state is not State.MINE:
            words = tr("{why} Chữ chị/anh viết còn nguyên và vẫn lưu được: hỏi nhau trước để không thành hai hồ sơ.")
            self._sheet.tell(Status.CONFLICT, words.format(why=how_it_stands(how)))
        elif known is not None:
            self._sheet.tell(Status.GOOD, tr("Mục này lại do chị/anh làm."))

    def _unknown(self, _fault: Exception) -> None:
        """The item was erased, or the store has a trouble that saving will tell of: writing goes on."""

    @Slot(object)
    def _saved(self, _result: object) -> None:
        self._model.became_file(self._item_id)
