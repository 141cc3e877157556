"""Ctrl+Shift+J: a letter, an article, a dispatch is written down and waits in the queue; a draft meanwhile."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.operations import queue
from desktop.store.drafts import Draft
from desktop.ui.drafts import Keeper
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormValues
from desktop.ui.forms.written import WrittenForm
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.said import Mark, Said
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import clock_text, tr
from domain.clock import vn_midnight_ms
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.queue import Incoming

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FORM: Final = "incoming"


class EntrySheet(WorkCover):
    """The form with its button; Ctrl+Enter saves, Esc goes and keeps every word."""

    saving = Signal()

    def __init__(self, window: MainWindow, definition: FormDefinition) -> None:
        super().__init__(window.ground, window.look)
        self.setObjectName("sheet.entry")
        self.setAccessibleName(definition.title)
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(definition.title, "title"))
        self.state = Mark(Status.QUIET, "", wraps=True, yields=True)
        how = tr("Ctrl+Enter lưu vào hàng đợi. Esc để lại, mọi chữ vẫn được giữ nháp trên máy này.")
        save = ("save_entry", tr("Lưu vào hàng đợi  Ctrl+Enter"))
        written = WrittenForm(window.desk, window.look, definition, how=how, save=save, state=self.state)
        written.saving.connect(self.saving)
        self.form = written.form
        page.addWidget(written)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter and Esc; every other key belongs to the boxes."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.saving.emit()
        else:
            super().keyPressEvent(event)


class EntryKeys(QObject):
    """One form at a time; what was begun comes back, also after a crash."""

    def __init__(self, window: MainWindow, definition: FormDefinition) -> None:
        super().__init__(window)
        self._window, self._lane = window, window.desk.lane
        self.sheet = EntrySheet(window, definition)
        self.sheet.asked_to_go.connect(self._go)
        self.sheet.saving.connect(self.save)
        self.sheet.form.changed.connect(self._changed)
        self._id = ""
        self._sent: FormValues | None = None
        self._keeper = Keeper(self._lane, self._lane.staff, FORM, "")
        self._keeper.found.connect(self._found)
        self._keeper.kept.connect(self._kept)
        self._keeper.trouble.connect(self._failed)
        self._keeper.trouble.connect(self._window.watch.draft_failed)
        self._keeper.look()

    @Slot()
    def begin(self) -> None:
        """Ctrl+Shift+J."""
        self._window.covering.lay_over(self.sheet)
        self.sheet.form.focus_first()

    @Slot(object)
    def _found(self, draft: Draft) -> None:
        if not self._id:
            self._id = str(draft.data.get("id", ""))
            self.sheet.form.put(draft.data.get("values", {}))
            self.sheet.state.say(
                Status.WAITING, tr("Khôi phục bản nháp đã lưu {time}").format(time=clock_text(draft.saved_at))
            )

    @Slot()
    def _changed(self) -> None:
        self._own_id()
        self._keeper.changed({"id": self._id, "values": self.sheet.form.values()})
        sentences = self.sheet.form.owed()
        self.sheet.form.point_at(sentences)

    def _own_id(self) -> str:
        """One item has one id from its first letter: saved twice after a crash, it is still one."""
        if not self._id:
            self._id = uuid7(self._lane.clock.now_ms(), os.urandom(RANDOM_BYTES))
        return self._id

    @Slot(object)
    def _kept(self, at_ms: int) -> None:
        self.sheet.state.say(
            Status.WAITING, tr("Đã lưu nháp trên máy này {time}").format(time=clock_text(at_ms))
        )

    @Slot()
    def save(self) -> None:
        """Ctrl+Enter: into the queue. A channel must be known, all else may be missing."""
        QGuiApplication.inputMethod().commit()
        values = self.sheet.form.values()
        channel = values.get("channel")
        if self._sent is not None:
            return
        if not channel:
            self.sheet.state.say(Status.URGENT, tr("Chưa chọn kênh: bấm số ở ô Kênh rồi lưu lại."))
            self.sheet.form.focus_on("channel")
            return
        self._sent = values
        words, due = words_of(self._own_id(), values)
        urgency, draft = values.get("item_urgency"), self._keeper.draft_id
        entered = queue.enter(str(channel), words, due_at=due, urgency=urgency, draft_id=draft)
        self._lane.submit(entered, self._saved, self._failed, initiator="queue")

    def _saved(self, _item: str) -> None:
        sent, self._sent = self._sent, None
        self._keeper.drop()
        self._id = ""
        self._window.say_saved(self._lane.clock.now_ms())
        if self.sheet.form.values() != sent:
            self._changed()
            further = tr("Đã vào hàng đợi. Chữ ghi thêm sau đó còn ở đây: Ctrl+Enter lưu thành một mục nữa.")
            self.sheet.state.say(Status.WAITING, further)
            return
        self.sheet.form.put({})
        self.sheet.state.say(Status.QUIET, "")
        self._window.status.news.say(Status.GOOD, tr("Đã vào hàng đợi: Ctrl+J nhận mục kế tiếp"))
        if self.sheet.isVisible():
            self._window.covering.uncover()

    def _failed(self, fault: Exception) -> None:
        self._sent = None
        self.sheet.state.say(Status.URGENT, advice_of(fault))
        self._window.show_trouble(fault)

    def keep_now(self) -> None:
        """The window closes or locks."""
        self._keeper.keep_now()

    @Slot()
    def _go(self) -> None:
        self._keeper.keep_now()
        self._window.covering.uncover()


def words_of(item_id: str, values: FormValues) -> tuple[Incoming, int | None]:
    """What arrived, and the end (UTC ms) of the day before which an answer is due. Words in the box of a day that
    name none go into the text: nothing typed is lost."""
    body = [str(values.get("body", ""))]
    dated, due = _day(values.get("dated")), _day(values.get("due"))
    if values.get("dated") and dated is None:
        body.append(tr("Ngày ghi trên văn bản: {words}").format(words=values["dated"]))
    if values.get("due") and due is None:
        body.append(tr("Cần trả lời trước: {words}").format(words=values["due"]))
    words = Incoming(
        id=item_id,
        sender=values.get("sender"),
        reference=values.get("reference"),
        dated=dated.isoformat() if dated is not None else None,
        body="\n".join(part for part in body if part) or None,
    )
    return words, vn_midnight_ms(due + timedelta(days=1)) - 1 if due is not None else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
