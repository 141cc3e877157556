"""The register's lines: what is asked, how far it has come, what is due; no word of the request itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from desktop.store.reads_requests import RequestRow
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.words import remaining_text, tr, when_text
from domain.clock import DAY, Clock
from domain.codes.catalogue import Catalogue
from domain.rules.subject_requests import GRANTED, LIST, PARTLY, REFUSED, Stage

WISH, STAGE, DUE, TAKEN, BY = range(5)


class RequestsTable(ListTable):
    """What waits first; a triangle where the day is near or gone, a full circle where nothing is owed any more."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        super().__init__()
        self._catalogue, self._clock = catalogue, clock
        self.rows: list[RequestRow] = []

    def show(self, rows: Sequence[RequestRow]) -> None:
        """Take over other rows."""
        self.renew_rows(list(rows))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Yêu cầu"), tr("Đang ở bước"), tr("Hạn"), tr("Nhận lúc"), tr("Người nhận"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == STATUS_ROLE:
            return due_status(row.due_at, self._clock.now_ms()) if index.column() == WISH else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.words(row)[index.column()]
        return None

    def words(self, row: RequestRow) -> tuple[str, str, str, str, str]:
        """The five cells of a request."""
        now = self._clock.now_ms()
        due = tr("không còn hạn nào") if row.due_at is None else remaining_text(row.due_at, now)
        wish = self._catalogue[LIST].label(row.wish)
        return wish, stage_words(row.stage), due, when_text(row.received_at, now), row.received_by


def due_status(due_at: int | None, now_ms: int) -> Status:
    """Shape of a deadline: over, far, near (a day), gone."""
    if due_at is None:
        return Status.GOOD
    return Status.URGENT if due_at - now_ms < DAY else Status.WAITING


def stage_words(stage: Stage) -> str:
    """How far a request has come."""
    return {
        Stage.RECEIVED: tr("1. Đã nhận, chưa xác minh ai hỏi"),
        Stage.KNOWN: tr("2. Đã xác minh, chờ quyết định"),
        Stage.DECIDED: tr("3. Đã quyết định, chờ gửi trả lời"),
        Stage.ANSWERED: tr("4. Đã trả lời, chờ thực hiện"),
        Stage.OVER: tr("Xong"),
    }[stage]


def answer_words(answer: str | None) -> str:
    """What was decided."""
    words = {GRANTED: tr("Đồng ý"), PARTLY: tr("Đồng ý một phần"), REFUSED: tr("Từ chối")}
    return words.get(answer or "", "")
