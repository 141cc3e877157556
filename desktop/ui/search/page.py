"""The search page: results while typing, each with the reason why it is there; Enter opens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store import search_query
from desktop.store.search_query import SearchHit
from desktop.ui.forms.boxes import LineBox
from desktop.ui.search.emergency import EmergencyCard
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.said import Mark, Said, button
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import spoken, tr, when_text
from domain.clock import Clock
from domain.text import is_blank

if TYPE_CHECKING:
    from desktop.background.change_bus import Changes
    from desktop.background.lanes import StoreLane
    from sync.door import EmergencyGiven

Index = QModelIndex | QPersistentModelIndex
MOST = 50


class SearchModel(QObject):
    """Asks on the reader lane; an answer that is older than the question is dropped."""

    found = Signal()
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, clock: Clock) -> None:
        super().__init__()
        self._lane = lane
        self.clock = clock
        self.asked = ""
        self.hits: list[SearchHit] = []
        self._number = self._told = 0
        self._awaited = ""

    def wait_for(self, contact: str, code: str) -> None:
        """This file is on its way here: look for its code now, and again when it comes."""
        self.ask(code)
        self._awaited = contact

    def ask(self, text: str) -> None:
        """Search for the text; an empty one clears the list."""
        self._number += 1
        if text != self.asked:
            self._awaited = ""
        self.asked = text
        if is_blank(text):
            self._told, self.hits = self._number, []
            self.found.emit()
            return
        answer = Answer(self, self._number)
        self._lane.query(partial(search_query.find, query=text, limit=MOST), answer.done, answer.failed)

    @property
    def is_behind(self) -> bool:
        """Whether the hits are still those of an earlier question: none of them is meant by Enter."""
        return self._told != self._number

    @property
    def waits(self) -> bool:
        """Whether the file that is looked for is on its way here."""
        return bool(self._awaited) and not self.hits

    @Slot(object)
    def records_changed(self, changes: Changes) -> None:
        """Rights changed, or what is waited for came: it is asked for anew (settled 23)."""
        came = self._awaited and self._awaited in changes.ids.get("contact", ())
        if "staff" in changes.ids or came or "emergency_read" in changes.ids:
            self.ask(self.asked)

    def answered(self, number: int, hits: list[SearchHit]) -> None:
        """Hits of the question with that number."""
        if number == self._number:
            self._told, self.hits = number, list(hits)
            self.found.emit()


class Answer:
    """One question on its way."""

    def __init__(self, model: SearchModel, number: int) -> None:
        self._model, self._number = model, number

    def done(self, hits: list[SearchHit]) -> None:
        """The reader found these."""
        self._model.answered(self._number, hits)

    def failed(self, fault: Exception) -> None:
        """The reader could not look."""
        self._model.trouble.emit(fault)


class HitsTable(QAbstractTableModel):
    """Columns: what, more about it, why it is here, when."""

    def __init__(self, model: SearchModel) -> None:
        super().__init__()
        self._model = model
        model.found.connect(self._renew)

    @Slot()
    def _renew(self) -> None:
        self.beginResetModel()
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Hits."""
        return 0 if parent is not None and parent.isValid() else len(self._model.hits)

    def columnCount(self, parent: Index | None = None) -> int:
        """Four columns."""
        return 0 if parent is not None and parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words above the columns."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (tr("Tìm thấy"), tr("Chi tiết"), tr("Vì sao có ở đây"), tr("Lúc"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; a case has its shape."""
        if not 0 <= index.row() < len(self._model.hits):
            return None
        hit = self._model.hits[index.row()]
        if role == STATUS_ROLE and index.column() == 0:
            return Status.URGENT if hit.case_id else ""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            at = when_text(hit.at_ms, self._model.clock.now_ms()) if hit.at_ms else ""
            return (hit.title, hit.subtitle, spoken(hit.reason), at)[index.column()]
        return None


class SearchBox(LineBox):
    """Down goes into the list, Enter opens the first hit."""

    down = Signal()
    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow down and Enter leave the box."""
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
        else:
            super().keyPressEvent(event)


def empty_words() -> str:
    """How to search, while nothing is typed."""
    return tr("Gõ để tìm trên máy này. Thu hẹp bằng tên: …  sđt: …  từ: … (tìm trong nội dung), ghép được với nhau.")


class SearchPage(QWidget):
    """`opened` carries the hit that Enter means."""

    opened = Signal(object)

    def __init__(self, model: SearchModel, look: Look, emergency: EmergencyCard) -> None:
        super().__init__()
        self.setObjectName("page.search")
        self.model = model
        self.emergency = emergency
        self._entered = False
        self.elsewhere = button("open_emergency", tr("Hồ sơ không ở máy này? Xem khẩn cấp…"))
        self.box = SearchBox()
        self.box.setObjectName("field.search")
        self.box.setProperty("role", "big")
        self.box.setAccessibleName(tr("Tìm tên, số máy, mã"))
        self.box.setPlaceholderText(tr("Tên (không cần dấu), số cuối của máy, mã; hoặc tên: sđt: từ:"))
        self.rows = HitsTable(model)
        self.table = PaperTable(look, self.rows, {0: 290, 2: 260, 3: 150}, 1)
        self.table.setObjectName("table.search")
        self.table.setAccessibleName(tr("Kết quả tìm"))
        self.state = Mark(Status.QUIET, empty_words(), wraps=True)
        self.table.keep_rows(4)
        inside = QWidget()
        page = QVBoxLayout(inside)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(8)
        page.addWidget(Said(tr("Tìm"), "title"))
        page.addWidget(self.box)
        page.addWidget(self.state)
        page.addWidget(self.table, 1000)
        page.addWidget(self.elsewhere, 0, Qt.AlignmentFlag.AlignLeft)
        page.addWidget(self.emergency)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self.box.typed.connect(self._typed)
        self.box.down.connect(self._into_list)
        self.box.entered.connect(self._open_first)
        self.table.entered_row.connect(self._open)
        self.elsewhere.clicked.connect(self.ask_elsewhere)
        emergency.model.given.connect(self._given)
        model.found.connect(self._show)
        model.trouble.connect(self._trouble)

    def focus(self) -> None:
        """The box takes the keys, its text marked to be typed over."""
        self.box.setFocus()
        self.box.selectAll()

    def back(self) -> bool:
        """Esc: the form goes, what was written in it stays; from the list back into the box."""
        if self.emergency.isVisible():
            self._put_away()
            self.box.setFocus()
            return True
        if self.table.hasFocus():
            self.box.setFocus()
            return True
        return False

    @Slot()
    def ask_elsewhere(self) -> None:
        """The small form of an emergency read in place of the results."""
        self.elsewhere.hide()
        self.table.hide()
        self.emergency.begin(self.box.whole_text())

    def _put_away(self) -> None:
        self.emergency.hide()
        self.elsewhere.show()
        self.table.show()

    @Slot(str, object)
    def _given(self, code: str, given: EmergencyGiven) -> None:
        """The file is on its way: it is looked for until it is here."""
        self._put_away()
        self.box.setText(code)
        self.model.wait_for(given.contact, code)
        self.box.setFocus()

    @Slot()
    def _typed(self) -> None:
        self._entered = False
        self.model.ask(self.box.whole_text())

    @Slot()
    def _into_list(self) -> None:
        if self.model.hits:
            self.table.setFocus()

    @Slot()
    def _open_first(self) -> None:
        """Enter means the first hit of what stands in the box: typed fast, its answer may still be on the way."""
        self._entered = self.model.is_behind
        if self.model.hits and not self._entered:
            self._open(0)

    @Slot(int)
    def _open(self, place: int) -> None:
        if 0 <= place < len(self.model.hits):
            self.opened.emit(self.model.hits[place])

    @Slot()
    def _show(self) -> None:
        count = len(self.model.hits)
        if is_blank(self.model.asked):
            self.state.say(Status.QUIET, empty_words())
        elif self.model.waits:
            words = tr("Trung tâm đã cho xem 60 phút. Hồ sơ đang về máy; khi tới sẽ hiện ở đây, bấm Enter để mở.")
            self.state.say(Status.MOVING, words)
        elif not count:
            self.state.say(Status.QUIET, tr("Không thấy trên máy này. Thử ít chữ hơn, hoặc tên khác của trẻ."))
        elif count >= MOST:
            self.state.say(Status.GOOD, tr("{count} kết quả đầu; gõ thêm để thu hẹp.").format(count=count))
        else:
            self.state.say(Status.GOOD, tr("{count} kết quả").format(count=count))
        if self._entered and self.isVisible():
            self._open_first()

    @Slot(object)
    def _trouble(self, _fault: object) -> None:
        self.state.say(Status.URGENT, tr("Chưa tìm được. Chị/anh thử lại; nếu vẫn lỗi thì báo kỹ thuật."))
