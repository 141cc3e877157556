"""Ctrl+H: the history of the dossier in front: who changed what, when, where, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store.engine import Connection
from desktop.store.reads import CaseView, ContactView
from desktop.store.reads_history import Step, history_of
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
        self.setAccessibleName(tr("Lịch sử của hồ sơ"))
        self.rows = rows
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Lịch sử của hồ sơ"), "title"))
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
        self._wanted = ""
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
        """What the server told of the file whose history lies open; nothing where none does."""
        return self._told[1]

    @Slot()
    def _read_again(self) -> None:
        """The minute is over: what lies there is read anew, masked."""
        if self.sheet.isVisible():
            self.begin()

    def begin(self) -> None:
        """Ctrl+H."""
        view = self._window.case_model.view
        if self._window.page_name != "case" or view is None:
            self._window.status.news.say(Status.QUIET, tr("Mở một hồ sơ rồi mới xem được lịch sử của nó"))
            return
        self._read(view.contact.id)

    def _read(self, contact_id: str) -> None:
        self._wanted = contact_id
        told = self.told if self._told[0] == contact_id else ()
        # One method answers all of them: an answer that a newer one has overtaken (masked since) is dropped.
        self._window.desk.lane.query(partial(_history, contact_id, told), self._show, self._failed)

    def _show(self, found: tuple[str, tuple[Step, ...] | None]) -> None:
        """The reader's answer; None where the person may not see it any more."""
        contact_id, steps = found
        view = self._window.case_model.view
        still = view is not None and view.contact.id == contact_id and self._window.page_name == "case"
        if contact_id != self._wanted or not still or view is None or self._window.watch.covered:
            return
        self._wanted = ""
        if steps is None:
            if self.sheet.isVisible():
                self._go()
            return
        self.sheet.show_steps(steps)
        if not self.sheet.isVisible():
            self._window.covering.lay_over(self.sheet)
        if self._told[0] == contact_id:
            self.authors.say_named(self.sheet.rows.unnamed())
        else:
            self.authors.ask(contact_id, _scopes(view))

    @Slot()
    def _ask_again(self) -> None:
        view = self._window.case_model.view
        if view is not None:
            self.authors.ask(view.contact.id, _scopes(view), anyway=True)

    @Slot(str, object)
    def _take(self, contact_id: str, placed: list[Placed]) -> None:
        if self.sheet.isVisible():
            self._told = (contact_id, placed)
            self._read(contact_id)

    @Slot()
    def _forget(self) -> None:
        self._told, self._wanted = ("", ()), ""
        self.authors.forget()

    @Slot()
    def _say(self) -> None:
        self.sheet.state.say(self.authors.status, self.authors.words)

    def _failed(self, fault: Exception) -> None:
        self._window.case_model.trouble.emit(fault)

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()


def _history(contact_id: str, told: Sequence[Placed], connection: Connection) -> tuple[str, tuple[Step, ...] | None]:
    return contact_id, history_of(connection, contact_id, told)


def _scopes(view: CaseView | ContactView) -> frozenset[str]:
    return frozenset(stored.scope for stored in view.opened.values())
