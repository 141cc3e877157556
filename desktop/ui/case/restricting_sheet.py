"""The sheet over the case that restricts it: what happens in plain words, the reason, and who reads, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.operations.restricting import NotYours
from desktop.store.reads_readers import Reader, Readers, Why
from desktop.ui.conflicts.table_model import Index, WaitsTable
from desktop.ui.forms.boxes import TextBox
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.said import Mark, Said, button
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import spoken, tr


class ReadersTable(WaitsTable):
    """Who, their roles, whether they read; the shape says the last."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = (tr("Người"), tr("Vai trò"), tr("Đọc được không"))
        self.reads: list[bool] = []

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; a disc for who reads, a ring for who does not."""
        if role == STATUS_ROLE and index.column() == 0 and 0 <= index.row() < len(self.reads):
            return Status.GOOD if self.reads[index.row()] else Status.QUIET
        return super().data(index, role)


class RestrictSheet(WorkCover):
    """Before: a reason, and whom to let in. After: the same list, where somebody is let in or put out."""

    saving = Signal()
    changed = Signal()
    entered = Signal(object)
    _built = False
    _putting = False

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.restrict")
        self.setAccessibleName(tr("Hạn chế hồ sơ"))
        self.found: Readers | None = None
        self.chosen: set[str] = set()
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        self.head = Said(tr("Hạn chế hồ sơ"), "title")
        page.addWidget(self.head)
        self.what = Said("", wraps=True)
        page.addWidget(self.what)
        self.never = Mark(Status.WAITING, "", wraps=True)
        page.addWidget(self.never)
        self.state = Mark(Status.QUIET, "", wraps=True)
        page.addWidget(self.state)
        self.why = Said(tr("Lý do (người có quyền sẽ đọc)"), "section")
        page.addWidget(self.why)
        self.reason = TextBox(2)
        self.reason.setObjectName("field.restrict_reason")
        self.reason.setAccessibleName(tr("Lý do (người có quyền sẽ đọc)"))
        self.reason.setPlaceholderText(tr("Ví dụ: người nhà của người bị tố cáo làm việc tại cơ quan"))
        self.reason.typed.connect(self._typed)
        page.addWidget(self.reason)
        page.addWidget(Said(tr("Ai đọc được"), "section"))
        self.rows = ReadersTable()
        self.table = PaperTable(look, self.rows, {0: 280, 1: 220}, 2)
        self.table.setObjectName("table.readers")
        self.table.setAccessibleName(tr("Ai đọc được"))
        self.table.keep_rows(4)
        self.table.entered_row.connect(self._row_entered)
        page.addWidget(self.table, 1)
        foot = QHBoxLayout()
        self.save = button("restrict_now", tr("Hạn chế hồ sơ  Ctrl+Enter"), "main")
        self.save.clicked.connect(self.saving)
        foot.addStretch(1)
        foot.addWidget(self.save)
        page.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self._built = True

    def show_readers(self, found: Readers, *, fresh: bool) -> None:
        """Write it anew. `fresh`: it was just laid there; else the caret and what was chosen stay."""
        self.found = found
        if fresh:
            self.chosen = set() if found.restricted else {
                one.staff for one in found.rows if one.why is Why.WORKS and one.known
            }
            self.say(Status.QUIET, "")
        before = not found.restricted
        for part in (self.why, self.reason, self.save, self.never):
            part.setVisible(before)
        self.save.setEnabled(found.allowed)
        self.reason.setEnabled(found.allowed)
        if before:
            self.head.setText(tr("Hạn chế hồ sơ"))
            self.what.setText(
                tr(
                    "Tên, số máy, địa chỉ, nội dung và ghi chép được khóa bằng một khóa riêng của hồ sơ. Chỉ những "
                    "người dưới đây đọc được. Enter để chọn hoặc bỏ một người. Esc để trở lại, chữ đang viết vẫn giữ."
                )
            )
            words = tr(
                "Không bỏ hạn chế được. Từ nay hồ sơ chỉ tìm được bằng mã. Chữ đã viết trước đó vẫn còn trong nhật "
                "ký và bản sao lưu cũ, ở máy này và ở trung tâm."
            )
            alone = tr(
                "Trung tâm chưa có người giữ khóa dự phòng: nếu mọi người đọc đều mất khóa thì không ai mở lại được. "
                "Nên chọn ít nhất hai người đọc."
            )
            self.never.say(Status.WAITING, words if found.custodians else f"{words} {alone}")
        else:
            words = tr("Hồ sơ hạn chế · {count} người đọc được")
            self.head.setText(words.format(count=found.count))
            how = tr(
                "Enter trên một người: mời đọc, hoặc rút quyền đọc (hỏi lại một lần). Chỉ mời người làm việc với hồ "
                "sơ này. Esc để trở lại."
            )
            self.what.setText(how)
        if not found.allowed:
            self.say(Status.WAITING, tr("Vai trò của chị/anh không đổi được người đọc của hồ sơ này."))
        elif not before and not found.mine:
            self.say(Status.WAITING, spoken(NotYours.advice))
        self._write()

    def say(self, status: Status, words: str) -> None:
        """One line above the boxes; no words, no line."""
        self.state.say(status, words)
        self.state.setVisible(bool(words))

    def put(self, reason: str, staff: Iterable[str]) -> None:
        """Words and choice as they were kept."""
        self._putting = True
        self.reason.setPlainText(reason)
        self._putting = False
        may = {one.staff for one in self.found.rows if one.known} if self.found is not None else set()
        self.chosen = {str(one) for one in staff} & may
        self._write()

    def choose(self, staff: str) -> None:
        """Choose this colleague, or not."""
        self.chosen ^= {staff}
        self._write()
        self.changed.emit()

    def take_keys(self) -> None:
        """Where the caret begins."""
        (self.reason if self.reason.isVisible() and self.reason.isEnabled() else self.table).setFocus()

    def _write(self) -> None:
        if self.found is None:
            return
        place = max(0, self.table.currentIndex().row())
        rows = self.found.rows
        self.rows.reads = [self._reads(one) for one in rows]
        self.rows.tell([(_who(one), ", ".join(map(spoken, one.roles)), self._says(one)) for one in rows])
        if rows:
            self.table.setCurrentIndex(self.rows.index(min(place, len(rows) - 1), 0))

    def _reads(self, one: Reader) -> bool:
        if self.found is not None and self.found.restricted:
            return one.holds
        return one.why is Why.ME or (one.why is Why.OFFICE and one.known) or one.staff in self.chosen

    def _says(self, one: Reader) -> str:
        found = self.found
        assert found is not None, "a row is of a file"
        after = found.restricted
        if one.why is Why.ME:
            return tr("có, chị/anh") if one.holds or not after else tr("chưa: chị/anh chưa được trao khóa")
        if one.why is Why.OFFICE:
            if one.holds or (one.known and not after):
                return tr("giữ khóa theo nhiệm vụ")
            return tr("theo nhiệm vụ, chờ khóa được trao tự động")
        if not one.holds and not one.known:
            return tr("không: máy này chưa biết khóa của người này")
        if not after:
            return tr("sẽ đọc được") if one.staff in self.chosen else tr("không")
        if not one.holds:
            return tr("không, chưa được trao khóa") if one.why is Why.WORKS else tr("không")
        return tr("có, đang phụ trách") if one.why is Why.WORKS else tr("có, được mời đọc")

    @Slot()
    def _typed(self) -> None:
        if not self._putting:
            self.changed.emit()

    @Slot(int)
    def _row_entered(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.rows):
            self.entered.emit(self.found.rows[row])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter restricts, Esc goes; every other key belongs to the boxes."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.saving.emit()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays; a reason begun is kept as a draft."""
        super().hideEvent(event)
        if self._built:
            self.found = None
            self.rows.reads = []
            self.rows.tell(())
            self.put("", ())


def _who(one: Reader) -> str:
    return one.name if one.name == one.staff else f"{one.name} ({one.staff})"
