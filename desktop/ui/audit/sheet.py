"""Ctrl+Shift+K: the audit log: entries by person, act and day, page by page, and whether the chain is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.reads_audit_entries import Asked
from desktop.ui.audit.table_model import ACT, LEVEL, REASON, THING, WHEN, WHO, AuditTable
from desktop.ui.audit.viewmodel import AuditModel
from desktop.ui.audit.words import act_words, awaited_lines, chain_line, short
from desktop.ui.forms.boxes import LineBox
from desktop.ui.forms.pickers import PickBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Mark, Said, button
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.suggestions import Choice
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr
from domain.clock import DAY, vn_date, vn_midnight_ms
from domain.said_date import said_date
from domain.text import fold

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


def _acts_like(text: str) -> tuple[Choice, ...]:
    asked = fold(text)
    return tuple(Choice(code, words) for code, words in act_words().items() if asked in fold(words))


def _act(code: str) -> str | None:
    return act_words().get(code)


class AuditSheet(WorkCover):
    """Tab goes through the three boxes and the list, N and P turn pages, Enter tells more of one entry, Esc goes."""

    _built = False

    def __init__(self, window: MainWindow, model: AuditModel) -> None:
        super().__init__(window.ground, window.look)
        self._model, self._catalogue = model, window.desk.catalogue
        self.setObjectName("sheet.audit")
        self.setAccessibleName(tr("Nhật ký kiểm toán"))
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Nhật ký kiểm toán"), "title"))
        self.chain = Mark(Status.QUIET, "", wraps=True)
        page.addWidget(self.chain)
        self.awaited = Mark(Status.QUIET, "", wraps=True, yields=True)
        page.addWidget(self.awaited)
        how = tr(
            "Mục mới nhất ở trên. Gõ vào ô để lọc rồi Enter; trong danh sách: N trang sau, P trang trước, Enter xem"
            " thêm, Tab về ô lọc. Mở xem nhật ký cũng được ghi vào nhật ký."
        )
        page.addWidget(Said(how, "muted", wraps=True))
        page.addWidget(self._make_boxes())
        self.rows = AuditTable(self._catalogue)
        self.table = PaperTable(
            window.look, self.rows, {WHEN: 170, WHO: 110, ACT: 150, THING: 200, LEVEL: 120}, REASON
        )
        self.table.setObjectName("table.audit")
        self.table.setAccessibleName(tr("Các mục nhật ký"))
        self.table.keep_rows(8)
        self.table.entered_row.connect(self._entered)
        page.addWidget(self.table, 1)
        self.state = Mark(Status.QUIET, "", wraps=True, yields=True)
        page.addWidget(self.state)
        page.addWidget(self._make_turning())
        self.more = Mark(Status.QUIET, "", wraps=True, yields=True)
        page.addWidget(self.more)
        page.addStretch(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        model.changed.connect(self.show_page)
        self._built = True

    def _make_boxes(self) -> QWidget:
        made = QWidget()
        row = Flowing(made, space=16, lines=8)
        self.person = LineBox()
        self.act = PickBox(_acts_like, _act)
        self.day = LineBox()
        for box, name, words, hint in (
            (self.person, "audit_actor", tr("Người"), tr("mã nhân viên")),
            (self.act, "audit_action", tr("Việc"), tr("ví dụ: xuất")),
            (self.day, "audit_day", tr("Ngày"), tr("23/11, hôm qua")),
        ):
            box.setObjectName(f"field.{name}")
            box.setAccessibleName(tr("Lọc: {what}").format(what=words))
            box.setPlaceholderText(hint)
            one = QWidget()
            pair = QHBoxLayout(one)
            pair.setContentsMargins(0, 0, 0, 0)
            pair.addWidget(Said(words, "muted"))
            pair.addWidget(box)
            row.add(one)
        self.person.returnPressed.connect(self.apply)
        self.day.returnPressed.connect(self.apply)
        self.act.chosen.connect(self.apply)
        for box in (self.person, self.act, self.day):
            box.left.connect(self.apply)
        return made

    def _make_turning(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        self.newer = button("audit_newer", tr("Trang trước  P"))
        self.older = button("audit_older", tr("Trang sau  N"))
        self.newer.clicked.connect(self._turn_back)
        self.older.clicked.connect(self._turn_on)
        for one in (self.newer, self.older):
            row.addWidget(one)
        row.addStretch(1)
        return made

    def begin(self) -> None:
        """Empty boxes, nothing shown yet."""
        for box in (self.person, self.day):
            box.clear()
        self.act.put(None)
        self.rows.show(())
        self.more.say(Status.QUIET, "")
        self.state.say(Status.QUIET, tr("Đang đọc…"))
        self.awaited.say(Status.QUIET, "")
        self.show_chain()
        self._model.open()

    @Slot()
    def apply(self) -> None:
        """Ask for what the boxes say. A day that no calendar has is pointed at and filters nothing."""
        asked = self._asked()
        if asked is None:
            self.state.say(Status.URGENT, tr("Không hiểu ngày này: gõ như 23/11/2026 hoặc hôm qua."))
            return
        self._model.ask(asked)

    def _asked(self) -> Asked | None:
        said = self.day.whole_text()
        day = said_date(said, vn_date(self._model.clock.now_ms())) if said else None
        if said and day is None:
            return None
        start = vn_midnight_ms(day) if day is not None else None
        return Asked(
            self.person.whole_text(), self.act.key or "", start, start + DAY if start is not None else None
        )

    @Slot()
    def show_page(self) -> None:
        """Write the list and the chain's line anew."""
        if not self.isVisible():
            return
        self.show_chain()
        self.show_awaited()
        page = self._model.page
        if tuple(self.rows.rows) != page.rows:
            self.rows.show(page.rows)
            self.more.say(Status.QUIET, "")
        if page.rows:
            said = tr("Trang {page}").format(page=self._model.number)
            self.state.say(Status.QUIET, said if page.more else tr("{page}, hết").format(page=said))
            if not self.table.currentIndex().isValid():
                self.table.setCurrentIndex(self.rows.index(0, 0))
        else:
            self.state.say(Status.QUIET, tr("Không có mục nào như vậy mà chị/anh được xem."))
        self.newer.setEnabled(self._model.number > 1)
        self.older.setEnabled(page.more)
        if not any(box.hasFocus() for box in (self.person, self.act, self.day)):
            self.table.setFocus()

    def show_chain(self) -> None:
        """Whether the chain is whole."""
        self.chain.say(*chain_line(self._model.chain))

    def show_awaited(self) -> None:
        """What waits for somebody who may look at it."""
        self.awaited.say(*awaited_lines(self._model.awaited, self._catalogue, self._model.clock.now_ms()))

    @Slot(int)
    def _entered(self, at: int) -> None:
        row = self.rows.rows[at]
        cells = " · ".join(filter(None, self.rows.words(row)))
        words = tr("Mục {n} của máy {device} · băm {link} · {cells}").format(
            n=row.n, device=short(row.device), link=row.link[:12], cells=cells
        )
        self.more.say(Status.QUIET, words)

    @Slot()
    def _turn_on(self) -> None:
        self._model.older()

    @Slot()
    def _turn_back(self) -> None:
        self._model.newer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """N and P where the list has the keys, Esc; every other key belongs to the boxes."""
        turns = {Qt.Key.Key_N: self._turn_on, Qt.Key.Key_P: self._turn_back}
        if event.key() in turns and not event.modifiers() and self.table.hasFocus():
            turns[Qt.Key(event.key())]()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self._model.forget()
            self.rows.show(())
            self.more.say(Status.QUIET, "")
            self.chain.say(Status.QUIET, "")
            self.awaited.say(Status.QUIET, "")


class AuditKeys(QObject):
    """Lays the sheet over the window; what it shows is read once the entry of who looks is committed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        lane = window.desk.lane
        self.model = AuditModel(lane, lane.clock)
        self.sheet = AuditSheet(window, self.model)
        self.sheet.asked_to_go.connect(self._go)
        self.model.trouble.connect(self._said)

    def begin(self) -> None:
        """Ctrl+Shift+K."""
        self._window.covering.lay_over(self.sheet)
        self.sheet.begin()

    @Slot(object)
    def _said(self, fault: Exception) -> None:
        self.sheet.state.say(Status.URGENT, advice_of(fault))
        self.sheet.chain.say(Status.QUIET, "")

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()
