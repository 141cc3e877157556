"""Watches over the open desk: covers it, locks it, asks for the passphrase, has it sealed once drafts are safe."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot

from desktop.ui.intake.sheet import advice_of
from desktop.ui.locks.cover import LockCover
from desktop.ui.locks.rules import WRITING_S, Busy, Lock, LockRules
from desktop.ui.signin.aside import Aside
from desktop.ui.theme.tokens import Status
from desktop.ui.words import minute_text, tr
from desktop.wall_clock import run_seconds

if TYPE_CHECKING:
    from desktop.store.unit_of_work import UnitOfWork
    from desktop.ui.main_window import MainWindow

TICK_MS: Final = 1_000
_INPUT: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.InputMethod,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class LockWatch(QObject):
    """`sealing` comes when every draft is safe and the process is to go. Idle is watched only after `start`: a desk
    that nobody signed in to (a made-up day) has the privacy screen alone. `changed`: from one lock to another."""

    sealing = Signal()
    changed = Signal()

    def __init__(self, window: MainWindow, seconds: Callable[[], float] = run_seconds) -> None:
        super().__init__(window)
        self._window, self._seconds = window, seconds
        self.rules = LockRules(seconds())
        self.cover = LockCover(window.ground, window.look, window.desk.lane.staff)
        self.cover.asked.connect(self._asked)
        self.cover.switching.connect(self.switch)
        self._aside = Aside()
        self._aside.done.connect(self._right)
        self._aside.failed.connect(self._wrong)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.active = False
        self._call: tuple[str, float] = ("", 0.0)
        self._unsafe: object | None = None
        window.calls.call_came.connect(self._call_came)
        for told in (window.file_page.trouble, window.case_model.trouble, window.call_deeds.promising.trouble):
            told.connect(self.draft_failed)

    def start(self) -> None:
        """Somebody is signed in: from now on nothing touched for five minutes locks."""
        self.active = True
        self.rules = LockRules(self._seconds())
        self._timer.start()
        self._see_ground(True)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._see_ground(False)
        self._aside.wait()

    def _see_ground(self, seen: bool) -> None:
        # Asked for each time: a wrapper that is kept may be told it is gone. None before the first show.
        ground: QObject | None = self._window.windowHandle()
        if ground is not None:
            ground.removeEventFilter(self)
        if ground is not None and seen:
            ground.installEventFilter(self)

    @property
    def covered(self) -> bool:
        """Whether what is below may not be seen, and gets no keys."""
        return self.rules.lock is not Lock.OPEN

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Somebody is there."""
        self.saw(event)
        return False

    def saw(self, event: QEvent) -> None:
        """An event of the window: keys, composing, the mouse count as touched."""
        if event.type() in _INPUT:
            self.rules.touched(self._seconds())
            self._window.desk.lane.presence.touched()

    def touched(self) -> None:
        """Somebody is there without touching anything (a rest)."""
        self.rules.touched(self._seconds())

    def busy(self) -> Busy:
        """What idle must not interrupt now."""
        now, current = self._seconds(), self._window.calls.current
        if current is None or current.ended:
            self._call = ("", now)
        elif self._call[0] != current.id:
            self._call = (current.id, now)
        talking = bool(self._call[0]) and now - self._call[1] < WRITING_S
        now_ms = self._window.desk.lane.clock.monotonic_ms()
        models = [sheet.model for sheet in self._window.file_page.sheets]
        edits = [model.edited_ms for model in models if model.edited_ms is not None]
        return Busy(talking, (now_ms - max(edits)) / 1_000 if edits else None)

    # From one lock to the next -----------------------------------------------------------------------------

    @Slot()
    def tick(self) -> None:
        """Every second."""
        self._show(self.rules.lock, self.rules.tick(self._seconds(), self.busy()))

    def privacy(self) -> None:
        """F12."""
        self._show(self.rules.lock, self.rules.cover(self._seconds()))

    @Slot()
    def back(self) -> None:
        """A key on the privacy screen."""
        self._show(self.rules.lock, self.rules.back(self._seconds(), self.busy()))

    @Slot()
    def switch(self) -> None:
        """Another person: sealed at once, but never out of a call."""
        words = tr("Đang có cuộc gọi: ghi kết quả xong rồi đổi người")
        if self.busy().call:
            self._window.status.news.say(Status.WAITING, words)
            self.cover.say(Status.WAITING, words)
        elif self.active:
            self._show(self.rules.lock, self.rules.seal(self._seconds()))
        else:
            self._window.status.news.say(Status.QUIET, tr("Ngày giả định chỉ có một người"))

    def _show(self, before: Lock, now: Lock) -> None:
        if now is before:
            return
        self.changed.emit()
        if now is Lock.OPEN:
            self._window.covering.uncover()
        elif now is Lock.COVERED:
            self._window.covering.lay_over(self._window.privacy)
        elif before is not Lock.LOCKED:
            self._window.keep_drafts()
            self._window.covering.lay_over(self.cover)
        if now is Lock.SEALED:
            self._begin_seal()

    # The passphrase ----------------------------------------------------------------------------------------

    @Slot(str)
    def _asked(self, words: str) -> None:
        desk = self._window.desk
        self._aside.run(partial(desk.people.confirm, desk.home, words, desk.lane.clock.now_ms()))

    @Slot(object)
    def _right(self, _nothing: object) -> None:
        self._show(self.rules.lock, self.rules.opened(self._seconds()))

    @Slot(object)
    def _wrong(self, fault: object) -> None:
        self.cover.say(Status.URGENT, advice_of(fault))
        self.cover.passphrase.setFocus()

    @Slot()
    def _call_came(self) -> None:
        if self.rules.lock in (Lock.LOCKED, Lock.SEALED):
            self.cover.rang(minute_text(self._window.desk.lane.clock.now_ms()))

    # Sealing -----------------------------------------------------------------------------------------------

    def _begin_seal(self) -> None:
        self._unsafe = None
        self._window.keep_drafts()
        self._window.desk.lane.submit(after_all, self._safe, self._not_safe, initiator="seal")

    @Slot(object)
    def draft_failed(self, fault: object) -> None:
        """Something that is being written could not be kept: every form that keeps drafts tells it here."""
        self._unsafe = fault

    def _safe(self, _nothing: Any) -> None:
        if self._unsafe is None:
            self.sealing.emit()
        else:
            self._not_safe(self._unsafe)

    def _not_safe(self, fault: object) -> None:
        """A draft could not be kept: the desk stays locked and whole, and is sealed when it can be."""
        self.rules.lock = Lock.LOCKED
        self.cover.say(Status.URGENT, tr("Máy chưa đóng kín vì bản nháp chưa lưu được. ") + advice_of(fault))


def after_all(_uow: UnitOfWork) -> None:
    """Runs when everything submitted before it is committed."""
