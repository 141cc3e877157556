"""The windows of which pictures are taken: one desk, one caller, everything put back after each picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop import app
from desktop.day.demo import MorningClock
from desktop.day.waiting import until
from desktop.gallery import scene
from desktop.gallery.settle import settle
from desktop.home import Home
from desktop.operations.call_backs import CALL_BACK
from desktop.operations.calls import HOTLINE_PBX, LINE, PbxCallEvent
from desktop.store.parting import Gone
from desktop.store.reads import CaseView
from desktop.store.troubles import DiskFull
from desktop.ui.calls.viewmodel import CallsModel
from desktop.ui.locks.rules import LockRules
from desktop.ui.main_window import MainWindow
from desktop.ui.signin.parting import PartingWindow
from desktop.ui.signin.window import SignInWindow
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from domain.ids import call_id as id_of_call

WIDE, HIGH = 1366, 768
_QUIET: Final = "information"


class Studio(QObject):
    """Makes the windows; `clear` puts everything away that a screen had brought in front. `child` is who is
    looked for on the screens that find somebody."""

    child = "ngoc am"

    def __init__(
        self, desk: app.Desk, clock: MorningClock, look: Look, spelling: scene.Spelling = scene.as_it_is
    ) -> None:
        super().__init__()
        self.desk, self.clock, self.look, self.spelling = desk, clock, look, spelling
        self.window = MainWindow(desk, look)
        self._others: list[QWidget] = []
        self._rung = self._openings = 0
        self.window.case_model.opened.connect(self._was_opened)
        self.window.resize(WIDE, HIGH)
        self.window.show()
        self.window.activateWindow()
        for model in (self.window.call_lists, self.window.queue_model, self.window.shift_model):
            model.refresh()
        lists = self.window.call_lists
        self.until("danh sách cuộc gọi", lambda: bool(lists.lists.missed), lists.changed)
        self.until("danh sách ca", lambda: bool(self.window.case_page.rows.rows), self.window.case_model.list_changed)

    def until(self, what: str, fact: Callable[[], bool], *signals: Any) -> None:
        """Wait for a fact. Raises StuckError."""
        until(what, fact, *signals)

    # The telephone -----------------------------------------------------------------------------------------

    def ring(self) -> None:
        """The caller of the pictures is at the ear."""
        calls = self.window.calls
        if calls.current is None:
            self._rung += 1
            now, own = self.clock.now_ms(), f"studio.{self._rung}"
            calls.answered(PbxCallEvent(HOTLINE_PBX, own, self.caller(), LINE, now, now))
            mine = id_of_call(HOTLINE_PBX, own)
            self.until("dòng cuộc gọi được lưu", partial(_is_saved, calls, mine), calls.current_changed)
            self.until("lần gọi trước", lambda: calls.history is not None, calls.history_changed)

    def caller(self) -> str:
        """The number that rings."""
        return scene.CALLER

    def free(self) -> None:
        """No call, no sheet."""
        calls, heard = self.window.calls, list[object]()
        if calls.current is not None:
            calls.labelled.connect(heard.append)
            calls.press(_QUIET)
            self.until("kết quả được lưu", lambda: bool(heard), calls.labelled)
            calls.labelled.disconnect(heard.append)

    def labelled(self) -> QWidget:
        """A call got its outcome a moment ago."""
        self.ring()
        self.free()
        return self.window

    def promised(self) -> QWidget:
        """A call-back was promised, and the counsellor types when it is safe."""
        self.free()
        asking = self.window.call_deeds.promising
        asking.begin()
        if asking.promise is None:  # nothing waits for its time at this desk
            self.ring()
            self.window.calls.press(CALL_BACK)
            self.until("hẹn gọi lại được hỏi giờ", lambda: asking.promise is not None, self.window.calls.labelled)
        asking.strip.put(self.spelling("8h sáng mai"), self.spelling("xin gặp An, nói là cô giáo"))
        asking.strip.typed.emit()
        return self.window

    # The case ----------------------------------------------------------------------------------------------

    def open_the_case(self) -> None:
        """The case that two desks changed: the first in the list that waits for a decision; nobody is at the ear."""
        self.free()
        page, model = self.window.case_page, self.window.case_model
        self.window.go("case")
        row = next((one for one in page.rows.rows if one.siblings), page.rows.rows[0])
        before = self._openings
        model.open_case(row.id)
        self.until("ca mở ra", partial(self._is_open, row.id, before), model.opened)

    @Slot()
    def _was_opened(self) -> None:
        self._openings += 1

    def _is_open(self, case_id: str, before: int) -> bool:
        view = self.window.case_model.view
        return self._openings > before and isinstance(view, CaseView) and view.case.id == case_id

    def full(self) -> Exception:
        """A trouble as a counsellor may meet it."""
        return DiskFull()

    # Other windows -----------------------------------------------------------------------------------------

    def signin(self) -> SignInWindow:
        """The sign-in window of this desk."""
        made = SignInWindow(self.desk.home, _nothing, _nothing, self.look)
        self._in_front(made)
        return made

    def first_run(self, step: int) -> SignInWindow:
        """The sign-in window of a desk that is new, at one step of its first run."""
        made = SignInWindow(Home(self.desk.home.root / "new"), _nothing, _nothing, self.look)
        made.first.show_step(step)
        self._in_front(made)
        made.first.focus()
        return made

    def parting(self) -> PartingWindow:
        """What a desk shows that was taken out of service."""
        made = PartingWindow()
        made.done(Gone(since=self.clock.now_ms(), wiped=True, volumes=0), self.clock.now_ms())
        self._in_front(made)
        return made

    def _in_front(self, made: QWidget) -> None:
        self._others.append(made)
        self.window.hide()
        made.show()
        made.raise_()
        made.activateWindow()

    # Scrolling and putting away ----------------------------------------------------------------------------

    def to_the_top(self) -> None:
        """Scroll everything in sight to its beginning."""
        settle(self.window)
        for area in self._areas():
            area.verticalScrollBar().setValue(0)

    def to_the_foot(self) -> None:
        """Scroll everything in sight to its end."""
        settle(self.window)
        for area in self._areas():
            area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())

    def _areas(self) -> list[QScrollArea]:
        return [one for one in self.window.findChildren(QScrollArea) if one.isVisible()]

    def clear(self) -> None:
        """Everything that the last screen brought goes away; what was written in forms as well."""
        window = self.window
        for other in self._others:
            other.close()
            other.deleteLater()
        self._others.clear()
        if not window.isVisible():
            window.show()
            window.activateWindow()
        window.call_deeds.sheet.put_away()
        window.call_deeds.promising.put_away()
        window.palette_keys.palette.put_away()
        window.watch.rules = LockRules(0.0)
        window.sheets.rest.back()
        window.covering.uncover()
        window.trouble.hide()
        window.toast.put_away()
        window.status.news.say(Status.QUIET, "")
        window.say_saved(self.clock.now_ms())
        for sheet in list(window.file_page.sheets):
            sheet.model.discard()
            sheet.put_away.emit(sheet)
        window.case_page.stop_editing()
        window.search_page.back()
        window.calls_page.back()
        window.calls_page.hint.hide()
        window.go("calls")
        for area in self._areas():
            area.verticalScrollBar().setValue(0)

    def close(self) -> None:
        """The windows and the desk."""
        self.clear()
        self.window.close()
        self.desk.close()


def _is_saved(calls: CallsModel, call_id: str) -> bool:
    return calls.current is not None and calls.current.id == call_id and calls.current.saved


def _nothing(*_given: str) -> None:
    """Nobody signs in to a picture."""
