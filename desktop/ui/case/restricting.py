"""Ctrl+Shift+H: a case is restricted with a reason to those named in a list; later somebody is let in or put out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from desktop.operations import restricting as operations
from desktop.store.drafts import Draft
from desktop.store.reads import CaseView
from desktop.store.reads_readers import Reader, Readers, Why, readers_of
from desktop.ui.case.restricting_sheet import RestrictSheet
from desktop.ui.drafts import Keeper
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.tokens import Status
from desktop.ui.words import clock_text, spoken, tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FORM = "restrict"


class RestrictKeys(QObject):
    """Reads who may, for the case in front; writes when a person has said so. A reason begun is kept as a draft."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane = window, window.desk.lane
        self.sheet = RestrictSheet(window.ground, window.look)
        self.sheet.asked_to_go.connect(self._go)
        self.sheet.changed.connect(self._changed)
        self.sheet.saving.connect(self.save)
        self.sheet.entered.connect(self._entered)
        self._case = self._contact = self._out = self._told = ""
        self._busy = False
        self._keeper: Keeper | None = None

    @Slot()
    def begin(self) -> None:
        """Ctrl+Shift+H."""
        view = self._window.case_model.view
        if self._window.page_name != "case" or not isinstance(view, CaseView):
            words = tr("Mở một ca rồi mới hạn chế được (hồ sơ tư vấn: F9 nâng thành báo tin trước)")
            self._window.status.news.say(Status.QUIET, words)
            return
        self._case, self._contact, self._out, self._told = view.case.id, view.contact.id, "", ""
        self._read()

    def _read(self) -> None:
        here = tuple(one.staff for one in self._window.desk.people.tiles())
        read = partial(readers_of, contact_id=self._contact, here=here)
        self._lane.query(read, self._found, self._failed)

    def _found(self, found: Readers | None) -> None:
        view = self._window.case_model.view
        if found is None or found.contact_id != self._contact or view is None or view.contact.id != self._contact:
            return
        first = not self.sheet.isVisible()
        if first and (self._window.page_name != "case" or self._window.watch.covered):
            return
        if first:
            self._window.covering.lay_over(self.sheet)
        self.sheet.show_readers(found, fresh=first)
        if self._told:
            self.sheet.say(Status.GOOD, self._told)
        if first:
            self.sheet.take_keys()
            if not found.restricted:
                self._look_for_draft()

    # Words begun ---------------------------------------------------------------------------------------------

    def _look_for_draft(self) -> None:
        self._keeper = Keeper(self._lane, self._lane.staff, FORM, self._case)
        self._keeper.found.connect(self._draft_found)
        self._keeper.kept.connect(self._kept)
        self._keeper.trouble.connect(self._failed)
        self._keeper.trouble.connect(self._window.watch.draft_failed)
        self._keeper.look()

    @Slot(object)
    def _draft_found(self, draft: Draft) -> None:
        if draft.about == self._case and self.sheet.isVisible():
            self.sheet.put(str(draft.data.get("reason", "")), draft.data.get("staff", ()))
            words = tr("Khôi phục bản nháp đã lưu {time}")
            self.sheet.say(Status.WAITING, words.format(time=clock_text(draft.saved_at)))

    @Slot(object)
    def _kept(self, at_ms: int) -> None:
        if self.sheet.isVisible() and not self._busy:
            words = tr("Đã lưu nháp trên máy này {time}")
            self.sheet.say(Status.WAITING, words.format(time=clock_text(at_ms)))

    @Slot()
    def _changed(self) -> None:
        if self._keeper is not None:
            self._keeper.changed({"reason": self.sheet.reason.whole_text(), "staff": sorted(self.sheet.chosen)})

    def keep_now(self) -> None:
        """The window closes or locks."""
        if self._keeper is not None:
            self._keeper.keep_now()

    # What a person does --------------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Ctrl+Enter: the case is restricted to who was chosen."""
        found = self.sheet.found
        if self._busy or found is None or found.restricted or not found.allowed:
            return
        QGuiApplication.inputMethod().commit()
        reason = self.sheet.reason.whole_text()
        if len(reason) < operations.SHORTEST:
            self.sheet.say(Status.URGENT, spoken(operations.NoReason.advice))
            self.sheet.reason.setFocus()
            return
        self._busy = True
        self.sheet.say(Status.MOVING, tr("Đang khóa từng chữ của hồ sơ…"))
        operation = operations.restrict_to(self._case, reason, sorted(self.sheet.chosen))
        self._lane.submit(operation, self._restricted, self._failed, initiator="restrict")

    def _restricted(self, _nothing: None) -> None:
        self._busy = False
        if self._keeper is not None:
            self._keeper.drop()
            self._keeper = None
        self.sheet.put("", ())
        self._window.say_saved(self._lane.clock.now_ms())
        self._window.status.news.say(Status.GOOD, tr("Hồ sơ đã hạn chế: mọi chữ được khóa bằng khóa riêng"))
        if self.sheet.isVisible():
            self._window.covering.uncover()

    @Slot(object)
    def _entered(self, one: Reader) -> None:
        """Enter on a colleague: chosen or not before the case is restricted; let in, or put out by a second Enter."""
        found = self.sheet.found
        if self._busy or found is None or not found.allowed or one.why in (Why.ME, Why.OFFICE):
            return
        if not one.holds and not one.known:
            self.sheet.say(Status.WAITING, spoken(operations.NoKeyOfTheirs.advice))
        elif not found.restricted:
            self.sheet.choose(one.staff)
        elif not one.holds:
            self._do(operations.let_in(self._case, one.staff), tr("{name} đọc được từ bây giờ."), one)
        elif one.why is Why.WORKS:
            words = tr("{name} phụ trách hồ sơ này: muốn rút quyền đọc thì đổi người phụ trách trước.")
            self.sheet.say(Status.WAITING, words.format(name=one.name))
        elif self._out != one.staff:
            words = tr(
                "Enter lần nữa để rút quyền đọc của {name}. Điều đã đọc thì đã đọc; chữ viết từ nay được khóa bằng "
                "khóa mới mà người này không có."
            )
            self._out = one.staff
            self.sheet.say(Status.WAITING, words.format(name=one.name))
        else:
            self._do(operations.put_out(self._case, one.staff), tr("Đã rút quyền đọc của {name}."), one)

    def _do(self, operation: Any, words: str, one: Reader) -> None:
        self._busy, self._out = True, ""
        self._told = words.format(name=one.name)
        self._lane.submit(operation, self._done, self._failed, initiator="restrict")

    def _done(self, _nothing: None) -> None:
        self._busy = False
        self._window.say_saved(self._lane.clock.now_ms())
        self._window.case_model.refresh()
        self._read()

    def _failed(self, fault: Exception) -> None:
        self._busy, self._told = False, ""
        self.sheet.say(Status.URGENT, advice_of(fault))
        self._window.show_trouble(fault)

    @Slot()
    def _go(self) -> None:
        self.keep_now()
        self._window.covering.uncover()
