"""A restricted case that a lead holds the key of by office opens after a reason, for a while, with an audit entry."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.operations.verifying import WHY_OPENED, open_restricted
from desktop.store.reads_unmask import reason_owed
from desktop.ui.locks.rules import Lock
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import clock_text, tr
from domain.clock import MINUTE

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

OPEN_MS: Final = 15 * MINUTE
"""How long one reason keeps a restricted case open."""
_LOOK_MS: Final = 500
WHY: Final = "why_restricted"


class Reasoned(QObject):
    """One file at a time; another dossier, a call, the lock or a quarter of an hour close it again."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane, self._news = window, window.desk.lane, window.status.news
        self._model = window.case_model
        self._asked = self._open = ""
        self._shown = False
        self._until = 0
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self.look)
        window.call_deeds.answers[WHY] = self._chosen
        self._model.withheld.connect(self._withheld)
        self._model.opened.connect(self._opened)
        self._model.gone.connect(self.look)

    @Slot(object, object)
    def _withheld(self, case_id: str | None, contact_id: str | None) -> None:
        self._lane.query(partial(reason_owed, case_id=case_id, contact_id=contact_id), self._owed, self._failed)

    def _owed(self, contact: str) -> None:
        if not contact or self._window.watch.covered:
            return
        self._asked = contact
        known = self._window.desk.catalogue[WHY_OPENED]
        offers = [Offer(code.code, known.label(code.code)) for code in known]
        self._window.call_deeds.ask(WHY, tr("Hồ sơ hạn chế: vì sao chị/anh cần mở? Lý do được ghi nhật ký."), offers)

    def _chosen(self, why: str) -> None:
        self._lane.submit(open_restricted(self._asked, why), self._noted, self._failed, initiator="reasoned")

    def _noted(self, contact: str) -> None:
        """The entry that says who opens it and why is committed: now it opens."""
        if contact != self._asked or self._window.watch.covered or self._lane.regard.ear is not None:
            return
        self._asked, self._open, self._shown = "", contact, False
        self._until = self._lane.clock.monotonic_ms() + OPEN_MS
        self._lane.regard = replace(self._lane.regard, opened=frozenset({contact}))
        self._tick.start()
        self._model.refresh_list()
        self._model.open_contact(contact)

    @Slot()
    def _opened(self) -> None:
        view = self._model.view
        if self._open and view is not None and view.contact.id == self._open and not self._shown:
            self._shown = True
            until = clock_text(self._lane.clock.now_ms() + OPEN_MS)
            self._news.say(Status.WAITING, tr("Hồ sơ hạn chế mở đến {time}, có ghi nhật ký.").format(time=until))

    @Slot()
    def look(self) -> None:
        """Whether it still stands open."""
        view = self._model.view
        left = self._shown and (view is None or view.contact.id != self._open)
        locked = self._window.watch.rules.lock not in (Lock.OPEN, Lock.COVERED)
        if self._open and (left or locked or self._lane.clock.monotonic_ms() >= self._until):
            self.close()

    def close(self) -> None:
        """It asks for a reason again."""
        self._tick.stop()
        was, self._open, self._shown = self._open, "", False
        self._lane.regard = replace(self._lane.regard, opened=frozenset())
        view = self._model.view
        if view is not None and view.contact.id == was:
            self._model.refresh()
        self._model.refresh_list()
        self._news.say(Status.QUIET, tr("Hồ sơ hạn chế đã đóng lại. Mở lần nữa thì ghi lý do."))

    def _failed(self, fault: Exception) -> None:
        self._asked = ""
        self._window.show_trouble(fault)
