"""The directory page: numbers and scripts by a few letters, usable offline; what nobody verified says so."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.search.page import SearchBox
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.beside import Beside
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark, Said
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr
from domain.clock import Clock, date_text, vn_date
from domain.codes.catalogue import Catalogue
from domain.codes.directory import Directory, Entry, Script, matching

NAME, NUMBER, HOURS = range(3)
_WIDE: Final = 360


class DirectoryTable(ListTable):
    """Numbers, then scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Entry | Script] = []

    def show(self, rows: list[Entry | Script]) -> None:
        """Take over other rows."""
        self.renew_rows(rows)

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Tên"), tr("Số máy"), tr("Giờ trực"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; what nobody verified has its shape."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == STATUS_ROLE and index.column() == NAME:
            return Status.GOOD if row.verified else Status.WAITING
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        if isinstance(row, Script):
            return (tr("Kịch bản: {title}").format(title=row.title), "", "")[index.column()]
        return (row.name, row.number, row.hours)[index.column()]


class DirectoryPage(QWidget):
    """Letters filter, arrows move, the right side shows the row in front. Ctrl+G calls its number."""

    def __init__(self, directory: Directory, catalogue: Catalogue, clock: Clock, look: Look) -> None:
        super().__init__()
        self.setObjectName("page.directory")
        self._directory, self._languages, self._clock = directory, catalogue["languages"], clock
        self.box = SearchBox()
        self.box.setObjectName("field.directory")
        self.box.setProperty("role", "big")
        self.box.setAccessibleName(tr("Tìm trong danh bạ"))
        self.box.setPlaceholderText(tr("Tên, số máy hoặc ngôn ngữ (không cần dấu)"))
        self.rows = DirectoryTable()
        self.table = PaperTable(look, self.rows, {NUMBER: 110, HOURS: 110}, NAME)
        self.table.setObjectName("table.directory")
        self.table.setAccessibleName(tr("Danh bạ"))
        self.state = Mark(wraps=True)
        self._card = Card(margins=16, space=8)
        self.title = Said("", "section", wraps=True)
        self.number = Said("", "number")
        self.words = Said("", "reading", wraps=True)
        self.source = Mark(wraps=True)
        for part in (self.title, self.number, self.words, self.source):
            self._card.inside.addWidget(part)
        self._card.inside.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(Said(tr("Danh bạ"), "title"))
        left.addWidget(self.box)
        left.addWidget(self.state)
        left.addWidget(self.table, 1)
        self._beside = Beside(self, left, self.table, self._card, look, _WIDE)
        self.box.typed.connect(self._filter)
        self.box.down.connect(self._into_list)
        self.box.entered.connect(self._into_list)
        self.table.selectionModel().currentRowChanged.connect(self._row_changed)
        self._filter()

    def reflow(self, narrow: bool) -> None:
        """The panel stands below where there is little room."""
        self._beside.reflow(narrow)

    def focus(self) -> None:
        """The box takes the keys, its text marked to be typed over."""
        self.box.setFocus()
        self.box.selectAll()

    def back(self) -> bool:
        """Esc: from the list back into the box."""
        if self.table.hasFocus():
            self.box.setFocus()
            return True
        return False

    def number_in_front(self) -> str:
        """The number of the row in front, or nothing."""
        row = self._row()
        return row.number if isinstance(row, Entry) else ""

    def show_code(self, code: str) -> None:
        """Put the number or script with this code in front."""
        self.box.clear()
        self._filter()
        for place, row in enumerate(self.rows.rows):
            if row.code == code:
                self.table.setCurrentIndex(self.rows.index(place, 0))

    def _today(self) -> date:
        return vn_date(self._clock.now_ms())

    @Slot()
    def _filter(self) -> None:
        typed = self.box.whole_text()
        found: list[Entry | Script] = [
            one for one in self._directory.entries(self._today()) if matching(self._said_of(one), typed)
        ]
        script = tr("Kịch bản: {title}")
        found += [one for one in self._directory.scripts if matching(script.format(title=one.title), typed)]
        self.rows.show(found)
        if found:
            self.table.setCurrentIndex(self.rows.index(0, 0))
            self.state.say(Status.QUIET, tr("Số khẩn cấp và kịch bản có sẵn trên máy, không cần đường truyền."))
        else:
            self.state.say(Status.QUIET, tr("Danh bạ chưa có dòng nào như vậy. Thử ít chữ hơn."))
        self._show()

    def _said_of(self, entry: Entry) -> str:
        spoken = " ".join(self._languages.label(code) for code in entry.languages)
        return f"{entry.name} {entry.number} {entry.note} {spoken}"

    def _row(self) -> Entry | Script | None:
        place = self.table.currentIndex().row()
        return self.rows.rows[place] if 0 <= place < len(self.rows.rows) else None

    @Slot()
    def _into_list(self) -> None:
        if self.rows.rows:
            self.table.setFocus()

    @Slot(QModelIndex, QModelIndex)
    def _row_changed(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self._show()

    def _show(self) -> None:
        row = self._row()
        self._card.setVisible(row is not None)
        if row is None:
            return
        if isinstance(row, Script):
            self.title.setText(row.title)
            self.number.hide()
            self.words.setText("\n\n".join(f"{place}. {words}" for place, words in enumerate(row.steps, 1)))
        else:
            self.title.setText(row.name)
            self.number.setText(row.number)
            self.number.show()
            spoken = ", ".join(self._languages.label(code) for code in row.languages)
            self.words.setText("\n".join(part for part in (row.note, spoken, row.hours) if part))
        status = Status.GOOD if row.verified else Status.WAITING
        words = tr("Nguồn: {source}") if row.verified else tr("Chưa kiểm chứng. Nguồn: {source}")
        said = words.format(source=row.source)
        day = row.source_date if isinstance(row, Entry) else None
        self.source.say(status, f"{said} ({date_text(day)})" if day else said)
