"""The shift page: own counters at the left, what stands before the handover at the right; nobody is compared."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.reads_shift import LONG_SHIFT_MS, GraveCase, LatePromise
from desktop.ui.shift.viewmodel import ShiftModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.beside import Beside
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import brief, tr, when_text
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.records.call import UNCLASSIFIED

CODE, URGENCY, DUE, SIGNED = range(4)
_WIDE: Final = 300


class CasesTable(ListTable):
    """Overdue call-backs, then red and orange cases by code, and whether they were signed as read."""

    def __init__(self, model: ShiftModel, catalogue: Catalogue, clock: Clock) -> None:
        super().__init__()
        self._model, self._urgency, self._clock = model, catalogue["urgency"], clock
        self.rows: tuple[LatePromise | GraveCase, ...] = ()

    def renew(self) -> None:
        """Take the model's rows over; the mark stays where it was while the rows are the same, or only another page
        came below them."""
        view, there = self._model.view, len(self.rows)
        cases: tuple[LatePromise | GraveCase, ...] = (*view.promises, *view.cases)
        if not there or cases[:there] != self.rows:
            self.renew_rows(cases)
            return
        if len(cases) > there:
            self.beginInsertRows(QModelIndex(), there, len(cases) - 1)
            self.rows = cases
            self.endInsertRows()
        self.dataChanged.emit(self.index(0, 0), self.index(there - 1, SIGNED))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Ca"), tr("Mức độ"), tr("Hạn gần nhất"), tr("Đã đọc"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell and shapes."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        signed = row.id in self._model.signed
        if role == STATUS_ROLE:
            if column == SIGNED:
                return Status.GOOD if signed else Status.WAITING
            if isinstance(row, LatePromise):
                return Status.URGENT if column == CODE else None
            return Status.URGENT if column == CODE and row.urgency == "emergency" else None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        now = self._clock.now_ms()
        done = tr("đã ký") if signed else tr("chưa ký")
        if isinstance(row, LatePromise):
            return (tr("Hẹn gọi lại"), tr("quá giờ"), when_text(row.due_at, now), done)[column]
        due = when_text(row.next_due, now) if row.next_due else ""
        return (row.code, brief(self._urgency.label(row.urgency)), due, done)[column]


class ShiftPage(QWidget):
    """`handover_asked` when the person wants to hand over."""

    handover_asked = Signal()

    def __init__(self, model: ShiftModel, catalogue: Catalogue, clock: Clock, look: Look) -> None:
        super().__init__()
        self.setObjectName("page.shift")
        self.model, self._clock = model, clock
        self._outcomes, self._outbound = catalogue["contact_outcome"], catalogue["attempt_result"]
        self.state = Mark(Status.QUIET, "", "strong", wraps=True)
        self.begin = button("shift_start", tr("Vào ca"))
        self.handover = button("shift_handover", tr("Bàn giao ca"))
        self.calls = Mark(wraps=True)
        self.forms = Mark(wraps=True)
        self.cases, self.promises = Mark(wraps=True), Mark(wraps=True)
        self.rows = CasesTable(model, catalogue, clock)
        self.table = PaperTable(look, self.rows, {URGENCY: 130, DUE: 130, SIGNED: 120}, CODE)
        self.table.setObjectName("table.shift.cases")
        self.table.setAccessibleName(tr("Hẹn gọi lại quá giờ, ca đỏ và cam đang mở"))
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(Said(tr("Ca trực"), "title"))
        left.addWidget(self.state)
        row = QHBoxLayout()
        row.addWidget(self.begin)
        row.addWidget(self.handover)
        row.addStretch(1)
        left.addLayout(row)
        left.addSpacing(8)
        left.addWidget(Said(tr("Trước khi bàn giao"), "section"))
        for mark in (self.calls, self.forms, self.promises, self.cases):
            left.addWidget(mark)
        left.addWidget(self.table, 1)
        card = Card(margins=16, space=4)
        card.inside.addWidget(Said(tr("Ca này của tôi"), "section"))
        card.inside.addWidget(Said(tr("Chỉ chị/anh thấy những con số này."), "muted", wraps=True))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        card.inside.addLayout(self._grid)
        card.inside.addStretch(1)
        self._lines: list[tuple[Said, Said]] = []
        self._beside = Beside(self, left, self.table, card, look, _WIDE)
        self.begin.clicked.connect(model.start)
        self.handover.clicked.connect(self.handover_asked)
        self.table.entered_row.connect(self._sign)
        model.changed.connect(self._show)
        self._show()

    def reflow(self, narrow: bool) -> None:
        """The panel stands below where there is little room."""
        self._beside.reflow(narrow)

    def showEvent(self, event: QShowEvent) -> None:
        """A call-back becomes overdue without any record changing."""
        super().showEvent(event)
        self.model.refresh()

    def focus(self) -> None:
        """Before the shift its button, then the cases to sign, then the handover."""
        if self.model.view.shift is None:
            self.begin.setFocus()
        elif self.rows.rows:
            self.table.setFocus()
        else:
            self.handover.setFocus()

    @Slot(int)
    def _sign(self, place: int) -> None:
        if 0 <= place < len(self.rows.rows):
            self.model.sign(self.rows.rows[place].id)

    @Slot()
    def _show(self) -> None:
        view, now = self.model.view, self._clock.now_ms()
        shift = view.shift
        had_keys = self.begin.hasFocus() or self.handover.hasFocus()
        self.begin.setVisible(shift is None)
        self.handover.setVisible(shift is not None)
        if had_keys and self.isVisible():
            self.focus()
        if shift is None:
            self.state.say(Status.QUIET, tr("Chưa vào ca. Cuộc gọi vẫn được ghi như thường."))
        else:
            since = shift.started_at or now
            long = now - since > LONG_SHIFT_MS
            words = tr("Trong ca từ {time}, đã quá 14 giờ: ca trước có lẽ chưa bàn giao.") if long else ""
            said = words or tr("Trong ca từ {time}")
            self.state.say(Status.WAITING if long else Status.GOOD, said.format(time=when_text(since, now)))
        left = view.unclassified
        self.calls.say(
            Status.WAITING if left else Status.GOOD,
            tr("{count} cuộc chưa phân loại: Ctrl+U").format(count=left) if left else tr("Mọi cuộc đã phân loại"),
        )
        forms = len(view.forms)
        self.forms.say(
            Status.WAITING if forms else Status.GOOD,
            tr("{count} biểu mẫu đang gác: cần người nhận").format(count=forms)
            if forms
            else tr("Không có biểu mẫu nào đang gác"),
        )
        owed = self.model.owed
        self.promises.say(
            Status.URGENT if owed else Status.GOOD,
            tr("{count} lời hẹn gọi lại quá giờ: gọi lại, đổi giờ, hoặc chọn rồi bấm Enter để ký").format(count=owed)
            if owed
            else tr("Không có lời hẹn gọi lại nào quá giờ chưa ký"),
        )
        unread = self.model.unsigned
        self.cases.say(
            Status.WAITING if unread else Status.GOOD,
            tr("{count} ca đỏ và cam chưa ký: chọn ca, bấm Enter khi đã đọc").format(count=unread)
            if unread
            else tr("Mọi ca đỏ và cam đã ký"),
        )
        self.rows.renew()
        self._show_counts()

    def _show_counts(self) -> None:
        view = self.model.view
        counts = [(tr("Cuộc gọi"), sum(view.outcomes.values())), (tr("Thành hồ sơ"), view.files)]
        counts += [(self._word(code), count) for code, count in sorted(view.outcomes.items(), key=lambda p: -p[1])]
        while len(self._lines) < len(counts):
            pair = (Said("", wraps=True), Said("", "strong"))
            for column, label in enumerate(pair):
                self._grid.addWidget(label, len(self._lines), column)
            self._lines.append(pair)
        for place, (words, figure) in enumerate(self._lines):
            shown = place < len(counts)
            words.setVisible(shown)
            figure.setVisible(shown)
            if shown:
                words.setText(counts[place][0])
                figure.setText(str(counts[place][1]))

    def _word(self, code: str) -> str:
        if code == UNCLASSIFIED:
            return tr("Chưa phân loại")
        return (self._outcomes if code in self._outcomes else self._outbound).label(code)
