"""Ctrl+Shift+B: a few minutes of quiet after a heavy call. Nothing infers it, counts it or sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import Cover
from desktop.ui.widgets.said import Said
from desktop.ui.words import tr
from domain.clock import MINUTE

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

LONGEST_MS: Final = 10 * MINUTE
"""So long a rest keeps idle from locking; the screen is covered meanwhile."""
_TICK_MS: Final = 1_000


class RestCover(Cover):
    """Nothing below can be read; one key comes back. No figure grows on it: nobody is measured."""

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent, look)
        self.setObjectName("cover.rest")
        self.setAccessibleName(tr("Nghỉ một nhịp"))
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 24, 48, 24)
        column.setSpacing(12)
        column.addStretch(1)
        for words, role in (
            (tr("Nghỉ một nhịp"), "title"),
            (tr("Thả lỏng vai. Hít vào bốn nhịp, giữ hai nhịp, thở ra sáu nhịp."), "reading"),
            (tr("Uống ngụm nước, nhìn ra xa. Muốn nói chuyện thì gọi trưởng ca."), "reading"),
            (tr("Bấm phím bất kỳ để trở lại. Lần nghỉ này không ghi, không đếm, không gửi đi đâu."), "muted"),
        ):
            label = Said(words, role, wraps=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch(1)


class RestKeys(QObject):
    """Covers the screen and tells the exchange that this seat pauses, where it did not already."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.sheet = RestCover(window.ground, window.look)
        self.sheet.asked_to_go.connect(self.back)
        self._paused_here = False
        self._until = 0
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.rested)

    def begin(self) -> None:
        """Take it. During a call the call comes first."""
        window = self._window
        current = window.calls.current
        if current is not None and not current.ended:
            window.status.news.say(Status.WAITING, tr("Đang có cuộc gọi: ghi kết quả xong rồi nghỉ một nhịp"))
            return
        window.keep_drafts()
        self._paused_here = window.call_deeds.paused_at is None
        if self._paused_here:
            window.call_deeds.pause()
        self._until = window.desk.lane.clock.monotonic_ms() + LONGEST_MS
        self._tick.start()
        window.covering.lay_over(self.sheet)

    @Slot()
    def rested(self) -> None:
        """Every second of a rest counts as touched, up to ten minutes: resting is not being away."""
        if not self.sheet.isVisible():
            self._end()
        elif self._window.desk.lane.clock.monotonic_ms() <= self._until:
            self._window.watch.touched()

    @Slot()
    def back(self) -> None:
        """A key: the desk as it was."""
        self._window.covering.uncover()
        self._end()

    def _end(self) -> None:
        if not self._tick.isActive():
            return
        self._tick.stop()
        if self._paused_here and self._window.call_deeds.paused_at is not None:
            self._window.call_deeds.pause()
        self._paused_here = False
