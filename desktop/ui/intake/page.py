"""The file page: open forms as tabs, parked forms with their age, drafts restored after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from desktop.operations.intake import FORM_FILE, FORM_REPORT, Over, SavedReport
from desktop.operations.seen import Seen
from desktop.store import drafts
from desktop.store.drafts import Draft
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.intake.sheet import Sheet
from desktop.ui.intake.viewmodel import IntakeModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark, Said, button, last_focus
from desktop.ui.widgets.shapes import shape_icon
from desktop.ui.words import clock_text, tr
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


@dataclass(frozen=True, slots=True)
class JustSaved:
    """The form saved last: what F9 needs to make a report of it without retyping."""

    form: str
    call_id: str | None
    contact_id: str
    code: str
    values: dict[str, Any]


class IntakePage(QWidget):
    """Tabs of forms. `saved` carries the operation's result after COMMIT; `trouble` a fault; `opened` each new sheet
    (one restored from a draft too), and one that was found to be of an item of the queue."""

    opened = Signal(object)
    saved = Signal(object)
    trouble = Signal(object)
    emptied = Signal()
    restored = Signal(int)

    def __init__(
        self,
        lane: StoreLane,
        clock: Clock,
        catalogue: Catalogue,
        places: Places,
        definitions: dict[str, FormDefinition],
        staff: str,
        look: Look,
    ) -> None:
        super().__init__()
        self.setObjectName("page.file")
        self._lane, self._clock, self._catalogue, self._places = lane, clock, catalogue, places
        self._definitions, self._staff, self._look = definitions, staff, look
        self._narrow = False
        self.sheets: list[Sheet] = []
        self.just_saved: JustSaved | None = None
        self.tabs = QTabBar()
        self.tabs.setObjectName("tabs.forms")
        self.tabs.setAccessibleName(tr("Biểu mẫu đang mở"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.currentChanged.connect(self._turned)
        self.stack = QStackedWidget()
        self.line = Mark(Status.GOOD, "")
        self.upgrade_saved = button("open_report.saved", tr("Nâng thành báo tin  F9"))
        self.upgrade_saved.clicked.connect(self.report_of_just_saved)
        nothing = QWidget()
        column = QVBoxLayout(nothing)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(8)
        column.addWidget(Said(tr("Chưa có biểu mẫu nào đang mở"), "title"))
        column.addWidget(Said(tr("F8 mở hồ sơ tư vấn, F9 mở báo tin (Mẫu 01) cho cuộc gọi đang nghe."), "muted"))
        row = QHBoxLayout()
        row.addWidget(self.line)
        row.addWidget(self.upgrade_saved)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.upgrade_saved.hide()
        self.line.hide()
        self._nothing = nothing
        self.stack.addWidget(nothing)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 12, 24, 12)
        page.setSpacing(8)
        page.addWidget(self.tabs)
        page.addWidget(self.stack, 1)
        self._ages = QTimer(self)
        self._ages.setInterval(20_000)
        self._ages.timeout.connect(self.show_ages)
        self._ages.start()
        self._show_tabs()

    def reflow(self, narrow: bool) -> None:
        """Every sheet by the room there is."""
        self._narrow = narrow
        for sheet in self.sheets:
            sheet.reflow(narrow)

    # Opening -----------------------------------------------------------------------------------------------

    @property
    def current(self) -> Sheet | None:
        """The form in front, or None."""
        place = self.tabs.currentIndex()
        return self.sheets[place] if 0 <= place < len(self.sheets) else None

    def open(
        self,
        form: str,
        call_id: str | None = None,
        contact_id: str | None = None,
        values: dict[str, Any] | None = None,
        seen: Seen | None = None,
        item_id: str | None = None,
    ) -> Sheet:
        """The form of this call, file or item of the queue: the one that is open already, else a new one. F9 makes a
        file a report. `seen`: what the values of a file that exists were read from."""
        for place, sheet in enumerate(self.sheets):
            model = sheet.model
            pairs = ((call_id, model.call_id), (contact_id, model.contact_id), (item_id, model.item_id))
            if any(wanted and wanted == there for wanted, there in pairs):
                self.tabs.setCurrentIndex(place)
                if form == FORM_REPORT:
                    sheet.upgrade()
                if item_id and model.item_id is None:
                    model.item_id = item_id
                    self.opened.emit(sheet)
                return sheet
        model = IntakeModel(
            self._lane,
            self._clock,
            self._catalogue,
            form=form,
            call_id=call_id,
            contact_id=contact_id,
            item_id=item_id,
        )
        model.values = dict(values or {})
        sheet = self._add(model)
        if contact_id is not None and values is not None:
            model.over = Over(contact_id, sheet.form.values(), seen)
        self.tabs.setCurrentIndex(len(self.sheets) - 1)
        return sheet

    def _add(self, model: IntakeModel) -> Sheet:
        sheet = Sheet(model, self._definitions, self._catalogue, self._places, self._clock, self._look)
        sheet.finished.connect(self._finished)
        sheet.put_away.connect(self._close)
        sheet.titled.connect(self.show_ages)
        model.trouble.connect(self.trouble)
        self.sheets.append(sheet)
        self.stack.addWidget(sheet)
        sheet.reflow(self._narrow)
        self.tabs.addTab(sheet.tab_words())
        self.show_ages()
        self._show_tabs()
        self.opened.emit(sheet)
        return sheet

    def restore(self) -> None:
        """Ask for this person's drafts; they come back as tabs, without a question in the way."""
        self._lane.query(partial(drafts.all_of, staff=self._staff), self._restored, self._failed)

    def _restored(self, found: list[Draft]) -> None:
        known = {sheet.model.draft_id for sheet in self.sheets}
        fresh = [one for one in found if one.id not in known and one.form in self._definitions]
        for draft in fresh:
            model = IntakeModel(
                self._lane,
                self._clock,
                self._catalogue,
                form=draft.form,
                call_id=draft.about or None,
                contact_id=draft.bases.get("contact_id"),
                item_id=draft.bases.get("item_id"),
                draft_id=draft.id,
                begun_at=draft.begun_at,
            )
            model.values = dict(draft.data)
            model.open_again(draft.bases)
            sheet = self._add(model)
            sheet.kept.say(
                Status.WAITING,
                tr("Khôi phục bản nháp đã lưu trên máy này {time}").format(time=clock_text(draft.saved_at)),
            )
        if fresh:
            self.restored.emit(len(fresh))

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)

    # Parking and moving between forms -----------------------------------------------------------------------

    @Slot()
    def park_all(self) -> None:
        """Another call came: every open form is kept at once and waits as a tab with its age."""
        for sheet in self.sheets:
            sheet.commit_typing()
            sheet.model.keep_now()
            sheet.parked = True
        self.show_ages()

    def keep_all(self) -> None:
        """The window closes: keep every draft now."""
        for sheet in self.sheets:
            sheet.model.keep_now()

    def give_away(self) -> None:
        """A colleague took the shift with every parked form: the forms leave this window, the drafts are theirs."""
        for sheet in list(self.sheets):
            sheet.model.let_go()
            self._close(sheet)

    @Slot()
    def show_ages(self) -> None:
        """Write the tabs anew."""
        for place, sheet in enumerate(self.sheets):
            words = sheet.tab_words()
            if sheet.parked or sheet.model.restored:
                t = self._look.tokens
                self.tabs.setTabIcon(place, shape_icon(Status.WAITING, t.waiting, round(12 * self._look.zoom)))
            if self.tabs.tabText(place) != words:
                self.tabs.setTabText(place, words)

    @Slot(int)
    def _turned(self, place: int) -> None:
        if 0 <= place < len(self.sheets):
            self.stack.setCurrentWidget(self.sheets[place])
            self.focus()

    def next_form(self) -> None:
        """Go to the next open form, round and round."""
        if self.sheets:
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + 1) % len(self.sheets))
            self.focus()

    def focus(self) -> None:
        """The caret goes where the asking begins; a form that was being written keeps its place."""
        sheet = self.current
        if sheet is None:
            return
        inside = last_focus(sheet.form)
        if inside is not None and inside.isVisibleTo(sheet):
            inside.setFocus()
        else:
            sheet.form.focus_first()

    def save_current(self) -> bool:
        """Ctrl+Enter on this page. Answers whether there was a form."""
        sheet = self.current
        if sheet is None:
            return False
        sheet.save_now()
        return True

    # Ends ---------------------------------------------------------------------------------------------------

    @Slot(object)
    def _finished(self, result: Any) -> None:
        sheet = next(
            (one for one in self.sheets if one.model.gone and one.model.contact_id == result.contact_id), None
        )
        if sheet is None:
            return
        model = sheet.model
        self.just_saved = JustSaved(model.form, model.call_id, result.contact_id, result.code, model.values)
        at = clock_text(self._clock.now_ms())
        code = (result.case_code or result.code) if isinstance(result, SavedReport) else result.code
        self.line.say(Status.GOOD, tr("Đã lưu {time} · {code}").format(time=at, code=code))
        self.line.show()
        self.upgrade_saved.setVisible(model.form == FORM_FILE)
        self._close(sheet)
        self.saved.emit(result)

    @Slot()
    def report_of_just_saved(self) -> None:
        """F9 after F8 was saved: the same values as a report of the same file."""
        last = self.just_saved
        if last is not None and last.form == FORM_FILE:
            self.open(FORM_REPORT, last.call_id, last.contact_id, last.values)
            self.focus()

    def forget_just_saved(self) -> None:
        """A new call came: F9 means the new one from now on."""
        self.just_saved = None
        self.upgrade_saved.hide()

    @Slot(object)
    def _close(self, sheet: Sheet) -> None:
        place = self.sheets.index(sheet)
        del self.sheets[place]
        self.tabs.removeTab(place)
        self.stack.removeWidget(sheet)
        sheet.hide()
        sheet.deleteLater()
        self._show_tabs()
        if not self.sheets:
            self.emptied.emit()

    def _show_tabs(self) -> None:
        self.tabs.setVisible(bool(self.sheets))
        sheet = self.current
        self.stack.setCurrentWidget(sheet if sheet is not None else self._nothing)
