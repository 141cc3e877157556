"""The case page: open cases at the left, facts and deadlines in the middle, the timeline at the right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.store.blobs import AttachmentRow
from desktop.store.reads import CaseView
from desktop.ui.case.attachment_view import AttachmentView
from desktop.ui.case.attachments import AttachmentsCard
from desktop.ui.case.attachments_model import AttachmentsModel
from desktop.ui.case.banners import EmergencyBanner, RestrictedBanner
from desktop.ui.case.disputes import DisputesCard
from desktop.ui.case.edit_gate import EditGate
from desktop.ui.case.editing import Editor
from desktop.ui.case.facts import FactWords, urgency_status
from desktop.ui.case.list import CasesTable, urgency_word
from desktop.ui.case.steps import ClocksCard, ReferralsCard
from desktop.ui.case.timeline import Timeline
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.forms.definition import FormDefinition, questions
from desktop.ui.forms.form import FormView
from desktop.ui.theme.look import RESOURCES, Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button, has_caret
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr
from domain.clock import vn_date
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class CasePage(QWidget):
    """One dossier at a time. Nothing an incoming change does touches what is being written."""

    def __init__(
        self,
        model: CaseModel,
        lane: StoreLane,
        staff: str,
        catalogue: Catalogue,
        places: Places,
        definitions: dict[str, FormDefinition],
        look: Look,
        attachments: AttachmentsModel,
    ) -> None:
        super().__init__()
        self.setObjectName("page.case")
        self.model = model
        self._lane, self._staff, self._look, self._narrow = lane, staff, look, False
        self.words = FactWords(catalogue, places, questions(RESOURCES / "forms", catalogue))
        self.rows = CasesTable(model.clock)
        self.list = PaperTable(look, self.rows, {0: 168}, 1)
        self.list.setObjectName("table.cases")
        self.list.setAccessibleName(tr("Ca đang mở"))
        self._measure = Measure(self.list, look, width=344)
        self.list.entered_row.connect(self._row_opened)
        today: Callable[[], date] = self._today
        self.head = Mark(Status.QUIET, "", "title")
        self.state = Said("", "muted", wraps=True)
        self.elsewhere = Mark(Status.MOVING, "", wraps=True)
        self.emergency = EmergencyBanner()
        self.restrict = button("restrict", tr("Hạn chế…"), tip=tr("Ctrl+Shift+H: ai đọc được hồ sơ này"))
        self.closed = RestrictedBanner()
        self.passed_on = Mark(
            Status.MOVING,
            tr(
                "Hồ sơ vừa mở đã đóng lại: hết giờ mở theo lý do hoặc xem khẩn cấp, quyền xem đã đổi, đã chuyển sang "
                "trung tâm khác hoặc đã xóa theo lệnh của trung tâm. Bản nháp chưa lưu vẫn được giữ trên máy."
            ),
            wraps=True,
        )
        self.beside_a_call = Mark(
            Status.WAITING,
            tr(
                "Đang có người gọi: hồ sơ vừa mở được cất đi, chữ đang viết vẫn giữ. Ctrl+Shift+V ghi cách xác minh "
                "người gọi rồi hồ sơ hiện ra; cuộc gọi xong thì hồ sơ tự trở lại."
            ),
            wraps=True,
        )
        self.beside_a_call.setObjectName("banner.verify")
        self.disputes = DisputesCard(model, self.words)
        self.clocks = ClocksCard()
        self.referrals = ReferralsCard(model, lane, staff, self.words, definitions, catalogue, places, today, look)
        self.attachments = AttachmentsCard(attachments, look)
        self.attachments.look_at.connect(self._look_at)
        self.viewer = AttachmentView()
        self.viewer.closed.connect(self._looked)
        self.timeline = Timeline(model, lane, staff, self.words)

        self._facts = Card(margins=16, space=8)
        top = QHBoxLayout()
        top.addWidget(Said(tr("Thông tin"), "section"), 1)
        self.edit = button("edit_case", tr("Sửa…"))
        self.edit.clicked.connect(self.begin_edit)
        self.letter = button("letter", tr("Văn bản Word…"), tip=tr("Ctrl+Shift+W: Mẫu 01 hoặc công văn chuyển tin"))
        top.addWidget(self.letter)
        top.addWidget(self.edit)
        self._facts.inside.addLayout(top)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._facts.inside.addLayout(self._grid)
        self.summary = Said("", "reading", wraps=True)
        self._facts.inside.addWidget(self.summary)
        self._lines: list[tuple[Said, Said]] = []

        self.gate = EditGate(self)
        form = FormView(definitions["case"], catalogue, places, today, look, narrow=True)
        self._editor = Editor(model, lane, staff, form, self._today)
        self._editor.shown.connect(self._editor_shown)
        self._about = ""
        self.form = self._editor.form

        self._build()
        self._tick = QTimer(self)
        self._tick.setInterval(30_000)
        self._tick.timeout.connect(self._show_clocks)
        self._tick.start()
        model.list_changed.connect(self._show_list)
        model.opened.connect(self._opened)
        model.view_changed.connect(self.show_view)
        model.changed_elsewhere.connect(self._changed_elsewhere)
        model.gone.connect(self._gone)

    def _today(self) -> date:
        return vn_date(self.model.clock.now_ms())

    def _build(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        for part in (self.disputes, self.clocks, self._facts, self._editor, self.referrals, self.attachments):
            column.addWidget(part)
        column.addStretch(1)
        self._column = column
        scroll = Scrolled(middle)
        Measure(scroll, self._look, width=420, least=True)
        self._dossier = QWidget()
        self._tall = Measure(self.timeline, self._look, height=300, least=True)
        dossier = QVBoxLayout(self._dossier)
        dossier.setContentsMargins(0, 0, 0, 0)
        dossier.setSpacing(8)
        dossier.addWidget(self.head)
        below = QHBoxLayout()
        below.addWidget(self.state, 1)
        below.addWidget(self.restrict)
        dossier.addLayout(below)
        dossier.addWidget(self.closed)
        dossier.addWidget(self.emergency)
        dossier.addWidget(self.elsewhere)
        self.elsewhere.hide()
        both = self._both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(scroll, 5)
        both.addWidget(self.timeline, 4)
        dossier.addLayout(both, 1)
        nothing = QWidget()
        empty_page = QVBoxLayout(nothing)
        empty_page.setContentsMargins(0, 0, 0, 0)
        empty_page.addWidget(Said(tr("Chưa mở ca nào"), "title"))
        words = Said(tr("Chọn một ca trong danh sách rồi bấm Enter, hoặc tìm bằng Ctrl+F."), "muted", wraps=True)
        empty_page.addWidget(words)
        empty_page.addWidget(self.passed_on)
        self.passed_on.hide()
        empty_page.addWidget(self.beside_a_call)
        self.beside_a_call.hide()
        empty_page.addStretch(1)
        self._stack = QStackedWidget()
        self._stack.addWidget(nothing)
        self._stack.addWidget(self._dossier)
        self._stack.addWidget(self.viewer)
        page = QHBoxLayout(self)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(16)
        page.addWidget(self.list)
        page.addWidget(self._stack, 1)

    def reflow(self, narrow: bool) -> None:
        """Where there is little room: the list or the dossier, and the timeline under the facts."""
        self._narrow = narrow
        self._measure.let_go(narrow)
        if narrow:
            self._column.insertWidget(self._column.count() - 1, self.timeline)
        else:
            self._both.addWidget(self.timeline, 4)
        self._show_sides()

    def _show_sides(self, listed: bool = False) -> None:
        alone = self._narrow and self._stack.currentIndex() > 0 and not listed
        self.list.setVisible(not alone)
        self._stack.setVisible(not self._narrow or alone)

    def focus(self) -> None:
        """The note box of the open dossier, else the list."""
        if self.model.view is not None:
            self.timeline.note.setFocus()
        else:
            self.list.setFocus()

    def back(self) -> bool:
        """Esc: out of the small forms, then from the dossier into the list."""
        if self._stack.currentWidget() is self.viewer:
            self.viewer.put_away()
            return True
        if self.referrals.back() or self.attachments.back():
            return True
        if self._editor.isVisible():
            self._editor.put_away()
            return True
        if not self.list.hasFocus():
            self._show_sides(listed=True)
            self.list.setFocus()
            return True
        return False

    def save_current(self) -> None:
        """Ctrl+Enter: the form that has the caret, else the note."""
        if self.referrals.save_open():
            return
        if self._editor.isVisible() and has_caret(self._editor):
            self._editor.save_now()
            return
        self.timeline.save_now()

    @Slot()
    def _show_list(self) -> None:
        self.rows.show(self.model.cases)

    @Slot(int)
    def _row_opened(self, place: int) -> None:
        if 0 <= place < len(self.rows.rows):
            self.model.open_case(self.rows.rows[place].id)

    @Slot()
    def _gone(self) -> None:
        """What may no longer be seen leaves the screen at once; words begun stay as drafts."""
        self.keep_all()
        self._about = ""
        self._editor.turn_to("")
        self.referrals.turn_to("")
        self.timeline.turn_to("")
        waits = self.model.aside is not None
        self.passed_on.setVisible(not waits)
        self.beside_a_call.setVisible(waits)
        self._stack.setCurrentIndex(0)
        self._show_sides()
        self._forget_lines()
        if self.isVisible():
            self.list.setFocus()

    def _forget_lines(self) -> None:
        """A page that is not in front still holds its words: none may stay."""
        self.head.say(Status.QUIET, "")
        for label, words in self._lines:
            label.setText("")
            words.setText("")
        self.summary.setText("")
        self.state.setText("")
        self.timeline.show_entries(())

    @Slot()
    def _opened(self) -> None:
        self.elsewhere.hide()
        self.passed_on.hide()
        self.beside_a_call.hide()
        about = self.model.case_id or self.model.contact_id or ""
        was = (self.model.contact_id or "") if self.model.case_id else ""
        became, self._about = bool(was) and was == self._about, about
        self._editor.turn_to(about, was)
        self.referrals.turn_to(self.model.case_id or "")
        self.timeline.turn_to(about, was)
        if self.model.view is not None and became:
            self.attachments.model.turn_to(self.model.view.contact.id, self.model.case_id)
            self._say_became()
            return
        if self._stack.currentWidget() is self.viewer:
            self.viewer.put_away()
        self.attachments.forget()
        if self.model.view is not None:
            self.attachments.model.turn_to(self.model.view.contact.id, self.model.case_id)
        self._stack.setCurrentWidget(self._dossier)
        self._show_sides()
        if self.isVisible():
            self.timeline.note.setFocus()

    def _say_became(self) -> None:
        """The file in front is a case now: nothing moves under the hands of who writes."""
        if self._editor.begun or self.timeline.begun:
            words = tr("Hồ sơ này vừa thành ca. Chữ chị/anh đang viết vẫn ở đây, lưu thì vào ca.")
            self.elsewhere.say(Status.MOVING, words)
            self.elsewhere.show()

    @Slot()
    def show_view(self) -> None:
        """Write the dossier anew; open boxes are left alone."""
        view = self.model.view
        if view is None:
            return
        now = self.model.clock.now_ms()
        self.emergency.show_view(self.model.view, self.model.clock.now_ms())
        is_case = isinstance(view, CaseView)
        if isinstance(view, CaseView):
            code = view.case.code or view.contact.code or ""
            self.head.say(urgency_status(view.case.urgency), f"{code} · {urgency_word(view.case.urgency)}")
            self.state.setText(self.words.code("case_status", view.case.status))
            self.clocks.show_clocks(view, now)
            self.referrals.show_referrals(view, now)
        else:
            self.head.say(Status.QUIET, tr("Hồ sơ {code}").format(code=view.contact.code or ""))
            self.state.setText(tr("Hồ sơ tư vấn, chưa mở ca. F9 nâng thành báo tin."))
            self.clocks.hide()
        self.referrals.setVisible(is_case)
        self.restrict.setVisible(is_case)
        self.closed.show_view(view)
        self.disputes.show_disputes()
        facts = self.words.facts(view, now)
        for place, (label, words) in enumerate(facts):
            if place == len(self._lines):
                made = (Said("", "muted"), Said("", wraps=True))
                self._lines.append(made)
                self._grid.addWidget(made[0], place, 0)
                self._grid.addWidget(made[1], place, 1)
            left, right = self._lines[place]
            left.setText(label)
            right.setText(words)
            left.show()
            right.show()
        for left, right in self._lines[len(facts) :]:
            left.hide()
            right.hide()
        self.summary.setText(view.contact.summary or "")
        self.summary.setVisible(bool(view.contact.summary))
        self.timeline.show_entries(tuple(view.timeline))
        self._editor.show_view(view)
        if self.gate.was_waited_for(view):
            self.begin_edit()

    @Slot()
    def _show_clocks(self) -> None:
        self.emergency.show_view(self.model.view, self.model.clock.now_ms())
        if isinstance(self.model.view, CaseView):
            self.clocks.show_clocks(self.model.view, self.model.clock.now_ms())

    @Slot()
    def _changed_elsewhere(self) -> None:
        words = tr("Nơi khác vừa sửa ca này. Những gì chị/anh đang viết vẫn giữ nguyên.")
        self.elsewhere.say(Status.MOVING, words)
        self.elsewhere.show()

    @Slot(object, object)
    def _look_at(self, row: AttachmentRow, content: object) -> None:
        self._stack.setCurrentWidget(self.viewer)
        self.viewer.show_content(row, content)

    @Slot()
    def _looked(self) -> None:
        self._stack.setCurrentWidget(self._dossier)
        self.attachments.table.setFocus()

    # Editing --------------------------------------------------------------------------------------------------

    @Slot()
    def begin_edit(self) -> None:
        """Change what is known of the case: its form, filled with what stands now."""
        view = self.model.view
        if view is not None and self.gate.opens(view, self._editor.values_to_show(view)):
            self._editor.begin(view)

    @Slot(bool)
    def _editor_shown(self, shown: bool) -> None:
        """The form stands in the place of the facts, or was begun, or is done with."""
        self._facts.setVisible(not shown)
        self.edit.setText(tr("Sửa tiếp…") if self._editor.begun else tr("Sửa…"))
        if not shown and self._editor.had_keys:
            self.edit.setFocus()

    def save_edit(self) -> None:
        """As Ctrl+Enter in the form."""
        self._editor.save_now()

    def stop_editing(self) -> None:
        """The form goes; what was not saved in it is kept as a draft where one was begun."""
        self._editor.stop()

    def keep_all(self) -> None:
        """The window closes."""
        self.timeline.keep_now()
        self.referrals.keep_now()
        self._editor.keep_now()
