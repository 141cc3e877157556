"""After Shift+F5, and by a key of its own: asks for the caller's safe time beside the work, keeps what is typed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from desktop.operations.call_backs import CALL_BACK, FORM, How, Promise, Told, agree, promise_of
from desktop.store.drafts import Draft
from desktop.store.reads_queue import QueueRow, last_unfinished
from desktop.ui.calls.viewmodel import UndoOffer
from desktop.ui.drafts import Keeper
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import has_caret
from desktop.ui.words import minute_text, moment_text, tr
from domain.clock import vn_datetime
from domain.said_time import FARTHEST_MS, said_time

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

ACTION: Final = "call_back_time"


class Promising(QObject):
    """One question at a time. The outcome is saved before it is asked; whatever comes next puts it away, and an
    unfinished answer is a draft that comes back with it."""

    trouble = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane, self._news = window, window.desk.lane, window.status.news
        self.strip = window.promise_strip
        self.promise: Promise | None = None
        self._left: Promise | None = None
        """The question that was put away last without an answer."""
        self._keeper: Keeper | None = None
        self._behind: dict[str, Keeper] = {}
        """Of questions that were put away: words that a full disk did not take are tried again."""
        self._of_outcome = False
        self._sent: tuple[str, str] | None = None
        self._typed_at = 0
        """When the time was typed (UTC ms): "30 phút nữa" counts from then, also in a draft that comes back."""
        self._time = ""
        self.strip.saving.connect(self.save)
        self.strip.leaving.connect(self.leave)
        self.strip.typed.connect(self._typed)
        window.calls.labelled.connect(self._labelled)
        window.calls.undone.connect(self._undone)
        window.calls.call_came.connect(self.put_away)
        self.trouble.connect(window.show_trouble)
        self._lane.query(partial(last_unfinished, staff=self._lane.staff, form=FORM), self._restored, self._failed)

    # What asks it ------------------------------------------------------------------------------------------

    @Slot(object)
    def _labelled(self, offer: UndoOffer) -> None:
        if offer.labelled.code != CALL_BACK or offer.swept:
            self.put_away()
            return
        item_id = promise_of(offer.labelled.call_id)
        self._ask(self._known(item_id) if offer.labelled.previous == CALL_BACK else Promise(item_id))
        self._of_outcome = True
        if self._window.page_name == "calls" and not self._window.watch.covered:
            self.strip.time.setFocus()

    def begin(self) -> None:
        """The key: of the item in hand, of the row in front, else the question that stands or the newest promise
        without a time."""
        promise = self._in_front()
        if promise is not None and (self.promise is None or self.promise.item_id != promise.item_id):
            self._ask(promise)
        if self.promise is None:
            self._news.say(Status.QUIET, tr("Không có lời hẹn gọi lại nào đang chờ giờ"))
        else:
            self.strip.time.setFocus()
            self.strip.time.selectAll()

    def _in_front(self) -> Promise | None:
        window, model = self._window, self._window.queue_model
        if window.page_name == "queue" and model.in_hand is not None and model.in_hand.call_id is not None:
            read = model.words.lines if model.words is not None else ()
            words = next((text for name, text in read if name == "safely"), "")
            return Promise(model.in_hand.id, model.in_hand.due_at, words)
        row = window.calls_page.row_in_front() if window.page_name == "calls" else None
        if row is not None and (row.outcome == CALL_BACK or model.row(promise_of(row.id)) is not None):
            return self._known(promise_of(row.id))  # also of a call that is a file by now
        open_ones = [one for one in model.rows if one.call_id is not None and one.due_at is None]
        if self.promise is not None or not open_ones:
            return self._left if self.promise is None else None
        return Promise(max(open_ones, key=_arrived).id)

    def agreed(self, item_id: str | None, call_id: str | None) -> dict[str, Any]:
        """What a form of this item, or of the call in which a call-back was promised, begins with."""
        wanted = item_id or (promise_of(call_id) if call_id is not None else "")
        row = self._window.queue_model.row(wanted)
        return began_with(row) if row is not None else {}

    def _known(self, item_id: str) -> Promise:
        row = self._window.queue_model.row(item_id)
        return Promise(item_id, row.due_at if row is not None else None)

    def _restored(self, found: tuple[str, int | None] | None) -> None:
        if found is not None and self.promise is None:
            self._ask(Promise(*found))

    def _ask(self, promise: Promise) -> None:
        self.put_away()
        behind = self._behind.pop(promise.item_id, None)
        if behind is not None:
            behind.keep_now()
        self.promise = promise
        self._time = _again(promise.due_at)
        self.strip.put(self._time, promise.words)
        self._say(asked=False)
        self._keeper = Keeper(self._lane, self._lane.staff, FORM, promise.item_id)
        self._keeper.found.connect(self._found)
        self._keeper.trouble.connect(self.trouble)
        self._keeper.look()
        self.strip.show()

    # What is typed -----------------------------------------------------------------------------------------

    @Slot(object)
    def _found(self, draft: Draft) -> None:
        promise = self.promise
        if promise is None or self.strip.texts() != (_again(promise.due_at), promise.words):
            return
        self._time, self._typed_at = str(draft.data.get("time", "")), int(draft.data.get("at", 0))
        self.strip.put(self._time, str(draft.data.get("words", "")))
        self._say(asked=False)

    @Slot()
    def _typed(self) -> None:
        time, words = self.strip.texts()
        if time != self._time:
            self._time, self._typed_at = time, self._lane.clock.now_ms()
        self._say(asked=False)
        if self._keeper is None or self.promise is None:
            return
        if (time, words) == (_again(self.promise.due_at), self.promise.words):
            self._keeper.drop()
        else:
            self._keeper.changed({"time": time, "words": words, "at": self._typed_at})

    def _say(self, *, asked: bool) -> int | None:
        """Say what was understood; answers the time (UTC ms) or None. `asked`: Enter was pressed."""
        now, time, say = self._lane.clock.now_ms(), self.strip.texts()[0], self.strip.understood.say
        if not time:
            say(Status.QUIET, "")
            return None
        if self.promise is not None and time == _again(self.promise.due_at):
            at = self.promise.due_at
        else:
            at = said_time(time, self._typed_at or now)
            if at is None or not now < at <= now + FARTHEST_MS:
                say(Status.WAITING if asked else Status.QUIET, _refused(at, now))
                return None
        if at is not None:
            say(Status.GOOD, moment_text(at, now))
        return at

    # What comes of it --------------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Enter in one of the boxes."""
        QGuiApplication.inputMethod().commit()
        promise, (time, words) = self.promise, self.strip.texts()
        if promise is None or self._sent is not None:
            return
        at = self._say(asked=True)
        if time and at is None:
            self.strip.time.setFocus()
        elif (time, words) == (_again(promise.due_at), promise.words):
            self.leave()
        else:
            self.keep_now()
            self._sent = (time, words)
            answer = Answer(self, promise, (time, words))
            self._lane.submit(agree(promise, at, words), answer.done, answer.failed, initiator="calls")

    def answered(self, promise: Promise, sent: tuple[str, str], told: Told) -> None:
        """COMMIT returned for this promise and these texts."""
        self._sent = None
        now = self._lane.clock.now_ms()
        here = self.promise is not None and self.promise.item_id == promise.item_id
        when = moment_text(told.due_at, now) if told.due_at is not None else ""
        if told.how is How.KEPT:
            self._window.say_saved(now)
            words = tr("Đã hẹn gọi lại: {moment}") if when else tr("Đã giữ lời dặn, chưa hẹn giờ gọi lại")
            self._news.say(Status.GOOD, words.format(moment=when))
            self._window.queue_model.refresh()
            if here and self.strip.texts() == sent:
                if self._keeper is not None:
                    self._keeper.drop()
                self._answered_or_gone()
            elif here:
                self.promise = replace(promise, due_at=told.due_at, words=sent[1])
                self._typed()
        elif here and told.how is How.OTHER_TIME:
            self.promise = replace(promise, due_at=told.due_at)
            words = tr("Nơi khác vừa đổi thành {moment}. Enter lần nữa để thay, Esc để giữ giờ ấy.")
            self.strip.understood.say(Status.CONFLICT, words.format(moment=when or tr("chưa hẹn giờ")))
        elif here:
            words = tr("Lời hẹn này không còn chờ: kết quả cuộc gọi đã đổi, hay đã có người xử lý.")
            self.strip.understood.say(Status.WAITING, words)

    def not_answered(self, fault: Exception) -> None:
        """Nothing was saved; what was typed stands."""
        self._sent = None
        self._failed(fault)

    @Slot()
    def leave(self) -> None:
        """Esc: later. What was typed comes back with the question."""
        promise, texts = self.promise, self.strip.texts()
        if promise is None:
            return
        key = self._window.registry[ACTION].key_text
        if texts != (_again(promise.due_at), promise.words):
            self._news.say(Status.WAITING, tr("Giờ gọi lại viết dở đã được giữ: {key} để viết tiếp").format(key=key))
        elif promise.due_at is None:
            self._news.say(Status.QUIET, tr("Chưa hẹn giờ gọi lại: {key} khi biết giờ").format(key=key))
        self.put_away()

    @Slot(str)
    def _undone(self, _name: str) -> None:
        """The outcome that asked is gone, and the question with it."""
        if self._of_outcome and self._keeper is not None:
            self._keeper.drop()
            self._answered_or_gone()

    def _answered_or_gone(self) -> None:
        gone = self.promise.item_id if self.promise is not None else ""
        self.put_away()
        self._behind.pop(gone, None)
        self._left = None

    @Slot()
    def put_away(self) -> None:
        """Something else comes; every letter is kept."""
        had_caret = has_caret(self.strip)
        self.strip.hide()
        if self._keeper is not None and self.promise is not None:
            self._keeper.leave()
            self._behind[self.promise.item_id] = self._keeper
        self._left = self.promise or self._left
        self._keeper = self.promise = None
        self.strip.put("", "")
        self._of_outcome, self._time, self._typed_at = False, "", 0
        if had_caret and not self._window.watch.covered:
            self._window.pages[self._window.page_name].focus()

    def keep_now(self) -> None:
        """The window closes or locks, or an answer is on its way."""
        for keeper in filter(None, (self._keeper, *self._behind.values())):
            keeper.keep_now()

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)


class Answer:
    """One answer on its way: remembers the promise it was for."""

    def __init__(self, promising: Promising, promise: Promise, sent: tuple[str, str]) -> None:
        self._promising, self._promise, self._sent = promising, promise, sent

    def done(self, told: Told) -> None:
        """COMMIT returned."""
        self._promising.answered(self._promise, self._sent, told)

    def failed(self, fault: Exception) -> None:
        """Nothing was saved."""
        self._promising.not_answered(fault)


def _again(due_at: int | None) -> str:
    """A time that stands, as somebody would type it: read again it means the same."""
    if due_at is None:
        return ""
    at = vn_datetime(due_at)
    return f"{minute_text(due_at)} {at.day}/{at.month}/{at.year}"


def began_with(row: QueueRow) -> dict[str, Any]:
    """The caller's consent and safe time as fields of a file; the words of how to call stay closed."""
    if row.call_id is None:
        return {}
    return {"may_call_back": True} | ({"safe_time": _again(row.due_at)} if row.due_at is not None else {})


def _refused(at: int | None, now: int) -> str:
    if at is None:
        return tr("Chưa đọc được giờ: gõ như 17h30, 8h sáng mai, 30 phút nữa, 28/11 9h.")
    if at <= now:
        return tr("Giờ ấy đã qua ({moment}): gõ một giờ sắp tới.").format(moment=moment_text(at, now))
    return tr("Ngày ấy xa quá ({moment}): xem lại ngày.").format(moment=moment_text(at, now))


def _arrived(row: QueueRow) -> int:
    return row.arrived_at
