"""Two lists: fields with several values, told without the values; operations held, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.store.reads_conflicts import Conflict, HeldRow
from desktop.ui.case.facts import FactWords
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.words import tr, when_text
from domain.clock import Clock

Index = QModelIndex | QPersistentModelIndex
_SHOWN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)


class WaitsTable(QAbstractTableModel):
    """Rows of words; `status` is the shape at the first cell."""

    status = Status.CONFLICT
    heads: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, ...]] = []

    def tell(self, lines: Sequence[tuple[str, ...]]) -> None:
        """Take over other rows."""
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Rows."""
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index | None = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words above the columns."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.heads[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.lines):
            return None
        if role == STATUS_ROLE:
            return self.status if index.column() == 0 else None
        return self.lines[index.row()][index.column()] if role in _SHOWN else None


class ConflictsTable(WaitsTable):
    """Which file, which field, how many values, when the last one was written. The values are for who opens it."""

    def __init__(self, words: FactWords, clock: Clock) -> None:
        super().__init__()
        self._words, self._clock = words, clock
        self.heads = (tr("Mục"), tr("Hồ sơ"), tr("Số giá trị"), tr("Mới nhất lúc"))
        self.rows: tuple[Conflict, ...] = ()

    def show(self, rows: tuple[Conflict, ...]) -> None:
        """Take over other conflicts."""
        self.rows = rows
        now = self._clock.now_ms()
        self.tell([
            (self.label(one), one.code or tr("ngoài hồ sơ"), str(len(one.versions)), when_text(one.newest_ms, now))
            for one in rows
        ])

    def label(self, one: Conflict) -> str:
        """What the field is called; a region's own question by its own words."""
        question = self._words.questions.get(one.question)
        return question.label if question is not None else self._words.label(one.kind, one.field)


class HeldTable(WaitsTable):
    """Why, what, from where, which number, who and when."""

    status = Status.WAITING

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.heads = (tr("Vì sao giữ"), tr("Loại"), tr("Từ máy"), tr("Số"), tr("Ai"), tr("Ghi lúc"))

    def show(self, rows: Sequence[HeldRow]) -> None:
        """Take over other rows."""
        now = self._clock.now_ms()
        self.tell([
            (
                why_words(one.why),
                kind_words(one.kind),
                tr("máy này") if one.here else one.device[-8:],
                str(one.n),
                one.staff or tr("không rõ"),
                when_text(one.at_ms, now) if one.at_ms is not None else tr("không rõ"),
            )
            for one in rows
        ])


def kind_words(kind: str) -> str:
    """What a record of this kind is called."""
    words = {
        "call": tr("Cuộc gọi"),
        "contact": tr("Hồ sơ"),
        "case": tr("Ca"),
        "person": tr("Người"),
        "party": tr("Vai trò"),
        "phone": tr("Số máy"),
        "note": tr("Ghi chép"),
        "referral": tr("Chuyển gửi"),
        "attempt": tr("Lần liên hệ"),
        "clock": tr("Đồng hồ"),
        "stay": tr("Nơi trẻ ở"),
        "answer": tr("Câu trả lời"),
        "attachment": tr("Tệp"),
        "queue_item": tr("Mục hàng đợi"),
        "claim": tr("Lượt nhận"),
        "link": tr("Gắn trẻ"),
        "subject_request": tr("Yêu cầu dữ liệu"),
    }
    return words.get(kind, tr("Loại khác"))


def why_words(why: str) -> str:
    """Why an operation is held, and what will happen; a reason this program does not know shows as itself."""
    words = {
        "missing_target": tr("Chờ bản ghi gốc tới, rồi tự áp dụng"),
        "wrong_scope": tr("Ghi vào ngăn không phải của bản ghi"),
        "ungranted_scope": tr("Máy gửi chưa được cấp hồ sơ này"),
        "undecodable": tr("Phiên bản này chưa đọc được, chờ bản mới"),
        "unknown_action": tr("Việc mà phiên bản này chưa biết"),
        "centre_only": tr("Chỉ trung tâm được ghi loại này"),
    }
    return words.get(why, why)
