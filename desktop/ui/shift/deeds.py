"""Handing over: who takes the shift is asked by digit, from those who can open this desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

COLLEAGUES: Final = "shift.colleagues"
NOBODY: Final = "-"


class ShiftDeeds(QObject):
    """Keeps drafts first, so that a form being written is among those to be accepted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._model = window, window.shift_model
        window.call_deeds.answers[COLLEAGUES] = self._chosen
        window.shift_page.handover_asked.connect(self.ask)
        self._model.handed_over.connect(self._done)
        self._model.saved_at.connect(window.say_saved)

    @Slot()
    def ask(self) -> None:
        """Offer the colleagues of this desk."""
        self._window.file_page.park_all()
        self._window.file_page.keep_all()
        others = [tile for tile in self._window.desk.people.tiles() if tile.staff != self._window.desk.lane.staff]
        offers = [Offer(tile.staff, tile.staff) for tile in others]
        offers.append(Offer(NOBODY, tr("Không có ai nhận ở máy này (chỉ khi không còn biểu mẫu)")))
        self._window.call_deeds.ask(COLLEAGUES, tr("Ai nhận ca?"), offers)

    def _chosen(self, staff: str) -> None:
        self._model.hand_over("" if staff == NOBODY else staff)

    @Slot(str)
    def _done(self, staff: str) -> None:
        self._window.file_page.give_away()
        words = tr("Đã bàn giao ca cho {name}") if staff else tr("Đã kết thúc ca")
        self._window.status.news.say(Status.GOOD, words.format(name=staff))
