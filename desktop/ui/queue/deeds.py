"""Keys of the queue: the next item from anywhere, a file or report of the item in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from desktop.store.reads_queue import QueueRow
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

    def take_next(self) -> None:
        """Ctrl+J: the next item, whichever page is in front."""
        self._window.go("queue")
        self._model.take_next()

    @Slot(object)
    def _taken(self, row: QueueRow | None) -> None:
        if row is None:
            self._window.status.news.say(Status.QUIET, tr("Hàng đợi không còn mục nào chưa ai nhận"))

    def open_form(self, form: str) -> bool:
        """F8 or F9 on the queue's page, without a call at the ear: a form of the item in hand. Answers whether so."""
        item = self._model.in_hand
        if self._window.page_name != "queue" or item is None or self._window.calls.current is not None:
            return False
        sheet = self._window.file_page.open(form, item.call_id)
        sheet.model.saved.connect(ItemForm(sheet.model, self._window, item.id).saved)
        self._window.go("file")
        return True
