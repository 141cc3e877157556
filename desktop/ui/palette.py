"""Ctrl+K: every action with its key, numbers of the directory, cases and people, by a few letters without tones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop.store.search_query import SearchHit
from desktop.ui.actions import Action
from desktop.ui.forms.boxes import LineBox
from desktop.ui.search.page import SearchModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import spoken, tr
from domain.clock import vn_date
from domain.codes.directory import Entry, Script, matching
from domain.phones import display

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

Thing = Action | Entry | Script | SearchHit
_WIDTH: Final = 920
_HEIGHT: Final = 440
_MOST_HITS: Final = 8
_LEAST_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is, its words, more about it, the key that does the same."""

    thing: Thing
    words: str
    more: str = ""
    key: str = ""


class Rows(ListTable):
    """Words, more, key."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def show(self, rows: Sequence[Row]) -> None:
        """Take over other rows."""
        self.renew_rows(list(rows))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Việc, ca, người, số máy"), tr("Nhóm, lý do"), tr("Phím"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; a case has its shape."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == STATUS_ROLE and index.column() == 0:
            return Status.URGENT if isinstance(row.thing, SearchHit) and row.thing.case_id else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (row.words, row.more, row.key)[index.column()]
        return None


class PaletteBox(LineBox):
    """The box keeps the focus; arrows move the list, Enter does, Esc goes, F12 covers the screen."""

    moved = Signal(int)
    entered = Signal()
    put_away = Signal()
    covered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the list; everything else is text."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        key = Qt.Key(event.key())
        if key in steps:
            self.moved.emit(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        elif key == Qt.Key.Key_Escape:
            self.put_away.emit()
        elif key == Qt.Key.Key_F12:
            self.covered.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever turns to something else has chosen nothing; the box's own menu is not something else."""
        super().focusOutEvent(event)
        if self.window().isActiveWindow() and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.put_away.emit()


class Palette(Card):
    """Lies over the window, no dialog. `chosen` carries the thing; `gone` comes before it and after Esc."""

    chosen = Signal(object)
    gone = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__("popup", margins=16, space=8)
        self.setParent(parent)
        self.setObjectName("sheet.palette")
        self.setAccessibleName(tr("Bảng lệnh"))
        self._look, self._under = look, parent
        self.behind = self._entered = False
        self.box = PaletteBox()
        self.box.setObjectName("field.palette")
        self.box.setProperty("role", "big")
        self.box.setAccessibleName(tr("Gõ việc cần làm, tên, mã ca hoặc số máy"))
        self.box.setPlaceholderText(tr("Việc cần làm, tên, mã ca, số máy (không cần dấu)"))
        self.rows = Rows()
        self.table = PaperTable(look, self.rows, {1: 200, 2: 130}, 0)
        self.table.setObjectName("table.palette")
        self.table.setAccessibleName(tr("Việc tìm thấy"))
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.nothing = Mark(Status.QUIET, tr("Không có việc nào như vậy. Thử ít chữ hơn."), wraps=True)
        for part in (self.box, self.nothing, self.table):
            self.inside.addWidget(part)
        self.box.moved.connect(self._move_by)
        self.box.entered.connect(self._enter)
        self.box.put_away.connect(self.put_away)
        self.table.clicked.connect(self._clicked)
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show it empty and take the keys."""
        self.box.clear()
        self._lay()
        self.show()
        self.raise_()
        self.box.setFocus()

    def show_rows(self, rows: Sequence[Row], *, behind: bool = False) -> None:
        """Other rows; the chosen one stays chosen where it is still there, else the first. `behind`: what the store
        has is still that of an earlier question."""
        self.behind = behind
        place = self.table.currentIndex().row()
        before = self.rows.rows[place].thing if 0 < place < len(self.rows.rows) else None
        self.rows.show(rows)
        self.nothing.setVisible(not rows)
        kept = next((at for at, row in enumerate(rows) if row.thing == before), 0)
        if rows:
            self.table.setCurrentIndex(self.rows.index(kept, 0))
        self._tell()
        if self._entered and not behind:
            self._enter()

    def _lay(self) -> None:
        zoom, under = self._look.zoom, self._under
        width = min(round(_WIDTH * zoom), under.width() - 32)
        height = min(round(_HEIGHT * zoom), under.height() - 32)
        self.setGeometry((under.width() - width) // 2, max(16, (under.height() - height) // 4), width, height)

    def _tell(self) -> None:
        place = self.table.currentIndex().row()
        if 0 <= place < len(self.rows.rows):
            row = self.rows.rows[place]
            self.box.setAccessibleDescription(" · ".join(part for part in (row.words, row.more, row.key) if part))

    @Slot(int)
    def _move_by(self, step: int) -> None:
        if self.rows.rows:
            place = max(0, min(len(self.rows.rows) - 1, self.table.currentIndex().row() + step))
            self.table.setCurrentIndex(self.rows.index(place, 0))
            self._tell()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        self.table.setCurrentIndex(index)
        self._enter()

    @Slot()
    def _enter(self) -> None:
        place = self.table.currentIndex().row()
        thing = self.rows.rows[place].thing if 0 <= place < len(self.rows.rows) else None
        # Where hits of an earlier question still stand, none of them is meant: Enter waits for those of this one.
        self._entered = self.behind and (thing is None or isinstance(thing, SearchHit))
        if thing is not None and not self._entered:
            self.put_away()
            self.chosen.emit(thing)

    def forget_enter(self) -> None:
        """More was typed: an Enter that still waits meant something else."""
        self._entered = False

    @Slot()
    def put_away(self) -> None:
        """Nothing was chosen, or it is about to be done."""
        self._entered = False
        if self.isVisible():
            self.hide()
            self.gone.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize and watched is self._under and self.isVisible():
            self._lay()
        return False


class PaletteKeys(QObject):
    """Feeds the window's palette and does what is chosen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.palette = Palette(window.ground, window.look)
        self._found = SearchModel(window.desk.lane, window.desk.lane.clock)
        self._found.found.connect(self._show)
        self.palette.box.typed.connect(self._typed)
        self.palette.box.covered.connect(self._cover)
        self.palette.gone.connect(self._gone)
        self.palette.chosen.connect(self._chosen)
        window.calls.call_came.connect(self.palette.put_away)

    def begin(self) -> None:
        """Ctrl+K."""
        self._window.covering.hold_keys()
        self._found.ask("")
        self.palette.open()
        self._show()

    @Slot()
    def _typed(self) -> None:
        self.palette.forget_enter()
        typed = self.palette.box.whole_text()
        self._found.ask(typed if len(typed) >= _LEAST_LETTERS else "")
        self._show()

    @Slot()
    def _show(self) -> None:
        if self.palette.isVisible():
            rows = self._rows(self.palette.box.whole_text())
            self.palette.show_rows(rows, behind=self._found.is_behind)

    def _rows(self, typed: str) -> list[Row]:
        """Actions first, then the directory, then what the store has; without letters every action."""
        rows = [
            Row(action, action.label, action.group.partition(":")[0], action.key_text)
            for action in self._window.registry
            if not typed or matching(f"{action.label} {action.group} {action.key_text}", typed)
        ]
        if not typed:
            return rows
        today = vn_date(self._window.desk.lane.clock.now_ms())
        rows += [
            Row(entry, entry.name, tr("Danh bạ · {number}").format(number=display(entry.number)))
            for entry in self._window.desk.reference.directory.entries(today)
            if matching(f"{entry.name} {entry.number}", typed)
        ]
        rows += [
            Row(script, tr("Kịch bản: {title}").format(title=script.title), tr("Danh bạ"))
            for script in self._window.desk.reference.directory.scripts
            if matching(tr("Kịch bản: {title}").format(title=script.title), typed)
        ]
        rows += [
            Row(hit, " · ".join(part for part in (hit.title, hit.subtitle) if part), spoken(hit.reason))
            for hit in self._found.hits[:_MOST_HITS]
        ]
        return rows

    @Slot()
    def _gone(self) -> None:
        self._found.ask("")
        self._window.covering.give_keys()

    @Slot()
    def _cover(self) -> None:
        self.palette.put_away()
        self._window.act("privacy")

    @Slot(object)
    def _chosen(self, thing: Thing) -> None:
        if isinstance(thing, Action):
            self._window.act(thing.id)
        elif isinstance(thing, Entry | Script):
            self._window.go("directory")
            self._window.directory_page.show_code(thing.code)
        else:
            self._window.search_page.opened.emit(thing)
