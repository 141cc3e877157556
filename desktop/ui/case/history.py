"""Ctrl+H: the history of the dossier or the call in front: who changed what, when, where, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.background.history_told import Wanted
from desktop.store.engine import Connection
from desktop.store.reads_history import Step, history_of
from desktop.store.reads_history_call import KIND as CALL
from desktop.store.reads_history_call import history_of_call, scope_of_call
from desktop.ui.case.authors import Authors
from desktop.ui.case.facts import FactWords
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import Cover
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Mark, Said
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr, when_text
from domain.clock import Clock
from sync.operation import Placed

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

WHEN, WHO, WHERE, WHAT, BEFORE, AFTER = range(6)
CONTACT: Final = "contact"

Subject = tuple[str, str]
"""A file or a call: its kind and id."""

Found = tuple[Subject, tuple[Step, ...] | None, str]
"""Whose history, its steps, and the scope of a call."""

_NOT_SHOWN: Final = ("_id", "_set", "_ids", "form", "sort")
"""Endings of fields that only point at other records or at how something was written."""


class HistoryTable(ListTable):
    """One line a step; the shape says whether the value stands now."""

    def __init__(self, words: FactWords, labels: Mapping[str, str], clock: Clock) -> None:
        super().__init__()
        self._words, self._labels, self._clock = words, labels, clock
        self.rows: list[Step] = []

    def show(self, rows: Sequence[Step]) -> None:
        """Take over other rows."""
        self.renew_rows([one for one in rows if not one.field.endswith(_NOT_SHOWN)])

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Lúc"), tr("Ai"), tr("Ở đâu"), tr("Mục"), tr("Trước"), tr("Sau"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.rows):
            return None
        step = self.rows[index.row()]
        if role == STATUS_ROLE:
            return (Status.GOOD if step.stands else Status.QUIET) if index.column() == WHEN else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.words(step)[index.column()]
        return None

    def unnamed(self) -> int:
        """How many of these steps nobody is known of."""
        return sum(step.staff is None for step in self.rows)

    def words(self, step: Step) -> tuple[str, str, str, str, str, str]:
        """The six cells of a step."""
        now = self._clock.now_ms()
        label = self._words.label(step.kind, step.field)
        if label == tr("Thông tin khác"):
            label = self._labels.get(step.field, label)
        before = self._words.value(step.kind, step.field, step.before, now)
        if not step.before_known:
            before = tr("(không có trên máy này)")
        after = self._words.value(step.kind, step.field, step.after, now)
        where = tr("máy này") if step.here else self._words.desk(step.place) or tr("nơi khác")
        return when_text(step.at_ms, now), step.staff or tr("chưa rõ"), where, label, before, after


class HistorySheet(Cover):
    """Covers the window; arrows move, Ctrl+H asks the server again, Esc goes back. Its lines are forgotten when it
    goes (`went`); one that is laid over the window again without them asks for them (`empty`)."""

    went = Signal()
    empty = Signal()
    asked_again = Signal()

    _built = False

    def __init__(self, parent: QWidget, look: Look, rows: HistoryTable) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.history")
        self.rows = rows
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        self.head = Said("", "title")
        page.addWidget(self.head)
        how = tr(
            "Mới nhất ở trên. Dấu tròn đặc: giá trị đang dùng. Ai đã sửa ở nơi khác thì máy hỏi máy chủ mỗi lần mở và"
            " không giữ lại. Esc để trở lại."
        )
        page.addWidget(Said(how, "muted", wraps=True))
        self.state = Mark(Status.QUIET, "", wraps=True, yields=True)
        self.state.setObjectName("history.asked")
        page.addWidget(self.state)
        widths = {WHEN: 150, WHO: 150, WHERE: 120, WHAT: 200, BEFORE: 260}
        self.table = PaperTable(look, rows, widths, AFTER)
        self.table.setObjectName("table.history")
        self.table.setAccessibleName(tr("Các lần thay đổi"))
        page.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self._built = True

    def call_it(self, words: str) -> None:
        """Whose history it is."""
        self.head.setText(words)
        self.setAccessibleName(words)

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Other lines: the newest in front, or the one that was."""
        at = self.table.currentIndex().row()
        before = _which(self.rows.rows[at]) if 0 <= at < len(self.rows.rows) else None
        self.rows.show(steps)
        same = (row for row, step in enumerate(self.rows.rows) if _which(step) == before)
        if self.rows.rows:
            self.table.setCurrentIndex(self.rows.index(next(same, 0), 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The key that opened it asks again; any other goes, as from every cover."""
        if event.key() == Qt.Key.Key_H and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.asked_again.emit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Back from the manual its lines are gone."""
        super().showEvent(event)
        if self._built and not self.rows.rows:
            self.empty.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self.rows.show(())
            self.went.emit()


def _which(step: Step) -> tuple[str, str, str]:
    return step.version, step.record, step.field


class HistoryKeys(QObject):
    """Reads on the reader lane for the person who sits there, then lays the sheet over the window; what the server
    tells of changes from elsewhere is read with the same eyes, and forgotten when the sheet goes."""

    def __init__(self, window: MainWindow, forms: Mapping[str, FormDefinition]) -> None:
        super().__init__(window)
        self._window = window
        labels = {field.name: field.label for form in forms.values() for field in form.fields}
        rows = HistoryTable(window.case_page.words, labels, window.desk.lane.clock)
        self.sheet = HistorySheet(window.ground, window.look, rows)
        self.authors = Authors(window.desk)
        self._subject: Subject | None = None
        self._reading = False
        self._asks: frozenset[Wanted] = frozenset()
        self._told: tuple[str, Sequence[Placed]] = ("", ())
        self.sheet.asked_to_go.connect(self._go)
        self.sheet.went.connect(self._forget)
        self.sheet.empty.connect(self._read_again)
        self.sheet.asked_again.connect(self._ask_again)
        self.authors.told.connect(self._take)
        self.authors.changed.connect(self._say)
        window.showing.masked.connect(self._read_again)

    @property
    def told(self) -> Sequence[Placed]:
        """What the server told of what lies open; nothing where nothing does."""
        return self._told[1]

    @Slot()
    def _read_again(self) -> None:
        """The minute is over: what lies there is read anew, masked."""
        if self.sheet.isVisible() and self._subject is not None:
            self._read(self._subject)

    def begin(self) -> None:
        """Ctrl+H."""
        subject = self._in_front()
        if subject is None:
            words = tr("Mở một hồ sơ, hay chọn một cuộc gọi, rồi mới xem được lịch sử của nó")
            self._window.status.news.say(Status.QUIET, words)
        else:
            self._read(subject)

    def _in_front(self) -> Subject | None:
        """What the history is asked of: the file of the page, or the call that the caret stands on."""
        window = self._window
        if window.page_name == "calls":
            row = window.calls_page.row_in_front()
            return (CALL, row.id) if row is not None else None
        view = window.case_model.view if window.page_name == "case" else None
        return (CONTACT, view.contact.id) if view is not None else None

    def _is_there(self, subject: Subject) -> bool:
        """Whether the page still shows it. Below the sheet the list of calls goes on, and its caret with it."""
        if subject[0] == CALL:
            return self._window.page_name == "calls"
        return subject == self._in_front()

    def _read(self, subject: Subject) -> None:
        self._subject, self._reading = subject, True
        told = self.told if self._told[0] == subject[1] else ()
        # One method answers all of them: an answer that a newer one has overtaken (masked since) is dropped.
        self._window.desk.lane.query(partial(_history, subject, told), self._show, self._failed)

    def _show(self, found: Found) -> None:
        """The reader's answer; no steps where the person may not see it any more."""
        subject, steps, scope = found
        if not self._reading or subject != self._subject or not self._is_there(subject) or self._window.watch.covered:
            return
        self._reading = False
        if steps is None:
            if self.sheet.isVisible():
                self._go()
            return
        view = self._window.case_model.view
        if subject[0] == CALL or view is None:
            self._asks = frozenset({Wanted(scope, *subject)})
        else:
            self._asks = frozenset(Wanted(stored.scope) for stored in view.opened.values())
        self.sheet.call_it(tr("Lịch sử của cuộc gọi") if subject[0] == CALL else tr("Lịch sử của hồ sơ"))
        self.sheet.show_steps(steps)
        if not self.sheet.isVisible():
            self._window.covering.lay_over(self.sheet)
        if self._told[0] == subject[1]:
            self.authors.say_named(self.sheet.rows.unnamed())
        else:
            self.authors.ask(subject[1], self._asks)

    @Slot()
    def _ask_again(self) -> None:
        if self._subject is not None:
            self.authors.ask(self._subject[1], self._asks, anyway=True)

    @Slot(str, object)
    def _take(self, record: str, placed: list[Placed]) -> None:
        subject = self._subject
        if self.sheet.isVisible() and subject is not None and subject[1] == record:
            self._told = (record, placed)
            self._read(subject)

    @Slot()
    def _forget(self) -> None:
        self._told, self._reading, self._asks = ("", ()), False, frozenset()
        self.authors.forget()

    @Slot()
    def _say(self) -> None:
        self.sheet.state.say(self.authors.status, self.authors.words)

    def _failed(self, fault: Exception) -> None:
        self._window.show_trouble(fault)

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()


def _history(subject: Subject, told: Sequence[Placed], connection: Connection) -> Found:
    kind, record = subject
    if kind == CALL:
        return subject, history_of_call(connection, record, told), scope_of_call(connection, record)
    return subject, history_of(connection, record, told), ""
