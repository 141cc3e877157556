"""Ctrl+Shift+R: the register of data subjects' requests: what is due first, the next step, a new one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.operations import requests as operations
from desktop.store.drafts import Draft
from desktop.store.reads_requests import RequestView
from desktop.ui.drafts import Keeper
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormValues
from desktop.ui.forms.written import WrittenForm
from desktop.ui.intake.sheet import advice_of
from desktop.ui.requests.card import RequestCard
from desktop.ui.requests.table_model import BY, DUE, STAGE, TAKEN, WISH, RequestsTable
from desktop.ui.requests.viewmodel import RequestsModel
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.said import Mark, Said, button
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import clock_text, tr
from domain.ids import RANDOM_BYTES, uuid7

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FORM: Final = "request"


class RequestsSheet(WorkCover):
    """Enter opens a line, N begins a new request, Ctrl+Enter saves it, Esc goes one step back and loses nothing."""

    _built = False
    saving = Signal()
    begun = Signal()

    def __init__(self, window: MainWindow, model: RequestsModel, definition: FormDefinition) -> None:
        super().__init__(window.ground, window.look)
        self._model = model
        self.setObjectName("sheet.requests")
        self.setAccessibleName(tr("Yêu cầu về dữ liệu cá nhân"))
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Yêu cầu về dữ liệu cá nhân"), "title"))
        self.state = Mark(Status.QUIET, "", wraps=True, yields=True)
        page.addWidget(self.state)
        self._register = self._make_register(window)
        page.addWidget(self._register)
        self._writing = self._make_form(window, definition)
        page.addWidget(self._writing)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self._writing.hide()
        model.changed.connect(self.show_rows)
        model.opened.connect(self.show_request)
        self._built = True

    def _make_register(self, window: MainWindow) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        how = tr(
            "Việc đến hạn trước ở trên. Enter mở một yêu cầu và bước tiếp theo, phím N ghi yêu cầu mới. Luật cho hai"
            " ngày làm việc để trả lời; mở xem được ghi vào nhật ký kiểm tra."
        )
        column.addWidget(Said(how, "muted", wraps=True))
        self.rows = RequestsTable(window.desk.catalogue, self._model.clock)
        self.table = PaperTable(window.look, self.rows, {STAGE: 250, DUE: 150, TAKEN: 150, BY: 130}, WISH)
        self.table.setObjectName("table.requests")
        self.table.setAccessibleName(tr("Các yêu cầu"))
        self.table.keep_rows(5)
        self.table.entered_row.connect(self._entered)
        column.addWidget(self.table)
        self.nothing = Mark(Status.GOOD, tr("Chưa có yêu cầu nào mà chị/anh được xem."), wraps=True)
        column.addWidget(self.nothing)
        self.new = button("request_new", tr("Ghi yêu cầu mới  N"))
        self.new.clicked.connect(self.begin_writing)
        row = QHBoxLayout()
        row.addWidget(self.new)
        row.addStretch(1)
        column.addLayout(row)
        self.card = RequestCard(window.desk.lane, window.desk.catalogue)
        column.addWidget(self.card)
        return made

    def _make_form(self, window: MainWindow, definition: FormDefinition) -> QWidget:
        how = tr("Ctrl+Enter lưu vào sổ, hạn trả lời tính từ lúc lưu. Esc để lại, mọi chữ vẫn được giữ nháp.")
        save = ("save_request", tr("Lưu vào sổ  Ctrl+Enter"))
        made = WrittenForm(window.desk, window.look, definition, how=how, save=save)
        made.saving.connect(self.saving)
        self.form = made.form
        return made

    @property
    def is_writing(self) -> bool:
        """Whether the form of a new request stands there."""
        return self._writing.isVisibleTo(self)

    @Slot()
    def begin_writing(self) -> None:
        """N: the form of a new request, with what was begun before."""
        self.card.put_away()
        self._register.hide()
        self._writing.show()
        self.form.focus_first()
        self.begun.emit()

    def back_to_list(self) -> None:
        """The list again."""
        self._writing.hide()
        self._register.show()
        self._take_keys()

    @Slot()
    def show_rows(self) -> None:
        """Write the list anew; the chosen line stays chosen where it is still there."""
        if not self.isVisible():
            return
        at = self.table.currentIndex().row()
        before = self.rows.rows[at].id if 0 <= at < len(self.rows.rows) else ""
        self.rows.show(self._model.rows)
        self.table.setVisible(bool(self._model.rows))
        self.nothing.setVisible(not self._model.rows)
        there = [row.id for row in self._model.rows]
        if there:
            self.table.setCurrentIndex(self.rows.index(there.index(before) if before in there else 0, 0))
        if not self.is_writing and self.card.view is None:
            self._take_keys()

    def _take_keys(self) -> None:
        (self.table if self.table.isVisibleTo(self) else self.new).setFocus()

    @Slot(int)
    def _entered(self, row: int) -> None:
        if 0 <= row < len(self.rows.rows):
            self._model.open(self.rows.rows[row].id)

    @Slot(object)
    def show_request(self, view: RequestView) -> None:
        """One request and its next step."""
        if self.isVisible() and not self.is_writing:
            self.card.show_view(view)
            if self.card.box is None:
                self._take_keys()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter, N in the list, Esc; every other key belongs to the boxes."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.is_writing:
            self.saving.emit()
        elif event.key() == Qt.Key.Key_N and not event.modifiers() and not self.is_writing and self.card.view is None:
            self.begin_writing()
        elif event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif self.card.view is not None:
            self.card.put_away()
            self._take_keys()
        elif self.is_writing:
            self.back_to_list()
        else:
            self.asked_to_go.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of the register stays; what is being written is a draft and in its boxes."""
        super().hideEvent(event)
        if self._built:
            self.card.put_away()
            self.rows.show(())
            self._model.forget()


class RequestsKeys(QObject):
    """Lays the sheet over the window; one new request at a time, which comes back also after a crash."""

    def __init__(self, window: MainWindow, definition: FormDefinition) -> None:
        super().__init__(window)
        self._window, self._lane = window, window.desk.lane
        self.model = RequestsModel(self._lane, self._lane.clock)
        self.sheet = RequestsSheet(window, self.model, definition)
        self.sheet.asked_to_go.connect(self._go)
        self.sheet.saving.connect(self.save)
        self.sheet.form.changed.connect(self._changed)
        self.sheet.card.asked.connect(self.model.step)
        self.sheet.card.trouble.connect(self._said)
        self.sheet.card.trouble.connect(window.watch.draft_failed)
        self.model.done.connect(self._stepped)
        self.model.saved_at.connect(window.say_saved)
        self.model.trouble.connect(self._said)
        self._id = ""
        self._sent: FormValues | None = None
        self._keeper = Keeper(self._lane, self._lane.staff, FORM, "")
        self._keeper.found.connect(self._found)
        self._keeper.kept.connect(self._kept)
        self._keeper.trouble.connect(self._failed)
        self._keeper.trouble.connect(self._window.watch.draft_failed)
        self._keeper.look()

    def begin(self) -> None:
        """Ctrl+Shift+R."""
        self._window.covering.lay_over(self.sheet)
        self.sheet.state.say(Status.QUIET, "")
        self.sheet.back_to_list()
        self.model.refresh()

    @Slot(object)
    def _found(self, draft: Draft) -> None:
        if not self._id:
            self._id = str(draft.data.get("id", ""))
            self.sheet.form.put(draft.data.get("values", {}))
            self._window.status.news.say(
                Status.WAITING,
                tr("Còn một yêu cầu về dữ liệu đang ghi dở {time}: Ctrl+Shift+R rồi N").format(
                    time=clock_text(draft.saved_at)
                ),
            )

    @Slot()
    def _changed(self) -> None:
        if not self._id:
            self._id = uuid7(self._lane.clock.now_ms(), os.urandom(RANDOM_BYTES))
        self._keeper.changed({"id": self._id, "values": self.sheet.form.values()})
        self.sheet.form.point_at(self.sheet.form.owed())

    @Slot(object)
    def _kept(self, at_ms: int) -> None:
        if self.sheet.is_writing:
            words = tr("Đã lưu nháp trên máy này {time}").format(time=clock_text(at_ms))
            self.sheet.state.say(Status.WAITING, words)

    @Slot()
    def save(self) -> None:
        """Ctrl+Enter: into the register. What is asked must be known, all else may be missing."""
        QGuiApplication.inputMethod().commit()
        if self._sent is not None:
            return
        values = self.sheet.form.values()
        if not values.get("wish"):
            self.sheet.state.say(Status.URGENT, advice_of(operations.NoWish()))
            self.sheet.form.focus_on("wish")
            return
        self._sent = values
        received = operations.receive(self._id, values, self._keeper.draft_id)
        self._lane.submit(received, self._saved, self._failed, initiator="requests")

    def _saved(self, _request: str) -> None:
        sent, self._sent = self._sent, None
        self._keeper.drop()
        self._window.say_saved(self._lane.clock.now_ms())
        if self.sheet.form.values() != sent:
            self._changed()
            further = tr("Đã vào sổ yêu cầu. Chữ ghi thêm sau đó còn ở đây: Ctrl+Enter lưu thêm vào yêu cầu ấy.")
            self.sheet.state.say(Status.WAITING, further)
            return
        self._id = ""
        self.sheet.form.put({})
        self._window.status.news.say(Status.GOOD, tr("Đã vào sổ yêu cầu, đồng hồ bắt đầu chạy"))
        self.sheet.state.say(Status.GOOD, tr("Đã vào sổ yêu cầu, đồng hồ bắt đầu chạy"))
        if self.sheet.isVisible():
            self.sheet.back_to_list()
            self.model.refresh()

    @Slot(str)
    def _stepped(self, request_id: str) -> None:
        view = self.sheet.card.view
        if view is not None and view.request.id == request_id:
            self.sheet.card.stepped()
            self.sheet.state.say(Status.QUIET, "")
            self.model.open(request_id)

    @Slot(object)
    def _said(self, fault: Exception) -> None:
        if self.sheet.isVisible():
            self.sheet.state.say(Status.URGENT, advice_of(fault))
        self._window.show_trouble(fault)

    def _failed(self, fault: Exception) -> None:
        self._sent = None
        self._said(fault)

    def keep_now(self) -> None:
        """The window closes or locks."""
        self._keeper.keep_now()
        self.sheet.card.keep_now()

    @Slot()
    def _go(self) -> None:
        self.keep_now()
        self._window.covering.uncover()
