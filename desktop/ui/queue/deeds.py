"""Keys of the queue: the next item from anywhere, a file or report of the item in hand, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.operations.queue_claims import Standing, State
from desktop.store.reads_queue import QueueRow
from desktop.ui.intake.sheet import Sheet
from desktop.ui.queue.item_form import ItemForm
from desktop.ui.queue.said import begun_with, how_it_stands
from desktop.ui.queue.viewmodel import UNDO_MS
from desktop.ui.theme.tokens import Status
from desktop.ui.words import number_text, tr, when_text
from domain.clock import HOUR, MINUTE
from domain.rules.queue import Agreed

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_SPEAKING_MS: Final = MINUTE
_MOST_SHOWN: Final = 99
"""More than so many are "99+" beside the queue's name; its tip has the number."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was made from an item of the queue, and when (monotonic ms)."""

    call_id: str
    item_id: str
    at: int


class QueueDeeds(QObject):
    """What keys do with the queue."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._model = window, window.queue_model
        self._called: Called | None = None
        self._speaking = QTimer(self)
        self._speaking.setInterval(_SPEAKING_MS)
        self._speaking.timeout.connect(self.still_speaking)
        self._model.taken.connect(self._taken)
        self._model.saved_at.connect(window.say_saved)
        self._model.ended.connect(self._ended)
        self._model.reopened.connect(self._reopened)
        self._model.lost.connect(self._lost)
        self._model.due.connect(self._due)
        self._model.changed.connect(self._count_call_backs)
        window.queue_page.agree.clicked.connect(window.call_deeds.promising.begin)
        window.file_page.opened.connect(self._form_opened)
        window.file_page.saved.connect(self._form_saved)
        window.calls.labelled.connect(self._labelled)

    def take_next(self) -> None:
        """Ctrl+J: the next item, whichever page is in front."""
        self._window.go("queue")
        self._model.take_next()

    def turn(self) -> None:
        """Ctrl+PgDown: the next page of what waits, where there is one."""
        self._window.go("queue")
        page = self._window.queue_page
        if self._model.beyond(promises=page.rows.only_promises):
            page.turn()
        else:
            self._window.status.news.say(Status.QUIET, tr("Mọi mục đang chờ đều đã hiện trong danh sách"))

    def show_call_backs(self) -> None:
        """Ctrl+9: promised call-backs alone by their time, the one that is owed first under the keys."""
        self._window.go("queue")
        self._window.queue_page.show_promises()

    @Slot()
    def _count_call_backs(self) -> None:
        """Beside the queue in the navigation, on every page, for as long as somebody is to be called: a number, and
        nothing of anybody."""
        counts, navigation = self._model.counts, self._window.navigation
        owed, key = counts.late + counts.near, self._window.registry["list_call_backs"].key_text
        words = tr("{late} lời hẹn gọi lại quá giờ, {near} sắp đến giờ ({key})")
        said = words.format(late=number_text(counts.late), near=number_text(counts.near), key=key)
        status = Status.URGENT if counts.late else Status.WAITING
        count = "" if not owed else str(owed) if owed <= _MOST_SHOWN else f"{_MOST_SHOWN}+"
        navigation.show_badge("queue", status, count, said)

    @Slot(object)
    def _taken(self, row: QueueRow | None) -> None:
        if row is None:
            self._window.status.news.say(Status.QUIET, tr("Hàng đợi không còn mục nào chưa ai nhận"))

    @Slot(object)
    def _ended(self, row: QueueRow) -> None:
        label = self._window.desk.catalogue["contact_channel"].label(row.channel)
        words = tr("Đã xong, không cần hồ sơ: {channel} · Ctrl+Z hoàn tác (10 giây)")
        self._window.toast.say(words.format(channel=label), UNDO_MS)

    @Slot(object)
    def _labelled(self, _offer: object) -> None:
        self._model.forget_offer()

    def undo(self) -> bool:
        """Ctrl+Z after an item was ended: it waits again, in hand as before."""
        return self._model.undo()

    @Slot(bool)
    def _reopened(self, was_there: bool) -> None:
        words = tr("Đã trả mục về hàng đợi") if was_there else tr("Mục này đã được người khác xử lý, giữ nguyên")
        self._window.status.news.say(Status.QUIET, words)

    def open_form(self, form: str) -> bool:
        """F8 or F9 on the queue's page, without a call at the ear: a form of the item in hand. Answers whether so."""
        item = self._model.in_hand
        if self._window.page_name != "queue" or item is None or self._window.calls.current is not None:
            return False
        words = self._model.words
        values = begun_with(item.channel, words) if words is not None and words.item_id == item.id else {}
        values |= self._window.call_deeds.promising.agreed(item.id, item.call_id)
        known = len(self._window.file_page.sheets)
        sheet = self._window.file_page.open(form, item.call_id, values=values, item_id=item.id)
        self._window.go("file")
        if values and len(self._window.file_page.sheets) > known:  # the caret stands where something is to be asked
            empty = (one.name for one in sheet.form.definition.fields if one.name not in values)
            sheet.form.focus_on(next(empty, ""))
        return True

    def called_from_item(self) -> None:
        """Ctrl+G on the item in hand: who speaks with its sender works on it, and a form of that call is of the
        item."""
        call, item = self._window.calls.current, self._model.in_hand
        if call is not None and item is not None:
            self._called = Called(call.id, item.id, self._window.desk.lane.clock.monotonic_ms())
            self._speaking.start()

    def item_of(self, call_id: str | None) -> str | None:
        """The item from which this call was made."""
        called = self._called
        return called.item_id if called is not None and called.call_id == call_id else None

    @Slot()
    def still_speaking(self) -> None:
        """Every minute of such a call: the item is held on, for an hour at most (nobody may have said that it is
        over)."""
        called, call = self._called, self._window.calls.current
        spoken = call is not None and called is not None and call.id == called.call_id and not call.ended
        if called is None or not spoken or self._window.desk.lane.clock.monotonic_ms() - called.at > HOUR:
            self._speaking.stop()
        else:
            self._model.keep(called.item_id)

    @Slot(object)
    def _form_opened(self, sheet: Sheet) -> None:
        if sheet.model.item_id is not None:
            ItemForm(sheet, self._model, self._window.desk.lane)

    @Slot(object)
    def _form_saved(self, result: Any) -> None:
        """A file that came beside another one of the same report says so until it was read: nothing is undone."""
        how = result.item
        if isinstance(how, Standing):
            words = tr("Đã lưu hồ sơ {code}. {why} Hai hồ sơ là của cùng một tin: mở hồ sơ, bấm {key} để gắn trẻ.")
            key = self._window.registry["same_child"].key_text
            self._window.trouble.say(words.format(code=result.code, why=how_it_stands(how), key=key))

    @Slot(object)
    def _due(self, rows: tuple[QueueRow, ...]) -> None:
        """A line at the foot that says when, and nothing of whom; the list shows it until somebody has called."""
        now, key = self._window.desk.lane.clock.now_ms(), self._window.registry["queue_next"].key_text
        late = [row for row in rows if row.agreed(now) is Agreed.OVERDUE]
        soon = tr("Sắp đến giờ hẹn gọi lại ({time}): {key} nhận")
        words = tr("Quá giờ hẹn gọi lại ({time}): {key} nhận") if late else soon
        times = ", ".join(when_text(row.due_at or now, now) for row in (late or rows))
        self._window.status.news.say(Status.URGENT if late else Status.WAITING, words.format(time=times, key=key))

    @Slot(object)
    def _lost(self, how: Standing) -> None:
        status = Status.QUIET if how.state is State.DONE else Status.CONFLICT
        self._window.status.news.say(status, how_it_stands(how))
