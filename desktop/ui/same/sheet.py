"""Ctrl+Shift+T: who may be the same child and why; Enter links, Enter again undoes it; the caller before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.operations.links import link_children, unlink_children
from desktop.store.reads_same_child import KnownChild, SameChild, children_named, same_child
from desktop.ui.conflicts.table_model import WaitsTable
from desktop.ui.forms.person_picker import PersonPicker, child_words
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.said import Mark, Said
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import spoken, tr, when_text
from domain.clock import vn_date
from domain.codes.catalogue import Catalogue

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ChildrenTable(WaitsTable):
    """Whether linked, who, which file, why."""

    status = Status.WAITING

    def __init__(self) -> None:
        super().__init__()
        self.heads = (tr("Trẻ"), tr("Hồ sơ"), tr("Gắn"), tr("Vì sao"))


class BeforeTable(WaitsTable):
    """When, which file, about what."""

    status = Status.QUIET

    def __init__(self) -> None:
        super().__init__()
        self.heads = (tr("Tiếp nhận"), tr("Hồ sơ"), tr("Chủ đề"))


class SameChildSheet(WorkCover):
    """The list has the keys; Tab goes to the box that finds any child by name, and to the earlier files."""

    chosen = Signal(object)
    opened = Signal(str)
    asked = Signal(str)
    _built = False

    def __init__(self, parent: QWidget, look: Look, codes: Catalogue) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.same_child")
        self.setAccessibleName(tr("Có thể là cùng một trẻ"))
        self._topics = codes["counselling_topic"]
        self.found: SameChild | None = None
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Có thể là cùng một trẻ"), "title"))
        how = tr(
            "Enter gắn là cùng một trẻ, Enter lần nữa để gỡ. Hai hồ sơ vẫn nguyên như cũ, không chữ nào bị trộn."
            " Esc để trở lại."
        )
        page.addWidget(Said(how, "muted", wraps=True))
        self.state = Mark(Status.QUIET, "", wraps=True)
        page.addWidget(self.state)
        self.rows = ChildrenTable()
        self.table = self._list(look, self.rows, {0: 280, 1: 190, 2: 90}, 3, "same_child", tr("Trẻ có thể là một"))
        self.table.entered_row.connect(self._entered)
        page.addWidget(self.table, 2)
        self.why = Said("", wraps=True)  # whole, where the cell has no room for every reason
        page.addWidget(self.why)
        self.table.selectionModel().currentRowChanged.connect(self._turned)
        self.box = PersonPicker(self.asked.emit)
        self.box.setObjectName("field.same_child")
        self.box.setAccessibleName(tr("Tìm trẻ khác theo tên"))
        self.box.setPlaceholderText(tr("Tìm trẻ khác theo tên, không cần dấu"))
        self.box.picked.connect(self.chosen)
        page.addWidget(self.box)
        page.addWidget(Said(tr("Số máy này đã liên hệ"), "section"))
        self.before_rows = BeforeTable()
        heard = tr("Các hồ sơ trước của số này")
        self.before = self._list(look, self.before_rows, {0: 160, 1: 190}, 2, "before", heard)
        self.before.entered_row.connect(self._before_entered)
        page.addWidget(self.before, 1)
        self.none_before = Mark(Status.QUIET, tr("Chưa có hồ sơ nào khác của số máy này."), wraps=True)
        page.addWidget(self.none_before)
        page.addStretch(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self._built = True

    def _list(
        self, look: Look, rows: WaitsTable, widths: dict[int, int], stretch: int, name: str, label: str
    ) -> PaperTable:
        table = PaperTable(look, rows, widths, stretch)
        table.setObjectName(f"table.{name}")
        table.setAccessibleName(label)
        table.keep_rows(3)
        return table

    def show_found(self, found: SameChild, now_ms: int) -> None:
        """Write both lists; the caret stays where it is in them."""
        place = max(0, self.table.currentIndex().row())
        self.found = found
        self.rows.tell([
            (
                child_words(one),
                one.code,
                tr("cùng trẻ") if one.linked else "",
                "; ".join(map(spoken, one.reasons)) or tr("do người gắn"),
            )
            for one in found.children
        ])
        self.before_rows.tell([
            (when_text(one.received_at, now_ms), one.code, ", ".join(self._topics.label(t) for t in one.topics))
            for one in found.before
        ])
        self.table.setVisible(bool(found.children))
        self.before.setVisible(bool(found.before))
        self.none_before.setVisible(not found.before)
        if found.person is None:
            self.state.say(Status.QUIET, tr("Hồ sơ này chưa có trẻ nào."))
        elif not found.children:
            self.state.say(Status.GOOD, tr("Không thấy trẻ nào giống trong các hồ sơ chị/anh được mở."))
        else:
            self.state.say(Status.WAITING, tr("{count} trẻ có thể là một.").format(count=len(found.children)))
            self.table.setCurrentIndex(self.rows.index(min(place, len(found.children) - 1), 0))
        self.box.setEnabled(found.person is not None)
        self._turned()

    def take_keys(self) -> None:
        """Where the caret begins."""
        for part in (self.table, self.box, self.before):
            if part.isVisible() and part.isEnabled():
                part.setFocus()
                return
        self.setFocus()

    @Slot()
    def _turned(self) -> None:
        row = self.table.currentIndex().row()
        whole = self.rows.lines[row][3] if 0 <= row < len(self.rows.lines) else ""
        self.why.setText(tr("Vì sao: {reasons}").format(reasons=whole) if whole else "")

    @Slot(int)
    def _entered(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.children):
            self.chosen.emit(self.found.children[row])

    @Slot(int)
    def _before_entered(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.before):
            self.opened.emit(self.found.before[row].contact_id)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self.found = None
            self.rows.tell(())
            self.before_rows.tell(())
            self.box.forget()


class SameChildKeys(QObject):
    """Reads for the file in front, says beside its head when somebody likely is there, links and takes back."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane = window, window.desk.lane
        self.sheet = SameChildSheet(window.ground, window.look, window.desk.catalogue)
        self.sheet.asked_to_go.connect(self._go)
        self.sheet.chosen.connect(self._chosen)
        self.sheet.opened.connect(self._open)
        self.sheet.asked.connect(self._ask)
        self._asking = self._words = ""
        window.case_model.opened.connect(self._look_beside)

    def begin(self) -> None:
        """Ctrl+Shift+T."""
        if self._window.page_name != "case" or self._window.case_model.view is None:
            self._window.status.news.say(Status.QUIET, tr("Mở một hồ sơ rồi mới tìm được trẻ đã biết"))
            return
        self._asking = self._window.case_model.view.contact.id
        self._read()

    @Slot()
    def _look_beside(self) -> None:
        view = self._window.case_model.view
        if self._asking:  # asked for while another file was on its way: the sheet is about the one in front
            self._asking = view.contact.id if view is not None else ""
        self._read()

    def _today(self) -> Any:
        return vn_date(self._lane.clock.now_ms())

    def _read(self) -> None:
        view = self._window.case_model.view
        if view is not None:
            read = partial(same_child, contact_id=view.contact.id, today=self._today())
            self._lane.query(read, self._found, self._failed)

    def _found(self, found: SameChild | None) -> None:
        view = self._window.case_model.view
        if found is None or view is None or view.contact.id != found.contact_id:
            return
        if self.sheet.isVisible():
            self.sheet.show_found(found, self._lane.clock.now_ms())
        elif self._asking == found.contact_id and self._is_in_front():
            self._window.covering.lay_over(self.sheet)
            self.sheet.show_found(found, self._lane.clock.now_ms())
            self.sheet.take_keys()
        elif any(not one.linked for one in found.children):
            self._window.status.news.say(
                Status.WAITING, tr("Trẻ này có thể đã có hồ sơ khác: Ctrl+Shift+T xem lý do")
            )
        self._asking = ""

    def _is_in_front(self) -> bool:
        return self._window.page_name == "case" and not self._window.watch.covered

    @Slot(object)
    def _chosen(self, one: KnownChild) -> None:
        found = self.sheet.found
        if found is None or found.person is None or one.person == found.person:
            return
        linked = any(other.person == one.person and other.linked for other in found.children)
        reason = "; ".join(one.reasons) or tr("do người gắn")
        operation = (
            unlink_children(found.person, one.person) if linked else link_children(found.person, one.person, reason)
        )
        self._lane.submit(operation, self._linked, self._failed, initiator="same_child")

    def _linked(self, _nothing: None) -> None:
        self._window.say_saved(self._lane.clock.now_ms())
        self._read()

    @Slot(str)
    def _open(self, contact_id: str) -> None:
        self._window.covering.uncover()
        self._window.case_model.open_contact(contact_id)

    @Slot(str)
    def _ask(self, words: str) -> None:
        found = self.sheet.found
        if found is not None:
            self._words = words
            read = partial(children_named, words=words, but=found.contact_id, today=self._today())
            self._lane.query(read, self._named, self._failed)

    def _named(self, found: tuple[KnownChild, ...]) -> None:
        self.sheet.box.offer(self._words, found)

    def _failed(self, fault: Exception) -> None:
        self._window.show_trouble(fault)

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()
