"""How one thing leads to another: a call becomes a file, a file a report, a report a case, a call joins a case."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from desktop.operations import audit
from desktop.operations.call_backs import CALL_BACK
from desktop.operations.intake import FORM_FILE, FORM_REPORT, SavedReport
from desktop.operations.seen import seen_in
from desktop.operations.verifying import unmask
from desktop.store import reads
from desktop.store.reads_unmask import CONTACT
from desktop.store.sight import SHOWN
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from domain.records.audit import OPEN
from domain.rules.outcomes import Leaves, is_in_depth, leaves

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class Flow(QObject):
    """F8, F9, F10, F11 and what follows a saved form. Nothing is ever typed twice."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._calls, self._pages, self._cases = window.calls, window.file_page, window.case_model
        self._lane, self._clock = window.desk.lane, window.desk.lane.clock
        self._news = window.status.news
        self._attaching: str | None = None
        self._wanted: tuple[str, str, dict[str, Any]] | None = None
        self._known: tuple[str, reads.CaseView | reads.ContactView, dict[str, Any]] | None = None
        self._pages.saved.connect(self._form_saved)
        self._cases.attached.connect(self._attached)
        window.search_page.opened.connect(self._hit_opened)

    # Forms -------------------------------------------------------------------------------------------------

    def open_file(self) -> None:
        """F8."""
        if not self._window.queue_deeds.open_form(FORM_FILE):
            self._open_form(FORM_FILE)

    def open_report(self) -> None:
        """F9: of the form in front, of the file saved last, of the dossier in front, else of the call."""
        sheet, busy, view = self._pages.current, self._calls.target, self._cases.view
        page = self._window.page_name
        if self._window.queue_deeds.open_form(FORM_REPORT):
            return
        if page == "file" and sheet is not None and (busy is None or sheet.model.call_id == busy):
            sheet.upgrade()
        elif busy is None and self._pages.just_saved is not None and page != "case":
            self._pages.report_of_just_saved()
            self._window.go("file")
        elif busy is None and page == "case" and view is not None:
            self._open_known(FORM_REPORT, view, {})
        else:
            self._open_form(FORM_REPORT)

    def open_with_outcome(self, code: str) -> None:
        """The form that an outcome leaves behind, with the outcome in it; one that is open takes it over."""
        report = leaves(code) is Leaves.REPORT
        put: dict[str, Any] = {"outcome": code} if report else {"in_depth": is_in_depth(code)}
        sheet = self._pages.current
        here = self._window.page_name == "file" and sheet is not None
        if here and sheet is not None and self._calls.target in (None, sheet.model.call_id):
            if report:
                sheet.upgrade()
            self._put(put)
        else:
            self._open_form(FORM_REPORT if report else FORM_FILE, put)

    def _put(self, values: dict[str, Any]) -> None:
        sheet = self._pages.current
        if sheet is not None:
            for name, value in values.items():
                sheet.form.set_value(name, value)

    def _open_form(self, form: str, put: dict[str, Any] | None = None) -> None:
        target, offer = self._calls.target, self._calls.offer
        fresh = offer is not None and self._clock.monotonic_ms() <= offer.until
        if target is None and offer is not None and fresh and offer.labelled.code in ("information", CALL_BACK):
            target = offer.labelled.call_id  # F7 becomes F8 becomes F9 without another call between
        row = next((one for one in self._calls.rows if one.id == target), None)
        self._calls.select(None)
        if row is not None and row.contact_id is not None:
            # The call is a file already: its values are read first, so that nothing looks empty that is not.
            self._wanted = (form, row.contact_id, put or {})
            self._lane.submit(audit.noted(OPEN, "contact", row.contact_id, "P3"), self._may_read, self._not_read)
            return
        known, item = len(self._pages.sheets), self._window.queue_deeds.item_of(target)
        agreed = self._window.call_deeds.promising.agreed(item, target)
        self._pages.open(form, target, item_id=item)
        self._window.go("file")
        self._put((agreed if len(self._pages.sheets) > known else {}) | (put or {}))

    def _may_read(self, _nothing: None) -> None:
        if self._wanted is not None:  # who reads it stands in the audit chain
            read = partial(reads.contact_view, contact_id=self._wanted[1])
            self._lane.query(read, self._contact_read, self._not_read)

    def _contact_read(self, view: reads.ContactView | None) -> None:
        if view is None and self._wanted is not None and self._lane.regard.ear is not None:
            self._cases.open_contact(self._wanted[1])  # asks how the caller was verified
            self._wanted = None
            return
        if view is None or self._wanted is None or self._wanted[1] != view.contact.id:
            return
        form, _, put = self._wanted
        self._wanted = None
        self._open_known(form, view, put)

    def _open_known(self, form: str, view: reads.CaseView | reads.ContactView, put: dict[str, Any]) -> None:
        """A form over a file that exists shows its names and numbers whole: the key is the logged step where the
        roles ask for no more, else the person shows them on the page first."""
        self._known = (form, view, put)
        if view.veil is None:
            self._entered("")
        elif view.unmask in SHOWN:
            self._lane.submit(unmask(CONTACT, view.contact.id), self._entered, self._not_read, initiator="unmask")
        else:
            words = tr("Tên, số máy của hồ sơ này đang được che: mở hồ sơ, bấm Shift+F12 hiện ra rồi bấm F9")
            self._news.say(Status.WAITING, words)

    def _entered(self, _record: str) -> None:
        if self._known is not None:
            (form, view, put), self._known = self._known, None
            self._pages.open(form, view.contact.call_id, view.contact.id, dict(view.form), seen_in(view.opened))
            self._window.go("file")
            self._put(put)

    def _not_read(self, fault: Exception) -> None:
        self._calls.trouble.emit(fault)

    @Slot(object)
    def _form_saved(self, result: Any) -> None:
        last = self._pages.just_saved
        self._calls.became_file(last.call_id if last else None)
        self._window.say_saved(self._clock.now_ms())
        if isinstance(result, SavedReport):
            code = result.case_code or result.code
            # After every report alike: what was heard is neither read nor weighed, and the person decides.
            words = tr("Đã lưu báo tin, ca {code}. Đồng hồ đang chạy. Cần thì nghỉ một nhịp: {key}").format(
                code=code, key=self._window.registry["rest"].key_text
            )
            self._cases.open_case(result.case_id)
            self._window.go("case")
        else:
            words = tr("Đã lưu hồ sơ {code}").format(code=result.code)
            self._window.go("file" if self._pages.sheets else "calls")
        self._news.say(Status.GOOD, words)
        self._cases.refresh_list()

    def interpreter(self, language: str) -> None:
        """F11: the case in front, else the open file, needs an interpreter; a file is opened for the call."""
        sheet, page, view = self._pages.current, self._window.page_name, self._cases.view
        if page == "case" and view is not None:
            self._cases.need_interpreter(view.contact.id, language)
        else:
            if page != "file" or sheet is None:
                self._open_form(FORM_FILE)
            self._put({"needs_interpreter": True, "language": language})
        self._news.say(Status.WAITING, tr("Đã ghi: cần phiên dịch"))

    # Cases -------------------------------------------------------------------------------------------------

    def add_to_case(self) -> None:
        """F10: the call joins the dossier in front, else the one that is found and chosen next."""
        target = self._calls.target
        if target is None:
            self._news.say(Status.QUIET, tr("F10 cần một cuộc gọi đang nghe hoặc một dòng đã chọn"))
            return
        file = self._cases.contact_aside if self._window.page_name == "case" else None
        if file is not None:
            self._cases.attach(target, file)
            return
        self._attaching = target
        self._news.say(Status.WAITING, tr("Tìm ca rồi bấm Enter để gắn cuộc gọi này vào, Esc để thôi"))
        self._window.go("search")

    def stop_attaching(self) -> None:
        """Esc, or another call came."""
        self._attaching = None

    @Slot(str)
    def _attached(self, call_id: str) -> None:
        self._window.verifying.keep(call_id)
        self._calls.select(None)
        self._calls.became_file(call_id)
        self._news.say(Status.GOOD, tr("Đã gắn cuộc gọi vào ca"))

    @Slot(object)
    def _hit_opened(self, hit: Any) -> None:
        if not hit.case_id and not hit.contact_id:
            self._news.say(Status.QUIET, tr("Cuộc gọi này không có hồ sơ"))
            return
        if self._attaching is not None and hit.contact_id:
            self._cases.attach(self._attaching, hit.contact_id)
            self._attaching = None
        if hit.case_id:
            self._cases.open_case(hit.case_id)
        else:
            self._cases.open_contact(hit.contact_id)
        self._window.go("case")
