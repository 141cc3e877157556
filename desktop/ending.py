"""From the centre's order to an empty machine: the window goes, last words leave or are sealed, then all is wiped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Slot

from desktop.app import Desk
from desktop.operations.parting import LastWords, leave_drafts, seal_last_words
from desktop.store.parting import parting_folder, wipe
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.parting import PartingWindow
from desktop.ui.words import spoken, tr
from sync.troubles import Trouble

_log = logging.getLogger(__name__)


class Ending(QObject):
    """Ends one revoked desk. `desk.driver` must be there: a desk without a road hears no order."""

    def __init__(self, desk: Desk, since: int, put_away: Callable[[], None]) -> None:
        super().__init__()
        self._desk, self._since, self._put_away = desk, since, put_away
        self.window = PartingWindow()
        desk.bus.parted.connect(self._parted)

    def begin(self) -> None:
        """Nobody writes here any more: the window keeps its drafts and goes."""
        self.window.show()
        self._put_away()
        assert self._desk.driver is not None
        self._desk.driver.parting.begin(leave_drafts())

    @Slot()
    def _parted(self) -> None:
        seal = partial(seal_last_words, self._desk.courier, parting_folder(self._desk.home))
        self._desk.aside.submit(seal, self._sealed, self._not_sealed)

    def _sealed(self, words: LastWords) -> None:
        _log.warning("wiping this desk: %d operations sealed", words.operations)
        self._desk.close()
        try:
            gone = wipe(self._desk.home, self._since, words.chunks)
        except OSError:
            self.window.say(tr("Chưa xóa hết được dữ liệu: chị/anh tắt rồi mở lại Trạm 111 để xóa tiếp."))
            return
        self.window.done(gone, self._desk.clock.now_ms())

    def _not_sealed(self, fault: Exception) -> None:
        words = advice_of(fault) if isinstance(fault, Trouble) else spoken(Trouble.advice)
        self.window.say(words)
        assert self._desk.driver is not None
        self._desk.driver.parting.wait_on()
