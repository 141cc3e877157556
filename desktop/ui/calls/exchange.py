"""What the exchange says, brought to the window and the store; a pause of this seat, brought to the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from desktop.background.exchange.ear import Heard, Turn
from desktop.background.exchange.line import ExchangeLine
from desktop.operations import more_calls
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from domain.ids import call_id as id_of_call
from domain.phones import normalise

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ExchangeDesk(QObject):
    """Joins a line and a window. `stands` tells whether the exchange announces calls now."""

    def __init__(self, line: ExchangeLine, window: MainWindow) -> None:
        super().__init__(window)
        self.line, self._window = line, window
        self._lane = window.desk.lane
        self.stands = False
        self._rows: dict[str, str] = {}
        line.heard.connect(self.heard)
        line.up.connect(self._up)
        line.pause_refused.connect(self._pause_refused)
        window.call_deeds.pause_asked.connect(line.pause)
        window.exchange_line = self

    @Slot(object)
    def heard(self, said: Heard) -> None:
        """One turn of a call. Every row's id derives from the exchange's own, so nothing is made twice."""
        calls, pbx = self._window.calls, self.line.place.pbx
        call_id = id_of_call(pbx, said.uniqueid)
        if said.turn is Turn.ANSWERED:
            calls.answered(PbxCallEvent(pbx, said.uniqueid, said.number, LINE, said.ring_at, said.at))
        elif said.turn is Turn.DIALLED:
            current = calls.current
            if current is not None and current.outbound and current.number == normalise(said.number):
                self._rows[said.uniqueid] = current.id  # the row was made when the person chose to call back
            else:
                calls.dial(said.number, pbx, said.uniqueid)
        elif said.turn is Turn.ENDED:
            calls.ended(self._rows.pop(said.uniqueid, call_id), said.at)
        else:
            missed = more_calls.missed(pbx, said.uniqueid, said.number, said.ring_at, said.at)
            self._lane.submit(missed, None, self._failed, initiator="exchange")

    def _failed(self, fault: Exception) -> None:
        self._window.calls.trouble.emit(fault)

    @Slot(bool)
    def _pause_refused(self, paused: bool) -> None:
        """The exchange goes on as it was: a person on a rest would be rung all the same, and is told."""
        if paused:
            words = tr("Tổng đài không nhận lệnh nghỉ của ghế này: bấm nghỉ cả trên điện thoại")
        else:
            words = tr("Tổng đài không nhận lệnh trở lại của ghế này: bấm trở lại cả trên điện thoại")
        self._window.status.news.say(Status.WAITING, words)

    @Slot(bool)
    def _up(self, stands: bool) -> None:
        self.stands = stands
        if stands:
            self._window.status.news.say(Status.GOOD, tr("Đã nối tổng đài: cuộc gọi đến tự hiện"))
        else:
            words = tr("Mất liên lạc với tổng đài, đang nối lại. Cuộc gọi vẫn ghi được bằng phím như thường.")
            self._window.status.news.say(Status.WAITING, words)
