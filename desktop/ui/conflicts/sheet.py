"""Ctrl+Shift+X: values that differ, with who, where, when, over what; digits choose; what is held and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store.reads_conflicts import Conflict, Version
from desktop.ui.case.disputes import DisputeButton
from desktop.ui.case.facts import FactWords
from desktop.ui.conflicts.table_model import ConflictsTable, HeldTable
from desktop.ui.conflicts.viewmodel import ConflictsModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.said import Card, Mark, Said, empty
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr, when_text

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ConflictsSheet(WorkCover):
    """Arrows move in the list, Enter opens a conflict, digits choose, Esc goes one step back."""

    _built = False

    def __init__(self, parent: QWidget, look: Look, model: ConflictsModel, words: FactWords) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.conflicts")
        self.setAccessibleName(tr("Khác nhau và đang giữ"))
        self._model, self._words = model, words
        self._open: Conflict | None = None
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Khác nhau và đang giữ"), "title"))
        how = tr("Enter mở một mục để xem từng giá trị, bấm số để chọn. Giá trị kia vẫn còn trong lịch sử.")
        page.addWidget(Said(how, "muted", wraps=True))
        self.rows = ConflictsTable(words, model.clock)
        self.table = PaperTable(look, self.rows, {1: 200, 2: 110, 3: 170}, 0)
        self.table.setObjectName("table.conflicts")
        self.table.setAccessibleName(tr("Mục có giá trị khác nhau"))
        self.table.keep_rows(4)
        self.table.entered_row.connect(self._entered)
        page.addWidget(self.table, 2)
        self.nothing = Mark(Status.GOOD, tr("Không có mục nào khác nhau."), wraps=True)
        page.addWidget(self.nothing)
        self.card = Card("note", margins=12, space=6)
        page.addWidget(self.card)
        page.addWidget(Said(tr("Đang giữ, chưa áp dụng"), "section"))
        self.held_rows = HeldTable(model.clock)
        self.held = PaperTable(look, self.held_rows, {1: 110, 2: 110, 3: 60, 4: 130, 5: 150}, 0)
        self.held.setObjectName("table.held")
        self.held.setAccessibleName(tr("Bản ghi đang giữ"))
        self.held.keep_rows(3)
        page.addWidget(self.held, 1)
        self.none_held = Mark(Status.GOOD, tr("Không giữ bản ghi nào."), wraps=True)
        page.addWidget(self.none_held)
        page.addStretch(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self.card.hide()
        model.changed.connect(self.show_waits)
        model.opened.connect(self.show_conflict)
        self._built = True

    @Slot()
    def show_waits(self) -> None:
        """Write both lists anew; the caret goes to the list."""
        if not self.isVisible():
            return
        waits = self._model.waits
        self._put_away()
        self.rows.show(waits.conflicts)
        self.held_rows.show(waits.held)
        for table, mark, count in (
            (self.table, self.nothing, len(waits.conflicts)),
            (self.held, self.none_held, len(waits.held)),
        ):
            table.setVisible(count > 0)
            mark.setVisible(count == 0)
        if waits.conflicts:
            self.table.setCurrentIndex(self.rows.index(0, 0))
        self._take_keys()

    def _take_keys(self) -> None:
        for table in (self.table, self.held):
            if table.isVisible():
                table.setFocus()
                return
        self.setFocus()

    @Slot(int)
    def _entered(self, row: int) -> None:
        if 0 <= row < len(self.rows.rows):
            self._model.open(self.rows.rows[row])

    @Slot(object)
    def show_conflict(self, conflict: Conflict) -> None:
        """The values of one field, each with its author; the first has the keys."""
        if not self.isVisible():
            return
        self._put_away()
        self._open = conflict
        label = self.rows.label(conflict)
        head = tr("{field}: {count} giá trị khác nhau").format(field=label, count=len(conflict.versions))
        self.card.inside.addWidget(Mark(Status.CONFLICT, head, "strong"))
        lines = [self._line(conflict, version, place) for place, version in enumerate(conflict.versions)]
        if conflict.base_known:
            lines.append(tr("Trước đó: {value}").format(value=self._value(conflict, conflict.base)))
        first: QWidget | None = None
        for place, words in enumerate(lines):
            made = DisputeButton(place, words, len(lines))
            made.setAccessibleName(f"{place + 1}. {words}")
            made.setEnabled(not conflict.masked)
            made.chosen.connect(self._chosen)
            self.card.inside.addWidget(made)
            first = first or made
        if conflict.masked:
            how = tr("Giá trị đang được che: mở hồ sơ, bấm Shift+F12 hiện ra rồi chọn ở trang ca.")
            self.card.inside.addWidget(Mark(Status.WAITING, how, wraps=True))
        if not conflict.base_known:
            self.card.inside.addWidget(Said(tr("Giá trị trước đó không có trên máy này."), "caption", wraps=True))
        self.card.show()
        if first is not None and first.isEnabled():
            first.setFocus()
        else:
            self.setFocus()

    def _line(self, conflict: Conflict, version: Version, place: int) -> str:
        value = self._value(conflict, version.value)
        where = tr("máy này") if version.here else self._words.desk(version.place)
        who = version.staff or tr("người ở máy khác")
        when = when_text(version.at_ms, self._model.clock.now_ms()) if version.at_ms else tr("không rõ lúc nào")
        said = " · ".join(part for part in (who, where, when) if part)
        shown = tr(" · đang dùng") if place == 0 else ""
        return f"{value}\n{said}{shown}"

    def _value(self, conflict: Conflict, value: Any) -> str:
        if conflict.question and value is not None:
            return self._words.answer(conflict.question, str(value))
        return self._words.value(conflict.kind, conflict.field, value, self._model.clock.now_ms())

    @Slot(int)
    def _chosen(self, place: int) -> None:
        if self._open is not None:
            conflict, self._open = self._open, None
            self._model.choose(conflict, place)

    def _put_away(self) -> None:
        self._open = None
        empty(self.card.inside)
        self.card.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes from the values to the list, then away; no other key does anything here."""
        if event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif self.card.isVisible():
            self._put_away()
            self._take_keys()
        else:
            self.asked_to_go.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self._put_away()
            self.rows.show(())
            self.held_rows.show(())
            self._model.forget()


class ConflictsKeys(QObject):
    """Reads, then lays the sheet over the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        lane = window.desk.lane
        self.model = ConflictsModel(lane, lane.clock)
        words = window.case_page.words
        self.sheet = ConflictsSheet(window.ground, window.look, self.model, words)
        self.sheet.asked_to_go.connect(self._go)
        self.model.saved_at.connect(window.say_saved)
        self.model.trouble.connect(window.show_trouble)

    def begin(self) -> None:
        """Ctrl+Shift+X."""
        self._window.covering.lay_over(self.sheet)
        self.sheet.show_waits()
        self.model.refresh()

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()
