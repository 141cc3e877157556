"""The banner of the current call: before the caller is verified only counts, last outcome, language, red mark."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from desktop.ui.calls.viewmodel import CallsModel
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Card, Mark, Said, toggle
from desktop.ui.words import minute_text, talk_text, tr, when_text
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.phones import display, masked


class CallBanner(Card):
    """No name, no case code, no free text of earlier calls (settled 20). An alert is shape and words, no sound."""

    def __init__(self, model: CallsModel, clock: Clock, catalogue: Catalogue, look: Look) -> None:
        super().__init__("bar", margins=0, space=0)
        self.setObjectName("banner.call")
        self.setAccessibleName(tr("Cuộc gọi hiện tại"))
        self.inside.setContentsMargins(24, 6, 24, 6)
        Measure(self, look, height=68, least=True)  # as high without a call: nothing moves when one comes
        self._model, self._clock, self._catalogue = model, clock, catalogue
        self._shown = False
        self._paused_at: int | None = None
        self.state = Mark(role="strong")
        self.number = Said("", "section")
        self.talk = Said("", "strong")
        self.reveal = toggle("show_number", tr("Hiện số"), tip=tr("Hiện hoặc che số máy đang gọi"))
        self.reveal.toggled.connect(self._revealed)
        self.red = Mark()
        self.alert = Mark(role="strong")
        self.facts = Said("", "muted", wraps=True)
        first = QWidget()
        row = Flowing(first, space=16, lines=0)
        for part in (self.state, self.number, self.talk, self.reveal, self.alert, self.red):
            row.add(part)
        self.inside.addStretch(1)
        self.inside.addWidget(first)
        self.inside.addWidget(self.facts)
        self.inside.addStretch(1)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show_talk)
        model.current_changed.connect(self.show_call)
        model.history_changed.connect(self.show_call)
        model.call_came.connect(self._hide_again)
        self.show_call()

    def show_pause(self, since_ms: int | None) -> None:
        """This seat pauses since then (UTC ms), or is back."""
        self._paused_at = since_ms
        self.show_call()

    def _hide_again(self) -> None:
        self.reveal.setChecked(False)

    @Slot(bool)
    def _revealed(self, shown: bool) -> None:
        self._shown = shown
        self.reveal.setText(tr("Che số") if shown else tr("Hiện số"))
        self.reveal.setAccessibleName(self.reveal.text())
        self.show_call()

    @Slot()
    def show_call(self) -> None:
        """Show the present call, or that there is none."""
        call = self._model.current
        history = self._model.history if call is not None else None
        busy = call is not None
        alerts = history.alerts if history is not None else ()
        red = history is not None and history.open_case
        self._only(
            {
                self.number: busy,
                self.talk: busy,
                self.facts: busy,
                self.reveal: call is not None and bool(call.number),
                self.alert: bool(alerts),
                self.red: red,
            }
        )
        if call is None:
            self._tick.stop()
            if self._paused_at is None:
                self.state.say(Status.QUIET, tr("Không có cuộc gọi"))
            else:
                words = tr("Đang nghỉ từ {time}, Ctrl+P để trở lại").format(time=minute_text(self._paused_at))
                self.state.say(Status.WAITING, words)
            self.red.say(Status.URGENT, "")
            return
        self._tick.start()
        kept = tr("đã lưu dòng") if call.saved else tr("đang lưu dòng")
        words = tr("Đang gọi đi từ {time}, {kept}") if call.outbound else tr("Đang nghe từ {time}, {kept}")
        self.state.say(
            Status.GOOD if call.saved else Status.MOVING,
            words.format(time=minute_text(call.answer_at), kept=kept),
        )
        number = (display(call.number) if self._shown else masked(call.number)) if call.number else tr("số ẩn")
        self.number.setText(number)
        known = self._catalogue["number_alert"]
        self.alert.say(Status.CONFLICT, " · ".join(known.label(code) for code in alerts))
        self.red.say(Status.URGENT, tr("Số này có ca đang mở") if red else "")
        self.facts.setText(self._facts())
        self._show_talk()

    @staticmethod
    def _only(shown: dict[QWidget, bool]) -> None:
        """Show these parts and hide those; a part that stays as it is is not touched: each change lays all anew."""
        for part, wanted in shown.items():
            if part.isHidden() == wanted:
                part.setVisible(wanted)

    def _facts(self) -> str:
        history = self._model.history
        if history is None:
            return tr("đang xem lịch sử gọi…") if self._model.current and self._model.current.number else ""
        parts = [
            tr("24 giờ: {day} cuộc, 30 ngày: {month} cuộc").format(day=history.calls_24h, month=history.calls_30d)
        ]
        if history.silent_24h:
            parts.append(tr("im lặng {times} lần").format(times=history.silent_24h))
        if history.last_outcome and history.last_at is not None:
            parts.append(
                tr("lần trước: {word}, {when}").format(
                    word=self._model.word(history.last_outcome),
                    when=when_text(history.last_at, self._clock.now_ms()),
                )
            )
        if history.language and history.language != "vietnamese":
            parts.append(self._catalogue["languages"].label(history.language))
        return " · ".join(parts)

    @Slot()
    def _show_talk(self) -> None:
        call = self._model.current
        if call is not None:
            self.talk.setText(talk_text(self._clock.now_ms() - call.answer_at))
