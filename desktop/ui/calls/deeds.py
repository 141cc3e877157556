"""What a counsellor does with calls besides one key: more outcomes, the sweep, calling back, alerts, a pause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from desktop.operations import more_calls
from desktop.ui.calls.lists import MISSED, UNCLASSIFIED
from desktop.ui.calls.promising import ACTION as CALL_BACK_TIME
from desktop.ui.calls.promising import Promising
from desktop.ui.calls.reconciling import Reconciling
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import ChoiceSheet, Offer
from desktop.ui.words import minute_text, tr
from domain.rules.outcomes import Leaves, leaves, outbound, without_a_key

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

OUTCOMES: Final = "outcomes"
ALERTS: Final = "alerts"
LIFT: Final = "lift"


class CallDeeds(QObject):
    """Owns the choice sheet of the window. `pause_asked` says that this seat pauses (True) or is back."""

    pause_asked = Signal(bool)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._calls, self._page = window, window.calls, window.calls_page
        self._lane, self._clock, self._catalogue = window.desk.lane, window.desk.lane.clock, window.desk.catalogue
        self._news = window.status.news
        self.paused_at: int | None = None
        self._number = ""
        self.answers: dict[str, Callable[[str], None]] = {OUTCOMES: self._outcome, ALERTS: self._alert}
        self.reconciling = Reconciling(window)
        self.promising = Promising(window)
        self._page.pick.file_wanted.connect(self.reconciling.begin)
        self.sheet = ChoiceSheet(window.ground, window.look)
        self.sheet.chosen.connect(self._chosen)
        self.sheet.gone.connect(self._gone)
        self.sheet.covered.connect(self._covered)
        self._calls.call_came.connect(self._call_came)

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What each action of the registry does here."""
        return {
            "more_outcomes": self.more_outcomes,
            "list_unclassified": self._unclassified,
            "list_missed": self._missed,
            "call_back": self.call_back,
            CALL_BACK_TIME: self.promising.begin,
            "number_alert": self._ask_alert,
            "reconcile": self.reconciling.begin,
            "pause": self.pause,
        }

    # The sheet ---------------------------------------------------------------------------------------------

    def ask(self, question: str, title: str, offers: Sequence[Offer]) -> None:
        """Offer things by digit; `answers` says who takes the code. The window's own keys wait meanwhile."""
        self._window.covering.hold_keys()
        self.sheet.ask(question, title, offers)

    @Slot(str, str)
    def _chosen(self, question: str, code: str) -> None:
        self.answers[question](code)

    @Slot()
    def _gone(self) -> None:
        self._window.covering.give_keys()

    @Slot()
    def _covered(self) -> None:
        self._window.act("privacy")

    @Slot()
    def _call_came(self) -> None:
        self.sheet.put_away()
        self._page.hint.hide()

    # Outcomes ----------------------------------------------------------------------------------------------

    def more_outcomes(self) -> None:
        """The rest of the list by one more key; for a call the hotline made, its own short list."""
        if self._calls.outbound:
            known = self._catalogue["attempt_result"]
            self.ask(OUTCOMES, tr("Kết quả cuộc gọi đi"), _offers(outbound(self._catalogue), known.label))
        else:
            self.ask(OUTCOMES, tr("Kết quả khác"), _offers(without_a_key(self._catalogue), self._calls.word))

    def press(self, code: str) -> None:
        """An outcome key: for a call the hotline made its own list is offered, since a caller's outcome says nothing
        of it."""
        if self._calls.outbound:
            self.more_outcomes()
        else:
            self._calls.press(code)

    def _outcome(self, code: str) -> None:
        if self._calls.outbound or leaves(code) is Leaves.NO_FILE:
            self._calls.press(code)
        else:
            self._window.flow.open_with_outcome(code)

    # Lists -------------------------------------------------------------------------------------------------

    def _unclassified(self) -> None:
        self._window.go("calls")
        self._page.show_list(UNCLASSIFIED)

    def _missed(self) -> None:
        self._window.go("calls")
        self._page.show_list(MISSED)

    def call_back(self) -> None:
        """Call the number of the row in front: its row is made at once, the number is shown to be dialled."""
        row = self._page.row_in_front() if self._window.page_name == "calls" else None
        page = self._window.page_name
        directory, queue = self._window.directory_page.number_in_front(), self._window.queue_page.number_in_hand
        elsewhere = {"directory": directory, "queue": queue}.get(page, "")
        if elsewhere:
            self.dial(elsewhere)
            if page == "queue":
                self._window.queue_deeds.called_from_item()
        elif row is None or not row.number:
            self._news.say(Status.QUIET, tr("Chọn một dòng có số máy rồi bấm Ctrl+G để gọi lại"))
        elif row.masked:
            self._news.say(Status.QUIET, tr("Cuộc này do người khác nhận nên số được che: hãy nhờ người ấy gọi lại"))
        else:
            self.dial(row.number)

    def dial(self, number: str) -> None:
        """This seat calls a number."""
        if self._calls.current is not None:
            self._news.say(Status.QUIET, tr("Đang có cuộc gọi: ghi kết quả xong rồi gọi lại"))
            return
        self._calls.dial(number)
        self._window.banner.reveal.setChecked(True)

    # Alerts ------------------------------------------------------------------------------------------------

    def _ask_alert(self) -> None:
        row = self._page.row_in_front() if self._window.page_name == "calls" else None
        current = self._calls.current
        whole = row.number if row is not None and not row.masked else ""
        self._number = (current.number if current else "") or whole or ""
        if not self._number:
            self._news.say(Status.QUIET, tr("Chưa có số máy nào để đánh dấu"))
            return
        known = self._catalogue["number_alert"]
        offers = [*_offers([code.code for code in known], known.label), Offer(LIFT, tr("Gỡ mọi đánh dấu của số này"))]
        self.ask(ALERTS, tr("Đánh dấu số máy"), offers)

    def _alert(self, code: str) -> None:
        number, self._number = self._number, ""
        if code == LIFT:
            lift = more_calls.lift_alerts(number, "lifted at the desk")
            self._lane.submit(lift, self._alert_lifted, self._failed, initiator="alert")
        else:
            self._lane.submit(more_calls.set_alert(number, code), self._alert_set, self._failed, initiator="alert")

    def _alert_set(self, _record_id: str) -> None:
        self._window.say_saved(self._clock.now_ms())
        self._news.say(Status.GOOD, tr("Đã đánh dấu số máy"))
        self._calls.read_history()

    def _alert_lifted(self, _count: int) -> None:
        self._window.say_saved(self._clock.now_ms())
        self._news.say(Status.GOOD, tr("Đã gỡ đánh dấu của số máy"))
        self._calls.read_history()

    def _failed(self, fault: Exception) -> None:
        self._calls.trouble.emit(fault)

    # Pause -------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Pause, or come back; the exchange is told where the desk speaks to it. Nothing is counted or sent."""
        self.paused_at = self._clock.now_ms() if self.paused_at is None else None
        self._window.banner.show_pause(self.paused_at)
        self.pause_asked.emit(self.paused_at is not None)
        if self.paused_at is None:
            self._news.say(Status.GOOD, tr("Đã trở lại nhận cuộc gọi"))
        elif self._window.exchange_line is None:
            self._news.say(Status.WAITING, tr("Đang nghỉ. Máy chưa nối tổng đài: bấm nghỉ cả trên điện thoại"))
        elif not self._window.exchange_line.stands:
            self._news.say(Status.WAITING, tr("Đang nghỉ. Tổng đài đang mất liên lạc: bấm nghỉ cả trên điện thoại"))
        else:
            self._news.say(Status.WAITING, tr("Đang nghỉ từ {time}").format(time=minute_text(self.paused_at)))


def _offers(codes: Sequence[str], label: Callable[[str], str]) -> list[Offer]:
    return [Offer(code, label(code)) for code in codes]
