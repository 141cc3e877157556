"""While a caller is at the ear, files of earlier calls stay put away until a step says how they were verified."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from desktop.operations.verifying import METHODS, verify_caller
from desktop.store.reads_unmask import waits_for_caller
from desktop.store.sight import AtEar
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

VERIFY: Final = "verify"
OVER: Final = "over"
"""The offer that says that nobody is at the ear any more: without the exchange's word a person has to say it."""


class Verifying(QObject):
    """Tells the lane which call is at the ear, and asks before a file is shown beside it.

    A call that the hotline made itself asks for nothing: its number was chosen here (settled 20 speaks of a ring).
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane = window, window.desk.lane
        self._calls, self._cases, self._news = window.calls, window.case_model, window.status.news
        self._contact = ""
        self._attached = ""
        window.call_deeds.answers[VERIFY] = self._chosen
        self._calls.current_changed.connect(self._ear_changed)
        self._cases.refused.connect(self._look)

    def keep(self, call_id: str) -> None:
        """This call was added to a file (F10) while somebody speaks: it stays at the ear until it is over."""
        self._attached = call_id

    @Slot()
    def _ear_changed(self) -> None:
        current, ear = self._calls.current, self._lane.regard.ear
        speaks = current is not None and not current.outbound and not current.ended
        if speaks and current is not None:
            if ear is None or ear.call != current.id:
                self._attached = ""
                self._listen(AtEar(current.id))
                self._cases.put_aside()
        elif ear is not None and (current is not None or ear.call != self._attached):
            self._over()

    def _listen(self, ear: AtEar | None) -> None:
        self._lane.regard = replace(self._lane.regard, ear=ear)
        self._cases.refresh_list()

    def _over(self) -> None:
        self._attached = self._contact = ""
        self._listen(None)
        self._cases.take_up()

    def begin(self) -> None:
        """The key: verify for the file that was put away, else for the one asked for last."""
        if self._lane.regard.ear is None:
            self._news.say(Status.QUIET, tr("Không có người gọi nào đang chờ xác minh"))
        elif self._cases.aside is None:
            self._news.say(Status.QUIET, tr("Mở hồ sơ cần xem (Ctrl+3, Ctrl+F), máy sẽ hỏi cách xác minh"))
        else:
            self._look(*self._cases.aside)

    @Slot(object, object)
    def _look(self, case_id: str | None, contact_id: str | None) -> None:
        read = partial(waits_for_caller, case_id=case_id, contact_id=contact_id)
        self._lane.query(read, self._waits, self._failed)

    def _waits(self, contact: str) -> None:
        if not contact or self._lane.regard.ear is None or self._window.watch.covered:
            return
        self._contact = contact
        known = self._window.desk.catalogue[METHODS]
        offers = [Offer(code.code, known.label(code.code)) for code in known]
        offers.append(Offer(OVER, tr("Cuộc gọi đã xong, không còn ai nghe máy")))
        self._window.call_deeds.ask(VERIFY, tr("Người gọi là ai? Xác minh rồi hồ sơ hiện ra"), offers)

    def _chosen(self, code: str) -> None:
        ear = self._lane.regard.ear
        if ear is None:
            return
        if code == OVER:
            self._over()
        else:
            step = Step(self, ear, self._contact)
            operation = verify_caller(self._contact, ear.call, code)
            self._lane.submit(operation, step.done, self._failed, initiator="verify")

    def verified(self, ear: AtEar, contact: str) -> None:
        """COMMIT returned: the file may be shown as long as this call is at the ear."""
        now = self._lane.regard.ear
        if now is None or now.call != ear.call:
            return
        self._lane.regard = replace(self._lane.regard, ear=replace(now, verified=now.verified | {contact}))
        self._window.say_saved(self._lane.clock.now_ms())
        self._news.say(Status.GOOD, tr("Đã ghi cách xác minh người gọi"))
        self._cases.take_up()
        self._window.go("case")

    def _failed(self, fault: Exception) -> None:
        self._window.show_trouble(fault)


class Step:
    """One verification on its way: remembers the call and the file it was made for."""

    def __init__(self, verifying: Verifying, ear: AtEar, contact: str) -> None:
        self._verifying, self._ear, self._contact = verifying, ear, contact

    def done(self, _record: str) -> None:
        """COMMIT returned."""
        self._verifying.verified(self._ear, self._contact)
