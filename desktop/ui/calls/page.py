"""The calls page: today's list, what the next key means, and how the day stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.store.reads import CallRow
from desktop.ui.calls.lists import MISSED, TODAY, ListsModel, ListTable
from desktop.ui.calls.lists import UNCLASSIFIED as OPEN
from desktop.ui.calls.pick import ListPick
from desktop.ui.calls.table_model import KEPT, NUMBER, OUTCOME, SEAT, TIME, CallsTable, is_short
from desktop.ui.calls.viewmodel import CallsModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.beside import Beside
from desktop.ui.widgets.said import Card, Mark, Said
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import clock_text, tr
from domain.clock import Clock, date_text, vn_date
from domain.codes.catalogue import Catalogue
from domain.phones import last_digits
from domain.records.call import UNCLASSIFIED


class CallsPage(QWidget):
    """List and counts. The keys themselves belong to the window."""

    def __init__(
        self, model: CallsModel, lists: ListsModel, look: Look, clock: Clock, catalogue: Catalogue
    ) -> None:
        super().__init__()
        self.setObjectName("page.calls")
        self.model, self.lists = model, lists
        self.listing = TODAY
        self._clock = clock
        self._outcomes = catalogue["contact_outcome"]
        self.rows = CallsTable(self._outcomes, catalogue["attempt_result"])
        self.table = PaperTable(look, self.rows, {TIME: 96, NUMBER: 150, SEAT: 72, KEPT: 150}, OUTCOME)
        self.table.setObjectName("table.calls")
        self.table.setAccessibleName(tr("Các cuộc gọi hôm nay"))
        self.table.entered_row.connect(self._row_chosen)
        self.title = Said("", "title")
        self.meaning = Mark(wraps=True)
        self.hint = Mark(wraps=True)
        self.hint.hide()
        empty = tr("Chưa có cuộc gọi nào hôm nay. Khi có cuộc gọi, bấm một phím F2 đến F9.")
        self.nothing = Said(empty, "muted", wraps=True)

        self.side_table = ListTable(look, catalogue)
        self.side_table.chosen.connect(self._several_chosen)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.side_table)
        self.pick = ListPick()
        self.pick.wanted.connect(self.show_list)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.title)
        left.addWidget(self.pick)
        left.addWidget(self.meaning)
        left.addWidget(self.hint)
        left.addWidget(self.nothing)
        left.addWidget(self.stack, 1)
        self._counts = Card(margins=16, space=4)
        self._counts.inside.addWidget(Said(tr("Hôm nay"), "section"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._counts.inside.addLayout(self._grid)
        self._counts.inside.addStretch(1)
        self._lines: list[tuple[Said, Said]] = []
        self._beside = Beside(self, left, self.table, self._counts, look, 272)

        model.rows_changed.connect(self._show_rows)
        model.counts_changed.connect(self._show_counts)
        model.current_changed.connect(self._show_meaning)
        model.hint_silent.connect(self._show_hint)
        model.call_came.connect(self._clear_hint)
        lists.changed.connect(self._show_lists)
        model.current_changed.connect(self._ear_changed)
        self._show_lists()
        self._show_rows()
        self._show_meaning()
        self._show_counts()

    def focus(self) -> None:
        """The list takes the keys."""
        (self.table if self.listing == TODAY else self.side_table).setFocus()

    def reflow(self, narrow: bool) -> None:
        """The counts stand under the list where there is little room."""
        self._beside.reflow(narrow)

    def back(self) -> bool:
        """Esc: let the chosen row go, or come back from a list to today. Answers whether there was something."""
        if self.listing != TODAY:
            self.show_list(TODAY)
            return True
        if self.model.selected is None:
            return False
        self.model.select(None)
        return True

    @Slot(str)
    def show_list(self, name: str) -> None:
        """Turn to a list; to the one in front again means back to today."""
        self.listing = TODAY if name == self.listing else name
        self.model.select(None)
        self.stack.setCurrentWidget(self.table if self.listing == TODAY else self.side_table)
        if self.listing != TODAY:
            self.side_table.clearSelection()
            self.side_table.show_rows(self.lists.rows(self.listing))
        self._show_lists()
        self._show_rows()
        self._show_meaning()
        self.focus()

    def row_in_front(self) -> CallRow | None:
        """The row that the caret stands on in the list in front."""
        if self.listing == TODAY:
            return self.rows.row_at(self.table.currentIndex().row())
        return self.side_table.calls.row_at(self.side_table.currentIndex().row())

    @Slot()
    def _show_lists(self) -> None:
        counts = (len(self.lists.rows(name)) for name in (OPEN, MISSED))
        self.pick.show_counts(self.listing, *counts)
        if self.listing != TODAY:
            self.side_table.show_rows(self.lists.rows(self.listing))
            self._show_nothing()

    @Slot()
    def _ear_changed(self) -> None:
        at_ear = self.model.current.id if self.model.current is not None else None
        if at_ear != self.lists.at_ear:
            self.lists.at_ear = at_ear
            self._show_lists()

    @Slot(tuple)
    def _several_chosen(self, ids: tuple[str, ...]) -> None:
        if self.listing == OPEN:
            self.model.choose_several(ids)

    def _show_nothing(self) -> None:
        words = {
            TODAY: tr("Chưa có cuộc gọi nào hôm nay. Khi có cuộc gọi, bấm một phím F2 đến F9."),
            OPEN: tr("Không còn cuộc gọi nào chưa phân loại."),
            MISSED: tr("Không có cuộc gọi nhỡ nào cần gọi lại."),
        }
        rows = self.model.rows if self.listing == TODAY else self.lists.rows(self.listing)
        self.nothing.setText(words[self.listing])
        self.nothing.setVisible(not rows)

    @Slot()
    def _show_rows(self) -> None:
        self.title.setText(tr("Cuộc gọi hôm nay, {day}").format(day=date_text(vn_date(self._clock.now_ms()))))
        current = self.rows.row_at(self.table.currentIndex().row())
        follows = self.table.is_at_top() and self.model.selected is None
        self.rows.show(self.model.rows)
        self._show_nothing()
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
        if self.listing == OPEN:
            self._show_sweep()
        elif self.listing == MISSED:
            self.meaning.say(Status.WAITING, tr("Ctrl+G gọi lại số đang chọn. Esc về danh sách hôm nay."))
        elif self.model.outbound:
            self.meaning.say(Status.WAITING, tr("Cuộc gọi đi: Shift+F8 rồi một phím số ghi kết quả."))
        elif self.model.selected is not None:
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

    def _show_sweep(self) -> None:
        chosen = set(self.model.batch)
        short = sum(row.id in chosen and is_short(row) for row in self.lists.lists.unclassified)
        self.meaning.say(
            Status.WAITING,
            tr(
                "Đang chọn {count} cuộc, trong đó {short} cuộc ngắn: một phím ghi cho tất cả. "
                "Shift+mũi tên hay Ctrl+A chọn thêm, Esc để thôi."
            ).format(count=len(chosen), short=short),
        )

    @Slot(int)
    def _show_hint(self, times: int) -> None:
        self.hint.say(
            Status.WAITING,
            tr(
                "Số này im lặng lần thứ {times} trong 24 giờ. Có thể là trẻ đang thử xem có an toàn không: "
                "lần tới hãy nói chậm, mời trẻ bấm 1 là có, 2 là không. Ctrl+K, gõ «im lặng»: kịch bản."
            ).format(times=times),
        )
        self.hint.show()

    @Slot()
    def _clear_hint(self) -> None:
        self.hint.hide()
        if self.listing != TODAY:
            self.show_list(TODAY)

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
