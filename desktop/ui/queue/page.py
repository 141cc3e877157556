"""The queue page: headers at the left; at the right the item in hand, its words hidden until "Đọc"."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store.reads_queue import QueueRow
from desktop.ui.queue.said import line_of
from desktop.ui.queue.viewmodel import QueueModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.beside import Beside
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark, Said, button, has_caret, toggle
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import brief, minute_text, number_text, remaining_text, tr, when_text
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.rules.queue import Agreed

WHAT, CAME, DUE, WHO = range(4)
_WIDE: Final = 340
NO_FILE: Final = "no_file_needed"


class QueueTable(ListTable):
    """Channel, arrival, due, who holds it: no name, no number, no words."""

    def __init__(self, model: QueueModel, catalogue: Catalogue, clock: Clock) -> None:
        super().__init__()
        self._model, self._channels, self._clock = model, catalogue["contact_channel"], clock
        self._urgency = catalogue["urgency"]
        self.rows: list[QueueRow] = []
        self.only_promises = False

    def wanted(self) -> list[QueueRow]:
        """All that waits as it is taken; or promised call-backs alone by their time, those without one last."""
        return self._model.promises if self.only_promises else self._model.rows

    def renew(self) -> None:
        """Take the model's rows over; what an agreed time says of now is said anew. Another page comes below."""
        rows, there = self.wanted(), len(self.rows)
        if there and len(rows) > there and rows[:there] == self.rows:
            self.beginInsertRows(QModelIndex(), there, len(rows) - 1)
            self.rows = list(rows)
            self.endInsertRows()
        elif self.rows != rows:
            self.renew_rows(list(rows))
        elif self.rows:
            self.dataChanged.emit(self.index(0, DUE), self.index(len(self.rows) - 1, DUE))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Kênh"), tr("Đến lúc"), tr("Cần trả lời"), tr("Ai đang làm"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell, and shapes for what is urgent or held."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == STATUS_ROLE:
            return self._status(row, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(row, index.column())
        return None

    def _status(self, row: QueueRow, column: int) -> Status | None:
        if column == WHAT and row.urgency in ("emergency", "high"):
            return Status.URGENT
        if column == DUE:
            return self.due_status(row)
        if column != WHO or row.held_by is None:
            return None
        return Status.CONFLICT if row.disputed else Status.MOVING

    def due_status(self, row: QueueRow) -> Status | None:
        """The shape beside an agreed time that is near or past."""
        stands = row.agreed(self._clock.now_ms())
        return {Agreed.SOON: Status.WAITING, Agreed.OVERDUE: Status.URGENT}.get(stands) if stands else None

    def _words(self, row: QueueRow, column: int) -> str:
        now = self._clock.now_ms()
        if column == WHAT:
            label = self._channels.label(row.channel) if row.call_id is None else tr("Hẹn gọi lại")
            return f"{label} · {brief(self._urgency.label(row.urgency))}" if row.urgency else label
        if column == CAME:
            return when_text(row.arrived_at, now)
        if column == DUE:
            return due_words(row, now)
        if row.held_by is None:
            return ""
        until = minute_text(row.held_until or now)
        if self._model.is_mine(row):
            return tr("chị/anh, đến {until}").format(until=until)
        return tr("{staff} ở {seat}, đến {until}").format(staff=row.held_by, seat=row.held_at_seat, until=until)


def due_words(row: QueueRow, now: int) -> str:
    """When an answer is due; of a promised call-back when the caller said it is safe, and that it is near or past."""
    stands = row.agreed(now)
    if stands is Agreed.NO_TIME:
        return tr("chưa hẹn giờ")
    if row.due_at is None:
        return ""
    at = when_text(row.due_at, now)
    if stands is None:
        return at
    words = tr("lúc {time}, {left}") if stands in (Agreed.SOON, Agreed.OVERDUE) else tr("lúc {time}")
    return words.format(time=at, left=remaining_text(row.due_at, now))


class QueuePage(QWidget):
    """Enter on a row takes it; Enter again reads it. Ctrl+J anywhere takes the next."""

    def __init__(self, model: QueueModel, catalogue: Catalogue, clock: Clock, look: Look) -> None:
        super().__init__()
        self.setObjectName("page.queue")
        self.model = model
        self._channels, self._kinds = catalogue["contact_channel"], catalogue["caller_kind"]
        self._reading = False
        self._clock = clock
        self.rows = QueueTable(model, catalogue, clock)
        self.table = PaperTable(look, self.rows, {CAME: 104, DUE: 104, WHO: 200}, WHAT)
        self.table.setObjectName("table.queue")
        self.table.setAccessibleName(tr("Hàng đợi"))
        self.state = Mark(wraps=True)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(Said(tr("Hàng đợi"), "title"))
        self.enter = button("queue_enter", tr("Nhập thư, báo chí, công văn  Ctrl+Shift+J"))
        self.all, self.promises = toggle("queue_all", ""), toggle("queue_promises", "")
        picks = QWidget()
        flowing = Flowing(picks)
        for made in (self.all, self.promises):
            flowing.add(made)
        self.promises.setToolTip("Ctrl+9")
        self.all.clicked.connect(self._show_all)
        self.promises.clicked.connect(self._show_promises)
        left.addWidget(picks)
        left.addWidget(self.state)
        left.addWidget(self.table, 1)
        self.more = button("queue_more", "")
        self.more.clicked.connect(self.turn)
        left.addWidget(self.more)
        left.addWidget(self.enter)
        self._card = Card(margins=16, space=8)
        self.title = Said("", "section", wraps=True)
        self.hidden = Said(tr("Nội dung đang ẩn. Bấm Đọc khi không ai khác nhìn thấy màn hình."), "muted", wraps=True)
        self.words = Said("", "reading", wraps=True)
        self.words.setObjectName("label.queue.words")
        self.read = button("queue_read", tr("Đọc"), "primary")
        self.back_to_all = button("queue_give_back", tr("Trả lại hàng đợi"))
        self.done = button("queue_done", tr("Xong, không cần hồ sơ"))
        self.agree = button("queue_agree", tr("Đổi giờ gọi lại  Ctrl+Shift+N"))
        self.when = Mark(wraps=True, yields=True)
        self._card.inside.addWidget(self.title)
        self._card.inside.addWidget(self.when)
        self._card.inside.addWidget(self.hidden)
        self._card.inside.addWidget(self.read)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addStretch(1)
        self._card.inside.addWidget(Scrolled(inside), 1)
        for part in (self.agree, self.done, self.back_to_all):
            self._card.inside.addWidget(part)
        self._beside = Beside(self, left, self.table, self._card, look, _WIDE)
        self.table.entered_row.connect(self._entered)
        self.read.clicked.connect(model.read_words)
        self.back_to_all.clicked.connect(model.give_back)
        self.done.clicked.connect(self._done)
        model.changed.connect(self._show)
        model.taken.connect(self._taken)
        model.turned.connect(self._turned)
        self._show()

    def reflow(self, narrow: bool) -> None:
        """The panel stands below where there is little room."""
        self._beside.reflow(narrow)

    def focus(self) -> None:
        """With an item in hand its button, else the list."""
        (self.read if self.read.isVisibleTo(self) and self.model.words is None else self.table).setFocus()

    @property
    def number_in_hand(self) -> str:
        """The number of the item in hand once it was read, to call back."""
        words = self.model.words
        return next((text for name, text in words.lines if name == "number"), "") if words else ""

    def back(self) -> bool:
        """Esc: from the call-backs to all that waits. Answers whether it was so."""
        narrowed = self.rows.only_promises
        self._only(promises=False)
        return narrowed

    @Slot()
    def _show_all(self) -> None:
        self._only(promises=False)

    @Slot()
    def _show_promises(self) -> None:
        self._only(promises=True)

    def show_promises(self) -> None:
        """Promised call-backs alone, with the keys on the first by its time."""
        self._only(promises=True)
        self.table.setFocus()
        if self.rows.rowCount():
            self.table.setCurrentIndex(self.rows.index(0, 0))

    def _only(self, *, promises: bool) -> None:
        self.rows.only_promises = promises
        self._show()

    @Slot()
    def turn(self) -> None:
        """The next page of the list in front."""
        self.model.turn(promises=self.rows.only_promises)

    @Slot(int)
    def _turned(self, place: int) -> None:
        """The reader goes on with the first row of the page that came."""
        if place < self.rows.rowCount():
            self.table.setCurrentIndex(self.rows.index(place, 0))
            if self.isVisible():
                self.table.setFocus()

    @Slot(int)
    def _entered(self, place: int) -> None:
        if 0 <= place < len(self.rows.rows):
            self.model.take(self.rows.rows[place])

    @Slot()
    def _done(self) -> None:
        self.model.finish(NO_FILE)
        self.table.setFocus()

    @Slot(object)
    def _taken(self, row: QueueRow | None) -> None:
        self._show()
        if row is not None and self.isVisible():
            self.read.setFocus()

    @Slot()
    def _show(self) -> None:
        self.rows.renew()
        counts = self.model.counts
        for made, label, count, on in (
            (self.all, tr("Tất cả: {count}"), counts.all, not self.rows.only_promises),
            (self.promises, tr("Hẹn gọi lại: {count}"), counts.promises, self.rows.only_promises),
        ):
            made.setText(label.format(count=number_text(count)))
            made.setAccessibleName(made.text())
            made.setChecked(on)
        beyond = self.model.beyond(promises=self.rows.only_promises)
        more = tr("Còn {count} mục nữa: đọc tiếp  Ctrl+PgDown")
        self.more.setText(more.format(count=number_text(beyond)))
        self.more.setVisible(beyond > 0)
        if not counts.all:
            self.state.say(Status.GOOD, tr("Hàng đợi trống."))
        else:
            said = tr("{count} mục đang chờ, {free} mục chưa ai nhận. Ctrl+J nhận mục kế tiếp.")
            self.state.say(
                Status.WAITING, said.format(count=number_text(counts.all), free=number_text(counts.free))
            )
        row, words = self.model.in_hand, self.model.words
        self._card.setVisible(row is not None)
        if row is None:
            return
        label = self._channels.label(row.channel) if row.call_id is None else tr("Hẹn gọi lại")
        self.title.setText(label)
        self.agree.setVisible(row.call_id is not None)
        said = due_words(row, self._clock.now_ms()) if row.call_id is not None else ""
        self.when.say(self.rows.due_status(row) or Status.QUIET, said)
        self.hidden.setVisible(words is None)
        self.read.setVisible(words is None)
        self.words.setVisible(words is not None)
        self.words.setText("\n\n".join(self._line(*one) for one in words.lines) if words else "")
        if words is not None and has_caret(self._card) and not self._reading:
            self.table.setFocus()  # the button that was pressed is gone; the next press must not end the item
        self._reading = words is not None

    def _line(self, name: str, text: str) -> str:
        return line_of(name, self._kinds.label(text) if name == "sender_kind" and text in self._kinds else text)
