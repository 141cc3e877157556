"""Shift+F12: names and numbers that are masked are shown for one call or file, for a minute, with an audit entry."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.operations.verifying import REASONS, unmask
from desktop.store.reads_unmask import CALL, CONTACT, unmask_decision
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import tr
from domain.rules.privacy import Decision

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SHOWN_MS: Final = 60_000
"""How long masked values stay shown (milliseconds)."""
_LOOK_MS: Final = 500
WHY: Final = "why_unmask"


class Showing(QObject):
    """One record at a time; what covers the screen, another record, another page or the minute masks it again."""

    masked = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane, self._news = window, window.desk.lane, window.status.news
        self._wanted: tuple[str, str] | None = None
        self._until = 0
        self.shown: tuple[str, str] | None = None
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self._look)
        window.call_deeds.answers[WHY] = self._reason
        window.banner.reveal.toggled.connect(self._revealed)
        window.calls.call_came.connect(self.mask)
        window.case_page.gate.wanted.connect(self.begin)

    @Slot()
    def begin(self) -> None:
        """The key: show, or mask again what is shown."""
        wanted = self._in_front()
        if wanted is None:
            self._news.say(Status.QUIET, tr("Chọn một cuộc gọi có số máy hoặc mở một hồ sơ rồi bấm Shift+F12"))
        elif wanted == self.shown:
            self.mask()
        else:
            self.mask()
            self._wanted = wanted
            self._lane.query(partial(unmask_decision, kind=wanted[0], record=wanted[1]), self._decided, self._failed)

    def _in_front(self) -> tuple[str, str] | None:
        window = self._window
        if window.page_name == "calls":
            row = window.calls_page.row_in_front()
            return (CALL, row.id) if row is not None and row.number else None
        view = window.case_model.view if window.page_name == "case" else None
        return (CONTACT, view.contact.id) if view is not None else None

    def _decided(self, decision: Decision) -> None:
        if self._wanted is None:
            return
        if decision in (Decision.ALLOWED, Decision.LOGGED):
            self._show("")
        elif decision is Decision.REASON:
            known = self._window.desk.catalogue[REASONS]
            offers = [Offer(code.code, known.label(code.code)) for code in known]
            self._window.call_deeds.ask(WHY, tr("Vì sao cần xem phần đã che?"), offers)
        else:
            self._wanted = None
            self._news.say(
                Status.QUIET, tr("Phần này được che với chị/anh. Cần thì nhờ trưởng ca hoặc người phụ trách hồ sơ.")
            )

    def _reason(self, code: str) -> None:
        self._show(code)

    def _show(self, why: str) -> None:
        if self._wanted is not None:
            kind, record = self._wanted
            self._lane.submit(unmask(kind, record, why), self._noted, self._failed, initiator="unmask")

    def _noted(self, record: str) -> None:
        """The entry that says who saw it is committed: now it is shown."""
        wanted, self._wanted = self._wanted, None
        if wanted is None or wanted[1] != record or wanted != self._in_front() or self._window.watch.covered:
            return
        self.shown = wanted
        self._until = self._lane.clock.monotonic_ms() + SHOWN_MS
        self._lane.regard = replace(self._lane.regard, unmasked=frozenset({record}))
        self._tick.start()
        self._read_anew(wanted)
        self._news.say(Status.WAITING, tr("Đang hiện phần đã che trong 60 giây, có ghi nhật ký. Shift+F12 che lại."))

    @Slot()
    def mask(self) -> None:
        """Everything is masked again."""
        self._tick.stop()
        self._lane.regard = replace(self._lane.regard, unmasked=frozenset())
        was, self.shown = self.shown, None
        if was is not None:
            self._read_anew(was)
            self.masked.emit()
            self._news.say(Status.QUIET, "")

    def _read_anew(self, record: tuple[str, str]) -> None:
        if record[0] == CALL:
            self._window.calls.refresh()
            self._window.call_lists.refresh()
        else:
            self._window.case_model.refresh()

    @Slot()
    def _look(self) -> None:
        gone = self._in_front() != self.shown or self._window.watch.covered
        if gone or self._lane.clock.monotonic_ms() >= self._until:
            self.mask()

    @Slot(bool)
    def _revealed(self, shown: bool) -> None:
        call = self._window.calls.current
        if shown and call is not None and not call.outbound:
            self._lane.submit(unmask(CALL, call.id), self._told, self._failed, initiator="unmask")

    def _told(self, _record: str) -> None:
        self._window.say_saved(self._lane.clock.now_ms())

    def _failed(self, fault: Exception) -> None:
        self._wanted = None
        self._window.show_trouble(fault)
