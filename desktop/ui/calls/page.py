"""The calls page: today's list, what the next key means, and how the day stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.calls.table_model import KEPT, NUMBER, OUTCOME, SEAT, TIME, CallsTable
from desktop.ui.calls.viewmodel import CallsModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import clock_text, tr
from domain.clock import Clock, date_text, vn_date
from domain.codes.catalogue import Catalogue
from domain.phones import last_digits
from domain.records.call import UNCLASSIFIED


class CallsPage(QWidget):
    """List and counts. The keys themselves belong to the window."""

    def __init__(self, model: CallsModel, look: Look, clock: Clock, catalogue: Catalogue) -> None:
        super().__init__()
        self.setObjectName("page.calls")
        self.model = model
        self._clock = clock
        self._outcomes = catalogue["contact_outcome"]
        self.rows = CallsTable(self._outcomes)
        self.table = PaperTable(look, self.rows, {TIME: 96, NUMBER: 150, SEAT: 72, KEPT: 150}, OUTCOME)
        self.table.setObjectName("table.calls")
        self.table.setAccessibleName(tr("Các cuộc gọi hôm nay"))
        self.table.entered_row.connect(self._row_chosen)
        self.title = Said("", "title")
        self.meaning = Mark()
        self.hint = Mark(wraps=True)
        self.hint.hide()
        self.nothing = Said(tr("Chưa có cuộc gọi nào hôm nay. Khi có cuộc gọi, bấm một phím F2 đến F9."), "muted")

        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.title)
        left.addWidget(self.meaning)
        left.addWidget(self.hint)
        left.addWidget(self.nothing)
        left.addWidget(self.table, 1)
        self._counts = Card(margins=16, space=4)
        self._counts.setFixedWidth(round(272 * look.zoom))
        self._counts.inside.addWidget(Said(tr("Hôm nay"), "section"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._counts.inside.addLayout(self._grid)
        self._counts.inside.addStretch(1)
        self._lines: list[tuple[Said, Said]] = []
        page = QHBoxLayout(self)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(16)
        page.addLayout(left, 1)
        page.addWidget(self._counts)

        model.rows_changed.connect(self._show_rows)
        model.counts_changed.connect(self._show_counts)
        model.current_changed.connect(self._show_meaning)
        model.hint_silent.connect(self._show_hint)
        model.call_came.connect(self._clear_hint)
        self._show_rows()
        self._show_meaning()
        self._show_counts()

    def focus(self) -> None:
        """The list takes the keys."""
        self.table.setFocus()

    def back(self) -> bool:
        """Esc: let the chosen row go. Answers whether there was one."""
        if self.model.selected is None:
            return False
        self.model.select(None)
        return True

    @Slot()
    def _show_rows(self) -> None:
        self.title.setText(tr("Cuộc gọi hôm nay, {day}").format(day=date_text(vn_date(self._clock.now_ms()))))
        current = self.rows.row_at(self.table.currentIndex().row())
        follows = self.table.is_at_top() and self.model.selected is None
        self.rows.show(self.model.rows)
        self.nothing.setVisible(not self.model.rows)
        if current is not None and not self.table.currentIndex().isValid():
            place = self.rows.place_of(current.id)
            if place >= 0:
                self.table.setCurrentIndex(self.rows.index(place, 0))
        if follows:
            self.table.scrollToTop()

    @Slot(int)
    def _row_chosen(self, place: int) -> None:
        row = self.rows.row_at(place)
        if row is not None:
            self.model.select(None if self.model.selected == row.id else row.id)

    @Slot()
    def _show_meaning(self) -> None:
        if self.model.selected is not None:
            row = next((one for one in self.model.rows if one.id == self.model.selected), None)
            at = clock_text(row.ring_at) if row and row.ring_at is not None else ""
            tail = last_digits(row.number) if row and row.number else ""
            name = f"{at} ••• {tail}" if tail else at
            self.meaning.say(
                Status.MOVING,
                tr("Đang chọn cuộc {name}: bấm F2 đến F9 để ghi lại kết quả, Esc để thôi.").format(name=name),
            )
        elif self.model.current is not None:
            self.meaning.say(Status.WAITING, tr("Một phím F2 đến F7 ghi kết quả cuộc đang nghe và lưu ngay."))
        else:
            self.meaning.say(
                Status.QUIET, tr("Sẵn sàng nhận cuộc gọi. Enter trên một dòng để chọn và ghi lại kết quả.")
            )

    @Slot(int)
    def _show_hint(self, times: int) -> None:
        self.hint.say(
            Status.WAITING,
            tr(
                "Số này im lặng lần thứ {times} trong 24 giờ. Có thể là trẻ đang thử xem có an toàn không: "
                "lần tới hãy nói chậm, mời trẻ bấm 1 là có, 2 là không."
            ).format(times=times),
        )
        self.hint.show()

    @Slot()
    def _clear_hint(self) -> None:
        self.hint.hide()

    @Slot()
    def _show_counts(self) -> None:
        counts = {code: number for code, number in self.model.counts.items() if number}
        total = sum(counts.values())
        known = [code.code for code in self._outcomes if code.code in counts]
        rest = [code for code in counts if code not in known and code != UNCLASSIFIED]
        lines = [(tr("Tất cả"), total)]
        if counts.get(UNCLASSIFIED):
            lines.append((tr("Chưa phân loại"), counts[UNCLASSIFIED]))
        lines += [(self._outcomes.label(code), counts[code]) for code in known + rest]
        for place, (words, number) in enumerate(lines):
            if place == len(self._lines):
                made = (Said("", wraps=True), Said("", "strong"))
                self._lines.append(made)
                self._grid.addWidget(made[0], place, 0)
                self._grid.addWidget(made[1], place, 1, Qt.AlignmentFlag.AlignRight)
            label, figure = self._lines[place]
            label.setText(words)
            figure.setText(f"{number:,}".replace(",", "."))
            label.show()
            figure.show()
        for label, figure in self._lines[len(lines) :]:
            label.hide()
            figure.hide()
