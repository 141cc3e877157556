"""Ctrl+H: the history of the dossier in front: who changed what, when, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store.reads_history import Step, history_of
from desktop.ui.case.facts import FactWords
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import Cover
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Said
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr, when_text
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

WHEN, WHO, WHAT, BEFORE, AFTER = range(5)
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
        return (tr("Lúc"), tr("Ai"), tr("Mục"), tr("Trước"), tr("Sau"))

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

    def words(self, step: Step) -> tuple[str, str, str, str, str]:
        """The five cells of a step."""
        now = self._clock.now_ms()
        label = self._words.label(step.kind, step.field)
        if label == tr("Thông tin khác"):
            label = self._labels.get(step.field, label)
        before = self._words.value(step.kind, step.field, step.before, now)
        if not step.before_known:
            before = tr("(không có trên máy này)")
        after = self._words.value(step.kind, step.field, step.after, now)
        return when_text(step.at_ms, now), step.staff or tr("nơi khác"), label, before, after


class HistorySheet(Cover):
    """Covers the window; arrows move, Esc goes back. Its lines are forgotten when it goes."""

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
            "Mới nhất ở trên. Việc làm ở máy này có đủ tên và giá trị trước; việc làm ở nơi khác có giá trị và lúc"
            " ghi, nhật ký đầy đủ nằm ở trung tâm. Dấu tròn đặc: giá trị đang dùng. Esc để trở lại."
        )
        page.addWidget(Said(how, "muted", wraps=True))
        self.table = PaperTable(look, rows, {WHEN: 150, WHO: 150, WHAT: 200, BEFORE: 280}, AFTER)
        self.table.setObjectName("table.history")
        self.table.setAccessibleName(tr("Các lần thay đổi"))
        page.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self._built = True

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Other lines, the newest in front."""
        self.rows.show(steps)
        if self.rows.rows:
            self.table.setCurrentIndex(self.rows.index(0, 0))

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self.rows.show(())


class HistoryKeys(QObject):
    """Reads on the reader lane for the person who sits there, then lays the sheet over the window."""

    def __init__(self, window: MainWindow, forms: Mapping[str, FormDefinition]) -> None:
        super().__init__(window)
        self._window = window
        labels = {field.name: field.label for form in forms.values() for field in form.fields}
        rows = HistoryTable(window.case_page.words, labels, window.desk.lane.clock)
        self.sheet = HistorySheet(window.ground, window.look, rows)
        self.sheet.asked_to_go.connect(self._go)
        self._wanted = ""
        window.showing.masked.connect(self._read_again)

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
        self._wanted = view.contact.id
        read = partial(history_of, contact_id=self._wanted)
        self._window.desk.lane.query(read, Answer(self, self._wanted).done, self._failed)

    def show(self, contact_id: str, steps: tuple[Step, ...] | None) -> None:
        """The reader's answer; None where the person may not see it any more."""
        view = self._window.case_model.view
        still = view is not None and view.contact.id == contact_id and self._window.page_name == "case"
        if contact_id == self._wanted and still and steps is not None and not self._window.watch.covered:
            self._wanted = ""
            if not self.sheet.isVisible():
                self._window.covering.lay_over(self.sheet)
            self.sheet.show_steps(steps)

    def _failed(self, fault: Exception) -> None:
        self._window.case_model.trouble.emit(fault)

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()


class Answer:
    """One question on its way."""

    def __init__(self, keys: HistoryKeys, contact_id: str) -> None:
        self._keys, self._contact_id = keys, contact_id

    def done(self, steps: tuple[Step, ...] | None) -> None:
        """The reader found these."""
        self._keys.show(self._contact_id, steps)
