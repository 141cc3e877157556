"""Keys of the queue: the next item from anywhere, a file or report of the item in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from desktop.store.reads_queue import QueueRow
from desktop.ui.queue.viewmodel import UNDO_MS
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ItemForm(QObject):
    """A form that was opened for an item: once it is saved, the item is done. Lives as long as the form's model."""

    def __init__(self, form: QObject, window: MainWindow, item_id: str) -> None:
        super().__init__(form)
        self._window, self._item_id = window, item_id

    @Slot(object)
    def saved(self, result: Any) -> None:
        """COMMIT returned for the form."""
        self._window.queue_model.finish("", self._item_id, result.contact_id)


class QueueDeeds(QObject):
    """What keys do with the queue."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._model = window, window.queue_model
        self._model.taken.connect(self._taken)
        self._model.saved_at.connect(window.say_saved)
        self._model.ended.connect(self._ended)
        self._model.reopened.connect(self._reopened)
        window.calls.labelled.connect(self._labelled)

    def take_next(self) -> None:
        """Ctrl+J: the next item, whichever page is in front."""
        self._window.go("queue")
        self._model.take_next()

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
        sheet = self._window.file_page.open(form, item.call_id)
        sheet.model.saved.connect(ItemForm(sheet.model, self._window, item.id).saved)
        self._window.go("file")
        return True
